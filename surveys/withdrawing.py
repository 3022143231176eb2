"""What a person can take back, and how: an open draft, a finished answer that waits for the mixer, a named answer.

A waiting answer is found by a hash that only the person's link gives; it stands in no other table and goes with the
row. Once an answer is mixed nobody can tell whose it is, so nobody can take it out.
"""

from enum import StrEnum
from typing import Final

from django.db.models import F

from surveys.answering import Respondent
from surveys.draft_store import draft_key
from surveys.enums import AudienceState, DeliveryState, Mode
from surveys.links import withdrawal_key
from surveys.models import Delivery, Draft, LedgerEntry, OpenLink, Response, SpoolEntry

UNSENT: Final = (DeliveryState.PLANNED, DeliveryState.QUEUED, DeliveryState.RETRY)


class Held(StrEnum):
    """What is kept of a person's answers."""

    NOTHING = "nothing"
    DRAFT = "draft"
    WAITING = "waiting"
    NAMED = "named"
    MIXED = "mixed"
    FIXED = "fixed"


RETURNABLE: Final = frozenset({Held.DRAFT, Held.WAITING, Held.NAMED})


def held(respondent: Respondent) -> Held:
    """Tell what is kept of the person's answers at this moment."""
    if not respondent.entry.submitted:
        return Held.DRAFT if respondent.has_stored_draft else Held.NOTHING
    audience = respondent.wave_audience
    is_released = audience.state == AudienceState.RELEASED
    if audience.mode == Mode.NAMED:
        return Held.FIXED if is_released else Held.NAMED
    is_waiting = SpoolEntry.objects.filter(withdrawal_key=withdrawal_key(respondent.token)).exists()
    return Held.WAITING if is_waiting else Held.MIXED


def withdraw(respondent: Respondent) -> bool:
    """Delete what can be taken back and send the person no more mail of this wave; False when nothing could be.

    The ledger row is held by the caller. The person may answer anew with the same link.
    Of a visit by an open link nothing else is kept.
    """
    if not _delete(respondent):
        return False
    recipient = respondent.entry.recipient_id
    if respondent.open_door is not None:
        return True
    LedgerEntry.objects.filter(pk=respondent.entry.pk).update(submitted=False, wants_receipt=False)
    waiting = Delivery.objects.filter(recipient_id=recipient, state__in=UNSENT)
    waiting.update(state=DeliveryState.CANCELLED, lease_until=None)
    return True


def _delete(respondent: Respondent) -> bool:
    what = held(respondent)
    if what == Held.DRAFT:
        deleted, _rows = Draft.objects.filter(key=draft_key(respondent.token)).delete()
    elif what == Held.WAITING:
        key = withdrawal_key(respondent.token)
        deleted, _rows = SpoolEntry.objects.filter(withdrawal_key=key).delete()
        if deleted and respondent.open_door is not None:
            visited = OpenLink.objects.filter(pk=respondent.open_door.link_id)
            visited.update(n_finished=F("n_finished") - 1)
    elif what == Held.NAMED:
        deleted, _rows = Response.objects.filter(identity__recipient=respondent.entry.recipient_id).delete()
    else:
        deleted = 0
    return deleted > 0
