"""Waves and their audiences."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.managers import ScopedManager, ScopedQuerySet
from practice.models import Engagement, PracticeForeignKey, PracticeModel, SenderIdentity
from surveys.enums import AudienceState, Channel, Mode, WaveKind


class Wave(PracticeModel):
    """One round of asking in an engagement, with its own frozen copy of the instrument."""

    engagement = PracticeForeignKey(Engagement, on_delete=models.CASCADE, related_name="waves")
    number = models.PositiveSmallIntegerField(default=1)
    name = models.CharField(_("name"), max_length=80)
    kind = models.CharField(max_length=10, choices=WaveKind.choices, default=WaveKind.LIVE)
    instrument_code = models.CharField(max_length=40)
    instrument_version = models.CharField(max_length=20)
    instrument = models.JSONField(
        help_text="The instrument version as it was chosen; see surveys/instruments."
    )
    plan = models.JSONField(
        default=dict, help_text='Launch plan: {"reminder_days": [4, 9], "close_days": 14, "mails": {...}}'
    )
    rules_off = models.JSONField(
        default=list, blank=True, help_text="Rules of exclusion that its diagnoses do not apply."
    )
    sender = PracticeForeignKey(
        SenderIdentity,
        on_delete=models.PROTECT,
        null=True,
        related_name="waves",
        help_text="Chosen for this wave; fixed at launch. None: the engagement's, or the practice's default.",
    )
    launched_at = models.DateTimeField(null=True)
    closed_at = models.DateTimeField(null=True)
    keep_months = models.PositiveSmallIntegerField(
        null=True,
        help_text="Months for which answers and people are kept after the end, as told; fixed at launch.",
    )
    answers_deleted_at = models.DateTimeField(null=True, help_text="When answers and people were deleted.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["engagement_id", "number"]
        constraints = [
            models.UniqueConstraint(fields=["engagement", "kind", "number"], name="surveys_wave_number")
        ]

    def __str__(self) -> str:
        return self.name


class InvitedManager(ScopedManager["WaveAudience"]):
    """The audiences asked by personal links: what every list, count and figure means unless it says otherwise."""

    def get_queryset(self) -> ScopedQuerySet["WaveAudience"]:
        """Return the audiences without their open-link channels."""
        return super().get_queryset().filter(channel=Channel.INVITED)


class WaveAudience(PracticeModel):
    """An audience in a wave: form, mode, opening and closing, keys of its links and of its mixer.

    Where open links exist, a second row with the channel `open` holds their answers: own keys, own mixer, own totals.
    `wave.audiences` and `invited` leave it out, so that nothing mixes the two in silence.
    """

    wave = PracticeForeignKey(Wave, on_delete=models.CASCADE, related_name="audiences")
    audience = models.CharField(max_length=20)
    channel = models.CharField(max_length=10, choices=Channel.choices, default=Channel.INVITED)
    form = models.CharField(max_length=40)
    mode = models.CharField(max_length=12, choices=Mode.choices, default=Mode.CONFIDENTIAL)
    state = models.CharField(max_length=10, choices=AudienceState.choices, default=AudienceState.DRAFT)
    opens_at = models.DateTimeField(null=True)
    closes_at = models.DateTimeField(null=True)
    rounds = models.JSONField(
        default=dict,
        blank=True,
        help_text="From the launch on, by round: when its mails leave (ISO, UTC) and whether it is skipped.",
    )
    mails_paused = models.BooleanField(default=False, help_text="No mail leaves; links go on working.")
    hold_until = models.DateTimeField(null=True, help_text="Outside its window no mail leaves before.")
    kept_attributes = models.JSONField(
        default=list,
        help_text="Attributes frozen with each response, reduced so that every joint cell holds >= 5.",
    )
    attribute_plan = models.JSONField(
        default=dict,
        blank=True,
        help_text="Attributes left out, values merged, and from the launch on the only values kept.",
    )
    offers_profile = models.BooleanField(
        default=False, help_text="People see the profile of their own answers once, when they have finished."
    )
    link_key = models.BinaryField(null=True, help_text="Sealed under the master key; deleted at release.")
    mixing_key = models.BinaryField(
        null=True, help_text="Sealed under the master key; deleted after the last mix."
    )
    totals = models.JSONField(
        default=dict, help_text="Started and finished, refreshed hourly when confidential."
    )
    totals_at = models.DateTimeField(null=True)
    stop = models.JSONField(
        default=dict,
        blank=True,
        help_text="Why mails were stopped by themselves (reason, n, of, at), and the counts seen at the last go-on.",
    )
    source = models.JSONField(
        default=dict,
        blank=True,
        help_text="Where released answers come from when they were collected elsewhere; empty = asked here.",
    )

    invited = InvitedManager()

    class Meta:
        default_manager_name = "invited"
        ordering = ["wave_id", "audience"]
        constraints = [
            models.UniqueConstraint(fields=["wave", "audience", "channel"], name="surveys_waveaudience_once"),
            models.CheckConstraint(
                condition=models.Q(channel=Channel.INVITED) | models.Q(mode=Mode.CONFIDENTIAL),
                name="surveys_waveaudience_open_is_confidential",
            ),
            models.CheckConstraint(
                condition=models.Q(mode=Mode.CONFIDENTIAL) | models.Q(audience__in=["customers", "managers"]),
                name="surveys_waveaudience_named_only",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.audience} ({self.wave})"
