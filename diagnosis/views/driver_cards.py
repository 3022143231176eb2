"""Cards of the diagnosis page about what matters: the priority map, and what goes with the outcomes."""

from typing import Any

from django.utils.translation import gettext as _

from charts.theme import SCREEN
from diagnosis import driver_figures
from diagnosis.views.cards import MAP_WIDTH, PAGE_WIDTH, Card, drawing
from diagnosis.views.sources import Source


def driver_context(source: Source) -> dict[str, Any]:
    """Return the cards and rows; a card the result has nothing for is None."""
    result, instrument = source.result, source.instrument
    has_drivers = bool(result.get("drivers"))
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    return {
        "priority_chart": _map(source) if driver_figures.has_map(result) else None,
        "priority_rows": [row | {"name": names[row["dimension"]]} for row in result.get("priorities", ())],
        "drivers_chart": _drivers(source) if has_drivers else None,
        "driver_rows": driver_figures.driver_rows(result, instrument) if has_drivers else [],
        "driver_outcomes": driver_figures.shown_outcomes(result) if has_drivers else [],
        "driver_notes": driver_figures.driver_notes(result, instrument) if has_drivers else [],
        "asymmetry_rows": driver_figures.asymmetry_rows(result, instrument) if has_drivers else [],
    }


def _map(source: Source) -> Card:
    result, instrument = source.result, source.instrument
    svg = driver_figures.map_figure(result, instrument, theme=SCREEN, uid="priority", width=MAP_WIDTH)
    note = _("Filled: the three to begin with. Crosses are 95 % intervals, dashed lines the means.")
    return Card(
        driver_figures.map_title(result, instrument),
        note,
        drawing(svg),
        driver_figures.importance_note(result),
    )


def _drivers(source: Source) -> Card:
    result, instrument = source.result, source.instrument
    svg = ""
    if result["drivers"]["together"]["rows"]:
        svg = driver_figures.drivers_figure(result, instrument, theme=SCREEN, uid="drivers", width=PAGE_WIDTH)
    note = _(
        "Share of what the perceived dimensions explain together, fair to dimensions that go with each other."
        " It says what goes together, not what causes what."
    )
    return Card(driver_figures.drivers_title(result, instrument), note, drawing(svg))
