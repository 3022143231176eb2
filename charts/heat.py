"""Two heat maps with the figure in every cell: gaps by dimension and step, readiness by factor and audience."""

from dataclasses import dataclass

from charts.canvas import Canvas
from charts.marks import DECIDED, FIRM, HIDDEN, Certainty, direction, soft
from charts.text import fit_text, text_width, wrap_text
from charts.theme import Role, Theme, known


@dataclass(frozen=True)
class HeatColumn:
    """One gap; `total` sets the column apart from the steps before it."""

    code: str
    name: str = ""
    total: bool = False


@dataclass(frozen=True)
class HeatCell:
    value: float | None
    certainty: Certainty
    href: str | None = None


@dataclass(frozen=True)
class HeatRow:
    code: str
    name: str
    cells: tuple[HeatCell, ...]
    total: bool = False


@dataclass(frozen=True)
class HeatGrid:
    """Rows times columns of gaps. `medium` and `large` are the sizes where the colour deepens."""

    title: str
    desc: str
    columns: tuple[HeatColumn, ...]
    rows: tuple[HeatRow, ...]
    medium: float = 0.4
    large: float = 0.9


@dataclass(frozen=True)
class AudienceColumn:
    name: str
    note: str = ""


@dataclass(frozen=True)
class LevelCell:
    """A readiness score 0-100; `hidden` is the word for a suppressed one, "" for one never asked."""

    value: float | None
    indicative: bool = False
    hidden: str = ""


@dataclass(frozen=True)
class FactorRow:
    """One factor; `difference` is I3 in points, drawn as a bar."""

    code: str
    name: str
    cells: tuple[LevelCell, ...]
    difference: float | None = None
    certainty: Certainty = "not_measured"
    href: str | None = None


@dataclass(frozen=True)
class FactorGroup:
    """One pillar: its own scores as head line, then its factors."""

    head: FactorRow
    rows: tuple[FactorRow, ...]


@dataclass(frozen=True)
class CoherenceMap:
    title: str
    desc: str
    audiences: tuple[AudienceColumn, ...]
    groups: tuple[FactorGroup, ...]
    difference_heading: str = ""
    difference_note: str = ""
    threshold: float = 50.0


_GAP_STEPS: dict[str, tuple[tuple[Role, Role], ...]] = {
    "loss": (("gap-n1", "on-gap-n1"), ("gap-n2", "on-gap-n2"), ("gap-n3", "on-gap-n3")),
    "surplus": (("gap-p1", "on-gap-p1"), ("gap-p2", "on-gap-p2"), ("gap-p3", "on-gap-p3")),
}
_LEVELS: tuple[tuple[float, Role, Role], ...] = (
    (40, "level-1", "on-level-1"),
    (50, "level-2", "on-level-2"),
    (60, "level-3", "on-level-3"),
    (70, "level-4", "on-level-4"),
)


def heat_grid(data: HeatGrid, *, theme: Theme, uid: str, width: float = 482, row_height: float = 17) -> str:
    """Coloured cells for gaps; brackets and no colour where a gap is not different from zero."""
    canvas = Canvas(theme, uid=uid, kind="heat-grid", width=width, title=data.title, desc=data.desc)
    extra = 8.0 * any(column.total for column in data.columns)
    longest = max((text_width(f"{r.code}  {r.name}", 7.6, bold=r.total) for r in data.rows), default=60)
    name_room = min(longest + 10, width * 0.42)
    cell = min(74.0, (width - name_room - extra) / max(1, len(data.columns)))
    left = width - extra - cell * len(data.columns)
    if left - name_room > 40:
        left = name_room + 12
    xs = []
    for index, column in enumerate(data.columns):
        xs.append(left + index * cell + (extra if column.total else 0))
        canvas.text(xs[-1] + cell / 2, 10, column.code, 7.6, "ink", bold=True, anchor="middle", room=cell)
        canvas.text(xs[-1] + cell / 2, 19, column.name, 6.4, "muted", anchor="middle", room=cell - 2)
    y = 25.0
    for row in data.rows:
        if row.total:
            y += 6
            canvas.line(0, y - 3, xs[-1] + cell if xs else width, y - 3, "ink", line=0.7)
        code = text_width(row.code, 7.6) + 6 if row.code else 0
        canvas.text(2, y + row_height / 2 + 2.6, row.code, 7.6, "muted")
        canvas.text(
            2 + code, y + row_height / 2 + 2.6, row.name, 7.6, "ink", bold=row.total, room=left - code - 8
        )
        for x, column, item in zip(xs, data.columns, row.cells, strict=False):
            words = f"{row.code} {row.name} {column.code}"
            _draw_gap_cell(canvas, data, item, words, x, y, cell, row_height)
        y += row_height
    return canvas.finish(y + 2)


def gap_roles(value: float, medium: float, large: float) -> tuple[Role, Role]:
    """Fill of a cell and the ink that can be read on it, by direction and size."""
    size = 2 if abs(value) >= large else 1 if abs(value) >= medium else 0
    return _GAP_STEPS.get(direction(value), (("gap-0", "on-gap-0"),) * 3)[size]


def _draw_gap_cell(
    canvas: Canvas,
    data: HeatGrid,
    item: HeatCell,
    words: str,
    x: float,
    y: float,
    width: float,
    height: float,
) -> None:
    value = known(item.value)
    text = canvas.theme.signed(value)
    canvas.open_mark(f"{words} {text}", item.href)
    middle = y + height / 2
    if value is None or item.certainty in HIDDEN:
        if item.certainty == "suppressed":
            canvas.hatch(x + 1, y + 1, width - 2, height - 2)
            canvas.circle(x + width / 2, middle, 5.5, "hidden")
            canvas.lock(x + width / 2, middle, 6)
        else:
            canvas.text(x + width / 2, middle + 2.5, canvas.theme.number(None), 7.4, "muted", anchor="middle")
    else:
        decided = item.certainty in DECIDED
        fill, ink = gap_roles(value, data.medium, data.large) if decided else ("gap-0", "on-gap-0")
        canvas.rect(x + 1, y + 1, width - 2, height - 2, fill, radius=1.5)
        text = text if decided else f"({text})"
        canvas.text(x + width / 2, middle + 2.5, text, 7.2, ink, bold=item.certainty in FIRM, anchor="middle")
    canvas.close_mark(item.href)


def coherence_map(data: CoherenceMap, *, theme: Theme, uid: str, width: float = 482) -> str:
    """Readiness 0-100 per factor and audience; a triangle marks cells below the threshold."""
    canvas = Canvas(theme, uid=uid, kind="coherence", width=width, title=data.title, desc=data.desc)
    differences = bool(data.difference_heading)
    side = min(82.0, width * 0.2) if differences else 0.0
    columns = max(1, len(data.audiences))
    names = max(104.0, width * 0.34)
    cell = max(18.0, min(58.0, (width - names - side - (24 if differences else 0)) / columns))
    left = width - side - cell * columns - (24 if differences else 0)
    xs = [left + index * cell for index in range(len(data.audiences))]
    for x, audience in zip(xs, data.audiences, strict=True):
        lines = wrap_text(audience.name, cell - 3, 7.2, bold=True, max_lines=2)
        for index, line in enumerate(lines):
            y = 18 - 8.6 * (len(lines) - 1 - index)
            canvas.text(x + cell / 2, y, line, 7.2, "ink", bold=True, anchor="middle")
        canvas.text(x + cell / 2, 27, audience.note, 6.4, "muted", anchor="middle", room=cell - 2)
    if differences:
        canvas.text(width - side, 18, data.difference_heading, 7.2, "ink", bold=True, room=side)
        canvas.text(width - side, 27, data.difference_note, 6.4, "muted", room=side)
    largest = max(
        (abs(v) for g in data.groups for r in g.rows if (v := known(r.difference)) is not None), default=1.0
    )
    y = 33.0
    for group in data.groups:
        canvas.line(0, y, width, y, "ink", line=0.7)
        _draw_group_head(canvas, group.head, xs, cell, y + 12, left, width - side if differences else None)
        y += 17
        for row in group.rows:
            bar = (width - side, side, largest) if differences else None
            _draw_factor(canvas, data, row, xs, cell, y, left, bar)
            y += 14.8
        y += 4
    return canvas.finish(y)


def _draw_group_head(
    canvas: Canvas, row: FactorRow, xs: list[float], cell: float, y: float, left: float, side: float | None
) -> None:
    canvas.text(0, y, f"{row.code} {row.name}".strip(), 7.8, "ink", bold=True, room=left - 8)
    for x, item in zip(xs, row.cells, strict=False):
        if known(item.value) is None and item.hidden:
            canvas.lock(x + cell / 2, y - 2.6, 6)
        else:
            text = canvas.theme.number(item.value, 0) + ("*" if item.indicative else "")
            canvas.text(x + cell / 2, y, text, 7.8, "ink", bold=True, anchor="middle")
    if side is not None and known(row.difference) is not None and row.certainty not in HIDDEN:
        role = direction(row.difference, row.certainty)
        canvas.text(side, y, canvas.theme.signed(row.difference, 0), 7.8, role, bold=row.certainty in FIRM)


def level_roles(value: float) -> tuple[Role, Role]:
    """Fill and readable ink of a readiness level: below 40, 50, 60, 70 and above."""
    for limit, fill, ink in _LEVELS:
        if value < limit:
            return fill, ink
    return "level-5", "on-level-5"


def _draw_factor(
    canvas: Canvas,
    data: CoherenceMap,
    row: FactorRow,
    xs: list[float],
    cell: float,
    y: float,
    left: float,
    bar: tuple[float, float, float] | None,
) -> None:
    base = y + 9.4
    canvas.open_mark(f"{row.code} {row.name}", row.href)
    canvas.hit(0, y, canvas.width, 14)
    canvas.text(8, base, row.code, 6.8, "muted")
    canvas.text(27, base, row.name, 7.4, "text", room=left - 34)
    for x, audience, item in zip(xs, data.audiences, row.cells, strict=False):
        value = known(item.value)
        canvas.open_mark(
            f"{row.name}, {audience.name}: {canvas.theme.number(value, 0)} {item.hidden}".strip()
        )
        if value is None:
            _draw_no_level(canvas, item, x, y, cell)
        else:
            fill, ink = level_roles(value)
            low = value < data.threshold
            canvas.rect(x + 2, y, cell - 4, 12.8, fill)
            if low:
                mark: Role = "on-level-1" if fill == "level-1" else "below"
                canvas.polygon((x + 6, y + 4.4), (x + 11, y + 4.4), (x + 8.5, y + 9), fill=mark)
            text = canvas.theme.number(value, 0) + ("*" if item.indicative else "")
            canvas.text(x + cell / 2, base, text, 7.4, ink, bold=low, anchor="middle")
        canvas.close_mark()
    if bar:
        _draw_difference(canvas, row, bar, y)
    canvas.close_mark(row.href)


def _draw_no_level(canvas: Canvas, item: LevelCell, x: float, y: float, cell: float) -> None:
    if not item.hidden:
        canvas.text(x + cell / 2, y + 9.2, canvas.theme.number(None), 7.4, "muted", anchor="middle")
        return
    canvas.hatch(x + 2, y, cell - 4, 12.8)
    word = fit_text(item.hidden, cell - 20, 6.2)
    word = word if len(word) > 2 else ""
    half = (text_width(word, 6.2) + 12) / 2
    canvas.rect(x + cell / 2 - half, y + 1, half * 2, 10.8, "hidden")
    canvas.lock(x + cell / 2 - half + 4.6, y + 6.4, 5.6)
    canvas.text(x + cell / 2 - half + 9.6, y + 8.6, word, 6.2, "muted")


def _draw_difference(canvas: Canvas, row: FactorRow, bar: tuple[float, float, float], y: float) -> None:
    """I3 as a bar from a common left end: orange below zero, blue above; the sign is in the figure."""
    x, room, largest = bar
    value = known(row.difference)
    if value is None or row.certainty in HIDDEN:
        if row.certainty == "suppressed":
            canvas.lock(x + 4, y + 6.4, 5.6)
        return
    role = direction(value, row.certainty)
    length = (room - 26) * abs(value) / largest if largest else 0.0
    canvas.rect(x, y + 3.2, length, 6.6, soft(role))
    canvas.text(x + length + 4, y + 8.9, canvas.theme.signed(value, 0), 6.8, role)
