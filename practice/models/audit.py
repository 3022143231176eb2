"""The append-only record of every important act."""

from django.db import models

from practice.models.base import PracticeModel


class AuditEntry(PracticeModel):
    """One act: who, what, on which object, which fields; written in the act's own transaction, never changed."""

    id = models.BigAutoField(primary_key=True)  # type: ignore[assignment]  # a sequence: order matters here
    at = models.DateTimeField(auto_now_add=True)
    actor_kind = models.CharField(max_length=10)
    actor_id = models.UUIDField(null=True)
    actor_label = models.CharField(max_length=200)
    verb = models.CharField(max_length=60)
    object_type = models.CharField(max_length=60)
    object_id = models.CharField(max_length=40)
    object_label = models.CharField(max_length=200, blank=True)
    changed = models.JSONField(default=list)
    request_id = models.CharField(max_length=40, blank=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["practice", "-id"], name="practice_audit_newest")]

    def __str__(self) -> str:
        return f"{self.verb} {self.object_type} {self.object_id}"
