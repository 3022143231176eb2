"""The sentences that follow from the figures, the same on screen and in documents: every title says what is shown."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts.theme import PAPER
from diagnosis.customer_figures import has_received_alone
from diagnosis.customer_messages import received_title
from diagnosis.figures import gaps_by_code
from diagnosis.words import DECIDED, SHOWN
from surveys.instruments import Instrument

Result = Mapping[str, Any]


def _points(value: float) -> str:
    return PAPER.number(abs(value), 2)


def summary_title(result: Result, instrument: Instrument) -> str:
    """Say the total gap in points and where its largest part arises."""
    total = gaps_by_code(result)[instrument.waterfall.total]["overall"]
    if total.get("estimate") is None and has_received_alone(result, instrument):
        return received_title(result, instrument)
    if total.get("estimate") is None:
        return _("The inside view: what the company lays down and what it does")
    if total["certainty"] not in DECIDED:
        return _("Customers get about what they expect; no overall gap is proved")
    points = _points(total["estimate"])
    if total["estimate"] > 0:
        return _("Customers get %(points)s points more than they expect") % {"points": points}
    largest = largest_step(result)
    if largest is None:
        return _("Customers get %(points)s points less than they expect") % {"points": points}
    place = step_place(largest["gap"], instrument)
    return _("Customers get %(points)s points less than they expect; the largest part is lost %(place)s") % {
        "points": points,
        "place": place,
    }


def step_place(code: str, instrument: Instrument) -> str:
    """Say between which two views a step lies, as the end of a sentence."""
    places = {
        "D1": _("between customers’ wishes and managers’ belief"),
        "D2": _("between what is known and what is laid down"),
        "I1": _("between standard and daily work"),
        "E4": _("between daily work and what customers notice"),
    }
    names = {gap.code: gap.name for gap in instrument.gaps}
    return places.get(code) or _("in the %(gap)s") % {"gap": names.get(code, code)}


def largest_step(result: Result) -> Mapping[str, Any] | None:
    """Return the most negative step when it is the largest loss with a probability of at least one half."""
    steps = (result.get("waterfall") or {}).get("overall", {}).get("steps", [])
    known = [step for step in steps if step.get("estimate") is not None]
    if not known:
        return None
    worst: Mapping[str, Any] = min(known, key=lambda step: step["estimate"])
    return worst if worst["estimate"] < 0 and (worst.get("p_largest") or 0) >= 0.5 else None


def map_title(result: Result) -> str:
    """Say how many gaps of the map are proved."""
    measured = [gap["overall"]["certainty"] for gap in result["gaps"] if gap["overall"]["certainty"] in SHOWN]
    proved = sum(word in DECIDED for word in measured)
    return ngettext(
        "Of %(measured)s gap measured, %(proved)s is clear or probable",
        "Of %(measured)s gaps measured, %(proved)s are clear or probable",
        len(measured),
    ) % {"measured": len(measured), "proved": proved}


def steps_title(result: Result, instrument: Instrument) -> str:
    """Say where most is lost on the way."""
    largest = largest_step(result)
    if largest is None:
        return _("From wanted to received in four steps, none of them clearly the largest")
    return _("Most is lost %(place)s: %(points)s points") % {
        "place": step_place(largest["gap"], instrument),
        "points": PAPER.number(abs(largest["estimate"]), 2),
    }


def grid_title(result: Result, instrument: Instrument) -> str:
    """Name the largest proved loss of one step on one dimension."""
    gaps = gaps_by_code(result)
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    cells = [
        (found["estimate"], step, dimension)
        for step in instrument.waterfall.steps
        for dimension, found in gaps[step]["dimensions"].items()
        if found.get("estimate") is not None and found["certainty"] in DECIDED and found["estimate"] < 0
    ]
    if not cells:
        return _("No single step on a dimension is proved to lose anything")
    estimate, step, dimension = min(cells)
    return _("The largest single loss: %(dimension)s, %(place)s (%(points)s points)") % {
        "dimension": names[dimension],
        "place": step_place(step, instrument),
        "points": PAPER.number(-estimate, 2),
    }


def dimensions_title(result: Result, instrument: Instrument) -> str:
    """Name the dimensions with the largest shortfall."""
    total = gaps_by_code(result)[instrument.waterfall.total]
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    worst = sorted(
        (gap["estimate"], code)
        for code, gap in total["dimensions"].items()
        if gap.get("estimate") is not None and gap["certainty"] in DECIDED and gap["estimate"] < 0
    )[:2]
    if not worst:
        return _("No dimension falls clearly short of what customers want")
    first = names[worst[0][1]]
    if len(worst) == 1:
        return _("%(first)s falls furthest short of what customers want") % {"first": first}
    return _("%(first)s and %(second)s fall furthest short of what customers want") % {
        "first": first,
        "second": names[worst[1][1]].lower(),
    }


def expected_title(result: Result, instrument: Instrument) -> str:
    """Say in figures what customers expected and what they get, over all dimensions."""
    total = gaps_by_code(result)[instrument.waterfall.total]["overall"]
    if total.get("estimate") is None:
        return _("What customers expected and what they get: not measured, or too few answers")
    return _("Customers expected %(expected)s and get %(received)s") % {
        "expected": PAPER.number(total["mean_earlier"], 2),
        "received": PAPER.number(total["mean_later"], 2),
    }


def outcomes_title(result: Result) -> str:
    """Name the construct with the highest and the one with the lowest mean on the scale of the dimensions."""
    scale = result["scale"]
    known = [
        (row["mean"]["mean"], row["name"])
        for row in result.get("outcomes", [])
        if row["mean"].get("mean") is not None and (row["low"], row["high"]) == (scale["low"], scale["high"])
    ]
    if len(known) < 2:
        return _("How customers see the company as a whole")
    return _("%(highest)s stands highest, %(lowest)s lowest") % {
        "highest": max(known)[1],
        "lowest": min(known)[1].lower(),
    }


def dimension_title(result: Result, instrument: Instrument, code: str) -> str:
    """Say what one dimension shows: its gap and its largest proved step."""
    name = next(dimension.name for dimension in instrument.dimensions if dimension.code == code)
    gaps = gaps_by_code(result)
    total = gaps[instrument.waterfall.total]["dimensions"].get(code, {})
    if total.get("estimate") is None:
        return _("%(name)s: too few answers to show") % {"name": name}
    if total["certainty"] not in DECIDED:
        return _("%(name)s: no gap is proved") % {"name": name}
    points = PAPER.number(abs(total["estimate"]), 2)
    if total["estimate"] > 0:
        return _("%(name)s: %(points)s points more than wanted") % {"name": name, "points": points}
    steps = [
        (gap["estimate"], step)
        for step in instrument.waterfall.steps
        if (gap := gaps[step]["dimensions"].get(code, {})).get("estimate") is not None
        and gap["certainty"] in DECIDED
        and gap["estimate"] < 0
    ]
    if not steps:
        return _("%(name)s: %(points)s points less than wanted") % {"name": name, "points": points}
    return _("%(name)s: %(points)s points less than wanted, most of it lost %(place)s") % {
        "name": name,
        "points": points,
        "place": step_place(min(steps)[1], instrument),
    }


def inside_title(result: Result, instrument: Instrument) -> str:
    """Say which component of readiness is ahead and which behind, when the difference is flagged."""
    readiness = result.get("readiness") or {}
    names = {pillar.code: pillar.short or pillar.name for pillar in instrument.pillars}
    flagged = [row for row in readiness.get("coherence", []) if row["audience"] is None and row["flag"]]
    if not flagged:
        return _("Organisation, technology and people stand about level")
    widest = max(flagged, key=lambda row: abs(row["estimate"]))
    ahead, behind = widest["pair"] if widest["estimate"] > 0 else reversed(widest["pair"])
    return _("%(ahead)s is ahead, %(behind)s behind: %(points)s points of 100 lie between them") % {
        "ahead": names[ahead],
        "behind": names[behind].lower(),
        "points": PAPER.number(abs(widest["estimate"]), 0),
    }


def priorities_title(result: Result, instrument: Instrument) -> str:
    """Name the dimension to start with."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    first = next((row for row in result["priorities"] if row["priority"] > 0), None)
    if first is None:
        return _("No dimension asks for priority by its figures alone")
    return _("Start with %(name)s: it matters and falls short") % {"name": names[first["dimension"]].lower()}


def lead(result: Result, instrument: Instrument) -> str:
    """Say where the two largest proved losses arise and how the company sees itself; "" when nothing is proved."""
    gaps = gaps_by_code(result)
    losses = sorted(
        (gap["estimate"], code)
        for code in instrument.waterfall.steps
        if (gap := gaps[code]["overall"]).get("estimate") is not None
        and gap["certainty"] in DECIDED
        and gap["estimate"] < 0
    )[:2]
    parts = []
    if losses:
        parts.append(
            _("%(points)s points are lost %(place)s.")
            % {"points": PAPER.number(-losses[0][0], 2), "place": step_place(losses[0][1], instrument)}
        )
    if len(losses) > 1:
        parts.append(
            _("A further %(points)s are lost %(place)s.")
            % {"points": PAPER.number(-losses[1][0], 2), "place": step_place(losses[1][1], instrument)}
        )
    parts += _self_image(gaps, instrument)
    return " ".join(parts)


def _self_image(gaps: Mapping[str, Any], instrument: Instrument) -> list[str]:
    """Return the sentence on how managers see what customers get, when it is proved to be wrong."""
    roles = {state.code: (state.role, state.side) for state in instrument.states}
    for gap in instrument.gaps:
        if gap.kind != "difference" or gap.code not in gaps:
            continue
        is_belief = roles[gap.later][0] == "belief" and roles[gap.earlier] == ("perception", "customer")
        found = gaps[gap.code]["overall"]
        if is_belief and found.get("estimate") is not None and found["certainty"] in DECIDED:
            text = (
                _("Managers believe that customers get %(points)s points more than customers say.")
                if found["estimate"] > 0
                else _("Managers believe that customers get %(points)s points less than customers say.")
            )
            return [text % {"points": PAPER.number(abs(found["estimate"]), 2)}]
    return []
