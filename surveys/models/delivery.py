"""Deliveries: one row per mail, written before anything is sent."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.models import PracticeForeignKey, PracticeModel
from surveys.enums import DeliveryState, HoldReason, Round
from surveys.models.recipient import Recipient
from surveys.models.wave import WaveAudience


class Delivery(PracticeModel):
    """One mail to one recipient in one round; its state changes by conditional updates and a trigger checks each."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="deliveries")
    recipient = PracticeForeignKey(Recipient, on_delete=models.CASCADE, related_name="deliveries")
    round = models.CharField(max_length=12, choices=Round.choices)
    state = models.CharField(max_length=14, choices=DeliveryState.choices, default=DeliveryState.PLANNED)
    due_at = models.DateTimeField()
    attempts = models.PositiveSmallIntegerField(default=0)
    refusals = models.PositiveSmallIntegerField(default=0, help_text="How often a server said: later.")
    lease_until = models.DateTimeField(null=True)
    message_id = models.CharField(max_length=200, blank=True)
    accepted_at = models.DateTimeField(null=True)
    hold = models.CharField(
        max_length=12, choices=HoldReason.choices, blank=True, help_text="Why it was not, or not yet, sent."
    )
    reply = models.CharField(max_length=300, blank=True)
    was_uncertain = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["wave_audience", "recipient", "round"], name="surveys_delivery_once"
            )
        ]
        indexes = [
            models.Index(
                fields=["wave_audience", "due_at"],
                name="surveys_delivery_due",
                condition=models.Q(state__in=["planned", "queued", "sending", "retry", "uncertain"]),
            ),
            models.Index(fields=["wave_audience", "round", "state"], name="surveys_delivery_counts"),
            models.Index(
                fields=["message_id"], name="surveys_delivery_number", condition=~models.Q(message_id="")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.round} {self.state}"


class MailPace(PracticeModel):
    """How fast a practice may send, what of it is used up, and when its mails had their last turn; one row each."""

    per_minute = models.PositiveIntegerField(_("at most per minute"), null=True, blank=True)
    per_hour = models.PositiveIntegerField(_("at most per hour"), null=True, blank=True)
    per_day = models.PositiveIntegerField(_("at most per day"), null=True, blank=True)
    warm_up_from = models.DateField(
        _("warm up from"), null=True, blank=True, help_text=_("A new sender starts with few mails a day.")
    )
    used = models.JSONField(default=dict, help_text="Mails handed over in the present minute, hour and day.")
    hold_until = models.DateTimeField(null=True, help_text="No mail of this practice leaves before.")
    turn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["practice"], name="surveys_mailpace_once")]

    def __str__(self) -> str:
        return f"{self.per_minute}/{self.per_hour}/{self.per_day}"
