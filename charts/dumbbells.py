"""Expectation and perception on one line: a row per dimension, or a block per item.

Hollow circle = expectation, filled circle = perception with its 95 % interval, diamond = the company's state,
pale band = zone of tolerance from the lowest accepted level to the expectation.
"""

from dataclasses import dataclass

from charts.canvas import Canvas
from charts.marks import FIRM, HIDDEN, Axis, Certainty, cut_range, direction, round_step, soft, ticks
from charts.text import text_width, wrap_text
from charts.theme import Theme, known


@dataclass(frozen=True)
class DumbbellRow:
    """One dimension. `hidden` is the reason why nothing may be shown; `word` the certainty of the gap.

    `from_lowest`: the gap is perception minus the lowest accepted level, and its band starts there.
    """

    code: str
    name: str
    expectation: float | None
    perception: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    company: float | None = None
    lowest: float | None = None
    gap: float | None = None
    gap_ci_low: float | None = None
    gap_ci_high: float | None = None
    certainty: Certainty = "clear"
    word: str = ""
    total: bool = False
    hidden: str = ""
    href: str | None = None
    from_lowest: bool = False


@dataclass(frozen=True)
class Dumbbells:
    """Rows in the order to show. The three mark labels stand at the first row that has the mark."""

    title: str
    desc: str
    rows: tuple[DumbbellRow, ...]
    expectation_label: str = ""
    perception_label: str = ""
    company_label: str = ""
    gap_heading: str = ""
    interval_heading: str = ""
    scale_note: str = ""
    low: float = 1.0
    high: float = 7.0


@dataclass(frozen=True)
class ItemRow:
    """One item; ci_low and ci_high belong to the perception."""

    text: str
    expectation: float | None
    perception: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    gap: float | None = None
    certainty: Certainty = "clear"
    hidden: str = ""


@dataclass(frozen=True)
class ItemDumbbells:
    title: str
    desc: str
    items: tuple[ItemRow, ...]
    low: float = 1.0
    high: float = 7.0


_HEAD = 24.0


def dumbbells(data: Dumbbells, *, theme: Theme, uid: str, width: float = 482, row_height: float = 26) -> str:
    """One line per row with the figures of the gap in columns on the right."""
    canvas = Canvas(theme, uid=uid, kind="dumbbells", width=width, title=data.title, desc=data.desc)
    name_room = min(140.0, max(84.0, width * 0.27))
    gap_x = width - 62
    plot_end = gap_x - 42
    low, high = _range(data.rows, data.low, data.high)
    axis = Axis(low, high, name_room + 26, plot_end)
    bottom = _HEAD + len(data.rows) * row_height
    for index, row in enumerate(data.rows):
        if row.total:
            canvas.rect(0, _HEAD + index * row_height + 2, width, row_height - 4, "panel")
    step = round_step(high - low, 4)
    for tick in ticks(low, high, step):
        canvas.line(axis.at(tick), _HEAD, axis.at(tick), bottom, "hair", line=0.6)
        text = theme.number(tick, 0 if step >= 1 else 1)
        canvas.text(axis.at(tick), bottom + 10, text, 6.6, "muted", anchor="middle")
    canvas.text(4, bottom + 10, data.scale_note, 6.6, "muted", room=name_room)
    canvas.text(gap_x, 12, data.gap_heading, 6.8, "muted", bold=True, anchor="end", room=60)
    canvas.text(gap_x + 8, 12, data.interval_heading, 6.8, "muted", room=54)
    first = {"perception": True, "expectation": True, "company": True}
    for index, row in enumerate(data.rows):
        y = _HEAD + (index + 0.5) * row_height
        label = f"{row.code} {row.name}".strip()
        value = theme.signed(row.gap)
        canvas.open_mark(" ".join(filter(None, (label, value, row.word or row.hidden))), row.href)
        canvas.hit(0, y - row_height / 2 + 1, width, row_height - 2)
        _draw_name(canvas, label, 4, y, name_room, bold=row.total)
        if row.hidden or (known(row.expectation) is None and known(row.perception) is None):
            _draw_hidden(canvas, row.hidden, axis, y)
        else:
            _draw_line(canvas, row, axis, y)
            _label_first(canvas, data, row, axis, y, first)
            if data.gap_heading:
                _draw_figures(canvas, row, gap_x, y)
        canvas.close_mark(row.href)
    return canvas.finish(bottom + 16)


def _range(
    rows: tuple[DumbbellRow, ...] | tuple[ItemRow, ...], low: float, high: float
) -> tuple[float, float]:
    points: list[float | None] = []
    for row in rows:
        if not row.hidden:
            points += [row.expectation, row.perception, row.ci_low, row.ci_high]
            if isinstance(row, DumbbellRow):
                points += [row.company, row.lowest]
    return cut_range([v for p in points if (v := known(p)) is not None], low=low, high=high, step=0.5)


def _draw_name(canvas: Canvas, text: str, x: float, y: float, room: float, *, bold: bool) -> None:
    lines = wrap_text(text, room, 7.6, bold=bold, max_lines=2)
    top = y + 2.7 - (len(lines) - 1) * 4.4
    for index, line in enumerate(lines):
        canvas.text(x, top + index * 8.8, line, 7.6, "ink", bold=bold)


def _draw_hidden(canvas: Canvas, reason: str, axis: Axis, y: float) -> None:
    canvas.hatch(axis.start, y - 7, axis.end - axis.start, 14)
    room = text_width(reason, 6.8) + 16 if reason else 14
    room = min(room, axis.end - axis.start)
    middle = (axis.start + axis.end) / 2
    canvas.rect(middle - room / 2, y - 6, room, 12, "hidden")
    canvas.lock(middle - room / 2 + 6, y, 6.4)
    canvas.text(middle - room / 2 + 12, y + 2.4, reason, 6.8, "muted", room=room - 13)


def _draw_line(canvas: Canvas, row: DumbbellRow | ItemRow, axis: Axis, y: float) -> None:
    """Band of the gap, marks of the states and the interval of the perception."""
    wanted, got = known(row.expectation), known(row.perception)
    lowest = known(row.lowest) if isinstance(row, DumbbellRow) else None
    if lowest is not None and wanted is not None:
        a, b = sorted((axis.at(lowest), axis.at(wanted)))
        canvas.rect(a, y - 6, b - a, 12, "zone")
        canvas.line(axis.at(lowest), y - 6, axis.at(lowest), y + 6, "customer", line=0.8)
    start = lowest if isinstance(row, DumbbellRow) and row.from_lowest else wanted
    if start is not None and got is not None:
        value = known(row.gap)
        role = direction(got - start if value is None else value, row.certainty)
        canvas.line(axis.at(got), y, axis.at(start), y, soft(role), line=4)
    low, high = known(row.ci_low), known(row.ci_high)
    if got is not None and low is not None and high is not None:
        canvas.line(axis.at(low), y, axis.at(high), y, "customer", line=1.1)
    company = known(row.company) if isinstance(row, DumbbellRow) else None
    if company is not None:
        canvas.diamond(axis.at(company), y, 4, "surface", stroke="company", line=1)
    if wanted is not None:
        canvas.circle(axis.at(wanted), y, 3.8, "surface", stroke="customer", line=1.6)
    if got is not None:
        canvas.circle(axis.at(got), y, 4.2, "customer")


def _label_first(
    canvas: Canvas, data: Dumbbells, row: DumbbellRow, axis: Axis, y: float, first: dict[str, bool]
) -> None:
    """Direct labels instead of a legend: each mark is named once, beside the first row that has it."""
    wanted, got, company = known(row.expectation), known(row.perception), known(row.company)
    right = wanted is not None and (got is None or wanted >= got)
    if got is not None and first["perception"]:
        first["perception"] = False
        around = [v for v in (got, *map(known, (row.ci_low, row.ci_high, row.lowest))) if v is not None]
        edge = axis.at(min(around) if right else max(around))
        x, anchor = (edge - 6, "end") if right else (edge + 6, "start")
        canvas.text(x, y + 2.4, data.perception_label, 6.8, "text", anchor=anchor, room=60)
    if wanted is not None and first["expectation"]:
        first["expectation"] = False
        canvas.text(axis.at(wanted), y - 7, data.expectation_label, 6.8, "text", anchor="middle", room=80)
    if company is not None and not row.total and first["company"]:
        first["company"] = False
        canvas.text(axis.at(company), y + 11, data.company_label, 6.4, "muted", anchor="middle", room=80)


def _draw_figures(canvas: Canvas, row: DumbbellRow, x: float, y: float) -> None:
    theme = canvas.theme
    if known(row.gap) is None or row.certainty in HIDDEN:
        if row.certainty == "suppressed":
            canvas.lock(x - 4, y, 6.4)
        else:
            canvas.text(x, y + 2.7, theme.number(None), 8, "muted", anchor="end")
        return
    role = direction(row.gap, row.certainty)
    canvas.text(x, y + 2.7, theme.signed(row.gap), 8, role, bold=row.certainty in FIRM, anchor="end")
    if known(row.gap_ci_low) is not None and known(row.gap_ci_high) is not None:
        interval = f"[{theme.signed(row.gap_ci_low)}; {theme.signed(row.gap_ci_high)}]"
        canvas.text(x + 8, y + 2.5, interval, 6.8, "muted")


def item_dumbbells(data: ItemDumbbells, *, theme: Theme, uid: str, width: float = 232) -> str:
    """One block per item: its text, the line with both values, and the gap under it."""
    canvas = Canvas(theme, uid=uid, kind="items", width=width, title=data.title, desc=data.desc)
    low, high = _range(data.items, data.low, data.high)
    axis = Axis(low, high, 28, width - 28)
    texts = [wrap_text(item.text, width - 4, 7.4, max_lines=2) for item in data.items]
    heights = [44.0 + 9 * (max(1, len(lines)) - 1) for lines in texts]
    bottom = 4 + sum(heights)
    marks = ticks(low, high, round_step(high - low, 4))
    y = 4.0
    for item, lines, height in zip(data.items, texts, heights, strict=True):
        text_end = y + 10 + 9 * (len(lines) - 1)
        for tick in marks:
            canvas.line(axis.at(tick), text_end + 4, axis.at(tick), y + height - 2, "hair", line=0.6)
        canvas.open_mark(f"{item.text} {theme.signed(item.gap)}")
        for index, line in enumerate(lines):
            canvas.text(0, y + 10 + index * 9, line, 7.4, "ink")
        _draw_item(canvas, item, axis, text_end + 15)
        canvas.close_mark()
        y += height
    for tick in marks:
        text = theme.number(tick, 0 if float(tick).is_integer() else 1)
        canvas.text(axis.at(tick), bottom + 9, text, 6.6, "muted", anchor="middle")
    return canvas.finish(bottom + 14)


def _draw_item(canvas: Canvas, item: ItemRow, axis: Axis, y: float) -> None:
    theme = canvas.theme
    wanted, got = known(item.expectation), known(item.perception)
    if item.hidden or (wanted is None and got is None):
        _draw_hidden(canvas, item.hidden, axis, y)
        return
    _draw_line(canvas, item, axis, y)
    for value, other, interval in ((got, wanted, True), (wanted, got, False)):
        if value is None:
            continue
        leftmost = other is None or value < other or (value == other and interval)
        edge = value
        if interval:
            bound = known(item.ci_low if leftmost else item.ci_high)
            edge = value if bound is None else bound
        x, anchor = (axis.at(edge) - 7, "end") if leftmost else (axis.at(edge) + 7, "start")
        canvas.text(x, y + 2.5, theme.number(value), 6.6, "text", anchor=anchor)
    gap = known(item.gap)
    if gap is not None and wanted is not None and got is not None and item.certainty not in HIDDEN:
        role = direction(gap, item.certainty)
        middle = (axis.at(wanted) + axis.at(got)) / 2
        canvas.text(middle, y + 12, theme.signed(gap), 7, role, bold=item.certainty in FIRM, anchor="middle")
