"""Receipts: a mail to those who asked for one when they finished; it holds no answer.

In named audiences it leaves at once. In confidential ones a mail at that moment would tie person and time to an answer
in the logs of mail servers: the wish waits in the ledger, which knows no time, and at release all wishes become mails
due at one moment, in random order. The ledger is written anew without them in the same transaction.
"""

import secrets
from collections.abc import Iterable
from typing import Final
from uuid import UUID

from django.db.models.functions import Now
from django.utils import timezone

from surveys.enums import DeliveryState, Round
from surveys.models import Delivery, WaveAudience

CHUNK: Final = 500
_random = secrets.SystemRandom()


def give_now(audience: WaveAudience, recipient_id: UUID) -> None:
    """Queue the receipt of a person in a named audience; nobody gets two."""
    receipts = Delivery.objects.filter(recipient=recipient_id, round=Round.RECEIPT)
    receipts.filter(state=DeliveryState.CANCELLED).delete()  # of an answer that was taken back before it left
    if not receipts.exists():
        Delivery.objects.create(
            wave_audience=audience,
            recipient_id=recipient_id,
            round=Round.RECEIPT,
            state=DeliveryState.QUEUED,
            due_at=Now(),
        )


def give_together(audience: WaveAudience, recipient_ids: Iterable[UUID]) -> None:
    """Queue the receipts of a confidential audience as one batch in random order, all due at one moment."""
    shuffled, moment = list(recipient_ids), timezone.now()
    _random.shuffle(shuffled)
    Delivery.objects.bulk_create(
        [
            Delivery(
                wave_audience=audience,
                recipient_id=recipient_id,
                round=Round.RECEIPT,
                state=DeliveryState.QUEUED,
                due_at=moment,
            )
            for recipient_id in shuffled
        ],
        batch_size=CHUNK,
    )
