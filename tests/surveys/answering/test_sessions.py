"""Random sessions on two devices: nothing acknowledged is lost, the last write wins, one answer per link."""

import os
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from practice.scope import practice_scope
from surveys import answering
from surveys.instruments import MISSING
from surveys.models import LedgerEntry, SpoolEntry
from surveys.sealed import open_answer
from tests.surveys.answering.browser import Browser
from tests.surveys.answering.builder import form_of, launch

pytestmark = pytest.mark.django_db

PAGES = len(form_of("crm_team").pages)
BUTTONS = st.sampled_from(["next", "next", "next", "back"])


class Sessions(RuleBasedStateMachine):
    """A person with two devices; `said` is what a device was told is kept."""

    @initialize()
    def launch(self) -> None:
        self.undo = transaction.atomic()
        self.undo.__enter__()
        self.asked = launch(2, audience="crm_team")
        self.token = self.asked.tokens[0]
        self.devices = [Browser(), Browser()]
        self.said: dict[str, str] = {}
        self.thanks = 0

    @rule(device=st.integers(0, 1))
    def open_link(self, device: int) -> None:
        browser = self.devices[device].open(f"/s/{self.token}/")
        if not self.thanks:
            browser.press("start")
            assert browser.status == 200

    @precondition(lambda self: not self.thanks)
    @rule(device=st.integers(0, 1), button=BUTTONS, picks=st.lists(st.integers(0, 200), max_size=4))
    def answer(self, device: int, button: str, picks: list[int]) -> None:
        browser = self.devices[device]
        if "/s/r/" not in browser.url:
            return
        self.said |= self.post(browser, button, picks)

    @precondition(lambda self: not self.thanks)
    @rule(device=st.integers(0, 1), picks=st.lists(st.integers(0, 200), max_size=4))
    def lose_the_reply(self, device: int, picks: list[int]) -> None:
        """The post arrives, the answer does not; the person reloads the page and sees what was kept."""
        browser = self.devices[device]
        if "/s/r/" not in browser.url:
            return
        url = browser.url
        self.said |= self.post(browser, "next", picks)
        browser.open(url)

    @rule(device=st.integers(0, 1))
    def reload(self, device: int) -> None:
        browser = self.devices[device]
        if browser.url:
            browser.open(browser.url)

    @rule(device=st.integers(0, 1), number=st.integers(1, PAGES))
    def go_to_page(self, device: int, number: int) -> None:
        browser = self.devices[device]
        if "/s/r/" in browser.url:
            browser.open(f"/s/r/{browser.url.split('/')[3]}/{number}/")

    @rule(device=st.integers(0, 1), clicks=st.integers(1, 3))
    def finish(self, device: int, clicks: int) -> None:
        browser = self.devices[device]
        if 'name="finish"' not in browser.html:
            return
        fields = browser.fields() | {"finish": "1", "csrfmiddlewaretoken": browser.csrf()}
        if not self.thanks:
            self.said |= {name: value for name, value in fields.items() if name in self.slots()}
        for _click in range(clicks):
            response = browser.client.post(browser.url, fields)
            assert response.status_code == 200
            self.thanks += b"Your answers have arrived.</h1>" in response.content
        browser.open(browser.url)
        assert browser.heading == "You have already answered. Thank you."

    def post(self, browser: Browser, button: str, picks: list[int]) -> dict[str, str]:
        """Choose some of the answers offered and press a button; returns what the page then acknowledged."""
        offered = browser.offered()
        if not offered:
            return {}
        chosen = dict(offered[pick % len(offered)] for pick in picks)
        fields = browser.fields() | chosen
        browser.post(button, chosen)
        assert browser.status == 200
        return {name: value for name, value in fields.items() if name in self.slots() and value}

    @staticmethod
    def slots() -> Any:
        return form_of("crm_team").slot_index

    @invariant()
    def nothing_is_lost(self) -> None:
        if not hasattr(self, "asked"):
            return
        answers = self.asked.count(SpoolEntry)
        assert answers == self.asked.count(LedgerEntry, submitted=True) == min(self.thanks, 1)
        assert self.thanks <= 1
        scores = self.finished_scores() if answers else self.draft_scores()
        index = self.slots()
        special = {"na": -32767, "ns": -32766}
        for name, value in self.said.items():
            assert scores[index[name]] == (special.get(value) or int(value))
        assert sum(score != MISSING for score in scores) == len(self.said)

    def draft_scores(self) -> list[int]:
        target = answering.resolve_link(self.token)
        with practice_scope(self.asked.practice):
            respondent = answering.load_respondent(target, self.token)
            return respondent.draft.scores if respondent.draft else []

    def finished_scores(self) -> list[int]:
        with practice_scope(self.asked.practice):
            return open_answer(b"m" * 32, bytes(SpoolEntry.objects.get().sealed)).scores

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.undo.__exit__(None, None, None)


def run(examples: int, steps: int) -> None:
    """Run so many sessions."""
    run_state_machine_as_test(
        Sessions,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            derandomize="CI" in os.environ,
            database=None,
        ),
    )


def test_random_sessions_lose_nothing():
    run(8, 20)


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_two_hundred_random_sessions_lose_nothing():
    run(200, 40)
