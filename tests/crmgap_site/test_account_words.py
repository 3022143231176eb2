"""Account pages speak the product's words, carry no inline code, and the profile has everything in one place."""

import ast
import gettext
import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse

from practice.models import AuditEntry, Member, User
from practice.scope import practice_scope

pytestmark = pytest.mark.django_db
LOCALE = Path(settings.BASE_DIR) / "crmgap_site" / "locale" / "en" / "LC_MESSAGES"
OLD_WORDS = re.compile(
    r"\b[Ee]mail\b|[Tt]wo-[Ff]actor|[Ss]ecurity [Kk]ey|Sign In|Sign Out|Change Password|\bAre you sure"
)
INLINE = re.compile(r" style=| on[a-z]+=\"|javascript:|<script(?![^>]*(?: src=| type=\"application/json\"))")
PUBLIC_PAGES = ["account_login", "account_signup", "account_reset_password", "account_reset_password_done"]
OWN_PAGES = [
    "practice:profile", "account_logout", "account_change_password", "account_email", "account_reauthenticate",
    "mfa_activate_totp", "mfa_add_webauthn", "mfa_generate_recovery_codes",
]  # fmt: skip


def visible(page: str) -> str:
    """Return what a person reads: no tags, no scripts."""
    return re.sub(r"<(script|head)\b.*?</\1>|<[^>]+>", " ", page, flags=re.DOTALL)


@pytest.fixture
def browser(owner_a: Member) -> Client:
    """Return the owner's browser, who has just confirmed the password."""
    client = Client()
    client.force_login(owner_a.user)
    answer = client.post(reverse("account_reauthenticate"), {"password": "correct horse battery"})
    assert answer.status_code == 302
    return client


@pytest.mark.parametrize("name", PUBLIC_PAGES)
def test_pages_before_sign_in(name: str, client: Client, settings: Any) -> None:
    settings.SIGNUP_OPEN = True
    check(client.get(reverse(name)))


@pytest.mark.parametrize("name", OWN_PAGES)
def test_pages_of_the_own_account(name: str, browser: Client) -> None:
    check(browser.get(reverse(name)))


def check(answer: Any) -> None:
    assert answer.status_code == 200
    page = answer.content.decode()
    assert OLD_WORDS.findall(visible(page)) == []
    assert INLINE.findall(page) == []
    assert "'unsafe" not in answer.headers["Content-Security-Policy"]


def test_compiled_words_are_those_of_the_source() -> None:
    with (LOCALE / "django.mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    text = (LOCALE / "django.po").read_text(encoding="utf-8")
    pairs = re.findall(r'^msgid (".*")\nmsgstr (".*")$', text, flags=re.MULTILINE)
    assert len(pairs) > 60
    for source, wanted in pairs:
        if source != '""':
            assert compiled.gettext(ast.literal_eval(source)) == ast.literal_eval(wanted)


def test_the_profile_leads_everywhere_and_anonymous_people_to_the_sign_in(browser: Client) -> None:
    page = browser.get("/profile/").content.decode()
    for name in ("account_change_password", "mfa_add_webauthn", "mfa_activate_totp"):
        assert f'href="{reverse(name)}"' in page
    assert browser.get("/accounts/2fa/")["Location"] == "/profile/"
    assert browser.get("/accounts/2fa/webauthn/")["Location"] == "/profile/"
    assert Client().get("/profile/")["Location"].startswith("/accounts/login/")


def test_a_new_name_is_saved_and_on_record(browser: Client, owner_a: Member) -> None:
    assert browser.post("/profile/", {"name": "Zoë O'Neil"}).status_code == 302
    assert User.objects.get(pk=owner_a.user_id).name == "Zoë O'Neil"
    with practice_scope(owner_a.practice):
        entry = AuditEntry.objects.first()
    assert (entry.verb, entry.changed) == ("member.renamed", ["name"])


@pytest.mark.parametrize("bad", ["", "   ", "x" * 151, "a\nb", "a\x00b"])
def test_a_bad_name_is_named_at_its_field(bad: str, browser: Client) -> None:
    answer = browser.post("/profile/", {"name": bad})
    assert answer.status_code == 422
    assert "id_name_error" in answer.content.decode()


def test_the_recovery_codes_show_how_many_are_left(browser: Client, owner_a: Member) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
    from allauth.mfa.totp.internal.auth import TOTP, generate_totp_secret

    TOTP.activate(owner_a.user, generate_totp_secret())
    RecoveryCodes.activate(owner_a.user)
    page = visible(browser.get("/profile/").content.decode())
    assert "10 of 10 codes are left" in page
    for name in ("mfa_view_recovery_codes", "mfa_deactivate_totp"):
        check(browser.get(reverse(name)))
