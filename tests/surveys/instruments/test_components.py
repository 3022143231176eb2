"""Short and pulse forms, and the optional parts: all are data, and what is off appears nowhere."""

import json

import pytest

from surveys.instruments import (
    Instrument,
    InstrumentError,
    builtin_components,
    load_builtin,
    parse_instrument,
)

ALL = frozenset({"personal-bond", "voice", "three-columns", "disconfirmation"})
OPTIONAL_DIMENSIONS = ("R10", "R11")


def with_parts(*codes: str) -> Instrument:
    return load_builtin("die-crm", frozenset(codes))


def test_the_parts_on_offer() -> None:
    assert [part.code for part in builtin_components("die-crm")] == [
        "personal-bond", "voice", "three-columns", "disconfirmation", "recovery",
    ]  # fmt: skip
    assert builtin_components("ecsi") == ()


def test_nothing_optional_unless_switched_on() -> None:
    text = json.dumps(with_parts().as_dict())
    assert not any(word in text for word in ('"R10', '"R11', '"Y5', '"components"'))
    assert with_parts().gap("E1").also == ()


def test_short_form_asks_two_statements_of_each_dimension() -> None:
    form = with_parts().form("customers-short")
    assert form.states == ("CE", "CP")
    assert len(form.core_slots) == 36
    assert 6 <= form.minutes <= 7


def test_pulse_asks_nine_perceptions_on_one_page_and_satisfaction() -> None:
    form = with_parts().form("customers-pulse")
    assert form.states == ("CP",)
    assert len(form.core_slots) == 9
    assert [slot.code for slot in form.slots if not slot.state] == ["Y1.1", "Y1.2", "Y1.3"]
    assert [page.key for page in form.pages] == ["today", "outcomes"]
    assert form.minutes == 2


def test_staff_short_forms_stay_parallel_to_the_customers() -> None:
    instrument = with_parts()
    asked = {slot.item for slot in instrument.form("customers-short").slots if slot.state == "CE"}
    for code in ("managers-short", "front-line-short", "crm-team-short"):
        form = instrument.form(code)
        for state in form.states:
            assert {slot.item for slot in form.slots if slot.state == state} == asked


@pytest.mark.parametrize("part", [("personal-bond", "R10"), ("voice", "R11")])
def test_optional_dimension_reaches_every_form_at_once(part: tuple[str, str]) -> None:
    code, dimension = part
    instrument = with_parts(code)
    assert [entry.code for entry in instrument.dimensions][-1] == dimension
    for plan in instrument.definition.forms:
        n_items = {"standard": 3, "short": 2, "pulse": 1, "split": 3}[plan.variant]
        form = instrument.form(plan.code)
        for state in form.states:
            assert sum(slot.state == state and slot.group == dimension for slot in form.slots) == n_items
    assert dimension in [
        option.value for option in instrument.form_for("customers").page("about-you").questions[0].options
    ]


def test_three_columns_stand_in_the_order_of_the_method() -> None:
    form = with_parts("three-columns").form_for("customers")
    assert [slot.code for slot in form.slots[:3]] == ["CE.R1.1", "CA.R1.1", "CP.R1.1"]
    assert form.states == ("CE", "CA", "CP")
    assert len(form.core_slots) == 81
    assert form.slots[1].role == "minimum"
    assert form.page("r1").intro.endswith("What is the lowest level you would still accept?")
    assert "lowest" not in with_parts().form_for("customers").page("r1").intro
    others = [entry for entry in with_parts("three-columns").forms if entry.audience != "customers"]
    assert all("CA" not in entry.states for entry in others)


def test_direct_disconfirmation_asks_each_dimension_once() -> None:
    for parts, n in ((("disconfirmation",), 9), (("disconfirmation", "voice"), 10)):
        questions = with_parts(*parts).form_for("customers").page("compared").questions
        assert len(questions) == n + 1
        assert {question.slots[0].scale.low for question in questions} == {-3}


def test_time_grows_with_what_is_switched_on() -> None:
    assert with_parts().form_for("customers").minutes == 10
    assert with_parts("three-columns").form_for("customers").minutes == 13
    assert with_parts(*ALL).form_for("managers").minutes > 15


def test_frozen_copy_holds_its_parts_and_reads_back() -> None:
    whole = with_parts(*ALL)
    again = parse_instrument(json.loads(json.dumps(whole.as_dict())))
    assert again == whole
    assert [part.code for part in again.components] == [part.code for part in whole.components]
    some = with_parts("voice")
    assert [part.code for part in some.components] == ["voice"]
    assert parse_instrument(some.as_dict()) == some


def test_unknown_part_is_named() -> None:
    with pytest.raises(InstrumentError, match="there is no component R12"):
        with_parts("R12")
