"""Actions: what is done about a finding, by whom, until when, and how it is proved."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from diagnosis.enums import ActionState, Level, Stage
from diagnosis.models.diagnosis import Diagnosis
from diagnosis.models.finding import Finding
from practice.models import Engagement, PracticeForeignKey, PracticeModel


class Action(PracticeModel):
    """A recommended or accepted action with the gap it should close and the diagnosis it came from."""

    engagement = PracticeForeignKey(Engagement, on_delete=models.CASCADE, related_name="actions")
    diagnosis = PracticeForeignKey(Diagnosis, on_delete=models.CASCADE, related_name="actions")
    finding = PracticeForeignKey(Finding, on_delete=models.SET_NULL, null=True, related_name="actions")
    entry = models.CharField(
        max_length=8, blank=True, help_text="Code in the action library, for example I1-02."
    )
    stage = models.CharField(max_length=16, choices=Stage.choices)
    gap = models.CharField(max_length=4)
    dimension = models.CharField(max_length=10, blank=True)
    title = models.CharField(_("action"), max_length=240)
    cause = models.CharField(_("cause"), max_length=240, blank=True)
    question = models.CharField(_("check first"), max_length=240, blank=True)
    owner = models.CharField(_("owner"), max_length=120, blank=True)
    starts_on = models.DateField(_("starts"), null=True, blank=True)
    due_on = models.DateField(_("due"), null=True, blank=True)
    effort = models.PositiveSmallIntegerField(_("effort"), choices=Level.choices)
    impact = models.PositiveSmallIntegerField(_("impact"), choices=Level.choices)
    measure = models.CharField(_("evidence that it worked"), max_length=300, blank=True)
    baseline = models.FloatField(null=True, help_text="The gap's estimate in the diagnosis it came from.")
    target = models.FloatField(_("target value of the gap"), null=True, blank=True)
    rollout_attribute = models.CharField(
        _("rolled out by"), max_length=100, blank=True, default="", help_text="Name of an attribute."
    )
    rollout_value = models.CharField(
        _("where it was rolled out"),
        max_length=100,
        blank=True,
        default="",
        help_text="Value of the attribute; the next wave compares these customers with the others.",
    )
    basis = models.JSONField(default=list)
    position = models.PositiveSmallIntegerField(default=0)
    state = models.CharField(max_length=10, choices=ActionState.choices, default=ActionState.PROPOSED)

    class Meta:
        ordering = ["position", "id"]

    def __str__(self) -> str:
        return self.title
