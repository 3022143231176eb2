"""A small browser of the standard library: cookies, redirects, and forms read from the page."""

import http.client
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookiejar import CookieJar
from typing import Final

from crmgap_site.selftest.errors import SelfTestError

TIMEOUT_SECONDS: Final = 60
VOID_TYPES: Final = frozenset({"submit", "button", "image", "reset", "file"})


@dataclass
class HtmlForm:
    """A form of a page: where it goes, what its fields hold, and the buttons it has."""

    action: str
    method: str
    values: dict[str, list[str]] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)
    buttons: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Page:
    """An answer of the site after all redirects."""

    url: str
    status: int
    text: str

    @property
    def path(self) -> str:
        """The address without host and query."""
        return urllib.parse.urlsplit(self.url).path

    @property
    def forms(self) -> list[HtmlForm]:
        """The forms in the order of the page."""
        reader = _FormReader()
        reader.feed(self.text)
        return reader.forms

    def form_with(self, name: str) -> HtmlForm:
        """Return the first form with a field or button of this name; raises SelfTestError."""
        for form in self.forms:
            if name in form.names or name in form.buttons:
                return form
        raise SelfTestError(f"{self.path} ({self.status}) has no form with {name!r}")

    def value_of(self, **attributes: str) -> str:
        """Return the value of the first input with these attributes; raises SelfTestError."""
        reader = _FormReader()
        reader.feed(self.text)
        for found in reader.inputs:
            if all(found.get(name) == value for name, value in attributes.items()):
                return found.get("value") or ""
        raise SelfTestError(f"{self.path} ({self.status}) has no input with {attributes}")


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[HtmlForm] = []
        self.inputs: list[dict[str, str | None]] = []
        self._form: HtmlForm | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "form":
            self._form = HtmlForm(found.get("action") or "", (found.get("method") or "get").lower())
            self.forms.append(self._form)
        elif tag == "input":
            self.inputs.append(found)
            self._take_input(found)
        elif tag == "button" and self._form is not None and found.get("name"):
            self._form.buttons[found["name"] or ""] = found.get("value") or ""
        elif tag in {"select", "textarea"} and self._form is not None and found.get("name"):
            self._form.names.add(found["name"] or "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None

    def _take_input(self, found: dict[str, str | None]) -> None:
        name, kind = found.get("name"), found.get("type") or "text"
        if self._form is None or not name or kind in VOID_TYPES or "disabled" in found:
            return
        self._form.names.add(name)
        if kind not in {"radio", "checkbox"} or "checked" in found:
            self._form.values.setdefault(name, []).append(found.get("value") or "")


class Browser:
    """One visitor of the site with cookies of its own."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url.rstrip("/")
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self._opener = urllib.request.build_opener(urllib.request.ProxyHandler({}), jar)

    def get(self, address: str) -> Page:
        """Open an address of the site."""
        return self._open(self._absolute(address, self.base_url), None)

    def submit(
        self, page: Page, form: HtmlForm, fields: Mapping[str, Sequence[str]], button: str = ""
    ) -> Page:
        """Send a form of a page with these fields filled in, by one of its named buttons or by the only one."""
        values = {**form.values, **fields}
        pairs = [(name, value) for name, given in values.items() for value in given]
        if button:
            pairs.append((button, form.buttons[button]))
        return self._open(self._absolute(form.action, page.url), urllib.parse.urlencode(pairs).encode())

    def _absolute(self, address: str, current: str) -> str:
        url = urllib.parse.urljoin(current, address) if address else current
        if not url.startswith(f"{self.base_url}/") and url != self.base_url:
            raise SelfTestError(f"a link leads away from the site: {urllib.parse.urlsplit(url).netloc}")
        return url

    def _open(self, url: str, body: bytes | None) -> Page:
        request = urllib.request.Request(url, data=body)  # noqa: S310 - checked by _absolute
        if body is not None:
            request.add_header("Referer", url)
        try:
            with self._opener.open(request, timeout=TIMEOUT_SECONDS) as answer:
                return Page(answer.url, answer.status, answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Page(error.url or url, error.code, error.read().decode(errors="replace"))
        except (OSError, http.client.HTTPException) as error:
            raise SelfTestError(f"the site does not answer: {error}") from error
