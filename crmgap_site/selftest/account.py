"""The way in, as a person takes it: sign up, found a practice, second factor, API token."""

import base64
import hashlib
import hmac
import re
import secrets
import time
from dataclasses import dataclass
from typing import Final

from crmgap_site.launcher.selftest import PRACTICE_NAME
from crmgap_site.selftest.browser import Browser, Page
from crmgap_site.selftest.errors import SelfTestError
from practice.token_scopes import ALL_SCOPES

TOTP_SECONDS: Final = 30
TOTP_DIGITS: Final = 6
PORTAL: Final = re.compile(r"/p/(?P<slug>[^/]+)/")
TOKEN: Final = re.compile(r"cap_live_[0-9a-f]{8}_[A-Za-z0-9_-]{20,}")


@dataclass(frozen=True)
class Account:
    """A person signed in to a new practice."""

    browser: Browser
    email: str
    slug: str
    token: str


def open_account(base_url: str) -> Account:
    """Sign up, found the practice, activate the second factor it asks for, and make an API token."""
    browser = Browser(base_url)
    tail = secrets.token_hex(4)
    email = f"owner-{tail}@self-test.example"
    password = secrets.token_urlsafe(16)
    sign_up(browser, email, password)
    page = found_practice(browser, f"{PRACTICE_NAME} {tail}")
    activate_second_factor(browser, confirm_password(browser, page, password))
    home = browser.get("/")
    found = PORTAL.match(home.path)
    if home.status != 200 or found is None:
        raise SelfTestError(f"after signing in, / leads to {home.path} ({home.status}), not to the practice")
    return Account(browser, email, found["slug"], make_token(browser, found["slug"]))


def sign_up(browser: Browser, email: str, password: str) -> None:
    """Create the account; whoever signs up is signed in."""
    page = browser.get("/accounts/signup/")
    form = page.form_with("password1")
    fields = {"email": [email], "password1": [password], "password2": [password]}
    answer = browser.submit(page, form, fields)
    if answer.status != 200 or answer.path.startswith("/accounts/"):
        raise SelfTestError(f"signing up led to {answer.path} ({answer.status}); is SIGNUP_OPEN set?")


def found_practice(browser: Browser, name: str) -> Page:
    """Found a practice and return the page it leads to."""
    page = browser.get("/practices/new/")
    return browser.submit(page, page.form_with("name"), {"name": [name]})


def confirm_password(browser: Browser, page: Page, password: str) -> Page:
    """Type the password once more where the site asks for it before a sensitive page; return what follows."""
    if not page.path.startswith("/accounts/reauthenticate/"):
        return page
    return browser.submit(page, page.form_with("password"), {"password": [password]})


def activate_second_factor(browser: Browser, page: Page) -> None:
    """Take the secret from the activation page, to which a new owner is led, and answer with its code."""
    if not page.path.startswith("/accounts/2fa/"):
        raise SelfTestError(f"a new owner was led to {page.path} instead of to the second factor")
    secret = page.value_of(id="authenticator_secret")
    answer = browser.submit(page, page.form_with("code"), {"code": [time_code(secret, time.time())]})
    if answer.status != 200 or "code" in {name for form in answer.forms for name in form.names}:
        raise SelfTestError(f"the second factor was not accepted: {answer.path} ({answer.status})")


def time_code(secret: str, moment: float) -> str:
    """Return the six digits of RFC 6238 (SHA-1, 30 s) for a base32 secret at a Unix time."""
    key = base64.b32decode(secret.upper() + "=" * (-len(secret) % 8))
    counter = int(moment // TOTP_SECONDS).to_bytes(8, "big")
    digest = hmac.new(key, counter, hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = int.from_bytes(digest[start : start + 4], "big") & 0x7FFFFFFF
    return f"{number % 10**TOTP_DIGITS:0{TOTP_DIGITS}d}"


def make_token(browser: Browser, slug: str) -> str:
    """Make an API token on the settings page, where its secret is shown once."""
    page = browser.get(f"/p/{slug}/settings/tokens/")
    fields = {"name": ["Self-test"], "scopes": list(ALL_SCOPES), "days": ["7"]}
    answer = browser.submit(page, page.form_with("name"), fields)
    found = TOKEN.search(answer.text)
    if found is None:
        raise SelfTestError(f"no token on {answer.path} ({answer.status})")
    return found[0]
