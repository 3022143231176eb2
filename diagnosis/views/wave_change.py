"""The page that shows what has changed since the wave before."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from charts.theme import SCREEN
from diagnosis import change_figures, wave_reason_figures
from diagnosis.views.cards import COLUMN_WIDTH, drawing
from diagnosis.views.sources import engagement_context, latest_source
from diagnosis.wave_change import change_since_earlier_wave
from practice.permissions import require_permission
from practice.requests import PracticeRequest


@require_safe
@require_permission("diagnosis.read")
def wave_change(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Compare the newest diagnosis with the wave before, gap by gap and action by action."""
    context = engagement_context(request, engagement_id, "diagnosis")
    source = latest_source(request, context["engagement"])
    found = change_since_earlier_wave(source.diagnosis) if source else None
    if source is not None and found is not None:
        change = found.to_json()
        result, instrument = source.result, source.instrument
        charts = [
            change_figures.gaps_chart(change, result, theme=SCREEN, uid="wg", width=COLUMN_WIDTH),
            change_figures.dimensions_chart(
                change, result, instrument, theme=SCREEN, uid="wd", width=COLUMN_WIDTH
            ),
        ]
        context |= {
            "change": change,
            "headline": change_figures.title(change),
            "charts": [drawing(svg) for svg in charts if svg],
            "gap_rows": change_figures.gap_rows(change),
            "dimension_rows": change_figures.dimension_rows(change, instrument),
            "action_rows": change_figures.action_rows(change, instrument),
            "total": instrument.waterfall.total,
            **wave_reason_figures.reasons_context(change, instrument),
        }
    return render(request, "diagnosis/wave_change.html", context)
