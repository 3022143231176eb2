"""Comments: from ten answers on, shuffled by question, picked and hidden, the same in every outlet."""

import io
from typing import Any

import openpyxl
import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from diagnosis import services
from diagnosis.comments import comments_for, keep_comments, voices
from diagnosis.enums import CommentChoice
from diagnosis.export import diagnosis_workbook
from diagnosis.models import Comment, Diagnosis
from practice.enums import Role
from practice.exceptions import InvalidInputError, NotAllowedError
from practice.models import Member
from practice.scope import practice_scope
from practice.services import create_api_token
from reports.document import build_document
from reports.enums import ReportKind
from reports.html import document_html
from reports.models import Report
from surveys.disclosure import disclosed_comments
from surveys.models import Response, Wave, WaveAudience
from tests.diagnosis.test_services import make_wave
from tests.factories.documents import sample_result
from tests.factories.practice import make_engagement, make_member

pytestmark = pytest.mark.django_db


def write(wave: Wave, audience: str, texts: list[dict[str, str]]) -> None:
    """Let the first answers of an audience say these texts, and the others nothing."""
    wave_audience = WaveAudience.objects.get(wave=wave, audience=audience)
    for number, response in enumerate(Response.objects.filter(wave_audience=wave_audience)):
        response.record = {"choices": {}, "texts": texts[number] if number < len(texts) else {}}
        response.save()


@pytest.fixture
def wave(owner_a: Member, scope_a: Any) -> Wave:
    """A released wave whose customers wrote thirty comments in pairs."""
    wave = make_wave(make_engagement(owner_a))
    write(wave, "customers", [{"V1": f"change {number}", "V2": f"stay {number}"} for number in range(30)])
    return wave


@pytest.fixture
def done(wave: Wave) -> Diagnosis:
    """A diagnosis of it."""
    return diagnose(wave)


def diagnose(wave: Wave, finished: int = 40) -> Diagnosis:
    """A finished diagnosis whose comments are kept as the computation keeps them; its figures are a sample's."""
    result = sample_result()
    customers, *others = result["audiences"]
    diagnosis = Diagnosis.objects.create(
        engagement=wave.engagement,
        wave=wave,
        number=Diagnosis.objects.filter(wave=wave).count() + 1,
        state="succeeded",
        result={**result, "audiences": [{**customers, "finished": finished}, *others]},
        computed_at=timezone.now(),
    )
    keep_comments(diagnosis)
    return diagnosis


def said(diagnosis: Diagnosis, question: str) -> list[str]:
    """Texts of one question in their order."""
    return list(Comment.objects.filter(diagnosis=diagnosis, question=question).values_list("text", flat=True))


def test_every_comment_is_there_and_no_order_joins_two_of_one_person(done: Diagnosis) -> None:
    changes, stays = said(done, "V1"), said(done, "V2")
    assert sorted(changes) == sorted(f"change {number}" for number in range(30))
    pairs = [
        a.split()[1] == b.split()[1] for a, b in zip(changes, stays, strict=True)
    ]  # by chance one of thirty
    assert sum(pairs) < 12
    assert changes != [f"change {number}" for number in range(30)]


def test_nine_answers_say_nothing_and_ten_say_all() -> None:
    nine = [{"V1": f"text {number}"} for number in range(9)]
    assert disclosed_comments(nine) == {}
    found = disclosed_comments([*nine, {"V1": "  "}])
    assert sorted(found["V1"]) == sorted(one["V1"] for one in nine)


def test_small_and_unreleased_audiences_show_no_comment(wave: Wave, owner_a: Member) -> None:
    customers = WaveAudience.objects.get(wave=wave, audience="customers")
    rows = Response.objects.filter(wave_audience=customers)
    rows.filter(pk__in=[row.pk for row in rows[9:]]).delete()
    done = diagnose(wave, finished=9)
    assert not Comment.objects.exists()
    voice = voices(done, [])[0]
    assert (voice.audience, voice.few, voice.comments) == ("customers", True, ())
    context = page(owner_a, done).content.decode()
    assert "Fewer than 10 answers" in context
    assert "change 1" not in context


def test_choices_stay_when_the_diagnosis_is_computed_anew(done: Diagnosis, owner_a: Member) -> None:
    first = Comment.objects.filter(diagnosis=done, question="V1").first()
    services.choose_comment(first, choice=CommentChoice.PICKED, actor=owner_a)
    again = diagnose(done.wave)
    picked = Comment.objects.get(diagnosis=again, choice=CommentChoice.PICKED)
    assert (picked.question, picked.text) == ("V1", first.text)
    assert sorted(said(again, "V1")) == sorted(said(done, "V1"))


def test_viewer_sees_picked_ones_only_and_may_not_choose(done: Diagnosis, owner_a: Member) -> None:
    viewer = make_member(owner_a, Role.CLIENT_VIEWER, done.engagement.client_organisation)
    assert not comments_for(viewer).exists()
    first = Comment.objects.filter(diagnosis=done).first()
    services.choose_comment(first, choice=CommentChoice.PICKED, actor=owner_a)
    assert list(comments_for(viewer)) == [first]
    with pytest.raises(NotAllowedError):
        services.choose_comment(first, choice=CommentChoice.HIDDEN, actor=viewer)
    with pytest.raises(InvalidInputError):
        services.choose_comment(first, choice="loud", actor=owner_a)


def document_of(done: Diagnosis) -> Any:
    """The diagnosis document as it would be frozen now."""
    return build_document(
        Report(engagement=done.engagement, diagnosis=done, kind=ReportKind.DIAGNOSIS, title="x")
    )


def test_document_prints_picked_comments_else_the_first_and_never_hidden_ones(
    done: Diagnosis, owner_a: Member
) -> None:
    hidden, picked = Comment.objects.filter(diagnosis=done, question="V1")[:2]
    services.choose_comment(hidden, choice=CommentChoice.HIDDEN, actor=owner_a)
    before = {voice.question[:4]: voice for voice in document_of(done).voices}
    assert len(before["What"].texts) == 8
    assert hidden.text not in [text for voice in document_of(done).voices for text in voice.texts]
    services.choose_comment(picked, choice=CommentChoice.PICKED, actor=owner_a)
    document = document_of(done)
    assert document.voices[0].texts == (picked.text,)
    html, _charts = document_html(document)
    assert f"“{picked.text}”" in html
    assert "1 of 30 comments" in html


def test_workbook_holds_the_comments_as_plain_text(wave: Wave, owner_a: Member) -> None:
    write(wave, "customers", [{"V1": "=1+1"}, {"V1": "<script>alert(1)</script>"}])
    done = diagnose(wave)
    book = openpyxl.load_workbook(io.BytesIO(diagnosis_workbook(done, owner_a)))
    sheet = next(sheet for sheet in book if sheet.title.endswith("Comments"))
    cells = [row[2] for row in sheet.iter_rows(min_row=2)]
    assert {cell.value for cell in cells} == {"=1+1", "<script>alert(1)</script>"}
    assert {cell.data_type for cell in cells} == {"s"}


def page(member: Member, done: Diagnosis, path: str = "diagnosis/", **query: str) -> Any:
    """A page of the engagement as this member."""
    client = Client()
    client.force_login(member.user)
    return client.get(f"/p/{member.practice.slug}/engagements/{done.engagement_id}/{path}", query)


def test_page_finds_filters_and_chooses(done: Diagnosis, owner_a: Member) -> None:
    html = page(owner_a, done, "diagnosis/comments/", q="CHANGE 2", of="customers.V1").content.decode()
    assert "change 2" in html
    assert "change 3<" not in html
    assert "stay 2" not in html
    comment = Comment.objects.filter(diagnosis=done).first()
    client = Client()
    client.force_login(owner_a.user)
    path = (
        f"/p/{owner_a.practice.slug}/engagements/{done.engagement_id}/diagnosis/comments/{comment.pk}/choose/"
    )
    refused = client.post(path, {"choice": "loud"}, follow=True).content.decode()
    assert "Choose pick or hide." in refused
    assert client.post(path, {"choice": "hidden"}).status_code == 302
    with practice_scope(owner_a.practice):
        comment.refresh_from_db()
        assert comment.choice == CommentChoice.HIDDEN
    shown = page(owner_a, done, "diagnosis/comments/", show="hidden").content.decode()
    assert comment.text in shown
    assert "Read 60 comments" in page(owner_a, done).content.decode()


def test_comments_page_asks_as_often_for_many_as_for_few(done: Diagnosis, owner_a: Member) -> None:
    few = count_queries(owner_a, done)
    Comment.objects.bulk_create(
        Comment(diagnosis=done, audience="customers", question="V1", position=number, text=f"more {number}")
        for number in range(100, 600)
    )
    assert count_queries(owner_a, done) == few


def count_queries(member: Member, done: Diagnosis) -> int:
    """How many statements the page of comments takes."""
    with CaptureQueriesContext(connection) as caught:
        assert page(member, done, "diagnosis/comments/").status_code == 200
    return len(caught)


def test_api_lists_and_chooses(done: Diagnosis, owner_a: Member) -> None:
    _token, secret = create_api_token(
        member=owner_a, name="x", actor=owner_a, scopes=["read:results", "write:results"]
    )
    client = Client(headers={"Authorization": f"Bearer {secret}"})
    rows = client.get(f"/api/v1/diagnoses/{done.pk}/comments/").json()["results"]
    assert {row["question"] for row in rows} <= {"V1", "V2"}
    assert set(rows[0]) == {"id", "diagnosis", "audience", "question", "position", "text", "choice"}
    url = f"/api/v1/comments/{rows[0]['id']}/choice/"
    body = client.post(url, {"choice": "picked"}, content_type="application/json")
    assert (body.status_code, body.json()["choice"]) == (200, "picked")
    assert client.post(url, {"choice": "x"}, content_type="application/json").status_code == 422
