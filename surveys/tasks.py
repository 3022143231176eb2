"""Celery tasks of the surveys room: sending, dates, and (in mixing_tasks) mixing."""

from collections.abc import Iterator
from datetime import timedelta
from uuid import UUID

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from practice import jobs
from practice.clock import database_now
from practice.enums import Queue
from practice.models import Job
from practice.tasks import PracticeTask, SteppedPracticeTask
from surveys import lookups, retention, turns
from surveys.mail import stopping
from surveys.mail.waking import SEND_TASK, WAKES
from surveys.mixing_tasks import mix_audience, tend_audience
from surveys.models import Wave
from surveys.services import field, return_channels, returned, stop_notice

__all__ = [
    "advance_audience",
    "collect_returned_mails",
    "delete_answers",
    "mix_audience",
    "read_return_mailbox",
    "send_deliveries",
    "send_stop_notice",
    "tend_audience",
    "tend_wave",
]

ADVANCE_TASK = "surveys.tasks.advance_audience"
MAILBOX_TASK = "surveys.tasks.read_return_mailbox"
DELETION = "deletion"
TEND_WAVE_TASK = "surveys.tasks.tend_wave"
DELETE_TASK = "surveys.tasks.delete_answers"
NOTICE_TASK = "surveys.tasks.send_stop_notice"
SHARE = 200
"""Mails a worker sends before it lets other kinds of work have their turn."""
IDLE_SECONDS = 20


def register() -> None:
    """Name the kinds of jobs and the sources of what is due (called from AppConfig.ready)."""
    jobs.register_kind(stopping.NOTICE, task_name=NOTICE_TASK, queue=Queue.MAIL)
    jobs.register_kind(DELETION, task_name=DELETE_TASK, queue=Queue.DEFAULT)
    for source in (due_mails, due_dates, due_mailboxes, due_deletions):
        if source not in jobs.DUE_SOURCES:
            jobs.register_due_source(source)


def due_mails() -> Iterator[jobs.Wake]:
    """Yield wake-ups for audiences with mails to send or to settle, unless their practice had a turn just now."""
    for practice_id, wave_audience_id in lookups.audiences_with_due_mails(idle_seconds=IDLE_SECONDS):
        for _worker in range(WAKES):
            yield jobs.Wake(SEND_TASK, practice_id, wave_audience_id, Queue.MAIL)


def due_dates() -> Iterator[jobs.Wake]:
    """Yield a wake-up for every audience whose opening or closing date has come."""
    for practice_id, wave_audience_id in lookups.audiences_with_due_dates(database_now()):
        yield jobs.Wake(ADVANCE_TASK, practice_id, wave_audience_id, Queue.DEFAULT)


def due_mailboxes() -> Iterator[jobs.Wake]:
    """Yield a wake-up for every sender's mailbox that nobody has looked into for a while."""
    before = timezone.now() - timedelta(seconds=settings.RETURN_SECONDS)
    for practice_id, channel_id in lookups.due_return_mailboxes(before):
        yield jobs.Wake(MAILBOX_TASK, practice_id, channel_id, Queue.DEFAULT)


def due_deletions() -> Iterator[jobs.Wake]:
    """Yield a wake-up for every wave whose answers were to be kept until now."""
    for practice_id, wave_id in lookups.waves_with_answers_to_delete(database_now()):
        yield jobs.Wake(TEND_WAVE_TASK, practice_id, wave_id, Queue.DEFAULT)


@shared_task(base=SteppedPracticeTask, name=SEND_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def send_deliveries(practice_id: UUID, wave_audience_id: UUID) -> None:
    """Send a share of what is due, whoever's turn it is, then queue up again behind other work.

    Running twice at once is safe, rows are claimed; a message that is lost costs time until the next sweep.
    """
    if turns.send_in_turns(SHARE):
        jobs.send(jobs.Wake(SEND_TASK, practice_id, wave_audience_id, Queue.MAIL))


@shared_task(base=PracticeTask, name=ADVANCE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def advance_audience(practice_id: UUID, wave_audience_id: UUID) -> None:
    """Open or close an audience by its dates."""
    field.advance_audience(wave_audience_id)


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def collect_returned_mails() -> None:
    """Read what came back to this installation; running twice at once is safe, saying a thing twice changes nothing."""
    returned.read_installation_boxes()


@shared_task(base=SteppedPracticeTask, name=MAILBOX_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def read_return_mailbox(practice_id: UUID, channel_id: UUID) -> None:
    """Take what is new in a sender's mailbox."""
    return_channels.read_mailbox(practice_id, channel_id)


@shared_task(base=SteppedPracticeTask, name=NOTICE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def send_stop_notice(practice_id: UUID, job_id: UUID) -> None:
    """Tell who leads the engagement that mails were stopped."""
    jobs.run(practice_id, job_id, stop_notice.send_notice)


@shared_task(base=PracticeTask, name=TEND_WAVE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def tend_wave(practice_id: UUID, wave_id: UUID) -> None:
    """Create the job that deletes answers and people of a wave, if their time is over; a running one is left alone."""
    if retention.is_deletion_due(Wave.objects.get(pk=wave_id), timezone.now()):
        jobs.create(DELETION, wave_id)


@shared_task(base=SteppedPracticeTask, name=DELETE_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def delete_answers(practice_id: UUID, job_id: UUID) -> None:
    """Run one job of deletion; every step is a transaction of its own and may be repeated."""
    jobs.run(practice_id, job_id, _delete)


def _delete(job: Job, progress: jobs.Progress) -> None:
    retention.delete_answers(job.practice_id, job.object_id)
