"""How good the scales are, in words: what each figure allows, and what would be needed where there is none."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from diagnosis.result import Result
from diagnosis.table import Cell, Table
from diagnosis.words import AUDIENCES
from surveys.instruments import Instrument

CONGRUENCE = {
    "equal": pgettext_lazy("congruence", "same meaning"),
    "fair": pgettext_lazy("congruence", "fairly the same meaning"),
    "different": pgettext_lazy("congruence", "not the same meaning: do not compare these groups"),
}
WEAK_ITEM_BELOW = 0.30
SOLID_FROM = 30
"""Answers from which a reliability counts in titles and advice; below it is shown as indicative."""

Row = dict[str, Any]


def why_not(row: Mapping[str, Any]) -> str:
    """Sentence for a figure that does not exist; "" where it does."""
    if not row["reason"]:
        return ""
    if row["reason"] == "too_few":
        return _("Not testable: it needs %(needed)s complete answers.") % {"needed": row["needed"]}
    if row["reason"] == "no_variation":
        return _("Not testable: everybody gave the same answer to an item.")
    if row["reason"] == "few_items":
        return _("Not testable: it needs three items.")
    return _("No one-factor model fits these answers: judge by the single items.")


class _Names:
    def __init__(self, instrument: Instrument) -> None:
        self.states = {state.code: state.short or state.label for state in instrument.states}
        self.dimensions = {dimension.code: dimension.name for dimension in instrument.dimensions}
        self.items = {
            item.code: next(iter(item.wordings.values()), item.code)
            for dimension in instrument.dimensions
            for item in dimension.items
        }

    def of(self, row: Mapping[str, Any]) -> Row:
        """The row with the names of what it is about."""
        return dict(row) | {
            "state_name": self.states.get(row.get("state", ""), row.get("state", "")),
            "dimension_name": self.dimensions.get(row.get("dimension", ""), row.get("dimension", "")),
            "audience_name": AUDIENCES.get(row.get("audience", ""), row.get("audience", "")),
            "why_not": why_not({"reason": "", "needed": 0} | dict(row)),
        }


def structure_context(result: Mapping[str, Any], instrument: Instrument) -> Row:
    """What the card and the tables of the document show; empty for results without it."""
    found = result.get("structure")
    if not found:
        return {"structure": None}
    names = _Names(instrument)
    alphas = {(row["state"], row["dimension"]): row for row in result["reliability"]}
    missing = {"alpha": None, "mean_r": None, "band": None}
    scales = [
        names.of(row)
        | {
            "reliability": alphas.get((row["state"], row["dimension"]), missing),
            "is_indicative": row["n"] < SOLID_FROM,
        }
        for row in found["scales"]
    ]
    rows: Row = {
        "scales": scales,
        "items": [
            names.of({"state": row["state"], "dimension": row["dimension"], "audience": row["audience"]})
            | item
            | {
                "text": names.items.get(item["item"], item["item"]),
                "is_weak": row["n"] >= SOLID_FROM
                and item["r_rest"] is not None
                and item["r_rest"] < WEAK_ITEM_BELOW,
            }
            for row in found["scales"]
            for item in row["items"]
        ],
        "differences": [names.of(row) for row in found["differences"]],
        "ranges": [names.of(row) | {"reading": _range_reading(row)} for row in found["ranges"]],
        "factors": [names.of(row) for row in found["factors"]],
        "separations": [_pair(names, row) for row in found["separations"]],
        "congruences": [
            names.of(row)
            | {
                "attribute_name": row["attribute"].replace("_", " "),
                "band_name": CONGRUENCE.get(row["band"], ""),
                "why_not": _("Not testable: it needs two groups with %(n)s complete answers each.")
                % {"n": row["needed"]}
                if row["reason"] == "too_few"
                else why_not(row),
            }
            for row in found["congruences"]
        ],
        "missing": [names.of(row) for row in result["quality"]],
    }
    return {
        "structure": rows
        | {
            "title": _title(rows),
            "congruences_tested": [row for row in rows["congruences"] if not row["why_not"]],
            "congruences_untested": sorted(
                {
                    (row["attribute_name"], str(row["why_not"]))
                    for row in rows["congruences"]
                    if row["why_not"]
                }
            ),
            "advice": _advice(rows),
            "near_top": _listed([row for row in rows["ranges"] if row["at_ceiling"] or row["is_narrow"]]),
            "weak_gaps": _listed([row for row in rows["differences"] if row["is_weak"]]),
        }
    }


def _pair(names: _Names, row: Mapping[str, Any]) -> Row:
    both = [names.dimensions.get(row[side], row[side]) for side in ("first", "second")]
    return names.of(row) | {"first_name": both[0], "second_name": both[1]}


def _range_reading(row: Mapping[str, Any]) -> str:
    if row["at_ceiling"]:
        return _("near the top of the scale")
    return _("much narrower than what is received") if row["is_narrow"] else _("room enough")


def _title(rows: Row) -> str:
    solid = [row for row in rows["scales"] if not row["is_indicative"]]
    weak = [row for row in solid if row["reliability"]["band"] == "weak"]
    if not solid:
        return _("Too few answers to judge the scales")
    if not weak:
        return _("No scale is too unreliable to be read")
    text = ngettext(
        "%(weak)s of %(n)s scales is too unreliable to be read alone",
        "%(weak)s of %(n)s scales are too unreliable to be read alone",
        len(weak),
    )
    return text % {"weak": len(weak), "n": len(solid)}


def _listed(rows: list[Row]) -> str:
    return ", ".join(f"{row['dimension']} {row['dimension_name']}" for row in rows)


def _advice(rows: Row) -> list[str]:
    """What follows from the figures, one sentence each; nothing where nothing follows."""
    advice = []
    if weak := [row for row in rows["differences"] if row["is_weak"]]:
        advice.append(
            _(
                "%(names)s: the gap of single persons is unreliable (below .70). Do not relate it to other answers,"
                " form segments from it or split it into small groups. The mean gap stays unbiased; its interval says"
                " how precise it is."
            ) % {"names": _listed(weak)}
        )  # fmt: skip
    if high := [row for row in rows["ranges"] if row["at_ceiling"] or row["is_narrow"]]:
        advice.append(
            _(
                "%(names)s: what is wanted lies near the top or hardly differs between persons, so the gap is mostly"
                " the received level seen from a constant. Rely on the received level and on importance; next time ask"
                " for the lowest accepted level too, or let customers choose the most and least important."
            ) % {"names": _listed(high)}
        )  # fmt: skip
    apart = [row for row in rows["separations"] if not row["is_separable"]]
    if apart:
        pairs = ", ".join(f"{row['first']}–{row['second']} ({row['state']})" for row in apart)
        advice.append(
            _(
                "Hardly told apart by those who answered: %(pairs)s. Read them together and look at the overall first."
            )
            % {"pairs": pairs}
        )
    if different := [row for row in rows["congruences"] if row["band"] == "different"]:
        advice.append(
            _("%(names)s: the items do not mean the same in all groups; do not compare these groups on it.")
            % {"names": _listed(different)}
        )
    if items := [row for row in rows["items"] if row["is_weak"]]:
        text = ngettext(
            "%(n)s item hardly goes with the others of its scale (r below .30): look at its wording.",
            "%(n)s items hardly go with the others of their scales (r below .30): look at their wording.",
            len(items),
        )
        advice.append(text % {"n": len(items)})
    return advice


def structure_tables(result: Result, instrument: Instrument) -> list[Table]:
    """All of it as tables of the workbook, full precision."""
    rows = structure_context(result.to_json(), instrument)["structure"]
    if rows is None:
        return []
    where = (_("State"), _("Audience"), _("Dimension"), _("Name"))
    return [
        Table(
            "Omega",
            (*where, "n", "omega", _("CI low"), _("CI high"), _("Note")),
            tuple(
                (*_where(row), row["n"], row["omega"], row["ci_low"], row["ci_high"], row["why_not"])
                for row in rows["scales"]
            ),
        ),
        Table(
            _("Items in their scales"),
            (*where, _("Item"), _("Statement"), _("r with the others"), _("Alpha without it")),
            tuple(
                (*_where(row), row["item"], row["text"], row["r_rest"], row["alpha_without"])
                for row in rows["items"]
            ),
        ),
        Table(
            _("Reliability of gap scores"),
            (_("Dimension"), _("Name"), "n", _("Reliability"), _("Below .70"), _("Note")),
            tuple(
                (
                    row["dimension"],
                    row["dimension_name"],
                    row["n"],
                    row["reliability"],
                    _("yes") if row["is_weak"] else "",
                    row["why_not"],
                )
                for row in rows["differences"]
            ),
        ),
        Table(
            _("Room at the top"),
            (
                _("Dimension"),
                _("Name"),
                "n",
                _("Mean"),
                _("Share on the best point"),
                _("SD wanted / SD received"),
                _("Reading"),
            ),
            tuple(
                (
                    row["dimension"],
                    row["dimension_name"],
                    row["n"],
                    row["mean"],
                    row["top_share"],
                    row["sd_ratio"],
                    row["reading"],
                )
                for row in rows["ranges"]
            ),
        ),
        *_structure_of_states(rows),
    ]


def _where(row: Row) -> tuple[Cell, ...]:
    return row["state"], str(row["audience_name"]), row["dimension"], row["dimension_name"]


def _structure_of_states(rows: Row) -> list[Table]:
    return [
        Table(
            _("Factors"),
            (
                _("State"), _("Audience"), "n", _("Items"), "KMO", _("Components"), _("Factors"), _("First component"),
                _("First factor"), _("Note"),
            ),
            tuple(
                (
                    row["state"], str(row["audience_name"]), row["n"], row["items"], row["kmo"], row["components"],
                    row["factors"], row["component_share"], row["factor_share"], row["why_not"],
                )
                for row in rows["factors"]
            ),
        ),
        Table(
            "HTMT",
            (_("State"), _("Dimension"), _("Dimension 2"), "HTMT", _("Separable")),
            tuple(
                (row["state"], row["first"], row["second"], row["ratio"], _("yes") if row["is_separable"] else _("no"))
                for row in rows["separations"]
            ),
        ),
        Table(
            _("Same meaning in groups"),
            (_("State"), _("Dimension"), _("Attribute"), _("Groups"), _("Congruence"), _("Reading")),
            tuple(
                (
                    row["state"], row["dimension"], row["attribute"], row["groups"], row["congruence"],
                    row["why_not"] or str(row["band_name"]),
                )
                for row in rows["congruences"]
            ),
        ),
        Table(
            _("Missing answers"),
            (_("State"), _("Audience"), "n", _("Answered"), _("Cannot judge"), _("Prorated")),
            tuple(
                (
                    row["state"], str(row["audience_name"]), row["n"], row["answered"], row["cannot_judge"],
                    row["prorated"],
                )
                for row in rows["missing"]
            ),
        ),
    ]  # fmt: skip
