"""Visits by open links: who may begin one, and how it begins. Nobody is known, so nobody is stored.

A visit is a sealed draft under a random token that only the browser keeps. A second visit from the same browser is
marked, never refused: several people may share a device. On a kiosk everybody does, so nothing is remembered there.
"""

import hmac
from datetime import datetime
from enum import StrEnum

from practice.sealing import unwrap_key, wrap_key
from surveys import links
from surveys.answering import Door, LinkTarget, Respondent, open_form, visit_at
from surveys.draft_store import draft_key
from surveys.quality import REPEATED
from surveys.respondent_rows import OpenDoor, read_door
from surveys.sealed import DraftContent

CODE_PURPOSE = "access code"


class Device(StrEnum):
    """What this browser has done with the link before."""

    NEW = "new"
    STARTED = "started"
    FINISHED = "finished"


def seal_code(code: str) -> bytes:
    """Return an access code as it is stored."""
    return wrap_key(code.encode(), CODE_PURPOSE)


def read_code(sealed: bytes | memoryview | None) -> str:
    """Return a stored access code; an empty text when none is asked."""
    return unwrap_key(bytes(sealed), CODE_PURPOSE).decode() if sealed is not None else ""


def is_right_code(door: OpenDoor, given: str) -> bool:
    """Tell whether a visitor knows the code; capitals and blanks around it do not matter."""
    wanted = read_code(door.access_code).casefold().encode()
    return hmac.compare_digest(wanted, given.strip().casefold().encode())


def load_visit(target: LinkTarget, open_token: str, kept: str) -> tuple[Respondent, Device] | None:
    """Return the visit that this browser may begin or go on with; `kept` is the token it kept of an earlier one.

    None when the link is gone. A kiosk keeps nothing.
    """
    if target.open_link_id is None:
        return None
    earlier = kept if links.link_of_visit(kept) == open_token else ""
    found = read_door(target.open_link_id, draft_key(earlier))
    if found is None:
        return None
    door, sealed = found
    if not earlier or door.is_kiosk:
        return visit_at(door, None, ""), Device.NEW
    if sealed is not None:
        return visit_at(door, sealed, earlier), Device.STARTED
    return visit_at(door, None, ""), Device.FINISHED


def door_of(visit: Respondent, now: datetime) -> Door:
    """Tell whether a visit may begin or go on: as for everybody, and only until enough have answered."""
    visit.entry.submitted = False
    door = visit.door(now)
    is_new = not visit.has_stored_draft
    if door == Door.OPEN and is_new and visit.open_door is not None and visit.open_door.is_full:
        return Door.FULL
    return door


def begin_visit(visit: Respondent, open_token: str, device: Device, now: datetime) -> Respondent:
    """Begin a new visit, or go on with the one this browser has begun; writes its draft."""
    if device != Device.STARTED:
        visit.token = links.new_visit(open_token)
        marks = [REPEATED] if device == Device.FINISHED else []
        visit.draft = DraftContent(visit.form.blank_scores(), marks=marks, language=visit.language)
    open_form(visit, now)
    return visit
