"""What goes with the outcomes, for screen, paper and spreadsheets: priority map, drivers, and sentences."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts.dumbbells import DumbbellRow, Dumbbells, dumbbells
from charts.priority import PriorityMap, PriorityPoint, priority_map
from charts.theme import PAPER, Theme
from diagnosis.figures import DOCUMENT_WIDTH, gaps_by_code
from diagnosis.result import Result as ComputedResult
from diagnosis.table import Cell, Table
from diagnosis.words import DECIDED, IMPACTS
from surveys.instruments import Instrument

Result = Mapping[str, Any]
FIRST = 3
"""So many dimensions are marked to be repaired first, if they have a priority at all."""


def has_map(result: Result) -> bool:
    """Tell whether at least two dimensions have both an importance and a gap."""
    return sum(row["shortfall"] is not None for row in result.get("priorities", ())) > 1


def map_title(result: Result, instrument: Instrument) -> str:
    """Say how many dimensions matter more than the rest and surely fall short."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    cut = 1.0 / max(1, len(result["priorities"]))
    both = [
        row["dimension"]
        for row in result["priorities"]
        if row["importance"] >= cut and row["certainty"] in DECIDED and (row["shortfall"] or 0.0) > 0.0
    ]
    if not both:
        return _("No dimension both matters more than the others and surely falls short")
    text = ngettext(
        "%(first)s matters more than the others and surely falls short",
        "%(n)s dimensions matter more than the others and surely fall short, first of all: %(first)s",
        len(both),
    )
    return text % {"n": len(both), "first": names[both[0]]}


def map_figure(
    result: Result,
    instrument: Instrument,
    *,
    theme: Theme,
    uid: str,
    width: float = DOCUMENT_WIDTH,
    height: float = 372,
) -> str:
    """Draw the dimensions by importance and gap, lines at the mean importance and the mean gap."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    gaps = gaps_by_code(result)[instrument.waterfall.total]["dimensions"]
    limits = _importance_limits(result)
    known = [row for row in result["priorities"] if gaps[row["dimension"]].get("estimate") is not None]
    points = tuple(
        PriorityPoint(
            code=row["dimension"],
            name=names[row["dimension"]],
            importance=row["importance"],
            gap=gaps[row["dimension"]]["estimate"],
            importance_low=limits.get(row["dimension"], (None, None))[0],
            importance_high=limits.get(row["dimension"], (None, None))[1],
            gap_low=gaps[row["dimension"]]["ci_low"],
            gap_high=gaps[row["dimension"]]["ci_high"],
            first=place < FIRST and row["priority"] > 0.0,
        )
        for place, row in enumerate(known)
    )
    data = PriorityMap(
        title=_("Priority map"),
        desc="; ".join(
            f"{point.code} {point.name} {theme.signed(point.gap)}, {theme.percent(point.importance)}"
            for point in points
        ),
        points=points,
        quadrants=(_("act first"), _("keep up"), _("later"), _("possibly too much")),
        x_label=_("gap in points"),
        y_label=_("importance"),
        gap_cut=sum(point.gap or 0.0 for point in points) / len(points),
        importance_cut=1.0 / len(result["priorities"]),
        gap_cut_label=_("mean gap"),
        importance_cut_label=_("equal importance"),
    )
    return priority_map(data, theme=theme, uid=uid, width=width, height=height)


def _importance_limits(result: Result) -> dict[str, tuple[float, float]]:
    """Interval of each weight as far as it rests on drivers: stated parts count as they are."""
    drivers, importance = result.get("drivers"), result["importance"]
    if not drivers or importance["kind"] not in {"both", "derived"}:
        return {}
    stated = importance.get("stated")
    limits = {}
    for row in drivers["together"]["rows"]:
        low, high = row["ci_low"], row["ci_high"]
        if stated:
            low, high = ((stated[row["dimension"]] + limit) / 2.0 for limit in (low, high))
        limits[row["dimension"]] = (low, high)
    return limits


def importance_note(result: Result) -> str:
    """Say what the importance of the dimensions rests on."""
    importance = result["importance"]
    kind = importance["kind"]
    if kind == "both":
        return _(
            "Importance: mean of what %(n)s customers stated and of what goes with their outcomes (drivers)."
        ) % {"n": importance["n"]}
    if kind == "stated":
        return _("Importance: what %(n)s customers ticked among the three that matter most.") % {
            "n": importance["n"]
        }
    if kind == "derived":
        return _("Importance: what goes with the outcomes (drivers); nobody was asked what matters most.")
    return _("Importance: equal, since customers were not asked and too few answered for drivers.")


def drivers_title(result: Result, instrument: Instrument) -> str:
    """Name the dimension that goes most with the outcomes, if its lead is sure."""
    rows = result["drivers"]["together"]["rows"]
    if not rows:
        return _("What goes with satisfaction and loyalty cannot be said yet")
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    first = min(rows, key=lambda row: row["rank"])
    if first["rank_high"] == 1:
        return _("%(name)s goes most with satisfaction and loyalty") % {"name": names[first["dimension"]]}
    tied = sum(row["rank_low"] == 1 for row in rows)
    return _("No single dimension leads: %(n)s of %(total)s could go most with satisfaction and loyalty") % {
        "n": tied,
        "total": len(rows),
    }


def drivers_figure(
    result: Result, instrument: Instrument, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw each dimension's share of what is explained in all outcomes together, with its interval."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    found = sorted(result["drivers"]["together"]["rows"], key=lambda row: row["rank"])
    rows = tuple(
        DumbbellRow(
            row["dimension"], names[row["dimension"]], None, 100 * row["share"],
            100 * row["ci_low"], 100 * row["ci_high"],
        )
        for row in found
    )  # fmt: skip
    highest = max([10.0, *(100 * row["ci_high"] for row in found)])
    data = Dumbbells(
        _("Share of what is explained"),
        "; ".join(f"{row.name} {theme.number(row.perception, 0)} %" for row in rows),
        rows, perception_label=_("share in percent"), scale_note=_("95 % interval"),
        low=0.0, high=10.0 * -(-highest // 10.0),
    )  # fmt: skip
    return dumbbells(data, theme=theme, uid=uid, width=width)


def driver_rows(result: Result, instrument: Instrument) -> list[dict[str, Any]]:
    """One row per dimension in the order of its rank: all outcomes together, then its share in each outcome."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    drivers = result["drivers"]
    masked = {(row["dimension"], row["block"]) for row in drivers["masked"]}
    shares = [
        (outcome["block"], {row["dimension"]: row["share"] for row in outcome["rows"]})
        for outcome in drivers["outcomes"]
        if outcome["rows"]
    ]
    return [
        row
        | {
            "name": names[row["dimension"]],
            "outcomes": [
                {"share": found.get(row["dimension"]), "is_masked": (row["dimension"], block) in masked}
                for block, found in shares
            ],
        }
        for row in sorted(drivers["together"]["rows"], key=lambda row: row["rank"])
    ]


def shown_outcomes(result: Result) -> list[dict[str, Any]]:
    """The outcomes whose model could be computed, all together first."""
    drivers = result["drivers"]
    return [one for one in (drivers["together"], *drivers["outcomes"]) if one["rows"]]


def driver_notes(result: Result, instrument: Instrument) -> list[str]:
    """Everything the shares do not say by themselves, in sentences."""
    drivers = result["drivers"]
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    blocks = {block.code: block.name for block in instrument.blocks}
    notes = [
        f"{one['name']}: {one['reason']}"
        for one in (drivers["together"], *drivers["outcomes"])
        if one["reason"]
    ]
    for row in drivers["masked"]:
        text = (
            _("%(dimension)s goes with %(outcome)s in the other direction than with all outcomes together.")
            if row["kind"] == "sign"
            else _(
                "%(dimension)s is number %(rank)s for %(outcome)s but number %(together)s for all together."
            )
        )
        notes.append(
            text
            % {
                "dimension": names[row["dimension"]],
                "outcome": blocks[row["block"]],
                "rank": row["rank"],
                "together": row["rank_together"],
            }
        )
    negative = [names[code] for code in drivers["together"]["negative"]]
    if negative:
        notes.append(_("In the other direction goes: %(names)s.") % {"names": ", ".join(negative)})
    if drivers["imputed"] > 0.0:
        notes.append(
            _(
                "%(share)s of the perceptions were missing and replaced by what is typical of person and dimension."
            )
            % {"share": PAPER.percent(drivers["imputed"])}
        )
    notes.append(_surface_note(drivers))
    if drivers["path"]:
        notes.append(_path_note(drivers["path"], blocks))
    return notes


def _surface_note(drivers: Mapping[str, Any]) -> str:
    """Read the surface: whether one side of a mismatch weighs more, and whether any mismatch goes with harm."""
    if drivers["surface_reason"]:
        return _("Wish and perception together: %(reason)s") % {"reason": drivers["surface_reason"]}
    tests = {row["code"]: row for row in drivers["surface"]}
    slope, bend = tests["a3"], tests["a4"]
    if slope["ci_high"] < 0.0:
        text = _(
            "Getting less than wanted goes with lower satisfaction more than getting more goes with higher."
        )
    elif bend["ci_high"] < 0.0:
        text = _(
            "Any mismatch between wish and perception, in either direction, goes with lower satisfaction."
        )
    else:
        text = _("Wish and perception show no proved asymmetry: neither side of a mismatch weighs more.")
    return f"{text} (a3 {_interval(slope)}, a4 {_interval(bend)})"


def _path_note(path: Mapping[str, Any], blocks: Mapping[str, str]) -> str:
    chain = " → ".join(blocks[code] for code in path["blocks"])
    if path["reason"]:
        return f"{chain}: {path['reason']}"
    links = ", ".join(PAPER.number(link["beta"]) for link in path["links"])
    return _("%(chain)s: coefficients %(links)s; along the whole path %(indirect)s (n = %(n)s).") % {
        "chain": chain,
        "links": links,
        "indirect": _interval({"estimate": path["indirect"]} | dict(path)),
        "n": path["n"],
    }


def _interval(row: Mapping[str, Any]) -> str:
    low, high = PAPER.signed(row["ci_low"]), PAPER.signed(row["ci_high"])
    return f"{PAPER.signed(row['estimate'])} [{low}; {high}]"


def asymmetry_rows(result: Result, instrument: Instrument) -> list[dict[str, Any]]:
    """What goes with far below and far above the rest, with its word."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    return [
        row | {"name": names[row["dimension"]], "word_name": IMPACTS.get(row["word"], "–")}
        for row in result["drivers"]["asymmetry"]
    ]


def driver_tables(result: ComputedResult, instrument: Instrument) -> list[Table]:
    """Every driver of every outcome, and the asymmetry, as tables of the workbook in full precision."""
    drivers = result.drivers
    if drivers is None:
        return []
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    rows: list[tuple[Cell, ...]] = []
    for outcome in (drivers.together, *drivers.outcomes):
        if outcome.reason:
            rows.append((outcome.block, outcome.name, *[None] * 14, outcome.reason))
        rows += [
            (
                outcome.block, outcome.name, outcome.n, outcome.r2, outcome.adjusted_r2, row.dimension,
                names[row.dimension], row.share, row.ci_low, row.ci_high, row.rank, row.rank_low, row.rank_high,
                row.p_first, row.r, row.beta, None,
            )
            for row in outcome.rows
        ]  # fmt: skip
    header = (
        _("Code"), _("Outcome"), _("n"), "R2", _("Adjusted R2"), _("Dimension"), _("Name"), _("Share"), _("CI low"),
        _("CI high"), _("Rank"), _("Rank from"), _("Rank to"), _("Leads in share of draws"), "r", "beta", _("Note"),
    )  # fmt: skip
    asymmetry = tuple(
        (
            row.dimension, names[row.dimension], row.penalty, row.penalty_low, row.penalty_high, row.reward,
            row.reward_low, row.reward_high, row.impact, str(IMPACTS.get(row.word, "")),
        )
        for row in drivers.asymmetry
    )  # fmt: skip
    asymmetry_header = (
        _("Dimension"), _("Name"), _("Penalty"), _("CI low"), _("CI high"), _("Reward"), _("CI low"), _("CI high"),
        _("Impact asymmetry"), _("Reading"),
    )  # fmt: skip
    return [
        Table(_("Drivers"), header, tuple(rows)),
        Table(_("Penalty and reward"), asymmetry_header, asymmetry),
    ]
