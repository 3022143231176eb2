"""Bad inputs on survey pages: politely refused, the rest kept, never an error page."""

import pytest
from django.test import Client

from practice.scope import practice_scope
from surveys import answering
from surveys.instruments import CANNOT_JUDGE, MISSING, NO_STANDARD
from surveys.models import Draft, SpoolEntry
from tests.surveys.answering.browser import Browser, at_last_page, go_to
from tests.surveys.answering.builder import launch

pytestmark = pytest.mark.django_db


def draft_of(asked, number=0):
    """Return the draft of a person."""
    target = answering.resolve_link(asked.tokens[number])
    with practice_scope(asked.practice):
        return answering.load_respondent(target, asked.tokens[number])


@pytest.mark.parametrize(
    "value", ["0", "8", "-1", "3.5", "five", "٣", "1e1", "5\x00", "9" * 5000, "ns", "<b>"]
)
def test_rating_outside_the_scale_is_refused(value):
    asked = launch()
    browser = Browser().start(asked.tokens[0])
    code = browser.offered()[0][0]
    browser.post("next", {code: "4"})
    browser.press("back").post("next", {code: value})
    assert browser.status == 422
    respondent = draft_of(asked)
    assert respondent.draft.scores[respondent.form.slot_index[code]] == 4


def test_empty_rating_is_missing_and_special_answers_are_kept_as_such():
    asked = launch(audience="managers")
    browser = Browser().start(asked.tokens[0])
    names = list(dict.fromkeys(name for name, _value in browser.offered()))
    standard = next(name for name in names if name.startswith("DS."))
    judged = next(name for name in names if name.startswith("ME."))
    other = next(name for name in names if name.startswith("MP."))
    browser.post("next", {standard: "ns", judged: "na", other: ""})
    assert browser.number == 2
    respondent = draft_of(asked)
    index = respondent.form.slot_index
    found = [respondent.draft.scores[index[name]] for name in (standard, judged, other)]
    assert found == [NO_STANDARD, CANNOT_JUDGE, MISSING]


def test_answer_to_a_question_of_another_page_or_survey_is_not_stored():
    asked = launch()
    browser = Browser().start(asked.tokens[0])
    own = browser.offered()[0][0]
    other = Browser().start(asked.tokens[0])
    other.press("next")
    foreign = other.offered()[0][0]
    for name in (foreign, "ME.R1.1", "is_admin", "practice_id", "__class__", "a\x00b"):
        browser.open(browser.url).post("next", {own: "3", name: "5"})
        assert browser.status == 422
        assert "did not belong to this page" in browser.html
    respondent = draft_of(asked)
    index = respondent.form.slot_index
    assert respondent.draft.scores[index[foreign]] == MISSING
    assert respondent.draft.scores[index[own]] == 3


def choice_page(kind):
    """Return a browser on a page that has a question of this kind, and the question."""
    asked = launch()
    respondent = draft_of(asked)
    question = next(q for page in respondent.form.pages for q in page.questions if q.kind == kind)
    return asked, go_to(Browser().start(asked.tokens[0]), question.code), question


def test_option_of_another_question_is_refused():
    _asked, browser, question = choice_page("choice")
    browser.post("next", {question.code: "no-such-option"})
    assert browser.status == 422
    assert "Choose from the answers offered." in browser.html


def test_too_many_ticks_are_refused_and_stay_ticked():
    _asked, browser, question = choice_page("multi")
    ticks = [option.value for option in question.options][: question.max_choices + 1]
    browser.post("next", {question.code: ticks})
    assert browser.status == 422
    assert browser.fields()[question.code] == ticks


def test_long_text_is_refused_and_not_lost():
    asked, browser, question = choice_page("text")
    text = "ä" * 100_000
    browser.post("finish", {question.code: text})
    assert browser.status == 422
    assert browser.fields()[question.code] == text
    assert asked.count(SpoolEntry) == 0
    browser.post("finish", {question.code: "ä" * question.max_length})
    assert asked.count(SpoolEntry) == 1


@pytest.mark.parametrize(
    "text",
    ["<script>alert(1)</script>", "{{ 7*7 }} {% debug %} %(x)s {0}", "李雷 نص 🙂 a\u0301", "=1+1", "\ud83d"],
)
def test_text_is_kept_as_written_and_shown_escaped(text):
    _asked, browser, question = choice_page("text")
    url = browser.url
    browser.client.post(
        url,
        {
            question.code: text.encode(errors="replace").decode(),
            "back": "1",
            "csrfmiddlewaretoken": browser.csrf(),
        },
    )
    browser.open(url)
    assert browser.fields()[question.code] == text.encode(errors="replace").decode()
    assert "<script>" not in browser.html


def test_nul_in_text_is_refused():
    _asked, browser, question = choice_page("text")
    browser.post("finish", {question.code: "a\x00b"})
    assert browser.status == 422
    assert "character that cannot be kept" in browser.html


def test_lost_csrf_cookie_costs_one_more_click_and_no_answer():
    asked = launch()
    browser = Browser().start(asked.tokens[0])
    names = list(dict.fromkeys(name for name, _value in browser.offered()))
    del browser.client.cookies["csrf"]
    browser.post("next", {names[0]: "3", names[1]: "na"})
    assert browser.status == 403
    assert "Please press the button once more" in browser.html
    assert (browser.fields()[names[0]], browser.fields()[names[1]]) == ("3", "na")
    assert set(draft_of(asked).draft.scores) == {MISSING}
    browser.press("next")
    assert browser.number == 2
    assert browser.press("back").fields()[names[0]] == "3"


def test_old_csrf_token_at_the_end_costs_one_more_click():
    asked, browser, question = choice_page("text")
    fields = {question.code: "last words", "finish": "1", "csrfmiddlewaretoken": "x" * 64}
    response = browser.client.post(browser.url, fields)
    assert response.status_code == 403
    assert b"last words" in response.content
    assert asked.count(SpoolEntry) == 0


def test_start_without_csrf_shows_the_landing_again():
    asked = launch()
    client = Client(enforce_csrf_checks=True)
    response = client.post(f"/s/{asked.tokens[0]}/", {"start": "1"})
    assert response.status_code == 403
    assert b'name="start"' in response.content
    assert asked.count(Draft) == 0


@pytest.mark.parametrize("method", ["put", "patch", "delete", "options"])
def test_other_methods_are_refused(method):
    asked = launch()
    assert getattr(Client(), method)(f"/s/{asked.tokens[0]}/").status_code == 405


def test_page_numbers_out_of_range_lead_back():
    browser = Browser().start(launch().tokens[0])
    ref = browser.url.split("/")[3]
    for number in ("0", "99", "999999999999999999999"):
        assert browser.open(f"/s/r/{ref}/{number}/").number == 1
    assert browser.open(f"/s/r/{ref}/-1/").status == 404
    assert browser.open(f"/s/r/{ref}/").number == 1


def test_empty_answer_may_be_finished():
    asked = launch()
    assert at_last_page(asked.tokens[0]).press("finish").heading.startswith("Thank you")
    assert asked.count(SpoolEntry) == 1
