"""A consultant walks the ten steps in a browser against the running product; screenshots go to var/screenshots.

Everything is real: servers, workers, mails and documents. Sixty people are asked; two answer in a browser on
a phone, one of them without JavaScript, the others by HTTP.
"""

import re
import secrets
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest
from django.conf import settings
from playwright.sync_api import Browser, Page, expect

from crmgap_site.launcher.trial import Trial
from crmgap_site.selftest.account import time_code
from crmgap_site.selftest.browser import Browser as HttpBrowser
from crmgap_site.selftest.people import draw_answers, people_csv
from crmgap_site.selftest.respondents import answer

pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800), pytest.mark.xdist_group("product")]
PICTURES = settings.BASE_DIR / "var" / "screenshots"
PHONE = {"width": 360, "height": 740}
DESK = {"width": 1440, "height": 900}
LINK = re.compile(r"https?://[^\s\"'<>]+/s/[0-9A-Za-z]+/")
PATIENCE = 300.0
ENOUGH = 8  # answers of an audience in the second wave


class Walk:
    """The consultant's browser, which takes a picture after every step."""

    def __init__(self, page: Page) -> None:
        self.page, self.n_pictures = page, 0
        page.set_default_timeout(60_000)
        PICTURES.mkdir(parents=True, exist_ok=True)
        for old in PICTURES.glob("step-*.png"):
            old.unlink()

    def picture(self, name: str) -> None:
        """Keep what the page looks like at the desk and on a phone."""
        self.n_pictures += 1
        for size in (PHONE, DESK):
            self.page.set_viewport_size(size)  # type: ignore[arg-type]
            path = PICTURES / f"step-{self.n_pictures:02}-{name}-{size['width']}.png"
            self.page.screenshot(path=path, full_page=True)

    def press(self, name: str) -> None:
        """Press a button or follow a link that begins with these words, and wait for the page it leads to."""
        self.page.get_by_role("button", name=re.compile(f"^{name}")).or_(
            self.page.get_by_role("link", name=re.compile(f"^{name}"))
        ).first.click()
        self.page.wait_for_load_state()

    def step(self, name: str) -> None:
        """Go to a step of the engagement."""
        self.page.get_by_role("navigation", name="Steps of the engagement").get_by_role(
            "link", name=name
        ).first.click()
        self.page.wait_for_load_state()

    def wait_for(self, is_there: Callable[[], bool], what: str) -> None:
        """Load the page again until something has come."""
        deadline = time.monotonic() + PATIENCE
        while not is_there():
            assert time.monotonic() < deadline, f"{what} did not come: {self.page.url}"
            time.sleep(0.5)
            self.page.reload()


def test_the_ten_steps(browser: Browser, product: Trial) -> None:
    context = browser.new_context(viewport=DESK, base_url=product.base_url, accept_downloads=True)  # type: ignore[arg-type]
    walk = Walk(context.new_page())
    try:
        walk_through(browser, product, walk)
    finally:
        walk.picture("last")
        context.close()


def walk_through(browser: Browser, product: Trial, walk: Walk) -> None:
    sign_in(walk)
    new_client(walk)
    new_engagement(walk)
    people(walk)
    engagement = walk.page.url.rsplit("/people/", 1)[0]
    preview(walk)
    launch(walk)
    mails = new_links(walk, engagement, set())
    links = read_links(walk, mails)
    answer_surveys(browser, product, links)
    field(walk, engagement)
    diagnose(walk, engagement)
    deliver(walk, engagement)
    measure_again(walk, product, engagement, set(mails.values()))


def sign_in(walk: Walk) -> None:
    page, email, password = walk.page, f"ada-{secrets.token_hex(3)}@walk.example", secrets.token_urlsafe(12)
    page.goto("/accounts/signup/")
    page.locator("[name=email]").fill(email)
    page.locator("[name=password1]").fill(password)
    page.locator("[name=password2]").fill(password)
    page.locator("main form button").first.click()
    page.goto("/practices/new/")
    page.locator("[name=name]").fill("Walker & Partners")
    page.locator("main form button").first.click()
    if page.locator("[name=password]").count():
        page.locator("[name=password]").fill(password)
        page.locator("main form button").first.click()
    code = time_code(page.locator("#authenticator_secret").input_value(), time.time())
    page.locator("[name=code]").fill(code)
    page.locator("main form button").first.click()
    page.goto("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    walk.picture("my-engagements")


def new_client(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Clients").first.click()
    walk.press("New client|Add client")
    walk.page.locator("[name=name]").fill("Hafenbank")
    walk.page.locator("[name=sector]").fill("Retail banking")
    walk.picture("new-client")
    walk.press("Create client")


def new_engagement(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Engagements").first.click()
    walk.press("New engagement")
    walk.page.locator("[name=client_organisation]").select_option(label="Hafenbank")
    walk.page.locator("[name=name]").fill("Customer relationships 2026")
    walk.picture("new-engagement")
    walk.press("Create engagement")


def people(walk: Walk) -> None:
    if walk.page.locator("input[type=file]").count() == 0:
        walk.step("People")
    walk.page.locator("input[type=file]").set_input_files(
        {"name": "people.csv", "mimeType": "text/csv", "buffer": people_csv()}
    )
    walk.press("Look at the list")
    walk.picture("import-preview")
    walk.page.locator("form.go button").click()
    walk.page.wait_for_load_state()
    expect(walk.page.get_by_text("60 people").first).to_be_visible()
    walk.picture("people")


def preview(walk: Walk) -> None:
    walk.page.get_by_role("link", name="Customers", exact=True).first.click()
    expect(walk.page.frame_locator(".device-phone iframe").locator("fieldset").first).to_be_visible()
    walk.picture("form-preview")
    walk.page.go_back()


def launch(walk: Walk) -> None:
    walk.step("Launch")
    walk.picture("launch-plan")
    walk.page.get_by_role("link", name="Launch survey").click()
    walk.page.wait_for_load_state()
    walk.picture("launch-confirm")
    walk.press("Launch")
    walk.page.wait_for_load_state()


def read_links(walk: Walk, mails: dict[str, str]) -> dict[str, str]:
    """Read all sixty invitations; return the personal links by address."""
    walk.picture("mailbox")
    walk.page.goto(next(iter(mails.values())))
    walk.picture("invitation")
    return {address: link_in(walk, mail) for address, mail in mails.items()}


def link_in(walk: Walk, mail: str) -> str:
    """Return the personal link of a mail."""
    found = LINK.search(walk.page.request.get(mail).text())
    assert found is not None
    return found[0]


def new_links(walk: Walk, engagement: str, known: set[str]) -> dict[str, str]:
    """Wait for sixty mails in the mailbox that are not known; return their addresses in the portal by recipient."""
    page, mails = walk.page, dict[str, str]()
    mailbox = engagement.split("/engagements/", maxsplit=1)[0] + "/mailbox/"
    deadline = time.monotonic() + PATIENCE
    while len(mails) < 60:
        assert time.monotonic() < deadline, f"{len(mails)} of 60 invitations came"
        page.goto(mailbox)
        while True:
            for mail in page.locator("td a[href*='/mailbox/']").all():
                path = mail.get_attribute("href") or ""
                if path not in known:
                    mails[mail.inner_text()] = path
            following = page.get_by_role("link", name="Next")
            if not following.count():
                break
            following.first.click()
            page.wait_for_load_state()
    return mails


def answer_surveys(browser: Browser, product: Trial, links: dict[str, str]) -> None:
    answers = draw_answers()
    by_hand = sorted(address for address in links if address.startswith("customers"))[:2]
    for address, has_script in zip(by_hand, (True, False), strict=True):
        answer_by_hand(browser, links[address], answers[address], has_script=has_script)
    for address, link in links.items():
        if address not in by_hand:
            answer(HttpBrowser(product.base_url), link, answers[address])


def answer_by_hand(browser: Browser, link: str, answers: dict[str, list[str]], *, has_script: bool) -> None:
    context = browser.new_context(viewport=PHONE, java_script_enabled=has_script)  # type: ignore[arg-type]
    page = context.new_page()
    page.goto(link)
    name = "script" if has_script else "plain"
    page.screenshot(path=PICTURES / f"survey-{name}-landing.png", full_page=True)
    go_on(page, "start")
    page.screenshot(path=PICTURES / f"survey-{name}-page.png", full_page=True)
    for _number in range(30):
        for choice in page.locator("input[type=radio], input[type=checkbox]").all():
            if choice.get_attribute("value") in answers.get(choice.get_attribute("name") or "", ()):
                choice.check(force=True)
        if page.locator("[name=finish]").count():
            break
        go_on(page, "next")
    go_on(page, "finish")
    page.screenshot(path=PICTURES / f"survey-{name}-thanks.png", full_page=True)
    assert "Thank" in page.content()
    context.close()


def go_on(page: Page, name: str) -> None:
    page.evaluate("document.querySelector('main').dataset.left = ''")
    page.locator(f"button:not([aria-hidden])[name={name}]").click()
    page.wait_for_selector("main:not([data-left])")


def field(walk: Walk, engagement: str) -> None:
    page = walk.page
    page.goto(f"{engagement}/field/")
    walk.picture("field")
    while (closing := page.get_by_role("link", name=re.compile("^Close"))).count():
        closing.first.click()
        word = page.locator("dialog[open] [name=confirm]")
        word.fill(word.get_attribute("data-confirm-word") or "")
        page.locator("dialog[open] button", has_text="Close for good").click()
        page.goto(f"{engagement}/field/")
    walk.wait_for(lambda: page.get_by_text("Released").count() >= 4, "the release of four audiences")
    walk.picture("field-released")


def diagnose(walk: Walk, engagement: str) -> None:
    page = walk.page
    page.goto(f"{engagement}/diagnosis/")
    if page.get_by_role("button", name=re.compile("^Compute|^Start|^Diagnose")).count():
        walk.press("Compute|Start|Diagnose")
    walk.wait_for(
        lambda: page.locator("svg").count() > 3 and "Understanding" in page.content(), "the diagnosis"
    )
    walk.picture("diagnosis")
    page.goto(f"{engagement}/findings/")
    page.get_by_role("button", name=re.compile("^Accept")).first.click()
    walk.picture("findings")


def deliver(walk: Walk, engagement: str) -> None:
    page = walk.page
    page.goto(f"{engagement}/reports/")
    page.locator("main form button.btn-primary").first.click()
    walk.wait_for(lambda: page.locator("a[href$='/download/']").count() > 0, "the report")
    walk.picture("reports")
    with page.expect_download() as download:
        page.locator("a[href$='/download/']").first.click()
    assert Path(download.value.path()).read_bytes().startswith(b"%PDF-1.7")
    page.goto(f"{engagement}/actions/")
    walk.picture("actions")


def measure_again(walk: Walk, product: Trial, engagement: str, known: set[str]) -> None:
    """Make the second wave with one button, ask everybody again, and read what has changed."""
    page = walk.page
    page.goto(f"{engagement}/field/")
    walk.press("Measure again")
    expect(page.get_by_text("the same questions to 60 people").first).to_be_visible()
    walk.picture("second-wave")
    page.get_by_role("link", name="Launch survey").click()
    page.wait_for_load_state()
    walk.press("Launch")
    mails = new_links(walk, engagement, known)
    answers = draw_answers()
    answered: Counter[str] = Counter()
    for address, mail in mails.items():
        audience = address[:5]
        answered[audience] += 1
        if answered[audience] <= ENOUGH:
            answer(HttpBrowser(product.base_url), link_in(walk, mail), answers[address])
    field(walk, engagement)
    page.goto(f"{engagement}/diagnosis/")
    compare = page.get_by_role("link", name="Since the last wave")
    walk.wait_for(lambda: compare.count() > 0, "the diagnosis of the second wave")
    compare.click()
    page.wait_for_load_state()
    expect(page.get_by_text("Wave 2 against Wave 1").first).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("^E1 ")).first).to_be_visible()
    walk.picture("since-the-last-wave")
