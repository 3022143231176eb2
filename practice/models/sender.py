"""Sender identities: in whose name a practice's mails go out, and by which server or provider."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from practice.enums import PROVIDERS, SenderKind, SmtpSecurity
from practice.models.base import PracticeModel


class SenderIdentity(PracticeModel):
    """A name and address to send from, with the way the mails take; one may be the practice's default.

    A practice without a default sends by the installation's server in its own name. Passwords and keys are sealed
    under the master key (practice/senders.py); an identity that is not verified sends nothing but its test mail.
    """

    kind = models.CharField(_("way of sending"), max_length=12, choices=SenderKind.choices)
    from_name = models.CharField(_("sender name"), max_length=120)
    from_address = models.EmailField(
        _("sender address"), blank=True, help_text="Empty: an address of the installation."
    )
    reply_to = models.EmailField(_("replies go to"), blank=True)
    unsubscribe_address = models.EmailField(_("mailbox for unsubscribing"), blank=True)
    host = models.CharField(_("server"), max_length=253, blank=True)
    port = models.PositiveIntegerField(_("port"), default=587)
    security = models.CharField(
        _("encryption"), max_length=8, choices=SmtpSecurity.choices, default=SmtpSecurity.STARTTLS
    )
    username = models.CharField(_("user name"), max_length=200, blank=True)
    secret = models.BinaryField(null=True, help_text="Password or API key, sealed under the master key.")
    provider_domain = models.CharField(_("sending domain"), max_length=253, blank=True)
    is_in_eu = models.BooleanField(_("use the provider's servers in the EU"), default=False)
    dkim_selector = models.CharField(_("DKIM selector"), max_length=40, blank=True)
    dkim_key = models.BinaryField(null=True, help_text="Private key, sealed under the master key.")
    dns_result = models.JSONField(
        default=dict, blank=True, help_text="What practice/sender_dns.py found last."
    )
    dns_checked_at = models.DateTimeField(null=True)
    is_default = models.BooleanField(_("default"), default=False)
    code_digest = models.BinaryField(max_length=32, null=True, help_text="SHA-256 of the test mail's code.")
    code_sent_at = models.DateTimeField(null=True)
    verified_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-is_default", "from_name", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["practice"],
                condition=models.Q(is_default=True),
                name="practice_senderidentity_one_default",
            ),
            models.CheckConstraint(
                condition=models.Q(kind=SenderKind.INSTALLATION) | ~models.Q(from_address=""),
                name="practice_senderidentity_address",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.from_name} <{self.from_address}>" if self.from_address else self.from_name

    @property
    def domain(self) -> str:
        """The domain the mails come from; empty where it is the installation's."""
        return self.from_address.rpartition("@")[2]

    @property
    def is_provider(self) -> bool:
        """True when a mail provider sends the mails."""
        return self.kind in PROVIDERS

    @property
    def is_ready(self) -> bool:
        """True when it may send: verified, or nothing but the installation's own server and address."""
        return self.kind == SenderKind.INSTALLATION or self.verified_at is not None
