"""Pages and endpoints of the practice room: they render, keep to their roles, and do not query per row."""

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice import invitations, services
from practice.enums import Role
from practice.models import AuditEntry, ClientOrganisation, Engagement, Member
from practice.scope import practice_scope
from tests.factories.practice import make_client, make_engagement, make_member, numbers

pytestmark = pytest.mark.django_db


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def count_queries(act: Callable[[], object]) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        act()
    return len(queries)


def add_client(owner: Member) -> None:
    make_client(owner)


def add_engagement(owner: Member) -> None:
    make_engagement(owner)


def add_member(owner: Member) -> None:
    make_member(owner)


def add_token(owner: Member) -> None:
    services.create_api_token(member=owner, name="x", actor=owner)


def add_invitation(owner: Member) -> None:
    invitations.invite(email=f"invited{next(numbers)}@example.org", role=Role.ANALYST, actor=owner)


LISTS = {
    "": add_engagement,
    "clients/": add_client,
    "settings/team/": add_member,
    "settings/tokens/": add_token,
    "settings/audit/": add_client,
    "settings/audit/export/": add_client,
    "settings/team/?": add_invitation,
}


@pytest.mark.parametrize("path", LISTS)
def test_queries_of_a_list_do_not_grow_with_its_rows(path: str, owner_a: Member) -> None:
    url, browser = f"/p/{owner_a.practice.slug}/{path}", signed_in(owner_a)
    counts = []
    for rows in (1, 2):
        with practice_scope(owner_a.practice):
            for _row in range(rows):
                LISTS[path](owner_a)
        browser.get(url)
        counts.append(count_queries(lambda: browser.get(url)))
    assert counts[0] == counts[1]


@pytest.mark.parametrize("path", ["/api/v1/clients/", "/api/v1/engagements/"])
def test_queries_of_an_endpoint_do_not_grow_with_its_rows(path: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        _token, secret = services.create_api_token(member=owner_a, name="x", actor=owner_a)
    headers = {"Authorization": f"Bearer {secret}"}
    counts = []
    for rows in (1, 2):
        with practice_scope(owner_a.practice):
            for _row in range(rows):
                make_engagement(owner_a)
        Client().get(path, headers=headers)
        counts.append(count_queries(lambda: Client().get(path, headers=headers)))
    assert counts[0] == counts[1]


def test_create_and_change_a_client(owner_a: Member) -> None:
    browser, base = signed_in(owner_a), f"/p/{owner_a.practice.slug}/clients/"
    fields = {"name": "O'Brien & Söhne", "sector": "Banking", "colour": "#153e6b"}
    answer = browser.post(base + "new/", fields)
    assert answer.status_code == 302
    with practice_scope(owner_a.practice):
        client = ClientOrganisation.objects.get()
        assert AuditEntry.objects.filter(verb="client.created", object_id=str(client.pk)).exists()
    assert "O&#x27;Brien &amp; Söhne" in browser.get(answer["Location"]).content.decode()
    browser.post(f"{base}{client.pk}/edit/", fields | {"sector": "Energy"})
    with practice_scope(owner_a.practice):
        assert ClientOrganisation.objects.get().sector == "Energy"
        assert AuditEntry.objects.first().changed == ["sector"]


def test_taken_name_is_said_at_the_field(owner_a: Member) -> None:
    browser, url = signed_in(owner_a), f"/p/{owner_a.practice.slug}/clients/new/"
    fields = {"name": "Twice", "colour": "#153e6b"}
    browser.post(url, fields)
    answer = browser.post(url, fields)
    assert answer.status_code == 422
    assert "This name is taken." in answer.content.decode()


@pytest.mark.parametrize("bad", ["", "   ", "x" * 161, "a\x00b"])
def test_bad_client_names_are_refused(bad: str, owner_a: Member) -> None:
    answer = signed_in(owner_a).post(
        f"/p/{owner_a.practice.slug}/clients/new/", {"name": bad, "colour": "#153e6b"}
    )
    assert answer.status_code == 422
    with practice_scope(owner_a.practice):
        assert not ClientOrganisation.objects.exists()


@pytest.mark.parametrize(("role", "status"), [(Role.OWNER, 200), (Role.CONSULTANT, 403), (Role.ANALYST, 403)])
def test_only_owners_manage_the_practice(role: str, status: int, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        member = owner_a if role == Role.OWNER else make_member(owner_a, role)
    browser = signed_in(member)
    for page in ("", "team/", "mail/", "audit/"):
        assert browser.get(f"/p/{owner_a.practice.slug}/settings/{page}").status_code == status


def test_refused_permission_is_on_record(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    assert signed_in(analyst).get(f"/p/{owner_a.practice.slug}/settings/team/").status_code == 403
    with practice_scope(owner_a.practice):
        assert AuditEntry.objects.filter(verb="permission.refused", actor_id=analyst.pk).count() == 1


def test_last_owner_stays(owner_a: Member) -> None:
    url = f"/p/{owner_a.practice.slug}/settings/team/{owner_a.pk}/"
    answer = signed_in(owner_a).post(url, {"role": "analyst", "is_active": "on"})
    assert answer.status_code == 422
    with practice_scope(owner_a.practice):
        assert Member.objects.get(pk=owner_a.pk).role == Role.OWNER


def test_second_factor_is_asked_for_where_the_practice_needs_it(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        services.update_practice(owner_a.practice, actor=owner_a, requires_second_factor=True)
    answer = signed_in(owner_a).get(f"/p/{owner_a.practice.slug}/")
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/2fa/totp/activate/")


def test_token_secret_is_shown_once_and_works_until_revoked(owner_a: Member) -> None:
    browser, url = signed_in(owner_a), f"/p/{owner_a.practice.slug}/settings/tokens/"
    page = browser.post(
        url, {"name": "export", "scopes": ["read:engagements"], "days": "30"}
    ).content.decode()
    secret = page.split("cap_live_", 1)[1].split("<", 1)[0].split('"', 1)[0]
    headers = {"Authorization": f"Bearer cap_live_{secret}"}
    assert secret not in browser.get(url).content.decode()
    assert Client().get("/api/v1/clients/", headers=headers).status_code == 200
    with practice_scope(owner_a.practice):
        token = owner_a.api_tokens.get()
    browser.post(f"{url}{token.pk}/revoke/")
    assert Client().get("/api/v1/clients/", headers=headers).status_code == 401


def test_viewer_sees_the_own_client_only(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        mine, other = make_engagement(owner_a), make_engagement(owner_a)
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, mine.client_organisation)
    browser, base = signed_in(viewer), f"/p/{owner_a.practice.slug}/engagements/"
    assert browser.get(f"{base}{mine.pk}/").status_code == 200
    assert browser.get(f"{base}{other.pk}/").status_code == 404
    assert browser.get(f"{base}new/").status_code == 403


def test_api_errors_are_problem_details_with_field_names(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        _token, secret = services.create_api_token(member=owner_a, name="x", actor=owner_a)
    headers = {"Authorization": f"Bearer {secret}"}
    answer = Client().post("/api/v1/clients/", {"name": ""}, content_type="application/json", headers=headers)
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert set(answer.json()) >= {"title", "status", "code", "detail", "fields"}
    assert "name" in answer.json()["fields"]
    with practice_scope(owner_a.practice):
        assert Engagement.objects.count() == 0
