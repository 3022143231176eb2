"""Nobody reaches what is not theirs: every route x method x foreign actor, with real ids of practice A.

The routes come from the URLconf. A route that is neither a tenant route nor listed as public, or whose parameters are
not in the world's table of ids, fails: a new route needs its line here.
"""

from collections.abc import Iterator

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.db import connection
from django.http import HttpResponse
from django.test import Client
from django.urls import reverse

from practice import services
from practice.managers import ScopedManager, ScopedQuerySet
from practice.models import Member, PracticeModel
from practice.scope import practice_scope
from tests.architecture.routes import ROUTES, Route
from tests.conftest import owner_dsn
from tests.factories.practice import found_practice
from tests.factories.world import CANARY, PRACTICE_CANARY, World, plant_world

METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
PUBLIC = {
    "home",
    "healthz",
    "metrics",
    "api:openapi",
    "practice:practice_create",
    "practice:join",
    "practice:profile",
    "practice:accent",
}
FRAMEWORK_PREFIXES = ("account_", "mfa_", "socialaccount_")
RESPONDENT_PREFIX = "s/"
PROVIDER_PREFIX = "hooks/"
TENANT_PREFIXES = ("p/<slug:slug>/", "api/v1/")
CHOICES = {
    "kind": "diagnosis",
    "audience": "customers",
    "form": "customers-standard",
    "gap": "I1",
    "file_type": "csv",
    "round_code": "invitation",
    "language": "en",
    "message": "0" * 64,
    "code": "x",
}
REFUSED = {401, 403, 404, 405}
OF_ONES_OWN = {200, 201, 302, 400, 415, 422}
TENANT_TABLES = [
    model._meta.db_table
    for model in apps.get_models()
    if issubclass(model, PracticeModel) and model._meta.model_name != "auditentry"
]
TENANT_ROUTES = [
    route for route in ROUTES if route.pattern.startswith(TENANT_PREFIXES) and route.name not in PUBLIC
]
Actor = tuple[str, Client, dict[str, str]]


@pytest.mark.parametrize("route", ROUTES, ids=lambda route: route.pattern)
def test_every_route_has_an_entry(route: Route) -> None:
    is_framework = route.pattern.startswith("accounts/") and route.name.startswith(FRAMEWORK_PREFIXES)
    is_ours = (
        route.pattern.startswith((*TENANT_PREFIXES, RESPONDENT_PREFIX, PROVIDER_PREFIX))
        or route.name in PUBLIC
    )
    assert is_framework or is_ours, f"{route.pattern} is neither a tenant route nor listed as public"


def address(route: Route, world: World) -> str:
    """Return the route's address with the ids of practice A; an unknown parameter is an error of this test."""
    known = {**CHOICES, **world.ids, "slug": world.owner.practice.slug}
    return reverse(route.name, kwargs={name: known[name] for name in route.parameters})


def rows_of(world: World) -> dict[str, str]:
    """Return a fingerprint of every tenant table of practice A; refusals go to the audit record, which is left out."""
    prints = {}
    with practice_scope(world.owner.practice), connection.cursor() as cursor:
        for table in TENANT_TABLES:
            cursor.execute(
                f"SELECT coalesce(md5(string_agg(t::text, '|' ORDER BY t::text)), '') "  # noqa: S608  own tables
                f'FROM "{table}" t WHERE practice_id = %s',
                [world.owner.practice_id],
            )
            prints[table] = cursor.fetchone()[0]
    return prints


def text_of(response: HttpResponse) -> str:
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode(errors="replace") + str(response.headers)


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def actors_between_practices(owner_b: Member) -> list[Actor]:
    """Return everybody outside practice A."""
    with practice_scope(owner_b.practice):
        _token, secret = services.create_api_token(member=owner_b, name="b", actor=owner_b)
    return [
        ("consultant of B", signed_in(owner_b), {}),
        ("token of B", Client(), {"Authorization": f"Bearer {secret}"}),
        ("anonymous", Client(), {}),
        ("made-up token", Client(), {"Authorization": "Bearer cap_live_00000000_made-up"}),
    ]


def actors_inside(world: World) -> list[Actor]:
    """Return the viewer of another client of practice A, by session and by token, and A's cookie on the API."""
    with practice_scope(world.owner.practice):
        viewer = world.other_viewer
        token, secret = services.create_api_token(member=viewer, name="viewer", actor=world.owner)
        type(token).objects.filter(pk=token.pk).update(last_used_at=token.created_at)
    return [
        ("viewer of another client", signed_in(viewer), {}),
        ("token of that viewer", Client(), {"Authorization": f"Bearer {secret}"}),
    ]


def check(route: Route, world: World, actors: list[Actor]) -> None:
    """Try every method as every actor: no canary in any answer, no row of A changed, foreign objects refused."""
    url = address(route, world)
    has_object = bool(set(route.parameters) - {"slug"} - set(CHOICES))
    for name, client, headers in actors:
        before = rows_of(world)
        for method in METHODS:
            response = client.generic(
                method, url, data="{}", content_type="application/json", headers=headers
            )
            what = f"{name}: {method} {url} -> {response.status_code}"
            is_of_practice = name.startswith(("viewer", "token of that"))
            assert CANARY not in text_of(response), what
            assert is_of_practice or PRACTICE_CANARY not in text_of(response), what
            is_login = response.status_code == 302 and "/accounts/login/" in response.headers.get(
                "Location", ""
            )
            allowed = set(REFUSED)
            if method == "OPTIONS":
                allowed |= {200}
            if not has_object and (name.startswith(("viewer", "token"))):
                allowed |= OF_ONES_OWN
            assert is_login or response.status_code in allowed, what
        assert rows_of(world) == before, f"{name} changed rows by {url}"


@pytest.mark.django_db
@pytest.mark.parametrize("route", TENANT_ROUTES, ids=lambda route: route.pattern)
def test_foreign_actors_get_nothing_and_change_nothing(route: Route, owner_b: Member) -> None:
    world = plant_world()
    check(route, world, actors_between_practices(owner_b) + actors_inside(world))


@pytest.mark.django_db
def test_cookie_of_the_owner_opens_no_endpoint() -> None:
    world = plant_world()
    client = signed_in(world.owner)
    for route in TENANT_ROUTES:
        if route.pattern.startswith("api/"):
            response = client.get(address(route, world))
            assert response.status_code == 401, route.pattern
            assert CANARY not in text_of(response)


@pytest.mark.django_db
def test_row_level_security_alone_keeps_practices_apart(
    owner_b: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = plant_world()
    actors = actors_between_practices(owner_b)
    monkeypatch.setattr(
        ScopedManager, "get_queryset", lambda self: ScopedQuerySet(self.model, using=self._db)
    )
    for route in TENANT_ROUTES:
        check(route, world, actors)


@pytest.fixture
def no_row_level_security(transactional_db: None) -> Iterator[None]:
    """Take wall 2 down around a test that commits, and raise it again."""
    with psycopg.connect(owner_dsn(settings.DATABASES["owner"]["NAME"]), autocommit=True) as owner:
        tables = [*TENANT_TABLES, "practice_auditentry", "practice_practice"]
        for table in tables:
            owner.execute(f'ALTER TABLE "{table}" DISABLE ROW LEVEL SECURITY')
        yield
        connection.close()
        for table in tables:
            owner.execute(f'ALTER TABLE "{table}" ENABLE ROW LEVEL SECURITY')


@pytest.mark.usefixtures("no_row_level_security")
def test_scoped_manager_alone_keeps_practices_apart() -> None:
    world = plant_world()
    actors = actors_between_practices(found_practice("Birch Advisory"))
    for route in TENANT_ROUTES:
        check(route, world, actors)
