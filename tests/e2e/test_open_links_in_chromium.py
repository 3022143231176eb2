"""Open links in a real browser: 320 px, keyboard alone, a wrong and a right access code, a kiosk that goes back."""

from typing import Any

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page

from practice.models import Member
from practice.scope import practice_scope
from surveys.models import OpenLink, SpoolEntry
from surveys.services import open_links
from surveys.services.launch import launch_wave
from tests.e2e.test_pages_in_chromium import cookie_of, signed_in
from tests.e2e.test_survey_in_chromium import (
    LOOSE,
    MOST_PAGES,
    device,
    go_on_by_keyboard,
    is_last,
    press,
    serious,
)
from tests.factories.practice import found_practice
from tests.factories.surveys import make_wave

pytestmark = [pytest.mark.browser, pytest.mark.timeout(300), pytest.mark.django_db(transaction=True)]
PICTURES = settings.BASE_DIR / "var" / "screenshots"
NARROW = {"width": 320, "height": 700}


@pytest.fixture
def owner() -> Member:
    return found_practice("Posters")


def opened(owner: Member, **values: Any) -> tuple[OpenLink, str]:
    """Launch a wave with one open link of the CRM team, whose form is short; return it with the path of its address."""
    with practice_scope(owner.practice):
        wave = make_wave(owner)
        audience = wave.audiences.get(audience="crm_team")
        link = open_links.create_open_link(
            audience=audience, name="Poster", accepts_staff=True, actor=owner, **values
        )
        launch_wave(wave=wave, actor=owner)
        link = OpenLink.objects.select_related("wave_audience").get(pk=link.pk)
        return link, "/s/o/" + open_links.address_of(link).split("/s/o/")[1]


def look(page: Page, name: str) -> None:
    """Nothing scrolls sideways, nothing is serious in light and dark, targets are large; a picture is kept."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"open-link-{name}.png", full_page=True)
    width = page.evaluate("window.innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(LOOSE) == []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        assert serious(page) == []


def test_a_visit_with_an_access_code_by_keyboard_alone(
    browser: Browser, live_server: Any, owner: Member
) -> None:
    _link, path = opened(owner, access_code="spring")
    with device(browser, viewport=NARROW) as page:
        page.goto(live_server.url + path)
        look(page, "landing")
        page.locator("#code").focus()
        page.keyboard.type("autumn")
        go_on_by_keyboard(page, "start")
        assert page.get_by_role("alert").locator("h2").inner_text() == "This access code does not fit"
        assert page.locator("#code").get_attribute("aria-invalid") == "true"
        look(page, "wrong-code")
        page.locator("#code").focus()
        page.keyboard.type("Spring")
        go_on_by_keyboard(page, "start")
        for _page in range(MOST_PAGES):
            if is_last(page):
                break
            go_on_by_keyboard(page, "next")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        go_on_by_keyboard(page, "finish")
        assert page.locator("h1").inner_text().startswith("Thank you")
        look(page, "thanks")
        page.goto(live_server.url + path)
        assert page.get_by_role("button", name="Answer for another person").count() == 1
        look(page, "again")
    with practice_scope(owner.practice):
        assert SpoolEntry.objects.count() == 1


def test_a_kiosk_goes_back_to_its_first_page_and_shows_nothing_of_the_last_visit(
    browser: Browser, live_server: Any, owner: Member
) -> None:
    link, path = opened(owner, is_kiosk=True, idle_seconds=30)
    with practice_scope(owner.practice):
        OpenLink.objects.filter(pk=link.pk).update(idle_seconds=4)  # shorter than anybody may choose
    address = live_server.url + path
    with device(browser, viewport={"width": 768, "height": 1024}) as page:
        page.goto(address)
        look(page, "kiosk")
        press(page, "start")
        chosen = page.locator("fieldset.sc .pts label").first
        chosen.click()
        page.wait_for_url(address, timeout=15_000)
        with practice_scope(owner.practice):
            OpenLink.objects.filter(pk=link.pk).update(idle_seconds=120)
        page.goto(address)
        press(page, "start")
        assert page.locator("input[type=radio]:checked").count() == 0
        for _page in range(MOST_PAGES):
            if is_last(page):
                break
            press(page, "next")
        press(page, "finish")
        page.locator("#return").focus()
        look(page, "kiosk-thanks")
        page.keyboard.press("Enter")
        page.wait_for_url(address)
        assert page.get_by_role("button", name="Start").count() == 1


def test_the_portal_page_of_open_links_and_its_sheet_are_narrow_enough(
    browser: Browser, live_server: Any, owner: Member
) -> None:
    link, _path = opened(owner, access_code="spring", attributes={"branch": "Nordwestbahnhofstrasse"})
    with practice_scope(owner.practice):
        base = f"/p/{owner.practice.slug}/engagements/{link.wave_audience.wave.engagement_id}/open-links/"
    with device(browser, viewport=NARROW) as page:
        page.context.add_cookies([cookie_of(signed_in(owner), live_server.url)])  # type: ignore[list-item]
        for path, name in ((base, "portal"), (f"{base}{link.pk}/sheet/", "sheet")):
            page.goto(live_server.url + path)
            page.screenshot(path=PICTURES / f"open-link-{name}.png", full_page=True)
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
            assert serious(page) == []
        page.goto(live_server.url + base)
        reached = set()
        for _step in range(80):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.textContent.trim()"))
        assert {"Print sheet", "PDF", "PNG", "SVG", "Switch off", "Make the link"} <= reached
