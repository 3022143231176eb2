"""What each group of customers expects, beside the one standard: small multiples on one scale."""

from dataclasses import dataclass

from charts.canvas import Canvas
from charts.marks import Axis, cut_range, soft, ticks
from charts.text import text_width, wrap_text
from charts.theme import Role, Theme, known


@dataclass(frozen=True)
class ProfileCell:
    """One dimension in one profile: expectation with interval, the standard, optionally the perception."""

    expectation: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    standard: float | None = None
    perception: float | None = None


@dataclass(frozen=True)
class ProfilePanel:
    """One profile; `share` is 0-1, `hidden` the reason why it may not be shown."""

    name: str
    share: float | None
    description: str
    note: str
    cells: tuple[ProfileCell, ...]
    indicative: bool = False
    hidden: str = ""
    href: str | None = None


@dataclass(frozen=True)
class Profiles:
    """`dimensions` name the rows; `tolerance` is the difference in points that gets a colour."""

    title: str
    desc: str
    dimensions: tuple[str, ...]
    panels: tuple[ProfilePanel, ...]
    expectation_label: str = ""
    standard_label: str = ""
    perception_label: str = ""
    tolerance: float = 0.3
    low: float = 1.0
    high: float = 7.0


_HEAD, _ROW = 44.0, 19.0


def profiles(data: Profiles, *, theme: Theme, uid: str, width: float = 482) -> str:
    """One panel per profile; a thin frame instead of a ground means indicative."""
    canvas = Canvas(theme, uid=uid, kind="profiles", width=width, title=data.title, desc=data.desc)
    longest = max((text_width(name, 7.2) for name in data.dimensions), default=40.0)
    left = min(max(longest, 66) + 10, width * 0.26)
    slot = (width - left) / max(1, len(data.panels))
    bottom = _HEAD + 6 + len(data.dimensions) * _ROW
    points = [
        v
        for panel in data.panels
        if not panel.hidden
        for cell in panel.cells
        for raw in (cell.expectation, cell.ci_low, cell.ci_high, cell.standard, cell.perception)
        if (v := known(raw)) is not None
    ]
    low, high = cut_range(points, low=data.low, high=data.high, step=1.0)
    _draw_key(canvas, data, left)
    for index, name in enumerate(data.dimensions):
        canvas.text(0, _HEAD + 8 + (index + 0.5) * _ROW, name, 7.2, "ink", room=left - 6)
    for index, panel in enumerate(data.panels):
        x = left + index * slot
        axis = Axis(low, high, x + 10, x + slot - 14)
        canvas.open_mark(f"{panel.name} {theme.percent(panel.share)} {panel.note}".strip(), panel.href)
        _draw_panel(canvas, data, panel, axis, x, slot - 4, bottom)
        canvas.close_mark(panel.href)
    return canvas.finish(bottom + 28)


def _draw_key(canvas: Canvas, data: Profiles, left: float) -> None:
    rows = (
        ("customer", data.expectation_label), ("company", data.standard_label), ("perception", data.perception_label),
    )  # fmt: skip
    y = 12.0
    for kind, label in rows:
        if not label:
            continue
        if kind == "company":
            canvas.diamond(4, y - 2.4, 3.2, "company")
        else:
            canvas.circle(
                4,
                y - 2.4,
                2.6,
                "customer" if kind == "perception" else "surface",
                stroke="customer",
                line=1.1,
            )
        canvas.text(11, y, label, 6.6, "text", room=left - 15)
        y += 10


def _draw_panel(
    canvas: Canvas, data: Profiles, panel: ProfilePanel, axis: Axis, x: float, width: float, bottom: float
) -> None:
    theme = canvas.theme
    framed = panel.indicative or bool(panel.hidden)
    canvas.rect(
        x, 0, width, bottom + 14, "surface" if framed else "panel",
        stroke="rule" if framed else "panel-line", line=0.7, radius=3,
    )  # fmt: skip
    share = theme.percent(panel.share) if known(panel.share) is not None else ""
    taken = text_width(share, 7.8, bold=True) + 4 if share else 0
    canvas.text(x + 7, 12, panel.name, 7.8, "ink", bold=True, room=width - 14 - taken)
    canvas.text(x + width - 7, 12, share, 7.8, "ink", bold=True, anchor="end")
    for index, line in enumerate(wrap_text(panel.description, width - 14, 6.4, max_lines=2)):
        canvas.text(x + 7, 22 + index * 8, line, 6.4, "muted")
    canvas.text(x + 7, bottom + 24, panel.note, 6.6, "muted", room=width - 10)
    if panel.hidden:
        canvas.hatch(x + 7, _HEAD, width - 14, bottom - _HEAD, step=8)
        middle = (_HEAD + bottom) / 2
        canvas.rect(x + 9, middle - 15, width - 18, 30, "hidden")
        canvas.lock(x + width / 2, middle - 7, 8)
        for index, line in enumerate(wrap_text(panel.hidden, width - 22, 6.4, max_lines=2)):
            canvas.text(x + width / 2, middle + 5 + index * 8, line, 6.4, "muted", anchor="middle")
        return
    step = 1.0 if axis.high - axis.low <= 4 else 2.0
    for tick in ticks(axis.low, axis.high, step):
        canvas.line(axis.at(tick), _HEAD, axis.at(tick), bottom, "rule", line=0.5)
        canvas.text(axis.at(tick), bottom + 9, theme.number(tick, 0), 6.4, "muted", anchor="middle")
    for index, cell in enumerate(panel.cells[: len(data.dimensions)]):
        _draw_cell(canvas, cell, axis, _HEAD + 5.5 + (index + 0.5) * _ROW, data.tolerance)


def _draw_cell(canvas: Canvas, cell: ProfileCell, axis: Axis, y: float, tolerance: float) -> None:
    wanted, standard = known(cell.expectation), known(cell.standard)
    if wanted is not None and standard is not None and abs(standard - wanted) > tolerance:
        role: Role = "loss" if standard < wanted else "surplus"
        canvas.line(axis.at(standard), y, axis.at(wanted), y, soft(role), line=3)
    low, high = known(cell.ci_low), known(cell.ci_high)
    if low is not None and high is not None:
        canvas.line(axis.at(low), y, axis.at(high), y, "customer", line=0.9)
    if standard is not None:
        canvas.diamond(axis.at(standard), y, 3.2, "company")
    if wanted is not None:
        canvas.circle(axis.at(wanted), y, 3.4, "surface", stroke="customer", line=1.4)
    got = known(cell.perception)
    if got is not None:
        canvas.circle(axis.at(got), y, 2.6, "customer")
    if wanted is None and standard is None and got is None:
        canvas.text(
            (axis.start + axis.end) / 2, y + 2.4, canvas.theme.number(None), 7, "muted", anchor="middle"
        )
