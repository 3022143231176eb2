"""A consultant who sees the product for the first time launches a survey of 900 people from a workbook, by few clicks.

Nothing is prepared but the practice; clicks, fields and the time that the server took are counted. Pictures go to
var/screenshots.
"""

import io
import re
from typing import Any

import openpyxl
import pytest
from django.conf import settings
from django.db.models import Count
from playwright.sync_api import Browser, Page, Response, expect

from practice.models import Member
from practice.scope import practice_scope
from practice.xlsx_file import XLSX
from surveys.enums import Round
from surveys.models import Delivery
from tests.e2e.test_pages_in_chromium import cookie_of, signed_in
from tests.factories.practice import found_practice

pytestmark = [pytest.mark.browser, pytest.mark.timeout(180), pytest.mark.django_db(transaction=True)]
PICTURES = settings.BASE_DIR / "var" / "screenshots"
DESK = {"width": 1440, "height": 900}
PEOPLE = {"Customers": 700, "Managers": 40, "Front line": 120, "CRM/IT": 40}
CODES = {"Customers": "customers", "Managers": "managers", "Front line": "front_line", "CRM/IT": "crm_team"}
MOST_CLICKS, MOST_FIELDS, MOST_SERVER_SECONDS = 10, 2, 30.0
TEN_MINUTES, SECONDS_PER_ACT = 600, 40
"""Forty seconds for every click and every field leave time to read each page to its end."""


def people_workbook() -> bytes:
    """Return the list as a client's office sends it: one sheet, one row per person, words of its own."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(["Group", "Name", "E-mail address", "Region", "Customer since"])
    regions = ("North", "South", "Centre")
    for group, n in PEOPLE.items():
        for number in range(n):
            name = f"Person {number} of {group}"
            email = f"{CODES[group].replace('_', '-')}{number}@hafenbank.example"
            sheet.append([group, name, email, regions[number % 3], 2001 + number % 20])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


class Newcomer:
    """A consultant's browser that counts what the hand does and how long the server takes."""

    def __init__(self, page: Page) -> None:
        self.page, self.clicks, self.fields, self.n_pictures = page, 0, 0, 0
        self.server_seconds: list[tuple[float, str]] = []
        page.set_default_timeout(30_000)
        page.on("response", self._take)
        PICTURES.mkdir(parents=True, exist_ok=True)
        for old in PICTURES.glob("newcomer-*.png"):
            old.unlink()

    def _take(self, response: Response) -> None:
        if response.request.resource_type == "document":
            timing = response.request.timing
            waited = max(timing["responseStart"] - timing["requestStart"], 0) / 1000
            self.server_seconds.append((waited, response.url))

    def press(self, name: str) -> None:
        """Press the one button or link of the page's own part that begins so, and wait for what it leads to."""
        main = self.page.locator("main")
        named = main.get_by_role("button", name=re.compile(f"^{name}")).or_(
            main.get_by_role("link", name=re.compile(f"^{name}"))
        )
        expect(named.first).to_be_visible()
        self.clicks += 1
        named.first.click()
        self.page.wait_for_load_state()
        self.picture(name)

    def fill(self, name: str, text: str) -> None:
        """Fill in a field."""
        self.fields += 1
        self.page.locator(f"main [name={name}]").fill(text)

    def choose_file(self, content: bytes) -> None:
        """Choose the workbook: a click that opens the dialogue and one on the file."""
        self.clicks += 2
        file = {"name": "people.xlsx", "mimeType": XLSX, "buffer": content}
        self.page.locator("main input[type=file]").set_input_files(file)  # type: ignore[arg-type]

    def picture(self, name: str) -> None:
        """Keep what the page looks like."""
        self.n_pictures += 1
        words = re.sub(r"\W+", "-", name.lower()).strip("-")
        self.page.screenshot(path=PICTURES / f"newcomer-{self.n_pictures:02}-{words}.png", full_page=True)


def test_a_newcomer_launches_a_survey_of_nine_hundred(browser: Browser, live_server: Any) -> None:
    owner = found_practice("Newcomers")
    client = signed_in(owner)
    context = browser.new_context(viewport=DESK, base_url=live_server.url, reduced_motion="reduce")  # type: ignore[arg-type]
    context.add_cookies([cookie_of(client, live_server.url)])  # type: ignore[list-item]  # a plain dict fits
    hand = Newcomer(context.new_page())
    try:
        walk(hand)
    finally:
        hand.picture("last")
        context.close()
    assert_launched(owner)
    seconds = sum(seconds for seconds, _url in hand.server_seconds)
    report = f"{hand.clicks} clicks, {hand.fields} fields, {seconds:.1f} s of the server"
    (PICTURES / "newcomer.txt").write_text(f"{report}\n" + "\n".join(map(str, hand.server_seconds)))
    assert hand.clicks <= MOST_CLICKS, report
    assert hand.fields <= MOST_FIELDS, report
    assert seconds <= MOST_SERVER_SECONDS, report
    assert (hand.clicks + hand.fields) * SECONDS_PER_ACT + seconds <= TEN_MINUTES, report


def walk(hand: Newcomer) -> None:
    hand.page.goto("/")
    hand.picture("home")
    hand.press("New engagement")
    expect(hand.page.get_by_text("First the client: its name is enough.")).to_be_visible()
    hand.fill("name", "Hafenbank")
    hand.press("Create client")
    hand.fill("name", "Customer relationships 2026")
    hand.press("Create engagement")
    hand.choose_file(people_workbook())
    hand.press("Look at the list")
    expect(hand.page.get_by_role("button", name="Import 900 people")).to_be_visible()
    hand.press("Import 900 people")
    hand.press("Check and launch")
    hand.press("Launch survey")
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("Send 900 invitations now?")
    hand.press("Launch survey")
    expect(hand.page.get_by_role("heading", level=1)).to_have_text("Field")


def assert_launched(owner: Member) -> None:
    with practice_scope(owner.practice):
        mails = Delivery.objects.filter(round=Round.INVITATION)
        asked = dict(mails.values_list("wave_audience__audience").order_by().annotate(n=Count("pk")))
        assert asked == {CODES[group]: n for group, n in PEOPLE.items()}
