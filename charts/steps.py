"""From expectation to perception in steps: the waterfall, the small staircase and the cover drawing."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

from charts.canvas import Canvas
from charts.marks import (
    DASHES,
    FIRM,
    HIDDEN,
    Axis,
    Certainty,
    cut_range,
    direction,
    draw_whisker,
    round_step,
    ticks,
)
from charts.text import fit_text, text_width, wrap_text
from charts.theme import Role, Theme, known


@dataclass(frozen=True)
class EndState:
    """The first or last state of a waterfall: words, mean, optional interval and a note such as n."""

    label: str
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class WaterfallStep:
    """One gap; ci_low and ci_high are of the gap itself. `note` stands under the name."""

    code: str
    name: str
    value: float | None
    certainty: Certainty
    ci_low: float | None = None
    ci_high: float | None = None
    note: str = ""
    href: str | None = None


@dataclass(frozen=True)
class StageBand:
    """A stage over `count` neighbouring steps."""

    title: str
    note: str
    count: int


@dataclass(frozen=True)
class Waterfall:
    title: str
    desc: str
    start: EndState
    steps: tuple[WaterfallStep, ...]
    end: EndState
    bands: tuple[StageBand, ...] = ()
    low: float = 1.0
    high: float = 7.0


@dataclass(frozen=True)
class StairState:
    """One level of the staircase; customers' states are circles (the first hollow), the company's diamonds."""

    label: str
    value: float | None
    customer: bool = False


@dataclass(frozen=True)
class StairStep:
    value: float | None
    certainty: Certainty


@dataclass(frozen=True)
class Staircase:
    """States in order and the steps between them (one fewer)."""

    title: str
    desc: str
    states: tuple[StairState, ...]
    steps: tuple[StairStep, ...]


def step_levels(data: Waterfall) -> list[tuple[float | None, float | None]]:
    """Level before and after each step; from the left up to a missing step, from the right behind it."""
    values = [known(step.value) for step in data.steps]
    forward: list[float | None] = [known(data.start.value)]
    for value in values:
        before = forward[-1]
        forward.append(before + value if before is not None and value is not None else None)
    backward: list[float | None] = [known(data.end.value)]
    for value in reversed(values):
        after = backward[-1]
        backward.append(after - value if after is not None and value is not None else None)
    backward.reverse()
    levels = [f if f is not None else b for f, b in zip(forward, backward, strict=True)]
    return list(pairwise(levels))


def waterfall(data: Waterfall, *, theme: Theme, uid: str, width: float = 482, height: float = 244) -> str:
    """Floating steps from the first to the last state, each with the whisker of its own interval."""
    canvas = Canvas(theme, uid=uid, kind="waterfall", width=width, title=data.title, desc=data.desc)
    levels = step_levels(data)
    scale_low, scale_high = _waterfall_range(data, levels)
    left = 22.0
    slot = (width - left) / (len(data.steps) + 2)
    top, bottom = (58.0 if data.bands else 24.0), height - _foot_height(data, slot)
    axis = Axis(scale_low, scale_high, bottom, top)
    _draw_bands(canvas, data.bands, left + slot, slot, bottom)
    step = round_step(scale_high - scale_low, 5)
    decimals = 0 if step >= 1 else 1
    for tick in ticks(scale_low, scale_high, step):
        canvas.line(left, axis.at(tick), width - 4, axis.at(tick), "hair", line=0.6)
        canvas.text(left - 4, axis.at(tick) + 2.3, theme.number(tick, decimals), 6.6, "muted", anchor="end")
    _draw_links(canvas, data, levels, axis, left, slot)
    for index, (item, (before, after)) in enumerate(zip(data.steps, levels, strict=True)):
        _draw_step(canvas, item, before, after, axis, left + (index + 1.5) * slot, slot)
    first, last = (data.steps[0], data.steps[-1]) if data.steps else (None, None)
    locked = first is not None and first.certainty == "suppressed"
    _draw_end(canvas, data.start, axis, left + slot / 2, slot, hollow=True, locked=locked)
    locked = last is not None and last.certainty == "suppressed"
    _draw_end(
        canvas, data.end, axis, left + (len(data.steps) + 1.5) * slot, slot, hollow=False, locked=locked
    )
    return canvas.finish(height)


def _foot_height(data: Waterfall, slot: float) -> float:
    feet = [(f"{step.code} {step.name}", step.note) for step in data.steps]
    feet += [(data.start.label, data.start.note), (data.end.label, data.end.note)]
    rows = max(
        len(wrap_text(name, slot - 4, 7.2, bold=True, max_lines=2))
        + len(wrap_text(note, slot - 4, 6.4, max_lines=2))
        for name, note in feet
    )
    return 10 + 8.5 * max(2, rows)


def _waterfall_range(data: Waterfall, levels: list[tuple[float | None, float | None]]) -> tuple[float, float]:
    points = [point for pair in levels for point in pair if point is not None]
    for item, (before, _) in zip(data.steps, levels, strict=True):
        if before is not None and item.certainty not in HIDDEN:
            points += [before + ci for ci in (known(item.ci_low), known(item.ci_high)) if ci is not None]
    for state in (data.start, data.end):
        points += [
            v for v in (known(state.value), known(state.ci_low), known(state.ci_high)) if v is not None
        ]
    return cut_range(points, low=data.low, high=data.high, step=0.5)


def _draw_bands(canvas: Canvas, bands: tuple[StageBand, ...], x: float, slot: float, bottom: float) -> None:
    for band in bands:
        width = band.count * slot
        canvas.rect(x + 2, 2, width - 4, bottom - 2, "panel", stroke="panel-line", line=0.6, radius=4)
        middle = x + width / 2
        canvas.text(middle, 14, band.title, 7.8, "ink", bold=True, anchor="middle", room=width - 6)
        canvas.text(middle, 24, band.note, 6.8, "muted", anchor="middle", room=width - 6)
        x += width


def _draw_links(
    canvas: Canvas,
    data: Waterfall,
    levels: list[tuple[float | None, float | None]],
    axis: Axis,
    left: float,
    slot: float,
) -> None:
    """Thin lines that carry each level to the next step."""
    bar = min(42.0, slot * 0.62)
    for index in range(len(data.steps) + 1):
        level = levels[index][0] if index < len(data.steps) else (levels[-1][1] if levels else None)
        if level is None:
            continue
        start = left + (index + 0.5) * slot + (0 if index == 0 else bar / 2)
        end = left + (index + 1.5) * slot - (0 if index == len(data.steps) else bar / 2)
        canvas.line(start, axis.at(level), end, axis.at(level), "company", line=0.7)


def _draw_step(
    canvas: Canvas,
    item: WaterfallStep,
    before: float | None,
    after: float | None,
    axis: Axis,
    x: float,
    slot: float,
) -> None:
    theme = canvas.theme
    hidden = item.certainty in HIDDEN or known(item.value) is None
    role = direction(item.value, item.certainty)
    bar = min(42.0, slot * 0.62)
    value = "" if hidden else theme.signed(item.value)
    canvas.open_mark(" ".join(filter(None, (item.code, item.name, value, item.note))), item.href)
    canvas.hit(x - slot / 2 + 2, axis.end, slot - 4, axis.start - axis.end + 26)
    middle = (axis.start + axis.end) / 2
    if item.certainty == "suppressed":
        canvas.hatch(x - bar / 2, middle - 20, bar, 40)
        canvas.circle(x, middle, 8, "hidden")
        canvas.lock(x, middle, 8)
    elif hidden or before is None or after is None:
        canvas.text(x, middle, value or theme.number(None), 9, role, anchor="middle")
    else:
        y1, y2 = axis.at(before), axis.at(after)
        _draw_step_bar(canvas, item.certainty, role, x - bar / 2, min(y1, y2), bar, abs(y2 - y1))
        low, high = known(item.ci_low), known(item.ci_high)
        top = min(y1, y2)
        if low is not None and high is not None:
            a, b = axis.at(before + low), axis.at(before + high)
            draw_whisker(canvas, x, a, b)
            top = min(top, b)
        canvas.text(x, top - 5, value, 9, role, bold=item.certainty in FIRM, anchor="middle")
    _draw_foot(canvas, f"{item.code} {item.name}", item.note, x, axis.start, slot)
    canvas.close_mark(item.href)


def _draw_step_bar(
    canvas: Canvas, certainty: Certainty, role: Role, x: float, y: float, width: float, height: float
) -> None:
    """Certainty by depth: full when clear, pale when probable, a dashed frame when weaker."""
    height = max(height, 1.0)
    if certainty == "clear":
        canvas.rect(x, y, width, height, role)
    elif certainty == "probable":
        canvas.rect(x, y, width, height, "gap-n2" if role == "loss" else "gap-p2", stroke=role, line=0.8)
    elif certainty == "hint":
        canvas.rect(
            x, y, width, height, "gap-n1" if role == "loss" else "gap-p1", stroke=role, line=0.8, dash="3 2"
        )
    else:
        canvas.rect(x, y, width, height, "surface", stroke="nil", line=0.8, dash="2 2")


def _draw_end(
    canvas: Canvas, state: EndState, axis: Axis, x: float, slot: float, *, hollow: bool, locked: bool
) -> None:
    value = known(state.value)
    canvas.open_mark(f"{state.label} {canvas.theme.number(value)} {state.note}".strip())
    if value is None:
        _draw_no_level(canvas, x, (axis.start + axis.end) / 2, locked=locked)
    else:
        y = axis.at(value)
        low, high = known(state.ci_low), known(state.ci_high)
        top = y - 5
        if low is not None and high is not None:
            canvas.line(x, axis.at(low), x, axis.at(high), "customer", line=1.4)
            top = min(top, axis.at(high))
        canvas.circle(x, y, 4.6, "surface" if hollow else "customer", stroke="customer", line=1.8)
        canvas.text(x, top - 5, canvas.theme.number(value), 9.4, "ink", bold=True, anchor="middle")
    _draw_foot(canvas, state.label, state.note, x, axis.start, slot)
    canvas.close_mark()


def _draw_foot(canvas: Canvas, name: str, note: str, x: float, y: float, slot: float) -> None:
    """Name and note under a slot, up to two lines each."""
    y += 12
    for line in wrap_text(name, slot - 4, 7.2, bold=True, max_lines=2):
        canvas.text(x, y, line, 7.2, "ink", bold=True, anchor="middle")
        y += 8.6
    for line in wrap_text(note, slot - 4, 6.4, max_lines=2):
        canvas.text(x, y, line, 6.4, "muted", anchor="middle")
        y += 8


def _draw_no_level(canvas: Canvas, x: float, y: float, *, locked: bool) -> None:
    """A lock where a figure is hidden, a dash where there is none."""
    if locked:
        canvas.lock(x, y, 8)
    else:
        canvas.text(x, y + 2.5, canvas.theme.number(None), 8, "muted", anchor="middle")


def staircase(data: Staircase, *, theme: Theme, uid: str, width: float = 232, height: float = 204) -> str:
    """The states of one dimension as descending levels; thick risers are the steps between them."""
    canvas = Canvas(theme, uid=uid, kind="staircase", width=width, title=data.title, desc=data.desc)
    values = [known(state.value) for state in data.states]
    have = [value for value in values if value is not None]
    low, high = (min(have), max(have)) if have else (0.0, 1.0)
    if high - low < 0.5:
        low, high = (low + high) / 2 - 0.25, (low + high) / 2 + 0.25
    axis = Axis(low, high, height - 42.0, 26.0)
    slot = width / max(1, len(values))
    at = [slot * (index + 0.5) for index in range(len(values))]
    for index, item in enumerate(data.steps[: max(0, len(values) - 1)]):
        _draw_riser(canvas, item, values[index], values[index + 1], axis, at[index], at[index + 1])
    for index, (state, value) in enumerate(zip(data.states, values, strict=True)):
        x = at[index]
        for row, line in enumerate(wrap_text(state.label, slot - 2, 6.4, max_lines=2)):
            canvas.text(x, height - 12 + row * 8, line, 6.4, "muted", anchor="middle")
        if value is None:
            beside = data.steps[max(0, index - 1) : index + 1]
            locked = any(step.certainty == "suppressed" for step in beside)
            _draw_no_level(canvas, x, (axis.start + axis.end) / 2, locked=locked)
            continue
        y = axis.at(value)
        canvas.open_mark(f"{state.label} {theme.number(value)}")
        if state.customer:
            canvas.circle(x, y, 4.2, "surface" if index == 0 else "customer", stroke="customer", line=1.6)
        else:
            canvas.diamond(x, y, 4.2, "company", stroke="surface", line=0.8)
        below = index > 0 and (values[index - 1] is None or value <= (values[index - 1] or 0.0))
        canvas.text(
            x, y + 13.5 if below else y - 9, theme.number(value), 7.4, "ink", bold=True, anchor="middle"
        )
        canvas.close_mark()
    return canvas.finish(height)


def _draw_riser(
    canvas: Canvas,
    item: StairStep,
    before: float | None,
    after: float | None,
    axis: Axis,
    x1: float,
    x2: float,
) -> None:
    if before is not None:
        canvas.line(x1, axis.at(before), x2, axis.at(before), "rule", line=0.8)
    value = known(item.value)
    if before is None or after is None:
        return
    if value is None or item.certainty in HIDDEN:
        middle = (axis.at(before) + axis.at(after)) / 2
        _draw_no_level(canvas, x2 - 9, middle, locked=item.certainty == "suppressed")
        return
    role = direction(value, item.certainty)
    thick = 5.5 if item.certainty in FIRM else 3.0
    dash = {"probable": "4 2", "hint": "2.5 2"}.get(item.certainty, DASHES[item.certainty])
    y1, y2 = axis.at(before), axis.at(after)
    canvas.line(x2, y1, x2, y2, role, line=thick, dash=dash)
    text = canvas.theme.signed(value)
    bold = item.certainty in FIRM
    if abs(y2 - y1) >= 22:
        canvas.text(x2 - 6, (y1 + y2) / 2 + 2.6, text, 7.4, role, bold=bold, anchor="end")
    else:
        canvas.text(x2 - 5, min(y1, y2) - 4, text, 7.4, role, bold=bold, anchor="end")


COVER_CLEAR: Final = 14
"""A step down of so many points leaves its figure room below the line it starts from."""


@dataclass(frozen=True)
class CoverStaircase:
    """The client's own loss: states in order; the steps are the differences of their unrounded means."""

    title: str
    states: tuple[StairState, ...]


def cover_staircase(
    data: CoverStaircase, *, theme: Theme, uid: str, width: float = 595, height: float = 215
) -> str:
    """The cover drawing on a dark ground, from page edge to page edge; missing states are left out."""
    canvas = Canvas(theme, uid=uid, kind="cover", width=width, title=data.title)
    shown = [(state, value) for state in data.states if (value := known(state.value)) is not None]
    if not shown:
        canvas.line(0, height / 2, width, height / 2, "cover-line")
        return canvas.finish(height)
    values = [value for _, value in shown]
    low, high = min(values), max(values)
    if high - low < 0.6:
        low, high = (low + high) / 2 - 0.3, (low + high) / 2 + 0.3
    axis = Axis(low, high, height - 55, 43)
    slot = (width - 123) / max(1, len(shown) - 1)
    at = [62 + slot * index for index in range(len(shown))]
    canvas.line(0, axis.at(values[0]), at[0], axis.at(values[0]), "cover-line")
    canvas.line(at[-1], axis.at(values[-1]), width, axis.at(values[-1]), "cover-line")
    for index in range(1, len(shown)):
        y1, y2 = axis.at(values[index - 1]), axis.at(values[index])
        canvas.line(at[index - 1], y1, at[index], y1, "cover-line")
        canvas.line(at[index], y1, at[index], y2, "cover-mark", line=7)
        gap = theme.signed(values[index] - values[index - 1])
        is_clear = y2 - y1 >= COVER_CLEAR
        canvas.text(at[index] + 10, min(y1, y2) + (8 if is_clear else -7), gap, 11, "cover-mark", bold=True)
    for index, (state, value) in enumerate(shown):
        x, y, last = at[index], axis.at(value), index == len(shown) - 1 and index > 0
        canvas.circle(x, y, 5, "cover" if index == 0 else "cover-node", stroke="cover-node", line=1.6)
        room = slot - 14
        if last:
            label = fit_text(state.label, min(room, 110), 8.8)
            middle = min(x, width - text_width(label, 8.8) / 2 - 8)
            canvas.text(middle, y + 20, label, 8.8, "cover-text", anchor="middle")
        else:
            for row, line in enumerate(wrap_text(state.label, room, 8.8, max_lines=2)):
                canvas.text(x + 10, y + 15 + row * 11, line, 8.8, "cover-text")
    return canvas.finish(height)


__all__ = [
    "CoverStaircase", "EndState", "StageBand", "StairState", "StairStep", "Staircase", "Waterfall",
    "WaterfallStep", "cover_staircase", "staircase", "step_levels", "waterfall",
]  # fmt: skip
