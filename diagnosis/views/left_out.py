"""Answers left out: how many by which rule, and the rules themselves, which may be changed with a reason."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from diagnosis.exclusion import apply_rules, rules_of
from diagnosis.forms import RulesForm
from diagnosis.views.sources import engagement_context, latest_source, wave_to_diagnose
from practice.exceptions import CrmgapError
from practice.pages import show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for


@require_safe
@require_permission("diagnosis.read")
def left_out_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show what the newest diagnosis leaves out."""
    return _page(request, engagement_id, None)


@require_POST
@require_permission("diagnosis.edit")
def left_out_apply(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Change the rules and compute anew."""
    engagement = get_engagement_for(request.member, engagement_id)
    wave = wave_to_diagnose(engagement)
    if wave is None:
        raise Http404
    form = RulesForm(request.POST, rules=rules_of(wave))
    if form.is_valid():
        try:
            apply_rules(wave, actor=request.member, **form.cleaned_data)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The diagnosis is computed with these rules."))
            return redirect("diagnosis:diagnosis_detail", slug=slug, engagement_id=engagement_id)
    return _page(request, engagement_id, form)


def _page(request: PracticeRequest, engagement_id: UUID, form: RulesForm | None) -> HttpResponse:
    context: dict[str, Any] = engagement_context(request, engagement_id, "diagnosis")
    source = latest_source(request, context["engagement"])
    wave = wave_to_diagnose(context["engagement"])
    rules = rules_of(wave) if wave else {}
    applied = sorted(rules.keys() - set(wave.rules_off)) if wave else []
    context |= {
        "audiences": source.result["audiences"] if source else [],
        "number": source.diagnosis.number if source else None,
        "rules": [{"name": name, "is_applied": code in applied} for code, name in rules.items()],
        "form": None,
    }
    has_answers = wave is not None and wave.answers_deleted_at is None
    if has_answers and source is not None and can(request.member, "diagnosis.edit"):
        context["form"] = form or RulesForm(initial={"rules": applied}, rules=rules)
    return render(request, "diagnosis/left_out.html", context, status=422 if form is not None else 200)
