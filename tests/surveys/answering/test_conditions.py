"""Forms that do not ask everybody the same: pages skipped without a script, "not asked" kept apart from missing."""

from typing import Any

import pytest

from practice.scope import practice_scope
from surveys import mixer
from surveys.instruments import MISSING, NOT_ASKED, load_builtin, parse_instrument
from surveys.instruments.routing import OUTCOMES_FIRST, order_for
from surveys.models import Response, Wave, WaveAudience
from surveys.sealed import FinishedAnswer
from surveys.settling import ORDER
from tests.surveys.answering.browser import Browser, answer_all, go_to
from tests.surveys.answering.builder import Launched, launch
from tests.surveys.answering.test_requests import Counter

pytestmark = pytest.mark.django_db


def ask(code: str, people: int = 1, change: Any = None, **more: Any) -> Launched:
    """Launch customers with the recovery block switched on and one of their forms."""
    asked = launch(people, **more)
    content = load_builtin("die-crm", frozenset({"recovery"})).as_dict()
    if change:
        change({block["code"]: block for block in content["blocks"]})
    with practice_scope(asked.practice):
        Wave.objects.filter(pk=asked.wave_id).update(instrument=content)
        WaveAudience.objects.filter(pk=asked.audience_id).update(form=code)
    return asked


def release(asked: Launched) -> list[Response]:
    mixer.close_and_release(asked.practice.pk, asked.audience_id)
    with practice_scope(asked.practice):
        return list(Response.objects.filter(wave_audience=asked.audience_id))


def form_of(asked: Launched) -> Any:
    audience = asked.audience()
    return parse_instrument(audience.wave.instrument).form(audience.form)


@pytest.mark.parametrize(("answer", "heading"), [("no", "What matters most"), ("yes", "How the problem")])
def test_the_recovery_page_is_seen_by_those_with_a_problem_alone(answer, heading):
    asked = ask("customers-short")
    browser = go_to(Browser().start(asked.tokens[0]), "Y6.1")
    page = browser.url
    browser.press("next", Y6__1=answer)
    assert browser.heading.startswith(heading)
    assert browser.press("back").url == page
    answer_all(browser.press("next", Y6__1=answer))
    (response,) = release(asked)
    form = form_of(asked)
    fair = [response.scores[form.slot_index[f"Y6.{n}"]] for n in (5, 6, 7)]
    if answer == "no":
        assert fair == [NOT_ASKED] * 3
        assert response.record["not_asked"] == ["Y6.2", "Y6.3", "Y6.4"]
    else:
        assert fair == [5] * 3
        assert "not_asked" not in response.record


def test_an_answer_taken_back_takes_what_hung_on_it_along():
    asked = ask("customers-short")
    browser = go_to(Browser().start(asked.tokens[0]), "Y6.1").press("next", Y6__1="yes")
    browser.press("back", Y6__2="yes", Y6__5="2")
    answer_all(browser.press("next", Y6__1="no"))
    (response,) = release(asked)
    form = form_of(asked)
    assert response.scores[form.slot_index["Y6.5"]] == NOT_ASKED
    assert "Y6.2" not in response.record["choices"]


def test_left_open_is_missing_and_no_sign_of_a_problem():
    asked = ask("customers-short")
    browser = Browser().start(asked.tokens[0])
    for _page in range(30):
        if 'name="finish"' in browser.html:
            break
        browser.press("next")
    browser.press("finish")
    (response,) = release(asked)
    form = form_of(asked)
    assert response.scores[form.slot_index["Y1.1"]] == MISSING
    assert response.scores[form.slot_index["Y6.5"]] == NOT_ASKED


def test_pages_are_counted_as_they_are_shown_at_no_more_cost():
    asked = ask("customers-split")
    browser = Browser()
    with Counter(browser.client) as counter:
        browser.start(asked.tokens[0])
        assert "Page 1 of 14" in browser.html
        go_to(browser, "Y6.1").press("next", Y6__1="yes")
        assert "of 15" in browser.html
        hidden = browser.url
        browser.press("back").press("next", Y6__1="no")
        assert browser.open(hidden).heading.startswith("What matters most")
        answer_all(browser)
    assert counter.most <= 5


def test_each_person_of_a_split_form_answers_two_items_per_dimension():
    asked = ask("customers-split", 12)
    for token in asked.tokens:
        answer_all(Browser().start(token))
    form = form_of(asked)
    for response in release(asked):
        columns = [response.scores[index] for index in form.core_slots]
        assert (columns.count(NOT_ASKED), columns.count(5)) == (18, 36)
        assert response.flags == [] or "long_string" in response.flags


@pytest.mark.parametrize(("people", "is_kept"), [(30, True), (6, False)])
def test_the_order_is_kept_only_where_five_share_it(people, is_kept):
    asked = ask("customers-split", people)
    form = form_of(asked)
    for token in asked.tokens:
        browser = Browser().start(token)
        first = "as a whole" in browser.heading
        assert first == (order_for(form, token) == OUTCOMES_FIRST)
    halves = [{ORDER: order_for(form, token)} for token in asked.tokens]
    if not is_kept:
        halves = [{ORDER: "outcomes first"}, *[{ORDER: "ratings first"}] * 5]
    answers = [FinishedAnswer([], {}, attributes, []) for attributes in halves]
    kept = mixer.without_rare_attributes(answers)
    assert all((ORDER in answer.attributes) == is_kept for answer in kept)


def test_attributes_in_texts_are_data_and_never_code():
    def change(blocks: Any) -> None:
        blocks["Y1"]["items"][0]["wordings"]["customer"] = (
            "I like {attribute:branch|your branch} of {company}."
        )

    branches = ["<b>{company}", ""]
    asked = ask("customers-pulse", 2, change, attributes=lambda number: {"branch": branches[number]})
    texts = [go_to(Browser().start(token), "Y1.1").html for token in asked.tokens]
    assert "I like &lt;b&gt;{company} of" in texts[0]
    assert "I like your branch of" in texts[1]
