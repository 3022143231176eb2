"""The findings of the newest diagnosis: ranked cards, and what the consultant decides of each."""

from typing import Any
from uuid import UUID

from django.db import transaction
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from diagnosis import services
from diagnosis.enums import ActionState, Decision
from diagnosis.models import Finding
from diagnosis.selectors import actions_for, findings_for, get_finding_for, latest_diagnosis_for
from diagnosis.views.finding_cards import decision_counts, finding_cards, no_differences, stage_progress
from diagnosis.views.result_cards import gap_row
from diagnosis.views.sources import Source, engagement_context, sheet_urls, source_of
from diagnosis.words import STAGES
from practice.exceptions import CrmgapError
from practice.pages import page_of
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest

SHOWN = frozenset({"all", *Decision.values})
TAKEN = (ActionState.PROPOSED, ActionState.DROPPED)


@require_safe
@require_permission("diagnosis.read")
def findings(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the findings, ranked or by stage, all or by decision."""
    return _page(request, slug, engagement_id)


@require_POST
@require_permission("diagnosis.edit")
def finding_decide(
    request: PracticeRequest, slug: str, engagement_id: UUID, finding_id: UUID
) -> HttpResponse:
    """Accept (with the ticked actions), reject or put back a finding; its text may be edited with it."""
    finding = get_finding_for(request.member, finding_id)
    if finding.diagnosis.engagement_id != engagement_id:
        raise Http404
    texts = {name: request.POST[name] for name in ("headline", "text", "note") if name in request.POST}
    decision = request.POST.get("decision", "")
    try:
        with transaction.atomic():
            services.decide_finding(finding, decision=decision, actor=request.member, **texts)
            if decision == Decision.ACCEPTED:
                _take_actions(request, finding)
    except CrmgapError as error:
        return _page(request, slug, engagement_id, refused=(finding.pk, error))
    path = reverse("diagnosis:findings", kwargs={"slug": slug, "engagement_id": engagement_id})
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(f"{path}{query}#finding-{finding.rank}")


def _take_actions(request: PracticeRequest, finding: Finding) -> None:
    """Take the ticked actions of the finding into the plan; ones of other findings are passed over."""
    ticked = set(request.POST.getlist("actions"))
    for action in actions_for(request.member, diagnosis=finding.diagnosis).filter(finding=finding):
        if str(action.pk) in ticked and action.state in TAKEN:
            services.accept_action(action, actor=request.member)


def _page(
    request: PracticeRequest,
    slug: str,
    engagement_id: UUID,
    refused: tuple[UUID, CrmgapError] | None = None,
) -> HttpResponse:
    context = engagement_context(request, engagement_id, "diagnosis")
    engagement = context["engagement"]
    diagnosis = latest_diagnosis_for(request.member, engagement)
    source = source_of(diagnosis)
    rows = list(findings_for(request.member, diagnosis).defer("diagnosis__result")) if diagnosis else []
    show = request.GET.get("show", "all")
    show = show if show in SHOWN else "all"
    shown = [row for row in rows if show in {"all", row.decision}]
    sort = "stage" if request.GET.get("sort") == "stage" else "priority"
    if sort == "stage":
        order = list(STAGES)
        shown.sort(key=lambda row: (order.index(row.stage), row.rank))
    planned = list(actions_for(request.member, diagnosis=diagnosis)) if diagnosis else []
    page = page_of(request, shown)
    page.object_list = finding_cards(list(page.object_list), planned)
    query = f"?{request.GET.urlencode()}" if request.GET else ""
    for card in page.object_list:
        kwargs = {"slug": slug, "engagement_id": engagement_id, "finding_id": card["finding"].pk}
        card["decide_url"] = reverse("diagnosis:finding_decide", kwargs=kwargs) + query
        if refused and refused[0] == card["finding"].pk:
            card["error"] = refused[1]
    context |= {
        "diagnosis": diagnosis,
        "show": show,
        "sort": sort,
        "counts": decision_counts(rows),
        "page": page,
        "stages": stage_progress(rows),
        "n_actions": sum(action.state not in TAKEN for action in planned),
        "next_action": _next_action(request, slug, engagement_id),
        **(_beside(source, slug, engagement) if source else {}),
    }
    return render(request, "diagnosis/findings.html", context, status=refused[1].status if refused else 200)


def _beside(source: Source, slug: str, engagement: Any) -> dict[str, Any]:
    """Return what stands beside the findings: proved or undecided gaps without a finding, and sound stages."""
    urls = sheet_urls(slug, engagement)
    rows = [
        gap_row(source.result, source.instrument, gap["code"], None, urls) for gap in source.result["gaps"]
    ]
    sound = [row | {"name": STAGES[row["stage"]]} for row in source.result.get("sound_stages", [])]
    return {"no_difference": no_differences(rows), "sound_stages": sound}


def _next_action(request: PracticeRequest, slug: str, engagement_id: UUID) -> dict[str, Any] | None:
    if not can(request.member, "action.read"):
        return None
    url = reverse("diagnosis:actions", kwargs={"slug": slug, "engagement_id": engagement_id})
    return {"label": _("To the actions"), "url": url, "quiet": True}
