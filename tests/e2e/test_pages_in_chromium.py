"""Every page of the URLconf in a real browser, light and dark: nothing serious for axe, no sideways scrolling."""

import re
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, Page

from practice import invitations
from practice.enums import Role
from practice.models import Member
from practice.scope import practice_scope
from surveys import links
from surveys.models import WaveAudience
from tests.architecture.routes import ROUTES
from tests.architecture.test_access import TENANT_ROUTES, address
from tests.diagnosis.test_wave_change import two_waves
from tests.factories.practice import found_practice
from tests.factories.surveys import make_launched_wave
from tests.factories.world import plant_world

pytestmark = [pytest.mark.browser, pytest.mark.timeout(900), pytest.mark.django_db(transaction=True)]
PAGES = [route for route in TENANT_ROUTES if route.pattern.startswith("p/")]
SERIOUS = {"serious", "critical"}
WIDTHS = (360, 1440)
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
DARK = "() => { const root = document.documentElement; if (root.dataset.bsTheme) root.dataset.bsTheme = 'dark'; }"
NAMED_GROUP = re.compile(r"\(\?P<(\w+)>")
KEYS = {"pk": 1, "key": "set-password", "uidb36": "1"}  # lead to nothing, and that has a page too


def signed_in(member: Member) -> Client:
    """Sign in as a person does, so that the account's own pages do not ask for the password again."""
    client = Client()
    client.post("/accounts/login/", {"login": member.user.email, "password": "correct horse battery"})
    return client


def cookie_of(client: Client, url: str) -> dict[str, Any]:
    return {
        "name": settings.SESSION_COOKIE_NAME,
        "value": client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": url,
    }


def listen(page: Page) -> list[str]:
    """Return the list that errors on the page's console go to."""
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    return said


def look(browser: Browser, base: str, paths: list[str], cookies: list[dict[str, Any]]) -> list[str]:
    """Open every path at both widths, light and then dark, and return what is wrong.

    Every rule of axe is asked in the light; in the dark those about colours, the only ones that can differ.
    """
    wrong = []
    for width in WIDTHS:
        context = browser.new_context(
            viewport={"width": width, "height": 900}, color_scheme="light", reduced_motion="reduce"
        )
        context.add_cookies(cookies)
        page = context.new_page()
        said = listen(page)
        for path in paths:
            said.clear()
            answer = page.goto(base + path)
            assert answer is not None
            where = f"{path} at {width}"
            if answer.status >= 500:
                wrong.append(f"{where}: status {answer.status}")
                continue
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{where}: scrolls sideways")
            wrong += [f"{where}: console {text}" for text in said if "the server responded with" not in text]
            if "sandbox" in answer.headers.get("content-security-policy", ""):
                show_outside_its_sandbox(page, answer.text())
            wrong += [f"{where} light: {found}" for found in serious(page)]
            page.emulate_media(color_scheme="dark")
            page.evaluate(DARK)
            wrong += [f"{where} dark: {found}" for found in serious(page, COLOURS)]
            page.emulate_media(color_scheme="light")
        context.close()
    return wrong


def show_outside_its_sandbox(page: Page, html: str) -> None:
    """Show the same HTML where scripts may run: in a sandbox axe would wait for its own for ever.

    The canvas is named as what it is, since axe takes a canvas that nobody named for white in the dark too.
    """
    page.goto("about:blank")
    page.set_content(html)
    page.add_style_tag(content="html { background: Canvas }")


def serious(page: Page, options: dict[str, Any] | None = None) -> list[str]:
    """Return what axe finds serious or critical on the page as it is."""
    violations = Axe().run(page, options=options).response["violations"]
    return [
        f"{found['id']} {found['nodes'][0]['html'][:120]}"
        for found in violations
        if found["impact"] in SERIOUS
    ]


def press(page: Page, name: str) -> None:
    """Press a button and wait for the next page, which the survey's script puts in place of this one."""
    page.evaluate("document.querySelector('main').dataset.left = ''")
    page.locator(f"button:not([aria-hidden])[name={name}]").click()
    page.wait_for_selector("main:not([data-left])")


def pages_of(client: Client, paths: list[str]) -> list[str]:
    """Return those of the addresses that lead to a page, whatever its status."""
    found = []
    for path in dict.fromkeys(paths):
        content = b"".join(client.get(path))
        if b"<!doctype html>" in content[:300].lower():
            found.append(path)
    return found


def test_portal_pages_in_a_browser(browser: Browser, live_server: Any, settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    world = plant_world()
    client = signed_in(world.owner)
    paths = pages_of(client, [address(route, world) for route in PAGES])
    assert len(paths) > 20
    wrong = look(browser, live_server.url, paths, [cookie_of(client, live_server.url)])
    assert not wrong, "\n".join(wrong)


def paths_outside() -> list[str]:
    """Return the addresses of every route that belongs to no practice, and one that leads nowhere."""
    routes = [
        route
        for route in ROUTES
        if not route.pattern.startswith(("p/", "api/", "s/", "hooks/", "^accent", "join/"))
    ]
    names = {route: (*route.parameters, *NAMED_GROUP.findall(route.pattern)) for route in routes}
    paths = [reverse(route.name, kwargs={name: KEYS[name] for name in names[route]}) for route in routes]
    return [*paths, "/nothing/"]


@pytest.mark.parametrize("is_signed_in", [False, True])
def test_pages_outside_a_practice(is_signed_in: bool, browser: Browser, live_server: Any) -> None:
    owner = found_practice("Doors")
    with practice_scope(owner.practice):
        invitation = invitations.invite(email="new@example.org", role=Role.ANALYST, actor=owner)
        invitation.digest = invitations.digest_of("opened-from-the-mail")
        invitation.save()
    client = signed_in(owner) if is_signed_in else Client()
    asked = [path for path in paths_outside() if "logout" not in path or is_signed_in]
    paths = pages_of(client, [*asked, "/join/opened-from-the-mail/", "/join/unknown/"])
    assert "/accounts/login/" in paths or is_signed_in
    cookies = [cookie_of(client, live_server.url)] if is_signed_in else []
    wrong = look(browser, live_server.url, paths, cookies)
    assert not wrong, "\n".join(wrong)


def test_survey_pages_of_every_audience_and_state(browser: Browser, live_server: Any) -> None:
    owner = found_practice("Surveys")
    paths = ["/s/unknown/"]
    cookies = []
    with practice_scope(owner.practice):
        wave = make_launched_wave(owner, customers=6, managers=6, front_line=6, crm_team=6)
        rows = {row.audience: row for row in WaveAudience.objects.filter(wave=wave)}
        tokens = {code: links.token_for(row, row.recipients.first()) for code, row in rows.items()}
        closed = links.token_for(rows["crm_team"], rows["crm_team"].recipients.last())
    for audience, token in tokens.items():
        client = Client()
        first = client.post(f"/s/{token}/", {"start": "1"}).headers["Location"]
        numbers = range(1, 14) if audience == "customers" else (1, 10)
        paths += [f"/s/{token}/", *(f"{first.rsplit('/', 2)[0]}/{number}/" for number in numbers)]
        cookies += [
            {"name": name, "value": morsel.value, "url": live_server.url}
            for name, morsel in client.cookies.items()
        ]
    wrong = look(browser, live_server.url, paths, cookies)
    with practice_scope(owner.practice):
        WaveAudience.objects.filter(pk=rows["crm_team"].pk).update(state="paused")
    wrong += look(browser, live_server.url, [f"/s/{closed}/"], [])
    with practice_scope(owner.practice):
        WaveAudience.objects.filter(pk=rows["crm_team"].pk).update(state="closed")
    wrong += look(browser, live_server.url, [f"/s/{closed}/"], [])
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("script", [True, False])
def test_a_respondent_answers_on_a_phone(script: bool, browser: Browser, live_server: Any) -> None:
    owner = found_practice("Phones")
    with practice_scope(owner.practice):
        wave = make_launched_wave(owner, customers=6)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        token = links.token_for(audience, audience.recipients.first())
    context = browser.new_context(viewport={"width": 360, "height": 740}, java_script_enabled=script)
    page = context.new_page()
    page.goto(f"{live_server.url}/s/{token}/")
    if script:
        assert [v for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS] == []
    press(page, "start")
    for _page in range(30):
        if page.locator("[name=finish]").count():
            break
        for group in page.locator("fieldset.sc").all():
            group.locator(".pts label").nth(4).click()
        if script:
            assert [v for v in Axe().run(page).response["violations"] if v["impact"] in SERIOUS] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= 360
        press(page, "next")
    press(page, "finish")
    assert "Thank" in page.content()
    context.close()


def test_pages_of_an_engagement_with_two_waves(browser: Browser, live_server: Any) -> None:
    owner = found_practice("Two waves")
    diagnosis = two_waves(owner)
    base = f"/p/{owner.practice.slug}/engagements/{diagnosis.engagement_id}/"
    client = signed_in(owner)
    paths = [base + path for path in ("diagnosis/change/", "diagnosis/", "actions/", "field/")]
    assert pages_of(client, paths) == paths
    wrong = look(browser, live_server.url, paths, [cookie_of(client, live_server.url)])
    assert not wrong, "\n".join(wrong)
