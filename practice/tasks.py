"""Celery tasks of the practice room and the base class that opens a practice's scope around a task."""

from typing import Any
from uuid import UUID

from celery import Task, shared_task
from django.utils import timezone

from practice import jobs, lookups
from practice.scope import practice_scope


class PracticeTask(Task):  # type: ignore[misc]  # Celery ships no types
    """Called with (practice id, object id); the body runs inside the practice's scope."""

    abstract = True

    def __call__(self, practice_id: str, object_id: str) -> Any:
        """Open the scope, run the body with UUIDs."""
        with practice_scope(UUID(practice_id)):
            return self.run(UUID(practice_id), UUID(object_id))


class SteppedPracticeTask(Task):  # type: ignore[misc]  # Celery ships no types
    """A task that commits step by step: the body opens `practice_scope` around each step itself."""

    abstract = True

    def __call__(self, practice_id: str, object_id: str) -> Any:
        """Run the body with UUIDs and no open scope."""
        return self.run(UUID(practice_id), UUID(object_id))


@shared_task(ignore_result=True)  # type: ignore[untyped-decorator]  # Celery ships no types
def sweep() -> None:
    """Wake workers for everything that is due: jobs without a live lease, rows of registered sources."""
    for job in lookups.due_jobs(timezone.now()):
        kind = jobs.KINDS.get(job.kind)
        if kind and not jobs.send(jobs.Wake(kind.task_name, job.practice_id, job.job_id, kind.queue)):
            return
    for source in jobs.DUE_SOURCES:
        for message in source():
            if not jobs.send(message):
                return
