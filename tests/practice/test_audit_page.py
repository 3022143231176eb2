"""The audit page: words for every act, filters, a harmless export, for owners alone."""

import ast
import csv
import io
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.test import Client
from django.utils import timezone

from practice import audit, services
from practice.audit_words import OBJECTS, VERBS, field_words, object_words, verb_words
from practice.csv_file import harmless
from practice.enums import Role
from practice.models import Member
from practice.scope import practice_scope
from tests.factories.practice import make_client, make_engagement, make_member

ROOMS = ("practice", "surveys", "diagnosis", "reports", "crmgap_site")
WRITERS = {"record", "_update", "_change", "_replace"}


def verbs_in_code() -> set[str]:
    """Return every text that a room's code hands to the audit record."""
    found = set()
    root = Path(__file__).resolve().parents[2]
    for file in (path for room in ROOMS for path in (root / room).rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            if name in WRITERS:
                found |= {
                    leaf.value
                    for argument in node.args
                    for leaf in ast.walk(argument)
                    if isinstance(leaf, ast.Constant) and isinstance(leaf.value, str)
                    if leaf.value.count(".") == 1
                    and not leaf.value.endswith(".")
                    and leaf.value.replace(".", "").replace("_", "").isalpha()
                }
    return found


def test_every_verb_of_the_code_has_words() -> None:
    verbs = verbs_in_code()
    assert len(verbs) > 30
    assert verbs - set(VERBS) == set()


def test_every_kind_of_object_exists() -> None:
    assert all(apps.get_model(kind) for kind in OBJECTS)


def test_what_has_no_words_yet_is_shown_as_it_stands() -> None:
    assert verb_words("made.up_verb") == "made up verb"
    assert object_words("made.up") == "up"
    assert field_words("practice.practice", "reply_to") == "replies go to"
    assert field_words("made.up", "some_name") == "some name"


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


@pytest.fixture
def record(owner_a: Member) -> dict[str, Any]:
    """Fill the record with acts of two people; return what the tests ask for."""
    with practice_scope(owner_a.practice):
        second = make_member(owner_a)
        client = make_client(second)
        make_engagement(owner_a, client)
        services.update_client(client, actor=second, sector="Energy")
    return {"second": second, "client": client}


def shown(owner: Member, query: dict[str, Any]) -> list[str]:
    answer = signed_in(owner).get(f"/p/{owner.practice.slug}/settings/audit/", query)
    assert answer.status_code == 200
    return [row["code"] for row in answer.context["page"].object_list]


@pytest.mark.django_db
def test_the_page_speaks_in_words(owner_a: Member, record: dict[str, Any]) -> None:
    page = signed_in(owner_a).get(f"/p/{owner_a.practice.slug}/settings/audit/").content.decode()
    for words in ("changed a client organisation", "opened an engagement", "founded the practice", "sector"):
        assert words in page
    assert "client.updated</td>" not in page


@pytest.mark.django_db
def test_filters_by_person_act_kind_and_day(owner_a: Member, record: dict[str, Any]) -> None:
    second = record["second"]
    assert shown(owner_a, {"actor": f"member:{second.pk}"}) == ["client.updated", "client.created"]
    assert shown(owner_a, {"verb": "engagement.created"}) == ["engagement.created"]
    assert shown(owner_a, {"kind": "practice.clientorganisation", "verb": "client.created"}) == [
        "client.created"
    ]
    assert shown(owner_a, {"actor": "system"}) == []
    today = timezone.now().date()
    assert len(shown(owner_a, {"since": today.isoformat(), "until": today.isoformat()})) == 5
    assert shown(owner_a, {"until": (today - timedelta(days=1)).isoformat()}) == []


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"since": "31.12.2026x"}, "since"),
        ({"since": "0001-01-01"}, "since"),
        ({"since": "2026-05-02", "until": "2026-05-01"}, "until"),
        ({"actor": "member:00000000-0000-4000-8000-000000000000"}, "actor"),
        ({"verb": "' OR 1=1 --"}, "verb"),
        ({"kind": "a\x00b"}, "kind"),
    ],
)
def test_nonsense_is_named_at_its_field(query: dict[str, str], field: str, owner_a: Member) -> None:
    answer = signed_in(owner_a).get(f"/p/{owner_a.practice.slug}/settings/audit/", query)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]


@pytest.mark.django_db
def test_export_holds_what_the_filter_shows_and_no_formula(owner_a: Member, record: dict[str, Any]) -> None:
    with practice_scope(owner_a.practice):
        services.create_client(actor=owner_a, name='=HYPERLINK("http://evil.example","x")')
    url = f"/p/{owner_a.practice.slug}/settings/audit/export/"
    answer = signed_in(owner_a).get(url, {"verb": "client.created"})
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [row[4] for row in rows[1:]] == ["client.created"] * 2
    assert rows[1][5].startswith("'=HYPERLINK")
    assert rows[1][3] == "added a client organisation"


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "\n"])
@pytest.mark.parametrize("before", ["", "  ", "\u00a0", "text\n"])
def test_no_text_becomes_a_formula(sign: str, before: str) -> None:
    is_blank_line = "\n" in before and sign in "\t\r\n"
    assert is_blank_line or harmless(f"{before}{sign}1+1").startswith("'")


def test_numbers_stay_numbers() -> None:
    assert [harmless(value) for value in (-1, 0.5, None, "plain")] == ["-1", "0.5", "", "plain"]


@pytest.mark.django_db
@pytest.mark.parametrize("role", [Role.CONSULTANT, Role.ANALYST])
@pytest.mark.parametrize("page", ["", "export/"])
def test_only_owners_read_the_record(page: str, role: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        member = make_member(owner_a, role)
    assert signed_in(member).get(f"/p/{owner_a.practice.slug}/settings/audit/{page}").status_code == 403


@pytest.mark.django_db
def test_another_practices_record_stays_there(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_b.practice):
        audit.record("practice.updated", owner_b.practice, actor=owner_b, label="CANARY")
    for page in ("", "export/"):
        answer = signed_in(owner_a).get(f"/p/{owner_a.practice.slug}/settings/audit/{page}")
        assert "CANARY" not in answer.content.decode()
