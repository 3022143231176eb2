"""Closed sets of the diagnosis room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class DiagnosisState(models.TextChoices):
    """The life of a diagnosis run."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")


class Decision(models.TextChoices):
    """What the consultant said of a finding."""

    PROPOSED = "proposed", _("To decide")
    ACCEPTED = "accepted", _("Accepted")
    REJECTED = "rejected", _("Rejected")


class CommentChoice(models.TextChoices):
    """What the consultant said of a comment: open ones are printed only where none of their question is picked."""

    OPEN = "open", _("Not picked")
    PICKED = "picked", _("Picked")
    HIDDEN = "hidden", _("Hidden")


class Stage(models.TextChoices):
    """The three stages of the DIE CRM gap model."""

    DESIGN = "design", _("Design")
    IMPLEMENTATION = "implementation", _("Implementation")
    EVALUATION = "evaluation", _("Evaluation")


class ActionState(models.TextChoices):
    """The life of an action."""

    PROPOSED = "proposed", _("Proposed")
    PLANNED = "planned", _("Planned")
    RUNNING = "running", _("In progress")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("Dropped")


class Level(models.IntegerChoices):
    """Effort and impact of an action, a judgement."""

    LOW = 1, _("Low")
    MEDIUM = 2, _("Medium")
    HIGH = 3, _("High")
