"""Sample reports: from the wave's own forms, marked on every page, and nothing of them is stored as a row."""

import subprocess
from pathlib import Path

import pytest
from django.apps import apps
from django.test import Client

from diagnosis.simulated import simulate_diagnosis
from practice.enums import JobState, Role
from practice.models import AuditEntry, Engagement, Job, Member, PracticeModel
from practice.scope import practice_scope
from practice.selectors import latest_job
from reports import sample_report
from surveys.instruments import load_builtin
from surveys.models import Wave
from surveys.services.waves import change_forms, create_wave
from surveys.simulation import draw_responses, truth_for
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db
UNTOUCHED = {"Job", "AuditEntry"}


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        return create_wave(
            engagement=make_engagement(owner_a),
            actor=owner_a,
            audiences=["customers", "managers"],
            forms={"customers": "customers-short", "managers": "managers-short"},
            components=["three-columns", "disconfirmation", "voice"],
        )


def base_of(wave: Wave, owner: Member) -> str:
    return f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/sample-report/"


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def make(wave: Wave, owner: Member) -> None:
    with practice_scope(owner.practice):
        job = sample_report.request_sample(wave, actor=owner)
    sample_report.make_sample(owner.practice_id, job.pk)


def pages_of(content: bytes, folder: Path) -> list[str]:
    file = folder / "sample.pdf"
    file.write_bytes(content)
    text = subprocess.run(
        ["pdftotext", "-layout", file, "-"], capture_output=True, text=True, check=True
    ).stdout
    return text.split("\f")[:-1]


def counts() -> dict[str, int]:
    return {
        model.__name__: model.objects.count()
        for model in apps.get_models()
        if issubclass(model, PracticeModel) and model.__name__ not in UNTOUCHED
    }


def test_every_page_is_marked_and_no_row_is_made(owner_a: Member, wave: Wave, tmp_path: Path) -> None:
    with practice_scope(owner_a.practice):
        before = counts()
    make(wave, owner_a)
    with practice_scope(owner_a.practice):
        assert counts() == before
        job = latest_job(sample_report.KIND, wave.pk)
        assert job is not None
        assert job.state == JobState.SUCCEEDED
        assert AuditEntry.objects.filter(verb="report.sample_requested").count() == 1
    browser = signed_in(owner_a)
    for kind, least in (("diagnosis", 8), ("action_plan", 4)):
        answer = browser.get(f"{base_of(wave, owner_a)}{kind}.pdf")
        assert answer.status_code == 200
        assert "sample" in answer["Content-Disposition"]
        pages = pages_of(answer.content, tmp_path)
        assert len(pages) >= least
        assert [
            number for number, text in enumerate(pages, start=1) if "Sample: simulated answers" not in text
        ] == []
    page = browser.get(base_of(wave, owner_a)).content.decode()
    assert "diagnosis.pdf" in page
    assert "Customers, short" in page


def test_the_report_is_that_of_this_very_questionnaire(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        found = simulate_diagnosis(Wave.objects.select_related("engagement").get(pk=wave.pk))
    result = found.diagnosis.result
    assert [row["code"] for row in result["audiences"]] == ["customers", "managers"]
    assert {row["form"] for row in result["audiences"]} == {"customers-short", "managers-short"}
    assert "R11" in result["states"]["CE"]["dimensions"]
    assert result["zone"] is not None
    assert result["direct"] is not None
    assert found.findings
    assert found.actions
    assert result["gaps"][4]["overall"]["certainty"] == "not_measured"


def test_other_forms_ask_for_another_sample(owner_a: Member, wave: Wave) -> None:
    make(wave, owner_a)
    browser, base = signed_in(owner_a), base_of(wave, owner_a)
    with practice_scope(owner_a.practice):
        change_forms(wave, forms={"customers": "customers-pulse"}, components=(), actor=owner_a)
    assert browser.get(f"{base}diagnosis.pdf").status_code == 404
    assert "Make the sample report" in browser.get(base).content.decode()


def test_the_page_asks_once(owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(wave, owner_a)
    assert browser.get(f"{base}diagnosis.pdf").status_code == 404
    for _press in range(2):
        assert browser.post(f"{base}make/").status_code == 302
    with practice_scope(owner_a.practice):
        assert Job.objects.filter(kind=sample_report.KIND).count() == 1
    assert browser.get(f"{base}progress/", headers={"hx-request": "true"}).status_code == 200
    assert browser.get(f"{base}other.pdf").status_code == 404


def test_who_may_make_one(owner_a: Member, owner_b: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        engagement = Engagement.objects.get(pk=wave.engagement_id)
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, engagement.client_organisation)
        analyst = make_member(owner_a, Role.ANALYST)
    base = base_of(wave, owner_a)
    assert signed_in(viewer).get(base).status_code in {403, 404}
    assert signed_in(owner_b).get(base).status_code in {403, 404}
    assert signed_in(analyst).get(base).status_code == 200
    assert signed_in(analyst).post(f"{base}make/").status_code == 403


@pytest.mark.parametrize("code", ["die-crm", "ecsi"])
def test_answers_can_be_drawn_for_every_builtin_form(code: str) -> None:
    instrument = load_builtin(code)
    for form in instrument.forms:
        for response in draw_responses(form, truth_for(instrument), 20, 3):
            assert len(response.scores) == form.n_ratings


def test_a_customer_index_gets_a_sample_too(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = create_wave(
            engagement=make_engagement(owner_a),
            actor=owner_a,
            instrument_code="ecsi",
            audiences=["customers"],
        )
    make(wave, owner_a)
    with practice_scope(owner_a.practice):
        assert sample_report.sample_file(wave, "diagnosis").startswith(b"%PDF")
