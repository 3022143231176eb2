"""Answers collected elsewhere by API: one request, all rows or none, problems named by row and column."""

import io
import json
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from practice import services
from practice.enums import Role
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.models import Response, ResponseImport, WaveAudience
from surveys.services.waves import create_wave
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db
CSV = "id,EX1,Frage,PQ1,Region\n" + "\n".join(
    f"a{i}@x.com,{i % 5 + 1},{i % 4 + 2},{5 - i % 3},{'N' if i % 2 else 'S'}" for i in range(20)
)
COLUMNS = {"EX1": "CE.EX1", "Frage": "CE.EX2", "PQ1": "CP.PQ1", "Region": "attribute:Region"}


@pytest.fixture
def audience(owner_a: Member) -> WaveAudience:
    """The customers of a wave of the satisfaction index."""
    with practice_scope(owner_a.practice):
        wave = create_wave(
            engagement=make_engagement(owner_a),
            actor=owner_a,
            instrument_code="ecsi",
            audiences=["customers"],
        )
        return wave.audiences.get()


def caller(owner: Member, member: Member | None = None) -> Client:
    with practice_scope(owner.practice):
        _token, secret = services.create_api_token(member=member or owner, name="test", actor=owner)
    return Client(headers={"Authorization": f"Bearer {secret}"})


def url(audience: WaveAudience) -> str:
    return f"/api/v1/audiences/{audience.pk}/responses/"


def send(client: Client, audience: WaveAudience, **content: Any) -> Any:
    return client.post(url(audience), json.dumps(content), content_type="application/json")


def test_text_with_columns_becomes_released_responses(owner_a: Member, audience: WaveAudience) -> None:
    client = caller(owner_a)
    answer = send(client, audience, csv=CSV, columns=COLUMNS, scales={"level": [1, 5]}, missing=[99, "k.A."])
    assert answer.status_code == 201, answer.json()
    body = answer.json()
    assert (body["state"], body["n"], body["weighted"]) == ("released", 20, False)
    assert body["columns"] == COLUMNS
    assert body["conversions"]["CE.EX2"] == [1, 5, 1, 10]
    assert body["kept_attributes"] == ["Region"]
    assert client.get(url(audience)).json() == body
    with practice_scope(owner_a.practice):
        assert Response.objects.count() == 20
        assert "@x.com" not in str(list(Response.objects.values()))
        assert AuditEntry.objects.filter(verb="answers.taken_over").exists()


def test_a_workbook_by_form(owner_a: Member, audience: WaveAudience) -> None:
    book = openpyxl.Workbook()
    for row in [["EX1", "PQ1", "weight"], *([i % 10 + 1, 9 - i % 5, 0.5 + i / 10] for i in range(8))]:
        book.active.append(row)
    content = io.BytesIO()
    book.save(content)
    file = SimpleUploadedFile("x.xlsx", content.getvalue())
    posted = {"file": file, "columns": json.dumps({"EX1": "CE.EX1", "PQ1": "CP.PQ1", "weight": "weight"})}
    answer = caller(owner_a).post(url(audience), posted)
    assert answer.status_code == 201, answer.json()
    assert (answer.json()["filename"], answer.json()["weighted"]) == ("x.xlsx", True)


def test_problem_details_name_row_and_column_and_nothing_is_kept(
    owner_a: Member, audience: WaveAudience
) -> None:
    answer = send(caller(owner_a), audience, csv="EX1,PQ1\n7,8\n70,8\n7,often\n", columns=None)
    assert answer.status_code == 422
    answer = send(caller(owner_a), audience, csv="EX1,PQ1\n7,8\n70,8\n7,often\n")
    assert answer.status_code == 422
    body = answer.json()
    assert (body["code"], answer["Content-Type"]) == ("invalid_input", "application/problem+json")
    assert body["detail"] == "2 cells cannot be taken over. Nothing was kept."
    assert body["fields"]["row 3, column EX1"] == "“70”: outside 1 to 10"
    assert "not a whole number" in body["fields"]["row 4, column PQ1"]
    with practice_scope(owner_a.practice):
        assert not Response.objects.exists()
        assert not ResponseImport.objects.exists()
        assert WaveAudience.objects.get(pk=audience.pk).state == "draft"


@pytest.mark.parametrize(
    ("content", "field"),
    [
        ({}, "file"),
        ({"csv": "a\n1\n", "columns": {"b": "CE.EX1"}}, "columns.b"),
        ({"csv": "a\n1\n", "columns": {"a": "CE.EX99"}}, "column-0"),
        ({"csv": "a\n1\n", "columns": ["a"]}, "columns"),
        ({"csv": "a\n1\n", "columns": {"a": 5}}, "columns"),
        ({"csv": "EX1\n1\n", "scales": {"level": [1]}}, "scales"),
        ({"csv": "EX1\n1\n", "scales": {"level": [5, 5]}}, "scale-level"),
        ({"csv": "EX1\n1\n", "scales": {"other": [1, 5]}}, "scale-other"),
        ({"csv": "EX1\n1\n", "missing": "{"}, "missing"),
        ({"csv": "EX1\n1\n", "columns": {"\ud800": "CE.EX1"}}, "columns"),
        ({"csv": "EX1\n1\n", "columns": {"a\u0000": "CE.EX1"}}, "columns"),
        ({"csv": "EX1\n1\n", "scales": {"level": [1, 10**9]}}, "scale-level"),
        ({"csv": "EX1\n1\n", "missing": ["no answer"]}, "missing"),
        ({"csv": "other\n1\n"}, "columns"),
        ({"csv": "EX1\n"}, "file"),
        ({"csv": "EX1\nNA\n"}, "rows"),
    ],
)
def test_what_does_not_fit_is_named(
    owner_a: Member, audience: WaveAudience, content: dict[str, Any], field: str
) -> None:
    answer = send(caller(owner_a), audience, **content)
    assert answer.status_code == 422, answer.content
    assert field in answer.json()["fields"]


def test_an_audience_asked_here_and_a_role_without_leave_are_refused(
    owner_a: Member, audience: WaveAudience
) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    assert send(caller(owner_a, analyst), audience, csv=CSV).status_code == 403
    with practice_scope(owner_a.practice):
        WaveAudience.objects.update(state="open")
    assert send(caller(owner_a), audience, csv=CSV, columns=COLUMNS).status_code == 409


def test_another_practice_finds_nothing(owner_a: Member, owner_b: Member, audience: WaveAudience) -> None:
    assert send(caller(owner_b), audience, csv=CSV).status_code == 404
