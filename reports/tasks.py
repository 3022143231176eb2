"""Celery tasks of the reports room."""

from uuid import UUID

from celery import shared_task

from practice.tasks import SteppedPracticeTask
from reports import sample_report, services


@shared_task(base=SteppedPracticeTask, ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def make_report(practice_id: UUID, job_id: UUID) -> None:
    """Build, render and store the report of a job."""
    services.make_report(practice_id, job_id)


@shared_task(base=SteppedPracticeTask, ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def make_sample(practice_id: UUID, job_id: UUID) -> None:
    """Simulate, build, render and store the sample reports of a job."""
    sample_report.make_sample(practice_id, job_id)
