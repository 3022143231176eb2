"""Closed sets of the surveys room."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class WaveKind(models.TextChoices):
    """Whether answers count: only live waves appear in lists, exports and benchmarks."""

    LIVE = "live", _("Live")
    TEST = "test", _("Test")
    SAMPLE = "sample", _("Sample")


class Mode(models.TextChoices):
    """Confidential: the link between person and answers is destroyed; named: it is kept and said on page one."""

    CONFIDENTIAL = "confidential", _("Confidential")
    NAMED = "named", _("Named")


class Channel(models.TextChoices):
    """How the answers of an audience come in; the two are kept, counted and released apart."""

    INVITED = "invited", _("Personal links")
    OPEN = "open", _("Open link")


class AudienceState(models.TextChoices):
    """The life of an audience in a wave."""

    DRAFT = "draft", _("Draft")
    SCHEDULED = "scheduled", _("Scheduled")
    OPEN = "open", _("Open")
    PAUSED = "paused", _("Paused")
    CLOSED = "closed", _("Closed")
    RELEASED = "released", _("Released")


class Round(models.TextChoices):
    """Mailing rounds of a wave audience; a receipt goes to those who asked for one, see surveys/receipts.py."""

    INVITATION = "invitation", _("Invitation")
    REMINDER_1 = "reminder_1", _("First reminder")
    REMINDER_2 = "reminder_2", _("Second reminder")
    FINAL = "final", _("Final reminder")
    RECEIPT = "receipt", _("Receipt")


ASKING = (Round.INVITATION, Round.REMINDER_1, Round.REMINDER_2, Round.FINAL)
"""Rounds that ask for an answer: planned, written and capped; a receipt is none of that."""


class DeliveryState(models.TextChoices):
    """The life of one mail."""

    PLANNED = "planned", _("Planned")
    QUEUED = "queued", _("Waiting")
    SENDING = "sending", _("Sending")
    RETRY = "retry", _("Trying again later")
    ACCEPTED = "accepted", _("Accepted by the mail server")
    DELIVERED = "delivered", _("Delivered")
    BOUNCED_HARD = "bounced_hard", _("Bounced for good")
    BOUNCED_SOFT = "bounced_soft", _("Bounced for now")
    COMPLAINED = "complained", _("Marked as spam")
    SUPPRESSED = "suppressed", _("Not sent: suppressed")
    UNCERTAIN = "uncertain", _("Uncertain")
    CANCELLED = "cancelled", _("Cancelled")


class SuppressionSource(models.TextChoices):
    """How an address came onto the list of those that are not mailed."""

    BY_HAND = "by_hand", _("Added by hand")
    UNSUBSCRIBED = "unsubscribed", _("Unsubscribed")
    BOUNCED = "bounced", _("Bounced for good")
    COMPLAINED = "complained", _("Marked as spam")


class HoldReason(models.TextChoices):
    """Why a mail was not, or not yet, sent."""

    BY_HAND = "by_hand", _("The address is on the suppression list")
    UNSUBSCRIBED = "unsubscribed", _("The person unsubscribed")
    BOUNCED = "bounced", _("An earlier mail bounced for good")
    COMPLAINED = "complained", _("The person marked a mail as spam")
    EVERYWHERE = "everywhere", _("The address must not be mailed from this installation")
    CAP = "cap", _("Enough mails to this person for now; it goes out later")


class ImportState(models.TextChoices):
    """The life of an uploaded list of people."""

    PREVIEW = "preview", _("Preview")
    CONFIRMED = "confirmed", _("Imported")
    DISCARDED = "discarded", _("Discarded")


AUDIENCE_NAMES = {
    "customers": _("Customers"),
    "managers": _("Managers"),
    "front_line": _("Front line"),
    "crm_team": _("CRM team"),
}
"""The four audiences of the built-in instruments in the order of every list."""
