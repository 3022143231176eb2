"""Two waves compared: page, endpoint, actions with their targets, roles, hidden figures, and the cost in queries."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from crmgap_site.engagements.overview import overviews
from diagnosis.models import Action, Diagnosis
from diagnosis.selectors import latest_diagnosis_for
from diagnosis.wave_change import change_since_earlier_wave
from practice.enums import Role
from practice.models import Member
from practice.scope import practice_scope
from surveys.models import Wave
from tests.diagnosis.test_pages import assert_clean, printed, signed_in, url
from tests.factories.diagnoses import (
    HIDDEN,
    hidden_result,
    make_action,
    make_diagnosis,
    make_finding,
    make_report,
    make_second_wave,
)
from tests.factories.documents import later_result, sample_result
from tests.factories.practice import make_member
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db


def two_waves(owner: Member, *, later: dict[str, Any] | None = None, **action: Any) -> Diagnosis:
    with practice_scope(owner.practice):
        first = make_diagnosis(owner)
        planned = make_action(make_finding(first))
        code = action.get("gap", "E1")
        then = next(row for row in sample_result()["gaps"] if row["code"] == code)["overall"]["estimate"]
        fields = {
            "state": "planned",
            "gap": code,
            "dimension": "",
            "baseline": then,
            "target": then / 2,
        } | action
        Action.objects.filter(pk=planned.pk).update(**fields)
        return make_second_wave(first, later)


def test_the_page_shows_the_change_of_every_gap_and_what_became_of_the_action(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a)
    browser = signed_in(owner_a)
    assert (
        "Since the last wave" in browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    )
    html = browser.get(url("wave_change", diagnosis.engagement)).content.decode()
    assert_clean(html)
    assert html.count("chart-dumbbells") == 2
    for gap in sample_result()["gaps"]:
        now = next(row for row in later_result()["gaps"] if row["code"] == gap["code"])["overall"]
        if gap["unit"] == "points" and now["estimate"] is not None:
            assert printed(now["estimate"] - gap["overall"]["estimate"]) in html, gap["code"]
    with practice_scope(owner_a.practice):
        found = change_since_earlier_wave(diagnosis)
        action = Action.objects.get(state="planned")
    assert found is not None
    row = found.actions[0]
    assert (row.title, row.gap, row.change) == (action.title, "E1", found.comparison.at("E1"))
    assert row.change.verdict == "smaller"
    assert row.is_target_met is (row.change.now >= action.target)
    assert action.title in html


def test_with_few_managers_the_same_change_of_daily_work_stays_undecided(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a, gap="I1")
    with practice_scope(owner_a.practice):
        found = change_since_earlier_wave(diagnosis)
    assert found is not None
    change = found.actions[0].change
    assert change.verdict == "undecided"
    assert change.ci_low < 0 < change.ci_high
    assert change.n_now == 12


@pytest.mark.parametrize(("target", "is_met"), [(-9.0, True), (9.0, False), (None, None)])
def test_targets(owner_a: Member, target: float | None, is_met: bool | None) -> None:
    diagnosis = two_waves(owner_a, target=target, baseline=-10.0)
    with practice_scope(owner_a.practice):
        found = change_since_earlier_wave(diagnosis)
    assert found is not None
    assert found.actions[0].is_target_met is is_met


@pytest.mark.parametrize("state", ["proposed", "dropped"])
def test_actions_that_were_not_agreed_are_left_out(owner_a: Member, state: str) -> None:
    diagnosis = two_waves(owner_a, state=state)
    with practice_scope(owner_a.practice):
        found = change_since_earlier_wave(diagnosis)
    assert found is not None
    assert found.actions == ()


def test_what_one_wave_hides_is_hidden_in_page_and_endpoint(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a, later=hidden_result("I1"))
    html = signed_in(owner_a).get(url("wave_change", diagnosis.engagement)).content.decode()
    body = caller(owner_a)("GET", f"diagnoses/{diagnosis.pk}/change/").json()
    hidden = [gap for gap in body["gaps"] if gap["overall"]["verdict"] == "suppressed"]
    assert hidden
    assert HIDDEN in html
    for gap in hidden:
        before = next(row for row in sample_result()["gaps"] if row["code"] == gap["code"])["overall"]
        assert gap["overall"]["before"] is None
        assert gap["overall"]["later"] is None
        assert str(before["estimate"]) not in str(gap["overall"])


def test_the_endpoint_gives_every_figure_and_404_without_an_earlier_wave(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a)
    call = caller(owner_a)
    body = call("GET", f"diagnoses/{diagnosis.pk}/change/").json()
    assert (body["later_wave"], body["earlier_wave"]) == ("Wave 2", "Wave 1")
    e1 = next(gap for gap in body["gaps"] if gap["code"] == "E1")
    for row in (e1["overall"], *e1["dimensions"].values()):
        assert row["later"]["estimate"] - row["earlier"]["estimate"] == pytest.approx(
            row["estimate"], abs=1e-9
        )
    assert body["actions"][0]["change"]["verdict"] == "smaller"
    assert call("GET", f"diagnoses/{body['earlier_id']}/change/").status_code == 404


def test_a_first_wave_has_an_empty_page_and_no_link(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = make_diagnosis(owner_a)
    browser = signed_in(owner_a)
    assert "Nothing to compare yet" in browser.get(url("wave_change", diagnosis.engagement)).content.decode()
    assert (
        "diagnosis/change/" not in browser.get(url("diagnosis_detail", diagnosis.engagement)).content.decode()
    )


def test_waves_of_another_kind_are_not_compared(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a)
    with practice_scope(owner_a.practice):
        Wave.objects.filter(number=1).update(kind="sample")
        assert change_since_earlier_wave(diagnosis) is None


def test_a_client_viewer_sees_the_own_comparison_only(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a)
    with practice_scope(owner_a.practice):
        client = diagnosis.engagement.client_organisation
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, client)
    assert signed_in(viewer).get(url("wave_change", diagnosis.engagement)).status_code == 200
    assert Client().get(url("wave_change", diagnosis.engagement)).status_code in {302, 404}


def test_more_actions_cost_no_more_queries(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a)
    browser = signed_in(owner_a)
    address = url("wave_change", diagnosis.engagement)
    browser.get(address)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            assert browser.get(address).status_code == 200
        counts.append(len(queries))
        with practice_scope(owner_a.practice):
            first = Diagnosis.objects.get(wave__number=1)
            for _more in range(2):
                action = make_action(make_finding(first))
                Action.objects.filter(pk=action.pk).update(state="planned")
    assert counts[0] == counts[1]


def test_an_earlier_wave_computed_anew_does_not_take_the_place_of_the_later_one(owner_a: Member) -> None:
    later = two_waves(owner_a)
    with practice_scope(owner_a.practice):
        again = make_diagnosis(owner_a, later.engagement)
        assert again.wave.number == 1
        assert latest_diagnosis_for(owner_a, later.engagement) == later
        found = change_since_earlier_wave(later)
    assert found is not None
    assert found.earlier_id == again.pk


def test_reports_of_the_first_wave_do_not_finish_the_second(owner_a: Member) -> None:
    later = two_waves(owner_a)
    with practice_scope(owner_a.practice):
        first = Diagnosis.objects.get(wave__number=1)
        make_report(first)
        Wave.objects.filter(engagement=later.engagement_id).update(closed_at=timezone.now())
        for wave in Wave.objects.filter(engagement=later.engagement_id):
            wave.audiences.create(
                audience="customers", form="customers-standard", state="released", source={"a": 1}
            )
        steps = []
        for diagnosis in (None, later):
            if diagnosis is not None:
                make_report(diagnosis)
            steps.append(overviews([later.engagement], slug="x", member=owner_a)[0].step)
    assert steps == ["report", "actions"]
