"""The forms of a wave before its launch: which form each audience gets, and how every form looks."""

from typing import Any
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_replace
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from surveys.disclosure import MIN_GROUP
from surveys.form_cache import brand_for, instrument_of
from surveys.forms import FormsForm
from surveys.instruments import Form, Instrument, builtin_components, fill_company, load_builtin
from surveys.models import Wave, WaveAudience
from surveys.respondent_pages import preview_pages
from surveys.services import waves
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("wave.edit")
def forms_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Choose the form of each audience and the optional parts, until the launch."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    rows = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    instrument = instrument_of(wave, get_language() or "")
    parts = builtin_components(wave.instrument_code, get_language() or "")
    initial: dict[str, Any] = {f"form_{row.audience}": row.form for row in rows}
    initial["components"] = [part.code for part in instrument.components]
    form = FormsForm(
        request.POST or None,
        initial=initial,
        instrument=load_builtin(
            wave.instrument_code,
            frozenset(initial["components"]) & {part.code for part in parts},
            get_language() or "",
        ),
        parts=parts,
        audiences=[row.audience for row in rows],
    )
    if request.method == "POST" and form.is_valid():
        try:
            waves.change_forms(
                wave,
                forms=form.chosen(),
                components=form.cleaned_data.get("components", []),
                actor=request.member,
            )
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The forms are saved. Have a look at them before the launch."))
            return redirect("surveys:forms", slug=slug, engagement_id=engagement.pk)
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "form": form,
        "can_change": wave.launched_at is None and not any(row.source for row in rows),
        "rows": [_form_row(request, engagement, instrument, row) for row in rows],
        "parts": instrument.components,
    }
    return render(request, "surveys/forms.html", context, status=422 if form.errors else 200)


def _form_row(
    request: PracticeRequest, engagement: Engagement, instrument: Instrument, row: WaveAudience
) -> dict[str, Any]:
    form = instrument.form(row.form)
    return {
        "name": name_of_audience(row.audience),
        "form": form.title,
        "minutes": form.minutes,
        "n_pages": len(form.pages),
        "n_ratings": form.n_ratings,
        "url": _preview_url(request, engagement, row.audience),
    }


def _preview_url(request: PracticeRequest, engagement: Engagement, audience: str, form: str = "") -> str:
    ids = {"slug": request.practice.slug, "engagement_id": engagement.pk, "audience": audience}
    address = reverse("surveys:form_preview", kwargs=ids)
    return f"{address}?form={form}" if form else address


def _shown_form(request: PracticeRequest, wave: Wave, audience: str) -> tuple[Instrument, WaveAudience, Form]:
    """Return the wave's instrument, the audience and the form to look at: its own, or the one asked for."""
    row = next((row for row in wave.audiences.all() if row.audience == audience), None)
    if row is None:
        raise Http404
    instrument = instrument_of(wave, get_language() or "")
    code = request.GET.get("form", row.form)
    form = next((form for form in instrument.forms_for(audience) if form.code == code), None)
    if form is None:
        raise Http404
    return instrument, row, form


@require_safe
@require_permission("form.read")
def form_preview(request: PracticeRequest, slug: str, engagement_id: UUID, audience: str) -> HttpResponse:
    """Show a form as its audience sees it, on phone and desktop side by side; nothing is recorded."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    instrument, row, form = _shown_form(request, wave, audience)
    rows = sorted(wave.audiences.all(), key=lambda each: ORDER.get(each.audience, 9))
    ids = {"slug": slug, "engagement_id": engagement.pk, "audience": audience}
    frame = reverse("surveys:form_preview_frame", kwargs=ids)
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "audience": audience,
        "audience_name": name_of_audience(audience),
        "audiences": [
            {
                "code": each.audience,
                "name": name_of_audience(each.audience),
                "url": _preview_url(request, engagement, each.audience),
            }
            for each in rows
        ],
        "forms": [
            {
                "code": each.code,
                "title": each.title,
                "in_use": each.code == row.form,
                "url": _preview_url(request, engagement, audience, each.code),
            }
            for each in instrument.forms_for(audience)
        ],
        "form": form,
        "frame_url": f"{frame}?form={form.code}",
        "may_choose": wave.launched_at is None and can(request.member, "wave.edit"),
    }
    return render(request, "surveys/form_preview.html", context)


@require_safe
@require_permission("form.read")
@csp_replace({"frame-ancestors": [SELF]})  # type: ignore[arg-type]  # typed for plain requests only
def form_preview_frame(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience: str
) -> HttpResponse:
    """Return one form from its first page to its last, on a survey page of its own that fits into a frame."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    _instrument, row, form = _shown_form(request, wave, audience)
    client = engagement.client_organisation
    context = {
        "brand": brand_for(client, request.practice),
        "headline": fill_company(form.headline, client.name),
        "intro": fill_company(form.intro, client.name),
        "minutes": form.minutes,
        "mode": row.mode,
        "threshold": MIN_GROUP,
        "closes_at": row.closes_at,
        "kept_attributes": row.kept_attributes,
        "form_pages": preview_pages(form, client.name),
    }
    answer = render(request, "surveys/form_preview_frame.html", context)
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer
