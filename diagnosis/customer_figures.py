"""Drawings of what only some waves ask: the zone of tolerance, direct answers, and a pulse's perceptions alone."""

from typing import Any

from django.utils.translation import gettext as _

from charts.dumbbells import DumbbellRow, Dumbbells, dumbbells
from charts.theme import Theme
from diagnosis.figures import DOCUMENT_WIDTH, Result, state_mean
from diagnosis.words import CERTAINTY
from surveys.instruments import Instrument


def zone_figure(
    result: Result, instrument: Instrument, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw each dimension's zone as a pale band from the lowest level to the one wanted, with what is received."""
    zone = result["zone"]

    def row(code: str, name: str, cell: dict[str, Any], *, total: bool = False) -> DumbbellRow:
        received, adequacy = cell["received"], cell["adequacy"]
        return DumbbellRow(
            code, name, cell["wanted"].get("mean"), received.get("mean"),
            received.get("ci_low"), received.get("ci_high"), lowest=cell["lowest"].get("mean"),
            gap=adequacy.get("estimate"), gap_ci_low=adequacy.get("ci_low"), gap_ci_high=adequacy.get("ci_high"),
            certainty=adequacy["certainty"], word=str(CERTAINTY[adequacy["certainty"]]), total=total,
            hidden=_hidden(received), from_lowest=True,
        )  # fmt: skip

    rows = [row(d.code, d.name, zone["dimensions"][d.code]) for d in instrument.dimensions]
    rows.sort(key=lambda item: (item.gap is None, item.gap if item.gap is not None else 0, item.code))
    rows.append(row("", _("All dimensions"), zone["overall"], total=True))
    data = Dumbbells(
        _("Zone of tolerance"),
        "; ".join(f"{item.code} {item.name} {theme.signed(item.gap)}" for item in rows if item.gap is not None),
        tuple(rows), _("wanted"), _("received"), "", _("to lowest"), _("95 % interval"), _scale_note(result["scale"]),
        result["scale"]["low"], result["scale"]["high"],
    )  # fmt: skip
    return dumbbells(data, theme=theme, uid=uid, width=width)


def direct_figure(
    result: Result, instrument: Instrument, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw the direct answers on their own scale, from worse to better than wanted."""
    direct = result["direct"]
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    rows = tuple(
        DumbbellRow(
            row["dimension"], names[row["dimension"]], None, row["mean"].get("mean"),
            row["mean"].get("ci_low"), row["mean"].get("ci_high"), hidden=_hidden(row["mean"]),
        )
        for row in direct["rows"]
    )  # fmt: skip
    data = Dumbbells(
        _("Compared with what was wanted"),
        "; ".join(f"{row.name} {theme.signed(row.perception)}" for row in rows if row.perception is not None),
        rows, perception_label=_("mean"), scale_note=_scale_note(direct),
        low=float(direct["low"]), high=float(direct["high"]),
    )  # fmt: skip
    return dumbbells(data, theme=theme, uid=uid, width=width)


def received_figure(
    result: Result, instrument: Instrument, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw what customers get on each dimension where what they want was not asked."""
    state = instrument.waterfall.end
    rows = [
        DumbbellRow(
            code, name, None, mean.get("mean"), mean.get("ci_low"), mean.get("ci_high"), total=not code,
            hidden=_hidden(mean),
        )
        for code, name, mean in [
            *((d.code, d.name, state_mean(result, state, d.code)) for d in instrument.dimensions),
            ("", _("All dimensions"), state_mean(result, state)),
        ]
    ]  # fmt: skip
    data = Dumbbells(
        _("What customers get"),
        "; ".join(f"{row.name} {theme.number(row.perception)}" for row in rows if row.perception is not None),
        tuple(rows), perception_label=_("received"), scale_note=_scale_note(result["scale"]),
        low=result["scale"]["low"], high=result["scale"]["high"],
    )  # fmt: skip
    return dumbbells(data, theme=theme, uid=uid, width=width)


def has_received_alone(result: Result, instrument: Instrument) -> bool:
    """Tell whether customers said what they get and nobody asked what they want (a pulse)."""
    plan = instrument.waterfall
    asked = result["states"].get(plan.end)
    return asked is not None and plan.start not in result["states"]


def _scale_note(scale: Any) -> str:
    return _("scale %(low)s to %(high)s") % {"low": f"{scale['low']:g}", "high": f"{scale['high']:g}"}


def _hidden(mean: Any) -> str:
    if mean.get("mean") is not None:
        return ""
    return str(CERTAINTY["suppressed"] if mean.get("suppressed") else CERTAINTY["not_measured"])
