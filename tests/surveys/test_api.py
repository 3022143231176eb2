"""Endpoints of waves, people, launch, field and mailbox: the whole way, who may, and what wrong input answers."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from practice import services
from practice.enums import Role
from practice.models import Engagement, Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState
from surveys.mail import sink
from surveys.mail.message import build_message, message_id_of
from surveys.models import Delivery, Recipient, Wave
from tests.factories.practice import make_engagement, make_member
from tests.factories.surveys import add_people, make_launched_wave, make_wave

pytestmark = pytest.mark.django_db
Call = Callable[..., Any]
CSV = "email,name,audience,region\n" + "".join(
    f"person{n}@example.org,Person {n},customer,North\n" for n in range(6)
)


def caller(owner: Member, member: Member | None = None) -> Call:
    """Return a function that calls the API as the member and gives the answer back."""
    with practice_scope(owner.practice):
        _token, secret = services.create_api_token(member=member or owner, name="test", actor=owner)

    def call(method: str, path: str, data: Any = None) -> Any:
        return Client().generic(
            method,
            f"/api/v1/{path}",
            data="" if data is None else json.dumps(data),
            content_type="application/json",
            headers={"Authorization": f"Bearer {secret}"},
        )

    return call


@pytest.fixture
def engagement(owner_a: Member) -> Engagement:
    with practice_scope(owner_a.practice):
        return make_engagement(owner_a)


@pytest.fixture
def wave(owner_a: Member, engagement: Engagement) -> Wave:
    with practice_scope(owner_a.practice):
        return make_wave(owner_a, engagement)


def audience_of(body: dict[str, Any], code: str) -> dict[str, Any]:
    """Return one audience of a wave's answer."""
    return next(row for row in body["audiences"] if row["audience"] == code)


def test_a_wave_is_planned_filled_launched_steered_and_closed(
    owner_a: Member, engagement: Engagement
) -> None:
    call = caller(owner_a)
    path = f"engagements/{engagement.pk}/waves/"
    made = call("POST", path, {"audiences": ["customers", "managers"], "name": "Spring", "kind": "live"})
    assert (made.status_code, made.json()["name"], made.json()["launched_at"]) == (201, "Spring", None)
    assert (made.json()["reminder_days"], made.json()["close_days"]) == ([4, 9], 14)
    base = f"waves/{made.json()['id']}/"
    assert [row["id"] for row in call("GET", path).json()["results"]] == [made.json()["id"]]
    managers = audience_of(made.json(), "managers")
    named = call("POST", f"audiences/{managers['id']}/mode/", {"mode": "named"})
    assert audience_of(named.json(), "managers")["mode"] == "named"
    preview = call("POST", f"{base}people/", {"csv": CSV + "broken,Eve,customer,North\n"})
    assert preview.status_code == 201
    body = preview.json()
    assert (body["state"], body["n_rows"], body["n_ready"], body["n_to_fix"]) == ("preview", 7, 6, 1)
    assert (body["problems"][0]["row"], list(body["problems"][0]["problems"])) == (8, ["email"])
    assert call("GET", f"{base}people/").json()["count"] == 0
    assert call("GET", f"imports/{body['id']}/").json() == body
    for _again in range(2):
        done = call("POST", f"imports/{body['id']}/confirm/")
        assert (done.status_code, done.json()["state"], done.json()["n_imported"]) == (200, "confirmed", 6)
    page = call("GET", f"{base}people/?page_size=4").json()
    assert (page["count"], len(page["results"])) == (6, 4)
    assert page["results"][0]["attributes"] == {"region": "North"}
    launched = [call("POST", f"{base}launch/").json() for _again in range(2)]
    assert launched[0] == launched[1]
    customers = audience_of(launched[0], "customers")
    assert (customers["state"], customers["n_people"], customers["n_invited"]) == ("open", 6, 6)
    with practice_scope(owner_a.practice):
        assert Delivery.objects.count() == 18
    acts = f"audiences/{customers['id']}/"
    for act, state in (("pause", "paused"), ("resume", "open"), ("close", "closed"), ("close", "closed")):
        answer = call("POST", f"{acts}{act}/")
        assert (answer.status_code, audience_of(answer.json(), "customers")["state"]) == (200, state)
    assert call("POST", f"{acts}resume/").status_code == 409
    assert call("POST", f"{base}close/").status_code == 200


def test_a_file_is_taken_as_well_as_text(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        _token, secret = services.create_api_token(member=owner_a, name="file", actor=owner_a)
    answer = Client().post(
        f"/api/v1/waves/{wave.pk}/people/",
        {"file": SimpleUploadedFile("spring.csv", CSV.encode("utf-16"))},
        headers={"Authorization": f"Bearer {secret}"},
    )
    body = answer.json()
    assert (answer.status_code, body["filename"], body["n_ready"]) == (201, "spring.csv", 6)


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"csv": ""},
        {"csv": "email,name\n"},
        {"csv": "email,email\na@x.org,b\n"},
        {"csv": "a\x00b"},
        {"csv": "\ud800"},
        {"csv": "x" * 200_000},
        {"csv": f"email,name\na@x.org,{'y' * 200_000}\n"},
        {"file": "not a file"},
        {"csv": CSV, "file": "both"},
    ],
    ids=lambda data: str(data)[:40],
)
def test_unreadable_lists_are_refused(data: Any, owner_a: Member, wave: Wave) -> None:
    answer = caller(owner_a)("POST", f"waves/{wave.pk}/people/", data)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    assert answer.json()["fields"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_a_list_with_a_zero_character_far_down_is_refused(encoding: str, owner_a: Member, wave: Wave) -> None:
    text = CSV + "".join(f"more{n}@example.org,More,customer,South\n" for n in range(200))
    with practice_scope(owner_a.practice):
        _token, secret = services.create_api_token(member=owner_a, name="file", actor=owner_a)
    answer = Client().post(
        f"/api/v1/waves/{wave.pk}/people/",
        {"file": SimpleUploadedFile("x.csv", f"{text}a@x.org,A\x00da,customer,South\n".encode(encoding))},
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")


@pytest.mark.parametrize(
    "data",
    [
        {},
        {"audiences": []},
        {"audiences": ["strangers"]},
        {"audiences": ["customers"], "kind": "odd"},
        {"audiences": ["customers"], "name": "x" * 81},
        {"audiences": ["customers"], "name": "a\x00b"},
        {"audiences": ["customers"], "instrument": "../die-crm"},
    ],
    ids=str,
)
def test_impossible_waves_are_refused(data: Any, owner_a: Member, engagement: Engagement) -> None:
    answer = caller(owner_a)("POST", f"engagements/{engagement.pk}/waves/", data)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_input")
    with practice_scope(owner_a.practice):
        assert not Wave.objects.exists()


def test_wrong_moments_are_conflicts(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    assert call("POST", f"waves/{wave.pk}/launch/").status_code == 409
    body = call("GET", f"waves/{wave.pk}/").json()
    staff = audience_of(body, "front_line")["id"]
    assert call("POST", f"audiences/{staff}/close/").status_code == 409
    assert call("POST", f"audiences/{staff}/pause/").status_code == 409
    assert call("POST", f"audiences/{staff}/mode/", {"mode": "named"}).status_code == 422
    with practice_scope(owner_a.practice):
        add_people(wave, "managers", 1)
    launched = call("POST", f"waves/{wave.pk}/launch/").json()
    assert audience_of(launched, "front_line")["state"] == "draft"
    managers = audience_of(launched, "managers")["id"]
    assert call("POST", f"audiences/{managers}/mode/", {"mode": "named"}).status_code == 409


def test_a_list_with_nothing_ready_is_not_confirmed(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    made = call("POST", f"waves/{wave.pk}/people/", {"csv": "email,audience\nbroken,customer\n"}).json()
    answer = call("POST", f"imports/{made['id']}/confirm/")
    assert (answer.status_code, answer.json()["fields"]) == (422, {"rows": "Nothing is ready."})
    with practice_scope(owner_a.practice):
        assert not Recipient.objects.exists()


READS = ["engagements/{engagement}/waves/", "waves/{wave}/", "waves/{wave}/people/"]
WRITES = [
    "engagements/{engagement}/waves/",
    "waves/{wave}/people/",
    "waves/{wave}/launch/",
    "waves/{wave}/close/",
    "audiences/{audience}/mode/",
    "audiences/{audience}/pause/",
]


@pytest.mark.parametrize(("role", "reads"), [(Role.ANALYST, 200), (Role.CLIENT_VIEWER, 403)])
def test_roles(role: str, reads: int, owner_a: Member, wave: Wave, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        client = engagement.client_organisation if role == Role.CLIENT_VIEWER else None
        member = make_member(owner_a, role, client)
        ids = {"engagement": engagement.pk, "wave": wave.pk, "audience": wave.audiences.all()[0].pk}
    call = caller(owner_a, member)
    for path in READS:
        assert call("GET", path.format(**ids)).status_code == reads, path
    for path in WRITES:
        assert call("POST", path.format(**ids), {}).status_code == 403, path


def test_unknown_objects_are_not_found(owner_a: Member) -> None:
    call = caller(owner_a)
    for path in (*READS, "imports/{wave}/"):
        ids = {"engagement": uuid4(), "wave": uuid4()}
        answer = call("GET", path.format(**ids))
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found"), path


def test_mailbox_is_there_only_where_mails_are_recorded(
    owner_a: Member, settings: Any, tmp_path: Path
) -> None:
    settings.MAIL_SINK_DIR = ""
    call = caller(owner_a)
    assert call("GET", "mailbox/").status_code == 404
    assert call("GET", f"mailbox/{'0' * 64}/").status_code == 404
    settings.MAIL_SINK_DIR = str(tmp_path)
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=1)
        delivery = Delivery.objects.select_related(
            "recipient",
            "wave_audience__wave__practice",
            "wave_audience__wave__engagement__client_organisation",
        ).get(round="invitation")
        for state in (DeliveryState.SENDING, DeliveryState.ACCEPTED):
            delivery.message_id, delivery.state = message_id_of(delivery), state
            delivery.save()
        sink.keep(tmp_path, build_message(delivery).as_bytes())
        other = make_wave(owner_a)
    listed = call("GET", "mailbox/").json()["results"]
    assert [(row["to"], row["round"]) for row in listed] == [(delivery.recipient.email, "invitation")]
    assert "/s/" in listed[0]["text"]
    assert call("GET", f"mailbox/{listed[0]['key']}/").json() == listed[0]
    assert call("GET", f"mailbox/?wave={wave.pk}").json()["count"] == 1
    assert call("GET", f"mailbox/?wave={other.pk}").json()["count"] == 0
    assert call("GET", "mailbox/?wave=nonsense").status_code == 404
    assert call("GET", "mailbox/..%2f..%2fetc/").status_code == 404
