"""Forms of sender identities: each way of sending asks for what it needs and for nothing else."""

from collections.abc import Mapping
from typing import Any, Final

from django import forms
from django.utils.translation import gettext_lazy as _

from practice.addresses import MAX_ADDRESS, MAX_DOMAIN
from practice.enums import PROVIDERS, SenderKind, SmtpSecurity
from practice.models import SenderIdentity

ALWAYS: Final = ("from_name", "from_address", "reply_to", "unsubscribe_address")
OF_KIND: Final[Mapping[str, tuple[str, ...]]] = {
    SenderKind.INSTALLATION: ("from_name", "reply_to", "unsubscribe_address"),
    SenderKind.SMTP: (*ALWAYS, "host", "port", "security", "username", "secret"),
    SenderKind.MAILGUN: (*ALWAYS, "secret", "provider_domain", "is_in_eu", "dkim_selector"),
    SenderKind.POSTMARK: (*ALWAYS, "secret", "dkim_selector"),
    SenderKind.BREVO: (*ALWAYS, "secret", "dkim_selector"),
}


class SenderForm(forms.Form):
    """Name, address and way of one sender identity; what is wrong in it is checked by `practice.senders`."""

    from_name = forms.CharField(label=_("Sender name"), max_length=120)
    from_address = forms.CharField(
        label=_("Sender address"),
        max_length=MAX_ADDRESS,
        help_text=_("Mails come from here. Receivers look up its domain: SPF, DKIM and DMARC must fit."),
        widget=forms.TextInput(attrs={"inputmode": "email", "autocomplete": "off"}),
    )
    reply_to = forms.CharField(label=_("Replies go to"), max_length=MAX_ADDRESS, required=False)
    unsubscribe_address = forms.CharField(
        label=_("Mailbox for unsubscribing"),
        max_length=MAX_ADDRESS,
        required=False,
        help_text=_(
            "Optional. Mail programs may write here instead of clicking; somebody must read it and use the "
            "suppression list."
        ),
    )
    host = forms.CharField(label=_("Server"), max_length=MAX_DOMAIN, help_text=_("Such as mail.example.org."))
    port = forms.IntegerField(label=_("Port"), min_value=1, max_value=65_535, initial=587)
    security = forms.ChoiceField(
        label=_("Encryption"), choices=SmtpSecurity.choices, initial=SmtpSecurity.STARTTLS
    )
    username = forms.CharField(
        label=_("User name"),
        max_length=200,
        required=False,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    secret = forms.CharField(
        label=_("Password"),
        max_length=500,
        required=False,
        strip=True,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
    )
    provider_domain = forms.CharField(
        label=_("Sending domain"),
        max_length=MAX_DOMAIN,
        required=False,
        help_text=_("As the provider shows it, such as mg.example.org. Empty: the domain of the address."),
    )
    is_in_eu = forms.BooleanField(label=_("Use the provider's servers in the EU"), required=False)
    dkim_selector = forms.CharField(
        label=_("DKIM selector"),
        max_length=40,
        required=False,
        help_text=_("Only needed when the check below does not find the provider's key by itself."),
    )

    def __init__(self, *args: Any, kind: str, sender: SenderIdentity | None = None, **kwargs: Any):
        if sender is not None:
            kwargs["initial"] = {name: getattr(sender, name) for name in OF_KIND[kind] if name != "secret"}
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.fields = {name: self.fields[name] for name in OF_KIND[kind]}
        if "secret" in self.fields:
            field = self.fields["secret"]
            field.label = _("API key") if kind in PROVIDERS else _("Password")
            has_secret = sender is not None and sender.secret is not None
            field.help_text = (
                _("Stored. Leave it empty to keep it; another server or user needs it again.")
                if has_secret
                else _("Sealed before it is stored, and never shown again.")
            )

    def values(self) -> dict[str, Any]:
        """Return what the services take."""
        return {"kind": self.kind, **self.cleaned_data}
