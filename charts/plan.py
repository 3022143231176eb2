"""The action plan as pictures: the effort-impact matrix and the timeline."""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from charts.canvas import Canvas
from charts.marks import Axis
from charts.text import fit_text, text_width
from charts.theme import Role, Theme, known

Stage = Literal["D", "I", "E"]

_STAGES: dict[Stage, Role] = {"D": "stage-d", "I": "stage-i", "E": "stage-e"}


@dataclass(frozen=True)
class MatrixAction:
    """One action; effort and impact are 0 (low), 1 or 2 (high) and held in that range."""

    number: str
    effort: int
    impact: int
    stage: Stage
    title: str = ""
    done: bool = False
    href: str | None = None


@dataclass(frozen=True)
class EffortImpact:
    """`levels` are the words for low, medium and high; `start_label` stands in the cell to begin with."""

    title: str
    desc: str
    actions: tuple[MatrixAction, ...]
    levels: tuple[str, str, str]
    effort_label: str
    impact_label: str
    start_label: str = ""


@dataclass(frozen=True)
class TimelineMonth:
    """A month line: first day, short name, and the year where it should be printed."""

    start: date
    label: str
    year: str = ""


@dataclass(frozen=True)
class TimelineBar:
    """One action. `filled` = high impact, `progress` 0-1 paints a part, `note` stands behind the bar."""

    number: str
    title: str
    owner: str
    start: date | None
    due: date | None
    stage: Stage
    filled: bool = True
    progress: float | None = None
    note: str = ""
    late: bool = False
    href: str | None = None


@dataclass(frozen=True)
class TimelineGroup:
    title: str
    bars: tuple[TimelineBar, ...]


@dataclass(frozen=True)
class TimelineMarker:
    """A day, or with `until` a span, that runs through all rows: today, a pulse, the next wave."""

    day: date
    label: str
    until: date | None = None


@dataclass(frozen=True)
class Timeline:
    title: str
    desc: str
    start: date
    end: date
    months: tuple[TimelineMonth, ...]
    groups: tuple[TimelineGroup, ...]
    markers: tuple[TimelineMarker, ...] = ()


_PILL_HEIGHT, _PILL_GAP = 15.0, 4.0


def effort_impact(data: EffortImpact, *, theme: Theme, uid: str, width: float = 340) -> str:
    """Three by three cells, impact upwards; numbers fill their cell row by row and never overlap."""
    canvas = Canvas(theme, uid=uid, kind="effort-impact", width=width, title=data.title, desc=data.desc)
    left = min(76.0, max((text_width(level, 7.2) for level in data.levels), default=0.0) + 26)
    cell = (width - left - 2) / 3
    rooms: dict[tuple[int, int], list[MatrixAction]] = {}
    for action in data.actions:
        key = (min(2, max(0, action.effort)), min(2, max(0, action.impact)))
        rooms.setdefault(key, []).append(action)
    y = 4.0
    for impact in (2, 1, 0):
        lines = [_pill_lines(rooms.get((effort, impact), []), cell - 12) for effort in range(3)]
        rows = max(max((len(line) for line in lines), default=1), 2 if impact else 1)
        height = rows * (_PILL_HEIGHT + _PILL_GAP) + 8 + (11 if impact == 2 and data.start_label else 4)
        canvas.text(
            left - 7, y + height / 2 + 2.5, data.levels[impact], 7.2, "text", anchor="end", room=left - 24
        )
        for effort in range(3):
            x = left + effort * cell
            start = impact == 2 and effort == 0
            canvas.rect(
                x + 1,
                y + 1,
                cell - 2,
                height - 2,
                "accent-soft" if start else "panel",
                stroke="accent" if start else "panel-line",
                line=0.7,
                radius=3,
            )
            top = y + 7
            if impact == 2 and data.start_label:
                if start:
                    canvas.text(x + 8, y + 12, data.start_label, 6.8, "accent", bold=True, room=cell - 14)
                top = y + 18
            _draw_pills(canvas, lines[effort], x + 7, top)
        y += height
    for effort in range(3):
        x = left + (effort + 0.5) * cell
        canvas.text(x, y + 11, data.levels[effort], 7.2, "text", anchor="middle", room=cell - 6)
    canvas.text(
        left + 1.5 * cell,
        y + 23,
        f"{data.effort_label} →",
        7.2,
        "ink",
        bold=True,
        anchor="middle",
        room=3 * cell,
    )
    canvas.vertical_text(9, 4 + (y - 4) / 2, f"{data.impact_label} →", 7.2, "ink", bold=True, room=y - 8)
    return canvas.finish(y + 28)


def _pill_width(action: MatrixAction) -> float:
    return max(22.0, text_width(action.number, 7.4, bold=True) + 12)


def _pill_lines(actions: list[MatrixAction], room: float) -> list[list[MatrixAction]]:
    lines: list[list[MatrixAction]] = []
    used = room + 1
    for action in actions:
        width = _pill_width(action)
        if used + width > room:
            lines.append([])
            used = 0.0
        lines[-1].append(action)
        used += width + _PILL_GAP
    return lines


def _draw_pills(canvas: Canvas, lines: list[list[MatrixAction]], left: float, top: float) -> None:
    for row, line in enumerate(lines):
        x, y = left, top + row * (_PILL_HEIGHT + _PILL_GAP)
        for action in line:
            width, role = _pill_width(action), _STAGES[action.stage]
            canvas.open_mark(f"{action.number} {action.title}".strip(), action.href)
            canvas.rect(
                x,
                y,
                width,
                _PILL_HEIGHT,
                role if action.done else "surface",
                stroke=role,
                line=1.2,
                radius=_PILL_HEIGHT / 2,
            )
            ink: Role = "surface" if action.done else "ink"
            canvas.text(
                x + width / 2, y + 10.2, action.number, 7.4, ink, bold=True, anchor="middle", room=width - 6
            )
            canvas.close_mark(action.href)
            x += width + _PILL_GAP


_ROW, _GROUP = 22.0, 22.0


def timeline(data: Timeline, *, theme: Theme, uid: str, width: float = 482) -> str:
    """Actions as bars over months, grouped by stage; a diamond is the due day."""
    canvas = Canvas(theme, uid=uid, kind="timeline", width=width, title=data.title, desc=data.desc)
    left = min(150.0, width * 0.32) if width <= 482 else width * 0.32
    axis = Axis(0, max(1, (data.end - data.start).days), left, width - 8)
    top = 26.0
    bottom = top + sum(_GROUP + len(group.bars) * _ROW for group in data.groups)

    def at(day: date) -> float:
        return axis.at((day - data.start).days)

    _draw_months(canvas, data, at_of=[at(month.start) for month in data.months], top=top, bottom=bottom)
    for marker in data.markers:
        _draw_marker(canvas, marker, at(marker.day), at(marker.until) if marker.until else None, top, bottom)
    y = top
    for group in data.groups:
        canvas.text(0, y + 14, group.title, 7.8, "ink", bold=True, room=left - 6)
        canvas.line(0, y + 18, width, y + 18, "rule", line=0.6)
        y += _GROUP
        for bar in group.bars:
            first = at(bar.start) if bar.start else None
            last = at(bar.due) if bar.due else None
            _draw_bar(canvas, bar, y, left, first, last, axis.end)
            y += _ROW
    return canvas.finish(bottom + (16 if data.markers else 4))


def _draw_months(canvas: Canvas, data: Timeline, *, at_of: list[float], top: float, bottom: float) -> None:
    ends = [*at_of[1:], canvas.width - 8]
    for month, x, end in zip(data.months, at_of, ends, strict=False):
        canvas.line(x, top - 2, x, bottom, "hair", line=0.6)
        if end - x > 8:
            canvas.text((x + end) / 2, 10, month.label, 6.8, "muted", anchor="middle", room=end - x)
        canvas.text(x, 19, month.year, 6.4, "muted", room=max(20.0, end - x))


def _draw_bar(
    canvas: Canvas,
    bar: TimelineBar,
    y: float,
    left: float,
    start: float | None,
    due: float | None,
    right: float,
) -> None:
    canvas.open_mark(" ".join(filter(None, (bar.number, bar.title, bar.owner, bar.note))), bar.href)
    canvas.hit(0, y, canvas.width, _ROW)
    base = y + (9 if bar.owner else 13.5)
    canvas.text(0, base, bar.number, 6.8, "muted", room=22)
    canvas.text(24, base, bar.title, 7.4, "ink", room=left - 32)
    canvas.text(24, base + 8.4, bar.owner, 6.4, "muted", room=left - 32)
    role, middle = _STAGES[bar.stage], y + 11
    x1, x2 = start, due
    if x1 is None and x2 is not None:
        x1 = x2
    if x2 is None and x1 is not None:
        x2 = min(right, x1 + 14)
    if x1 is not None and x2 is not None:
        x1, x2 = min(x1, x2), max(x1, x2)
        progress = known(bar.progress)
        if progress is None:
            fill = role if bar.filled else "surface"
            canvas.rect(x1, middle - 4.5, x2 - x1, 9, fill, stroke=role, line=0.9, radius=2)
        else:
            canvas.rect(x1, middle - 4.5, x2 - x1, 9, "track", radius=2)
            canvas.rect(x1, middle - 4.5, (x2 - x1) * min(1.0, max(0.0, progress)), 9, role, radius=2)
        if due is not None:
            canvas.diamond(due, middle, 4.4, "ink", stroke="surface", line=0.7)
        _draw_bar_note(canvas, bar, x1, x2, middle, left, right)
    canvas.close_mark(bar.href)


def _draw_bar_note(
    canvas: Canvas, bar: TimelineBar, x1: float, x2: float, y: float, left: float, right: float
) -> None:
    """Words beside the bar: behind it if there is room, else before it."""
    if not bar.note:
        return
    behind, before = right - x2 - 8, x1 - left - 8
    is_behind = behind >= text_width(bar.note, 6.6, bold=bar.late) or behind >= before
    room = behind if is_behind else before
    if room < 12:
        return
    text = fit_text(bar.note, room, 6.6, bold=bar.late)
    width = text_width(text, 6.6, bold=bar.late)
    x = x2 + 7 if is_behind else x1 - 7 - width
    canvas.rect(x - 1.5, y - 5, width + 3, 10, "surface")
    canvas.text(x, y + 2.4, text, 6.6, "loss" if bar.late else "muted", bold=bar.late)


def _draw_marker(
    canvas: Canvas, marker: TimelineMarker, x: float, until: float | None, top: float, bottom: float
) -> None:
    if until is not None:
        canvas.rect(x, top - 2, max(2.0, until - x), bottom - top + 2, "accent-soft")
    canvas.line(x, top - 2, x, bottom + 2, "accent", line=0.9, dash="3 2")
    if until is not None:
        canvas.line(until, top - 2, until, bottom + 2, "accent", line=0.9, dash="3 2")
    middle = x if until is None else (x + until) / 2
    label = fit_text(marker.label, canvas.width / 2, 6.8, bold=True)
    half = text_width(label, 6.8, bold=True) / 2
    middle = min(max(middle, half), canvas.width - half)
    canvas.text(middle, bottom + 11, label, 6.8, "accent", bold=True, anchor="middle")
