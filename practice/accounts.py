"""Adapters of django-allauth: who may sign up, where a person lands, whose name a second factor shows."""

from urllib.parse import urlsplit

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.http import HttpRequest

from practice.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Sign-up is open only where the operator says so."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Tell whether strangers may create an account."""
        return bool(settings.SIGNUP_OPEN)


class SecondFactorAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # allauth ships no types
    """Shows the e-mail address in authenticator apps, and binds passkeys to this installation."""

    def get_totp_label(self, user: User) -> str:
        """Return the label under which the app lists this account."""
        return user.email

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Bind passkeys to the address of this installation, whatever name a request came by."""
        return {"id": urlsplit(settings.BASE_URL).hostname or "localhost", "name": "CRMGap"}
