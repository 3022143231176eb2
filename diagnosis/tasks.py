"""Celery tasks of the diagnosis room."""

from uuid import UUID

from celery import shared_task

from diagnosis import computing
from practice.tasks import SteppedPracticeTask


@shared_task(base=SteppedPracticeTask, ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def compute_diagnosis(practice_id: UUID, job_id: UUID) -> None:
    """Compute the diagnosis of a job."""
    computing.compute_diagnosis(practice_id, job_id)
