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


class SenderKind(models.TextChoices):
    """The way by which a sender identity's mails leave: the installation's server, an own account, or a provider."""

    INSTALLATION = "installation", _("The mail server of this installation")
    SMTP = "smtp", _("Own SMTP account")
    MAILGUN = "mailgun", _("Mailgun")
    POSTMARK = "postmark", _("Postmark")
    BREVO = "brevo", _("Brevo")


PROVIDERS = frozenset({SenderKind.MAILGUN, SenderKind.POSTMARK, SenderKind.BREVO})


class SmtpSecurity(models.TextChoices):
    """How the line to an own SMTP server is encrypted."""

    STARTTLS = "starttls", _("STARTTLS (usually port 587)")
    TLS = "tls", _("TLS from the first byte (usually port 465)")
    NONE = "none", _("Not encrypted (only in the installation's own network)")
