"""Pages of a diagnosis printed from the browser: light whatever the screen shows, nothing to click, nothing cut off."""

import io
from typing import Any

import pypdf
import pytest
from playwright.sync_api import Browser

from practice.scope import practice_scope
from tests.e2e.test_pages_in_chromium import cookie_of, signed_in
from tests.factories.diagnoses import make_action, make_diagnosis, make_finding
from tests.factories.practice import found_practice

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("step", ["diagnosis", "findings", "actions"])
def test_a_page_prints_light_and_without_controls(step: str, browser: Browser, live_server: Any) -> None:
    owner = found_practice("Printers")
    with practice_scope(owner.practice):
        diagnosis = make_diagnosis(owner)
        make_action(make_finding(diagnosis))
    context = browser.new_context(color_scheme="dark")
    context.add_cookies([cookie_of(signed_in(owner), live_server.url)])
    page = context.new_page()
    page.goto(f"{live_server.url}/p/{owner.practice.slug}/engagements/{diagnosis.engagement_id}/{step}/")
    page.emulate_media(media="print")
    shown = (
        "[...document.querySelectorAll('.rail, .steps-bar, .btn, form')].filter(e => e.offsetParent).length"
    )
    assert page.evaluate(shown) == 0
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert ground in {"rgb(255, 255, 255)", "rgba(0, 0, 0, 0)"}
    text = page.evaluate("getComputedStyle(document.querySelector('h1')).color")
    assert max(int(part) for part in text.strip("rgb()").split(",")) < 80
    printed = pypdf.PdfReader(io.BytesIO(page.pdf(format="A4", prefer_css_page_size=True)))
    words = " ".join(found.extract_text() for found in printed.pages)
    assert page.locator("h1").inner_text() in words
    assert len(printed.pages) <= 14
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    context.close()
