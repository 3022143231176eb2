"""The statistics behind one mark: a gap, overall or on one of its parts, with both sides, test and reliability."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from diagnosis import figures
from diagnosis.appendix_figures import check_of
from diagnosis.views.result_cards import gap_row
from diagnosis.views.sources import SheetUrl, Source
from diagnosis.words import AUDIENCES, RELIABILITY, SEVERITY
from surveys.instruments import Gap

Row = dict[str, Any]


def sheet_context(source: Source, code: str, part: str | None, sheet_url: SheetUrl) -> dict[str, Any] | None:
    """Return what the sheet of a gap shows; None when the result has no such gap or part."""
    result, instrument = source.result, source.instrument
    gap = figures.gaps_by_code(result).get(code)
    definition = next((gap for gap in instrument.gaps if gap.code == code), None)
    if gap is None or definition is None or (part is not None and part not in gap["dimensions"]):
        return None
    row = gap_row(result, instrument, code, part, sheet_url)
    is_measured = row["gap"]["certainty"] != "not_measured"
    return {
        "row": row,
        "summary": definition.summary,
        "meaning": _meaning(definition, row["gap"]),
        "checks": definition.checks,
        "severity": SEVERITY.get(row["gap"].get("severity") or ""),
        "sides": _sides(source, gap, row["gap"], part),
        "largest": _largest(result, code, part),
        "check": check_of(result, code, part),
        "parts": [gap_row(result, instrument, code, other, sheet_url) for other in gap["dimensions"]]
        if part is None and is_measured
        else [],
        "whole_url": sheet_url(code, None) if part else "",
        "variants": [_variant(source, variant, part) for variant in gap["variants"]],
        **(_reliability(source, gap, part) if is_measured else {}),
        "coverage": _coverage(source) if gap["kind"] == "coverage" and part is None else None,
    }


def _meaning(definition: Gap, gap: Mapping[str, Any]) -> str:
    """Return the instrument's sentence for the direction of a gap, when it says one may be seen."""
    estimate = gap.get("estimate")
    if estimate is None or gap["certainty"] not in {"clear", "probable", "hint"}:
        return ""
    return definition.negative if estimate < 0 else definition.positive


def _side(source: Source, label: str, fallback: str, gap: Mapping[str, Any], which: str) -> Row:
    state = next((state for state in source.instrument.states if state.code == label), None)
    found = source.result["states"].get(label)
    audience = AUDIENCES.get(found["audience"], "") if found else ""
    name = (
        f"{state.code} {state.short or state.label}"
        if state
        else fallback or str(AUDIENCES.get(label, label))
    )
    return {
        "name": name,
        "audience": audience,
        "n": gap.get(f"n_{which}"),
        "mean": gap.get(f"mean_{which}"),
        "sd": gap.get(f"sd_{which}"),
    }


def _sides(source: Source, gap: Mapping[str, Any], found: Mapping[str, Any], part: str | None) -> list[Row]:
    sides = [
        _side(source, gap[which], found.get(f"label_{which}", ""), found, which)
        for which in ("earlier", "later")
    ]
    if gap["unit"] == "points" and gap["kind"] != "coverage":
        for side, state in zip(sides, (gap["earlier"], gap["later"]), strict=True):
            mean = figures.state_mean(source.result, state, part)
            side["interval"] = mean if mean.get("mean") == side["mean"] else None
    return sides


def _largest(result: Mapping[str, Any], code: str, part: str | None) -> Mapping[str, Any] | None:
    """Return how often this step is the largest loss and its share of all losses, where both are known."""
    waterfall = result.get("waterfall")
    if not waterfall or part is not None:
        return None
    found = next((step for step in waterfall["overall"]["steps"] if step["gap"] == code), None)
    if found is None or found["p_largest"] is None:
        return None
    return {**found, "n_draws": waterfall["n_draws"]}


def _variant(source: Source, variant: Mapping[str, Any], part: str | None) -> Row:
    missing = {"certainty": "not_measured", "reason": None}
    found = variant["overall"] if part is None else variant["dimensions"].get(part, missing)
    return {"name": variant["name"], "gap": found}


def _reliability(source: Source, gap: Mapping[str, Any], part: str | None) -> dict[str, Any]:
    """Return the reliability of the scales on both sides: a row per dimension, a cell per state."""
    states = {state.code: state.label for state in source.instrument.states}
    sides = [code for code in dict.fromkeys((gap["earlier"], gap["later"])) if code in states]
    found = {(row["dimension"], row["state"]): row for row in source.result["reliability"]}
    rows = [
        {
            "code": dimension.code,
            "name": dimension.name,
            "cells": [_alpha(found, dimension.code, s) for s in sides],
        }
        for dimension in source.instrument.dimensions
        if part in {None, dimension.code} and any((dimension.code, side) in found for side in sides)
    ]
    return {
        "reliability": rows,
        "reliability_states": [{"code": code, "name": states[code]} for code in sides],
    }


def _alpha(found: Mapping[tuple[str, str], Mapping[str, Any]], dimension: str, state: str) -> Row:
    row = found.get((dimension, state), {"alpha": None, "band": None, "kind": ""})
    return {**row, "band_name": RELIABILITY.get(row["band"] or row["kind"], "")}


def _coverage(source: Source) -> Row | None:
    coverage = source.result.get("coverage")
    if not coverage:
        return None
    groups: dict[str, list[Row]] = {}
    for group in coverage["attributes"]:
        groups.setdefault(group["attribute"], []).append(group)
    text = _("Share of customers for whom the standard comes within %(points)s point of their highest wishes")
    return {
        **coverage,
        "label": text % {"points": f"{coverage['tolerance'] or 0:g}"},
        "groups": [{"attribute": name.replace("_", " "), "rows": rows} for name, rows in groups.items()],
    }
