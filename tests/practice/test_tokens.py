"""API tokens: scopes narrow the role, an expiry ends them, rotation overlaps, and the record names the token."""

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from practice import services
from practice.enums import Role
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import ApiToken, AuditEntry, Member
from practice.scope import practice_scope
from practice.token_scopes import ALL_SCOPES, MANAGE_TOKENS, READ_ENGAGEMENTS, SCOPES, WRITE_ENGAGEMENTS
from tests.architecture.test_access import TENANT_ROUTES, address
from tests.factories.practice import make_client, make_member
from tests.factories.world import plant_world

pytestmark = pytest.mark.django_db


def made(owner: Member, *scopes: str, **fields: Any) -> tuple[ApiToken, str]:
    with practice_scope(owner.practice):
        return services.create_api_token(
            member=owner, name="export", actor=owner, scopes=scopes or ALL_SCOPES, **fields
        )


def ask(secret: str, method: str, path: str, data: Any = None) -> Any:
    return Client().generic(
        method, f"/api/v1/{path}", data=json.dumps(data) if data is not None else "",
        content_type="application/json", headers={"Authorization": f"Bearer {secret}"},
    )  # fmt: skip


def test_a_scope_opens_its_endpoints_and_no_others(owner_a: Member) -> None:
    _token, secret = made(owner_a, READ_ENGAGEMENTS)
    assert ask(secret, "GET", "clients/").status_code == 200
    refused = ask(secret, "POST", "clients/", {"name": "Alpenbank"})
    assert (refused.status_code, refused.json()["code"]) == (403, "missing_scope")
    assert WRITE_ENGAGEMENTS in json.dumps(refused.json()["fields"])
    assert ask(secret, "GET", "tokens/").status_code == 403


def test_every_endpoint_asks_for_a_scope() -> None:
    world = plant_world()
    _token, secret = made(world.owner, MANAGE_TOKENS)
    routes = [route for route in TENANT_ROUTES if route.pattern.startswith("api/")]
    assert len(routes) > 25
    for route in routes:
        for method in ("GET", "POST", "PATCH"):
            answer = Client().generic(
                method,
                address(route, world),
                "{}",
                "application/json",
                headers={"Authorization": f"Bearer {secret}"},
            )
            if "token" in route.name or answer.status_code == 405:
                continue
            assert (answer.status_code, answer.json()["code"]) == (403, "missing_scope"), (
                method,
                route.pattern,
            )


def test_a_scope_gives_no_more_than_the_role(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
        _token, secret = services.create_api_token(member=analyst, name="all", actor=owner_a)
    assert ask(secret, "GET", "clients/").status_code == 200
    assert ask(secret, "POST", "clients/", {"name": "Alpenbank"}).json()["code"] == "not_allowed"


@pytest.mark.parametrize(
    ("fields", "named"),
    [({"scopes": ()}, "scopes"), ({"scopes": ("read:all",)}, "scopes"), ({"days": 0}, "days"), ({"days": 366}, "days")],
)  # fmt: skip
def test_impossible_tokens_are_refused_at_their_field(
    fields: dict[str, Any], named: str, owner_a: Member
) -> None:
    with practice_scope(owner_a.practice), pytest.raises(InvalidInputError) as error:
        services.create_api_token(member=owner_a, name="x", actor=owner_a, **fields)
    assert list(error.value.fields) == [named]


def test_an_expired_token_opens_nothing(owner_a: Member) -> None:
    token, secret = made(owner_a, days=1)
    assert ask(secret, "GET", "clients/").status_code == 200
    with practice_scope(owner_a.practice):
        ApiToken.objects.filter(pk=token.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    answer = ask(secret, "GET", "clients/")
    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_rotation_leaves_both_valid_for_a_week_at_most(owner_a: Member) -> None:
    token, old = made(owner_a, READ_ENGAGEMENTS, MANAGE_TOKENS)
    answer = ask(old, "POST", f"tokens/{token.pk}/rotate/", {})
    new = answer.json()["secret"]
    assert answer.status_code == 201
    assert answer.json()["scopes"] == [READ_ENGAGEMENTS, MANAGE_TOKENS]
    assert {ask(secret, "GET", "clients/").status_code for secret in (old, new)} == {200}
    with practice_scope(owner_a.practice):
        token.refresh_from_db()
        assert token.rotated_at is not None
        assert token.expires_at <= timezone.now() + timedelta(days=7)
        with pytest.raises(WrongStateError):
            services.rotate_api_token(token, actor=owner_a)
    assert ask(new, "POST", f"tokens/{token.pk}/revoke/").status_code == 200
    assert ask(old, "GET", "clients/").status_code == 401
    assert "secret" not in ask(new, "GET", "tokens/").content.decode()


def test_a_token_makes_none_that_may_do_more(owner_a: Member) -> None:
    _token, secret = made(owner_a, READ_ENGAGEMENTS, MANAGE_TOKENS)
    body = {"name": "more", "scopes": [READ_ENGAGEMENTS, WRITE_ENGAGEMENTS], "days": 30}
    refused = ask(secret, "POST", "tokens/", body)
    assert refused.status_code == 403
    assert WRITE_ENGAGEMENTS in refused.json()["fields"]["scopes"]
    assert ask(secret, "POST", "tokens/", body | {"scopes": [READ_ENGAGEMENTS]}).status_code == 201


def test_the_audit_record_names_the_token(owner_a: Member) -> None:
    token, secret = made(owner_a)
    assert ask(secret, "POST", "clients/", {"name": "Alpenbank"}).status_code == 201
    with practice_scope(owner_a.practice):
        entry = AuditEntry.objects.get(verb="client.created")
    assert (entry.actor_kind, str(entry.actor_id)) == ("token", str(token.pk))
    assert token.prefix in entry.actor_label


def test_the_page_offers_every_scope_and_shows_a_rotated_secret_once(owner_a: Member) -> None:
    token, _secret = made(owner_a, READ_ENGAGEMENTS)
    browser = Client()
    browser.force_login(owner_a.user)
    url = f"/p/{owner_a.practice.slug}/settings/tokens/"
    page = browser.get(url).content.decode()
    assert all(f'value="{scope}"' in page for scope in SCOPES)
    rotated = browser.post(f"{url}{token.pk}/rotate/")
    assert "Your new token" in rotated.content.decode()
    assert "Your new token" not in browser.get(url).content.decode()
    empty = browser.post(url, {"name": "x", "days": "30"})
    assert empty.status_code == 422
    assert "Choose at least one" in empty.content.decode()


FILTERS = {
    "name=alp": 1, "sector=bank": 2, "ordering=-name": 2, "name=zzz": 0, "page_size=1": 1,
}  # fmt: skip


@pytest.mark.parametrize(("query", "n"), FILTERS.items())
def test_lists_are_filtered_and_ordered(query: str, n: int, owner_a: Member) -> None:
    _token, secret = made(owner_a)
    with practice_scope(owner_a.practice):
        for name in ("Alpenbank", "Birkenbank"):
            make_client(owner_a, name)
    found = ask(secret, "GET", f"clients/?{query}").json()["results"]
    assert len(found) == n
    if query == "ordering=-name":
        assert found[0]["name"].startswith("Birken")


@pytest.mark.parametrize(
    ("query", "named"),
    [("colour=red", "colour"), ("ordering=password", "ordering"), ("page=0", "page"), ("page_size=0", "page_size"),
     ("page_size=-1", "page_size"), (f"name={'x' * 201}", "name")],
)  # fmt: skip
def test_wrong_parameters_are_named(query: str, named: str, owner_a: Member) -> None:
    _token, secret = made(owner_a)
    answer = ask(secret, "GET", f"clients/?{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid_query")
    assert list(answer.json()["fields"]) == [named]
    assert answer["Content-Type"].startswith("application/problem+json")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "nothing/", 404), ("DELETE", "clients/", 405), ("GET", "clients/abc/", 404)],
)
def test_refusals_of_the_framework_are_problem_details_too(
    method: str, path: str, status: int, owner_a: Member
) -> None:
    _token, secret = made(owner_a)
    answer = ask(secret, method, path)
    assert answer.status_code == status
    assert answer["Content-Type"].startswith("application/problem+json")
    assert answer.json()["status"] == status
