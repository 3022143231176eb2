"""Writes of the reports room: asking for a report, making it, reading its file."""

import hashlib
import json
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from diagnosis.enums import DiagnosisState
from diagnosis.models import Diagnosis
from practice import audit, jobs
from practice.exceptions import CrmgapError, WrongStateError
from practice.models import Job, Member
from practice.scope import practice_scope
from reports.document import build_document
from reports.enums import ReportKind, ReportState
from reports.html import document_html
from reports.models import Report
from reports.rendering import render_pdf


@transaction.atomic
def request_report(*, diagnosis: Diagnosis, kind: str, actor: Member | None, language: str = "") -> Report:
    """Ask for a document of a finished diagnosis; it is made in the background. Raises WrongStateError.

    Without a language it is in the client's.
    """
    if diagnosis.state != DiagnosisState.SUCCEEDED:
        raise WrongStateError(_("The diagnosis is not computed yet. Wait until it is done, then ask again."))
    client = diagnosis.engagement.client_organisation
    language = language or client.language
    with override(language):
        title = _("%(client)s: %(kind)s") % {"client": client.name, "kind": ReportKind(kind).label}
    report = Report.objects.create(
        engagement=diagnosis.engagement,
        diagnosis=diagnosis,
        kind=kind,
        language=language,
        title=title[:200],
        requested_by=actor,
    )
    jobs.create("report", report.pk)
    audit.record("report.requested", report, actor=actor)
    return report


def make_report(practice_id: UUID, job_id: UUID) -> None:
    """Run the job of one report; safe to run twice: a finished report is left alone."""
    jobs.run(practice_id, job_id, _make)


def _make(job: Job, progress: jobs.Progress) -> None:
    practice_id = job.practice_id
    with practice_scope(practice_id):
        report = Report.objects.select_related("engagement__client_organisation", "diagnosis").get(
            pk=job.object_id
        )
        if report.state == ReportState.SUCCEEDED:
            return
        Report.objects.filter(pk=report.pk).update(state=ReportState.RUNNING)
        progress.show(0, 3, str(_("Gathering figures")))
        with override(report.language):
            document = build_document(report)
    progress.show(1, 3, str(_("Setting pages")))
    try:
        html, charts = document_html(document)
        pdf = render_pdf(html, charts, document.logos)
    except CrmgapError:
        with practice_scope(practice_id):
            Report.objects.filter(pk=report.pk).update(state=ReportState.FAILED)
        raise
    progress.show(2, 3, str(_("Storing the file")))
    frozen = document.to_json()
    key = default_storage.save(f"{practice_id}/reports/{report.pk}.pdf", ContentFile(pdf.content))
    with practice_scope(practice_id):
        report.document = frozen
        report.document_hash = hashlib.sha256(json.dumps(frozen, sort_keys=True).encode()).hexdigest()
        report.storage_key, report.n_bytes, report.n_pages = key, len(pdf.content), pdf.n_pages
        report.sha256 = hashlib.sha256(pdf.content).hexdigest()
        report.state, report.finished_at = ReportState.SUCCEEDED, timezone.now()
        report.save()
        audit.record("report.made", report, actor=None)


def report_file(report: Report) -> bytes:
    """Return the PDF of a finished report; 404 while there is none."""
    if report.state != ReportState.SUCCEEDED:
        raise Http404
    with default_storage.open(report.storage_key) as file:
        content: bytes = file.read()
    return content
