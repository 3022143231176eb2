"""What the pages of an engagement share: its newest wave and the names of its audiences."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from practice.models import Engagement
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for
from surveys.enums import AUDIENCE_NAMES
from surveys.models import Wave
from surveys.selectors import latest_wave_of

ORDER = {code: place for place, code in enumerate(AUDIENCE_NAMES)}


def name_of_audience(code: str) -> str:
    """Return an audience's name."""
    return str(AUDIENCE_NAMES.get(code, code))


def engagement_and_wave(request: PracticeRequest, engagement_id: UUID) -> tuple[Engagement, Wave]:
    """Return the engagement and its newest wave, or 404."""
    engagement = get_engagement_for(request.member, engagement_id)
    wave = latest_wave_of(engagement)
    if wave is None:
        raise Http404
    return engagement, wave


def has_wave(request: PracticeRequest, engagement_id: UUID) -> bool:
    """Tell whether an engagement of the member has a wave; 404 when the member may not see the engagement."""
    return latest_wave_of(get_engagement_for(request.member, engagement_id)) is not None


def render_in_zone(
    request: PracticeRequest,
    engagement: Engagement,
    template: str,
    context: dict[str, Any],
    status: int = 200,
) -> HttpResponse:
    """Render a page whose times are those of the client, whose zone it names."""
    client = engagement.client_organisation
    with timezone.override(client.zone):
        return render(request, template, {**context, "zone": client.time_zone}, status=status)
