"""From a stored result to charts: the same figures for the portal and for documents.

Every function takes the result as stored (see result.py), the instrument it was asked with, a theme and a unique id,
and returns SVG. Suppressed and unmeasured values arrive as None with their word, never as a number.
"""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

from charts.dumbbells import DumbbellRow, Dumbbells, ItemDumbbells, ItemRow, dumbbells, item_dumbbells
from charts.gap_map import (
    Coverage,
    GapEdge,
    GapMap,
    MapStage,
    PillarScore,
    Readiness,
    ReadinessGap,
    StateNode,
    gap_map,
)
from charts.heat import (
    AudienceColumn,
    CoherenceMap,
    FactorGroup,
    FactorRow,
    HeatCell,
    HeatColumn,
    HeatGrid,
    HeatRow,
    LevelCell,
    coherence_map,
    heat_grid,
)
from charts.steps import (
    CoverStaircase,
    EndState,
    StageBand,
    Staircase,
    StairState,
    StairStep,
    Waterfall,
    WaterfallStep,
    cover_staircase,
    staircase,
    waterfall,
)
from charts.theme import Theme
from diagnosis.words import AUDIENCES, CERTAINTY, STAGE_SUBTITLES, STAGES
from surveys.instruments import Instrument

Result = Mapping[str, Any]
Link = Callable[[str], str | None]
CellLink = Callable[[str, str | None], str | None]
DOCUMENT_WIDTH = 482.0
"""Width of the text column of documents in points; a narrower drawing has larger letters in the same space."""


def no_link(_code: str) -> str | None:
    """Marks without links, for documents."""
    return None


def no_cell_link(_code: str, _dimension: str | None) -> str | None:
    """Cells without links, for documents."""
    return None


def gaps_by_code(result: Result) -> dict[str, Any]:
    """Return the result's gaps by their code."""
    return {gap["code"]: gap for gap in result["gaps"]}


def state_mean(result: Result, state: str, dimension: str | None = None) -> Mapping[str, Any]:
    """Return the mean of a state, overall or on a dimension; an empty mapping when it was not asked."""
    found = result["states"].get(state)
    if found is None:
        return {}
    mean: Mapping[str, Any] = (
        found["overall"] if dimension is None else found["dimensions"].get(dimension, {})
    )
    return mean


def _word(gap: Mapping[str, Any]) -> str:
    return str(CERTAINTY[gap["certainty"]])


def _hidden_word(mean: Mapping[str, Any]) -> str:
    if mean.get("mean") is not None:
        return ""
    return str(CERTAINTY["suppressed"] if mean.get("suppressed") else CERTAINTY["not_measured"])


def gap_map_figure(
    result: Result,
    instrument: Instrument,
    *,
    theme: Theme,
    uid: str,
    link: Link = no_link,
    brief: bool = False,
) -> str:
    """Draw the gap map: states as nodes in three stages, gaps as edges; `brief` leaves readiness and fit out."""
    gaps = gaps_by_code(result)
    steps = result["waterfall"]["overall"]["steps"] if result.get("waterfall") else []
    lost = {stage: sum(s["estimate"] or 0 for s in steps if s["stage"] == stage) for stage in STAGES}
    total = gaps.get(instrument.waterfall.total, {}).get("overall", {}).get("estimate")
    note = _("of %(total)s") % {"total": theme.signed(total)} if total is not None else ""
    stages = tuple(
        MapStage(
            str(STAGES[code]),
            str(STAGE_SUBTITLES[code]),
            lost[code] if steps else None,
            note if steps else "",
        )
        for code in STAGES
    )
    wanted = {
        side for gap in instrument.gaps if gap.kind == "difference" for side in (gap.later, gap.earlier)
    }
    if brief:
        wanted -= _front_line_views(instrument)
    nodes = tuple(
        StateNode(
            state.code, state.short or state.label, state_mean(result, state.code).get("mean"), state.side,
            _hidden_word(mean) if (mean := state_mean(result, state.code)).get("suppressed") else "",
        )
        for state in instrument.states
        if state.code in wanted and (not state.optional or state.code in result["states"])
    )  # fmt: skip
    shown = {node.code for node in nodes}
    edges = tuple(
        GapEdge(
            gap.code, gap.earlier, gap.later, gap.short or gap.name,
            gaps[gap.code]["overall"].get("estimate"), gaps[gap.code]["overall"]["certainty"],
            _word(gaps[gap.code]["overall"]), link(gap.code),
        )
        for gap in instrument.gaps
        if gap.kind == "difference" and gap.code in gaps and {gap.later, gap.earlier} <= shown
    )  # fmt: skip
    title = _("Gap map")
    desc = "; ".join(
        [f"{node.label} {theme.number(node.value)}" for node in nodes if node.value is not None]
        + [f"{edge.code} {theme.signed(edge.value)} {edge.word}" for edge in edges]
    )
    data = GapMap(
        title, desc, stages, nodes, edges,  # type: ignore[arg-type]  # exactly three stages
        None if brief else _coverage(result, instrument, link),
        None if brief else _readiness(result, instrument, link),
    )  # fmt: skip
    return gap_map(data, theme=theme, uid=uid)


def _front_line_views(instrument: Instrument) -> set[str]:
    """Return the front line's own views of expectations: states beside the main road of the map."""
    return {s.code for s in instrument.states if s.role == "expectation" and "front_line" in s.audiences}


def _coverage(result: Result, instrument: Instrument, link: Link) -> Coverage | None:
    coverage = result.get("coverage") or {}
    gap = next((gap for gap in instrument.gaps if gap.kind == "coverage"), None)
    if gap is None:
        return None
    share = coverage.get("share")
    word = "" if share is not None else str(CERTAINTY["not_measured"])
    return Coverage(gap.code, gap.short or gap.name, share, word, gap.earlier, gap.later, link(gap.code))


def _readiness(result: Result, instrument: Instrument, link: Link) -> Readiness | None:
    readiness = result.get("readiness") or {}
    pillars = readiness.get("pillars") or {}
    scores = {code: pillar.get("mean") for code, pillar in pillars.items()}
    known = {code: score for code, score in scores.items() if score is not None}
    if not known:
        return None
    names = {pillar.code: pillar.short or pillar.name for pillar in instrument.pillars}
    lowest = min(known, key=lambda code: known[code])
    marks = tuple(PillarScore(names[code], score, code == lowest) for code, score in scores.items())
    gaps = []
    for gap in instrument.gaps:
        found = gaps_by_code(result).get(gap.code)
        if gap.kind not in {"coherence", "alignment", "system_use"} or found is None:
            continue
        overall = found["overall"]
        gaps.append(
            ReadinessGap(
                gap.code, gap.short or gap.name, overall.get("estimate"), overall["certainty"], _word(overall),
                overall.get("label_earlier", ""), overall.get("mean_earlier"),
                overall.get("label_later", ""), overall.get("mean_later"), link(gap.code),
            )
        )  # fmt: skip
    return Readiness(_("Readiness, 0 to 100"), marks, tuple(gaps))


def waterfall_figure(
    result: Result,
    instrument: Instrument,
    *,
    theme: Theme,
    uid: str,
    link: Link = no_link,
    width: float = DOCUMENT_WIDTH,
) -> str:
    """Draw the steps from expectation to perception, with the interval of each step."""
    plan = instrument.waterfall
    overall = result["waterfall"]["overall"]
    gaps = gaps_by_code(result)
    names = {gap.code: gap for gap in instrument.gaps}
    labels = {state.code: state.short or state.label for state in instrument.states}
    steps = tuple(
        WaterfallStep(
            code, names[code].short or names[code].name, gaps[code]["overall"].get("estimate"),
            gaps[code]["overall"]["certainty"], gaps[code]["overall"].get("ci_low"),
            gaps[code]["overall"].get("ci_high"), _word(gaps[code]["overall"]), link(code),
        )
        for code in plan.steps
    )  # fmt: skip
    counts: dict[str, int] = {}
    for code in plan.steps:
        counts[names[code].stage] = counts.get(names[code].stage, 0) + 1
    sums = {
        stage: sum(
            s["estimate"] for s in overall["steps"] if s["stage"] == stage and s["estimate"] is not None
        )
        for stage in counts
    }
    bands = tuple(StageBand(str(STAGES[stage]), theme.signed(sums[stage]), n) for stage, n in counts.items())
    start, end = state_mean(result, plan.start), state_mean(result, plan.end)
    scale = result["scale"]
    desc = "; ".join(f"{step.code} {step.name} {theme.signed(step.value)} {step.note}" for step in steps)
    data = Waterfall(
        _("From wanted to received in steps"), desc,
        EndState(labels[plan.start], start.get("mean"), note=plan.start), steps,
        EndState(labels[plan.end], end.get("mean"), note=plan.end), bands, scale["low"], scale["high"],
    )  # fmt: skip
    return waterfall(data, theme=theme, uid=uid, width=width)


def _waterfall_states(instrument: Instrument) -> list[str]:
    gaps = {gap.code: gap for gap in instrument.gaps}
    return [instrument.waterfall.start, *(gaps[code].later for code in instrument.waterfall.steps)]


def staircase_figure(
    result: Result, instrument: Instrument, dimension: str | None, *, theme: Theme, uid: str
) -> str:
    """Draw the small staircase of one dimension (or of all) through the five states."""
    gaps = gaps_by_code(result)
    sides = {state.code: state for state in instrument.states}
    codes = _waterfall_states(instrument)
    states = tuple(
        StairState(
            sides[code].short or sides[code].label,
            state_mean(result, code, dimension).get("mean"),
            sides[code].side == "customer",
        )
        for code in codes
    )
    steps = tuple(
        StairStep(found.get("estimate"), found["certainty"])
        for found in (_gap_at(gaps[code], dimension) for code in instrument.waterfall.steps)
    )
    desc = ", ".join(
        f"{state.label} {theme.number(state.value)}" for state in states if state.value is not None
    )
    return staircase(Staircase(_("Staircase of the states"), desc, states, steps), theme=theme, uid=uid)


def _gap_at(gap: Mapping[str, Any], dimension: str | None) -> Mapping[str, Any]:
    missing = {"certainty": "not_measured", "estimate": None}
    found: Mapping[str, Any] = (
        gap["overall"] if dimension is None else gap["dimensions"].get(dimension, missing)
    )
    return found


def dimensions_figure(
    result: Result,
    instrument: Instrument,
    *,
    theme: Theme,
    uid: str,
    link: Link = no_link,
    width: float = DOCUMENT_WIDTH,
) -> str:
    """Draw every dimension as a dumbbell, the largest shortfall first, and all together at the end."""
    total = gaps_by_code(result)[instrument.waterfall.total]
    gaps = {gap.code: gap for gap in instrument.gaps}
    later, earlier = gaps[total["code"]].later, gaps[total["code"]].earlier
    standard = next((state.code for state in instrument.states if state.role == "standard"), "")

    def row(code: str, name: str, dimension: str | None) -> DumbbellRow:
        gap = _gap_at(total, dimension)
        perceived = state_mean(result, later, dimension)
        return DumbbellRow(
            code, name, state_mean(result, earlier, dimension).get("mean"), perceived.get("mean"),
            perceived.get("ci_low"), perceived.get("ci_high"),
            state_mean(result, standard, dimension).get("mean"),
            gap=gap.get("estimate"), gap_ci_low=gap.get("ci_low"), gap_ci_high=gap.get("ci_high"),
            certainty=gap["certainty"], word=_word(gap), total=dimension is None,
            hidden=_hidden_word(perceived) and (gap.get("reason") or _word(gap)), href=link(code) if code else None,
        )  # fmt: skip

    rows = [row(dimension.code, dimension.name, dimension.code) for dimension in instrument.dimensions]
    rows.sort(key=lambda item: (item.gap is None, item.gap if item.gap is not None else 0, item.code))
    if len(instrument.dimensions) > 1:
        rows.append(row("", _("All dimensions"), None))
    scale = result["scale"]
    labels = {state.code: (state.short or state.label).lower() for state in instrument.states}
    is_split = bool(instrument.waterfall.steps)
    wanted = _("wanted") if is_split else labels[earlier]
    data = Dumbbells(
        _("Dimensions: wanted and received") if is_split else _("What was expected and what is received"),
        "; ".join(f"{item.code} {item.name} {theme.signed(item.gap)}" for item in rows if item.gap is not None),
        tuple(rows), wanted, _("received"), _("standard"), str(total["code"]), _("95 % interval"),
        _("scale %(low)s to %(high)s") % {"low": f"{scale['low']:g}", "high": f"{scale['high']:g}"},
        scale["low"], scale["high"],
    )  # fmt: skip
    return dumbbells(data, theme=theme, uid=uid, width=width)


def outcomes_figure(result: Result, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH) -> str:
    """Draw the constructs on the scale of the dimensions as means with intervals; "" when there are none."""
    scale = result["scale"]
    rows = tuple(
        DumbbellRow(
            row["code"], row["name"], None, row["mean"].get("mean"), row["mean"].get("ci_low"),
            row["mean"].get("ci_high"), hidden=_hidden_word(row["mean"]),
        )
        for row in result["outcomes"]
        if (row["low"], row["high"]) == (scale["low"], scale["high"])
    )  # fmt: skip
    if not rows:
        return ""
    data = Dumbbells(
        _("Constructs: means"),
        "; ".join(f"{row.name} {theme.number(row.perception)}" for row in rows if row.perception is not None),
        rows, perception_label=_("mean"),
        scale_note=_("scale %(low)s to %(high)s") % {"low": f"{scale['low']:g}", "high": f"{scale['high']:g}"},
        low=scale["low"], high=scale["high"],
    )  # fmt: skip
    return dumbbells(data, theme=theme, uid=uid, width=width)


def items_figure(result: Result, instrument: Instrument, dimension: str, *, theme: Theme, uid: str) -> str:
    """Draw the items of one dimension as dumbbells."""
    gap = next(gap for gap in instrument.gaps if gap.code == instrument.waterfall.total)
    found = next(item for item in instrument.dimensions if item.code == dimension)
    wanted, received = result["items"].get(gap.earlier, {}), result["items"].get(gap.later, {})
    rows = []
    for item in found.items:
        expectation, perception = wanted.get(item.code, {}), received.get(item.code, {})
        both = expectation.get("mean") is not None and perception.get("mean") is not None
        rows.append(
            ItemRow(
                item.wordings["customer"], expectation.get("mean"), perception.get("mean"),
                perception.get("ci_low"), perception.get("ci_high"),
                perception["mean"] - expectation["mean"] if both else None,
                hidden="" if both else str(CERTAINTY["suppressed"]),
            )
        )  # fmt: skip
    desc = "; ".join(f"{row.text} {theme.signed(row.gap)}" for row in rows if row.gap is not None)
    scale = result["scale"]
    data = ItemDumbbells(_("Items: wanted and received"), desc, tuple(rows), scale["low"], scale["high"])
    return item_dumbbells(data, theme=theme, uid=uid)


def steps_grid_figure(
    result: Result,
    instrument: Instrument,
    *,
    theme: Theme,
    uid: str,
    link: CellLink = no_cell_link,
    width: float = DOCUMENT_WIDTH,
) -> str:
    """Draw dimension x step of the waterfall as a coloured grid, with the total at the right."""
    plan, gaps = instrument.waterfall, gaps_by_code(result)
    codes = [*plan.steps, plan.total]
    columns = tuple(HeatColumn(code, total=code == plan.total) for code in codes)

    def row(code: str, name: str, dimension: str | None) -> HeatRow:
        cells = tuple(
            HeatCell(found.get("estimate"), found["certainty"], link(gap, dimension))
            for gap, found in ((gap, _gap_at(gaps[gap], dimension)) for gap in codes)
        )
        return HeatRow(code, name, cells, total=dimension is None)

    rows = [row(dimension.code, dimension.name, dimension.code) for dimension in instrument.dimensions]
    rows.sort(key=lambda item: (item.cells[-1].value is None, item.cells[-1].value or 0, item.code))
    rows.append(row("", _("All dimensions"), None))
    span = result["scale"]["high"] - result["scale"]["low"]
    data = HeatGrid(
        _("Steps by dimension"), _("The steps add up to the total in every row."), columns, tuple(rows),
        medium=span * 0.4 / 6, large=span * 0.9 / 6,
    )  # fmt: skip
    return heat_grid(data, theme=theme, uid=uid, width=width)


def _n_used(audience: Mapping[str, Any]) -> int:
    """Answers of an audience that the figures use, those by open links included."""
    by_open_link = (audience.get("open_link") or {}).get("used")
    return (audience.get("used") or 0) + (by_open_link or 0)


def coherence_figure(
    result: Result, instrument: Instrument, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw readiness by factor and audience, with the difference between managers and front line."""
    readiness = result["readiness"]
    audiences = [row for row in result["audiences"] if row["code"] != "customers"]
    alignment = {row["factor"]: row for row in readiness.get("alignment", [])}

    def cell(found: Mapping[str, Any] | None) -> LevelCell:
        if not found or found.get("mean") is None:
            return LevelCell(None, hidden=_hidden_word(found) if found else "")
        return LevelCell(found["mean"], indicative=bool(found.get("indicative")))

    def row(code: str, name: str, by_audience: Mapping[str, Any]) -> FactorRow:
        gap = alignment.get(code, {})
        return FactorRow(
            code, name, tuple(cell(by_audience.get(item["code"])) for item in audiences),
            gap.get("estimate"), gap.get("certainty", "not_measured"),
        )  # fmt: skip

    groups = tuple(
        FactorGroup(
            row(pillar.code, pillar.name, readiness["pillars"].get(pillar.code, {}).get("by_audience", {})),
            tuple(
                row(
                    factor.code, factor.name, readiness["factors"].get(factor.code, {}).get("by_audience", {})
                )
                for factor in pillar.factors
            ),
        )
        for pillar in instrument.pillars
    )
    columns = tuple(
        AudienceColumn(
            str(AUDIENCES.get(item["code"], item["name"])), f"n = {n}" if (n := _n_used(item)) else ""
        )
        for item in audiences
    )
    data = CoherenceMap(
        _("Readiness by factor and group"), _("Scores from 0 to 100; a triangle marks scores below 50."),
        columns, groups, "I3", _("managers less front line"),
    )  # fmt: skip
    return coherence_map(data, theme=theme, uid=uid, width=width)


def cover_figure(result: Result, instrument: Instrument, *, theme: Theme, uid: str) -> str:
    """Draw the client's own loss from step to step, for the cover."""
    labels = {state.code: state for state in instrument.states}
    states = tuple(
        StairState(
            labels[code].short or labels[code].label,
            state_mean(result, code).get("mean"),
            labels[code].side == "customer",
        )
        for code in _waterfall_states(instrument)
    )
    data = CoverStaircase(_("From what customers expect to what they get, step by step"), states)
    return cover_staircase(data, theme=theme, uid=uid)
