"""What every card of the diagnosis page is made of."""

from dataclasses import dataclass

from django.utils.html import format_html
from django.utils.safestring import SafeString

PAGE_WIDTH, MAP_WIDTH, COLUMN_WIDTH, NARROW_WIDTH = 700.0, 540.0, 440.0, 340.0
"""Widths of drawings in a card of the page's width and in the two columns: letters come out equally large."""


@dataclass(frozen=True, slots=True)
class Card:
    """One view: its message, a line on how to read it, the drawing, a foot note."""

    title: str
    note: str
    svg: SafeString
    foot: str = ""


def drawing(svg: str) -> SafeString:
    """Take a drawing of `charts/` over as it is: it escapes every text it is given."""
    return format_html("{}", SafeString(svg))
