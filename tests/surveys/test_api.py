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
