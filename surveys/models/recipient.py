"""The roster and the ledger: who is asked, and whether an answer came; never what was answered."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.models import Member, PracticeForeignKey, PracticeModel
from surveys.enums import ImportState, SuppressionSource
from surveys.models.wave import Wave, WaveAudience


class Recipient(PracticeModel):
    """A person asked in a wave audience (the roster)."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="recipients")
    email = models.EmailField(_("e-mail address"))
    email_key = models.CharField(max_length=254, help_text="Normalised address: one identity per person.")
    name = models.CharField(_("name"), max_length=200, blank=True)
    language = models.CharField(_("language"), max_length=10, default="en")
    attributes = models.JSONField(default=dict)
    generation = models.PositiveSmallIntegerField(
        default=0, help_text="Raised to give the person a new link."
    )
    gets_no_more_mail = models.BooleanField(default=False, help_text="Mails still to come are skipped.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["email_key", "id"]
        constraints = [
            models.UniqueConstraint(fields=["wave_audience", "email_key"], name="surveys_recipient_identity")
        ]
        indexes = [models.Index(fields=["practice", "email_key"], name="surveys_recipient_person")]

    def __str__(self) -> str:
        return self.name or self.email


class SurveyLink(PracticeModel):
    """The hash of a personal link; the token itself is never stored."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="links")
    recipient = PracticeForeignKey(Recipient, on_delete=models.CASCADE, related_name="links")
    digest = models.BinaryField(max_length=32, unique=True)
    is_revoked = models.BooleanField(default=False)

    def __str__(self) -> str:
        return str(self.recipient_id)


class LedgerEntry(PracticeModel):
    """Whether a recipient has submitted: a boolean without a time."""

    wave_audience = PracticeForeignKey(WaveAudience, on_delete=models.CASCADE, related_name="ledger")
    recipient = PracticeForeignKey(Recipient, on_delete=models.CASCADE, related_name="ledger")
    submitted = models.BooleanField(default=False)
    wants_receipt = models.BooleanField(
        default=False, help_text="Asked for a receipt; kept until the release of a confidential audience."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["recipient"], name="surveys_ledgerentry_once")]

    def __str__(self) -> str:
        return str(self.recipient_id)


class Suppression(PracticeModel):
    """An address that this practice must not mail any more."""

    email_key = models.CharField(max_length=254)
    source = models.CharField(
        max_length=12, choices=SuppressionSource.choices, default=SuppressionSource.BY_HAND
    )
    reason = models.CharField(max_length=200)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "email_key"], name="surveys_suppression_once")
        ]

    def __str__(self) -> str:
        return self.email_key


class PeopleImport(PracticeModel):
    """An uploaded list of people on its way into the roster; nothing is written there until it is confirmed."""

    wave = PracticeForeignKey(Wave, on_delete=models.CASCADE, related_name="imports")
    filename = models.CharField(max_length=200)
    state = models.CharField(max_length=10, choices=ImportState.choices, default=ImportState.PREVIEW)
    encoding = models.CharField(max_length=20, blank=True)
    delimiter = models.CharField(max_length=3, blank=True)
    header_row = models.PositiveIntegerField(default=1, help_text="As spreadsheet programs number it.")
    header = models.JSONField(default=list)
    rows = models.JSONField(default=list, help_text="The cells as text, row by row.")
    mapping = models.JSONField(default=dict, help_text="Column number -> field, as guessed or chosen.")
    content_hash = models.CharField(max_length=64)
    result = models.JSONField(default=dict)
    created_by = PracticeForeignKey(Member, on_delete=models.SET_NULL, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return self.filename
