"""Figures in documents: two decimals, a sign on every gap, a true minus, intervals in words, hidden cells as words."""

import re
from collections.abc import Mapping
from typing import Any

from django import template
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from charts.theme import PAPER
from diagnosis.words import AUDIENCES, CERTAINTY, DECIDED, LEFT_OUT, SEVERITY, STAGES
from surveys.instruments import fill_company

register = template.Library()
DOTS = {"clear": "●●●", "probable": "●●○", "hint": "●○○", "undecided": "○○○", "none": "≈"}
THIN = "\N{NO-BREAK SPACE}"


def _figure(value: Any) -> float | None:
    """Return a number as it is; a figure that the result does not have arrives as None or an empty text."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


@register.filter
def signed(value: Any, decimals: int = 2) -> str:
    """Print a gap: always with its sign."""
    return PAPER.signed(_figure(value), decimals)


@register.filter
def level(value: Any, decimals: int = 2) -> str:
    """Print a mean."""
    return PAPER.number(_figure(value), decimals)


@register.filter
def share(value: Any) -> str:
    """Print a share between 0 and 1 in per cent."""
    return PAPER.percent(_figure(value))


@register.filter
def span(row: Mapping[str, Any] | None, decimals: int = 2) -> str:
    """Print the interval of a gap or mean: −1.33 to −1.09."""
    if not row or row.get("ci_low") is None:
        return "–"
    is_gap = "certainty" in row or "pair" in row or "verdict" in row
    write = PAPER.signed if is_gap else PAPER.number
    return f"{write(row['ci_low'], decimals)} {_('to')} {write(row['ci_high'], decimals)}"


@register.filter
def signed_span(row: Mapping[str, Any] | None, decimals: int = 2) -> str:
    """Print the interval of a change or difference, whatever the row is of."""
    return "–" if not row else span({**row, "pair": True}, decimals)


@register.filter
def span_share(row: Mapping[str, Any] | None) -> str:
    """Print the interval of a share in per cent."""
    if not row or row.get("ci_low") is None:
        return "–"
    return f"{PAPER.percent(row['ci_low'])} {_('to')} {PAPER.percent(row['ci_high'])}"


@register.filter
def tone(gap: Mapping[str, Any] | None) -> str:
    """Return the class of a gap's cell: n lost, p surplus, z not proved."""
    if not gap or gap.get("estimate") is None or gap["certainty"] not in DECIDED:
        return "z"
    return "n" if gap["estimate"] < 0 else "p"


@register.filter
def word(code: str | None) -> str:
    """Print a word of certainty."""
    return str(CERTAINTY.get(code or "", ""))


@register.simple_tag
def certainty(code: str | None) -> SafeString:
    """Print dots and word of a certainty; hidden and unmeasured have the word alone."""
    text = str(CERTAINTY.get(code or "", "–"))
    dots = DOTS.get(code or "")
    if dots is None:
        return format_html('<span class="lock">{}</span>', text)
    return format_html('<span class="w">{}{}{}</span>', dots, THIN, text)


@register.filter
def severity_word(code: str | None) -> str:
    """Print a word of severity."""
    return str(SEVERITY.get(code or "", ""))


@register.filter
def sentences(text: str, most: int) -> str:
    """Return whole sentences of so many words in all: the first, and as many of the last as fit."""
    first, *more = re.split(r"(?<=[.!?])\s+", text.strip())
    while more and len(" ".join([first, *more]).split()) > most:
        more.pop(0)
    return Truncator(" ".join([first, *more])).words(most)


@register.filter
def left_out_word(code: str) -> str:
    """Print by which rule answers were left out."""
    return str(LEFT_OUT.get(code, code))


@register.filter
def stage_name(code: str) -> str:
    """Print a stage's name."""
    return str(STAGES[code])


@register.filter
def audience_name(code: str) -> str:
    """Print an audience's name."""
    return str(AUDIENCES.get(code, code))


@register.filter
def company(text: str, name: str) -> str:
    """Put the client's name into a question of the instrument."""
    return fill_company(text, name)


@register.filter
def at(mapping: Mapping[str, Any] | None, key: str) -> Any:
    """Return `mapping[key]`, or None."""
    return mapping.get(key) if mapping else None


@register.simple_tag(takes_context=True)
def chart(context: template.Context, name: str) -> SafeString:
    """Place a chart of the document by name, with its title and description as alternative text."""
    svg = context["charts"].get(name)
    if svg is None:
        return SafeString("")
    parts = [found for tag in ("title", "desc") if (found := _text_of(svg, tag))]
    return format_html(
        '<img src="asset:chart/{}" alt="{}">', name, SafeString(". ".join(parts).replace('"', "&quot;"))
    )


def _text_of(svg: str, tag: str) -> str:
    match = re.search(rf"<{tag}[^>]*>(.*?)</{tag}>", svg, re.DOTALL)
    return match[1].strip() if match else ""


@register.simple_tag(takes_context=True)
def number_of(context: template.Context, kind: str) -> int:
    """Return the next number of a `figure` or `table`, counted through the whole document."""
    counters: dict[str, int] = context["counters"]
    counters[kind] = counters.get(kind, 0) + 1
    return counters[kind]
