"""Pages of the diagnosis room: they show the stored figures, hide what is hidden, keep to roles, and take decisions."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from diagnosis.models import Action, Diagnosis, Finding
from practice import jobs
from practice.enums import Role
from practice.models import AuditEntry, Engagement, Job, Member, Practice
from practice.scope import practice_scope
from tests.factories.diagnoses import (
    HIDDEN,
    hidden_result,
    make_action,
    make_diagnosis,
    make_finding,
    make_wave,
)
from tests.factories.documents import sample_result
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db
HTMX = {"HX-Request": "true"}


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(name: str, engagement: Engagement, **kwargs: Any) -> str:
    with practice_scope(engagement.practice_id):
        slug = Practice.objects.get(pk=engagement.practice_id).slug
    return reverse(f"diagnosis:{name}", kwargs={"slug": slug, "engagement_id": engagement.pk, **kwargs})


def diagnosed(owner: Member, result: dict[str, Any] | None = None) -> Diagnosis:
    with practice_scope(owner.practice):
        diagnosis = make_diagnosis(owner, result=result)
        finding = make_finding(diagnosis)
        make_action(finding)
    return diagnosis


def printed(value: float) -> str:
    sign = "−" if round(value, 2) < 0 else "+" if round(value, 2) > 0 else ""
    return f"{sign}{abs(value):.2f}"


def assert_clean(html: str) -> None:
    """No inline style or script: the content policy would refuse them."""
    assert not re.search(r"\sstyle\s*=", html)
    assert not re.search(r"<script(?![^>]*\ssrc=)", html)
    assert not re.search(r"\son[a-z]+\s*=\s*[\"']", html)


def test_diagnosis_page_shows_every_view_with_the_figures_of_the_result(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    html = signed_in(owner_a).get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    for kind in ("gap-map", "waterfall", "heat-grid", "dumbbells", "coherence", "priority"):
        assert f"chart-{kind}" in html
    for gap in sample_result()["gaps"]:
        if gap["overall"]["estimate"] is not None and gap["unit"] == "points":
            overall = gap["overall"]
            interval = f"[{printed(overall['ci_low'])}; {printed(overall['ci_high'])}]"
            assert printed(overall["estimate"]) in html
            assert interval in html
    assert html.count("Show the figures") == 7
    assert_clean(html)


def test_a_view_whose_figures_are_missing_is_not_shown(owner_a: Member) -> None:
    result = sample_result() | {"waterfall": None, "readiness": None, "coverage": None, "rq_index": None}
    diagnosis = diagnosed(owner_a, result)
    response = signed_in(owner_a).get(url("diagnosis_detail", diagnosis.engagement))
    html = response.content.decode()
    assert response.status_code == 200
    assert "chart-gap-map" in html
    assert "chart-waterfall" not in html
    assert "chart-coherence" not in html


def test_hidden_figures_are_a_lock_with_the_reason(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a, hidden_result("I1"))
    browser = signed_in(owner_a)
    html = browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    sheet = browser.get(url("gap_sheet", diagnosis.engagement, gap="I1")).content.decode()
    shown = next(gap for gap in sample_result()["gaps"] if gap["code"] == "I1")["overall"]
    for page in (html, sheet):
        assert HIDDEN in page
        assert "#i-lock" in page
        assert f"[{printed(shown['ci_low'])}; {printed(shown['ci_high'])}]" not in page


def test_without_a_diagnosis_the_page_offers_one(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        engagement = make_engagement(owner_a)
        make_wave(engagement)
    browser = signed_in(owner_a)
    page = url("diagnosis_detail", engagement)
    assert "Diagnose now" in browser.get(page).content.decode()
    response = browser.post(url("diagnosis_request", engagement), follow=True)
    assert "No audience with answers is released yet" in response.content.decode()
    assert browser.get(url("gap_sheet", engagement, gap="I1")).status_code == 404
    for name in ("findings", "actions"):
        assert browser.get(url(name, engagement)).status_code == 200


def test_a_result_of_another_version_is_not_read(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        Diagnosis.objects.filter(pk=diagnosis.pk).update(result={"schema": 99})
    browser = signed_in(owner_a)
    assert "another version" in browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    for name in ("findings", "actions"):
        assert browser.get(url(name, diagnosis.engagement)).status_code == 200


def test_progress_polls_while_it_runs_and_then_loads_the_page_anew(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        newer = make_diagnosis(owner_a, diagnosis.engagement)
        Diagnosis.objects.filter(pk=newer.pk).update(state="running", result={})
        job = jobs.create("diagnosis", newer.pk)
        Job.objects.filter(pk=job.pk).update(state="running", done=2, total=8, what="Testing gaps")
    browser = signed_in(owner_a)
    page = browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    assert "Testing gaps" in page
    assert "chart-gap-map" in page, "the last finished diagnosis stays in view"
    progress = url("diagnosis_progress", diagnosis.engagement)
    assert browser.get(progress).status_code == 302
    fragment = browser.get(progress, headers=HTMX)
    assert b"<progress" in fragment.content
    assert b"<html" not in fragment.content
    with practice_scope(owner_a.practice):
        Job.objects.filter(pk=job.pk).update(state="failed", error_text="Only 3 answers are there.")
        Diagnosis.objects.filter(pk=newer.pk).update(state="failed")
    ended = browser.get(progress, headers=HTMX)
    assert (ended.status_code, ended.headers["HX-Refresh"]) == (204, "true")
    assert (
        "Only 3 answers are there."
        in browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    )


def test_sheet_is_a_fragment_for_htmx_and_a_page_without(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    browser = signed_in(owner_a)
    sheet = url("gap_sheet", diagnosis.engagement, gap="E1")
    page, fragment = browser.get(sheet).content.decode(), browser.get(sheet, headers=HTMX).content.decode()
    gap = next(gap for gap in sample_result()["gaps"] if gap["code"] == "E1")
    assert "<html" in page
    assert "<html" not in fragment
    for text in (page, fragment):
        for value in (gap["overall"]["estimate"], gap["overall"]["g"], gap["dimensions"]["R6"]["estimate"]):
            assert printed(value) in text
        assert "Reliability (alpha)" in text
        assert "Wilcoxon signed rank" in text
        assert printed(sample_result()["appendix"]["gaps"]["E1"][""]["bca_low"]) in text
    part = browser.get(sheet, {"part": "R6"}).content.decode()
    assert printed(gap["dimensions"]["R6"]["ci_low"]) in part
    for missing in (f"{sheet}?part=R99", url("gap_sheet", diagnosis.engagement, gap="X9")):
        assert browser.get(missing).status_code == 404


@pytest.mark.parametrize("code", ["D1", "D2", "D3", "D4", "I1", "I2", "I3", "I4", "E1", "E2", "E3", "E4"])
def test_every_gap_has_its_sheet(code: str, owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    response = signed_in(owner_a).get(url("gap_sheet", diagnosis.engagement, gap=code))
    assert response.status_code == 200
    assert_clean(response.content.decode())


def test_summary_is_kept_and_shown(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    browser = signed_in(owner_a)
    browser.post(
        url("diagnosis_summary", diagnosis.engagement), {"text": "Begin <b>here</b>.\n\nThen there."}
    )
    html = browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    assert "<p>Begin &lt;b&gt;here&lt;/b&gt;.</p>" in html
    too_long = browser.post(url("diagnosis_summary", diagnosis.engagement), {"text": "x" * 6001})
    assert too_long.status_code == 422


def test_client_viewer_reads_only_what_was_decided(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, diagnosis.engagement.client_organisation)
        accepted = make_finding(diagnosis, decision="accepted", headline="Accepted headline")
        planned = make_action(accepted, state="planned", title="Planned title")
        proposed = diagnosis.findings.get(rank=1)
    browser = signed_in(viewer)
    pages = {
        name: browser.get(url(name, diagnosis.engagement))
        for name in ("diagnosis_detail", "findings", "actions")
    }
    for page in pages.values():
        forms = re.findall(r'<form[^>]*method="post"[^>]*action="([^"]*)"', page.content.decode())
        assert set(forms) == {"/accounts/logout/"}
    findings = pages["findings"].content.decode()
    assert "Accepted headline" in findings
    assert proposed.headline not in findings
    assert "Planned title" in pages["actions"].content.decode()
    for name, kwargs in (
        ("diagnosis_request", {}),
        ("diagnosis_summary", {}),
        ("finding_decide", {"finding_id": accepted.pk}),
        ("action_edit", {"action_id": planned.pk}),
        ("action_create", {}),
    ):
        assert browser.post(url(name, diagnosis.engagement, **kwargs)).status_code == 403


def test_accepting_a_finding_takes_the_ticked_actions_into_the_plan(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        finding = diagnosis.findings.get()
        other = make_action(make_finding(diagnosis))
        action = finding.actions.get()
    browser = signed_in(owner_a)
    decide = url("finding_decide", diagnosis.engagement, finding_id=finding.pk)
    form = {
        "decision": "accepted",
        "actions": [action.pk, other.pk],
        "headline": "Edited",
        "text": "T",
        "note": "",
    }
    response = browser.post(f"{decide}?show=proposed", form)
    assert response.headers["Location"].endswith("?show=proposed#finding-1")
    with practice_scope(owner_a.practice):
        finding.refresh_from_db()
        states = dict(Action.objects.values_list("pk", "state"))
    assert (finding.decision, finding.headline) == ("accepted", "Edited")
    assert states == {action.pk: "planned", other.pk: "proposed"}
    browser.post(decide, {"decision": "rejected", "note": "Campaign ended"})
    html = browser.get(url("findings", diagnosis.engagement)).content.decode()
    assert "Stays on record" in html
    assert "Campaign ended" in html
    with practice_scope(owner_a.practice):
        verbs = set(AuditEntry.objects.filter(verb__startswith="finding.").values_list("verb", flat=True))
    assert verbs == {"finding.accepted", "finding.rejected"}


@pytest.mark.parametrize("form", [{"decision": "nonsense"}, {"decision": "accepted", "headline": " "}])
def test_a_refused_decision_changes_nothing_and_says_why(form: dict[str, str], owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        finding = diagnosis.findings.get()
    response = signed_in(owner_a).post(
        url("finding_decide", diagnosis.engagement, finding_id=finding.pk), form
    )
    assert response.status_code == 422
    assert b"errorlist" in response.content
    with practice_scope(owner_a.practice):
        assert Finding.objects.get(pk=finding.pk).decision == "proposed"


def test_findings_can_be_filtered_and_sorted(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        make_finding(
            diagnosis, stage="design", gap="D1", code="D1", headline="A design headline", decision="accepted"
        )
    browser = signed_in(owner_a)
    page = url("findings", diagnosis.engagement)
    by_stage = browser.get(page, {"sort": "stage"}).content.decode()
    assert by_stage.index("A design headline") < by_stage.index("Daily work stays behind the standard 1")
    accepted = browser.get(page, {"show": "accepted"}).content.decode()
    assert "A design headline" in accepted
    assert "Daily work stays behind the standard 1" not in accepted
    assert_clean(accepted)


def test_board_shows_the_plan_and_an_action_is_changed(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        action = Action.objects.get()
    browser = signed_in(owner_a)
    edit = url("action_edit", diagnosis.engagement, action_id=action.pk)
    assert browser.get(edit).status_code == 200
    form = {
        "title": "Set a limit", "owner": "Ines", "starts_on": "2026-12-01", "due_on": "2026-11-01", "measure": "m",
        "target": "-0.3", "effort": "1", "impact": "3", "state": "planned",
    }  # fmt: skip
    refused = browser.post(edit, form)
    assert refused.status_code == 422
    assert "Choose a later day." in refused.content.decode()
    assert browser.post(edit, form | {"due_on": "2027-03-01"}).status_code == 302
    for by in ("status", "stage"):
        board = browser.get(url("actions", diagnosis.engagement), {"by": by}).content.decode()
        for text in (
            "Set a limit",
            "Ines",
            "chart-effort-impact",
            "chart-timeline",
            'id="A1"',
            "−0.68 → −0.30",
        ):
            assert text in board
        assert_clean(board)


def test_an_action_is_added_from_the_library_and_of_ones_own(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    browser = signed_in(owner_a)
    create = url("action_create", diagnosis.engagement)
    assert browser.get(create).status_code == 200
    assert browser.post(create, {"gap": "I1", "entry": "", "title": ""}).status_code == 422
    assert browser.post(create, {"gap": "I1", "entry": "I1-02"}).status_code == 302
    assert browser.post(create, {"gap": "E1", "dimension": "R6", "title": "My own"}).status_code == 302
    total = next(gap for gap in sample_result()["gaps"] if gap["code"] == "E1")
    with practice_scope(owner_a.practice):
        own = Action.objects.get(title="My own")
        assert Action.objects.filter(entry="I1-02", state="planned").exclude(measure="").count() == 1
    assert own.baseline == total["dimensions"]["R6"]["estimate"]


def test_objects_of_another_engagement_are_not_found(owner_a: Member) -> None:
    diagnosis = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        other = make_engagement(owner_a)
        finding, action = diagnosis.findings.get(), Action.objects.get()
    browser = signed_in(owner_a)
    decide = url("finding_decide", other, finding_id=finding.pk)
    assert browser.post(decide, {"decision": "accepted"}).status_code == 404
    assert browser.get(url("action_edit", other, action_id=action.pk)).status_code == 404


@pytest.mark.parametrize("name", ["diagnosis_detail", "findings", "actions", "gap_sheet"])
def test_queries_do_not_grow_with_rows(
    name: str, owner_a: Member, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    diagnosis = diagnosed(owner_a)
    browser = signed_in(owner_a)
    page = url(name, diagnosis.engagement, **({"gap": "I1"} if name == "gap_sheet" else {}))
    browser.get(page)
    with django_assert_max_num_queries(40) as first:
        browser.get(page)
    with practice_scope(owner_a.practice):
        for _row in range(2):
            make_action(make_finding(diagnosis), state="planned")
    with django_assert_num_queries(len(first.captured_queries)):
        browser.get(page)
