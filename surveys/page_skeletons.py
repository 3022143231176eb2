"""Pages that are the same for many but for a few places: rendered once per process with marks, filled after that."""

import re
import secrets
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.timezone import get_current_timezone_name
from django.utils.translation import get_language

CACHED_PAGES: Final = 512
CHECKED: Final = " checked"

_MARK: Final = secrets.token_hex(12)
_SPLIT: Final = re.compile(f"{_MARK}([0-9]+){_MARK}")


class Marks:
    """Stands in for the values while a skeleton is rendered; remembers which mark is what."""

    def __init__(self) -> None:
        self.kinds: list[tuple[str, str | None]] = []

    def _mark(self, name: str, value: str | None) -> str:
        self.kinds.append((name, value))
        return f"{_MARK}{len(self.kinds) - 1}{_MARK}"

    def checked(self, name: str, value: str) -> str:
        """Mark the attribute of a choice."""
        return self._mark(name, value)

    def text(self, name: str) -> str:
        """Mark what stands in a field."""
        return self._mark(name, None)

    def skeleton(self, template: str, context: Mapping[str, Any]) -> "Skeleton":
        """Render a template whose context holds these marks, and cut it at them."""
        pieces = _SPLIT.split(render_to_string(template, dict(context)))
        return Skeleton(tuple(pieces[0::2]), tuple(self.kinds[int(index)] for index in pieces[1::2]))


class Skeleton(NamedTuple):
    """A rendered page cut at its marks: `texts` has one entry more than `marks` (field name, value or None)."""

    texts: tuple[str, ...]
    marks: tuple[tuple[str, str | None], ...]

    def fill(self, given: Mapping[str, list[str]]) -> str:
        """Return the page with these values; a text that is safe HTML already stays as it is."""
        parts = [self.texts[0]]
        for (name, value), text in zip(self.marks, self.texts[1:], strict=True):
            values = given.get(name)
            if values:
                if value is None:
                    parts.append(conditional_escape(values[0]))
                elif value in values:
                    parts.append(CHECKED)
            parts.append(text)
        return "".join(parts)


_kept: dict[tuple[str, ...], Skeleton] = {}


def render_kept(template: str, context: Mapping[str, Any], own: Mapping[str, str]) -> str:
    """Return a page of which only the texts in `own` are the reader's own; the rest is rendered once per process.

    The template prints each of `own` as it is or asks whether it is empty, nothing else.
    """
    filled = {name: [text] for name, text in own.items() if text}
    shared = (
        str(get_language()),
        get_current_timezone_name(),
        repr(sorted(context.items())),
        *sorted(filled),
    )
    key = (template, *shared)
    skeleton = _kept.get(key)
    if skeleton is None:
        if len(_kept) >= CACHED_PAGES:
            _kept.clear()
        marks = Marks()
        own_marks = {name: marks.text(name) if name in filled else "" for name in own}
        skeleton = _kept[key] = marks.skeleton(template, {**context, **own_marks})
    return skeleton.fill(filled)
