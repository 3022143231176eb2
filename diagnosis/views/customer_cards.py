"""Cards of the diagnosis page that only some waves have: zone of tolerance, direct answers, a pulse's perceptions."""

from typing import Any

from django.utils.translation import gettext as _

from charts.theme import SCREEN
from diagnosis import customer_figures, customer_messages, shares_figures
from diagnosis.figures import state_mean
from diagnosis.views.cards import PAGE_WIDTH, Card, drawing
from diagnosis.views.sources import Source
from diagnosis.words import AGREEMENT, ZONE_STATES


def customer_context(source: Source) -> dict[str, Any]:
    """Return the cards and rows; a card the result has nothing for is None."""
    result, instrument = source.result, source.instrument
    is_alone = customer_figures.has_received_alone(result, instrument)
    return {
        "zone_chart": _zone(source) if result.get("zone") else None,
        "zone_rows": _zone_rows(source) if result.get("zone") else [],
        "direct_chart": _direct(source) if result.get("direct") else None,
        "direct_rows": _direct_rows(source) if result.get("direct") else [],
        "shares_title": shares_figures.shares_title(result),
        "top_box_rows": shares_figures.top_box_rows(result, instrument),
        "recommendation_rows": shares_figures.recommendation_rows(result, instrument),
        "received_chart": _received(source) if is_alone else None,
        "received_rows": [
            {"code": d.code, "name": d.name, "mean": state_mean(result, instrument.waterfall.end, d.code)}
            for d in instrument.dimensions
        ]
        if is_alone
        else [],
    }


def _zone(source: Source) -> Card:
    result, instrument = source.result, source.instrument
    svg = customer_figures.zone_figure(result, instrument, theme=SCREEN, uid="zone", width=PAGE_WIDTH)
    note = _(
        "Pale band: from the lowest level customers accept to the level they want; filled circle: what they get."
    )
    left_out = result["zone"]["inconsistent"]
    foot = _("The same persons in all three columns.")
    if left_out:
        foot += " " + _("%(share)s contradict themselves (lowest above wanted) and are left out here.") % {
            "share": SCREEN.percent(left_out)
        }
    return Card(customer_messages.zone_title(result, instrument), note, drawing(svg), foot)


def _zone_rows(source: Source) -> list[dict[str, Any]]:
    zone = source.result["zone"]
    parts = [(d.code, d.name, zone["dimensions"][d.code]) for d in source.instrument.dimensions]
    return [
        {"code": code, "name": name, **cell, "word": ZONE_STATES.get(cell["state"], "")}
        for code, name, cell in [*parts, ("", _("All dimensions"), zone["overall"])]
    ]


def _direct(source: Source) -> Card:
    result, instrument = source.result, source.instrument
    svg = customer_figures.direct_figure(result, instrument, theme=SCREEN, uid="direct", width=PAGE_WIDTH)
    note = _(
        "One answer per dimension, from much worse (−3) to much better (+3) than wanted, with 95 % intervals."
    )
    rank = result["direct"]["rank_correlation"]
    foot = ""
    if rank is not None:
        foot = _("Order of the dimensions here and by their gaps: rank correlation %(rho)s.") % {
            "rho": SCREEN.number(rank)
        }
    return Card(customer_messages.direct_title(result), note, drawing(svg), foot)


def _direct_rows(source: Source) -> list[dict[str, Any]]:
    names = {dimension.code: dimension.name for dimension in source.instrument.dimensions}
    return [
        row | {"name": names[row["dimension"]], "agreement_word": AGREEMENT[row["agreement"]]}
        for row in source.result["direct"]["rows"]
    ]


def _received(source: Source) -> Card:
    result, instrument = source.result, source.instrument
    svg = customer_figures.received_figure(result, instrument, theme=SCREEN, uid="received", width=PAGE_WIDTH)
    title = customer_messages.received_title(result, instrument)
    return Card(
        title, _("Means with 95 % intervals; gaps that need the wish are not measured."), drawing(svg)
    )
