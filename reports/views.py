"""Pages of the reports room: the documents of an engagement, asking for one, its progress, its file."""

import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from diagnosis.enums import ActionState, Decision, DiagnosisState
from diagnosis.models import Diagnosis
from diagnosis.selectors import actions_for, findings_for, latest_diagnosis_for
from practice.enums import JobState
from practice.exceptions import CrmgapError
from practice.models import Engagement, Job
from practice.pages import page_of
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for, latest_job
from reports import services
from reports.enums import ReportKind, ReportState
from reports.models import Report
from reports.selectors import get_report_for, reports_of_engagement

UNSAFE_IN_NAMES = re.compile(r"[^\w\-.() ]+")
IN_WORK = (ReportState.QUEUED, ReportState.RUNNING)


@require_safe
@require_permission("report.read")
def report_list(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """List the documents of an engagement, newest first, with those in the making."""
    engagement = get_engagement_for(request.member, engagement_id)
    reports = reports_of_engagement(request.member, engagement).defer("document", "diagnosis__result")
    page = page_of(request, reports.order_by("-created_at", "pk"))
    page.object_list = _rows(list(page.object_list), slug)
    diagnosis = latest_diagnosis_for(request.member, engagement)
    if diagnosis is not None and diagnosis.state != DiagnosisState.SUCCEEDED:
        diagnosis = None
    context = {"engagement": engagement, "step": "report", "page": page, "diagnosis": diagnosis}
    if diagnosis is not None:
        context |= _offer(request, diagnosis, slug)
    return render(request, "reports/report_list.html", context)


def _rows(reports: list[Report], slug: str) -> list[dict[str, Any]]:
    """Return reports with the newest job of each that is not finished, and their addresses."""
    waiting = [report.pk for report in reports if report.state != ReportState.SUCCEEDED]
    jobs = Job.objects.filter(kind="report", object_id__in=waiting).order_by("created_at") if waiting else []
    newest = {job.object_id: job for job in jobs}
    rows = []
    for report in reports:
        kwargs = {"slug": slug, "engagement_id": report.engagement_id, "report_id": report.pk}
        is_ready = report.state == ReportState.SUCCEEDED
        rows.append(
            {
                "report": report,
                "job": newest.get(report.pk),
                "job_url": reverse("reports:report_progress", kwargs=kwargs),
                "download_url": reverse("reports:report_download", kwargs=kwargs) if is_ready else "",
                "n_kib": max(1, round(report.n_bytes / 1024)) if report.n_bytes else 0,
            }
        )
    return rows


def _offer(request: PracticeRequest, diagnosis: Diagnosis, slug: str) -> dict[str, Any]:
    """Return what can be made now, and what is still open before it is made."""
    proposed = findings_for(request.member, diagnosis).filter(decision=Decision.PROPOSED).count()
    agreed = actions_for(request.member, diagnosis=diagnosis).exclude(
        state__in=[ActionState.PROPOSED, ActionState.DROPPED]
    )
    n_agreed = agreed.count()
    texts = {
        ReportKind.DIAGNOSIS: _(
            "What was found and how sure it is: gap map, steps, dimensions, findings, tables."
        ),
        ReportKind.ACTION_PLAN: _("Who does what until when, and how it will be proved that the gap closes."),
        ReportKind.BOARD: _(
            "Six pages at most: the gaps in brief, three findings, the plan, and how sure it is."
        ),
    }
    notes = {
        ReportKind.ACTION_PLAN: ""
        if n_agreed
        else _("No action is agreed yet: the proposed ones are printed.")
    }
    return {
        "can_create": can(request.member, "report.create"),
        "n_to_decide": proposed if can(request.member, "diagnosis.edit") else 0,
        "n_actions": n_agreed,
        "languages": settings.LANGUAGES,
        "language": diagnosis.engagement.client_organisation.language,
        "kinds": [
            {
                "value": kind.value,
                "name": kind.label,
                "text": texts[kind],
                "why": notes.get(kind, ""),
                "url": reverse(
                    "reports:report_request",
                    kwargs={"slug": slug, "engagement_id": diagnosis.engagement_id, "kind": kind.value},
                ),
            }
            for kind in ReportKind
        ],
    }


def _chosen_language(request: PracticeRequest) -> str:
    """Return the language that was chosen for a document; "" for the client's."""
    chosen = request.POST.get("language", "")
    return chosen if chosen in dict(settings.LANGUAGES) else ""


@require_POST
@require_permission("report.create")
def report_request(request: PracticeRequest, slug: str, engagement_id: UUID, kind: str) -> HttpResponse:
    """Ask for a document of the newest diagnosis; while one of the kind is being made, no second one is."""
    engagement = get_engagement_for(request.member, engagement_id)
    if kind not in ReportKind.values:
        raise Http404
    diagnosis = latest_diagnosis_for(request.member, engagement)
    if diagnosis is None:
        messages.error(request, _("There is no diagnosis yet. Compute one first."))
    elif not _is_in_work(request, engagement, diagnosis, kind):
        try:
            services.request_report(
                diagnosis=diagnosis, kind=kind, actor=request.member, language=_chosen_language(request)
            )
        except CrmgapError as error:
            messages.error(request, error.message)
    return redirect("reports:report_list", slug=slug, engagement_id=engagement_id)


def _is_in_work(request: PracticeRequest, engagement: Engagement, diagnosis: Diagnosis, kind: str) -> bool:
    found = reports_of_engagement(request.member, engagement).filter(
        diagnosis=diagnosis, kind=kind, state__in=IN_WORK
    )
    jobs = Job.objects.filter(
        kind="report",
        object_id__in=list(found.values_list("pk", flat=True)),
        state__in=[JobState.QUEUED, JobState.RUNNING],
    )
    return jobs.exists()


@require_safe
@require_permission("report.read")
def report_progress(
    request: PracticeRequest, slug: str, engagement_id: UUID, report_id: UUID
) -> HttpResponse:
    """Answer with the progress of a document in the making; when it has ended, ask the page to load anew."""
    report = _report(request, engagement_id, report_id)
    if not request.htmx:
        return redirect("reports:report_list", slug=slug, engagement_id=engagement_id)
    job = latest_job("report", report.pk)
    if job is None or not job.is_active:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "includes/job.html", {"job": job, "poll_url": request.path})


@require_safe
@require_permission("report.read")
def report_download(
    request: PracticeRequest, slug: str, engagement_id: UUID, report_id: UUID
) -> HttpResponse:
    """Send the PDF as an attachment; nothing in it may run and nobody may keep it on the way."""
    return pdf_response(_report(request, engagement_id, report_id))


def pdf_response(report: Report) -> HttpResponse:
    """Return the file of a finished report as a download; 404 while there is none."""
    return HttpResponse(
        services.report_file(report),
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(True, _file_name(report)),  # noqa: FBT003  its own
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )


def _file_name(report: Report) -> str:
    name = UNSAFE_IN_NAMES.sub(
        " ", f"{report.engagement.client_organisation.name} {report.get_kind_display()}"
    )
    day = report.created_at.date().isoformat()
    return f"{' '.join(name.split())[:100]} {day}.pdf"


def _report(request: PracticeRequest, engagement_id: UUID, report_id: UUID) -> Report:
    report = get_report_for(request.member, report_id)
    if report.engagement_id != engagement_id:
        raise Http404
    return report
