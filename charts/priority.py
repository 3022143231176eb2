"""Where to act first: dimensions by importance and gap, each with the cross of its two intervals."""

from dataclasses import dataclass

from charts.canvas import Canvas
from charts.marks import Axis, cut_range, round_step, ticks
from charts.text import fit_text, text_width
from charts.theme import Role, Theme, known


@dataclass(frozen=True)
class PriorityPoint:
    """One dimension: importance as a share (0-1), gap in points; `first` marks those to repair first."""

    code: str
    name: str
    importance: float | None
    gap: float | None
    importance_low: float | None = None
    importance_high: float | None = None
    gap_low: float | None = None
    gap_high: float | None = None
    first: bool = False
    note: str = ""
    href: str | None = None


@dataclass(frozen=True)
class PriorityMap:
    """Quadrant words: upper left, upper right, lower left, lower right. Cuts are dashed lines."""

    title: str
    desc: str
    points: tuple[PriorityPoint, ...]
    quadrants: tuple[str, str, str, str]
    x_label: str
    y_label: str
    gap_cut: float | None = None
    importance_cut: float | None = None
    gap_cut_label: str = ""
    importance_cut_label: str = ""


Box = tuple[float, float, float, float]


def priority_map(
    data: PriorityMap, *, theme: Theme, uid: str, width: float = 482, height: float = 392
) -> str:
    """Importance upwards, shortfall to the left; points without both values are left out."""
    canvas = Canvas(theme, uid=uid, kind="priority", width=width, title=data.title, desc=data.desc)
    points = [
        (point, gap, importance)
        for point in data.points
        if (gap := known(point.gap)) is not None and (importance := known(point.importance)) is not None
    ]
    x, y = _axes(data, points, width, height)
    x_cut, y_cut = known(data.gap_cut), known(data.importance_cut)
    _draw_ground(canvas, data, x, y)
    _draw_scales(canvas, data, x, y)
    for point, gap, importance in points:
        _draw_cross(canvas, point, x.at(gap), y.at(importance), x, y)
    taken: list[Box] = [(x.at(g) - 5, y.at(i) - 5, x.at(g) + 5, y.at(i) + 5) for _, g, i in points]
    taken += [(x.at(x_cut) - 1, y.end, x.at(x_cut) + 1, y.start)] if x_cut is not None else []
    taken += [(x.start, y.at(y_cut) - 1, x.end, y.at(y_cut) + 1)] if y_cut is not None else []
    taken += [
        (x.start, y.end, x.start + 90, y.end + 16),
        (x.end - 90, y.end, x.end, y.end + 16),
        (x.start, y.start - 16, x.start + 90, y.start),
        (x.end - 90, y.start - 16, x.end, y.start),
    ]
    crosses = [box for point, g, i in points for box in _cross_boxes(point, x.at(g), y.at(i), x, y)]
    for point, gap, importance in points:
        canvas.open_mark(
            f"{point.code} {point.name} {theme.signed(gap)}, {theme.percent(importance)} {point.note}".strip(),
            point.href,
        )
        px, py = x.at(gap), y.at(importance)
        fill: Role = "loss" if point.first else "surface"
        canvas.circle(px, py, 4.8, fill, stroke="loss" if point.first else "customer", line=1.6)
        _draw_label(canvas, point, px, py, taken, crosses, (x.start, y.end, x.end, y.start))
        canvas.close_mark(point.href)
    return canvas.finish(height)


def _axes(
    data: PriorityMap, points: list[tuple[PriorityPoint, float, float]], width: float, height: float
) -> tuple[Axis, Axis]:
    gaps: list[float | None] = [known(data.gap_cut), *(gap for _, gap, _ in points)]
    shares: list[float | None] = [known(data.importance_cut), *(share for _, _, share in points)]
    for point, _, _ in points:
        gaps += [known(point.gap_low), known(point.gap_high)]
        shares += [known(point.importance_low), known(point.importance_high)]
    low, high = cut_range([v for v in gaps if v is not None], low=-2.0, high=0.5, step=0.5)
    bottom, top = cut_range([v for v in shares if v is not None], low=0.0, high=0.2, step=0.05)
    return Axis(low, high, 36, width - 8), Axis(max(0.0, bottom), top, height - 34, 20)


def _draw_ground(canvas: Canvas, data: PriorityMap, x: Axis, y: Axis) -> None:
    """The four fields; the upper ones are tinted, the words stand in the corners."""
    x_cut, y_cut = known(data.gap_cut), known(data.importance_cut)
    if x_cut is not None and y_cut is not None:
        cx, cy = x.at(x_cut), y.at(y_cut)
        canvas.rect(x.start, y.end, cx - x.start, cy - y.end, "loss-ground")
        canvas.rect(cx, y.end, x.end - cx, cy - y.end, "accent-soft")
    room = (x.end - x.start) / 2 - 16
    upper_left, upper_right, lower_left, lower_right = data.quadrants
    for text, px, py, anchor in (
        (upper_left, x.start + 8, y.end + 13, "start"),
        (upper_right, x.end - 8, y.end + 13, "end"),
        (lower_left, x.start + 8, y.start - 8, "start"),
        (lower_right, x.end - 8, y.start - 8, "end"),
    ):
        canvas.text(px, py, text, 8.8, "muted", bold=True, anchor=anchor, room=room)
    if x_cut is not None:
        canvas.line(x.at(x_cut), y.end, x.at(x_cut), y.start, "text", line=0.7, dash="3 2")
    if y_cut is not None:
        canvas.line(x.start, y.at(y_cut), x.end, y.at(y_cut), "text", line=0.7, dash="3 2")


def _draw_scales(canvas: Canvas, data: PriorityMap, x: Axis, y: Axis) -> None:
    theme = canvas.theme
    canvas.line(x.start, y.start, x.end, y.start, "text", line=0.7)
    step = round_step(x.high - x.low, 5)
    for tick in ticks(x.low, x.high, step):
        canvas.line(x.at(tick), y.start, x.at(tick), y.start + 3, "text", line=0.7)
        at = min(x.at(tick), canvas.width - 10)
        canvas.text(at, y.start + 11, theme.signed(tick, 1), 6.8, "muted", anchor="middle")
    share_step = max(0.01, round_step(y.high - y.low, 4))
    for tick in ticks(y.low, y.high, share_step):
        canvas.text(x.start - 5, y.at(tick) + 2.3, theme.percent(tick), 6.8, "muted", anchor="end")
    room = x.end - x.start
    canvas.text(x.start, 9, fit_text(f"↑ {data.y_label}", room * 0.6, 7), 7, "text")
    canvas.text(x.end, y.start + 23, fit_text(f"{data.x_label} →", room * 0.7, 7), 7, "text", anchor="end")
    x_cut, y_cut = known(data.gap_cut), known(data.importance_cut)
    if x_cut is not None:
        label = fit_text(data.gap_cut_label, room * 0.3, 6.6)
        half = text_width(label, 6.6) / 2
        at = min(max(x.at(x_cut), x.start + half), x.end - half)
        canvas.text(max(at, x.start + room * 0.6 + half), 9, label, 6.6, "muted", anchor="middle")
    if y_cut is not None:
        label = fit_text(data.importance_cut_label, room * 0.3, 6.6)
        canvas.text(x.end - 2, y.at(y_cut) + 8.5, label, 6.6, "muted", anchor="end")


def _draw_cross(canvas: Canvas, point: PriorityPoint, px: float, py: float, x: Axis, y: Axis) -> None:
    role: Role = "loss" if point.first else "company"
    for x1, y1, x2, y2 in _cross_boxes(point, px, py, x, y):
        canvas.line(x1, y1, x2, y2, role, line=0.8)


def _cross_boxes(point: PriorityPoint, px: float, py: float, x: Axis, y: Axis) -> list[Box]:
    """The intervals of one point as boxes without thickness."""
    boxes: list[Box] = []
    low, high = known(point.gap_low), known(point.gap_high)
    if low is not None and high is not None:
        boxes.append((x.at(low), py, x.at(high), py))
    low, high = known(point.importance_low), known(point.importance_high)
    if low is not None and high is not None:
        boxes.append((px, y.at(high), px, y.at(low)))
    return boxes


def _draw_label(
    canvas: Canvas,
    point: PriorityPoint,
    px: float,
    py: float,
    taken: list[Box],
    crosses: list[Box],
    frame: Box,
) -> None:
    """The name in the first free corner, if possible off all intervals; without room the code only."""
    name = fit_text(f"{point.code} {point.name}".strip(), 150, 7.6, bold=point.first)
    note = fit_text(point.note, 150, 6.8)
    for title, under, blocked in (
        (name, note, [*taken, *crosses]),
        (name, note, taken),
        (name, "", taken),
        (point.code, "", taken),
    ):
        width = max(text_width(title, 7.6, bold=point.first), text_width(under, 6.8))
        height = 17.0 if under else 9.0
        for dx, dy in ((7, -4 - height), (-7 - width, -4 - height), (7, 5), (-7 - width, 5)):
            box = (px + dx, py + dy, px + dx + width, py + dy + height)
            inside = box[0] >= frame[0] and box[1] >= frame[1] and box[2] <= frame[2] and box[3] <= frame[3]
            if inside and not any(_overlap(box, other) for other in blocked):
                taken.append(box)
                canvas.text(box[0], box[1] + 7.4, title, 7.6, "ink", bold=point.first)
                canvas.text(box[0], box[1] + 15.6, under, 6.8, "loss" if point.first else "muted")
                return


def _overlap(a: Box, b: Box) -> bool:
    return a[0] < b[2] and b[0] < a[2] and a[1] < b[3] and b[1] < a[3]
