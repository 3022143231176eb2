"""The practice (the tenant) and its members."""

import uuid

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.enums import Role
from practice.models.base import PracticeForeignKey, PracticeModel
from practice.rls import PracticePolicy

hex_colour = RegexValidator(r"^#[0-9a-fA-F]{6}$", _("Write the colour as # and six hexadecimal digits."))


class Practice(models.Model):
    """A consulting firm; its own row is visible only inside its own scope."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=120)
    slug = models.SlugField(max_length=60, unique=True)
    accent_colour = models.CharField(
        _("accent colour"), max_length=7, default="#0d6b66", validators=[hex_colour]
    )
    logo_id = models.UUIDField(null=True, editable=False)
    sender_name = models.CharField(_("sender name"), max_length=120, blank=True)
    reply_to = models.EmailField(_("replies go to"), blank=True)
    mail_footer = models.TextField(
        _("postal address"),
        max_length=300,
        blank=True,
        help_text=_("Printed at the end of every mail, as many countries ask for; up to 5 lines."),
    )
    requires_second_factor = models.BooleanField(
        _("owners and consultants need a second factor"), default=True
    )
    mails_per_week = models.PositiveSmallIntegerField(
        _("mails to one person within 7 days, at most"),
        default=4,
        validators=[MinValueValidator(1), MaxValueValidator(50)],
        help_text=_("Counted over all engagements. What is beyond it waits and goes out later."),
    )
    retention_months = models.PositiveSmallIntegerField(_("keep answers for months"), default=24)
    is_sample = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [PracticePolicy(name="practice_practice_policy", column="id")]

    def __str__(self) -> str:
        return self.name


class Member(PracticeModel):
    """A person in a practice with a role; a client viewer is bound to one client organisation."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    client_organisation = PracticeForeignKey(
        "practice.ClientOrganisation", on_delete=models.CASCADE, null=True, blank=True, related_name="viewers"
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["practice", "user"], name="practice_member_one_per_user"),
            models.CheckConstraint(
                condition=models.Q(role=Role.CLIENT_VIEWER, client_organisation__isnull=False)
                | (~models.Q(role=Role.CLIENT_VIEWER) & models.Q(client_organisation__isnull=True)),
                name="practice_member_viewer_has_client",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.get_role_display()})"
