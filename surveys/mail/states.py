"""The life of one mail as a table: which state may follow which, the same in Python and in the database's trigger."""

from collections.abc import Mapping
from typing import Any, Final

from django.db.models import Q, QuerySet

from surveys.enums import DeliveryState as S
from surveys.enums import Mode, Round
from surveys.models import Delivery

NEXT: Final[Mapping[S, frozenset[S]]] = {
    S.PLANNED: frozenset({S.QUEUED, S.SENDING, S.SUPPRESSED, S.CANCELLED}),
    S.QUEUED: frozenset({S.SENDING, S.SUPPRESSED, S.CANCELLED}),
    S.RETRY: frozenset({S.SENDING, S.SUPPRESSED, S.CANCELLED}),
    S.SENDING: frozenset(
        {S.ACCEPTED, S.RETRY, S.QUEUED, S.UNCERTAIN, S.BOUNCED_HARD, S.BOUNCED_SOFT, S.CANCELLED}
    ),
    S.UNCERTAIN: frozenset({S.ACCEPTED, S.QUEUED, S.BOUNCED_HARD, S.BOUNCED_SOFT, S.CANCELLED}),
    S.ACCEPTED: frozenset({S.DELIVERED, S.BOUNCED_HARD, S.BOUNCED_SOFT, S.COMPLAINED}),
    S.DELIVERED: frozenset({S.BOUNCED_HARD, S.BOUNCED_SOFT, S.COMPLAINED}),
    S.BOUNCED_SOFT: frozenset({S.DELIVERED, S.BOUNCED_HARD, S.COMPLAINED}),
    S.BOUNCED_HARD: frozenset(),
    S.COMPLAINED: frozenset(),
    S.SUPPRESSED: frozenset(),
    S.CANCELLED: frozenset(),
}
"""What may follow by itself. A bounced mail is queued again only as a new mail: its number is cleared with it."""

HANDED_OVER: Final = (S.ACCEPTED, S.DELIVERED, S.BOUNCED_HARD, S.BOUNCED_SOFT, S.COMPLAINED)
"""States of mails that a server took or refused for good."""

UNSENT: Final = (S.PLANNED, S.QUEUED, S.RETRY)
SHOWN_PER_PERSON: Final = Q(wave_audience__mode=Mode.NAMED) | Q(round=Round.INVITATION)
"""Mails that may be shown with their person; reminders of confidential audiences would tell who has not answered."""


def before(state: S) -> list[S]:
    """Return the states from which a mail may come into this one."""
    return [old for old, following in NEXT.items() if state in following]


def move(mails: QuerySet[Delivery], state: S, **fields: Any) -> int:
    """Put those of these mails into the state that may come there, by one conditional update; returns how many."""
    return mails.filter(state__in=before(state)).update(state=state, **fields)
