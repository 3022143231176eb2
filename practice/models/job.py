"""Jobs: every piece of background work is a row; a broker message only wakes a worker."""

from django.db import models

from practice.enums import JobState, Queue
from practice.models.base import PracticeModel


class Job(PracticeModel):
    """One run of a kind of work on one object, with lease, attempts and visible progress."""

    kind = models.CharField(max_length=40)
    object_id = models.UUIDField()
    queue = models.CharField(max_length=10, choices=Queue.choices, default=Queue.DEFAULT)
    state = models.CharField(max_length=10, choices=JobState.choices, default=JobState.QUEUED)
    language = models.CharField(
        max_length=10, blank=True, help_text="Of whoever asked for it: progress and errors are said in it."
    )
    input_hash = models.CharField(max_length=64, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    done = models.PositiveIntegerField(default=0)
    total = models.PositiveIntegerField(default=0)
    what = models.CharField(max_length=120, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_text = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(
                fields=["state", "lease_until"],
                name="practice_job_due",
                condition=models.Q(state__in=["queued", "running"]),
            ),
            models.Index(fields=["practice", "kind", "object_id"], name="practice_job_object"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.object_id} {self.state}"

    @property
    def is_active(self) -> bool:
        """True while the job waits or runs."""
        return self.state in {JobState.QUEUED, JobState.RUNNING}

    @property
    def percent(self) -> int:
        """Progress in whole percent."""
        return min(100, round(100 * self.done / self.total)) if self.total else 0
