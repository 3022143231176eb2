"""Why the total gap moved, in words and rows: mix of customers, the same persons, chance, and where one acted first."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.stats.certainty import FALSE_DISCOVERY_RATE
from diagnosis.words import AUDIENCES
from surveys.instruments import Instrument

Row = dict[str, Any]
SHOWN_REST: Final = 0.005
"""A rest that would be printed as 0.00 is not spoken of."""


def reasons_context(change: Mapping[str, Any] | None, instrument: Instrument) -> dict[str, Any]:
    """Everything the page and the chapter show beside the change of the gaps; older documents hold none of it."""
    if change is None or not change.get("gaps"):
        return {}
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    return {
        "mix_rows": [_mix(row, instrument) for row in change.get("mix", ())],
        "panel_rows": [_panel(row, names, instrument) for row in change.get("panel", ())],
        "by_itself": _by_itself(change.get("by_itself"), names),
        "rollout_rows": [_rollout(row, instrument) for row in change.get("rollouts", ())],
    }


def _named(code: str, instrument: Instrument) -> str:
    """The name of a gap or state of the instrument."""
    gaps = {gap.code: gap.name for gap in instrument.gaps}
    states = {state.code: state.short or state.label for state in instrument.states}
    return str(gaps.get(code) or states.get(code) or AUDIENCES.get(code, code))


def _mix(row: Mapping[str, Any], instrument: Instrument) -> Row:
    parts = [part | {"name": _named(part["code"], instrument)} for part in row["parts"]]
    return {**row, "parts": parts, "has_rest": any(abs(part["rest"]) >= SHOWN_REST for part in parts)}


def _panel(row: Mapping[str, Any], names: Mapping[str, str], instrument: Instrument) -> Row:
    changes = [
        one | {"name": names.get(one["dimension"]) or _named(one["code"], instrument)}
        for one in row["changes"]
    ]
    leavers = [one | {"name": _named(one["code"], instrument)} for one in row["leavers"]]
    return {
        **row,
        "audience_name": str(AUDIENCES.get(row["audience"], row["audience"])),
        "changes": changes,
        "leavers": leavers,
        "size": _size(row),
        "leaver_text": _leaver_text(leavers, row["n_left"]),
    }


def _size(row: Mapping[str, Any]) -> str:
    if row["n"] is None:
        return ""
    text = ngettext("%(n)s person answered both waves.", "%(n)s persons answered both waves.", row["n"]) % {
        "n": row["n"]
    }
    if row["n_left"] is None:
        return text
    left = ngettext(
        "%(n)s of the earlier wave did not answer again.",
        "%(n)s of the earlier wave did not answer again.",
        row["n_left"],
    )
    return f"{text} {left % {'n': row['n_left']}}"


def _leaver_text(leavers: list[Row], n_left: int | None) -> str:
    """Say whether those who left had other scores than those who stayed."""
    if n_left == 0:
        return _("Nobody of the earlier wave is missing: the panel is the whole wave.")
    tested = [one["q_value"] for one in leavers if one["q_value"] is not None]
    if not tested:
        return _("Whether those who left were different cannot be told: too few left, or too few stayed.")
    if min(tested) <= FALSE_DISCOVERY_RATE:
        return _(
            "Those who left were different before: the change of those who stayed does not speak for everybody."
        )
    return _(
        "No difference between those who stayed and those who left was found; one inside the intervals is possible."
    )


def _by_itself(found: Mapping[str, Any] | None, names: Mapping[str, str]) -> Row | None:
    if found is None:
        return None
    rows = [row | {"name": names.get(row["dimension"], row["dimension"])} for row in found["rows"]]
    return {**found, "rows": rows}


def _rollout(row: Mapping[str, Any], instrument: Instrument) -> Row:
    rows = [one | {"name": _named(one["code"], instrument)} for one in row["rows"]]
    return {
        **row,
        "rows": rows,
        "others_text": ", ".join(row["others"]),
        "verdict": _rollout_text(rows[0]) if rows else "",
    }


def _rollout_text(row: Row) -> str:
    """Read the difference of the total gap, whose rise towards 0 and above is what an action is for."""
    if row["ci_low"] is None:
        return str(row["reason"])
    if row["ci_low"] > 0:
        return _("Where it was rolled out, more was gained than elsewhere.")
    if row["ci_high"] < 0:
        return _("Where it was rolled out, less was gained than elsewhere.")
    return _("No difference from elsewhere is found; the interval says how large one may be.")
