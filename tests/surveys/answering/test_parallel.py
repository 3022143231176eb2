"""Many clicks at once: one link gives exactly one answer, and nothing is torn."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from practice.scope import practice_scope
from surveys import answering, mixer
from surveys.models import Draft, LedgerEntry, Response, SpoolEntry
from tests.surveys.answering.browser import Browser, at_last_page
from tests.surveys.answering.builder import form_of, full_answers, launch

pytestmark = pytest.mark.django_db(transaction=True)

PARALLEL = 20


def at_once(work, number=PARALLEL):
    """Run `work(i)` in so many threads that begin together; returns what they return."""
    barrier = Barrier(number, timeout=60)

    def run(index):
        barrier.wait()
        try:
            return work(index)
        finally:
            connection.close()

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


@pytest.mark.parametrize("mode", ["confidential", "named"])
def test_parallel_finals_give_one_response(mode):
    asked = launch(5, mode=mode, audience="managers")
    browsers = [at_last_page(asked.tokens[0]) for _index in range(PARALLEL)]

    def finish(index):
        return browsers[index].press("finish").heading

    headings = at_once(finish)
    assert headings.count("Thank you. Your answers have arrived.") == 1
    assert headings.count("You have already answered. Thank you.") == PARALLEL - 1
    assert asked.count(SpoolEntry if mode == "confidential" else Response) == 1
    assert asked.count(LedgerEntry, submitted=True) == 1
    assert asked.count(Draft) == 0


def test_parallel_starts_open_one_draft():
    asked = launch()
    assert set(at_once(lambda _index: Browser().start(asked.tokens[0]).number)) == {1}
    assert asked.count(Draft) == 1


def test_release_in_the_middle_of_finishing_loses_nothing():
    asked = launch(PARALLEL)
    browsers = [at_last_page(token) for token in asked.tokens]

    def act(index):
        if index == PARALLEL // 2:
            return mixer.close_and_release(asked.practice.pk, asked.audience_id)
        return browsers[index].press("finish").heading

    headings = at_once(act)
    thanked = headings.count("Thank you. Your answers have arrived.")
    assert thanked + headings.count("This survey is closed") == PARALLEL - 1
    assert asked.count(Response) == thanked
    assert asked.count(LedgerEntry, submitted=True) == thanked
    assert asked.count(SpoolEntry) == 0


def test_parallel_mixers_move_each_answer_once():
    asked = launch(60, audience="front_line")
    with practice_scope(asked.practice):
        answers = full_answers(form_of("front_line"))
        for recipient in mixer.Recipient.objects.filter(wave_audience=asked.audience_id)[:45]:
            answering.submit_answers(recipient=recipient, answers=answers, seconds=600)
    moved = at_once(lambda _index: mixer.mix_due(asked.practice.pk, asked.audience_id), 4)
    assert sum(moved) == 30
    assert asked.count(Response) == 30
    assert asked.count(SpoolEntry) == 15
    released = at_once(lambda _index: mixer.close_and_release(asked.practice.pk, asked.audience_id), 4)
    assert sorted(released) == [False, False, False, True]
    assert asked.count(Response) == 45
