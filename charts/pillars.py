"""Readiness of organisation, technology and people, one bar per audience."""

from dataclasses import dataclass

from charts.canvas import Canvas
from charts.marks import Axis, soft
from charts.text import fit_text, text_width
from charts.theme import Role, Theme, known


@dataclass(frozen=True)
class PillarBar:
    """One audience's score 0-100; `hidden` is the word for a suppressed one."""

    audience: str
    value: float | None
    ci_low: float | None = None
    ci_high: float | None = None
    indicative: bool = False
    hidden: str = ""


@dataclass(frozen=True)
class Pillar:
    """RO, RT or RH: its name, a note such as the mean, and one bar per audience."""

    name: str
    note: str
    bars: tuple[PillarBar, ...]
    href: str | None = None


@dataclass(frozen=True)
class Pillars:
    """`threshold` draws a dashed line with its label, for example where causes are looked for below 60."""

    title: str
    desc: str
    pillars: tuple[Pillar, ...]
    threshold: float | None = None
    threshold_label: str = ""


_ROW = 13.0


def pillars(data: Pillars, *, theme: Theme, uid: str, width: float = 482) -> str:
    """Bars from 0 to 100; weak scores (below the threshold) are orange, indicative ones have a thin frame."""
    canvas = Canvas(theme, uid=uid, kind="pillars", width=width, title=data.title, desc=data.desc)
    audiences = [bar.audience for pillar in data.pillars for bar in pillar.bars]
    names = [text_width(p.name, 7.8, bold=True) for p in data.pillars] + [
        text_width(p.note, 6.8) for p in data.pillars
    ]
    name_room = min(max(names, default=50) + 14, width * 0.26)
    audience_room = min(max((text_width(name, 7.2) for name in audiences), default=40) + 10, width * 0.24)
    axis = Axis(0, 100, name_room + audience_room, width - 28)
    top = 22.0 if data.threshold_label else 8.0
    bottom = top + sum(len(p.bars) * _ROW + 12 for p in data.pillars)
    for tick in range(0, 101, 25):
        canvas.line(axis.at(tick), top, axis.at(tick), bottom, "hair", line=0.6)
        canvas.text(axis.at(tick), bottom + 10, theme.number(tick, 0), 6.6, "muted", anchor="middle")
    threshold = known(data.threshold)
    y = top
    for pillar in data.pillars:
        middle = y + 6 + len(pillar.bars) * _ROW / 2
        canvas.open_mark(pillar.name, pillar.href)
        canvas.hit(0, y + 2, width, len(pillar.bars) * _ROW + 8)
        base = middle + (-1.5 if pillar.note else 2.7)
        canvas.text(0, base, pillar.name, 7.8, "ink", bold=True, room=name_room - 8)
        canvas.text(0, base + 9.5, pillar.note, 6.8, "muted", room=name_room - 8)
        for index, bar in enumerate(pillar.bars):
            _draw_bar(canvas, bar, axis, y + 6 + index * _ROW, audience_room, threshold)
        canvas.close_mark(pillar.href)
        y += len(pillar.bars) * _ROW + 12
    if threshold is not None:
        x = axis.at(threshold)
        canvas.line(x, top - 4, x, bottom, "ink", line=0.7, dash="3 2")
        label = fit_text(data.threshold_label, width, 6.8)
        half = text_width(label, 6.8) / 2
        canvas.text(min(max(x, half), width - half), top - 8, label, 6.8, "muted", anchor="middle")
    return canvas.finish(bottom + 15)


def _draw_bar(
    canvas: Canvas, bar: PillarBar, axis: Axis, y: float, room: float, threshold: float | None
) -> None:
    value = known(bar.value)
    middle = y + _ROW / 2
    canvas.open_mark(f"{bar.audience} {canvas.theme.number(value, 0)} {bar.hidden}".strip())
    canvas.text(axis.start - 6, middle + 2.5, bar.audience, 7.2, "text", anchor="end", room=room - 8)
    if value is None:
        if bar.hidden:
            canvas.hatch(axis.start, y + 2.5, min(60.0, axis.end - axis.start), _ROW - 5)
            canvas.lock(axis.start + 68, middle, 6)
            canvas.text(
                axis.start + 74, middle + 2.4, bar.hidden, 6.6, "muted", room=axis.end - axis.start - 76
            )
        else:
            canvas.text(axis.start + 4, middle + 2.4, canvas.theme.number(None), 7.2, "muted")
        canvas.close_mark()
        return
    weak = threshold is not None and value < threshold
    role: Role = "loss" if weak else "company"
    end = axis.at(value)
    if bar.indicative:
        canvas.rect(axis.start, y + 2.5, end - axis.start, _ROW - 5, "surface", stroke=role, line=0.9)
    else:
        canvas.rect(axis.start, y + 2.5, end - axis.start, _ROW - 5, soft(role))
    low, high = known(bar.ci_low), known(bar.ci_high)
    edge = end
    if low is not None and high is not None:
        canvas.line(axis.at(low), middle, axis.at(high), middle, "ink", line=0.9)
        edge = max(end, axis.at(high))
    text = canvas.theme.number(value, 0) + ("*" if bar.indicative else "")
    start = edge + 5
    width = text_width(text, 7.4, bold=True)
    if threshold is not None and start - 2 < axis.at(threshold) < start + width + 2:
        start = axis.at(threshold) + 4
    canvas.text(start, middle + 2.5, text, 7.4, "ink", bold=True)
    canvas.close_mark()
