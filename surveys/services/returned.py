"""Taking mails that come back, from wherever they arrive: found again by their signed name, or left alone."""

import logging
from enum import StrEnum
from pathlib import Path
from typing import Final

from django.conf import settings

from practice.scope import practice_scope
from surveys import lookups
from surveys.mail import outcomes
from surveys.mail.return_boxes import Box, BoxError, FolderBox, open_box, parse_account
from surveys.mail.return_path import deliveries_named_in, is_signed
from surveys.mail.returned import Finding, Returned, read_returned
from surveys.models import Delivery

logger = logging.getLogger(__name__)

MAX_NAMES: Final = 10


class Taken(StrEnum):
    """What became of a returned mail."""

    APPLIED = "applied"
    NOTHING_NEW = "nothing_new"
    NOT_OURS = "not_ours"


def take_returned(content: bytes) -> Taken:
    """Classify a returned mail and write what it says of ours; without a signed name of ours nothing is done."""
    found = read_returned(content)
    for delivery_id, signature in deliveries_named_in(found.text)[:MAX_NAMES]:
        practice_id = lookups.practice_of_delivery(delivery_id)
        if practice_id is None:
            continue
        with practice_scope(practice_id):
            delivery = Delivery.objects.filter(pk=delivery_id).first()
            if delivery is not None and is_signed(delivery, signature):
                return _apply(delivery, found)
    return Taken.NOT_OURS


def _apply(delivery: Delivery, found: Returned) -> Taken:
    is_new = outcomes.apply_finding(delivery, found.finding, words=found.words or found.status)
    if found.finding == Finding.OTHER:
        return Taken.NOT_OURS  # somebody answers, say: it is theirs to read
    return Taken.APPLIED if is_new else Taken.NOTHING_NEW


def read_box(box: Box) -> int:
    """Take everything new in a box; returns how many mails were read. Trouble with the server is logged, not raised."""
    try:
        return box.read(lambda content: take_returned(content) != Taken.NOT_OURS)
    except BoxError as error:
        logger.warning("returned mails cannot be read now: %s", error)
        return 0


def installation_boxes() -> list[Box]:
    """Return where mails return to in this installation."""
    boxes: list[Box] = []
    if settings.RETURN_MAILBOX_URL:
        boxes.append(open_box(parse_account(settings.RETURN_MAILBOX_URL)))
    if settings.RETURN_DIR:
        boxes.append(FolderBox(Path(settings.RETURN_DIR)))
    return boxes


def read_installation_boxes() -> int:
    """Take everything new that came back to this installation."""
    return sum(read_box(box) for box in installation_boxes())
