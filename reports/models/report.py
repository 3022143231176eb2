"""Reports: frozen documents and their files."""

from django.db import models

from diagnosis.models import Diagnosis
from practice.models import Engagement, Member, PracticeForeignKey, PracticeModel
from reports.enums import ReportKind, ReportState


class Report(PracticeModel):
    """A document frozen from a diagnosis (and a plan) with its rendered PDF."""

    engagement = PracticeForeignKey(Engagement, on_delete=models.CASCADE, related_name="reports")
    diagnosis = PracticeForeignKey(Diagnosis, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=12, choices=ReportKind.choices)
    language = models.CharField(max_length=10, default="en")
    state = models.CharField(max_length=10, choices=ReportState.choices, default=ReportState.QUEUED)
    title = models.CharField(max_length=200)
    document = models.JSONField(default=dict, help_text="The frozen document; see reports/document.py.")
    document_hash = models.CharField(max_length=64, blank=True)
    storage_key = models.CharField(max_length=200, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    n_bytes = models.PositiveIntegerField(default=0)
    n_pages = models.PositiveSmallIntegerField(default=0)
    requested_by = PracticeForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.title
