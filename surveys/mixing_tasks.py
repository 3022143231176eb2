"""Celery tasks of the mixer: the sweep finds audiences with something due, a job row does it."""

from collections.abc import Iterator
from uuid import UUID

from celery import shared_task
from django.db import connection
from django.utils import timezone

from practice import jobs
from practice.enums import Queue
from practice.models import Job
from practice.tasks import PracticeTask, SteppedPracticeTask
from surveys import mixer
from surveys.models import WaveAudience

MIX = "mix"
MIX_TASK = "surveys.mixing_tasks.mix_audience"
TEND_TASK = "surveys.mixing_tasks.tend_audience"


def register() -> None:
    """Name the job kind and the source of due audiences (called from AppConfig.ready)."""
    jobs.register_kind(MIX, task_name=MIX_TASK, queue=Queue.DEFAULT)
    if due_audiences not in jobs.DUE_SOURCES:
        jobs.register_due_source(due_audiences)


def due_audiences() -> Iterator[jobs.Wake]:
    """Yield a wake-up for every audience with enough waiting answers, a release that is due, or old totals."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id, wave_audience_id FROM crmgap_due_mixes(%s)", [timezone.now()])
        found = cursor.fetchall()
    for practice_id, wave_audience_id in found:
        yield jobs.Wake(TEND_TASK, practice_id, wave_audience_id, Queue.DEFAULT)


@shared_task(base=PracticeTask, name=TEND_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def tend_audience(practice_id: UUID, wave_audience_id: UUID) -> None:
    """Create the job that does what is due for one audience, if anything is; a running one is left alone."""
    if mixer.is_anything_due(WaveAudience.objects.get(pk=wave_audience_id), timezone.now()):
        jobs.create(MIX, wave_audience_id)


@shared_task(base=SteppedPracticeTask, name=MIX_TASK)  # type: ignore[untyped-decorator]  # Celery ships no types
def mix_audience(practice_id: UUID, job_id: UUID) -> None:
    """Run one mixing job; every step is a transaction of its own and may be repeated."""
    jobs.run(practice_id, job_id, _mix)


def _mix(job: Job, progress: jobs.Progress) -> None:
    mixer.advance(job.practice_id, job.object_id)
