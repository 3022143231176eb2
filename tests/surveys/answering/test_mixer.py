"""The mixer and the release: batches, keys, drafts, totals, the message to the rooms above."""

from datetime import timedelta

import pytest
from django.utils import timezone

from practice import jobs
from practice.enums import JobState
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Job
from practice.scope import practice_scope
from practice.sealing import SealError
from surveys import answering, mixer, mixing_tasks
from surveys.models import Draft, LedgerEntry, Recipient, Response, ResponseIdentity, SpoolEntry, Wave
from surveys.signals import wave_closed
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import Launched, form_of, full_answers, launch

pytestmark = pytest.mark.django_db


def submit(asked: Launched, numbers: range, audience: str = "customers", **more: list[str]) -> None:
    """Let people answer through the service."""
    answers = full_answers(form_of(audience)) | more
    with practice_scope(asked.practice):
        people = Recipient.objects.in_bulk([asked.recipient_ids[number] for number in numbers])
        for person in people.values():
            answering.submit_answers(recipient=person, answers=answers, seconds=600)


def release(asked: Launched) -> bool:
    """Release the audience."""
    return mixer.close_and_release(asked.practice.pk, asked.audience_id)


def test_few_invited_are_mixed_at_close_only():
    asked = launch(39)
    submit(asked, range(30))
    assert mixer.mix_due(asked.practice.pk, asked.audience_id) == 0
    assert asked.count(SpoolEntry) == 30
    assert release(asked)
    assert (asked.count(Response), asked.count(SpoolEntry)) == (30, 0)


def test_many_invited_are_mixed_by_ten_when_twenty_wait():
    asked = launch(60)
    submit(asked, range(19))
    assert mixer.mix_due(asked.practice.pk, asked.audience_id) == 0
    submit(asked, range(19, 20))
    assert mixer.mix_due(asked.practice.pk, asked.audience_id) == 10
    submit(asked, range(20, 45))
    assert mixer.mix_due(asked.practice.pk, asked.audience_id) == 20
    assert (asked.count(Response), asked.count(SpoolEntry)) == (30, 15)


def test_release_rewrites_everything_and_destroys_the_keys():
    asked = launch(60)
    submit(asked, range(25))
    mixer.mix_due(asked.practice.pk, asked.audience_id)
    Browser().start(asked.tokens[30]).press("next")
    with practice_scope(asked.practice):
        ids = set(Response.objects.values_list("pk", flat=True))
        entries = set(LedgerEntry.objects.values_list("pk", flat=True))
    assert release(asked)
    assert not release(asked)
    audience = asked.audience()
    assert (audience.state, audience.link_key, audience.mixing_key) == ("released", None, None)
    assert audience.totals == {"started": 26, "finished": 25}
    assert (asked.count(Response), asked.count(SpoolEntry), asked.count(Draft)) == (25, 0, 0)
    assert (asked.count(LedgerEntry), asked.count(LedgerEntry, submitted=True)) == (60, 25)
    with practice_scope(asked.practice):
        assert not ids & set(Response.objects.values_list("pk", flat=True))
        assert not entries & set(LedgerEntry.objects.values_list("pk", flat=True))
        assert AuditEntry.objects.filter(verb="audience.released").count() == 1
    assert Browser().open(f"/s/{asked.tokens[0]}/").heading == "You have already answered. Thank you."
    assert Browser().open(f"/s/{asked.tokens[59]}/").heading == "This survey is closed"


def test_released_answers_are_what_was_answered():
    asked = launch(40, attributes=lambda number: {"team": "A", "city": f"C{number}"}, kept=("team",))
    form = form_of()
    text = next(q for page in form.pages for q in page.questions if q.kind == "text").code
    multi = next(q for page in form.pages for q in page.questions if q.kind == "multi")
    tick = multi.options[0].value
    submit(asked, range(1), **{text: [" So it is. "], multi.code: [tick], form.slots[0].code: ["na"]})
    release(asked)
    with practice_scope(asked.practice):
        response = Response.objects.get()
    assert response.record == {"choices": {multi.code: [tick]}, "texts": {text: "So it is."}}
    assert response.scores[0] == -32767
    assert response.scores[1] == 5
    assert response.flags == ["long_string", "same_columns"]


def test_attributes_stay_only_where_five_finished_share_them():
    asked = launch(60, attributes=lambda number: {"team": "ABC"[number % 3], "x": "y"}, kept=("team",))
    submit(asked, range(0, 30, 3))
    submit(asked, range(1, 30, 3))
    submit(asked, range(2, 10, 3))
    release(asked)
    with practice_scope(asked.practice):
        found = sorted(str(row) for row in Response.objects.values_list("attributes", flat=True))
    assert found == ["{'team': 'B'}"] * 10 + ["{}"] * 13


def test_mixing_steps_keep_to_one_cell():
    asked = launch(60, attributes=lambda number: {"team": "AB"[number % 2]}, kept=("team",))
    submit(asked, range(38))
    assert mixer.mix_due(asked.practice.pk, asked.audience_id) == 0
    submit(asked, range(38, 40))
    assert mixer.mix_due(asked.practice.pk, asked.audience_id) == 20
    with practice_scope(asked.practice):
        assert Response.objects.filter(attributes__team="A").count() == 10


def test_wrong_answers_of_the_service_are_refused_whole():
    asked = launch(5)
    with pytest.raises(InvalidInputError) as refused:
        submit(asked, range(1), **{"CE.R1.1": ["9"], "XX.1": ["1"]})
    assert set(refused.value.fields) == {"CE.R1.1", "XX.1"}
    assert asked.count(SpoolEntry) == 0
    submit(asked, range(1))
    with pytest.raises(WrongStateError):
        submit(asked, range(1))


def test_named_drafts_with_half_the_core_become_partial_responses():
    asked = launch(4, mode="named", audience="managers")
    for number, pages in ((0, 9), (1, 4), (2, 99)):
        browser = Browser().start(asked.tokens[number])
        for _page in range(min(pages, 9)):
            browser.post("next", {name: "4" for name, value in browser.offered() if value == "4"})
        if pages == 99:
            answer_all(browser, 4)
    release(asked)
    with practice_scope(asked.practice):
        found = {
            identity.recipient_id: identity.response.is_partial
            for identity in ResponseIdentity.objects.select_related("response")
        }
    assert found == {asked.recipient_ids[0]: True, asked.recipient_ids[2]: False}
    assert asked.count(Draft) == 0
    assert asked.count(LedgerEntry, submitted=True) == 1


def test_last_release_closes_the_wave_once():
    asked = launch(6)
    heard = []

    def listen(sender, wave, **_more):
        heard.append(wave.pk)

    wave_closed.connect(listen)
    try:
        with practice_scope(asked.practice):
            wave = Wave.objects.get(pk=asked.wave_id)
            second = wave.audiences.create(audience="managers", form="managers", state="open")
            wave.audiences.create(audience="crm_team", form="crm-team", state="draft")
        release(asked)
        assert heard == []
        mixer.close_and_release(asked.practice.pk, second.pk)
        mixer.close_and_release(asked.practice.pk, second.pk)
    finally:
        wave_closed.disconnect(listen)
    assert heard == [asked.wave_id]
    with practice_scope(asked.practice):
        assert Wave.objects.get(pk=asked.wave_id).closed_at is not None


def test_audience_that_was_never_launched_cannot_be_released():
    with pytest.raises(WrongStateError):
        release(launch(state="draft"))


def test_release_waits_for_open_forms_but_not_longer_than_the_grace():
    asked = launch(6)
    now = timezone.now()
    with practice_scope(asked.practice):
        assert not mixer.is_release_due(asked.audience(), now)
        assert mixer.is_release_due(asked.audience(), now + timedelta(days=14, minutes=16))
    Browser().start(asked.tokens[0])
    asked.change(state="closed", closes_at=now)
    with practice_scope(asked.practice):
        assert not mixer.is_release_due(asked.audience(), now)
        assert mixer.is_release_due(asked.audience(), now + timedelta(minutes=15))
        Draft.objects.all().delete()
        assert mixer.is_release_due(asked.audience(), now)


def test_totals_hide_small_groups_and_move_hourly():
    small, large = launch(4), launch(5)
    for asked in (small, large):
        submit(asked, range(2))
        Browser().start(asked.tokens[3])
        mixer.advance(asked.practice.pk, asked.audience_id)
    assert small.audience().totals == {}
    assert large.audience().totals == {"started": 3, "finished": 2}
    submit(large, range(2, 3))
    mixer.advance(large.practice.pk, large.audience_id)
    assert large.audience().totals["finished"] == 2
    large.change(totals_at=timezone.now() - timedelta(hours=1))
    mixer.advance(large.practice.pk, large.audience_id)
    assert large.audience().totals["finished"] == 3


def test_release_that_fails_half_way_changes_nothing(monkeypatch):
    asked = launch(6)
    submit(asked, range(6))

    def break_down(*_args):
        raise SealError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(mixer, "_mark_released", break_down)
        with pytest.raises(SealError):
            release(asked)
    assert (asked.count(SpoolEntry), asked.count(Response)) == (6, 0)
    assert asked.audience().mixing_key is not None
    assert release(asked)
    assert asked.count(Response) == 6


def test_sweep_finds_what_is_due_and_a_job_does_it(settings):
    settings.CELERY_TASK_ALWAYS_EAGER = True
    mixing_tasks.register()
    asked, idle = launch(45), launch(45)
    submit(asked, range(20))
    for row in (asked, idle):
        row.change(totals_at=timezone.now())
    found = list(mixing_tasks.due_audiences())
    assert [wake.object_id for wake in found] == [asked.audience_id]
    with practice_scope(asked.practice):
        job = jobs.create(mixing_tasks.MIX, asked.audience_id)
    mixing_tasks.mix_audience(str(asked.practice.pk), str(job.pk))
    with practice_scope(asked.practice):
        assert Job.objects.get(pk=job.pk).state == JobState.SUCCEEDED
    assert asked.count(Response) == 10
    assert list(mixing_tasks.due_audiences()) == []
    asked.change(state="closed", closes_at=timezone.now())
    assert [wake.object_id for wake in mixing_tasks.due_audiences()] == [asked.audience_id]
    mixer.advance(asked.practice.pk, asked.audience_id)
    assert asked.audience().state == "released"
    assert list(mixing_tasks.due_audiences()) == []
