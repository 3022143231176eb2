"""What a person reads on a page: text nodes, and attributes that are shown or read aloud."""

from collections.abc import Iterator
from html.parser import HTMLParser

SHOWN = frozenset({"alt", "title", "placeholder", "aria-label", "aria-description", "data-confirm"})
SILENT = frozenset({"script", "style", "template"})


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.texts: list[str] = []
        self.silent = 0
        self.foreign: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        if self.foreign:
            self.foreign += [tag] * (tag == self.foreign[0])
            return
        if tag != "html" and ("lang" in values or values.get("translate") == "no"):
            self.foreign = [tag]
        self.texts += [value for name, value in attrs if name in SHOWN and value]
        if tag == "input" and values.get("type") in {"submit", "button"} and values.get("value"):
            self.texts.append(values["value"] or "")
        if tag in SILENT:
            self.silent += 1

    def handle_endtag(self, tag: str) -> None:
        if self.foreign and tag == self.foreign[0]:
            self.foreign.pop()
        if tag in SILENT:
            self.silent -= 1

    def handle_data(self, data: str) -> None:
        if not self.silent and not self.foreign and data.strip():
            self.texts.append(data)


def texts_on(html: str) -> Iterator[str]:
    """Yield every text of a page, with single spaces; not what is said to be in another language, or a name."""
    reader = _Reader()
    reader.feed(html)
    for text in reader.texts:
        yield " ".join(text.split())
