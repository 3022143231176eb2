"""The page on data: what is kept in words, and taking back what can still be taken back."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from practice.models import Practice
from practice.scope import practice_scope
from surveys import mixer
from surveys.models import Delivery, Draft, LedgerEntry, Response, ResponseIdentity, SpoolEntry, WaveAudience
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import Launched, launch

SURE = {"withdraw": "1", "sure": "1"}


def data_of(asked: Launched, number: int = 0) -> Browser:
    """The page on data of a person."""
    return Browser().open(f"/s/{asked.tokens[number]}/data/")


def take_back(asked: Launched, number: int = 0) -> Browser:
    """Tick the box and press the button."""
    return data_of(asked, number).post("withdraw", {"sure": "1"})


@pytest.mark.django_db
def test_page_says_what_is_kept_until_when_and_whom_to_ask() -> None:
    asked = launch(12, attributes=lambda number: {"team": "AB"[number % 2], "age": "61"}, kept=("team",))
    with practice_scope(asked.practice):
        Practice.objects.filter(pk=asked.practice.pk).update(reply_to="ask@example.org", retention_months=7)
    page = data_of(asked)
    assert page.heading == "Your data"
    for text in (
        "groups of 5 or more",
        "for 7 months",
        "ask@example.org",
        "team: A",
        "10 people have answered",
    ):
        assert text in page.html
    assert "61" not in page.html
    assert "nothing to take back" in page.html
    assert page.response["Cache-Control"] == "no-store"


@pytest.mark.django_db
def test_every_page_leads_to_it() -> None:
    asked = launch()
    token = asked.tokens[0]
    assert f'href="/s/{token}/data"' in Browser().open(f"/s/{token}/").html
    browser = Browser().start(token)
    ref = browser.url.split("/")[3]
    assert 'href="../data/"' in browser.html
    assert browser.open(f"/s/r/{ref}/data/").heading == "Your data"
    browser = answer_all(Browser().start(token))
    assert f'href="/s/r/{ref}/data/"' in browser.html
    assert token not in browser.html
    assert f'href="/s/{token}/data"' in Browser().open(f"/s/{token}/").html


@pytest.mark.django_db
def test_draft_is_deleted_only_when_the_box_is_ticked() -> None:
    asked = launch()
    Browser().start(asked.tokens[0]).press("next")
    page = data_of(asked)
    assert "begun, but not sent" in page.html
    assert page.press("withdraw").status == 422
    assert asked.count(Draft) == 1
    assert take_back(asked).heading == "Your answers are deleted"
    assert asked.count(Draft) == 0
    assert Browser().start(asked.tokens[0]).number == 1


@pytest.mark.django_db
def test_waiting_answer_is_taken_back_and_may_be_given_anew() -> None:
    asked = launch(3)
    with practice_scope(asked.practice):
        audience = asked.audience()
        Delivery.objects.create(
            wave_audience=audience,
            recipient_id=asked.recipient_ids[0],
            round="reminder_1",
            due_at=timezone.now(),
        )
    answer_all(Browser().start(asked.tokens[0]))
    answer_all(Browser().start(asked.tokens[1]))
    assert "wait to be mixed" in data_of(asked).html
    take_back(asked)
    assert (asked.count(SpoolEntry), asked.count(LedgerEntry, submitted=True)) == (1, 1)
    assert asked.count(Delivery, state="cancelled") == 1
    assert answer_all(Browser().start(asked.tokens[0])).heading.startswith("Thank you")
    assert asked.count(SpoolEntry) == 2


@pytest.mark.django_db
def test_mixed_answer_cannot_be_taken_back_and_says_so() -> None:
    asked = launch(2)
    answer_all(Browser().start(asked.tokens[0]))
    page = data_of(asked)
    mixer.close_and_release(asked.practice.pk, asked.audience_id)
    assert "by now nobody can tell" in page.post("withdraw", {"sure": "1"}).html
    assert "no longer possible" in data_of(asked).html
    assert asked.count(Response) == 1
    assert asked.count(LedgerEntry, submitted=True) == 1


@pytest.mark.django_db
def test_named_answer_is_taken_back_until_release() -> None:
    asked = launch(2, mode="named", audience="managers")
    for token in asked.tokens:
        answer_all(Browser().start(token))
    take_back(asked)
    with practice_scope(asked.practice):
        assert [one.recipient_id for one in ResponseIdentity.objects.all()] == [asked.recipient_ids[1]]
        assert Response.objects.count() == 1
    mixer.close_and_release(asked.practice.pk, asked.audience_id)
    assert "Please ask" in data_of(asked, 1).html
    assert "by now" in take_back(asked, 1).html or asked.count(Response) == 1


@pytest.mark.django_db
def test_unknown_links_get_the_one_page_and_a_stale_form_deletes_nothing() -> None:
    asked = launch()
    Browser().start(asked.tokens[0]).press("next")
    unknown = Client().get("/s/unknown/")
    for url in ("/s/unknown/data/", "/s/unknown/data", "/s/r/12345678/data/", f"/s/{asked.tokens[0]}/data/x"):
        answer = Client().get(url)
        assert (answer.status_code, answer.content) == (404, unknown.content)
    late = Client(enforce_csrf_checks=True).post(f"/s/{asked.tokens[0]}/data/", SURE)
    assert late.status_code == 403
    assert "Nothing was deleted" in late.content.decode()
    assert asked.count(Draft) == 1


@pytest.mark.django_db(transaction=True)
def test_taking_back_while_the_mixer_runs_gives_exactly_one_fate() -> None:
    asked = launch(40)
    for token in asked.tokens[:22]:
        answer_all(Browser().start(token))

    def act(number: int) -> Any:
        try:
            if number == 11:
                return mixer.mix_due(asked.practice.pk, asked.audience_id)
            return take_back(asked, number).heading == "Your answers are deleted"
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        fates = list(pool.map(act, range(22)))
    moved, taken = fates.pop(11), sum(fates)
    assert asked.count(Response) == moved
    assert asked.count(SpoolEntry) == 22 - moved - taken
    assert asked.count(LedgerEntry, submitted=True) == 22 - taken


@pytest.mark.django_db
def test_keys_of_drafts_waiting_answers_and_links_have_nothing_in_common() -> None:
    asked = launch(1)
    Browser().start(asked.tokens[0]).press("next")
    with practice_scope(asked.practice):
        draft = bytes(Draft.objects.get().key)
    answer_all(Browser().start(asked.tokens[0]))
    with practice_scope(asked.practice):
        spool = bytes(SpoolEntry.objects.get().withdrawal_key)
        with connection.cursor() as cursor:
            cursor.execute("SELECT digest FROM surveys_surveylink")
            digest = bytes(cursor.fetchone()[0])
        assert WaveAudience.objects.get().kept_attributes == []
    assert len({draft, spool, digest}) == 3
