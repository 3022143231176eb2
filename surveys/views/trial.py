"""Trying out before the launch: "Send me everything as each audience", and deleting the test answers."""

from uuid import UUID

from django.contrib import messages
from django.core.cache import cache
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from practice.exceptions import CrmgapError
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from surveys.services import trial
from surveys.views.waves import engagement_and_wave

MOST = 5
SECONDS = 600


@require_POST
@require_permission("wave.edit")
def trial_send(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Send the member every mail of every audience, marked as test."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    counter = f"wave-trial:{request.member.pk}"
    cache.add(counter, 0, SECONDS)
    if cache.incr(counter) > MOST:
        messages.error(request, _("Five tries in ten minutes are enough. Nothing was sent; wait a little."))
        return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
    try:
        trial.send_everything(wave, actor=request.member)
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
    else:
        text = _("Every mail of every audience is on its way to %(email)s, marked as test.")
        messages.success(request, text % {"email": request.member.user.email})
    return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)


@require_POST
@require_permission("wave.edit")
def trial_delete(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Delete every test answer, link and mail of the engagement; live answers are not touched."""
    engagement, _wave = engagement_and_wave(request, engagement_id)
    n = trial.delete_tests(engagement, actor=request.member)
    if n:
        text = ngettext(
            "%(n)s test with its answers is deleted.", "%(n)s tests with their answers are deleted.", n
        )
        messages.success(request, text % {"n": n})
    return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
