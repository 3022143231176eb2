"""Small bars of the field pages and tables: funnel, response rates, progress, and the inline level bar."""

from dataclasses import dataclass
from typing import Literal

from charts.canvas import Canvas
from charts.marks import Axis
from charts.text import fit_text, text_width
from charts.theme import Role, Theme, known

Tone = Literal["accent", "loss", "surplus", "nil", "company", "customer"]


@dataclass(frozen=True)
class FunnelStage:
    """One count, for example finished; None is a count that stays hidden."""

    label: str
    count: int | None


@dataclass(frozen=True)
class FunnelRow:
    """One audience; `needed` is the count that makes it publishable, `note` the word about that."""

    audience: str
    stages: tuple[FunnelStage, ...]
    needed: int | None = None
    note: str = ""
    href: str | None = None


@dataclass(frozen=True)
class Funnel:
    title: str
    desc: str
    rows: tuple[FunnelRow, ...]


@dataclass(frozen=True)
class ResponseRow:
    """Response rate (0-1) of one audience with its interval; `hidden` is the word for a suppressed one."""

    name: str
    rate: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    note: str = ""
    target: float | None = None
    hidden: str = ""


@dataclass(frozen=True)
class ResponseBars:
    title: str
    desc: str
    rows: tuple[ResponseRow, ...]


_STAGE_ROW = 11.0


def funnel(data: Funnel, *, theme: Theme, uid: str, width: float = 482) -> str:
    """Per audience one thin bar for every stage, as a share of the first one; a tick shows what is needed."""
    canvas = Canvas(theme, uid=uid, kind="funnel", width=width, title=data.title, desc=data.desc)
    name_room = min(
        max((text_width(r.audience, 7.8, bold=True) for r in data.rows), default=40) + 12, width * 0.24
    )
    labels = [text_width(stage.label, 6.8) for row in data.rows for stage in row.stages]
    label_room = min(max(labels, default=30) + 10, width * 0.2)
    axis = Axis(0, 1, name_room + label_room, width - 76)
    y = 4.0
    for row in data.rows:
        height = max(1, len(row.stages)) * _STAGE_ROW
        canvas.open_mark(f"{row.audience} {row.note}".strip(), row.href)
        canvas.hit(0, y - 2, width, height + 4)
        base = y + (_STAGE_ROW / 2) + 2.7
        canvas.text(0, base, row.audience, 7.8, "ink", bold=True, room=name_room - 8)
        canvas.text(0, base + 9.6, row.note, 6.8, "muted", room=name_room - 8)
        _draw_funnel_row(canvas, row, axis, y, label_room - 8)
        canvas.close_mark(row.href)
        y += height + 8
        if row is not data.rows[-1]:
            canvas.line(0, y - 3, width, y - 3, "hair", line=0.6)
            y += 2
    return canvas.finish(max(12.0, y - 4))


def _draw_funnel_row(canvas: Canvas, row: FunnelRow, axis: Axis, y: float, room: float) -> None:
    whole = next((stage.count for stage in row.stages if stage.count), None)
    roles: tuple[Role, ...] = ("nil-soft", "nil-soft", "started")
    for index, stage in enumerate(row.stages):
        middle = y + _STAGE_ROW / 2
        role = "accent" if index == len(row.stages) - 1 else roles[min(index, 2)]
        canvas.text(axis.start - 6, middle + 2.4, stage.label, 6.8, "text", anchor="end", room=room)
        canvas.rect(axis.start, middle - 3.2, axis.end - axis.start, 6.4, "track")
        if stage.count is None:
            canvas.lock(axis.end + 10, middle, 6)
        else:
            share = stage.count / whole if whole else 0.0
            canvas.rect(axis.start, middle - 3.2, axis.at(share) - axis.start, 6.4, role)
            canvas.text(
                axis.end + 38, middle + 2.5, f"{stage.count:,}".replace(",", "\u202f"), 7.2, "ink",
                bold=index == len(row.stages) - 1, anchor="end",
            )  # fmt: skip
            if index and whole:
                canvas.text(
                    canvas.width, middle + 2.5, canvas.theme.percent(share), 6.8, "muted", anchor="end"
                )
        y += _STAGE_ROW
    if row.needed is not None and whole:
        x = axis.at(row.needed / whole)
        canvas.line(x, y - _STAGE_ROW + 0.5, x, y - 0.5, "ink", line=1.2)


def response_bars(data: ResponseBars, *, theme: Theme, uid: str, width: float = 482) -> str:
    """One bar per audience from 0 to 100 per cent, with the interval of the rate and the target as a tick."""
    canvas = Canvas(theme, uid=uid, kind="response", width=width, title=data.title, desc=data.desc)
    name_room = min(max((text_width(r.name, 7.6) for r in data.rows), default=40) + 12, width * 0.3)
    note_room = min(max((text_width(r.note, 6.8) for r in data.rows), default=0.0) + 10, width * 0.3)
    axis = Axis(0, 1, name_room, width - note_room - 34)
    y, row_height = 2.0, 18.0
    bottom = y + len(data.rows) * row_height
    for tick in (0, 0.25, 0.5, 0.75, 1):
        canvas.line(axis.at(tick), y, axis.at(tick), bottom, "hair", line=0.6)
        canvas.text(axis.at(tick), bottom + 9, theme.percent(tick), 6.6, "muted", anchor="middle")
    for row in data.rows:
        middle = y + row_height / 2
        rate = known(row.rate)
        canvas.open_mark(" ".join(filter(None, (row.name, theme.percent(rate), row.note, row.hidden))))
        canvas.text(0, middle + 2.6, row.name, 7.6, "ink", room=name_room - 8)
        canvas.text(width, middle + 2.5, row.note, 6.8, "muted", anchor="end", room=note_room)
        if rate is None:
            canvas.hatch(axis.start, middle - 4.5, axis.end - axis.start, 9)
            word = fit_text(row.hidden, axis.end - axis.start - 24, 6.8)
            half = text_width(word, 6.8) / 2 + 8
            center = (axis.start + axis.end) / 2
            canvas.rect(center - half, middle - 4, 2 * half, 8, "hidden")
            canvas.lock(center - half + 5, middle, 6)
            canvas.text(center - half + 11, middle + 2.4, word, 6.8, "muted")
        else:
            _draw_rate(canvas, row, rate, axis, middle)
        canvas.close_mark()
        y += row_height
    return canvas.finish(bottom + 13)


def _draw_rate(canvas: Canvas, row: ResponseRow, rate: float, axis: Axis, y: float) -> None:
    canvas.rect(axis.start, y - 4.5, axis.at(rate) - axis.start, 9, "started")
    low, high = known(row.ci_low), known(row.ci_high)
    edge = axis.at(rate)
    if low is not None and high is not None:
        canvas.line(axis.at(low), y, axis.at(high), y, "ink", line=0.9)
        edge = max(edge, axis.at(high))
    target = known(row.target)
    if target is not None:
        canvas.line(axis.at(target), y - 7, axis.at(target), y + 7, "ink", line=1.2)
        if edge <= axis.at(target) < edge + 26:
            edge = axis.at(target)
    canvas.text(edge + 5, y + 2.6, canvas.theme.percent(rate), 7.4, "ink", bold=True)


def progress_bar(
    done: float, total: float, *, theme: Theme, uid: str, label: str, width: float = 240, height: float = 8
) -> str:
    """How far a job or a form is; `label` says it in words for those who do not see the bar."""
    canvas = Canvas(theme, uid=uid, kind="progress", width=width, title=label)
    share = _share(done, total)
    canvas.rect(0, 0, width, height, "track", radius=height / 2)
    if share:
        canvas.rect(0, 0, max(height, width * share), height, "accent", radius=height / 2)
    return canvas.finish(height)


def level_bar(
    value: float | None,
    *,
    theme: Theme,
    uid: str,
    maximum: float = 100,
    tone: Tone = "accent",
    label: str = "",
    width: float = 64,
    height: float = 6,
) -> str:
    """A tiny bar inside a table row; without a label it is decoration and hidden from screen readers."""
    canvas = Canvas(theme, uid=uid, kind="level", width=width, title=label)
    canvas.rect(0, 0, width, height, "track", radius=height / 2)
    share = _share(value, maximum)
    if share:
        canvas.rect(0, 0, max(height, width * share), height, tone, radius=height / 2)
    return canvas.finish(height, natural=True)


def _share(value: float | None, whole: float) -> float:
    part, total = known(value), known(whole)
    return min(1.0, max(0.0, part / total)) if part is not None and total else 0.0
