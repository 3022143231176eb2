"""One person's own answers: a line per topic from what is wanted to what is received, made for a narrow phone."""

from collections.abc import Sequence
from dataclasses import dataclass

from charts.canvas import Canvas
from charts.marks import Axis
from charts.theme import Theme, known

_HEAD = 18.0
_ROW = 38.0


@dataclass(frozen=True)
class OwnRow:
    """One topic; None = not answered."""

    name: str
    wanted: float | None
    received: float | None


@dataclass(frozen=True)
class OwnProfile:
    """Rows in the order to show; `low` and `high` are the ends of the scale."""

    title: str
    desc: str
    rows: Sequence[OwnRow]
    low: int = 1
    high: int = 7


def own_profile(data: OwnProfile, *, theme: Theme, uid: str, width: float = 312) -> str:
    """Hollow diamond = wanted, filled circle = received, the name above its line."""
    canvas = Canvas(theme, uid=uid, kind="own-profile", width=width, title=data.title, desc=data.desc)
    axis = Axis(data.low, data.high, 10, width - 10)
    bottom = _HEAD + len(data.rows) * _ROW
    for point in range(data.low, data.high + 1):
        canvas.text(axis.at(point), 10, theme.number(point, 0), 10, "muted", anchor="middle")
        canvas.line(axis.at(point), _HEAD - 4, axis.at(point), bottom, "hair", line=0.6)
    for number, row in enumerate(data.rows):
        y = _HEAD + number * _ROW + 26
        canvas.text(2, y - 12, row.name, 12, room=width - 4)
        wanted, received = known(row.wanted), known(row.received)
        if wanted is not None and received is not None:
            canvas.line(axis.at(wanted), y, axis.at(received), y, "muted", line=1.2)
        if received is not None:
            canvas.circle(axis.at(received), y, 5, "customer")
        if wanted is not None:
            is_same = received is not None and abs(wanted - received) < 0.05
            canvas.diamond(axis.at(wanted), y, 8 if is_same else 6, "surface", stroke="customer", line=1.6)
            if is_same:
                canvas.circle(axis.at(wanted), y, 3, "customer")
    return canvas.finish(bottom)
