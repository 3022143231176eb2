"""API tokens: shown once, stored as a hash, bound to a practice and to the member who made them."""

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from practice.models.base import PracticeForeignKey, PracticeModel
from practice.models.practice import Member


class ApiToken(PracticeModel):
    """A bearer token of one member; it can do what the member's role can, within its scopes."""

    member = PracticeForeignKey(Member, on_delete=models.CASCADE, related_name="api_tokens")
    name = models.CharField(_("name"), max_length=80)
    prefix = models.CharField(max_length=20)
    digest = models.BinaryField(max_length=32, unique=True)
    scopes = models.JSONField(_("scopes"), default=list, help_text="Codes of practice/token_scopes.py.")
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    rotated_at = models.DateTimeField(null=True, help_text="When another token was made in its place.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-created_at"]

    @property
    def is_expired(self) -> bool:
        """True once the token's time is over."""
        return self.expires_at <= timezone.now()

    def __str__(self) -> str:
        return self.name
