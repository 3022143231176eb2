"""Findings: what the figures say, ranked, waiting for the consultant's decision."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from diagnosis.enums import Decision, Stage
from diagnosis.models.diagnosis import Diagnosis
from practice.models import PracticeForeignKey, PracticeModel


class Finding(PracticeModel):
    """One statement with its evidence chain: gap, dimension, figures, certainty, causes to check."""

    diagnosis = PracticeForeignKey(Diagnosis, on_delete=models.CASCADE, related_name="findings")
    rank = models.PositiveSmallIntegerField()
    code = models.CharField(max_length=40)
    stage = models.CharField(max_length=16, choices=Stage.choices)
    gap = models.CharField(max_length=4)
    dimension = models.CharField(max_length=10, blank=True)
    headline = models.CharField(_("headline"), max_length=240)
    text = models.TextField(_("finding"), blank=True)
    evidence = models.JSONField(
        default=dict, help_text="The figures the finding stands on, as in the result."
    )
    causes = models.JSONField(default=list)
    certainty = models.CharField(max_length=12)
    severity = models.CharField(max_length=10, blank=True)
    priority = models.FloatField(default=0)
    decision = models.CharField(max_length=10, choices=Decision.choices, default=Decision.PROPOSED)
    note = models.TextField(_("note"), max_length=2000, blank=True)

    class Meta:
        ordering = ["rank"]
        constraints = [models.UniqueConstraint(fields=["diagnosis", "code"], name="diagnosis_finding_once")]

    def __str__(self) -> str:
        return self.headline
