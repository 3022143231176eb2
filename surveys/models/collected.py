"""Uploads of responses collected elsewhere, on their way into an audience."""

from django.db import models

from practice.models import Member, PracticeForeignKey, PracticeModel
from surveys.enums import ImportState
from surveys.models.wave import WaveAudience


class ResponseImport(PracticeModel):
    """An uploaded table of answers; nothing becomes a response until it is confirmed, then its rows are deleted."""

    wave_audience = PracticeForeignKey(
        WaveAudience, on_delete=models.CASCADE, related_name="response_imports"
    )
    filename = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.PREVIEW)
    header = models.JSONField(default=list)
    rows = models.JSONField(default=list, help_text="The cells as text, row by row; empty once decided.")
    mapping = models.JSONField(
        default=dict, help_text="Column number -> slot, attribute, weight or leave out."
    )
    options = models.JSONField(
        default=dict, help_text="Codes of missing answers, and the ends of each scale as the file has them."
    )
    content_hash = models.CharField(max_length=64)
    result = models.JSONField(default=dict)
    created_by = PracticeForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename
