"""Invitations to join a practice: the link is mailed, only its hash is kept."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.enums import Role
from practice.models.base import PracticeForeignKey, PracticeModel
from practice.models.practice import Member


class Invitation(PracticeModel):
    """One address asked to join with one role; open until it is accepted, revoked or a week old."""

    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=20, choices=Role.choices)
    client_organisation = PracticeForeignKey(
        "practice.ClientOrganisation", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    invited_by = PracticeForeignKey(Member, on_delete=models.CASCADE, related_name="+")
    digest = models.BinaryField(max_length=32, unique=True)
    expires_at = models.DateTimeField()
    n_sent = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    is_mailed = models.BooleanField(null=True)
    reply = models.CharField(max_length=300, blank=True)
    message_id = models.CharField(max_length=120, blank=True)
    accepted_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(role=Role.CLIENT_VIEWER, client_organisation__isnull=False)
                | (~models.Q(role=Role.CLIENT_VIEWER) & models.Q(client_organisation__isnull=True)),
                name="practice_invitation_viewer_client",
            ),
            models.UniqueConstraint(
                fields=["practice", "email"],
                condition=models.Q(accepted_at=None, revoked_at=None),
                name="practice_invitation_one_open",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.email} ({self.get_role_display()})"

    @property
    def is_expired(self) -> bool:
        """Tell whether the week is over."""
        return self.expires_at <= timezone.now()
