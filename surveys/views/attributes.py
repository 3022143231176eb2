"""What an employer can filter by: the joint groups that a launch would fix, with merging and leaving out before."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from practice.exceptions import CrmgapError
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys.attributes import MIN_AUDIENCE, MIN_CELL
from surveys.enums import Mode
from surveys.models import WaveAudience
from surveys.services.attributes import (
    AudiencePreview,
    merge_attributes,
    preview_attributes,
    set_attributes,
)
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience

MOST_VALUES = 60
MOST_CELLS = 40


@require_safe
@require_permission("wave.edit")
def attributes(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show for each audience what stays with the answers, and which groups that makes."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    rows = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    previews = [preview_attributes(row) for row in rows]
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "previews": [_shown(one, slug, engagement.pk) for one in previews if one.attributes],
        "minimum": MIN_CELL,
        "min_audience": MIN_AUDIENCE,
    }
    return render(request, "surveys/attributes.html", context)


def _shown(preview: AudiencePreview, slug: str, engagement_id: UUID) -> dict[str, Any]:
    audience = preview.audience
    kwargs = {"slug": slug, "engagement_id": engagement_id, "audience_id": audience.pk}
    return {
        "preview": preview,
        "name": name_of_audience(audience.audience),
        "is_named": audience.mode == Mode.NAMED,
        "can_change": audience.state == "draft",
        "attributes": [
            {
                "attribute": one,
                "number": number,
                "values": one.values if len(one.values) <= MOST_VALUES else (),
                "n_values": len(one.values),
            }
            for number, one in enumerate(preview.attributes)
        ],
        "cells": preview.cells[:MOST_CELLS],
        "n_cells": len(preview.cells),
        "set_url": reverse("surveys:attributes_set", kwargs=kwargs),
    }


@require_POST
@require_permission("wave.edit")
def attributes_set(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Take over what is used and what values are shown as, or merge small values; nothing is sent."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    audience: WaveAudience = get_or_404(WaveAudience.objects.filter(wave=wave), audience_id)
    try:
        if "merge" in request.POST:
            merge_attributes(audience, actor=request.member)
        else:
            _set(request, audience)
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
    else:
        messages.success(request, _("Saved. The groups below are what a launch would fix."))
    path = reverse("surveys:attributes", kwargs={"slug": slug, "engagement_id": engagement.pk})
    return redirect(f"{path}#{audience.audience}")


def _set(request: PracticeRequest, audience: WaveAudience) -> None:
    """Read the fields `use` (names) and `as.<attribute>.<value>` by their places in today's list."""
    preview = preview_attributes(audience)
    plan = audience.attribute_plan.get("shown_as", {})
    shown_as: dict[str, dict[str, str]] = {}
    for number, one in enumerate(preview.attributes):
        shown_as[one.name] = dict(plan.get(one.name, {}))
        for place, (value, shown, _n) in enumerate(one.values[:MOST_VALUES]):
            shown_as[one.name][value] = request.POST.get(f"as.{number}.{place}", shown)
    set_attributes(audience, used=request.POST.getlist("use"), shown_as=shown_as, actor=request.member)
