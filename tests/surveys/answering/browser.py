"""A browser without JavaScript for respondents: follows redirects, reads the form on the page, posts it."""

import re
from html import unescape
from typing import Any

from django.test import Client

FIELD = re.compile(r'<input type="(radio|checkbox)" name="([^"]+)" value="([^"]*)"( checked)?>')
NUMBER = re.compile(r'type="number"[^>]* name="([^"]+)" value="([^"]*)"')
TEXT = re.compile(r'<textarea[^>]* name="([^"]+)"[^>]*>([^<]*)</textarea>', re.DOTALL)
CSRF = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


MOST_PAGES = 30


class Browser:
    """One device."""

    def __init__(self) -> None:
        self.client = Client(enforce_csrf_checks=True)
        self.url = ""
        self.html = ""
        self.status = 0

    def open(self, url: str) -> "Browser":
        """Go to an address."""
        return self._arrive(self.client.get(url), url)

    def start(self, token: str) -> "Browser":
        """Open a link and press Start."""
        return self.open(f"/s/{token}/").press("start")

    def press(self, button: str, **changes: Any) -> "Browser":
        """Fill in the fields named (dots written as __) and press a button."""
        return self.post(button, {name.replace("__", "."): value for name, value in changes.items()})

    def post(self, button: str, changes: dict[str, Any]) -> "Browser":
        """Fill in fields and press a button."""
        fields = self.fields() | changes | {button: "1"}
        fields["csrfmiddlewaretoken"] = self.csrf()
        return self._arrive(self.client.post(self.url, fields), self.url)

    def choose_language(self, language: str, changes: dict[str, Any] | None = None) -> "Browser":
        """Fill in fields and press the button of a language."""
        fields = self.fields() | (changes or {}) | {"language": language, "csrfmiddlewaretoken": self.csrf()}
        return self._arrive(self.client.post(self.url, fields), self.url)

    def csrf(self) -> str:
        """Return the hidden token of the form on the page."""
        found = CSRF.search(self.html)
        return found[1] if found else ""

    def fields(self) -> dict[str, Any]:
        """Return what the form on the page would post as it is."""
        values: dict[str, Any] = {}
        for kind, name, value, checked in FIELD.findall(self.html):
            if checked and kind == "checkbox":
                values.setdefault(name, []).append(value)
            elif checked:
                values[name] = value
        values |= dict(NUMBER.findall(self.html))
        return values | {name: unescape(text) for name, text in TEXT.findall(self.html)}

    def offered(self) -> list[tuple[str, str]]:
        """Return every (field, value) that can be chosen on the page."""
        return [(name, value) for _kind, name, value, _checked in FIELD.findall(self.html)]

    @property
    def heading(self) -> str:
        """The page's heading."""
        found = re.search(r"<h1>(.*?)</h1>", self.html, re.DOTALL)
        return unescape(found[1]) if found else ""

    @property
    def number(self) -> int:
        """The number of the page in its address."""
        return int(self.url.rstrip("/").rsplit("/", 1)[1])

    def _arrive(self, response: Any, url: str) -> "Browser":
        while response.status_code in {301, 302, 303}:
            url = response["Location"]
            response = self.client.get(url)
        self.url, self.html, self.status = url, response.content.decode(), response.status_code
        self.response = response
        return self


def answer_all(browser: Browser, value: int = 5) -> Browser:
    """Answer every page with one value and press the last page's button."""
    for _page in range(MOST_PAGES):
        changes: dict[str, Any] = {}
        for name, offered in browser.offered():
            if offered == str(value) or name not in changes:
                changes[name] = offered
        is_last = 'name="finish"' in browser.html
        browser.post("finish" if is_last else "next", changes)
        if is_last:
            return browser
    raise AssertionError(f"No last page in sight: {browser.url} {browser.heading}")


def at_last_page(token: str) -> Browser:
    """Return a browser that has only the last button left to press."""
    return go_to(Browser().start(token), "finish")


def go_to(browser: Browser, name: str) -> Browser:
    """Press Continue until the page with this field or button."""
    for _page in range(MOST_PAGES):
        if f'name="{name}"' in browser.html:
            return browser
        browser.press("next")
    raise AssertionError(f"No {name} in sight: {browser.url} {browser.heading}")
