"""What the charts share: certainty and direction as marks, linear scales and round ticks."""

import math
from dataclasses import dataclass
from typing import Literal

from charts.canvas import Canvas, num
from charts.theme import Role, known

Certainty = Literal["clear", "probable", "hint", "undecided", "none", "suppressed", "not_measured"]

DASHES: dict[Certainty, str] = {
    "clear": "",
    "probable": "7 3",
    "hint": "3 2.4",
    "undecided": "1.6 2.4",
    "none": "0.8 3",
    "suppressed": "0.8 3",
    "not_measured": "0.8 3",
}
DECIDED: frozenset[Certainty] = frozenset({"clear", "probable", "hint"})
FIRM: frozenset[Certainty] = frozenset({"clear", "probable"})
HIDDEN: frozenset[Certainty] = frozenset({"suppressed", "not_measured"})


def direction(value: float | None, certainty: Certainty = "clear") -> Role:
    """Role of a gap's line and figure: loss, surplus, or nil where zero or not different from zero."""
    value = known(value)
    if value is None or certainty not in DECIDED or abs(value) < 0.005:
        return "nil"
    return "loss" if value < 0 else "surplus"


def soft(role: Role) -> Role:
    """The pale form of a direction, for bars that lie under marks."""
    return "loss-soft" if role == "loss" else "surplus-soft" if role == "surplus" else "nil-soft"


@dataclass(frozen=True)
class Axis:
    """A linear scale from values to positions; values outside are held at the ends."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        share = (value - self.low) / (self.high - self.low) if self.high > self.low else 0.5
        return self.start + min(1.0, max(0.0, share)) * (self.end - self.start)


def round_step(span: float, wanted: int = 5) -> float:
    """A round tick distance (1, 2 or 5 times a power of ten) that cuts the span into about `wanted` parts."""
    if span <= 0:
        return 1.0
    raw = span / max(1, wanted)
    power = 10.0 ** math.floor(math.log10(raw))
    return next((factor * power for factor in (1, 2, 5) if factor * power >= raw * 0.999), 10 * power)


def ticks(low: float, high: float, step: float) -> list[float]:
    """Multiples of the step between low and high, both included."""
    first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
    return [index * step for index in range(first, last + 1)]


def cut_range(values: list[float], *, low: float, high: float, step: float) -> tuple[float, float]:
    """The part of a scale that holds the values, widened to whole steps and at least two steps long."""
    if not values:
        return low, high
    start = math.floor(min(values) / step + 1e-9) * step
    end = math.ceil(max(values) / step - 1e-9) * step
    while end - start < 2 * step - 1e-9:
        start, end = start - step / 2, end + step / 2
    return start, end


def draw_arrow(
    canvas: Canvas, points: list[tuple[float, float]], role: Role, *, line: float, dash: str = ""
) -> None:
    """A polyline whose last leg ends in a head; the head points to the later state."""
    (x1, y1), (x2, y2) = points[-2], points[-1]
    length = math.hypot(x2 - x1, y2 - y1) or 1.0
    ux, uy = (x2 - x1) / length, (y2 - y1) / length
    head = min(5 + line * 0.9, length)
    half = 2.4 + line * 0.75
    bx, by = x2 - ux * head, y2 - uy * head
    legs = [*points[:-1], (bx + ux * 0.3, by + uy * 0.3)]
    d = "M" + "L".join(f"{num(x)} {num(y)}" for x, y in legs)
    canvas.path(d, None, stroke=role, line=line, dash=dash)
    canvas.polygon((x2, y2), (bx - uy * half, by + ux * half), (bx + uy * half, by - ux * half), fill=role)


def draw_whisker(
    canvas: Canvas, x: float, low: float, high: float, role: Role = "ink", *, cap: float = 2.5
) -> None:
    """A vertical interval with caps; positions, not values."""
    d = f"M{num(x)} {num(low)}V{num(high)}"
    for y in (low, high):
        d += f"M{num(x - cap)} {num(y)}H{num(x + cap)}"
    canvas.path(d, None, stroke=role, line=0.9)
