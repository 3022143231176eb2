"""Closed sets of the reports room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class ReportKind(models.TextChoices):
    """The documents."""

    DIAGNOSIS = "diagnosis", _("Diagnosis")
    ACTION_PLAN = "action_plan", _("Action plan")
    BOARD = "board", _("Board edition")


class ReportState(models.TextChoices):
    """The life of a report."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Being made")
    SUCCEEDED = "succeeded", _("Ready")
    FAILED = "failed", _("Failed")
