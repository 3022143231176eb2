"""Answers as rows: only where disclosure allows rows, each answer in its column, no cell a spreadsheet would run."""

import csv
import io
from typing import Any

import openpyxl
import pytest
from django.test import Client

from practice import services
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys import answering
from surveys.instruments import CANNOT_JUDGE, MISSING
from surveys.models import Recipient, Response, WaveAudience
from tests.factories.practice import found_practice, make_engagement
from tests.factories.surveys import make_wave
from tests.surveys.answering.builder import Launched, form_of, full_answers, launch

pytestmark = pytest.mark.django_db
HOSTILE = ("=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "\u00a0=1", "a\n=1", "|calc", "%x")


def answered(mode: str, people: int = 6) -> Launched:
    """Return a managers' audience in which everybody has answered."""
    asked = launch(
        people, mode=mode, audience="managers", attributes=lambda n: {"site": HOSTILE[n % 12]}, kept=("site",)
    )
    answers = full_answers(form_of("managers"))
    with practice_scope(asked.practice):
        for number, person in enumerate(Recipient.objects.filter(wave_audience=asked.audience_id)):
            Recipient.objects.filter(pk=person.pk).update(name=HOSTILE[number % 12])
            answering.submit_answers(recipient=person, answers=answers, seconds=900)
    return asked


def owner_of(asked: Launched) -> Member:
    with practice_scope(asked.practice):
        return Member.objects.select_related("user").get()


def page_and_base(asked: Launched) -> tuple[Client, str]:
    owner = owner_of(asked)
    with practice_scope(asked.practice):
        engagement = asked.audience().wave.engagement_id
    browser = Client()
    browser.force_login(owner.user)
    return browser, f"/p/{asked.practice.slug}/engagements/{engagement}/responses/"


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))


def test_a_named_audience_has_one_row_per_person_with_every_answer_in_its_column() -> None:
    asked = answered("named")
    with practice_scope(asked.practice):
        first = Response.objects.order_by("pk")[0]
        first.scores[0], first.scores[1] = CANNOT_JUDGE, MISSING
        first.save()
        people = set(Recipient.objects.values_list("email", flat=True))
    browser, base = page_and_base(asked)
    rows = rows_of(browser.get(f"{base}{asked.audience_id}/csv/"))
    codes = [slot.code for slot in form_of("managers").slots]
    assert {row["email"] for row in rows} == people
    assert (rows[0][codes[0]], rows[0][codes[1]]) == ("cannot judge", "")
    assert {row[codes[2]] for row in rows} == {"5"}
    with practice_scope(asked.practice):
        assert AuditEntry.objects.filter(verb="answers.exported").count() == 1


def test_no_cell_is_a_formula_and_numbers_stay_numbers() -> None:
    asked = answered("named", people=12)
    browser, base = page_and_base(asked)
    for row in rows_of(browser.get(f"{base}{asked.audience_id}/csv/")):
        for cell in row.values():
            assert not cell.lstrip(" \u00a0").startswith(("=", "+", "-", "@", "\t", "\r", "\n")), cell
    content = browser.get(f"{base}{asked.audience_id}/xlsx/").content
    sheet = openpyxl.load_workbook(io.BytesIO(content)).active
    kinds = {cell.data_type for line in sheet.iter_rows() for cell in line}
    assert kinds <= {"s", "n", "inlineStr"}
    header = [cell.value for cell in sheet[1]]
    assert sheet.cell(2, header.index(form_of("managers").slots[2].code) + 1).value == 5
    assert not any(cell.hyperlink for line in sheet.iter_rows() for cell in line)


def test_a_confidential_audience_is_withheld_everywhere_and_the_page_says_why() -> None:
    asked = answered("confidential")
    browser, base = page_and_base(asked)
    page = browser.get(base)
    assert page.status_code == 200
    assert "never as rows of persons" in page.content.decode()
    assert str(asked.audience_id) not in page.content.decode()
    refused = browser.get(f"{base}{asked.audience_id}/csv/", follow=True)
    assert "never as rows of persons" in refused.content.decode()
    with practice_scope(asked.practice):
        secret = services.create_api_token(member=owner_of(asked), name="x", actor=owner_of(asked))[1]
        assert not AuditEntry.objects.filter(verb="answers.exported").exists()
    answer = Client().get(
        f"/api/v1/audiences/{asked.audience_id}/responses/xlsx/",
        headers={"Authorization": f"Bearer {secret}"},
    )
    assert (answer.status_code, answer.json()["code"]) == (409, "wrong_state")


def test_one_named_person_alone_is_withheld() -> None:
    asked = answered("named", people=1)
    browser, base = page_and_base(asked)
    assert "would be recognised" in browser.get(base).content.decode()


def test_the_api_gives_the_same_file() -> None:
    asked = answered("named")
    with practice_scope(asked.practice):
        secret = services.create_api_token(member=owner_of(asked), name="x", actor=owner_of(asked))[1]
    headers = {"Authorization": f"Bearer {secret}"}
    address = f"/api/v1/audiences/{asked.audience_id}/responses/"
    answer = Client().get(f"{address}csv/", headers={**headers, "Accept": "text/csv"})
    browser, base = page_and_base(asked)
    assert answer.status_code == 200
    assert answer.content == browser.get(f"{base}{asked.audience_id}/csv/").content
    assert Client().get(f"{address}exe/", headers=headers).status_code == 404


def test_queries_do_not_grow_with_answers(django_assert_max_num_queries: Any) -> None:
    for people in (2, 12):
        asked = answered("named", people=people)
        browser, base = page_and_base(asked)
        with django_assert_max_num_queries(25):
            browser.get(f"{base}{asked.audience_id}/csv/")


def test_an_audience_without_answers_says_so() -> None:
    owner = found_practice("Empty")
    with practice_scope(owner.practice):
        engagement = make_engagement(owner)
        wave = make_wave(owner, engagement)
        WaveAudience.objects.filter(wave=wave, audience="managers").update(mode="named")
    browser = Client()
    browser.force_login(owner.user)
    page = browser.get(f"/p/{owner.practice.slug}/engagements/{engagement.pk}/responses/").content.decode()
    assert "Nobody has answered" in page
