"""Measure again: one button that makes the next wave of an engagement."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from practice.exceptions import CrmgapError
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys.selectors import people_by_audience
from surveys.services.next_wave import create_next_wave
from surveys.views.waves import engagement_and_wave


@require_POST
@require_permission("wave.edit")
def wave_next(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Make the next wave from the newest one and lead to its launch; pressing twice makes one."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    if wave.number > 1 and wave.launched_at is None:
        return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
    try:
        following = create_next_wave(wave, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
        return redirect("surveys:field", slug=slug, engagement_id=engagement.pk)
    n = sum(people_by_audience(following).values())
    text = ngettext(
        "%(wave)s is ready: the same questions to %(n)s person, with a new link.",
        "%(wave)s is ready: the same questions to %(n)s people, with new links.",
        n,
    )
    messages.success(
        request,
        text % {"wave": following.name, "n": n} + " " + _("Nothing is sent before you launch it."),
    )
    return redirect("surveys:launch" if n else "surveys:people", slug=slug, engagement_id=engagement.pk)
