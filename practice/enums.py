"""Closed sets of the practice room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    """What a member may do in a practice."""

    OWNER = "owner", _("Owner")
    CONSULTANT = "consultant", _("Consultant")
    ANALYST = "analyst", _("Analyst")
    CLIENT_VIEWER = "client_viewer", _("Client viewer")


class JobState(models.TextChoices):
    """The life of a job."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Running")
    SUCCEEDED = "succeeded", _("Done")
    FAILED = "failed", _("Failed")
    CANCELLED = "cancelled", _("Cancelled")


class Queue(models.TextChoices):
    """Celery queues by kind of work."""

    MAIL = "mail"
    COMPUTE = "compute"
    RENDER = "render"
    DEFAULT = "default"
