"""Waking the workers that send; the rows are the truth, so a lost message only costs time."""

from django.db import transaction

from practice import jobs
from practice.enums import Queue
from surveys.models import WaveAudience

SEND_TASK = "surveys.tasks.send_deliveries"


def wake_audience(audience: WaveAudience) -> None:
    """Send one message on commit: this audience has mails to send."""
    message = jobs.Wake(SEND_TASK, audience.practice_id, audience.pk, Queue.MAIL)
    transaction.on_commit(lambda: jobs.send(message))
