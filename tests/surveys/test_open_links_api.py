"""Open links by API: made, shown to who may change them, switched, renewed, deleted, limited; nobody else's."""

import io
import json
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from PIL import Image

from practice import services, token_scopes
from practice.enums import Role
from practice.models import AuditEntry, KeptAnswer, Member
from practice.scope import practice_scope
from surveys.models import OpenLink, Quota, Wave
from surveys.services.launch import launch_wave
from surveys.services.open_links import address_of
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_wave
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.test_api import Call, caller

pytestmark = pytest.mark.django_db
POSTER = {
    "audience": "customers",
    "name": "Poster",
    "attributes": {"branch": "North"},
    "access_code": "spring",
}


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        return make_wave(owner_a)


@pytest.fixture
def call(owner_a: Member) -> Call:
    return caller(owner_a)


def made(call: Call, wave: Wave, **more: Any) -> dict[str, Any]:
    answer = call("POST", f"waves/{wave.pk}/open-links/", {**POSTER, **more})
    assert answer.status_code == 201, answer.content
    found: dict[str, Any] = answer.json()
    return found


def test_a_link_is_made_read_switched_and_renewed(call: Call, wave: Wave, owner_a: Member) -> None:
    link = made(call, wave, is_kiosk=True, idle_seconds=60, quota=50)
    assert (link["is_kiosk"], link["idle_seconds"], link["has_access_code"]) == (True, 60, True)
    assert (link["state"], link["n_finished"], link["attributes"]) == ("draft", None, {"branch": "North"})
    path = f"open-links/{link['id']}/"
    shown = call("GET", path).json()
    with practice_scope(owner_a.practice):
        row = OpenLink.objects.select_related("wave_audience").get()
        assert shown["address"] == address_of(row)
    assert shown["access_code"] == "spring"
    assert [one["id"] for one in call("GET", f"waves/{wave.pk}/open-links/").json()] == [link["id"]]
    assert call("PATCH", path, {"is_off": True}).json()["is_off"] is True
    assert call("PATCH", path, {"is_off": False}).json()["is_off"] is False
    assert call("PATCH", path, {"is_off": "perhaps"}).status_code == 422
    assert call("POST", f"{path}renew/").status_code == 200
    assert call("GET", path).json()["address"] != shown["address"]
    quotas = call("GET", f"waves/{wave.pk}/quotas/").json()
    assert [(one["audience"], one["attribute"], one["most"]) for one in quotas] == [("customers", "", 50)]


def test_a_link_made_by_api_is_answered(call: Call, wave: Wave, owner_a: Member) -> None:
    link = made(call, wave, access_code="", attributes={})
    with practice_scope(owner_a.practice):
        launch_wave(wave=wave, actor=owner_a)
    shown = call("GET", f"open-links/{link['id']}/").json()
    assert shown["state"] == "open"
    for _turn in range(5):
        browser = answer_all(Browser().open("/s/o/" + shown["address"].split("/s/o/")[1]).press("start"))
        assert browser.heading.startswith("Thank you")
    assert call("GET", f"open-links/{link['id']}/").json()["n_finished"] == 5


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"audience": "front_line"}, "accepts_staff"),
        ({"audience": "partners"}, "audience"),
        ({"name": " "}, "name"),
        ({"access_code": "abc"}, "access_code"),
        ({"idle_seconds": 5}, "idle_seconds"),
        ({"quota": 4}, "quota"),
        ({"attributes": {"branch": "North", "city": "Graz"}}, "attributes"),
    ],
)
def test_what_does_not_fit_names_its_field(
    change: dict[str, Any], field: str, call: Call, wave: Wave
) -> None:
    answer = call("POST", f"waves/{wave.pk}/open-links/", {**POSTER, **change})
    assert answer.status_code == 422
    assert field in answer.json()["fields"]
    assert call("GET", f"waves/{wave.pk}/open-links/").json() == []


def test_what_is_kept_is_fixed_at_the_launch(call: Call, wave: Wave, owner_a: Member) -> None:
    made(call, wave)
    with practice_scope(owner_a.practice):
        launch_wave(wave=wave, actor=owner_a)
    answer = call("POST", f"waves/{wave.pk}/open-links/", {**POSTER, "attributes": {"city": "Graz"}})
    assert (answer.status_code, list(answer.json()["fields"])) == (422, ["attributes"])


def test_a_link_is_deleted_before_anybody_could_answer_and_switched_off_afterwards(
    call: Call, wave: Wave, owner_a: Member
) -> None:
    first, second = made(call, wave), made(call, wave, attributes={"branch": "South"})
    group = {"audience": "customers", "attribute": "branch", "most": 20}
    for value in ("North", "South"):
        assert call("POST", f"waves/{wave.pk}/quotas/", {**group, "value": value}).status_code == 200
    assert call("DELETE", f"open-links/{first['id']}/").status_code == 204
    assert call("GET", f"open-links/{first['id']}/").status_code == 404
    with practice_scope(owner_a.practice):
        assert [quota.value for quota in Quota.objects.all()] == ["South"]
        assert AuditEntry.objects.filter(verb="open_link.deleted").count() == 1
        launch_wave(wave=wave, actor=owner_a)
    refused = call("DELETE", f"open-links/{second['id']}/")
    assert refused.status_code == 409
    assert "switch it off" in refused.json()["detail"]


def test_quotas_are_set_changed_and_taken_away(call: Call, wave: Wave) -> None:
    path = f"waves/{wave.pk}/quotas/"
    assert "audience" in call("POST", path, {"audience": "customers", "most": 50}).json()["fields"]
    made(call, wave)
    kept = [call("POST", path, {"audience": "customers", "most": most}).json() for most in (50, 60)]
    assert kept[0]["id"] == kept[1]["id"]
    assert [one["most"] for one in call("GET", path).json()] == [60]
    wrong = {"audience": "customers", "attribute": "branch", "value": "West", "most": 50}
    assert list(call("POST", path, wrong).json()["fields"]) == ["value"]
    assert call("DELETE", f"quotas/{kept[0]['id']}/").status_code == 204
    assert call("GET", path).json() == []


def test_codes_come_as_svg_and_png(call: Call, wave: Wave) -> None:
    path = f"open-links/{made(call, wave)['id']}/qr/"
    svg, png = call("GET", f"{path}svg/"), call("GET", f"{path}png/")
    assert (svg["Content-Type"], svg.content[:4], svg["Cache-Control"]) == (
        "image/svg+xml",
        b"<svg",
        "no-store",
    )
    assert Image.open(io.BytesIO(png.content)).format == "PNG"
    assert call("GET", f"{path}gif/").status_code == 404


def test_a_repeated_call_makes_one_link_and_keeps_no_address(wave: Wave, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        _token, secret = services.create_api_token(member=owner_a, name="once", actor=owner_a)
    answers = [
        Client().generic(
            "POST",
            f"/api/v1/waves/{wave.pk}/open-links/",
            json.dumps(POSTER),
            "application/json",
            headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "poster"},
        )
        for _turn in range(2)
    ]
    assert [one.status_code for one in answers] == [201, 201]
    assert answers[1]["Idempotent-Replayed"] == "true"
    with practice_scope(owner_a.practice):
        link = OpenLink.objects.select_related("wave_audience").get()
        kept = bytes(KeptAnswer.objects.get().content).decode()
        assert address_of(link).rsplit("/", 2)[1] not in kept
    assert "spring" not in kept


def test_links_are_for_those_who_may_change_them(
    call: Call, wave: Wave, owner_a: Member, owner_b: Member
) -> None:
    link = made(call, wave, quota=50)
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
        quota = Quota.objects.get()
        _token, secret = services.create_api_token(
            member=owner_a, name="reads", actor=owner_a, scopes=[token_scopes.READ_FIELD]
        )
    own, foreign = f"open-links/{link['id']}/", caller(owner_b)
    for path in (own, f"{own}qr/svg/", f"waves/{wave.pk}/open-links/", f"waves/{wave.pk}/quotas/"):
        assert caller(owner_a, analyst)("GET", path).status_code == 403
        assert foreign("GET", path).status_code == 404
        reader = Client().get(f"/api/v1/{path}", headers={"Authorization": f"Bearer {secret}"})
        assert reader.status_code == 403
    assert foreign("POST", f"waves/{wave.pk}/open-links/", POSTER).status_code == 404
    assert foreign("PATCH", own, {"is_off": True}).status_code == 404
    assert foreign("POST", f"{own}renew/").status_code == 404
    assert foreign("DELETE", own).status_code == 404
    assert foreign("DELETE", f"quotas/{quota.pk}/").status_code == 404
    assert call("GET", own).json()["is_off"] is False


def test_the_list_costs_the_same_for_every_number(call: Call, wave: Wave, owner_a: Member) -> None:
    counts, path = [], f"waves/{wave.pk}/open-links/"
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 1)
    for more in (1, 2):
        for _turn in range(more):
            made(call, wave)
        with CaptureQueriesContext(connection) as queries:
            call("GET", path)
        counts.append(len(queries))
    assert counts[0] == counts[1]
