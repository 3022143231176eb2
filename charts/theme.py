"""The two looks of every chart: concrete colours for paper, class names for the screen.

A chart asks for a role ("loss", "ink"); the theme answers with attributes. Numbers are written by the theme
too, because the decimal sign belongs to the language of the reader.
"""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Literal, get_args

Role = Literal[
    "ink", "text", "muted", "rule", "hair", "panel", "panel-line", "track", "surface", "accent",
    "accent-soft", "loss", "surplus", "nil", "loss-soft", "surplus-soft", "nil-soft", "loss-ground", "zone", "hidden",
    "hidden-line",
    "gap-n3", "gap-n2", "gap-n1", "gap-0", "gap-p1", "gap-p2", "gap-p3",
    "on-gap-n3", "on-gap-n2", "on-gap-n1", "on-gap-0", "on-gap-p1", "on-gap-p2", "on-gap-p3",
    "level-1", "level-2", "level-3", "level-4", "level-5",
    "on-level-1", "on-level-2", "on-level-3", "on-level-4", "on-level-5", "below",
    "customer", "company", "started",
    "stage-d", "stage-i", "stage-e",
    "cover", "cover-line", "cover-mark", "cover-text", "cover-node",
]  # fmt: skip
ROLES: tuple[Role, ...] = get_args(Role)

_PAPER: dict[Role, str] = {
    "ink": "#0f1b2d", "text": "#334155", "muted": "#5b6b80", "rule": "#c6d0db", "hair": "#dde4eb",
    "panel": "#f3f6f9", "panel-line": "#f3f6f9", "track": "#e6ebf1", "surface": "#ffffff",
    "accent": "#0b4a6f", "accent-soft": "#e8f0f8",
    "loss": "#b4510b", "surplus": "#1f5f9e", "nil": "#5b6b80",
    "loss-soft": "#efb078", "surplus-soft": "#93bbdf", "nil-soft": "#c6d0db",
    "loss-ground": "#fdf0e3", "zone": "#e8f0f8",
    "hidden": "#f3f6f9", "hidden-line": "#c6d0db",
    "gap-n3": "#b4510b", "gap-n2": "#dd8238", "gap-n1": "#f8d6b3", "gap-0": "#f3f6f9",
    "gap-p1": "#c5daee", "gap-p2": "#93bbdf", "gap-p3": "#1f5f9e",
    "on-gap-n3": "#ffffff", "on-gap-n2": "#0f1b2d", "on-gap-n1": "#0f1b2d", "on-gap-0": "#334155",
    "on-gap-p1": "#0f1b2d", "on-gap-p2": "#0f1b2d", "on-gap-p3": "#ffffff",
    "level-1": "#b4510b", "level-2": "#dd8238", "level-3": "#f8d6b3", "level-4": "#e8f0f8",
    "level-5": "#93bbdf",
    "on-level-1": "#ffffff", "on-level-2": "#0f1b2d", "on-level-3": "#0f1b2d", "on-level-4": "#0f1b2d",
    "on-level-5": "#0f1b2d", "below": "#b4510b",
    "customer": "#0f1b2d", "company": "#5b6b80", "started": "#93bbdf",
    "stage-d": "#1f5f9e", "stage-i": "#b4510b", "stage-e": "#475569",
    "cover": "#0b3a57", "cover-line": "#5f86a0", "cover-mark": "#efb078", "cover-text": "#d6e4ee",
    "cover-node": "#ffffff",
}  # fmt: skip

MINUS = "−"
MISSING = "–"
FONT_FAMILY = (
    "Inter,Noto Sans,Noto Sans CJK SC,sans-serif"  # without spaces: one renderer keeps them in the name
)
_HEX = re.compile(r"#[0-9a-fA-F]{6}")


class ChartError(ValueError):
    """A chart was asked for something it cannot draw safely: a bad colour, id or link."""


_reader_decimal: list[Callable[[], str]] = [lambda: "."]


def ask_decimal_of(ask: Callable[[], str]) -> None:
    """Name the function that knows the decimal sign of whoever reads; without one it is a point."""
    _reader_decimal[0] = ask


def reader_decimal() -> str:
    """The decimal sign of the reader's language."""
    return _reader_decimal[0]()


def known(value: float | None) -> float | None:
    """The value, or None where it is missing, infinite or not a number."""
    return value if value is not None and math.isfinite(value) else None


@dataclass(frozen=True, eq=False)
class Theme:
    """How roles become attributes and numbers become text. `colours` empty means class names."""

    name: str
    colours: Mapping[Role, str]
    own_decimal: str = ""
    percent_sign: str = "\u00a0%"
    _cache: dict[tuple[Role | None, Role | None], str] = field(default_factory=dict, repr=False)

    @property
    def decimal(self) -> str:
        """The decimal sign: the look's own, else that of the reader's language."""
        return self.own_decimal or reader_decimal()

    @property
    def screen(self) -> bool:
        return not self.colours

    def localised(self, *, decimal: str, percent_sign: str = "\u00a0%") -> "Theme":
        """The same look with the number signs of another language, for example a decimal comma."""
        return replace(self, own_decimal=decimal, percent_sign=percent_sign, _cache={})

    def branded(self, *, accent: str, cover: str | None = None) -> "Theme":
        """Paper with a practice's accent (and cover) as #rrggbb; on screen the style sheet does it."""
        for colour in (accent, cover or accent):
            if not _HEX.fullmatch(colour):
                raise ChartError(f"not a #rrggbb colour: {colour!r}")
        if self.screen:
            return self
        colours: dict[Role, str] = {**self.colours, "accent": accent}
        if cover:
            colours["cover"] = cover
        return replace(self, colours=colours, _cache={})

    def paint(self, fill: Role | None, stroke: Role | None = None) -> str:
        """Attributes, with a leading space, that fill and stroke a mark."""
        key = (fill, stroke)
        found = self._cache.get(key)
        if found is None:
            found = self._cache[key] = self._attributes(fill, stroke)
        return found

    def _attributes(self, fill: Role | None, stroke: Role | None) -> str:
        if self.colours:
            text = f' fill="{self.colours[fill] if fill else "none"}"'
            return f'{text} stroke="{self.colours[stroke]}"' if stroke else text
        names = ([f"cf-{fill}"] if fill else []) + ([f"cs-{stroke}"] if stroke else [])
        classes = f' class="{" ".join(names)}"' if names else ""
        return classes if fill else f'{classes} fill="none"'

    def number(self, value: float | None, decimals: int = 2) -> str:
        """A level such as a mean; a dash where it is missing."""
        value = known(value)
        if value is None:
            return MISSING
        text = f"{value:.{decimals}f}".replace("-", MINUS).replace(".", self.decimal)
        return text[1:] if text.startswith(MINUS) and not text.strip(f"{MINUS}0{self.decimal}") else text

    def signed(self, value: float | None, decimals: int = 2) -> str:
        """A gap: always with its sign, a true minus, and a plus-minus sign before zero."""
        value = known(value)
        if value is None:
            return MISSING
        text = f"{abs(value):.{decimals}f}".replace(".", self.decimal)
        if not text.strip(f"0{self.decimal}"):
            return f"±{text}"
        return f"{MINUS if value < 0 else '+'}{text}"

    def percent(self, share: float | None) -> str:
        """A share between 0 and 1 as a whole percentage."""
        share = known(share)
        return MISSING if share is None else f"{share * 100:.0f}{self.percent_sign}"


PAPER = Theme("paper", _PAPER)
SCREEN = Theme("screen", {})
