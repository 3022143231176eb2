"""The log of mails of a wave: every mail with its state in words, where it may be shown with its person.

Of confidential audiences these are the invitations alone: reminders go to those who have not answered.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet
from django.http import Http404

from practice.selectors import get_or_404
from surveys.enums import DeliveryState as S
from surveys.mail.states import SHOWN_PER_PERSON
from surveys.models import Delivery, Wave

GROUPS: Final[Mapping[str, Q]] = {
    "waiting": Q(state__in=[S.PLANNED, S.QUEUED, S.SENDING, S.RETRY]),
    "accepted": Q(state__in=[S.ACCEPTED, S.DELIVERED]),
    "bounced": Q(state__in=[S.BOUNCED_HARD, S.BOUNCED_SOFT]),
    "complained": Q(state=S.COMPLAINED),
    "not_sent": Q(state__in=[S.SUPPRESSED, S.CANCELLED]),
    "uncertain": Q(was_uncertain=True) | Q(state=S.UNCERTAIN),
}
"""Filters of the log; a mail that was uncertain once stays listed as such, for it may have arrived twice."""


@dataclass(frozen=True, slots=True)
class Group:
    """A filter with the number of mails behind it."""

    code: str
    n: int


def mails_of_wave(wave: Wave, *, group: str = "", query: str = "") -> QuerySet[Delivery]:
    """Return the mails of a wave that may be shown one by one, narrowed; an unknown filter is 404."""
    mails = Delivery.objects.filter(SHOWN_PER_PERSON, wave_audience__wave=wave)
    if group:
        if group not in GROUPS:
            raise Http404
        mails = mails.filter(GROUPS[group])
    if query:
        mails = mails.filter(
            Q(recipient__email_key__icontains=query.casefold()) | Q(recipient__name__icontains=query)
        )
    return mails.select_related("recipient", "wave_audience").order_by("recipient__email_key", "due_at", "pk")


def groups_of_wave(wave: Wave) -> list[Group]:
    """Return the filters with their numbers, with one query."""
    mails = Delivery.objects.filter(SHOWN_PER_PERSON, wave_audience__wave=wave)
    counts = mails.aggregate(**{code: Count("pk", filter=condition) for code, condition in GROUPS.items()})
    return [Group(code, counts[code]) for code in GROUPS]


def get_mail_of(wave: Wave, public_id: UUID | str) -> Delivery:
    """Return one mail of the wave that may be shown, or 404."""
    mail: Delivery = get_or_404(mails_of_wave(wave), public_id)
    return mail
