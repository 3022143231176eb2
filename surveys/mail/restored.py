"""Mails after a restore: what looks unsent may have left after the backup was made, so the next hop is asked first."""

from collections.abc import Iterable
from datetime import timedelta
from uuid import UUID

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from practice.scope import practice_scope
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.mail.message import message_id_of
from surveys.mail.states import UNSENT
from surveys.models import Delivery

STEP = 500


def ask_about_unsent_mails(practice_ids: Iterable[UUID]) -> int:
    """Treat every due unsent mail as one whose worker died: settled with the next hop, then sent; returns how many.

    Message-IDs are derived, not drawn, so the mail that left after the backup carries the one asked for.
    """
    return sum(_ask_in_practice(practice_id) for practice_id in practice_ids)


def _ask_in_practice(practice_id: UUID) -> int:
    asked = 0
    while True:
        with practice_scope(practice_id):
            rows = list(_due().select_related("wave_audience", "recipient")[:STEP])
            for row in rows:
                row.message_id = row.message_id or message_id_of(row)
            Delivery.objects.bulk_update(rows, ["message_id"])
            over = timezone.now() - timedelta(seconds=1)
            Delivery.objects.filter(pk__in=[row.pk for row in rows]).update(
                state=DeliveryState.SENDING, lease_until=over, attempts=F("attempts") + 1
            )
        asked += len(rows)
        if len(rows) < STEP:
            return asked


def _due() -> QuerySet[Delivery]:
    live = [AudienceState.OPEN, AudienceState.PAUSED]
    leaves = Q(wave_audience__state__in=live) | Q(round=Round.RECEIPT)
    return Delivery.objects.filter(leaves, state__in=UNSENT, due_at__lte=timezone.now()).order_by("due_at")
