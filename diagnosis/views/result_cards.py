"""The diagnosis page from a stored result: one card per view, each with its message, its chart and its figures.

A view whose figures the result lacks is None and is not shown. Rows keep the result's own unrounded numbers.
"""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from charts.theme import SCREEN
from diagnosis import figures, messages
from diagnosis.agreement_figures import agreement_context
from diagnosis.early_late_figures import early_late_context
from diagnosis.order_check_figures import order_check_context
from diagnosis.structure_figures import structure_context
from diagnosis.views.cards import COLUMN_WIDTH, MAP_WIDTH, NARROW_WIDTH, PAGE_WIDTH, Card, drawing
from diagnosis.views.customer_cards import customer_context
from diagnosis.views.driver_cards import driver_context
from diagnosis.views.profile_cards import profile_context
from diagnosis.views.sources import SheetUrl, Source
from diagnosis.words import AUDIENCES, RELIABILITY, STAGES, in_thousands
from surveys.instruments import Instrument

Row = dict[str, Any]
STAGE_LETTERS = {"design": "D", "implementation": "I", "evaluation": "E"}
"""Letters of the stages, as in the codes of the gaps and in the style sheet."""


def page_context(source: Source, sheet_url: SheetUrl) -> dict[str, Any]:
    """Return everything the diagnosis page shows of a result."""
    result, instrument = source.result, source.instrument
    waterfall = result.get("waterfall")
    return {
        "result": result,
        "headline": messages.summary_title(result, instrument),
        "lead": messages.lead(result, instrument),
        "patterns": result.get("patterns", []),
        "total": gap_row(result, instrument, instrument.waterfall.total, None, sheet_url),
        "rq_index": result.get("rq_index") if instrument.waterfall.steps else None,
        "gap_map": _gap_map(source, sheet_url) if instrument.waterfall.steps else None,
        "gap_rows": [gap_row(result, instrument, gap["code"], None, sheet_url) for gap in result["gaps"]],
        "waterfall": _waterfall(source, sheet_url) if waterfall else None,
        "step_rows": _step_rows(source, sheet_url) if waterfall else [],
        "steps_end": _steps_end(result) if waterfall else None,
        "steps_chart": _steps_grid(source, sheet_url) if waterfall else None,
        "step_codes": [*instrument.waterfall.steps, instrument.waterfall.total],
        "grid_rows": _grid_rows(source, sheet_url) if waterfall else [],
        "dimensions_chart": _dimensions(source, sheet_url) if _has_dimensions(source) else None,
        "dimension_rows": _dimension_rows(source, sheet_url) if _has_dimensions(source) else [],
        "outcomes_chart": _outcomes(source) if result.get("outcomes") else None,
        "outcome_rows": [
            row | {"audience_name": AUDIENCES.get(row["audience"], row["audience"])}
            for row in result.get("outcomes", [])
        ],
        **driver_context(source),
        **profile_context(source),
        **customer_context(source),
        **_readiness(source, sheet_url),
        **agreement_context(result, instrument),
        **early_late_context(result, instrument),
        **order_check_context(result, instrument),
        **structure_context(result, instrument),
        **_quality(result, instrument),
    }


# --- gaps -----------------------------------------------------------------------------------------
def part_names(instrument: Instrument) -> dict[str, str]:
    """Return the names of everything a gap may be split by: dimensions, factors, pairs of pillars."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    names |= {factor.code: factor.name for factor in instrument.factors}
    pillars = {pillar.code: pillar.short or pillar.name for pillar in instrument.pillars}
    pairs = {f"{a}-{b}": f"{pillars[a]} − {pillars[b]}" for a in pillars for b in pillars if a != b}
    return names | pairs


def gap_row(
    result: Mapping[str, Any], instrument: Instrument, code: str, part: str | None, sheet_url: SheetUrl
) -> Row:
    """Return one gap (overall, or on one part) with its names, unit and the address of its sheet."""
    gap = figures.gaps_by_code(result)[code]
    missing = {"certainty": "not_measured", "reason": None}
    is_points = gap["unit"] == "points"
    return {
        "code": code,
        "name": gap["name"],
        "part": part or "",
        "part_name": part_names(instrument).get(part, part) if part else "",
        "stage": gap["stage"],
        "stage_name": STAGES[gap["stage"]],
        "stage_letter": STAGE_LETTERS[gap["stage"]],
        "unit": gap["unit"],
        "decimals": 2 if is_points else 0,
        "interval": "gap" if is_points else "gap0",
        "gap": gap["overall"] if part is None else gap["dimensions"].get(part, missing),
        "url": sheet_url(code, part),
    }


def _gap_map(source: Source, sheet_url: SheetUrl) -> Card:
    svg = figures.gap_map_figure(
        source.result,
        source.instrument,
        theme=SCREEN,
        uid="gap-map",
        link=lambda code: sheet_url(code, None),
    )
    low, high = source.result["scale"]["low"], source.result["scale"]["high"]
    note = _(
        "States of one relationship: means on a scale of %(low)s to %(high)s. Choose a gap to see its statistics."
    )
    return Card(
        messages.map_title(source.result), note % {"low": f"{low:g}", "high": f"{high:g}"}, drawing(svg)
    )


# --- steps ----------------------------------------------------------------------------------------
def _waterfall(source: Source, sheet_url: SheetUrl) -> Card:
    result, instrument = source.result, source.instrument
    svg = figures.waterfall_figure(
        result,
        instrument,
        theme=SCREEN,
        uid="waterfall",
        width=COLUMN_WIDTH,
        link=lambda code: sheet_url(code, None),
    )
    largest = messages.largest_step(result)
    note = _("The steps add up to the total gap.")
    if largest is not None:
        note = _("%(gap)s is the largest loss in %(share)s of %(n)s draws.") % {
            "gap": largest["gap"],
            "share": SCREEN.percent(largest["p_largest"]),
            "n": in_thousands(result["waterfall"]["n_draws"]),
        }
    foot = _(
        "Arithmetic, not proof of cause. Whisker: 95 % interval of the step. Pale or dashed: not proved."
    )
    return Card(messages.steps_title(result, instrument), note, drawing(svg), foot)


def _step_rows(source: Source, sheet_url: SheetUrl) -> list[Row]:
    steps = source.result["waterfall"]["overall"]["steps"]
    return [
        gap_row(source.result, source.instrument, step["gap"], None, sheet_url) | {"step": step}
        for step in steps
    ]


def _steps_end(result: Mapping[str, Any]) -> Row:
    waterfall = result["waterfall"]
    return {
        "start_state": waterfall["from"],
        "end_state": waterfall["to"],
        "total_gap": waterfall["total"],
        **waterfall["overall"],
        "stages": [
            stage | {"name": STAGES[stage["stage"]]} for stage in waterfall["stages"] if stage["share"]
        ],
    }


def _steps_grid(source: Source, sheet_url: SheetUrl) -> Card:
    svg = figures.steps_grid_figure(
        source.result, source.instrument, theme=SCREEN, uid="grid", width=NARROW_WIDTH, link=sheet_url
    )
    return Card(
        messages.grid_title(source.result, source.instrument),
        _("The steps add up to the total in every row."),
        drawing(svg),
        _("In brackets: not proved to differ from zero."),
    )


def _grid_rows(source: Source, sheet_url: SheetUrl) -> list[Row]:
    plan = source.instrument.waterfall
    parts: list[tuple[str, str, str | None]] = [
        (dimension.code, dimension.name, dimension.code) for dimension in source.instrument.dimensions
    ]
    parts.append(("", _("All dimensions"), None))
    return [
        {
            "code": code,
            "name": name,
            "cells": [
                gap_row(source.result, source.instrument, step, part, sheet_url)
                for step in (*plan.steps, plan.total)
            ],
        }
        for code, name, part in parts
    ]


# --- dimensions -----------------------------------------------------------------------------------
def _has_dimensions(source: Source) -> bool:
    total = figures.gaps_by_code(source.result).get(source.instrument.waterfall.total)
    return total is not None and total["overall"]["certainty"] != "not_measured"


def _dimensions(source: Source, sheet_url: SheetUrl) -> Card:
    total = source.instrument.waterfall.total
    svg = figures.dimensions_figure(
        source.result,
        source.instrument,
        theme=SCREEN,
        uid="dimensions",
        width=PAGE_WIDTH,
        link=lambda code: sheet_url(total, code),
    )
    n = figures.gaps_by_code(source.result)[total]["overall"].get("n_later")
    note = _("Wanted and received, with the standard and 95 % intervals, the largest shortfall first.")
    if not source.instrument.waterfall.steps:
        note = _("Expected and received by the same customers, with 95 % intervals.")
    if n is not None:
        note += " " + _("n = %(n)s customers.") % {"n": n}
    if not source.instrument.waterfall.steps:
        return Card(messages.expected_title(source.result, source.instrument), note, drawing(svg))
    return Card(messages.dimensions_title(source.result, source.instrument), note, drawing(svg))


def _dimension_rows(source: Source, sheet_url: SheetUrl) -> list[Row]:
    result, instrument = source.result, source.instrument
    total = next(gap for gap in instrument.gaps if gap.code == instrument.waterfall.total)
    parts: list[tuple[str, str, str | None]] = [
        (dimension.code, dimension.name, dimension.code) for dimension in instrument.dimensions
    ]
    if len(parts) > 1:
        parts.append(("", _("All dimensions"), None))
    return [
        gap_row(result, instrument, total.code, part, sheet_url)
        | {
            "dimension": code,
            "dimension_name": name,
            "wanted": figures.state_mean(result, total.earlier, part),
            "received": figures.state_mean(result, total.later, part),
        }
        for code, name, part in parts
    ]


def _outcomes(source: Source) -> Card:
    svg = figures.outcomes_figure(source.result, theme=SCREEN, uid="outcomes", width=PAGE_WIDTH)
    return Card(
        messages.outcomes_title(source.result),
        _("Constructs rated beside the dimensions, with 95 % intervals; no gap is computed from them."),
        drawing(svg),
    )


# --- inside view ----------------------------------------------------------------------------------
def _readiness(source: Source, sheet_url: SheetUrl) -> dict[str, Any]:
    readiness, instrument = source.result.get("readiness"), source.instrument
    if not readiness:
        return {"coherence_chart": None}
    asked = [row for row in source.result["audiences"] if row["code"] != "customers"]
    names = {pillar.code: pillar.short or pillar.name for pillar in instrument.pillars}
    alignment = {row["factor"]: row for row in readiness.get("alignment", [])}
    rows: list[Row] = []
    for pillar in instrument.pillars:
        rows.append(_readiness_row(pillar, readiness["pillars"].get(pillar.code, {}), asked, None, "pillar"))
        rows += [
            _readiness_row(
                factor, readiness["factors"].get(factor.code, {}), asked, alignment.get(factor.code)
            )
            for factor in pillar.factors
        ]
    card = Card(
        messages.inside_title(source.result, instrument),
        _("Readiness from 0 to 100 by factor and group. Choose a gap in the map for its statistics."),
        drawing(
            figures.coherence_figure(
                source.result, instrument, theme=SCREEN, uid="coherence", width=MAP_WIDTH
            )
        ),
        _(
            "Triangle: below 50. Asterisk: fewer than ten answers, indicative. Hatched: hidden, too few answers."
        ),
    )
    pairs = [
        row
        | {
            "label": f"{names[row['pair'][0]]} − {names[row['pair'][1]]}",
            "audience_name": AUDIENCES.get(row["audience"], _("All groups"))
            if row["audience"]
            else _("All groups"),
        }
        for row in readiness.get("coherence", [])
    ]
    return {
        "coherence_chart": card,
        "readiness_rows": rows,
        "readiness_audiences": [AUDIENCES.get(row["code"], row["name"]) for row in asked],
        "coherence_rows": pairs,
    }


def _readiness_row(
    part: Any, found: Mapping[str, Any], asked: list[Row], gap: Mapping[str, Any] | None, kind: str = "factor"
) -> Row:
    by_audience = found.get("by_audience", {})
    return {
        "code": part.code,
        "name": part.name,
        "kind": kind,
        "mean": found.get("mean"),
        "by_audience": [by_audience.get(row["code"], {}) for row in asked],
        "gap": gap,
    }


# --- quality --------------------------------------------------------------------------------------
def _quality(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    audiences = [row | {"name": AUDIENCES.get(row["code"], row["name"])} for row in result["audiences"]]
    used = [row for row in audiences if row["used"] is not None]
    left_out = [row["finished"] - row["used"] for row in used if row["finished"] is not None]
    states = {state.code: state.short or state.label for state in instrument.states}
    dimensions = {dimension.code: dimension.name for dimension in instrument.dimensions}
    by_link = [row["open_link"]["used"] or 0 for row in audiences if row.get("open_link")]
    return {
        "audiences": audiences,
        "n_used": sum(row["used"] for row in used) + sum(by_link),
        "used": used,
        "n_left_out": sum(left_out),
        "reliability": [
            row
            | {
                "audience_name": AUDIENCES.get(row["audience"], row["audience"]),
                "state_name": states.get(row["state"], row["state"]),
                "dimension_name": dimensions.get(row["dimension"], ""),
                "band_name": RELIABILITY.get(row["band"] or row["kind"], ""),
            }
            for row in result["reliability"]
        ],
        "notes": result["notes"],
    }
