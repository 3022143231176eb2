"""Who is asked what: planned halves, orders and conditions follow from token and answers alone."""

import copy
from collections import Counter
from typing import Any

import pytest

from surveys.instruments import MISSING, NOT_ASKED, Form, load_builtin, parse_instrument
from surveys.instruments.routing import (
    OUTCOMES_FIRST,
    Answers,
    is_shown,
    mark_unasked,
    order_for,
    pages_for,
    shown_page,
    unasked_questions,
)

TOKENS = [f"token{number}" for number in range(400)]


@pytest.fixture(scope="module")
def form() -> Form:
    return load_builtin("die-crm", frozenset({"recovery"})).form("customers-split")


def questions(form: Form, token: str) -> list[str]:
    return [q.code for page in pages_for(form, token) if page.kind == "dimension" for q in page.questions]


def test_everybody_gets_the_marked_items_and_one_of_the_two_others(form):
    for token in TOKENS:
        asked = Counter(code.split(".")[0] for code in questions(form, token))
        assert asked == {f"R{number}": 2 for number in range(1, 10)}
        assert all(f"R{number}.1" in questions(form, token) for number in range(1, 10))
    chosen = Counter(code for token in TOKENS for code in questions(form, token))
    # 400 coins: 200 +- 4 standard deviations of 10
    assert all(160 <= chosen[f"R{number}.2"] <= 240 for number in range(1, 10))


def test_an_odd_number_of_others_is_halved_by_a_coin():
    content = load_builtin("die-crm").as_dict()
    content["dimensions"][0]["items"][1]["mark"] = 2
    form = parse_instrument(content).form("customers-split")
    chosen = Counter("R1.3" in questions(form, token) for token in TOKENS)
    assert 160 <= chosen[True] <= 240


def test_half_of_the_people_see_outcomes_first_and_each_always_the_same(form):
    orders = Counter(order_for(form, token) for token in TOKENS)
    assert 160 <= orders[OUTCOMES_FIRST] <= 240
    for token in TOKENS[:20]:
        keys = [page.key for page in pages_for(form, token)]
        assert keys == [page.key for page in pages_for(form, token)]
        assert (keys[:2] == ["outcomes", "intentions"]) == (order_for(form, token) == OUTCOMES_FIRST)
        assert sorted(keys) == sorted(page.key for page in form.pages)
    assert order_for(load_builtin("die-crm").form("customers-standard"), "x") == ""


def answers(form: Form, attributes: dict[str, str] | None = None, **choices: str) -> Answers:
    given = {code.replace("_", "."): [value] for code, value in choices.items()}
    return Answers(form, form.blank_scores(), given, attributes or {})


def test_a_page_whose_conditions_fail_is_left_out(form):
    page = form.page("recovery")
    assert not is_shown(page, answers(form))
    assert not is_shown(page, answers(form, Y6_1="no"))
    assert shown_page(page, answers(form, Y6_1="yes")) is page


def in_english() -> dict[str, Any]:
    """Return the instrument without its translations, whose texts a test would have to change as well."""
    content = copy.deepcopy(load_builtin("die-crm", frozenset({"recovery"})).as_dict())
    del content["translations"]
    return content


def test_what_hangs_on_a_question_that_was_not_asked_is_not_asked_either():
    content = in_english()
    block = next(block for block in content["blocks"] if block["code"] == "Y6A")
    block["show_if"] = {"question": "Y6.3", "any_of": ["no"]}
    for plan in content["forms"]:
        for number, section in enumerate(plan["sections"]):
            if section.get("key") == "recovery":
                last = {"kind": "blocks", "key": "who", "title": "Who", "blocks": ["Y6A"]}
                section["blocks"] = ["Y6R", "Y6F"]
                plan["sections"].insert(number + 1, last)
                break
    form = parse_instrument(content).form("customers-standard")
    stale = answers(form, Y6_1="no", Y6_3="no", Y6_4="own")
    gone = [question.code for question in unasked_questions(form.pages, stale)]
    assert gone == ["Y6.2", "Y6.3", "Y6.5", "Y6.6", "Y6.7", "Y6.4"]


def test_conditions_on_ratings_and_attributes(form):
    content = load_builtin("die-crm").as_dict()
    blocks = {block["code"]: block for block in content["blocks"]}
    blocks["V1"]["show_if"] = {"question": "Y1.1", "any_of": ["1", "2", "3"]}
    blocks["V2"]["show_if"] = {"attribute": "region", "any_of": ["North"]}
    form = parse_instrument(content).form("customers-standard")
    page, low = form.page("voice"), form.pack({"Y1.1": 2})
    north = Answers(form, low, {}, {"region": "North"})
    assert [question.code for question in shown_page(page, north).questions] == ["V1", "V2"]
    south = Answers(form, form.pack({"Y1.1": 4}), {}, {"region": "South"})
    assert not is_shown(page, south)


def test_unasked_values_get_their_own_code_and_others_stay(form):
    token = TOKENS[0]
    scores = [5] * len(form.slots)
    scores[0] = MISSING
    unasked = unasked_questions(pages_for(form, token), Answers(form, scores, {"Y6.1": ["no"]}, {}))
    mark_unasked(scores, unasked)
    # nine halved items in two columns, three ratings of the recovery
    assert scores.count(NOT_ASKED) == 9 * 2 + 3
    assert scores[0] == MISSING


def test_plain_forms_are_left_as_they_are():
    form = load_builtin("die-crm").form("customers-standard")
    assert not form.has_conditions
    assert {page.key for page in pages_for(form, "x")} == {page.key for page in form.pages}


def broken(change: Any) -> str:
    content = copy.deepcopy(load_builtin("die-crm", frozenset({"recovery"})).as_dict())
    change({block["code"]: block for block in content["blocks"]}, content["forms"])
    with pytest.raises(Exception, match="broken") as caught:
        parse_instrument(content, "broken")
    return str(caught.value)


@pytest.mark.parametrize(
    ("show_if", "text"),
    [
        ({"any_of": ["a"]}, "blocks[Y6F].show_if: name a question or an attribute, not both"),
        ({"question": "Y6.1", "any_of": []}, "blocks[Y6F].show_if.any_of: must not be empty"),
        ({"question": "Z9", "any_of": ["a"]}, "show_if.question: there is no question Z9 in the blocks"),
        ({"question": "Y6.1", "any_of": ["maybe"]}, "show_if.any_of: maybe is no answer to Y6.1"),
        ({"question": "Y1.1", "any_of": ["8"]}, "show_if.any_of: 8 is no answer to Y1.1"),
        ({"question": "V1", "any_of": ["x"]}, "show_if.any_of: x is no answer to V1"),
        ({"question": "P1", "any_of": ["lt1"]}, "no page before asks P1, which Y6F needs"),
        ({"question": "Y6.2", "any_of": ["yes"]}, "no page before asks Y6.2, which Y6F needs"),
    ],
)
def test_conditions_that_cannot_hold_are_named(show_if, text):
    assert text in broken(lambda blocks, _forms: blocks["Y6F"].update(show_if=show_if))


def test_sections_that_cannot_be_split_are_named():
    def change(_blocks: Any, forms: Any) -> None:
        forms[0]["sections"][0]["first_for_half"] = True
        forms[1]["sections"][0]["halved"] = True

    text = broken(change)
    assert "sections[0].first_for_half: only a page of blocks can come first" in text
    assert "sections[0].halved: only all items of dimensions can be halved" in text


def test_placeholders_of_attributes_need_words_for_those_without():
    content = in_english()
    content["blocks"][0]["items"][0]["wordings"]["customer"] = "And in {attribute:branch|your branch}?"
    form = parse_instrument(content).form("customers-standard")
    page = next(page for page in form.pages if page.key == "flow")
    assert page.placeholders == ("{attribute:branch|your branch}",)
    assert "And in <b>?" in [q.text for q in page.with_texts(lambda _found: "<b>").questions]
    text = broken(lambda blocks, _forms: blocks["F1"].update(name="{attribute:branch}"))
    assert "the only placeholders are {company} and {attribute:name|words without it}" in text
