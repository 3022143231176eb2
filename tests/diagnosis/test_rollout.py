"""Where an action is rolled out first: chosen on its page, by the API, refused where unknown, and compared later."""

from functools import cache
from typing import Any

import pytest

from diagnosis.analysis import analyse
from diagnosis.models import Action, Diagnosis
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.simulation import SAMPLE_TRUTH, SAMPLE_TRUTH_LATER
from tests.diagnosis.draws import die_crm, draw_frames
from tests.diagnosis.test_pages import assert_clean, printed, signed_in, url
from tests.factories.diagnoses import make_action, make_diagnosis, make_finding, make_second_wave
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db

PLACE = {"rollout_attribute": "branch", "rollout_value": "North"}


@cache
def branch_result(number: int, north: int = 70) -> dict[str, Any]:
    """A computed result whose customers belong to three branches."""
    branches = ["North"] * north + ["South"] * 60 + ["West"] * (140 - north)
    truth = SAMPLE_TRUTH if number == 1 else SAMPLE_TRUTH_LATER
    attributes = [{"branch": branch} for branch in branches]
    return analyse(die_crm(), draw_frames(truth, 60 + number, attributes={"customers": attributes})).to_json()


def planned(owner: Member, **fields: Any) -> tuple[Diagnosis, Action]:
    """A second wave, and the agreed action of the first."""
    with practice_scope(owner.practice):
        first = make_diagnosis(owner, result=branch_result(1))
        action = make_action(make_finding(first), state="planned", **fields)
        return make_second_wave(first, branch_result(2, 50)), action


def test_the_page_offers_the_groups_and_keeps_the_choice(owner_a: Member) -> None:
    later, action = planned(owner_a)
    browser = signed_in(owner_a)
    address = url("action_edit", later.engagement, action_id=action.pk)
    html = browser.get(address).content.decode()
    assert_clean(html)
    assert [part in html for part in ("branch: North", "branch: West", "everywhere")] == [True] * 3
    sent = {
        "title": action.title, "owner": "Ines", "effort": 1, "impact": 3, "state": "planned", "measure": "",
        "rollout": '["branch", "North"]',
    }  # fmt: skip
    assert browser.post(address, sent).status_code == 302
    with practice_scope(owner_a.practice):
        action.refresh_from_db()
        entry = AuditEntry.objects.get(verb="action.updated")
    assert (action.rollout_attribute, action.rollout_value) == ("branch", "North")
    assert {"rollout_attribute", "rollout_value"} <= set(entry.changed)
    assert "At first only in branch: North" in browser.get(url("actions", later.engagement)).content.decode()
    assert browser.post(address, sent | {"rollout": ""}).status_code == 302
    assert browser.post(address, sent | {"rollout": '["branch", "Mars"]'}).status_code == 422
    with practice_scope(owner_a.practice):
        action.refresh_from_db()
    assert (action.rollout_attribute, action.rollout_value) == ("", "")


def test_without_known_groups_the_page_does_not_ask(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = make_diagnosis(owner_a)
        action = make_action(make_finding(diagnosis))
    html = (
        signed_in(owner_a).get(url("action_edit", diagnosis.engagement, action_id=action.pk)).content.decode()
    )
    assert "Rolled out at first" not in html


def test_the_api_sets_it_and_refuses_an_unknown_group(owner_a: Member) -> None:
    _later, action = planned(owner_a)
    call = caller(owner_a)
    changed = call("PATCH", f"actions/{action.pk}/", PLACE).json()
    assert {name: changed[name] for name in PLACE} == PLACE
    for wrong in (
        {"rollout_value": "Mars"},
        {"rollout_attribute": ""},
        {"rollout_attribute": "planet", "rollout_value": "North"},
    ):
        answer = call("PATCH", f"actions/{action.pk}/", wrong)
        assert (answer.status_code, list(answer.json()["fields"])) == (422, ["rollout_value"]), wrong
    path = f"engagements/{action.engagement_id}/actions/"
    added = call("POST", path, {"gap": "E1", "title": "Hotline", **PLACE})
    assert (added.status_code, added.json()["rollout_value"]) == (201, "North")
    cleared = call("PATCH", f"actions/{action.pk}/", dict.fromkeys(PLACE, ""))
    assert cleared.json()["rollout_value"] == ""


def test_page_and_endpoint_compare_there_with_elsewhere(owner_a: Member) -> None:
    later, action = planned(owner_a, **PLACE)
    html = signed_in(owner_a).get(url("wave_change", later.engagement)).content.decode()
    assert_clean(html)
    body = caller(owner_a)("GET", f"diagnoses/{later.pk}/change/").json()
    shown = body["rollouts"][0]
    assert (shown["id"], shown["value"], shown["others"]) == (str(action.pk), "North", ["South", "West"])
    section = html[html.index('id="rollouts"') :].split("</section>")[0]
    for row in shown["rows"]:
        for name in ("where", "elsewhere", "estimate", "ci_low", "ci_high"):
            assert printed(row[name]) in section, (row["code"], name)
        assert row["where"] - row["elsewhere"] == pytest.approx(row["estimate"])
    assert "changed alike without it" in section
    mix = html[html.index('id="mix"') :].split("</section>")[0]
    for part in body["mix"][0]["parts"]:
        assert part["within"] + part["mix"] + part["rest"] == pytest.approx(part["change"], abs=1e-9)
        assert printed(part["mix"]) in mix
        assert printed(part["within"]) in mix
    e1 = next(gap for gap in body["gaps"] if gap["code"] == "E1")["overall"]
    assert body["mix"][0]["parts"][0]["change"] == pytest.approx(e1["estimate"])
    itself = html[html.index('id="by-itself"') :].split("</section>")[0]
    assert len(body["by_itself"]["rows"]) == 3
    for row in body["by_itself"]["rows"]:
        assert printed(row["by_itself"]) in itself
        assert printed(row["beyond"]) in itself


def test_a_branch_one_wave_hides_gives_no_figure_away(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        first = make_diagnosis(owner_a, result=branch_result(1))
        make_action(make_finding(first), state="planned", **PLACE)
        later = make_second_wave(first, branch_result(2, 4))
    body = caller(owner_a)("GET", f"diagnoses/{later.pk}/change/").json()
    html = signed_in(owner_a).get(url("wave_change", later.engagement)).content.decode()
    assert (body["mix"][0]["parts"], body["mix"][0]["segments"]) == ([], [])
    assert body["rollouts"][0]["rows"] == []
    assert body["rollouts"][0]["n_now"] is None
    for text in (body["mix"][0]["reason"], body["rollouts"][0]["reason"]):
        assert "hidden" in text
        assert text in html


def test_an_action_without_a_place_has_no_comparison(owner_a: Member) -> None:
    later, _action = planned(owner_a)
    html = signed_in(owner_a).get(url("wave_change", later.engagement)).content.decode()
    assert 'id="rollouts"' not in html
    assert 'id="mix"' in html
