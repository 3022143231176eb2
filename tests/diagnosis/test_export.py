"""The XLSX of a diagnosis: the stored figures unrounded, nothing hidden in it, no cell that a spreadsheet runs."""

import io
from typing import Any

import openpyxl
import pytest
from django.test import Client
from django.urls import reverse

from diagnosis.models import Diagnosis
from practice.csv_file import TRIGGERS, csv_response
from practice.enums import Role
from practice.models import Engagement, Member
from practice.scope import practice_scope
from practice.services import create_api_token
from tests.factories.diagnoses import HIDDEN, hidden_result, make_action, make_diagnosis, make_finding
from tests.factories.documents import sample_result
from tests.factories.practice import make_member

pytestmark = pytest.mark.django_db
HIDDEN_IN = ("{}1+1", "  {}1+1", "\N{NO-BREAK SPACE}{}1+1", "text\n{}1+1")


def book_of(diagnosis: Diagnosis, member: Member) -> openpyxl.Workbook:
    client = Client()
    client.force_login(member.user)
    path = reverse(
        "diagnosis:diagnosis_tables",
        kwargs={"slug": member.practice.slug, "engagement_id": diagnosis.engagement_id},
    )
    answer = client.get(path)
    assert answer.status_code == 200
    return openpyxl.load_workbook(io.BytesIO(answer.content))


def rows_of(book: openpyxl.Workbook, name: str) -> list[dict[str, Any]]:
    sheet = next(sheet for sheet in book if sheet.title.endswith(name))
    header, *rows = sheet.iter_rows(values_only=True)
    return [dict(zip(header, row, strict=True)) for row in rows]


def as_written(figure: float | None) -> Any:
    """XLSX files hold sixteen digits of a figure."""
    return None if figure is None else pytest.approx(figure, rel=1e-15)


def test_figures_are_the_stored_ones_unrounded(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        book = book_of(make_diagnosis(owner_a), owner_a)
    stored = {gap["code"]: gap for gap in sample_result()["gaps"]}
    rows: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows_of(book, "Gaps"):  # variants of a gap follow it under the same code and another name
        rows.setdefault((row["Gap"], row["Dimension"] or ""), row)
    for code, gap in stored.items():
        for part, figures in {"": gap["overall"], **gap["dimensions"]}.items():
            for name in ("estimate", "ci_low", "ci_high", "q_value", "g", "n_later", "smallest_detectable"):
                assert rows[code, part][name] == as_written(figures[name]), (code, part, name)
    levels = {(row["State"], row["Dimension"] or ""): row for row in rows_of(book, "Levels")}
    assert levels["CE", "R1"]["mean"] == as_written(
        sample_result()["states"]["CE"]["dimensions"]["R1"]["mean"]
    )


def test_what_is_hidden_stays_hidden(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        rows = rows_of(book_of(make_diagnosis(owner_a, result=hidden_result("I1")), owner_a), "Gaps")
    hidden = [row for row in rows if row["Gap"] == "I1"]
    assert hidden
    for row in hidden:
        assert row["Certainty"] == "hidden"
        assert row["Note"] == HIDDEN
        assert row["estimate"] is row["n_later"] is row["mean_earlier"] is None


def test_no_cell_is_a_formula_and_numbers_stay_numbers(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = make_diagnosis(owner_a)
        Engagement.objects.filter(pk=diagnosis.engagement_id).update(name="=HYPERLINK(1)")
        texts = [pattern.format(trigger) for trigger in TRIGGERS for pattern in HIDDEN_IN]
        for text in texts:
            make_action(
                make_finding(diagnosis, headline=text, text=text, causes=[text]), title=text, owner=text
            )
        book = book_of(diagnosis, owner_a)
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink]
    written = {row["Headline"] for row in rows_of(book, "Findings")}
    assert len(written) == len(texts)
    assert all(isinstance(row["Priority"], float) for row in rows_of(book, "Findings"))


@pytest.mark.parametrize("trigger", TRIGGERS)
@pytest.mark.parametrize("pattern", HIDDEN_IN)
def test_csv_cells_are_harmless(trigger: str, pattern: str) -> None:
    if trigger in "\r\n" and pattern.startswith("text"):
        pattern = "{}1+1"
    text = csv_response("list.csv", ["name", "n"], [[pattern.format(trigger), -1.5]]).content.decode(
        "utf-8-sig"
    )
    assert f"'{pattern.format(trigger)}" in text.replace('""', '"')
    assert text.rstrip().endswith(",-1.5")


def test_roles_and_the_endpoint(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = make_diagnosis(owner_a)
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, diagnosis.engagement.client_organisation)
        answers = {}
        for member in (owner_a, viewer):
            _token, secret = create_api_token(member=member, name="t", actor=owner_a)
            api = Client(headers={"Authorization": f"Bearer {secret}"})
            answers[member.role] = api.get(f"/api/v1/diagnoses/{diagnosis.pk}/tables/")
    assert answers[Role.CLIENT_VIEWER].status_code == 403
    assert openpyxl.load_workbook(io.BytesIO(answers[Role.OWNER].content)).sheetnames[0] == "About"
