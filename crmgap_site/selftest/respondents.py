"""Respondents: each opens the link of the mail, starts, fills page after page, and sends the answers."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from crmgap_site.selftest.browser import Browser, Page
from crmgap_site.selftest.errors import SelfTestError
from crmgap_site.selftest.people import Fields

AT_THE_SAME_TIME: Final = 4
MAX_PAGES: Final = 60


def answer_all(base_url: str, links: Mapping[str, str], answers: Mapping[str, Fields]) -> int:
    """Answer every link (by e-mail address), several people at the same time; returns the number of pages sent."""

    def answer_one(address: str) -> int:
        try:
            return answer(Browser(base_url), links[address], answers[address])
        except SelfTestError as error:
            raise SelfTestError(f"{address}: {error}") from error

    with ThreadPoolExecutor(AT_THE_SAME_TIME) as pool:
        return sum(pool.map(answer_one, links))


def answer(browser: Browser, link: str, fields: Fields) -> int:
    """Answer one survey by its link; returns how many pages were sent."""
    landing = _expect_ok(browser.get(link), "the landing page")
    page = browser.submit(landing, landing.form_with("start"), {}, button="start")
    for n_sent in range(1, MAX_PAGES):
        _expect_ok(page, f"page {n_sent}")
        form = page.form_with("csrfmiddlewaretoken")
        button = "finish" if "finish" in form.buttons else "next"
        given = {name: values for name, values in fields.items() if name in form.names}
        page = browser.submit(page, form, given, button=button)
        if button == "finish":
            _expect_ok(page, "the last page")
            _expect_done(browser, link)
            return n_sent
    raise SelfTestError(f"the form does not end after {MAX_PAGES} pages")


def _expect_ok(page: Page, name: str) -> Page:
    if page.status != 200:
        raise SelfTestError(f"{name} answered {page.status} at {page.path.split('/')[1]}")
    return page


def _expect_done(browser: Browser, link: str) -> None:
    """The link must say that the answer has come, and offer no form any more."""
    again = _expect_ok(browser.get(link), "the link after sending")
    if any("start" in form.buttons for form in again.forms):
        raise SelfTestError("the link can be started again after the answers were sent")
