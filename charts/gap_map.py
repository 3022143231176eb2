"""The gap map: states as nodes in three stage columns, gaps as edges between them.

Edge width is size, colour direction, dash certainty; the head points to the later state. Each known state has
one place in the map; a state without a place (PR, CA) is left out, and so is an edge that needs it.
"""

from dataclasses import dataclass
from typing import Literal

from charts.canvas import Canvas, num
from charts.marks import DASHES, HIDDEN, Axis, Certainty, direction, draw_arrow
from charts.text import text_width, wrap_text
from charts.theme import Role, Theme, known


@dataclass(frozen=True)
class MapStage:
    """One column: its name, a question under it, and what the stage loses of the whole."""

    title: str
    subtitle: str = ""
    value: float | None = None
    note: str = ""


@dataclass(frozen=True)
class StateNode:
    """One state: code such as "CE", who says what, the mean; `hidden` is the word for a suppressed mean."""

    code: str
    label: str
    value: float | None
    side: Literal["customer", "company"]
    hidden: str = ""


@dataclass(frozen=True)
class GapEdge:
    """One gap between two states. `word` is its certainty, or the reason it is not shown."""

    code: str
    source: str
    target: str
    name: str
    value: float | None
    certainty: Certainty
    word: str
    href: str | None = None


@dataclass(frozen=True)
class Coverage:
    """D4: share (0-1) of customers whom the standard fits; drawn from the expectation to the standard."""

    code: str
    name: str
    share: float | None
    word: str = ""
    source: str = "CE"
    target: str = "DS"
    href: str | None = None


@dataclass(frozen=True)
class PillarScore:
    """Readiness of one pillar, 0-100."""

    name: str
    value: float | None
    lowest: bool = False


@dataclass(frozen=True)
class ReadinessGap:
    """I2, I3 or I4: points between two views of readiness, each 0-100."""

    code: str
    name: str
    value: float | None
    certainty: Certainty
    word: str
    low_label: str = ""
    low: float | None = None
    high_label: str = ""
    high: float | None = None
    href: str | None = None


@dataclass(frozen=True)
class Readiness:
    title: str
    pillars: tuple[PillarScore, ...] = ()
    gaps: tuple[ReadinessGap, ...] = ()


@dataclass(frozen=True)
class GapMap:
    title: str
    desc: str
    stages: tuple[MapStage, MapStage, MapStage]
    nodes: tuple[StateNode, ...]
    edges: tuple[GapEdge, ...]
    coverage: Coverage | None = None
    readiness: Readiness | None = None


WIDTH = 482.0
_COLUMNS = ((0.0, 200.0), (204.0, 130.0), (338.0, 144.0))
_UPPER, _MIDDLE = 118.0, 214.0
_PLACES = {
    "CE": (50.0, _UPPER),
    "CR": (297.0, _UPPER),
    "CP": (434.0, _UPPER),
    "ME": (50.0, _MIDDLE),
    "DS": (160.0, _MIDDLE),
    "FD": (268.0, _MIDDLE),
    "MP": (434.0, _MIDDLE),
    "FE": (50.0, 340.0),
}
_HALF_WIDTH = 35.0
_LEAD = 8.6


@dataclass(frozen=True)
class _Label:
    """Where the words of an edge stand: x, first baseline, anchor, room; above = stacked upwards."""

    x: float
    y: float
    anchor: str
    room: float


def gap_map(data: GapMap, *, theme: Theme, uid: str) -> str:
    """The whole map, 482 units wide; shorter when neither the front line's belief nor readiness is given."""
    canvas = Canvas(theme, uid=uid, kind="gap-map", width=WIDTH, title=data.title, desc=data.desc)
    nodes = {node.code: node for node in data.nodes if node.code in _PLACES}
    half = _node_half(data.nodes)
    tall = "FE" in nodes or data.readiness is not None
    height = 380.0 if tall else _MIDDLE + half + 44
    for (x, width), stage in zip(_COLUMNS, data.stages, strict=True):
        _draw_stage(canvas, x, width, height, stage)
    if data.coverage and data.coverage.source in nodes and data.coverage.target in nodes:
        _draw_coverage(canvas, data.coverage, half)
    for edge in data.edges:
        if edge.source in nodes and edge.target in nodes:
            _draw_edge(canvas, edge, half)
    if data.readiness is not None:
        _draw_readiness(canvas, data.readiness, with_arrow="FD" in nodes, half=half)
    for node in nodes.values():
        _draw_node(canvas, node, half)
    return canvas.finish(height)


def _node_half(nodes: tuple[StateNode, ...]) -> float:
    lines = max((len(_node_lines(node)) for node in nodes), default=1)
    return 16.0 if lines < 2 else 20.0


def _node_lines(node: StateNode) -> tuple[str, ...]:
    room = 2 * _HALF_WIDTH - (14 if node.side == "customer" else 6)
    return wrap_text(node.label, room, 6.7, max_lines=2)


def _draw_stage(canvas: Canvas, x: float, width: float, height: float, stage: MapStage) -> None:
    canvas.rect(x, 0, width, height, "panel", stroke="panel-line", line=0.6, radius=4)
    taken = 0.0
    if known(stage.value) is not None:
        text = canvas.theme.signed(stage.value)
        taken = text_width(text, 8.8, bold=True) + 6
        canvas.text(x + width - 10, 16, text, 8.8, direction(stage.value), bold=True, anchor="end")
    note = text_width(stage.note, 6.8) + 6 if stage.note else 0
    canvas.text(x + 10, 16, stage.title, 8.8, "ink", bold=True, room=width - 20 - taken)
    canvas.text(x + 10, 27, stage.subtitle, 6.8, "muted", room=width - 20 - note)
    canvas.text(x + width - 10, 27, stage.note, 6.8, "muted", anchor="end", room=width - 20)


def _draw_node(canvas: Canvas, node: StateNode, half: float) -> None:
    x, y = _PLACES[node.code]
    customer = node.side == "customer"
    canvas.open_mark(f"{node.code} {node.label} {canvas.theme.number(node.value)} {node.hidden}".strip())
    canvas.rect(
        x - _HALF_WIDTH,
        y - half,
        2 * _HALF_WIDTH,
        2 * half,
        "surface",
        stroke="customer" if customer else "company",
        line=1.3 if customer else 0.8,
        radius=half if customer else 3,
    )
    lines = _node_lines(node)
    top = y - half + 14.5 + (half - 16 - 4 * (len(lines) - 1))
    code = text_width(node.code, 6.7) + 4
    if known(node.value) is None:
        canvas.text(x - code / 2 - 2, top, node.code, 6.7, "muted", anchor="middle")
        if node.hidden:
            canvas.lock(x + code / 2, top - 3, 7)
        else:
            canvas.text(x + code / 2, top, canvas.theme.number(None), 10.4, "muted", anchor="middle")
    else:
        text = canvas.theme.number(node.value)
        start = x - (code + text_width(text, 10.4, bold=True)) / 2
        canvas.text(start, top, node.code, 6.7, "muted")
        canvas.text(start + code, top, text, 10.4, "ink", bold=True)
    for index, line in enumerate(lines):
        canvas.text(x, top + 10 + index * 8, line, 6.7, "text", anchor="middle")
    canvas.close_mark()


def edge_width(value: float) -> float:
    """Line width of a gap in points: a third of a point is just heavier than a hairline, two points the cap."""
    return 1.2 + min(abs(value), 2.0) * 4.3


def _draw_edge(canvas: Canvas, edge: GapEdge, half: float) -> None:
    theme = canvas.theme
    hidden = edge.certainty in HIDDEN or known(edge.value) is None
    role: Role = "rule" if hidden else direction(edge.value, edge.certainty)
    width = 1.0 if hidden else edge_width(edge.value or 0.0)
    if not hidden and edge.certainty in {"undecided", "none"}:
        width = min(width, 2.0)
    value = "" if hidden else theme.signed(edge.value)
    canvas.open_mark(" ".join(filter(None, (edge.code, edge.name, value, edge.word))), edge.href)
    wide = edge.source == "CE" and edge.target == "CP"
    label = _route(canvas, edge, half, role, width)
    if wide:
        _draw_line_label(canvas, edge, label, value, role)
    else:
        _draw_block_label(canvas, edge, label, value, role)
    canvas.close_mark(edge.href)


def _route(canvas: Canvas, edge: GapEdge, half: float, role: Role, width: float) -> _Label:
    """Draws the line of an edge and answers where its words stand."""
    dash = DASHES[edge.certainty]
    (x1, y1), (x2, y2) = _PLACES[edge.source], _PLACES[edge.target]
    low, high = min(x1, x2), max(x1, x2)
    if {edge.source, edge.target} == {"CE", "CP"}:
        road, drop = 62.0, 18.0
        d = f"M{num(x1)} {num(y1 - half)}C{num(x1)} {num(road + 6)} {num(x1 + drop)} {num(road)}"
        d += f" {num(x1 + 2.6 * drop)} {num(road)}L{num(x2 - 2.6 * drop)} {num(road)}"
        d += f"C{num(x2 - drop)} {num(road)} {num(x2)} {num(road + 6)} {num(x2)} {num(y2 - half - 8)}"
        canvas.path(d, None, stroke=role, line=width, dash=dash)
        tip = 2.4 + width * 0.75
        canvas.polygon((x2, y2 - half - 1), (x2 - tip, y2 - half - 9), (x2 + tip, y2 - half - 9), fill=role)
        return _Label((x1 + x2) / 2, road - width / 2 - 5, "middle", 320)
    if {edge.source, edge.target} == {"CE", "FE"}:
        left, edge_x = 8.0, x1 - _HALF_WIDTH
        d = f"M{num(edge_x + 3)} {num(y1 + half - 6)}Q{num(left)} {num(y1 + half)} {num(left)}"
        d += f" {num(y1 + half + 16)}V{num(y2 - 8)}Q{num(left)} {num(y2)} {num(edge_x - 5)} {num(y2)}"
        canvas.path(d, None, stroke=role, line=width, dash=dash)
        draw_arrow(canvas, [(edge_x - 5.5, y2), (edge_x, y2)], role, line=min(width, 3))
        return _Label(18, _MIDDLE + half + 42, "start", 92)
    if y1 == y2:
        step = 1 if x2 > x1 else -1
        draw_arrow(
            canvas,
            [(x1 + step * (_HALF_WIDTH + 1), y1), (x2 - step * (_HALF_WIDTH + 1), y2)],
            role,
            line=width,
            dash=dash,
        )
        middle = (low + high) / 2
        if y1 == _UPPER:
            return _Label(middle, y1 - width / 2 - 5 - 2 * _LEAD, "middle", high - low - 2 * _HALF_WIDTH + 16)
        return _Label(middle, y1 + half + 10, "middle", min(104.0, high - low - 6))
    down = 1 if y2 > y1 else -1
    if x1 == x2:
        draw_arrow(
            canvas, [(x1, y1 + down * (half + 1)), (x2, y2 - down * (half + 1))], role, line=width, dash=dash
        )
        middle = (y1 + y2) / 2
        if x1 > WIDTH / 2:
            return _Label(x1 - width / 2 - 5, middle - 3, "end", 60)
        return _Label(x1 + width / 2 + 5, middle - 6, "start", 88)
    start = (x1 + (22 if x2 > x1 else -22), y1 + down * (half + 1))
    end = (x2 - (26 if x2 > x1 else -26), y2 - down * (half + 1))
    draw_arrow(canvas, [start, end], role, line=width, dash=dash)
    return _Label((start[0] + end[0]) / 2 - 17, (start[1] + end[1]) / 2 - 18.5, "end", 118)


def _draw_block_label(canvas: Canvas, edge: GapEdge, at: _Label, value: str, role: Role) -> None:
    """Code and value, under them the name, under it the certainty."""
    _draw_code_value(canvas, at, edge.code, value, "muted" if role == "rule" else role, edge.certainty)
    canvas.text(at.x, at.y + _LEAD, edge.name, 6.6, "text", anchor=at.anchor, room=at.room)
    canvas.text(at.x, at.y + 2 * _LEAD, edge.word, 6.6, "muted", anchor=at.anchor, room=at.room)


def _draw_code_value(
    canvas: Canvas, at: _Label, code: str, value: str, role: Role, certainty: Certainty
) -> None:
    code_width = text_width(code, 7.6) + 3
    value_width = text_width(value, 7.8, bold=True) if value else 7.0
    start = {"start": at.x, "middle": at.x - (code_width + value_width) / 2}.get(
        at.anchor, at.x - code_width - value_width
    )
    canvas.text(start, at.y, code, 7.6, "muted")
    if value:
        canvas.text(start + code_width, at.y, value, 7.8, role, bold=certainty in {"clear", "probable"})
    elif certainty == "suppressed":
        canvas.lock(start + code_width + 3, at.y - 2.8, 6)
    else:
        canvas.text(start + code_width, at.y, canvas.theme.number(None), 7.8, "muted")


def _draw_line_label(canvas: Canvas, edge: GapEdge, at: _Label, value: str, role: Role) -> None:
    """The long road's words on one line: code, value, name and certainty."""
    words = " · ".join(filter(None, (edge.name, edge.word)))
    value_width = text_width(value, 9.4, bold=True) if value else 9.0
    parts = text_width(edge.code, 9.0) + 4 + value_width + 6
    rest = min(at.room - parts, text_width(words, 7.2))
    start = at.x - (parts + rest) / 2
    canvas.text(start, at.y, edge.code, 9.0, "muted")
    start += text_width(edge.code, 9.0) + 4
    if value:
        canvas.text(start, at.y, value, 9.4, role, bold=edge.certainty in {"clear", "probable"})
    elif edge.certainty == "suppressed":
        canvas.lock(start + 4, at.y - 3, 7)
    else:
        canvas.text(start, at.y, canvas.theme.number(None), 9.4, "muted")
    canvas.text(start + value_width + 6, at.y, words, 7.2, "text", room=rest + 0.5)


def _draw_coverage(canvas: Canvas, data: Coverage, half: float) -> None:
    """D4 as a dotted elbow with a small bar: a share, not a difference, so it has no direction."""
    (x1, y1), (x2, y2) = _PLACES[data.source], _PLACES[data.target]
    share = known(data.share)
    value = canvas.theme.percent(share) if share is not None else ""
    canvas.open_mark(" ".join(filter(None, (data.code, data.name, value, data.word))), data.href)
    role: Role = "company" if share is not None else "rule"
    d = f"M{num(x1 + _HALF_WIDTH + 1)} {num(y1)}H{num(x2 - 16)}Q{num(x2)} {num(y1)} {num(x2)} {num(y1 + 16)}"
    canvas.path(f"{d}V{num(y2 - half - 1)}", None, stroke=role, line=1.2, dash="1.5 2.5")
    at = _Label(x2 - 7, y1 + 12, "end", 88)
    certainty: Certainty = "clear" if share is not None else "suppressed"
    _draw_code_value(canvas, at, data.code, value, "ink", certainty)
    canvas.text(at.x, at.y + _LEAD, data.name, 6.6, "text", anchor="end", room=at.room)
    if share is None:
        canvas.text(at.x, at.y + 2 * _LEAD, data.word, 6.6, "muted", anchor="end", room=at.room)
    else:
        canvas.rect(at.x - 46, at.y + _LEAD + 4, 46, 3, "track")
        canvas.rect(at.x - 46, at.y + _LEAD + 4, 46 * min(1.0, max(0.0, share)), 3, "company")
    canvas.close_mark(data.href)


def _draw_readiness(canvas: Canvas, data: Readiness, *, with_arrow: bool, half: float) -> None:
    """The box below the delivery node: pillars on the left, the gaps I2 to I4 on the right."""
    left, top, width, height = 118.0, 282.0, 354.0, 88.0
    fd_x, fd_y = _PLACES["FD"]
    if with_arrow:
        draw_arrow(canvas, [(fd_x, top), (fd_x, fd_y + half + 1)], "company", line=1.1)
    canvas.rect(left, top, width, height, "surface", stroke="rule", line=0.6, radius=3)
    canvas.text(left + 10, top + 14, data.title, 7.8, "ink", bold=True, room=140)
    axis = Axis(0, 100, left + 72, left + 152)
    for index, pillar in enumerate(data.pillars[:3]):
        y = top + 30 + index * 20
        canvas.text(left + 10, y + 2.6, pillar.name, 7.2, "text", room=58)
        canvas.rect(axis.start, y - 4, axis.end - axis.start, 8, "track")
        score = known(pillar.value)
        if score is None:
            canvas.lock(axis.start + 6, y, 6)
            continue
        end = axis.at(score)
        canvas.rect(axis.start, y - 4, end - axis.start, 8, "loss" if pillar.lowest else "company")
        inside = end - axis.start > 16
        canvas.text(
            end - 3 if inside else end + 3,
            y + 2.6,
            canvas.theme.number(score, 0),
            7.2,
            "surface" if inside else "ink",
            bold=True,
            anchor="end" if inside else "start",
        )
    for index, gap in enumerate(data.gaps[:3]):
        _draw_readiness_gap(canvas, gap, left + 168, top + 14 + index * 26, left + width - 8)


def _draw_readiness_gap(canvas: Canvas, gap: ReadinessGap, x: float, y: float, right: float) -> None:
    hidden = gap.certainty in HIDDEN or known(gap.value) is None
    role: Role = "muted" if hidden else direction(gap.value, gap.certainty)
    value = "" if hidden else canvas.theme.signed(gap.value, 0)
    canvas.open_mark(" ".join(filter(None, (gap.code, gap.name, value, gap.word))), gap.href)
    at = _Label(x, y, "start", 60)
    _draw_code_value(canvas, at, gap.code, value, role, gap.certainty)
    words = " · ".join(filter(None, (gap.name, gap.word)))
    canvas.text(x + 38, y, words, 6.6, "muted", room=right - x - 38)
    low, high = known(gap.low), known(gap.high)
    rail = y + 10.5
    room = 58.0
    axis = Axis(0, 100, x + room + 4, right - room - 4)
    canvas.line(axis.start, rail, axis.end, rail, "track", line=3)
    if low is not None and high is not None and not hidden:
        a, b = axis.at(min(low, high)), axis.at(max(low, high))
        canvas.line(a, rail, b, rail, soft_line(role), line=3)
        for end in (a, b):
            canvas.circle(end, rail, 2.2, "surface", stroke="company", line=1.1)
        canvas.text(
            axis.start - 5, rail + 2.3, f"{gap.low_label} {canvas.theme.number(gap.low, 0)}".strip(), 6.6,
            "text", anchor="end", room=room,
        )  # fmt: skip
        canvas.text(
            axis.end + 5, rail + 2.3, f"{gap.high_label} {canvas.theme.number(gap.high, 0)}".strip(), 6.6,
            "text", room=room,
        )  # fmt: skip
    canvas.close_mark(gap.href)


def soft_line(role: Role) -> Role:
    """The band between two readings: full colour where there is a direction, grey where not."""
    return role if role in {"loss", "surplus"} else "nil-soft"
