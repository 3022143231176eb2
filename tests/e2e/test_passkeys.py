"""Passkeys in Chromium with a virtual authenticator: added, used alone, used as second factor, renamed, removed."""

from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page

from practice.models import Member
from practice.scope import practice_scope
from practice.services import update_practice
from tests.e2e.test_pages_in_chromium import SERIOUS, listen
from tests.factories.practice import found_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PASSWORD = "correct horse battery"


@pytest.fixture
def owner(live_server: Any, settings: Any) -> Member:
    """Return the owner of a practice that asks for a second factor, on a site that lives where the browser finds it."""
    settings.BASE_URL = live_server.url
    member = found_practice("Keys")
    with practice_scope(member.practice):
        update_practice(member.practice, actor=member, requires_second_factor=True)
    return member


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    found = browser.new_context(viewport={"width": 360, "height": 900})
    found.set_default_timeout(8000)
    yield found
    found.close()


def add_device(page: Page) -> tuple[CDPSession, str]:
    """Give the browser a device that verifies its owner and keeps passkeys."""
    session = page.context.new_cdp_session(page)
    session.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": True, "automaticPresenceSimulation": True,
    }  # fmt: skip
    found = session.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return session, found["authenticatorId"]


def sign_in(page: Page, base: str, owner: Member) -> None:
    page.goto(f"{base}/accounts/login/")
    page.locator("[name=login]").fill(owner.user.email)
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in", exact=True).click()


def confirm(page: Page) -> None:
    """Type the password again where the account's own pages ask for it."""
    assert "/reauthenticate/" in page.url
    page.locator("[name=password]").fill(PASSWORD)
    with page.expect_navigation():
        page.get_by_role("button", name="Confirm").click()


def sign_out(page: Page, base: str) -> None:
    page.goto(f"{base}/accounts/logout/")
    with page.expect_navigation():
        page.get_by_role("button", name="Sign out").first.click()


def add_passkey(page: Page, base: str, name: str, *, alone: bool) -> None:
    page.goto(f"{base}/accounts/2fa/webauthn/add/")
    page.locator("[name=name]").fill(name)
    page.locator("[name=passwordless]").set_checked(alone)
    with page.expect_navigation():
        page.get_by_role("button", name="Add a passkey").click()


def sound(page: Page) -> list[str]:
    """Return what axe finds serious and whether the page scrolls sideways."""
    found = [v["id"] for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS]
    if page.evaluate("document.documentElement.scrollWidth") > 360:
        found.append("scrolls sideways")
    return found


def test_a_passkey_signs_in_alone_and_satisfies_the_practice(
    context: BrowserContext, live_server: Any, owner: Member
) -> None:
    page, base = context.new_page(), live_server.url
    said = listen(page)
    session, device = add_device(page)
    sign_in(page, base, owner)
    assert sound(page) == []
    confirm(page)
    assert page.url.endswith("/accounts/2fa/totp/activate/")
    assert sound(page) == []
    with page.expect_navigation():
        page.get_by_role("link", name="Use a passkey instead").click()
    assert sound(page) == []
    add_passkey(page, base, "Work laptop", alone=True)
    assert "Recovery codes" in page.content()
    assert sound(page) == []
    (key,) = session.send("WebAuthn.getCredentials", {"authenticatorId": device})["credentials"]
    assert key["rpId"] == "localhost"
    assert key["isResidentCredential"]
    sign_out(page, base)
    page.goto(f"{base}/accounts/login/")
    assert sound(page) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in with a passkey").click()
    page.wait_for_url(f"**/p/{owner.practice.slug}/")
    page.goto(f"{base}/profile/")
    assert "Work laptop" in page.content()
    assert sound(page) == []
    assert said == []


def test_a_passkey_is_the_second_factor_after_the_password(
    context: BrowserContext, live_server: Any, owner: Member
) -> None:
    page, base = context.new_page(), live_server.url
    said = listen(page)
    add_device(page)
    sign_in(page, base, owner)
    confirm(page)
    add_passkey(page, base, "Key ring", alone=False)
    sign_out(page, base)
    sign_in(page, base, owner)
    assert page.url.endswith("/accounts/2fa/authenticate/")
    assert sound(page) == []
    with page.expect_navigation():
        page.get_by_role("button", name="Use a passkey").click()
    page.wait_for_url(f"**/p/{owner.practice.slug}/")
    assert said == []


def test_a_cancelled_passkey_is_said_on_the_page(
    context: BrowserContext, live_server: Any, owner: Member
) -> None:
    page, base = context.new_page(), live_server.url
    said = listen(page)
    session, device = add_device(page)
    sign_in(page, base, owner)
    confirm(page)
    session.send("WebAuthn.setUserVerified", {"authenticatorId": device, "isUserVerified": False})
    page.goto(f"{base}/accounts/2fa/webauthn/add/")
    page.get_by_role("button", name="Add a passkey").click()
    page.get_by_role("alert").filter(has_text="The passkey was not used").wait_for()
    assert not Authenticator.objects.exists()
    assert said == []


def test_renaming_and_removing(context: BrowserContext, live_server: Any, owner: Member) -> None:
    page, base = context.new_page(), live_server.url
    add_device(page)
    sign_in(page, base, owner)
    confirm(page)
    add_passkey(page, base, "Old name", alone=True)
    page.goto(f"{base}/profile/")
    with page.expect_navigation():
        page.get_by_role("link", name="Rename").click()
    page.locator("[name=name]").fill("New name")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/profile/")
    assert "New name" in page.content()
    with page.expect_navigation():
        page.get_by_role("link", name="Remove").click()
    assert sound(page) == []
    page.get_by_role("button", name="Remove").click()
    page.wait_for_url("**/profile/")
    assert "New name" not in page.content()


def test_without_javascript_the_password_still_signs_in(
    browser: Browser, live_server: Any, owner: Member
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(f"{live_server.url}/accounts/login/")
    assert not page.get_by_role("button", name="Sign in with a passkey").is_visible()
    sign_in(page, live_server.url, owner)
    confirm(page)
    assert page.url.endswith("/accounts/2fa/totp/activate/")
    context.close()
