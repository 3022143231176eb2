"""Sample reports: both documents from simulated answers to a wave's own forms, marked on every page.

They are files and nothing else: no answer, diagnosis or report is stored, so nothing simulated can be counted.
"""

import hashlib
import json
from uuid import UUID

from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from django.db import transaction
from django.http import Http404
from django.utils.translation import gettext as _
from django.utils.translation import override

from diagnosis.simulated import SimulatedDiagnosis, simulate_diagnosis
from practice import audit, jobs
from practice.models import Job, Member
from practice.scope import practice_scope
from reports.document import Document, freeze_document
from reports.enums import ReportKind
from reports.html import document_html
from reports.rendering import render_pdf
from surveys.models import Wave

KIND = "sample_report"
KEY_LENGTH = 24


def forms_hash(wave: Wave) -> str:
    """Return what a sample report rests on: instrument, forms and language; another choice gives another hash."""
    forms = sorted((row.audience, row.form) for row in wave.audiences.all())
    language = wave.engagement.client_organisation.language
    content = json.dumps([wave.instrument, forms, language], sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()


@transaction.atomic
def request_sample(wave: Wave, *, actor: Member) -> Job:
    """Ask for the sample reports of a wave's present forms; while they are being made, no second time."""
    job = jobs.create(KIND, wave.pk, input_hash=forms_hash(wave))
    audit.record("report.sample_requested", wave, actor=actor)
    return job


def make_sample(practice_id: UUID, job_id: UUID) -> None:
    """Run the job of one wave's sample reports; running it twice writes the same files."""
    jobs.run(practice_id, job_id, _make)


def _make(job: Job, progress: jobs.Progress) -> None:
    practice_id = job.practice_id
    with practice_scope(practice_id):
        waves = Wave.objects.select_related("engagement__client_organisation", "engagement__practice")
        wave = waves.prefetch_related("audiences").get(pk=job.object_id)
        digest = forms_hash(wave)
    progress.show(0, 3, str(_("Simulating answers")))
    with override(wave.engagement.client_organisation.language):
        simulated = simulate_diagnosis(wave)
        documents = {kind: _document(kind, wave, simulated) for kind in ReportKind.values}
    for done, (kind, document) in enumerate(documents.items(), start=1):
        progress.show(done, 3, str(_("Setting pages")))
        html, charts = document_html(document)
        pdf = render_pdf(html, charts, document.logos)
        _keep(_key(practice_id, wave.pk, digest, kind), pdf.content)


def _document(kind: str, wave: Wave, simulated: SimulatedDiagnosis) -> Document:
    return freeze_document(
        kind,
        simulated.diagnosis,
        wave.engagement,
        simulated.findings,
        simulated.actions,
        is_simulated=True,
    )


def _key(practice_id: UUID, wave_id: UUID, digest: str, kind: str) -> str:
    return f"{practice_id}/samples/{wave_id}-{digest[:KEY_LENGTH]}-{kind}.pdf"


def _keep(key: str, content: bytes) -> None:
    """Write the file; older sample reports of the wave and kind go."""
    folder, _slash, name = key.rpartition("/")
    wave_id, kind = name[:36], name.rpartition("-")[2]
    if default_storage.exists(folder):
        for found in default_storage.listdir(folder)[1]:
            if found.startswith(wave_id) and found.endswith(f"-{kind}"):
                default_storage.delete(f"{folder}/{found}")
    default_storage.save(key, ContentFile(content))


def is_ready(wave: Wave, kind: str) -> bool:
    """Tell whether the sample report of the wave's present forms is there."""
    return default_storage.exists(_key(wave.practice_id, wave.pk, forms_hash(wave), kind))


def sample_file(wave: Wave, kind: str) -> bytes:
    """Return the PDF for the wave's present forms; 404 while there is none."""
    if kind not in ReportKind.values or not is_ready(wave, kind):
        raise Http404
    with default_storage.open(_key(wave.practice_id, wave.pk, forms_hash(wave), kind)) as file:
        content: bytes = file.read()
    return content
