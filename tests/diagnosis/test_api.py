"""Endpoints of diagnoses, findings and actions: the stored figures unrounded, decisions, roles, steady queries."""

from typing import Any

import pytest
from django.test import Client

from diagnosis.models import Diagnosis, Finding
from practice import services
from practice.enums import Role
from practice.models import Member
from practice.scope import practice_scope
from tests.factories.diagnoses import make_action, make_diagnosis, make_finding, make_wave
from tests.factories.documents import sample_result
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db


def caller(owner: Member, member: Member | None = None) -> Any:
    """Return a function that calls the API as the member."""
    with practice_scope(owner.practice):
        _token, secret = services.create_api_token(member=member or owner, name="test", actor=owner)

    def call(method: str, path: str, data: Any = None) -> Any:
        return Client().generic(
            method,
            f"/api/v1/{path}",
            data="" if data is None else __import__("json").dumps(data),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    return call


def diagnosed(owner: Member) -> tuple[Diagnosis, Finding]:
    with practice_scope(owner.practice):
        diagnosis = make_diagnosis(owner)
        finding = make_finding(diagnosis)
        make_action(finding)
    return diagnosis, finding


def test_diagnosis_carries_every_figure_unrounded(owner_a: Member) -> None:
    diagnosis, _finding = diagnosed(owner_a)
    call = caller(owner_a)
    body = call("GET", f"diagnoses/{diagnosis.pk}/").json()
    assert body["state"] == "succeeded"
    assert body["result"] == sample_result()
    overall = {gap["code"]: gap["overall"]["estimate"] for gap in body["result"]["gaps"]}
    assert overall["E1"] == pytest.approx(
        overall["D1"] + overall["D2"] + overall["I1"] + overall["E4"], abs=1e-12
    )
    listed = call("GET", f"waves/{diagnosis.wave_id}/diagnoses/").json()["results"]
    assert [row["id"] for row in listed] == [str(diagnosis.pk)]
    assert "result" not in listed[0]


def test_asking_without_released_answers_is_a_conflict(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(make_engagement(owner_a))
    response = caller(owner_a)("POST", f"waves/{wave.pk}/diagnoses/")
    assert (response.status_code, response.json()["code"]) == (409, "nothing_released")


def test_a_finding_is_decided(owner_a: Member) -> None:
    diagnosis, finding = diagnosed(owner_a)
    call = caller(owner_a)
    listed = call("GET", f"diagnoses/{diagnosis.pk}/findings/").json()["results"]
    assert listed[0]["evidence"]["gaps"][0]["gap"] == "I1"
    decided = call("POST", f"findings/{finding.pk}/decision/", {"decision": "accepted", "note": "ok"})
    assert (decided.status_code, decided.json()["decision"]) == (200, "accepted")
    assert call("POST", f"findings/{finding.pk}/decision/", {"decision": "x"}).status_code == 422


def test_actions_are_listed_planned_and_added(owner_a: Member) -> None:
    diagnosis, _finding = diagnosed(owner_a)
    call = caller(owner_a)
    path = f"engagements/{diagnosis.engagement_id}/actions/"
    action = call("GET", path).json()["results"][0]
    change = {"state": "planned", "owner": "Ines", "due_on": "2027-01-31", "gap": "E1"}
    changed = call("PATCH", f"actions/{action['id']}/", change).json()
    assert (changed["state"], changed["owner"], changed["gap"]) == ("planned", "Ines", "I1")
    wrong = call("PATCH", f"actions/{action['id']}/", {"starts_on": "2028-01-01"})
    assert (wrong.status_code, "due_on" in wrong.json()["fields"]) == (422, True)
    added = call("POST", path, {"gap": "E1", "dimension": "R6", "title": "My own"})
    assert (added.status_code, added.json()["state"]) == (201, "planned")
    assert call("GET", f"actions/{action['id']}/").json()["due_on"] == "2027-01-31"


def test_client_viewer_may_read_and_not_write(owner_a: Member) -> None:
    diagnosis, finding = diagnosed(owner_a)
    with practice_scope(owner_a.practice):
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, diagnosis.engagement.client_organisation)
    call = caller(owner_a, viewer)
    assert call("GET", f"diagnoses/{diagnosis.pk}/").status_code == 200
    assert call("GET", f"diagnoses/{diagnosis.pk}/findings/").json()["results"] == []
    assert call("POST", f"findings/{finding.pk}/decision/", {"decision": "accepted"}).status_code == 403
    assert call("POST", f"waves/{diagnosis.wave_id}/diagnoses/").status_code == 403


@pytest.mark.parametrize("path", ["diagnoses/{diagnosis}/findings/", "engagements/{engagement}/actions/",
                                  "waves/{wave}/diagnoses/"])  # fmt: skip
def test_queries_do_not_grow_with_rows(
    path: str, owner_a: Member, django_assert_num_queries: Any, django_assert_max_num_queries: Any
) -> None:
    diagnosis, _finding = diagnosed(owner_a)
    call = caller(owner_a)
    address = path.format(diagnosis=diagnosis.pk, engagement=diagnosis.engagement_id, wave=diagnosis.wave_id)
    call("GET", address)
    with django_assert_max_num_queries(20) as first:
        call("GET", address)
    with practice_scope(owner_a.practice):
        for _row in range(2):
            make_action(make_finding(diagnosis))
            make_diagnosis(owner_a, diagnosis.engagement)
    with django_assert_num_queries(len(first.captured_queries)):
        assert call("GET", address).json()["count"] == 3
