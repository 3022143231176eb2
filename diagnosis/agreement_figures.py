"""Does a staff group share one view: agreement by state and dimension, two camps, and how far units explain it."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from diagnosis.result import Result
from diagnosis.table import Cell, Table
from diagnosis.words import AUDIENCES
from surveys.instruments import Instrument

BANDS = {
    "none": pgettext_lazy("agreement", "none"),
    "weak": pgettext_lazy("agreement", "weak"),
    "moderate": pgettext_lazy("agreement", "moderate"),
    "strong": pgettext_lazy("agreement", "strong"),
    "very_strong": pgettext_lazy("agreement", "very strong"),
}
DISAGREE_BELOW = 0.5
LARGE_ICC, MEDIUM_ICC = 0.25, 0.10


def is_shared(row: Mapping[str, Any]) -> bool:
    """Tell whether the mean may stand for the group's view: rwg of .50 and more, and one camp."""
    return row["rwg"] >= DISAGREE_BELOW and not row.get("camps")


def agreement_rows(result: Mapping[str, Any], instrument: Instrument) -> list[dict[str, Any]]:
    """Rows by state and dimension with their words; none where no staff group may be shown."""
    states = {state.code: state for state in instrument.states}
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    return [
        row
        | {
            "state_name": states[row["state"]].short or states[row["state"]].label,
            "dimension_name": names.get(row["dimension"], row["dimension"]),
            "audience_name": AUDIENCES.get(row["audience"], row["audience"]),
            "band_name": BANDS.get(row["band"], row["band"]),
            "is_shared": is_shared(row),
            "camps_text": _("%(low)s and %(high)s") % {"low": row["camps"][0], "high": row["camps"][1]}
            if row.get("camps")
            else "",
        }
        for row in result.get("agreement", ())
        if row["state"] in states
    ]


def agreement_title(rows: list[dict[str, Any]]) -> str:
    """The message: how often a staff group does not share one view."""
    apart = sum(not row["is_shared"] for row in rows)
    if not apart:
        return _("No staff group is divided on any dimension")
    text = ngettext(
        "On %(apart)s of %(n)s points a staff group does not share one view",
        "On %(apart)s of %(n)s points a staff group does not share one view",
        apart,
    )
    return text % {"apart": apart, "n": len(rows)}


def unit_rows(result: Mapping[str, Any], instrument: Instrument) -> list[dict[str, Any]]:
    """Rows of the intraclass correlations with a sentence each; none with fewer than two units."""
    states = {state.code: state.short or state.label for state in instrument.states}
    return [
        row
        | {
            "state_name": states.get(row["state"], row["state"]),
            "audience_name": AUDIENCES.get(row["audience"], row["audience"]),
            "attribute_name": row["attribute"].replace("_", " "),
            "reading": _reading(row["icc1"], row["p_value"]),
        }
        for row in result.get("units", ())
    ]


def _reading(icc1: float, p_value: float) -> str:
    if p_value > 0.05:
        return _("no difference between units proved")
    if icc1 >= LARGE_ICC:
        return _("units differ much")
    return _("units differ") if icc1 >= MEDIUM_ICC else _("units differ a little")


def agreement_context(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    """What the card and the tables of the document show."""
    rows = agreement_rows(result, instrument)
    return {
        "agreement_title": agreement_title(rows) if rows else "",
        "agreement_rows": rows,
        "agreement_apart": [row for row in rows if not row["is_shared"]],
        "unit_rows": unit_rows(result, instrument),
    }


def agreement_tables(result: Result, instrument: Instrument) -> list[Table]:
    """Both as tables of the workbook, full precision."""
    content = result.to_json()
    shared: list[tuple[Cell, ...]] = [
        (
            row["state"], row["state_name"], str(row["audience_name"]), row["dimension"], row["dimension_name"],
            row["rwg"], row["rwg_slight_skew"], row["average_deviation"], row["average_deviation_limit"],
            str(row["band_name"]), row["camps_text"], "" if row["is_shared"] else _("no"),
        )
        for row in agreement_rows(content, instrument)
    ]  # fmt: skip
    units: list[tuple[Cell, ...]] = [
        (
            row["state"], row["state_name"], str(row["audience_name"]), row["attribute"], row["units"], row["icc1"],
            row["icc2"], row["p_value"], row["reading"],
        )
        for row in unit_rows(content, instrument)
    ]  # fmt: skip
    header = (
        _("State"), _("Name"), _("Audience"), _("Dimension"), _("Name of dimension"), "rwg", _("rwg, slight skew"),
        "AD", _("AD at most"), _("Band"), _("Two camps"), _("One view"),
    )  # fmt: skip
    unit_header = (
        _("State"), _("Name"), _("Audience"), _("Attribute"), _("Units"), "ICC(1)", "ICC(2)", "p", _("Reading"),
    )  # fmt: skip
    return [Table(_("Agreement"), header, tuple(shared)), Table(_("Units"), unit_header, tuple(units))]
