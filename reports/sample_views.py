"""The sample report of an engagement: what the documents will look like with this very questionnaire."""

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import get_language
from django.views.decorators.http import require_POST, require_safe

from diagnosis.simulated import OTHER_SIZE, SIZES
from diagnosis.words import AUDIENCES
from practice.models import Engagement
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for, latest_job
from reports import sample_report
from reports.enums import ReportKind
from surveys.form_cache import forms_of
from surveys.models import Wave
from surveys.selectors import latest_wave_of

ORDER = {code: place for place, code in enumerate(AUDIENCES)}


def _engagement_and_wave(request: PracticeRequest, engagement_id: UUID) -> tuple[Engagement, Wave]:
    engagement = get_engagement_for(request.member, engagement_id)
    wave = latest_wave_of(engagement)
    if wave is None:
        raise Http404
    return engagement, wave


@require_safe
@require_permission("form.read")
def sample_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show what a sample report is, whether one is there for the present forms, or how far it is."""
    engagement, wave = _engagement_and_wave(request, engagement_id)
    ids = {"slug": slug, "engagement_id": engagement.pk}
    job = latest_job(sample_report.KIND, wave.pk)
    rows = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    forms = forms_of(wave, rows, get_language() or "")
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "documents": [
            {
                "name": kind.label,
                "url": reverse("reports:sample_download", kwargs={**ids, "kind": kind.value}),
            }
            for kind in ReportKind
            if sample_report.is_ready(wave, kind.value)
        ],
        "job": job if job is not None and job.is_active else None,
        "failed_job": job if job is not None and job.error_text else None,
        "poll_url": reverse("reports:sample_progress", kwargs=ids),
        "make_url": reverse("reports:sample_make", kwargs=ids),
        "can_make": can(request.member, "wave.edit"),
        "rows": [
            {
                "name": AUDIENCES.get(row.audience, row.audience),
                "form": forms[row.audience].title,
                "n": SIZES.get(row.audience, OTHER_SIZE),
            }
            for row in rows
        ],
    }
    return render(request, "reports/sample.html", context)


@require_POST
@require_permission("wave.edit")
def sample_make(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Ask for the sample reports of the present forms."""
    engagement, wave = _engagement_and_wave(request, engagement_id)
    sample_report.request_sample(wave, actor=request.member)
    return redirect("reports:sample_page", slug=slug, engagement_id=engagement.pk)


@require_safe
@require_permission("form.read")
def sample_progress(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Answer with the progress of the sample reports; when they are there, ask the page to load anew."""
    engagement, wave = _engagement_and_wave(request, engagement_id)
    if not request.htmx:
        return redirect("reports:sample_page", slug=slug, engagement_id=engagement.pk)
    job = latest_job(sample_report.KIND, wave.pk)
    if job is None or not job.is_active:
        return HttpResponse(status=204, headers={"HX-Refresh": "true"})
    return render(request, "includes/job.html", {"job": job, "poll_url": request.path})


@require_safe
@require_permission("form.read")
def sample_download(request: PracticeRequest, slug: str, engagement_id: UUID, kind: str) -> HttpResponse:
    """Send one sample report as an attachment; 404 while there is none for the present forms."""
    _engagement, wave = _engagement_and_wave(request, engagement_id)
    content = sample_report.sample_file(wave, kind)
    return HttpResponse(
        content,
        content_type="application/pdf",
        headers={
            "Content-Disposition": content_disposition_header(
                as_attachment=True, filename=f"sample {kind.replace('_', ' ')}.pdf"
            ),
            "X-Content-Type-Options": "nosniff",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'; sandbox",
        },
    )
