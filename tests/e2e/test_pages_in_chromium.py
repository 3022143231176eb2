"""Every page of the portal in a real browser: nothing serious for axe, no sideways scrolling, a silent console."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings
from django.test import Client
from playwright.sync_api import Browser, Page

from practice.scope import practice_scope
from surveys import links
from surveys.models import WaveAudience
from tests.architecture.test_access import TENANT_ROUTES, address
from tests.factories.practice import found_practice
from tests.factories.surveys import make_launched_wave
from tests.factories.world import World, plant_world

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
PAGES = [route for route in TENANT_ROUTES if route.pattern.startswith("p/")]
SERIOUS = {"serious", "critical"}
VIEWS = [(360, "light"), (1440, "dark")]


def cookie_of(world: World, url: str) -> dict[str, Any]:
    client = Client()
    client.force_login(world.owner.user)
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
    """Open every path in both views and return what is wrong."""
    wrong = []
    for width, scheme in VIEWS:
        context = browser.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme)
        context.add_cookies(cookies)
        page = context.new_page()
        said = listen(page)
        for path in paths:
            said.clear()
            answer = page.goto(base + path)
            assert answer is not None
            where = f"{path} at {width} {scheme}"
            if answer.status != 200:
                wrong.append(f"{where}: status {answer.status}")
                continue
            if page.evaluate("document.documentElement.scrollWidth") > width:
                wrong.append(f"{where}: scrolls sideways")
            wrong += [f"{where}: console {text}" for text in said]
            violations = Axe().run(page).response["violations"]
            wrong += [
                f"{where}: {found['id']} {found['nodes'][0]['html'][:120]}"
                for found in violations
                if found["impact"] in SERIOUS
            ]
        context.close()
    return wrong


def press(page: Page, name: str) -> None:
    """Press a button and wait for the next page, which the survey's script puts in place of this one."""
    page.evaluate("document.querySelector('main').dataset.left = ''")
    page.locator(f"[name={name}]").click()
    page.wait_for_selector("main:not([data-left])")


def test_portal_pages_in_a_browser(browser: Browser, live_server: Any, settings: Any, tmp_path: Any) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    world = plant_world()
    client = Client()
    client.force_login(world.owner.user)
    paths = []
    for route in PAGES:
        path = address(route, world)
        answer = client.get(path)
        if answer.status_code == 200 and b"<!doctype html>" in answer.content[:200]:
            paths.append(path)
    assert len(paths) > 20
    wrong = look(browser, live_server.url, paths, [cookie_of(world, live_server.url)])
    assert not wrong, "\n".join(wrong)


def test_pages_without_sign_in(browser: Browser, live_server: Any) -> None:
    paths = ["/accounts/login/", "/accounts/password/reset/"]
    wrong = look(browser, live_server.url, paths, [])
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
