"""Waking the workers that send; the rows are the truth, so a lost message only costs time."""

from django.db import transaction

from practice import jobs
from practice.enums import Queue
from surveys.models import WaveAudience

SEND_TASK = "surveys.tasks.send_deliveries"
WAKES = 2
"""Messages per audience: one wakes one worker, and two share the work."""


def wake_audience(audience: WaveAudience) -> None:
    """Send messages on commit: this audience has mails to send."""
    message = jobs.Wake(SEND_TASK, audience.practice_id, audience.pk, Queue.MAIL)
    transaction.on_commit(lambda: [jobs.send(message) for _worker in range(WAKES)])
