"""Broken bodies, ids, pages and extra fields at the API: refused with problem details, and nothing is applied."""

import json
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from practice import services
from practice.models import ClientOrganisation, Engagement, Member
from practice.scope import practice_scope
from tests.factories.practice import make_client, make_engagement

pytestmark = pytest.mark.django_db
NOBODY = "00000000-0000-4000-8000-000000000000"


@pytest.fixture
def secret(owner_a: Member) -> str:
    with practice_scope(owner_a.practice):
        return services.create_api_token(member=owner_a, name="bad inputs", actor=owner_a)[1]


def ask(secret: str, method: str, path: str, body: str | bytes = "", kind: str = "application/json") -> Any:
    headers = {"Authorization": f"Bearer {secret}"}
    return Client().generic(method, f"/api/v1/{path}", data=body, content_type=kind, headers=headers)


@pytest.mark.parametrize(
    "body", ["{", "", "[]", '"text"', "null", "7", "{'name': 1}", "\x00", '{"name": NaN}']
)
def test_o34_a_body_that_is_no_object_is_refused(body: str, secret: str, owner_a: Member) -> None:
    answer = ask(secret, "POST", "clients/", body)
    assert answer.status_code in {400, 422}
    assert answer["Content-Type"].startswith("application/problem+json")
    with practice_scope(owner_a.practice):
        assert not ClientOrganisation.objects.exists()


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/xml", "text/csv", "application/x-www-form-urlencoded"]
)
def test_o34_another_content_type_is_refused(kind: str, secret: str) -> None:
    answer = ask(secret, "POST", "clients/", '{"name": "Alpenbank"}', kind)
    assert answer.status_code == 415
    assert answer["Content-Type"].startswith("application/problem+json")


def test_o35_fields_that_are_not_offered_are_never_applied(
    secret: str, owner_a: Member, owner_b: Member
) -> None:
    with practice_scope(owner_b.practice):
        foreign = make_client(owner_b)
    extra = {
        "id": str(uuid4()), "is_admin": True, "is_superuser": True, "role": "owner", "status": "closed",
        "practice": str(owner_b.practice_id), "practice_id": str(owner_b.practice_id), "tenant_id": 1,
        "created_at": "1999-01-01T00:00:00Z", "__proto__": {"x": 1},
    }  # fmt: skip
    answer = ask(secret, "POST", "clients/", json.dumps({"name": "Alpenbank", **extra}))
    assert answer.status_code in {201, 422}
    with practice_scope(owner_a.practice):
        for client in ClientOrganisation.objects.all():
            assert client.practice_id == owner_a.practice_id
            assert str(client.pk) != extra["id"]
            assert client.created_at.year > 2000
    with practice_scope(owner_b.practice):
        assert list(ClientOrganisation.objects.all()) == [foreign]


@pytest.mark.parametrize("part", ["clients", "engagements", "waves", "diagnoses", "audiences"])
@pytest.mark.parametrize("key", ["0", "-1", "999999999999999999999", "abc", "%00", "null", NOBODY])
def test_o36_an_id_that_leads_nowhere_is_not_found(part: str, key: str, secret: str) -> None:
    assert ask(secret, "GET", f"{part}/{key}/").status_code == 404


def test_o36_the_id_of_another_practice_is_not_found(secret: str, owner_b: Member) -> None:
    with practice_scope(owner_b.practice):
        engagement: Engagement = make_engagement(owner_b)
    own = ask(secret, "GET", f"engagements/{uuid4()}/")
    foreign = ask(secret, "GET", f"engagements/{engagement.pk}/")
    assert (foreign.status_code, foreign.json()) == (own.status_code, own.json())
    assert foreign.status_code == 404


@pytest.mark.parametrize(
    "query",
    ["page=-1", "page=0", "page=1000000000", "page=x", "page_size=1000000", "page_size=-1", "page_size=x",
     "ordering=password", "sort=password", "search=%00", "name=%00"],
)  # fmt: skip
def test_o37_pages_and_orders_out_of_range_are_clamped_or_refused(
    query: str, secret: str, owner_a: Member
) -> None:
    with practice_scope(owner_a.practice):
        for _number in range(3):
            make_client(owner_a)
    answer = ask(secret, "GET", f"clients/?{query}")
    assert answer.status_code in {200, 400, 404, 422}
    if answer.status_code == 200:
        assert len(answer.json()["results"]) <= 200
        assert "password" not in answer.content.decode()
    else:
        assert answer["Content-Type"].startswith("application/problem+json")
