"""Forms of one's own account: the name, and the form that adds a passkey."""

from typing import Any

from allauth.mfa.webauthn.forms import AddWebAuthnForm
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from practice.models import User


class ProfileForm(forms.ModelForm[User]):
    """The name that colleagues see, and the language of the portal."""

    language = forms.ChoiceField(
        label=_("Language"), choices=[("", _("As my browser asks")), *settings.LANGUAGES], required=False
    )

    class Meta:
        model = User
        fields = ["name", "language"]
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"].required = True

    def clean_name(self) -> str:
        """Refuse a name that would break a mail header."""
        name: str = self.cleaned_data["name"].strip()
        if any(ord(character) < 32 for character in name):
            raise forms.ValidationError(_("Write the name on one line."))
        return name


class AddPasskeyForm(AddWebAuthnForm):  # type: ignore[misc]  # allauth ships no types
    """Offers to sign in with the passkey alone, which most people want."""

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.fields["name"].label = _("Name of the passkey")
        self.fields["name"].help_text = _("For yourself, such as “Work laptop”.")
        self.fields["name"].max_length = 80
        if "passwordless" in self.fields:
            self.fields["passwordless"].initial = True
