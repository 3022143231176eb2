"""Snapshots and the diagnoses computed from them."""

from django.db import models

from diagnosis.enums import DiagnosisState
from practice.models import Engagement, Member, PracticeForeignKey, PracticeModel
from surveys.models import Wave


class Snapshot(PracticeModel):
    """An immutable, hashed copy of what the figures of one diagnosis need; it holds no person."""

    wave = PracticeForeignKey(Wave, on_delete=models.CASCADE, related_name="snapshots")
    content_hash = models.CharField(max_length=64)
    content = models.BinaryField(
        help_text="Packed answer matrices, masks, banded attributes, counts, versions."
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["wave", "content_hash"], name="diagnosis_snapshot_once")
        ]

    def __str__(self) -> str:
        return self.content_hash[:12]


class Diagnosis(PracticeModel):
    """One computed result set of a wave."""

    engagement = PracticeForeignKey(Engagement, on_delete=models.CASCADE, related_name="diagnoses")
    wave = PracticeForeignKey(Wave, on_delete=models.CASCADE, related_name="diagnoses")
    snapshot = PracticeForeignKey(Snapshot, on_delete=models.PROTECT, null=True, related_name="diagnoses")
    number = models.PositiveSmallIntegerField()
    language = models.CharField(
        max_length=10, default="en", help_text="In which its notes, findings and actions are written."
    )
    state = models.CharField(max_length=10, choices=DiagnosisState.choices, default=DiagnosisState.QUEUED)
    result = models.JSONField(default=dict, help_text="See diagnosis/result.py.")
    rules_version = models.CharField(max_length=20, blank=True)
    summary = models.TextField(blank=True, help_text="The consultant's own summary.")
    requested_by = PracticeForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    computed_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-number"]
        constraints = [models.UniqueConstraint(fields=["wave", "number"], name="diagnosis_diagnosis_number")]

    def __str__(self) -> str:
        return f"Diagnosis {self.number}"
