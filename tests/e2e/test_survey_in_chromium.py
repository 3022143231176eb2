"""The survey in a real browser: keyboard alone, no script, 320 px, 400 %, right to left, a slow phone, a scanner."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, BrowserContext, Page

from practice.scope import practice_scope
from surveys.models import Draft, SpoolEntry
from tests.surveys.answering.builder import Launched, launch
from tests.surveys.answering.test_requests import dump

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SERIOUS = {"serious", "critical"}
MOST_PAGES = 30
KBIT = 1000 / 8
SLOW = {"offline": False, "latency": 100, "downloadThroughput": 400 * KBIT, "uploadThroughput": 400 * KBIT}
NAMES = """() => [...document.querySelectorAll('input[type=radio]')].map((field) => ({
    statement: field.closest('fieldset.st')?.querySelector(':scope > legend')?.innerText ?? '',
    scale: field.closest('fieldset.sc')?.querySelector(':scope > legend')?.innerText ?? '',
    label: field.labels[0]?.innerText ?? ''}))"""
LOOSE = r"""() => [...document.querySelectorAll('button, a, input:not([type=hidden]), select, textarea')]
    .map((field) => [field, (/radio|checkbox/.test(field.type) ? field.labels[0] : field).getBoundingClientRect()])
    .filter(([field, box]) => box.width && !field.closest('p, dd, li, .skip, .sr'))
    .filter(([field, box]) => box.height < 43.5 || box.width < 24)
    .map(([field, box]) => `${field.name || field.textContent.trim()} ${box.width}x${box.height}`)"""


@contextmanager
def device(browser: Browser, **options: Any) -> Iterator[Page]:
    """A page of its own device."""
    context: BrowserContext = browser.new_context(**options)
    yield context.new_page()
    context.close()


def serious(page: Page) -> list[str]:
    """What axe finds serious or critical."""
    found = Axe().run(page).response["violations"]
    return [f"{one['id']} {one['nodes'][0]['html'][:120]}" for one in found if one["impact"] in SERIOUS]


def press(page: Page, name: str) -> None:
    """Press a button and wait for the next page."""
    page.evaluate("document.querySelector('main').dataset.left = ''")
    page.locator(f"main [name={name}]").click()
    page.wait_for_selector("main:not([data-left])")


def is_last(page: Page) -> bool:
    """Whether this is the last page of the form."""
    return page.locator("main [name=finish]").count() > 0


def go_on_by_keyboard(page: Page, button: str) -> None:
    """Reach a button with the Tab key alone, answering every scale on the way with the space bar, and press it."""
    page.evaluate("document.querySelector('main').dataset.left = ''")
    for _step in range(200):
        page.keyboard.press("Tab")
        at = page.evaluate(
            "(() => { const a = document.activeElement; return [a.name ?? '', a.type ?? '', a.tagName]; })()"
        )
        if at[0] == button:
            page.keyboard.press("Enter")
            page.wait_for_selector("main:not([data-left])")
            return
        if at[1] == "radio":
            page.keyboard.press("Space")
            page.keyboard.press("ArrowRight")
        elif at[2] == "TEXTAREA":
            page.keyboard.type("typed by hand")
    raise AssertionError(f"the keyboard never reaches {button}")


@pytest.mark.parametrize("script", [True, False], ids=["script", "no script"])
def test_survey_is_finished_by_keyboard_alone(script: bool, browser: Browser, live_server: Any) -> None:
    asked = launch(3, audience="front_line")
    with device(browser, viewport={"width": 320, "height": 700}, java_script_enabled=True) as page:
        if not script:
            page.route("**/survey.js", lambda route: route.abort())
        page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        go_on_by_keyboard(page, "start")
        for _page in range(MOST_PAGES):
            if is_last(page):
                break
            go_on_by_keyboard(page, "next")
            assert page.evaluate("document.documentElement.scrollWidth") <= 320
        go_on_by_keyboard(page, "finish")
        assert page.locator("h1").inner_text().startswith("Thank you")
    assert asked.count(SpoolEntry) == 1


@pytest.mark.parametrize(("width", "scale"), [(320, 1), (320, 4)], ids=["320 px", "1280 px at 400 %"])
def test_every_page_fits_names_its_controls_and_offers_large_targets(
    width: int, scale: int, browser: Browser, live_server: Any
) -> None:
    asked = launch(3, offers_profile=True)
    viewport = {"width": width, "height": 256 if scale == 4 else 700}
    with device(browser, viewport=viewport, device_scale_factor=scale) as page:
        page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        check(page, width)
        press(page, "start")
        for _page in range(MOST_PAGES):
            check(page, width)
            page.locator("fieldset.sc .pts label:nth-child(5)").evaluate_all(
                "all => all.forEach((one) => one.click())"
            )
            if is_last(page):
                break
            press(page, "next")
        press(page, "finish")
        check(page, width)
        assert page.locator("#own-profile").count() == 1


def check(page: Page, width: int) -> None:
    """Nothing scrolls sideways, nothing is serious, every control says statement, scale and value and is large."""
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert serious(page) == []
    assert page.evaluate(LOOSE) == []
    for control in page.evaluate(NAMES):
        assert control["statement"]
        assert control["label"]
    assert page.locator("input[type=radio]").count() == len(page.evaluate(NAMES))


def test_accessibility_tree_reads_statement_scale_and_value(browser: Browser, live_server: Any) -> None:
    asked = launch(2)
    with device(browser, viewport={"width": 360, "height": 740}) as page:
        page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        press(page, "start")
        tree = page.locator("main").aria_snapshot()
        statement = page.locator("fieldset.st > legend").first.inner_text()
        scales = [one.inner_text() for one in page.locator("fieldset.sc > legend").all()[:2]]
        assert len(scales) == 2
        places = [tree.index(statement), *(tree.index(scale) for scale in scales)]
        assert places == sorted(places)
        group = page.get_by_role("group", name=statement).get_by_role("group", name=scales[0])
        radios = group.get_by_role("radio")
        names = [
            radios.nth(number).evaluate("field => field.labels[0].textContent.trim()") for number in range(8)
        ]
        assert [name[0] for name in names[:7]] == list("1234567")
        assert names[7] == "I cannot judge this"
        assert group.get_by_role("radio", name="4", exact=True).count() == 1


def test_first_paint_on_a_slow_phone_is_within_a_second(browser: Browser, live_server: Any) -> None:
    asked = launch(2)
    with device(browser, viewport={"width": 360, "height": 740}) as page:
        page.goto(f"{live_server.url}/s/{asked.tokens[1]}/")  # the server has read its templates
        times = []
        for _try in range(3):
            session = page.context.new_cdp_session(page)
            session.send("Network.enable")
            session.send("Network.clearBrowserCache")
            session.send("Network.emulateNetworkConditions", SLOW)
            page.goto("about:blank")
            page.goto(f"{live_server.url}/s/{asked.tokens[0]}/", wait_until="load")
            page.wait_for_function("performance.getEntriesByName('first-contentful-paint').length")
            entry = "performance.getEntriesByName('first-contentful-paint')[0].startTime"
            times.append(page.evaluate(entry))
        assert min(times) <= 1000, times


def test_typing_is_saved_on_the_way_and_when_the_page_is_left(browser: Browser, live_server: Any) -> None:
    asked = launch(2)
    saves: list[float] = []
    with device(browser, viewport={"width": 360, "height": 740}) as page:
        page.on(
            "request", lambda request: saves.append(1) if request.headers.get("x-survey") == "save" else None
        )
        page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        press(page, "start")
        first = page.locator("fieldset.sc").nth(0).locator(".pts label")
        with page.expect_response(lambda answer: answer.status == 204, timeout=9000):
            for number in (1, 2, 3, 4):
                first.nth(number).click()
        assert len(saves) == 1
        second = page.locator("fieldset.sc").nth(1).locator(".pts label")
        second.nth(6).click()
        page.goto("about:blank")
        page.wait_for_timeout(500)
    with device(browser) as other:
        other.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        press(other, "start")
        chosen = other.locator("input:checked").evaluate_all("fields => fields.map((field) => field.value)")
    assert chosen == ["5", "7"]


def test_pages_written_from_right_to_left_keep_their_order(browser: Browser, live_server: Any) -> None:
    asked = launch(2)
    with device(browser, viewport={"width": 360, "height": 740}) as page:
        page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        press(page, "start")
        page.evaluate("document.documentElement.dir = 'rtl'")
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        points = page.locator(".pts").first.locator("label")
        assert points.nth(0).bounding_box()["x"] > points.nth(6).bounding_box()["x"]
        ends = page.locator(".ends").first.locator("span")
        assert ends.nth(0).bounding_box()["x"] > ends.nth(1).bounding_box()["x"]
        legend = page.locator("fieldset.st > legend").first
        assert page.evaluate("node => getComputedStyle(node).textAlign", legend.element_handle()) in {
            "start",
            "right",
        }
        assert serious(page) == []


@pytest.mark.parametrize(
    "looks", [20, pytest.param(1000, marks=[pytest.mark.long, pytest.mark.timeout(3600)])]
)
def test_a_scanner_with_a_browser_changes_nothing(looks: int, browser: Browser, live_server: Any) -> None:
    asked: Launched = launch(2)
    with practice_scope(asked.practice):
        assert not Draft.objects.exists()
    before = dump()
    with device(browser, user_agent="Mozilla/5.0 (compatible; SafeLinks scanner)") as page:
        for number in range(looks):
            answer = page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
            assert answer is not None
            assert answer.status == 200
            if number % 10 == 0:
                page.mouse.move(100, 200)
                page.evaluate("window.dispatchEvent(new Event('pagehide'))")
    assert dump() == before
    with device(browser) as page:
        page.goto(f"{live_server.url}/s/{asked.tokens[0]}/")
        press(page, "start")
        assert "Page 1 of" in page.title()
