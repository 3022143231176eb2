"""The home page with all engagements, founding one, and the home of one engagement."""

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from crmgap_site.engagements.overview import overviews
from crmgap_site.engagements.setup import EngagementSetupForm, audience_lengths, open_engagement
from crmgap_site.templatetags.portal import find_url
from diagnosis.figures import gaps_by_code
from diagnosis.messages import summary_title
from diagnosis.views.sources import latest_source
from diagnosis.words import AUDIENCES
from practice import services
from practice.forms import EngagementForm
from practice.models import Engagement
from practice.pages import page_of
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import clients_for, engagements_for, get_client_for, get_engagement_for
from reports.enums import ReportState
from reports.models import Report
from reports.selectors import reports_of_engagement
from surveys.retention import deletion_date
from surveys.selectors import field_view

ORDER = {code: place for place, code in enumerate(AUDIENCES)}


@require_safe
@require_permission("engagement.read")
def engagement_list(request: PracticeRequest, slug: str) -> HttpResponse:
    """List the engagements, each with its step, health and next best action; what needs somebody today first."""
    query = request.GET.get("q", "").replace("\x00", "").strip()
    engagements = engagements_for(request.member)
    if query:
        by_client = engagements.filter(client_organisation__name__icontains=query)
        engagements = engagements.filter(name__icontains=query) | by_client
    page = page_of(request, engagements)
    rows = overviews(page.object_list, slug=slug, member=request.member)
    page.object_list = rows
    today = [row.today for row in rows if row.today] if not query else []
    return render(
        request, "practice/engagement_list.html", {"page": page, "query": query, "today": today, "rows": rows}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("engagement.edit")
def engagement_create(request: PracticeRequest, slug: str) -> HttpResponse:
    """Open an engagement with its first wave; who has no client yet adds one first and comes back."""
    if request.method != "POST" and not clients_for(request.member).exists():
        messages.info(request, _("First the client: its name is enough. The engagement comes next."))
        return redirect(reverse("practice:client_create", kwargs={"slug": slug}) + "?then=engagement")
    initial = {}
    if "client" in request.GET:
        initial["client_organisation"] = get_client_for(request.member, request.GET["client"])
    elif len(only := clients_for(request.member)[:2]) == 1:
        initial["client_organisation"] = only[0]
    form = EngagementSetupForm(request.POST or None, member=request.member, initial=initial)
    if request.method == "POST" and form.is_valid():
        engagement = open_engagement(actor=request.member, **form.cleaned_data)
        return redirect("surveys:people", slug=slug, engagement_id=engagement.pk)
    context = {"form": form, "engagement": None, "instruments": audience_lengths()}
    return render(request, "practice/engagement_form.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("engagement.edit")
def engagement_edit(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Change an engagement's name and question."""
    engagement = get_engagement_for(request.member, engagement_id)
    form = EngagementForm(
        request.POST or None,
        member=request.member,
        instance=get_engagement_for(request.member, engagement_id),
    )
    if request.method == "POST" and form.is_valid():
        services.update_engagement(engagement, actor=request.member, **form.cleaned_data)
        return redirect("engagement_detail", slug=slug, engagement_id=engagement.pk)
    context = {"form": form, "engagement": engagement}
    return render(request, "practice/engagement_form.html", context, status=422 if form.errors else 200)


@require_safe
@require_permission("engagement.read")
def engagement_detail(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show where an engagement stands, whether it is healthy, and what is next."""
    engagement = get_engagement_for(request.member, engagement_id)
    overview = overviews([engagement], slug=slug, member=request.member)[0]
    may_watch = can(request.member, "field.read")
    field = field_view(overview.wave) if overview.wave and may_watch else None
    audiences = [
        {
            "name": AUDIENCES.get(row.audience.audience, row.audience.audience),
            "mode": row.audience.mode,
            "state_label": row.audience.get_state_display(),
            "closes_at": row.audience.closes_at,
            "n_invited": row.n_invited,
            "n_finished": row.n_finished,
            "lamp": row.lamp,
        }
        for row in sorted(field.audiences if field else (), key=lambda row: ORDER[row.audience.audience])
    ]
    context = {
        "engagement": engagement,
        "step": "",
        "current_step": overview.step,
        "done_steps": overview.done_steps,
        "next_action": overview.next_action,
        "wave": overview.wave,
        "deleted_on": deletion_date(overview.wave) if overview.wave and may_watch else None,
        "audiences": audiences,
        "reports": [
            _report_row(report, slug) for report in reports_of_engagement(request.member, engagement)[:10]
        ],
        "n_to_decide": overview.n_to_decide if can(request.member, "diagnosis.edit") else None,
        "diagnosis": _diagnosis_row(request, engagement),
        "n_actions": overview.n_actions,
    }
    return render(request, "practice/engagement_detail.html", context)


def _diagnosis_row(request: PracticeRequest, engagement: Engagement) -> dict[str, object] | None:
    """Return the newest diagnosis in one sentence and its total gap, or None."""
    source = latest_source(request, engagement)
    if source is None:
        return None
    total = gaps_by_code(source.result)[source.instrument.waterfall.total]["overall"]
    return {
        "computed_at": source.diagnosis.computed_at,
        "headline": summary_title(source.result, source.instrument),
        "summary": source.diagnosis.summary,
        "e1": total if total.get("estimate") is not None else None,
    }


def _report_row(report: Report, slug: str) -> dict[str, object]:
    is_ready = report.state == ReportState.SUCCEEDED
    return {
        "title": report.title,
        "url": find_url("report_download", slug=slug, engagement_id=report.engagement_id, report_id=report.pk)
        if is_ready
        else "",
        "state_label": report.get_state_display(),
        "created_at": report.created_at,
    }
