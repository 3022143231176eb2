"""Answers and people are deleted when the months are over that people were told: all of them, once, nobody else's."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from diagnosis import computing, services
from diagnosis.exceptions import AnswersDeletedError
from diagnosis.models import Comment, Diagnosis, Snapshot
from practice import jobs
from practice.enums import JobState
from practice.exceptions import WrongStateError
from practice.models import AuditEntry, Job, Member, Practice
from practice.scope import practice_scope
from practice.tasks import sweep
from surveys import answering, lookups, mixer, retention, tasks
from surveys.enums import Round
from surveys.models import (
    Delivery,
    Draft,
    LedgerEntry,
    PeopleImport,
    Recipient,
    Response,
    ResponseIdentity,
    ResponseImport,
    SpoolEntry,
    SurveyLink,
    Wave,
    WaveAudience,
)
from surveys.services.collected import upload_answers
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave
from tests.surveys.answering.browser import Browser
from tests.surveys.answering.builder import Launched, form_of, full_answers, launch

pytestmark = pytest.mark.django_db

ROWS = (Response, SpoolEntry, Draft, Delivery, SurveyLink, LedgerEntry, Recipient, ResponseImport)


def answered(people: int = 12, audience: str = "customers", mode: str = "confidential") -> Launched:
    """An audience in which everybody answered and wrote a comment, released, with mails and lists."""
    asked = launch(people, audience=audience, mode=mode)
    form = form_of(audience)
    texts = [one.code for page in form.pages for one in page.questions if one.kind == "text"]
    with practice_scope(asked.practice):
        wave_audience = WaveAudience.objects.get(pk=asked.audience_id)
        for person in Recipient.objects.filter(wave_audience=wave_audience):
            answers = full_answers(form) | {code: [f"Said by {person.name}"] for code in texts}
            answering.submit_answers(recipient=person, answers=answers, seconds=600)
            Delivery.objects.create(
                wave_audience=wave_audience, recipient=person, round=Round.INVITATION, due_at=timezone.now()
            )
        PeopleImport.objects.create(wave_id=asked.wave_id, filename="people.csv", rows=[["p1@example.org"]])
        ResponseImport.objects.create(wave_audience=wave_audience, filename="answers.csv", rows=[["5"]])
    mixer.close_and_release(asked.practice.pk, asked.audience_id)
    return asked


def end(asked: Launched, **more: Any) -> None:
    """Let the wave have ended longer ago than its answers are kept."""
    with practice_scope(asked.practice):
        long_ago = timezone.now() - timedelta(days=800)
        Wave.objects.filter(pk=asked.wave_id).update(closed_at=long_ago, **more)


def rows(asked: Launched) -> dict[str, int]:
    """How many rows of each kind the audience has."""
    return {model.__name__: asked.count(model) for model in ROWS}


def run_due() -> None:
    """Do what the sweep and the workers would do."""
    for message in tasks.due_deletions():
        tasks.tend_wave(str(message.practice_id), str(message.object_id))
        with practice_scope(message.practice_id):
            job = Job.objects.filter(kind=tasks.DELETION, state=JobState.QUEUED).first()
        if job is not None:
            tasks.delete_answers(str(message.practice_id), str(job.pk))


@pytest.mark.parametrize(
    ("ended", "months", "until"),
    [
        ("2026-01-31T10:00", 1, "2026-02-28T10:00"),
        ("2027-12-31T23:59", 2, "2028-02-29T23:59"),
        ("2028-02-29T00:00", 12, "2029-02-28T00:00"),
        ("2026-11-30T00:00", 24, "2028-11-30T00:00"),
        ("2026-10-15T08:30", 3, "2027-01-15T08:30"),
    ],
)
def test_date_is_the_same_day_in_python_and_for_the_sweep(
    owner_a: Member, ended: str, months: int, until: str
) -> None:
    closed_at, date = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (ended, until))
    assert retention.add_months(closed_at, months) == date
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        Wave.objects.filter(pk=wave.pk).update(closed_at=closed_at, keep_months=months)
        wave.refresh_from_db()
        assert retention.is_deletion_due(wave, date)
        assert not retention.is_deletion_due(wave, date - timedelta(seconds=1))
    found = [lookups.waves_with_answers_to_delete(moment) for moment in (date - timedelta(seconds=1), date)]
    assert found == [[], [(owner_a.practice_id, wave.pk)]]


def test_nothing_is_deleted_before_the_day_and_of_waves_that_run() -> None:
    asked = answered()
    before = rows(asked)
    run_due()
    assert not retention.delete_answers(asked.practice.pk, asked.wave_id)
    with practice_scope(asked.practice):
        wave = Wave.objects.get(pk=asked.wave_id)
        assert wave.closed_at is not None
        date = retention.deletion_date(wave)
        assert date == retention.add_months(wave.closed_at, 24)
        Wave.objects.update(closed_at=None, launched_at=timezone.now() - timedelta(days=3000))
    run_due()
    assert rows(asked) == before
    assert before["Response"] == 12


def test_months_are_those_that_held_at_the_launch(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        Practice.objects.filter(pk=owner_a.practice_id).update(retention_months=7)
        wave = make_wave(owner_a)
        add_people(wave, "customers", 6)
        assert launch_wave(wave=wave, actor=owner_a).keep_months == 7
        Practice.objects.filter(pk=owner_a.practice_id).update(retention_months=60)
        assert retention.kept_months(Wave.objects.get(pk=wave.pk)) == 7
        Practice.objects.filter(pk=owner_a.practice_id).update(retention_months=0)
        assert retention.months_promised() == 1


@pytest.mark.parametrize(("audience", "mode"), [("customers", "confidential"), ("managers", "named")])
def test_everything_about_persons_goes_and_is_put_on_record_once(audience: str, mode: str) -> None:
    asked = answered(audience=audience, mode=mode)
    other = answered()
    end(asked)
    kept, others = asked.audience().totals, rows(other)
    run_due()
    assert set(rows(asked).values()) == {0}
    assert rows(other) == others
    assert others["Response"] == 12
    assert asked.audience().totals == {"invited": 12, **kept}
    with practice_scope(asked.practice):
        assert ResponseIdentity.objects.count() == PeopleImport.objects.count() == 0
        assert Wave.objects.get(pk=asked.wave_id).answers_deleted_at is not None
        entry = AuditEntry.objects.get(verb="audience.answers_deleted")
        assert entry.object_label.endswith("12 people, 12 answers")
        assert AuditEntry.objects.filter(verb="wave.answers_deleted").count() == 1
        assert Job.objects.get(kind=tasks.DELETION).state == JobState.SUCCEEDED
    run_due()
    assert not retention.delete_answers(asked.practice.pk, asked.wave_id)
    with practice_scope(asked.practice):
        assert AuditEntry.objects.filter(verb__endswith="answers_deleted").count() == 2
    with practice_scope(other.practice):
        assert PeopleImport.objects.count() == 1
        assert not AuditEntry.objects.filter(verb__endswith="answers_deleted").exists()
    assert Browser().open(f"/s/{asked.tokens[0]}/").status == 404


def test_no_column_of_the_database_holds_a_word_of_them_any_more() -> None:
    asked = answered()
    with practice_scope(asked.practice):
        diagnosis = services.request_diagnosis(Wave.objects.get(pk=asked.wave_id), None)
        job = Job.objects.get(object_id=diagnosis.pk)
    computing.compute_diagnosis(asked.practice.pk, job.pk)
    end(asked)
    assert _tables_with(asked, "Person 3") == {"surveys_recipient", "surveys_response", "diagnosis_comment"}
    run_due()
    assert _tables_with(asked, "Person 3") == set()
    assert _tables_with(asked, "p3@example.org") == set()
    with practice_scope(asked.practice):
        assert Snapshot.objects.count() == 0


def _tables_with(asked: Launched, text: str) -> set[str]:
    """Names of the tables in which a row of the practice holds a text anywhere."""
    found = set()
    with practice_scope(asked.practice), connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name FROM information_schema.columns "
            "WHERE column_name = 'practice_id' AND table_schema = 'public'"
        )
        for (table,) in cursor.fetchall():
            cursor.execute(f'SELECT count(*) FROM "{table}" t WHERE t::text LIKE %s', [f"%{text}%"])  # noqa: S608
            if cursor.fetchone()[0]:
                found.add(table)
    return found


def test_killed_half_way_it_goes_on_where_it_stopped(
    owner_a: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        for audience in ("customers", "front_line", "managers"):
            add_people(wave, audience, 6)
        Wave.objects.filter(pk=wave.pk).update(closed_at=timezone.now() - timedelta(days=800))
    empty, seen = retention._empty, []

    def killed_in_the_third(audience: WaveAudience) -> None:
        empty(audience)
        seen.append(audience.audience)
        if len(seen) == 3:
            raise ConnectionError

    monkeypatch.setattr(retention, "_empty", killed_in_the_third)
    with pytest.raises(ConnectionError):
        retention.delete_answers(owner_a.practice_id, wave.pk)
    with practice_scope(owner_a.practice):
        left = list(Recipient.objects.values_list("wave_audience__audience", flat=True))
        assert sorted(left) == ["front_line"] * 6 + ["managers"] * 6
        assert Wave.objects.get(pk=wave.pk).answers_deleted_at is None
    monkeypatch.setattr(retention, "_empty", empty)
    run_due()
    with practice_scope(owner_a.practice):
        assert Recipient.objects.count() == 0
        assert Wave.objects.get(pk=wave.pk).answers_deleted_at is not None
        assert AuditEntry.objects.filter(verb="audience.answers_deleted").count() == 3


def test_a_copy_from_before_the_deletion_deletes_again_by_itself() -> None:
    asked = answered()
    end(asked)
    run_due()
    with practice_scope(asked.practice):  # what a restore of an older backup brings back
        Wave.objects.update(answers_deleted_at=None)
        WaveAudience.objects.update(totals={"started": 12, "finished": 12})
        audience = WaveAudience.objects.get(pk=asked.audience_id)
        Recipient.objects.create(wave_audience=audience, email="p3@example.org", email_key="p3@example.org")
        Response.objects.create(wave_audience=audience, scores=[1])
        Job.objects.filter(kind=tasks.DELETION).delete()
    sweep()
    run_due()
    assert set(rows(asked).values()) == {0}


def test_small_confidential_audiences_leave_no_count_of_answers_on_record() -> None:
    asked = answered(4)
    end(asked)
    run_due()
    with practice_scope(asked.practice):
        label = AuditEntry.objects.get(verb="audience.answers_deleted").object_label
    assert label.endswith("4 people and their answers")


def test_diagnoses_keep_their_figures_and_say_why_there_are_no_new_ones(client: Any) -> None:
    asked = answered()
    with practice_scope(asked.practice):
        wave = Wave.objects.get(pk=asked.wave_id)
        diagnosis = services.request_diagnosis(wave, None)
        job = Job.objects.get(object_id=diagnosis.pk)
    computing.compute_diagnosis(asked.practice.pk, job.pk)
    with practice_scope(asked.practice):
        result = Diagnosis.objects.get().result
        assert Comment.objects.count() == 24  # two questions
        owner = Member.objects.get()
    end(asked)
    client.force_login(owner.user)
    base = f"/p/{asked.practice.slug}/engagements/{diagnosis.engagement_id}"
    pages = ("", "diagnosis/", "field/", "diagnosis/left-out/", "diagnosis/comments/", "people/", "findings/")
    before = {page: client.get(f"{base}/{page}").status_code for page in pages}
    assert "deleted by themselves on" in client.get(f"{base}/field/").content.decode()
    run_due()
    assert {page: client.get(f"{base}/{page}").status_code for page in pages} == before
    assert before["diagnosis/"] == before["field/"] == 200
    page = client.get(f"{base}/diagnosis/").content.decode()
    assert "nothing can be computed anew" in page
    assert "Said by" not in page
    assert "Recalculate" not in page
    field = client.get(f"{base}/field/").content.decode()
    assert "were deleted on" in field
    assert "12 answers in all" in field
    with practice_scope(asked.practice):
        wave = Wave.objects.get(pk=asked.wave_id)
        kept = Diagnosis.objects.get()
        assert kept.result == result
        assert kept.snapshot is None
        with pytest.raises(AnswersDeletedError) as refused:
            services.request_diagnosis(wave, owner)
        assert refused.value.code == "answers_deleted"
        with pytest.raises(WrongStateError):
            upload_answers(
                audience=wave.audiences.get(), filename="a.csv", content=b"a;b\n1;2\n", actor=owner
            )
    posted = client.post(f"{base}/diagnosis/left-out/apply/", {"rules": [], "reason": "Why"})
    assert posted.status_code in {302, 404, 422}


def test_a_diagnosis_under_way_leaves_no_copy_behind() -> None:
    asked = answered()
    with practice_scope(asked.practice):
        diagnosis = services.request_diagnosis(Wave.objects.get(pk=asked.wave_id), None)
        job = Job.objects.get(object_id=diagnosis.pk)
    end(asked)
    run_due()
    computing.compute_diagnosis(asked.practice.pk, job.pk)
    with practice_scope(asked.practice):
        job.refresh_from_db()
        assert (job.state, job.error_code) == (JobState.FAILED, "answers_deleted")
        assert "deleted, as promised" in job.error_text
        assert Snapshot.objects.count() == Comment.objects.count() == 0


def test_page_on_data_names_the_day_and_settings_say_what_it_means(client: Any) -> None:
    asked = answered()
    with practice_scope(asked.practice):
        Wave.objects.update(closed_at=datetime(2026, 1, 31, 10, tzinfo=UTC), keep_months=13)
        owner = Member.objects.get()
    page = Browser().open(f"/s/{asked.tokens[0]}/data/").html
    assert "for 13 months" in page
    assert "The last day is 28 February 2027." in page
    client.force_login(owner.user)
    settings_page = f"/p/{asked.practice.slug}/settings/"
    assert "launched from now on" in client.get(settings_page).content.decode()
    for months, status in (("0", 422), ("121", 422), ("36", 302)):
        form = {"name": asked.practice.name, "retention_months": months}
        assert client.post(settings_page, form).status_code == status
    with practice_scope(asked.practice):
        assert Practice.objects.get(pk=asked.practice.pk).retention_months == 36


def test_kind_of_job_is_registered_and_swept() -> None:
    assert jobs.KINDS[tasks.DELETION].task_name == tasks.DELETE_TASK
    assert tasks.due_deletions in jobs.DUE_SOURCES
