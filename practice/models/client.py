"""Client organisations and their engagements."""

import zoneinfo

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.models.base import PracticeForeignKey, PracticeModel
from practice.models.practice import Member, hex_colour


def known_zone(name: str) -> None:
    """Refuse what is no time zone of the IANA list."""
    if name not in zoneinfo.available_timezones():
        raise ValidationError(_("Choose a time zone from the list, such as Europe/Vienna."))


class ClientOrganisation(PracticeModel):
    """A company that a practice advises."""

    name = models.CharField(_("name"), max_length=160)
    sector = models.CharField(_("sector"), max_length=80, blank=True)
    colour = models.CharField(_("colour"), max_length=7, default="#153e6b", validators=[hex_colour])
    logo_id = models.UUIDField(null=True, editable=False)
    language = models.CharField(_("language"), max_length=10, default="en")
    time_zone = models.CharField(
        _("time zone"),
        max_length=40,
        default="UTC",
        validators=[known_zone],
        help_text=_("In which surveys of this client are planned, such as Europe/Vienna."),
    )
    contact_name = models.CharField(_("contact person"), max_length=120, blank=True)
    contact_email = models.EmailField(_("contact e-mail"), blank=True)
    created_at = models.DateTimeField(auto_now_add=True)

    @property
    def zone(self) -> zoneinfo.ZoneInfo:
        """The time zone in which surveys of this client are planned and shown."""
        return zoneinfo.ZoneInfo(self.time_zone)

    class Meta:
        ordering = ["name", "id"]
        constraints = [models.UniqueConstraint(fields=["practice", "name"], name="practice_client_name")]

    def __str__(self) -> str:
        return self.name


class Engagement(PracticeModel):
    """One client, one question, one or more waves; it knows nothing of instruments."""

    client_organisation = PracticeForeignKey(
        ClientOrganisation, on_delete=models.CASCADE, related_name="engagements"
    )
    name = models.CharField(_("name"), max_length=160)
    question = models.TextField(_("question the client wants answered"), max_length=1000, blank=True)
    lead = PracticeForeignKey(Member, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    sender = PracticeForeignKey(
        "practice.SenderIdentity",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="engagements",
        verbose_name=_("sender of its mails"),
    )
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "id"]

    def __str__(self) -> str:
        return self.name
