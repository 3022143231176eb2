"""One plain example of every chart, shared by the tests: figures and names as a diagnosis would give them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

import charts as c
from charts.theme import Theme

CLEAR, PROBABLE = "clear", "probable"


@dataclass(frozen=True)
class Sample:
    """A chart's function with data; `figures` must appear in the drawing as text."""

    name: str
    draw: Callable[..., str]
    data: Any
    figures: tuple[str, ...] = ()

    def __call__(self, theme: Theme, uid: str = "x") -> str:
        return self.draw(self.data, theme=theme, uid=uid)


def gap_map(
    word: Callable[[str], str] = str, *, hidden: bool = False, value: float | None = None
) -> c.GapMap:
    def gap(code: str, source: str, target: str, name: str, estimate: float, certainty: Any) -> c.GapEdge:
        size = None if hidden else estimate if value is None else value
        return c.GapEdge(
            code, source, target, word(name), size, "suppressed" if hidden else certainty,
            word("fewer than 5" if hidden else certainty), f"#{code}",
        )  # fmt: skip

    def node(code: str, label: str, mean: float, side: Any) -> c.StateNode:
        return c.StateNode(
            code, word(label), None if hidden else mean, side, word("hidden") if hidden else ""
        )

    return c.GapMap(
        word("Gap map"),
        word("Where the relationship is lost"),
        (
            c.MapStage(word("Design"), word("do we know it?"), -0.49, "37 %"),
            c.MapStage(word("Implementation"), word("do we do it?"), -0.57),
            c.MapStage(word("Evaluation"), word("does it arrive?"), -0.26),
        ),
        (
            node("CE", "Customers expect", 5.95, "customer"),
            node("CR", "were promised", 5.21, "customer"),
            node("CP", "Customers get", 4.63, "customer"),
            node("ME", "Managers believe", 5.63, "company"),
            node("DS", "Standards say", 5.46, "company"),
            node("FD", "Staff deliver", 4.89, "company"),
            node("MP", "Managers think", 5.26, "company"),
            node("FE", "Staff believe", 5.73, "company"),
            node("PR", "Marketing promises", 5.99, "company"),
        ),
        (
            gap("E1", "CE", "CP", "relationship quality", -1.32, CLEAR),
            gap("D1", "CE", "ME", "understanding", -0.32, CLEAR),
            gap("D2", "ME", "DS", "translation", -0.17, PROBABLE),
            gap("D3", "CE", "FE", "front-line view", -0.22, "hint"),
            gap("I1", "DS", "FD", "delivery", -0.57, CLEAR),
            gap("E2", "CR", "CP", "promise", -0.58, "undecided"),
            gap("E3", "CP", "MP", "self-image", 0.63, CLEAR),
            gap("E4", "FD", "CP", "visibility", -0.26, "none"),
            gap("E9", "PR", "CP", "no place in the map", -0.99, CLEAR),
        ),
        c.Coverage("D4", word("profile fit"), None if hidden else 0.41, word("hidden")),
        c.Readiness(
            word("Readiness inside"),
            (
                c.PillarScore(word("Organisation"), 59),
                c.PillarScore(word("Technology"), None if hidden else 67),
                c.PillarScore(word("People"), 3, lowest=True),
            ),
            (
                c.ReadinessGap(
                    "I2", word("coherence"), 20, CLEAR, "clear", word("People"), 47, word("Tech"), 67
                ),
                c.ReadinessGap(
                    "I3", word("alignment"), 16, PROBABLE, "x", word("Front"), 48, word("Managers"), 64
                ),
                c.ReadinessGap("I4", word("system use"), None, "suppressed", word("hidden"), href="#I4"),
            ),
        ),
    )


def waterfall(word: Callable[[str], str] = str, *, value: float | None = -0.32) -> c.Waterfall:
    step = c.WaterfallStep
    return c.Waterfall(
        word("Waterfall"),
        word("From expectation to perception"),
        c.EndState(word("Customers expect"), 5.95, 5.85, 6.05, word("n = 214")),
        (
            step("D1", word("understanding"), value, CLEAR, -0.46, -0.18, word("clear"), "#D1"),
            step("D2", word("translation"), -0.17, PROBABLE, -0.31, -0.02, word("probable")),
            step("I1", word("delivery"), -0.57, "hint", -0.76, -0.38, word("hint")),
            step("E4", word("visibility"), -0.26, "undecided", None, None, word("undecided")),
        ),
        c.EndState(word("Customers get"), 4.63, note=word("n = 214")),
        (
            c.StageBand(word("Design"), word("−0.49 points"), 2),
            c.StageBand(word("Implementation"), "", 1),
            c.StageBand(word("Evaluation"), "", 1),
        ),
    )


def stair_states(word: Callable[[str], str] = str) -> tuple[c.StairState, ...]:
    return (
        c.StairState(word("expected"), 6.22, customer=True),
        c.StairState(word("believed by managers"), 5.43),
        c.StairState(word("laid down"), None),
        c.StairState(word("delivered"), 4.41),
        c.StairState(word("received"), 4.08, customer=True),
    )


def staircase(word: Callable[[str], str] = str) -> c.Staircase:
    steps = (
        c.StairStep(-0.79, CLEAR),
        c.StairStep(None, "suppressed"),
        c.StairStep(None, "not_measured"),
        c.StairStep(-0.33, PROBABLE),
    )
    return c.Staircase(word("Staircase"), word("One dimension"), stair_states(word), steps)


def dumbbells(word: Callable[[str], str] = str, n_rows: int = 3) -> c.Dumbbells:
    first = c.DumbbellRow(
        "",
        word("All"),
        5.95,
        4.63,
        4.5,
        4.76,
        5.46,
        4.1,
        -1.32,
        -1.46,
        -1.18,
        CLEAR,
        "clear",
        total=True,
        href="#E1",
    )
    hidden = c.DumbbellRow("R2", word("Attention"), None, None, hidden=word("fewer than 5"))
    rest = tuple(
        c.DumbbellRow(f"R{n}", word("Recovery"), 6.22, 6.4, None, None, 5.0, None, 0.18, 0.0, 0.36, "hint")
        for n in range(3, n_rows + 1)
    )
    return c.Dumbbells(
        word("Dimensions"), word("Expectation and perception"), (first, hidden, *rest), word("expect"),
        word("get"), word("standard"), word("Gap E1"), word("95 % interval"), word("scale 1–7"),
    )  # fmt: skip


def items(word: Callable[[str], str] = str) -> c.ItemDumbbells:
    rows = (
        c.ItemRow(word("Solving a problem quickly"), 6.3, 3.9, 3.7, 4.1, -2.4),
        c.ItemRow(word("Reporting a problem"), 5.0, 5.5, None, None, 0.5, PROBABLE),
        c.ItemRow(word("Making good a loss"), None, None, hidden=word("fewer than 10")),
        c.ItemRow(word("One side only"), None, 4.0, 3.9, 4.1, None, "not_measured"),
    )
    return c.ItemDumbbells(word("Items"), word("Three items"), rows)


def heat_grid(word: Callable[[str], str] = str, n_rows: int = 4) -> c.HeatGrid:
    cells = (
        c.HeatCell(-0.52, CLEAR, "#a"), c.HeatCell(0.09, "none"), c.HeatCell(-1.1, PROBABLE),
        c.HeatCell(None, "suppressed"), c.HeatCell(0.0, CLEAR),
    )  # fmt: skip
    columns = tuple(
        c.HeatColumn(code, word("understanding"), code == "E1") for code in ("D1", "D2", "I1", "E4", "E1")
    )
    rows = tuple(
        c.HeatRow(f"R{n}", word("Problem recovery"), cells, n == n_rows) for n in range(1, n_rows + 1)
    )
    return c.HeatGrid(word("Steps"), word("Dimension by step"), columns, rows)


def coherence(word: Callable[[str], str] = str) -> c.CoherenceMap:
    def row(code: str, *values: float | None) -> c.FactorRow:
        cells = tuple(c.LevelCell(v, v == 44, word("hidden") if v is None else "") for v in values)
        return c.FactorRow(code, word("Leadership"), cells, None if None in values else 16, CLEAR, "#f")

    group = c.FactorGroup(row("", 66, 50, 61), (row("O1", 74, 44, 38), row("O2", 55, 62, None)))
    return c.CoherenceMap(
        word("Coherence"), word("Readiness by factor"),
        tuple(c.AudienceColumn(word(name), word("n = 12")) for name in ("Managers", "Front line", "CRM team")),
        (group, group), word("I3 alignment"), word("managers − front line"),
    )  # fmt: skip


def pillars(word: Callable[[str], str] = str) -> c.Pillars:
    bars = (
        c.PillarBar(word("Managers"), 70, 64, 76),
        c.PillarBar(word("Front line"), 55, indicative=True),
        c.PillarBar(word("CRM team"), None, hidden=word("fewer than 5")),
    )
    both = (c.Pillar(word("Technology"), word("mean 67"), bars, "#RT"), c.Pillar(word("People"), "", bars))
    return c.Pillars(word("Pillars"), word("Three views"), both, 60, word("60: look for causes below"))


def effort_impact(word: Callable[[str], str] = str, n_actions: int = 12) -> c.EffortImpact:
    actions = tuple(
        c.MatrixAction(f"A{n}", n % 3 if n < 9 else 0, 2, "DIE"[n % 3], word("Listen first"), n == 4, "#a")  # type: ignore[arg-type]
        for n in range(1, n_actions + 1)
    )
    levels = (word("Low"), word("Medium"), word("High"))
    return c.EffortImpact(
        word("Matrix"),
        word("Effort and impact"),
        actions,
        levels,
        word("Effort"),
        word("Impact"),
        word("Start here"),
    )


def timeline(word: Callable[[str], str] = str) -> c.Timeline:
    bars = (
        c.TimelineBar(
            "A1", word("Managers listen first"), word("CEO"), date(2026, 12, 1), date(2027, 1, 31), "D"
        ),
        c.TimelineBar(
            "A2", word("Settle problems"), "", date(2027, 1, 5), None, "I", progress=0.4, note=word("31 Mar")
        ),
        c.TimelineBar(
            "A3", word("No dates"), "", None, None, "E", filled=False, late=True, note=word("late")
        ),
        c.TimelineBar(
            "A4",
            word("Due only"),
            "",
            None,
            date(2027, 3, 30),
            "E",
            filled=False,
            late=True,
            note=word("late"),
        ),
    )
    months = tuple(
        c.TimelineMonth(date(2026 + (m > 12), (m - 1) % 12 + 1, 1), word("Dec"), "2026" if m == 12 else "")
        for m in range(12, 16)
    )
    markers = (
        c.TimelineMarker(date(2027, 2, 1), word("pulse")),
        c.TimelineMarker(date(2027, 3, 1), word("wave 2"), date(2027, 3, 14)),
    )
    return c.Timeline(
        word("Timeline"), word("Four actions"), date(2026, 12, 1), date(2027, 3, 31), months,
        (c.TimelineGroup(word("Design"), bars), c.TimelineGroup(word("Evaluation"), ())), markers,
    )  # fmt: skip


def funnel(word: Callable[[str], str] = str) -> c.Funnel:
    def row(name: str, *counts: int | None) -> c.FunnelRow:
        labels = ("invited", "accepted", "started", "finished")
        stages = tuple(c.FunnelStage(word(label), n) for label, n in zip(labels, counts, strict=True))
        return c.FunnelRow(word(name), stages, 150, word("enough"), "#f")

    rows = (
        row("Customers", 1240, 1221, 238, 187),
        row("CRM team", 5, 5, None, None),
        row("Nobody", 0, 0, 0, 0),
    )
    return c.Funnel(word("Funnel"), word("Invited to finished"), rows)


def response(word: Callable[[str], str] = str) -> c.ResponseBars:
    rows = (
        c.ResponseRow(word("Customers"), 0.15, 0.13, 0.17, word("187 of 1 221"), 0.2),
        c.ResponseRow(word("CRM team"), None, hidden=word("fewer than 5")),
    )
    return c.ResponseBars(word("Response"), word("Rates"), rows)


def priority_map(word: Callable[[str], str] = str) -> c.PriorityMap:
    point = c.PriorityPoint
    points = (
        point(
            "R6",
            word("Problem recovery"),
            0.155,
            -2.14,
            0.138,
            0.172,
            -2.33,
            -1.95,
            first=True,
            note=word("priority 33"),
            href="#R6",
        ),
        point(
            "R3",
            word("Kept promises"),
            0.17,
            -1.54,
            0.153,
            0.187,
            -1.73,
            -1.35,
            first=True,
            note=word("priority 26"),
        ),
        point("R8", word("Channel continuity"), 0.115, -1.94, 0.098, 0.132, -2.13, -1.75, first=True),
        point("R4", word("Confidence"), 0.135, -0.79, 0.118, 0.152, -0.98, -0.6),
        point("R9", word("Ease and rhythm"), 0.13, -0.87, 0.113, 0.147, -1.06, -0.68),
        point("R2", word("Individual attention"), 0.085, -1.37),
        point("R7", word("Data and permission"), 0.075, -1.3, 0.058, 0.092, -1.49, -1.11),
        point("R1", word("Communication"), 0.09, -1.09),
        point("R5", word("Recognition"), None, -0.84),
    )
    quadrants = (word("Repair first"), word("Keep up"), word("Watch"), word("Enough"))
    return c.PriorityMap(
        word("Priorities"), word("Importance by gap"), points, quadrants, word("gap E1, points"),
        word("importance"), -1.32, 0.11, word("mean gap −1.32"), word("equal weight, 11 %"),
    )  # fmt: skip


def profiles(word: Callable[[str], str] = str) -> c.Profiles:
    cells = (
        c.ProfileCell(5.8, 5.6, 6.0, 5.5, 4.4),
        c.ProfileCell(6.7, 6.5, 6.9, 6.0),
        c.ProfileCell(4.6, 4.4, 4.8, 5.1),
        c.ProfileCell(None),
    )
    panels = (
        c.ProfilePanel(
            word("Reliables"), 0.38, word("Agreements, recovery, little contact"), word("n = 81"), cells
        ),
        c.ProfilePanel(
            word("Partners"),
            0.19,
            word("High on everything"),
            word("n = 26"),
            cells,
            indicative=True,
            href="#p",
        ),
        c.ProfilePanel(word("Others"), None, "", "", (), hidden=word("fewer than 10")),
    )
    names = tuple(word(name) for name in ("R1 Communication", "R3 Promises", "R5 Recognition", "R9 Ease"))
    return c.Profiles(
        word("Profiles"), word("Expectation by profile"), names, panels, word("customers expect"), word("standard"),
        word("get"),
    )  # fmt: skip


def own(word: Callable[[str], str]) -> c.OwnProfile:
    rows = (
        c.OwnRow(word("Kept promises"), 6.7, 5.3),
        c.OwnRow(word("Confidence"), 6.0, 6.0),
        c.OwnRow(word("Communication"), None, 4.5),
        c.OwnRow(word("Individual attention"), 4.0, None),
    )
    return c.OwnProfile(word("Your own profile"), word("The table holds the same."), rows)


def all_samples(word: Callable[[str], str] = str) -> list[Sample]:
    """Every chart once; `word` replaces each label, for example by a very long one."""
    cover = c.CoverStaircase(word("Cover"), stair_states(word))
    return [
        Sample("gap_map", c.gap_map, gap_map(word), ("−1.32", "+0.63", "5.95", "41\u00a0%", "+20")),
        Sample(
            "waterfall", c.waterfall, waterfall(word), ("−0.32", "−0.17", "−0.57", "−0.26", "5.95", "4.63")
        ),
        Sample("staircase", c.staircase, staircase(word), ("6.22", "−0.79", "−0.33", "4.08")),
        Sample("cover_staircase", c.cover_staircase, cover, ("−0.79", "−0.33")),
        Sample("dumbbells", c.dumbbells, dumbbells(word), ("−1.32", "[−1.46; −1.18]", "+0.18")),
        Sample("item_dumbbells", c.item_dumbbells, items(word), ("−2.40", "6.3", "3.9", "+0.50")),
        Sample("heat_grid", c.heat_grid, heat_grid(word), ("−0.52", "(+0.09)", "−1.10", "±0.00")),
        Sample("coherence_map", c.coherence_map, coherence(word), ("74", "44*", "38", "+16")),
        Sample("pillars", c.pillars, pillars(word), ("70", "55*")),
        Sample("priority_map", c.priority_map, priority_map(word), ("−1.5", "15\u00a0%")),
        Sample("profiles", c.profiles, profiles(word), ("38\u00a0%",)),
        Sample("effort_impact", c.effort_impact, effort_impact(word), ("A1", "A12")),
        Sample("timeline", c.timeline, timeline(word), ("A1", "A4", "2026")),
        Sample("own_profile", c.own_profile, own(word), ("1", "7")),
        Sample("funnel", c.funnel, funnel(word), ("1\u202f240", "187", "15\u00a0%")),
        Sample("response_bars", c.response_bars, response(word), ("15\u00a0%",)),
    ]
