"""The plan of an engagement: its board, and forms to add and change actions."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from diagnosis import figures, services
from diagnosis.enums import ActionState
from diagnosis.forms import ActionForm, NewActionForm
from diagnosis.models import Action, Diagnosis
from diagnosis.selectors import actions_for, get_action_for, latest_diagnosis_for
from diagnosis.views.board import board_context
from diagnosis.views.sources import engagement_context, latest_source
from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest

MAX_ON_BOARD = 200


@require_safe
@require_permission("action.read")
def actions(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the plan as a board, by state or by stage, with what each action should close."""
    context = engagement_context(request, engagement_id, "actions")
    engagement = context["engagement"]
    diagnosis = latest_diagnosis_for(request.member, engagement)
    by = "stage" if request.GET.get("by") == "stage" else "status"
    gaps = figures.gaps_by_code(diagnosis.result) if diagnosis and "gaps" in diagnosis.result else {}
    context |= board_context(
        plan_of(request, engagement, diagnosis),
        units={code: gap["unit"] for code, gap in gaps.items()},
        today=timezone.localdate(),
        by=by,
        edit_url=lambda action: _url("action_edit", slug, engagement_id, action_id=action.pk),
        may_edit=can(request.member, "action.edit"),
    )
    context |= {"by": by, "diagnosis": diagnosis}
    if gaps:
        context["create_url"] = _url("action_create", slug, engagement_id)
    return render(request, "diagnosis/actions.html", context)


def plan_of(request: PracticeRequest, engagement: Engagement, diagnosis: Diagnosis | None) -> list[Action]:
    """Return the actions of the newest diagnosis in plan order, then agreed ones of older diagnoses."""
    newest_id = diagnosis.pk if diagnosis else None
    rows = actions_for(request.member, engagement=engagement).defer("diagnosis__result")[:MAX_ON_BOARD]
    kept = [
        action
        for action in rows
        if action.diagnosis_id == newest_id or action.state not in {ActionState.PROPOSED, ActionState.DROPPED}
    ]
    kept.sort(
        key=lambda one: (one.diagnosis_id != newest_id, -one.diagnosis.number, one.position, str(one.pk))
    )
    return kept


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("action.edit")
def action_create(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Add an action of one's own, or one from the library, for a gap of the newest diagnosis."""
    context = engagement_context(request, engagement_id, "actions")
    source = latest_source(request, context["engagement"])
    if source is None:
        raise Http404
    form = NewActionForm(
        request.POST or None,
        gaps={gap["code"]: gap["name"] for gap in source.result["gaps"]},
        dimensions={dimension.code: dimension.name for dimension in source.instrument.dimensions},
        groups=services.customer_groups(source.result),
    )
    if request.method == "POST" and form.is_valid():
        try:
            services.plan_action(source.diagnosis, actor=request.member, **_filled(form.cleaned_data))
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Added to the plan."))
            return redirect("diagnosis:actions", slug=slug, engagement_id=engagement_id)
    context |= {"form": form, "action": None, "gap": None}
    return render(request, "diagnosis/action_form.html", context, status=422 if form.errors else 200)


def _filled(cleaned: dict[str, Any]) -> dict[str, Any]:
    """Leave out what was left empty, so that the library's own words stand."""
    always = {"gap", "title", "entry", "dimension"}
    return {name: value for name, value in cleaned.items() if name in always or value not in (None, "")}


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("action.edit")
def action_edit(request: PracticeRequest, slug: str, engagement_id: UUID, action_id: UUID) -> HttpResponse:
    """Change an action: text, owner, dates, measure, target, state; a proposed one comes into the plan this way."""
    context = engagement_context(request, engagement_id, "actions")
    action = _action(request, engagement_id, action_id)
    is_new = action.state in {ActionState.PROPOSED, ActionState.DROPPED}
    initial = {"state": ActionState.PLANNED} if is_new else {}
    form = ActionForm(
        request.POST or None,
        instance=_action(request, engagement_id, action_id),
        initial=initial,
        groups=services.customer_groups(action.diagnosis.result),
    )
    if request.method == "POST" and form.is_valid():
        try:
            _save(action, form.cleaned_data, request)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("diagnosis:actions", slug=slug, engagement_id=engagement_id)
    context |= {"form": form, "action": action, "is_new": is_new, **_measured(action)}
    return render(request, "diagnosis/action_form.html", context, status=422 if form.errors else 200)


def _action(request: PracticeRequest, engagement_id: UUID, action_id: UUID) -> Action:
    action = get_action_for(request.member, action_id)
    if action.engagement_id != engagement_id:
        raise Http404
    return action


def _save(action: Action, cleaned: dict[str, Any], request: PracticeRequest) -> None:
    is_taken = action.state in {ActionState.PROPOSED, ActionState.DROPPED}
    if is_taken and cleaned["state"] == ActionState.PLANNED:
        fields = {name: value for name, value in cleaned.items() if name != "state"}
        services.accept_action(action, actor=request.member, **fields)
    else:
        services.update_action(action, actor=request.member, **cleaned)


def _measured(action: Action) -> dict[str, Any]:
    """Return the gap of an action as measured in the diagnosis it came from, with the unit to print it in."""
    result = action.diagnosis.result
    gap = figures.gaps_by_code(result).get(action.gap) if "gaps" in result else None
    if gap is None:
        return {"gap": None, "decimals": 2, "gap_label": action.gap}
    found = gap["dimensions"].get(action.dimension) if action.dimension else gap["overall"]
    return {
        "gap": found,
        "decimals": 2 if gap["unit"] == "points" else 0,
        "interval": "gap" if gap["unit"] == "points" else "gap0",
        "gap_label": " ".join(filter(None, (action.gap, action.dimension, gap["name"]))),
    }


def _url(name: str, slug: str, engagement_id: UUID, **more: Any) -> str:
    return reverse(f"diagnosis:{name}", kwargs={"slug": slug, "engagement_id": engagement_id, **more})
