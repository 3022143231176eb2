"""The home page with all engagements, founding one, and the home of one engagement."""

from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from crmgap_site.engagements.overview import overviews
from crmgap_site.engagements.setup import EngagementSetupForm, audience_lengths, open_engagement
from diagnosis.words import AUDIENCES
from practice import services
from practice.forms import EngagementForm
from practice.pages import page_of
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import engagements_for, get_client_for, get_engagement_for
from reports.selectors import reports_of_engagement
from surveys.enums import AudienceState


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
    rows = overviews(page.object_list, slug=slug)
    page.object_list = rows
    today = [row.today for row in rows if row.today] if not query else []
    return render(
        request, "practice/engagement_list.html", {"page": page, "query": query, "today": today, "rows": rows}
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("engagement.edit")
def engagement_create(request: PracticeRequest, slug: str) -> HttpResponse:
    """Open an engagement with its first wave."""
    initial = {}
    if "client" in request.GET:
        initial["client_organisation"] = get_client_for(request.member, request.GET["client"])
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
    overview = overviews([engagement], slug=slug)[0]
    audiences = [
        {
            "name": AUDIENCES.get(audience.audience, audience.audience),
            "mode": audience.mode,
            "state_label": audience.get_state_display(),
            "closes_at": audience.closes_at,
            "n_invited": audience.totals.get("invited"),
            "n_finished": audience.totals.get("finished"),
            "lamp": "ok" if audience.state == AudienceState.RELEASED else "soon",
        }
        for audience in (overview.wave.audiences.all() if overview.wave else [])
    ]
    context = {
        "engagement": engagement,
        "step": "",
        "current_step": overview.step,
        "done_steps": overview.done_steps,
        "next_action": overview.next_action,
        "wave": overview.wave,
        "audiences": audiences,
        "reports": reports_of_engagement(request.member, engagement)[:10],
        "n_to_decide": overview.n_to_decide,
        "n_actions": overview.n_actions,
    }
    return render(request, "practice/engagement_detail.html", context)
