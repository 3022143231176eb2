"""Forms and trying out by API: the same as on the pages, with named errors and the scope to send."""

import pytest

from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import WaveKind
from surveys.models import Wave
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        return make_wave(owner_a)


def test_forms_and_parts_are_chosen(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    answer = call(
        "POST",
        f"waves/{wave.pk}/forms/",
        {"forms": {"customers": "customers-pulse"}, "components": ["voice"]},
    )
    assert answer.status_code == 200
    assert answer.json()["components"] == ["voice"]
    forms = {row["audience"]: row["form"] for row in answer.json()["audiences"]}
    assert forms["customers"] == "customers-pulse"
    assert forms["managers"] == "managers-standard"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"forms": {"customers": "managers-short"}}, "forms"),
        ({"forms": {"strangers": "customers-short"}}, "forms"),
        ({"forms": {"customers": 5}}, "forms"),
        ({"components": ["R12"]}, "components"),
        ({"components": "voice"}, "components"),
    ],
)
def test_impossible_choices_are_named(
    body: dict[str, object], field: str, owner_a: Member, wave: Wave
) -> None:
    answer = caller(owner_a)("POST", f"waves/{wave.pk}/forms/", body)
    assert answer.status_code in {400, 422}
    assert field in answer.content.decode()


def test_everything_is_sent_counted_and_deleted(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    assert call("GET", f"waves/{wave.pk}/tests/").json() == {"n_waves": 0, "n_mails": 0, "n_finished": 0}
    sent = call("POST", f"waves/{wave.pk}/tests/")
    assert sent.status_code == 201
    assert sent.json() == {"n_waves": 1, "n_mails": 12, "n_finished": 0}
    listed = call("GET", f"engagements/{wave.engagement_id}/waves/").json()["results"]
    assert [row["id"] for row in listed] == [str(wave.pk)]
    assert call("DELETE", f"waves/{wave.pk}/tests/").status_code == 204
    with practice_scope(owner_a.practice):
        assert not Wave.objects.filter(kind=WaveKind.TEST).exists()


def test_a_launched_wave_is_not_tried_out(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 6)
        launch_wave(wave=wave, actor=owner_a)
    call = caller(owner_a)
    assert call("POST", f"waves/{wave.pk}/tests/").status_code == 409
    assert call("POST", f"waves/{wave.pk}/forms/", {"forms": {}}).status_code == 409


def test_a_test_wave_is_not_diagnosed(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    call("POST", f"waves/{wave.pk}/tests/")
    with practice_scope(owner_a.practice):
        trial = Wave.objects.get(kind=WaveKind.TEST)
    assert call("POST", f"waves/{trial.pk}/diagnoses/").status_code == 409
