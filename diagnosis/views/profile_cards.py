"""The card of relationship profiles on the diagnosis page."""

from typing import Any

from django.utils.translation import gettext as _

from charts.theme import SCREEN
from diagnosis import profile_figures
from diagnosis.views.cards import PAGE_WIDTH, Card, drawing
from diagnosis.views.sources import Source


def profile_context(source: Source) -> dict[str, Any]:
    """Return the card and its rows; None where wishes were not asked."""
    result, instrument = source.result, source.instrument
    if not result.get("profiles"):
        return {"profiles_chart": None}
    svg = ""
    if result["profiles"]["rows"]:
        svg = profile_figures.profiles_figure(
            result, instrument, theme=SCREEN, uid="profiles", width=PAGE_WIDTH
        )
    note = _("Circles: what each group wants, with 95 % interval; diamonds: the one standard for all.")
    return {
        "profiles_chart": Card(profile_figures.profiles_title(result), note, drawing(svg)),
        "profile_rows": profile_figures.profile_rows(result, instrument),
        "profile_heads": profile_figures.profile_heads(result, instrument),
        "profile_notes": profile_figures.profile_notes(result, instrument),
        "profile_candidates": profile_figures.candidate_rows(result),
    }
