"""The respondent's path by HTTP: landing, pages, back, resume, finish; one answer per link."""

import pytest

from practice.scope import practice_scope
from surveys import answering
from surveys import respondent_pages as pages
from surveys.models import Draft, LedgerEntry, Response, ResponseIdentity, SpoolEntry
from tests.surveys.answering.browser import Browser, answer_all
from tests.surveys.answering.builder import form_of, launch

pytestmark = pytest.mark.django_db


def test_landing_says_who_asks_and_who_sees_what():
    asked = launch(8)
    page = Browser().open(f"/s/{asked.tokens[0]}/")
    assert page.status == 200
    assert asked.practice.name in page.html
    assert "groups of 5 or more" in page.html
    assert "About" in page.html
    for name, value in {
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
        "X-Robots-Tag": "noindex, nofollow",
    }.items():
        assert page.response[name] == value
    assert "default-src 'self'" in page.response["Content-Security-Policy"]


def test_landing_names_the_attributes_that_stay():
    page = Browser().open(f"/s/{launch(9, kept=('team', 'region')).tokens[0]}/")
    assert "team, region, as far as at least five people share it" in page.html


def test_landing_of_a_named_audience_says_so():
    page = Browser().open(f"/s/{launch(1, mode='named').tokens[0]}/")
    assert "kept with your name" in page.html


def test_start_moves_the_token_from_the_address_into_a_cookie():
    token = launch().tokens[0]
    browser = Browser().start(token)
    assert browser.status == 200
    assert token not in browser.url
    assert token not in browser.html
    cookie = next(morsel for name, morsel in browser.client.cookies.items() if name.startswith("s-"))
    assert cookie.value == token
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"


def test_whole_form_makes_one_sealed_answer_and_reopening_says_done():
    asked = launch(3)
    browser = answer_all(Browser().start(asked.tokens[0]))
    assert browser.heading == "Thank you. Your answers have arrived."
    assert asked.count(SpoolEntry) == 1
    assert asked.count(Draft) == 0
    assert asked.count(Response) == 0
    assert asked.count(LedgerEntry, submitted=True) == 1
    again = Browser().open(f"/s/{asked.tokens[0]}/")
    assert again.heading == "You have already answered. Thank you."
    assert browser.post("finish", {}).heading == "You have already answered. Thank you."
    assert asked.count(SpoolEntry) == 1


def test_whole_form_of_a_named_audience_keeps_the_person():
    asked = launch(2, mode="named", audience="managers")
    answer_all(Browser().start(asked.tokens[0]), 6)
    with practice_scope(asked.practice):
        response = Response.objects.get()
        assert len(response.scores) == len(form_of("managers").slots)
        assert set(response.scores) == {6}
        assert ResponseIdentity.objects.get().recipient_id == asked.recipient_ids[0]
        assert not response.is_partial
        assert response.flags == ["fast", "long_string", "same_columns"]


def test_second_device_goes_on_where_the_first_stopped():
    asked = launch()
    first = Browser().start(asked.tokens[0])
    code = first.offered()[0][0]
    first.post("next", {code: "3"})
    assert first.number == 2
    second = Browser().open(f"/s/{asked.tokens[0]}/")
    assert "Go on where you stopped" in second.html
    second.press("start")
    assert second.number == 2
    second.press("back")
    assert second.number == 1
    assert second.fields()[code] == "3"


def test_last_write_per_question_wins_and_silence_is_no_write():
    asked = launch()
    first = Browser().start(asked.tokens[0])
    second = Browser().start(asked.tokens[0])
    names = list(dict.fromkeys(name for name, _value in first.offered()))
    first.post("next", {names[0]: "2", names[1]: "2"})
    second.post("next", {names[0]: "6"})
    kept = Browser().start(asked.tokens[0]).press("back").fields()
    assert kept[names[0]] == "6"
    assert kept[names[1]] == "2"


def test_back_keeps_what_was_just_typed():
    browser = Browser().start(launch().tokens[0]).press("next")
    code = browser.offered()[0][0]
    browser.post("back", {code: "na"})
    assert browser.number == 1
    assert browser.press("next").fields()[code] == "na"


def test_autosave_keeps_the_page_and_the_place_and_answers_with_nothing():
    asked = launch()
    browser = Browser().start(asked.tokens[0]).press("next")
    code = browser.offered()[0][0]
    posted = browser.fields() | {code: "6", "csrfmiddlewaretoken": browser.csrf()}
    answer = browser.client.post(browser.url, posted, headers={"X-Survey": "save"})
    assert (answer.status_code, answer.content) == (204, b"")
    again = Browser().start(asked.tokens[0])
    assert (again.number, again.fields()[code]) == (2, "6")
    answer_all(again)
    late = browser.client.post(browser.url, posted, headers={"X-Survey": "save"})
    assert "already answered" in late.content.decode()
    assert asked.count(SpoolEntry) == 1


def test_dimensions_come_in_an_order_of_the_person_and_stay_in_it():
    asked = launch(6)
    orders = set()
    for token in asked.tokens:
        titles = []
        for _device in range(2):
            browser = Browser().start(token)
            ref = browser.url.split("/")[3]
            titles.append([browser.open(f"/s/r/{ref}/{number}/").heading for number in range(1, 10)])
        assert titles[0] == titles[1]
        orders.add(tuple(titles[0]))
    assert len(orders) > 1


def test_problem_stays_at_its_field_and_the_rest_is_kept():
    browser = Browser().start(launch().tokens[0])
    names = list(dict.fromkeys(name for name, _value in browser.offered()))
    browser.post("next", {names[0]: "9", names[1]: "4"})
    assert browser.status == 422
    assert "Give a whole number from 1 to 7" in browser.html
    assert browser.fields()[names[1]] == "4"
    browser.post("next", {names[0]: "1"})
    assert browser.number == 2
    assert browser.press("back").fields()[names[1]] == "4"


def test_quick_page_equals_the_template_with_the_same_answers():
    asked = launch()
    browser = Browser().start(asked.tokens[0])
    for _page in range(len(form_of().pages) - 1):
        browser.post("next", first_choices(browser))
    browser.post("next", dict.fromkeys(browser.fields(), '5 < 6 & "so"'))
    target = answering.resolve_link(asked.tokens[0])
    with practice_scope(asked.practice):
        respondent = answering.load_respondent(target, asked.tokens[0])
        for number, page in enumerate(respondent.pages):
            values = pages.stored_values(respondent, page)
            quick = pages.render_page(respondent, number, "csrf")
            assert quick == pages.render_page_with_problems(respondent, number, "csrf", values, {})
            assert " checked" in quick or "5 &lt; 6" in quick


def first_choices(browser: Browser) -> dict[str, str]:
    """Return the first offer of every question on the page."""
    return dict(reversed(browser.offered()))
