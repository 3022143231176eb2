"""Answers as rows: which audiences may be exported, why others may not, and the files."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_safe

from practice.exceptions import WrongStateError
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys import selectors
from surveys.response_files import response_file
from surveys.services.responses import count_by_audience, why_withheld
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience


@require_safe
@require_permission("export")
def responses_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Say of each audience whether its answers can be had as rows."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    counts = count_by_audience(wave)
    audiences = [
        {
            "id": row.pk,
            "name": name_of_audience(row.audience),
            "mode_label": row.get_mode_display(),
            "withheld": (withheld := why_withheld(row, counts.get(row.pk, 0))),
            "n": None if withheld else counts.get(row.pk, 0),
        }
        for row in sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    ]
    context = {"engagement": engagement, "step": "diagnosis", "wave": wave, "audiences": audiences}
    return render(request, "surveys/responses.html", context)


@require_safe
@require_permission("export")
def responses_file(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID, file_type: str
) -> HttpResponse:
    """Download the answers of an audience as CSV or XLSX."""
    audience = selectors.get_audience_for(request.member, audience_id)
    try:
        return response_file(audience, file_type, actor=request.member)
    except WrongStateError as error:
        messages.error(request, error.message)
        return redirect("surveys:responses", slug=slug, engagement_id=engagement_id)
