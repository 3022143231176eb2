"""No page offers a person what the person may not use: every link and form of every page, as viewer and as analyst."""

from dataclasses import dataclass, field
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest
from django.db import transaction
from django.test import Client

from practice.enums import Role
from practice.models import ClientOrganisation, Member
from practice.scope import practice_scope
from tests.architecture.test_access import TENANT_ROUTES, address, signed_in
from tests.factories.practice import make_client, make_engagement, make_member
from tests.factories.world import World, plant_world

pytestmark = pytest.mark.django_db
PAGES = [route for route in TENANT_ROUTES if route.pattern.startswith("p/")]
REFUSED = {403, 404}


@dataclass
class Offers(HTMLParser):
    """Collects where a page leads: links and htmx addresses by GET, forms by their method."""

    gets: set[str] = field(default_factory=set)
    posts: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        super().__init__()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note one element's addresses."""
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            (self.posts if given.get("method", "get").lower() == "post" else self.gets).add(
                given.get("action", "")
            )
        self.gets |= {given[name] for name in ("href", "src", "hx-get") if name in given and tag != "link"}
        self.posts |= {given[name] for name in ("hx-post", "formaction") if name in given}


def own(addresses: set[str], page: str) -> set[str]:
    """Return the portal addresses of a page, without fragments, queries and static files."""
    paths = {urlsplit(urljoin(page, found)).path for found in addresses if not found.startswith("data:")}
    return {path for path in paths if path.startswith("/p/")}


def walk(member: Member, world: World) -> tuple[list[str], list[str]]:
    """Open every page the member may see; return the pages and every offer that is refused."""
    browser, seen, wrong = signed_in(member), [], []
    browser.raise_request_exception = False
    known: dict[tuple[str, str], int] = {}
    for route in PAGES:
        page = address(route, world)
        answer = browser.get(page)
        if answer.status_code != 200 or "text/html" not in answer.headers["Content-Type"]:
            continue
        seen.append(route.name)
        offers = Offers()
        offers.feed(answer.content.decode())
        for method, paths in (("GET", own(offers.gets, page)), ("POST", own(offers.posts, page))):
            for path in paths:
                if (method, path) not in known:
                    known[method, path] = status_of(browser, method, path)
                if known[method, path] in REFUSED:
                    wrong.append(f"{route.name} offers {method} {path}: {known[method, path]}")
    return seen, wrong


def status_of(browser: Client, method: str, path: str) -> int:
    """Ask for an address and take back whatever it changed."""
    with transaction.atomic():
        answer: Any = browser.generic(method, path, data="", content_type="application/x-www-form-urlencoded")
        transaction.set_rollback(True)
    return int(answer.status_code)


@pytest.fixture
def world(settings: Any, tmp_path: Any) -> World:
    settings.MAIL_SINK_DIR = str(tmp_path)
    return plant_world()


def member_of(world: World, role: str) -> Member:
    with practice_scope(world.owner.practice):
        client = (
            ClientOrganisation.objects.get(pk=world.ids["client_id"]) if role == Role.CLIENT_VIEWER else None
        )
        return make_member(world.owner, role, client)


COMPUTES_ONLY = {"diagnosis:published_table"}
"""Pages whose form is posted because it may carry a file; nothing is kept."""
READABLE = {
    Role.CLIENT_VIEWER: {
        "engagement_list",
        "engagement_detail",
        "diagnosis:diagnosis_detail",
        "reports:report_list",
    },
    Role.ANALYST: {"engagement_list", "engagement_detail", "diagnosis:diagnosis_detail", "surveys:field"},
    Role.CONSULTANT: {"engagement_list", "surveys:people", "practice:settings_tokens"},
    Role.OWNER: {"practice:settings_team", "practice:settings_audit"},
}


@pytest.mark.parametrize("role", list(Role))
def test_every_link_and_form_of_every_page_works_for_the_role(role: str, world: World) -> None:
    member = world.owner if role == Role.OWNER else member_of(world, role)
    seen, wrong = walk(member, world)
    assert set(seen) >= READABLE[Role(role)]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("has_engagement", [True, False])
def test_empty_pages_offer_nothing_that_is_refused(role: str, has_engagement: bool, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
        engagement = make_engagement(owner_a, client) if has_engagement else None
        member = make_member(owner_a, role, client if role == Role.CLIENT_VIEWER else None)
    browser, base, wrong = signed_in(member), f"/p/{owner_a.practice.slug}/", []
    pages = [base, f"{base}clients/"]
    if engagement:
        home = f"{base}engagements/{engagement.pk}/"
        pages += [
            home,
            *(f"{home}{step}/" for step in ("people", "field", "diagnosis", "reports", "actions")),
        ]
    for page in pages:
        answer = browser.get(page)
        offers = Offers()
        if answer.status_code == 200:
            offers.feed(answer.content.decode())
        for method, paths in (("GET", own(offers.gets, page)), ("POST", own(offers.posts, page))):
            wrong += [
                f"{page} offers {method} {path}"
                for path in paths
                if status_of(browser, method, path) in REFUSED
            ]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("role", [Role.CLIENT_VIEWER, Role.ANALYST])
def test_readers_see_no_form_that_writes(role: str, world: World) -> None:
    browser = signed_in(member_of(world, role))
    for route in PAGES:
        page = address(route, world)
        answer = browser.get(page)
        if answer.status_code == 200 and "text/html" in answer.headers["Content-Type"]:
            offers = Offers()
            offers.feed(answer.content.decode())
            posted = own(offers.posts, page) - ({page} if route.name in COMPUTES_ONLY else set())
            assert posted == set(), route.name
