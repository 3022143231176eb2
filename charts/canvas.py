"""Collects the marks of one drawing and writes them as SVG text.

Every coordinate is finite and has at most one decimal, every text is escaped, every id starts with the uid.
"""

import re

from charts.text import fit_text
from charts.theme import FONT_FAMILY, ChartError, Role, Theme

_ESCAPES: dict[int, str | None] = dict.fromkeys(
    [*range(0x20), *range(0x7F, 0xA0), *range(0xD800, 0xE000), 0xFFFE, 0xFFFF]
)
_ESCAPES |= {9: " ", 10: " ", 13: " ", 38: "&amp;", 60: "&lt;", 62: "&gt;", 34: "&quot;", 0xAD: None}
_UID = re.compile(r"[A-Za-z][A-Za-z0-9_-]*")
_SCHEME = re.compile(r"\s*([a-z][a-z0-9+.-]*):", re.IGNORECASE)


def escape(text: str) -> str:
    """Text that is safe in XML content and in double-quoted attributes; control characters are dropped."""
    return text.translate(_ESCAPES)


def num(value: float) -> str:
    """A coordinate with at most one decimal."""
    text = f"{value:.1f}"
    if text.endswith(".0"):
        text = text[:-2]
    return "0" if text == "-0" else text


class Canvas:
    """One drawing under construction. `kind` names the chart, for example "gap-map"."""

    def __init__(
        self, theme: Theme, *, uid: str, kind: str, width: float, title: str, desc: str = ""
    ) -> None:
        if not _UID.fullmatch(uid):
            raise ChartError(f"not a usable id: {uid!r}")
        self.theme = theme
        self.uid = uid
        self.kind = kind
        self.width = width
        self.title = title
        self.desc = desc
        self._out: list[str] = []
        self._links = 0

    def rect(
        self,
        x: float,
        y: float,
        width: float,
        height: float,
        fill: Role | None,
        *,
        stroke: Role | None = None,
        line: float = 1,
        radius: float = 0,
        dash: str = "",
    ) -> None:
        round_ = f' rx="{num(radius)}"' if radius else ""
        size = f'width="{num(max(0.0, width))}" height="{num(max(0.0, height))}"'
        self._out.append(
            f'<rect x="{num(x)}" y="{num(y)}" {size}{round_}'
            f"{self.theme.paint(fill, stroke)}{_line(line, dash) if stroke else ''}/>"
        )

    def line(
        self, x1: float, y1: float, x2: float, y2: float, stroke: Role, *, line: float = 1, dash: str = ""
    ) -> None:
        self.path(f"M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}", None, stroke=stroke, line=line, dash=dash)

    def path(
        self, d: str, fill: Role | None, *, stroke: Role | None = None, line: float = 1, dash: str = ""
    ) -> None:
        self._out.append(
            f'<path d="{d}"{self.theme.paint(fill, stroke)}{_line(line, dash) if stroke else ""}/>'
        )

    def polygon(
        self, *points: tuple[float, float], fill: Role | None, stroke: Role | None = None, line: float = 1
    ) -> None:
        d = "L".join(f"{num(x)} {num(y)}" for x, y in points)
        self.path(f"M{d}Z", fill, stroke=stroke, line=line)

    def circle(
        self, x: float, y: float, r: float, fill: Role | None, *, stroke: Role | None = None, line: float = 1
    ) -> None:
        self._out.append(
            f'<circle cx="{num(x)}" cy="{num(y)}" r="{num(r)}"{self.theme.paint(fill, stroke)}'
            f"{_line(line, '') if stroke else ''}/>"
        )

    def diamond(
        self, x: float, y: float, r: float, fill: Role, *, stroke: Role | None = None, line: float = 1
    ) -> None:
        self.polygon((x, y - r), (x + r, y), (x, y + r), (x - r, y), fill=fill, stroke=stroke, line=line)

    def text(
        self,
        x: float,
        y: float,
        text: str,
        size: float,
        fill: Role = "text",
        *,
        bold: bool = False,
        anchor: str = "start",
        room: float | None = None,
    ) -> None:
        """One line; with `room` it is cut to that width. Nothing is drawn for an empty text."""
        if room is not None:
            text = fit_text(text, room, size, bold=bold)
        if not text:
            return
        place = f' text-anchor="{anchor}"' if anchor != "start" else ""
        weight = ' font-weight="600"' if bold else ""
        self._out.append(
            f'<text x="{num(x)}" y="{num(y)}" font-size="{num(size)}"{place}{weight}'
            f"{self.theme.paint(fill)}>{escape(text)}</text>"
        )

    def vertical_text(
        self, x: float, y: float, text: str, size: float, fill: Role, *, bold: bool = False, room: float
    ) -> None:
        """One line centred at (x, y) that reads upwards."""
        self._out.append(f'<g transform="translate({num(x)} {num(y)}) rotate(-90)">')
        self.text(0, 0, text, size, fill, bold=bold, anchor="middle", room=room)
        self._out.append("</g>")

    def lock(self, x: float, y: float, size: float = 6, paint: Role = "muted") -> None:
        """A closed lock, centred: the sign of a hidden figure."""
        w, top = size * 0.8, y - size * 0.05
        self.rect(x - w / 2, top, w, size * 0.55, paint, radius=size * 0.1)
        r = size * 0.24
        self.path(
            f"M{num(x - r)} {num(top)}v{num(-size * 0.16)}a{num(r)} {num(r)} 0 0 1 {num(2 * r)} 0"
            f"v{num(size * 0.16)}",
            None,
            stroke=paint,
            line=size * 0.13,
        )

    def hatch(self, x: float, y: float, width: float, height: float, *, step: float = 5) -> None:
        """A frame filled with slanted lines: the place of a hidden figure."""
        self.rect(x, y, width, height, "hidden", stroke="hidden-line", line=0.6, radius=1)
        parts = []
        offset = step
        while offset < width + height:
            x1, y1 = (x + offset, y) if offset <= width else (x + width, y + offset - width)
            x2, y2 = (x, y + offset) if offset <= height else (x + offset - height, y + height)
            parts.append(f"M{num(x1)} {num(y1)}L{num(x2)} {num(y2)}")
            offset += step
        if parts:
            self.path("".join(parts), None, stroke="hidden-line", line=0.5)

    def open_mark(self, label: str, href: str | None = None) -> None:
        """Starts the group of one mark; on screen it carries its words and, if given, is a link."""
        if not self.theme.screen:
            return
        words = escape(label)
        title = f"<title>{words}</title>" if words else ""
        if href is None:
            self._out.append(f"<g>{title}")
            return
        self._links += 1
        self._out.append(f'<a class="chart-link" href="{_safe_link(href)}">{title}')

    def close_mark(self, href: str | None = None) -> None:
        if self.theme.screen:
            self._out.append("</g>" if href is None else "</a>")

    def hit(self, x: float, y: float, width: float, height: float) -> None:
        """An unseen area that makes a mark easier to hit; on paper nothing."""
        if self.theme.screen:
            self._out.append(
                f'<rect class="chart-hit" x="{num(x)}" y="{num(y)}" width="{num(width)}"'
                f' height="{num(height)}" rx="3"/>'
            )

    def finish(self, height: float, *, natural: bool = False) -> str:
        """The drawing as text. `natural` keeps its own size on screen instead of filling the column."""
        w, h = num(self.width), num(height)
        if self.theme.screen:
            size = f' width="{w}" height="{h}"' if natural else ""
            look = f' class="chart chart-{self.kind}{" chart-natural" if natural else ""}"'
        else:
            size = f' width="{w}pt" height="{h}pt"'
            look = f' font-family="{FONT_FAMILY}"'
        if self.title:
            ids = f"{self.uid}-t {self.uid}-d" if self.desc else f"{self.uid}-t"
            access = f' role="{"group" if self._links else "img"}" aria-labelledby="{ids}"'
            words = f'<title id="{self.uid}-t">{escape(self.title)}</title>'
            words += f'<desc id="{self.uid}-d">{escape(self.desc)}</desc>' if self.desc else ""
        else:
            access, words = ' aria-hidden="true"', ""
        box = f' id="{self.uid}" viewBox="0 0 {w} {h}"'
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg"{box}{size}{look}{access}>'
            f"{words}{''.join(self._out)}</svg>"
        )


def _line(width: float, dash: str) -> str:
    text = f' stroke-width="{num(width)}"' if width != 1 else ""
    return f'{text} stroke-dasharray="{dash}"' if dash else text


def _safe_link(href: str) -> str:
    scheme = _SCHEME.match(href)
    if scheme and scheme.group(1).lower() not in {"http", "https"}:
        raise ChartError("a mark may link to a page or a place on the page only")
    return escape(href)
