"""Background work: create a job row, wake a worker, claim it under a lease, show progress, finish or fail."""

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from celery import current_app
from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import get_language, override
from kombu.exceptions import OperationalError

from practice.enums import JobState
from practice.exceptions import CrmgapError
from practice.models import Job
from practice.scope import practice_scope

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=120)
MAX_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class JobKind:
    """A registered kind of work: the task that runs it and its queue."""

    task_name: str
    queue: str


@dataclass(frozen=True, slots=True)
class Wake:
    """One message to a worker."""

    task_name: str
    practice_id: UUID
    object_id: UUID
    queue: str


KINDS: dict[str, JobKind] = {}
DUE_SOURCES: list[Callable[[], Iterable[Wake]]] = []


def register_kind(kind: str, *, task_name: str, queue: str) -> None:
    """Name the task that runs a kind of job (called from AppConfig.ready)."""
    KINDS[kind] = JobKind(task_name, queue)


def register_due_source(source: Callable[[], Iterable[Wake]]) -> None:
    """Add rows other than jobs to the sweep (deliveries, closing times)."""
    DUE_SOURCES.append(source)


def create(kind: str, object_id: UUID, *, input_hash: str = "") -> Job:
    """Write the job row and wake a worker on commit; a job of the same kind and object that still runs is returned."""
    active = Job.objects.filter(kind=kind, object_id=object_id, state__in=[JobState.QUEUED, JobState.RUNNING])
    job = active.select_for_update().first()
    if job is None:
        job = Job.objects.create(
            kind=kind,
            object_id=object_id,
            queue=KINDS[kind].queue,
            input_hash=input_hash,
            language=get_language() or "",
        )
    wake(kind, job.practice_id, job.pk)
    return job


def wake(kind: str, practice_id: UUID, object_id: UUID) -> None:
    """Send a message on commit; a broker that is down is logged, the sweeper does the rest."""
    registered = KINDS[kind]
    message = Wake(registered.task_name, practice_id, object_id, registered.queue)
    transaction.on_commit(lambda: send(message))


def send(message: Wake) -> bool:
    """Send one message now; False when the broker is down."""
    try:
        current_app.send_task(
            message.task_name, args=[str(message.practice_id), str(message.object_id)], queue=message.queue
        )
    except (OperationalError, OSError) as error:
        logger.warning("broker down, the sweeper will wake %s: %s", message.task_name, type(error).__name__)
        return False
    return True


def claim(job_id: UUID) -> Job | None:
    """Take a job under a lease, or None when another worker holds it or it is over."""
    now = timezone.now()
    job = (
        Job.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(pk=job_id)
        .filter(Q(state=JobState.QUEUED) | Q(state=JobState.RUNNING, lease_until__lt=now))
        .first()
    )
    if job is None:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        job.state, job.error_code, job.finished_at = JobState.FAILED, "worker_lost", now
        job.save(update_fields=["state", "error_code", "finished_at"])
        return None
    job.state, job.lease_until, job.attempts = JobState.RUNNING, now + LEASE, job.attempts + 1
    job.save(update_fields=["state", "lease_until", "attempts"])
    return job


class Progress:
    """Reports the progress of one claimed job, in transactions of its own, and renews its lease."""

    def __init__(self, practice_id: UUID, job_id: UUID):
        self.practice_id = practice_id
        self.job_id = job_id

    def show(self, done: int, total: int, what: str = "") -> None:
        """Make progress visible and renew the lease; commits by itself when no transaction is open."""
        with practice_scope(self.practice_id):
            Job.objects.filter(pk=self.job_id, state=JobState.RUNNING).update(
                done=done, total=total, what=what[:120], lease_until=timezone.now() + LEASE
            )


def run(practice_id: UUID, job_id: UUID, work: Callable[[Job, Progress], None]) -> bool:
    """Claim a job and do its work; expected errors fail it with their code, others are retried up to three times."""
    with practice_scope(practice_id):
        job = claim(job_id)
    if job is None:
        return False
    try:
        with override(job.language or settings.LANGUAGE_CODE):
            work(job, Progress(practice_id, job_id))
    except CrmgapError as error:
        _finish(practice_id, job_id, JobState.FAILED, code=error.code, text=error.message)
        return False
    except Exception as error:
        logger.exception("job failed kind=%s id=%s", job.kind, job.pk)
        is_last = job.attempts >= MAX_ATTEMPTS
        _finish(
            practice_id,
            job_id,
            JobState.FAILED if is_last else JobState.QUEUED,
            code=type(error).__name__[:60],
        )
        return False
    _finish(practice_id, job_id, JobState.SUCCEEDED)
    return True


def _finish(practice_id: UUID, job_id: UUID, state: str, *, code: str = "", text: str = "") -> None:
    with practice_scope(practice_id):
        is_over = state != JobState.QUEUED
        Job.objects.filter(pk=job_id).update(
            state=state,
            error_code=code,
            error_text=text[:300],
            lease_until=None,
            finished_at=timezone.now() if is_over else None,
            done=F("total") if state == JobState.SUCCEEDED else F("done"),
        )
