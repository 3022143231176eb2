"""Pages and endpoints of documents: asked for, followed, downloaded as safe attachments, within roles."""

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from diagnosis.models import Diagnosis
from practice import services
from practice.enums import Role
from practice.models import ClientOrganisation, Job, Member, Practice
from practice.scope import practice_scope
from reports.models import Report
from tests.factories.diagnoses import make_diagnosis, make_report
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def diagnosed(owner: Member) -> Diagnosis:
    with practice_scope(owner.practice):
        return make_diagnosis(owner)


def url(name: str, diagnosis: Diagnosis, **kwargs: Any) -> str:
    with practice_scope(diagnosis.practice_id):
        slug = Practice.objects.get(pk=diagnosis.practice_id).slug
    return reverse(
        f"reports:{name}", kwargs={"slug": slug, "engagement_id": diagnosis.engagement_id, **kwargs}
    )


def token(owner: Member, member: Member | None = None) -> dict[str, str]:
    with practice_scope(owner.practice):
        _token, secret = services.create_api_token(member=member or owner, name="test", actor=owner)
    return {"Authorization": f"Bearer {secret}"}


def test_a_document_is_asked_for_once_and_followed(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    browser = signed_in(owner_a)
    for _click in range(2):
        response = browser.post(url("report_request", diagnosis, kind="diagnosis"), follow=True)
        assert "Waiting for a free worker" in response.content.decode()
    with practice_scope(owner_a.practice):
        report, job = Report.objects.get(), Job.objects.get(kind="report")
        Job.objects.filter(pk=job.pk).update(state="running", done=1, total=3, what="Setting pages")
    progress = url("report_progress", diagnosis, report_id=report.pk)
    assert "Setting pages" in browser.get(progress, headers=HTMX).content.decode()
    assert browser.get(progress).status_code == 302
    with practice_scope(owner_a.practice):
        Job.objects.filter(pk=job.pk).update(state="failed", error_text="The renderer complained.")
        Report.objects.filter(pk=report.pk).update(state="failed")
    assert browser.get(progress, headers=HTMX).headers["HX-Refresh"] == "true"
    assert "The renderer complained." in browser.get(url("report_list", diagnosis)).content.decode()
    assert browser.get(url("report_download", diagnosis, report_id=report.pk)).status_code == 404
    assert browser.post(url("report_request", diagnosis, kind="novel")).status_code == 404


def test_without_a_diagnosis_nothing_is_made(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        engagement = make_engagement(owner_a)
    slug = owner_a.practice.slug
    kwargs = {"slug": slug, "engagement_id": engagement.pk}
    response = signed_in(owner_a).post(
        reverse("reports:report_request", kwargs=kwargs | {"kind": "diagnosis"}), follow=True
    )
    assert "There is no diagnosis yet" in response.content.decode()
    assert "First the diagnosis" in response.content.decode()


def test_download_is_a_safe_attachment_whatever_the_client_is_called(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        report = make_report(diagnosis)
        client = diagnosis.engagement.client_organisation
        ClientOrganisation.objects.filter(pk=client.pk).update(name='../Müller "& Söhne"\r\nX: 1; <b>李</b>')
    response = signed_in(owner_a).get(url("report_download", diagnosis, report_id=report.pk))
    disposition = response.headers["Content-Disposition"]
    assert response.content.startswith(b"%PDF")
    assert response.headers["Content-Type"] == "application/pdf"
    assert disposition.startswith("attachment; filename")
    assert not {"\r", "\n", "/", "<"} & set(disposition.replace("utf-8''", ""))
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-store" in response.headers["Cache-Control"]
    assert response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"


def test_a_report_is_found_only_in_its_own_engagement(owner_a: Member) -> None:
    diagnosis, other = diagnosed(owner_a), diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        report = make_report(diagnosis)
    browser = signed_in(owner_a)
    for name in ("report_download", "report_progress"):
        assert browser.get(url(name, other, report_id=report.pk)).status_code == 404


def test_client_viewer_downloads_and_makes_nothing(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, diagnosis.engagement.client_organisation)
        report = make_report(diagnosis)
    browser = signed_in(viewer)
    html = browser.get(url("report_list", diagnosis)).content.decode()
    assert "Download" in html
    assert "Make the PDF" not in html
    assert browser.get(url("report_download", diagnosis, report_id=report.pk)).status_code == 200
    assert browser.post(url("report_request", diagnosis, kind="diagnosis")).status_code == 403


def test_the_api_takes_lists_and_sends_documents(owner_a: Member) -> None:
    diagnosis, other = diagnosed(owner_a), diagnosed(owner_a)
    headers, client = token(owner_a), Client()
    path = f"/api/v1/engagements/{diagnosis.engagement_id}/reports/"

    def ask(diagnosis_id: Any) -> Any:
        data = json.dumps({"kind": "action_plan", "diagnosis": str(diagnosis_id)})
        return client.post(path, data, content_type="application/json", headers=headers)

    asked = ask(diagnosis.pk)
    assert (asked.status_code, asked.json()["state"]) == (202, "queued")
    assert ask(other.pk).status_code == 404
    waiting = client.get(f"/api/v1/reports/{asked.json()['id']}/", headers=headers).json()
    assert waiting["job"]["state"] == "queued"
    pdf_headers = headers | {"Accept": "application/pdf"}
    unfinished = client.get(f"/api/v1/reports/{asked.json()['id']}/file/", headers=pdf_headers)
    assert (unfinished.status_code, json.loads(unfinished.content)["code"]) == (404, "not_found")
    with practice_scope(owner_a.practice):
        report = make_report(diagnosis)
    for accept in (headers, pdf_headers):
        file = client.get(f"/api/v1/reports/{report.pk}/file/", headers=accept)
        assert file.content.startswith(b"%PDF")
        assert file.headers["Content-Type"] == "application/pdf"
    assert client.get(path, headers=headers).json()["count"] == 2


def test_queries_do_not_grow_with_rows(
    owner_a: Member, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        make_report(diagnosis)
        make_report(diagnosis, state="queued")
    browser, headers = signed_in(owner_a), token(owner_a)
    calls = (
        lambda: browser.get(url("report_list", diagnosis)),
        lambda: browser.get(f"/api/v1/engagements/{diagnosis.engagement_id}/reports/", headers=headers),
    )
    counts = []
    for call in calls:
        call()
        with django_assert_max_num_queries(40) as first:
            call()
        counts.append(len(first.captured_queries))
    with practice_scope(owner_a.practice):
        for _row in range(2):
            make_report(diagnosis)
            make_report(diagnosis, state="queued")
    for call, n in zip(calls, counts, strict=True):
        with django_assert_num_queries(n):
            call()
