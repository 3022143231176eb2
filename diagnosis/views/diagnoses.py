"""The diagnosis of an engagement: its page, asking for one, its progress, the statistics behind a mark, the summary."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from diagnosis import services
from diagnosis.enums import Decision, DiagnosisState
from diagnosis.export import workbook_response
from diagnosis.forms import SummaryForm
from diagnosis.models import Diagnosis
from diagnosis.selectors import diagnoses_for, findings_for, latest_diagnosis_for
from diagnosis.views.comments import card_context
from diagnosis.views.gap_sheet import sheet_context
from diagnosis.views.result_cards import page_context
from diagnosis.views.sources import (
    engagement_context,
    latest_source,
    sheet_urls,
    source_of,
    wave_to_diagnose,
)
from diagnosis.wave_change import earlier_diagnosis_of
from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for, latest_job

OPEN = (DiagnosisState.QUEUED, DiagnosisState.RUNNING)


@require_safe
@require_permission("diagnosis.read")
def diagnosis_detail(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the newest diagnosis, or how far it is, or that there is none yet."""
    return _page(request, slug, engagement_id, None)


@require_POST
@require_permission("diagnosis.edit")
def diagnosis_request(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Ask for a diagnosis of what the newest wave has released."""
    engagement = get_engagement_for(request.member, engagement_id)
    wave = wave_to_diagnose(engagement)
    if wave is None:
        messages.error(request, _("There is no wave to diagnose yet. Add people and launch one first."))
        return redirect("diagnosis:diagnosis_detail", slug=slug, engagement_id=engagement.pk)
    try:
        diagnosis = services.request_diagnosis(wave, request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    else:
        if diagnosis.state == DiagnosisState.SUCCEEDED:
            messages.info(
                request, _("Nothing has changed since the last diagnosis: the figures below are current.")
            )
    return redirect("diagnosis:diagnosis_detail", slug=slug, engagement_id=engagement.pk)


@require_safe
@require_permission("diagnosis.read")
def diagnosis_progress(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Answer with the progress of the running diagnosis; when it has ended, ask the page to load anew."""
    engagement = get_engagement_for(request.member, engagement_id)
    if not request.htmx:
        return redirect("diagnosis:diagnosis_detail", slug=slug, engagement_id=engagement.pk)
    job = _running_job(_newest(request, engagement))
    if job is None:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "includes/job.html", {"job": job, "poll_url": request.path})


@require_safe
@require_permission("diagnosis.read")
def gap_sheet(request: PracticeRequest, slug: str, engagement_id: UUID, gap: str) -> HttpResponse:
    """Show the statistics behind a mark: as a fragment for the side sheet, else as a page."""
    context = engagement_context(request, engagement_id, "diagnosis")
    engagement = context["engagement"]
    source = latest_source(request, engagement)
    part = request.GET.get("part") or None
    sheet = sheet_context(source, gap, part, sheet_urls(slug, engagement)) if source else None
    if source is None or sheet is None:
        raise Http404
    findings = findings_for(request.member, source.diagnosis).filter(gap=gap)
    if part:
        findings = findings.filter(dimension=part)
    context |= sheet | {"findings": findings, "diagnosis": source.diagnosis}
    template = "diagnosis/_gap.html" if request.htmx else "diagnosis/gap_sheet.html"
    return render(request, template, context)


@require_safe
@require_permission("export")
def diagnosis_tables(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Download every table of the newest diagnosis as XLSX."""
    source = latest_source(request, get_engagement_for(request.member, engagement_id))
    if source is None:
        raise Http404
    return workbook_response(source.diagnosis, request.member)


@require_POST
@require_permission("diagnosis.edit")
def diagnosis_summary(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Keep the consultant's summary of the newest diagnosis."""
    engagement = get_engagement_for(request.member, engagement_id)
    diagnosis = latest_diagnosis_for(request.member, engagement)
    if diagnosis is None or diagnosis.state != DiagnosisState.SUCCEEDED:
        raise Http404
    form = SummaryForm(request.POST)
    if not form.is_valid():
        return _page(request, slug, engagement_id, form)
    services.write_summary(diagnosis, text=form.cleaned_data["text"], actor=request.member)
    messages.success(request, _("Summary saved. It opens the next diagnosis document."))
    return redirect("diagnosis:diagnosis_detail", slug=slug, engagement_id=engagement.pk)


def _newest(request: PracticeRequest, engagement: Engagement) -> Diagnosis | None:
    """Return the diagnosis asked for last, without its figures."""
    return diagnoses_for(request.member).filter(engagement=engagement).defer("result").first()


def _running_job(diagnosis: Diagnosis | None) -> Any:
    if diagnosis is None or diagnosis.state not in OPEN:
        return None
    job = latest_job(services.KIND, diagnosis.pk)
    return job if job is not None and job.is_active else None


def _page(
    request: PracticeRequest, slug: str, engagement_id: UUID, summary_form: SummaryForm | None
) -> HttpResponse:
    context = engagement_context(request, engagement_id, "diagnosis")
    engagement = context["engagement"]
    diagnosis = latest_diagnosis_for(request.member, engagement)
    newest = _newest(request, engagement)
    job = _running_job(newest)
    has_failed = newest is not None and newest.state != DiagnosisState.SUCCEEDED and job is None
    source = source_of(diagnosis)
    wave = diagnosis.wave if diagnosis else wave_to_diagnose(engagement)
    may_edit = can(request.member, "diagnosis.edit")
    context |= {
        "diagnosis": diagnosis,
        "job": job,
        "failed_job": latest_job(services.KIND, newest.pk) if newest and has_failed else None,
        "has_failed": has_failed,
        "is_unreadable": source is None
        and diagnosis is not None
        and diagnosis.state == DiagnosisState.SUCCEEDED,
        "can_start": may_edit and job is None and (wave is None or wave.answers_deleted_at is None),
        "wave": wave,
        "result": None,
        "has_earlier_wave": source is not None and earlier_diagnosis_of(source.diagnosis) is not None,
    }
    if source is not None:
        context |= page_context(source, sheet_urls(slug, engagement))
        context |= card_context(request.member, source)
        context["summary_form"] = summary_form or SummaryForm({"text": source.diagnosis.summary})
        context["is_summary_open"] = summary_form is not None
        context["next_action"] = _next_action(request, source.diagnosis, slug) if may_edit else None
    status = 422 if summary_form is not None else 200
    return render(request, "diagnosis/diagnosis_detail.html", context, status=status)


def _next_action(request: PracticeRequest, diagnosis: Diagnosis, slug: str) -> dict[str, Any]:
    n = findings_for(request.member, diagnosis).filter(decision=Decision.PROPOSED).count()
    note = ngettext("%(n)s finding to decide", "%(n)s findings to decide", n) % {"n": n}
    return {
        "note": note if n else _("All findings are decided"),
        "label": _("Review findings"),
        "url": _url("findings", slug, diagnosis.engagement_id),
    }


def _url(name: str, slug: str, engagement_id: UUID) -> str:
    return reverse(f"diagnosis:{name}", kwargs={"slug": slug, "engagement_id": engagement_id})
