"""The built-in instrument holds what the method says."""

import json
from collections.abc import Mapping

import pytest

from surveys.instruments import Instrument, InstrumentError, Page, load_builtin, parse_instrument

GAPS = ["D1", "D2", "D3", "D4", "I1", "I2", "I3", "I4", "E1", "E2", "E3", "E4"]
STATES_OF_FORMS: Mapping[str, tuple[str, ...]] = {
    "customers-standard": ("CE", "CP"),
    "managers-standard": ("ME", "MP", "DS"),
    "front-line-standard": ("FE", "FD"),
    "crm-team-standard": ("DS",),
}
N_RATINGS = {
    "customers-standard": 54 + 16,
    "managers-standard": 81 + 30 + 8,
    "front-line-standard": 54 + 30,
    "crm-team-standard": 27 + 30,
}


@pytest.fixture
def instrument() -> Instrument:
    return load_builtin("die-crm")


def test_counts_of_the_method(instrument: Instrument) -> None:
    assert [dimension.code for dimension in instrument.dimensions] == [f"R{k}" for k in range(1, 10)]
    assert len(instrument.items) == 27
    assert len(instrument.factors) == 15
    assert sum(len(pillar.items) for pillar in instrument.pillars) == 30
    assert [pillar.code for pillar in instrument.pillars] == ["RO", "RT", "RH"]
    assert len(instrument.block("S1").items) == 8
    assert [gap.code for gap in instrument.gaps] == GAPS
    assert [item.code for block in instrument.blocks for item in block.items if item.reversed] == ["Y7.3"]


def test_marks_give_the_short_and_the_pulse_set(instrument: Instrument) -> None:
    assert sum(item.mark >= 1 for item in instrument.items) == 18
    assert sum(item.mark == 2 for item in instrument.items) == 9


def test_gaps_are_the_differences_of_the_method(instrument: Instrument) -> None:
    sides = {gap.code: (gap.later, gap.earlier) for gap in instrument.gaps if gap.kind == "difference"}
    assert sides == {
        "D1": ("ME", "CE"), "D2": ("DS", "ME"), "D3": ("FE", "CE"), "I1": ("FD", "DS"),
        "E1": ("CP", "CE"), "E2": ("CP", "CR"), "E3": ("MP", "CP"), "E4": ("CP", "FD"),
    }  # fmt: skip
    assert {gap.code for gap in instrument.gaps if gap.test == "paired"} == {"D2", "I2", "E1", "E2"}
    assert instrument.waterfall.steps == ("D1", "D2", "I1", "E4")


def test_patterns_of_the_method(instrument: Instrument) -> None:
    names = [pattern.name for pattern in instrument.patterns]
    assert len(names) == 10
    assert {"Tool without people", "Standards on paper", "Blind spot"} <= set(names)
    assert [pattern.name for pattern in instrument.patterns if pattern.add_on] == ["Blind spot"]


@pytest.mark.parametrize("code", STATES_OF_FORMS)
def test_forms_ask_what_the_method_says(instrument: Instrument, code: str) -> None:
    form = instrument.form(code)
    assert form.states == STATES_OF_FORMS[code]
    assert form.n_ratings == N_RATINGS[code]
    assert len(form.core_slots) == 27 * len(form.states)
    assert instrument.form_for(form.audience) is form
    assert [slot.index for slot in form.slots] == list(range(form.n_ratings))
    assert form.slot_index == {slot.code: slot.index for slot in form.slots}
    assert len(form.slot_index) == form.n_ratings


def test_slots_of_one_item_stand_side_by_side(instrument: Instrument) -> None:
    codes = [slot.code for slot in instrument.form("customers-standard").slots]
    assert codes[:4] == ["CE.R1.1", "CP.R1.1", "CE.R1.2", "CP.R1.2"]
    assert instrument.form("managers-standard").slots[0].code == "ME.R1.1"
    assert "RA.O1.1" in instrument.form("crm-team-standard").slot_index


def test_readiness_is_asked_by_the_same_slots_of_all_staff(instrument: Instrument) -> None:
    readiness = {
        code: [slot.code for slot in instrument.form(code).slots if slot.state == "RA"]
        for code in STATES_OF_FORMS
    }
    assert readiness["customers-standard"] == []
    assert (
        readiness["managers-standard"] == readiness["front-line-standard"] == readiness["crm-team-standard"]
    )
    assert len(readiness["managers-standard"]) == 30


def test_one_page_per_dimension_with_a_human_title(instrument: Instrument) -> None:
    n_items = {"standard": 3, "short": 2}
    for plan in instrument.definition.forms:
        if plan.variant in n_items:
            pages = [page for page in instrument.form(plan.code).pages if page.kind == "dimension"]
            assert [page.group for page in pages] == [dimension.code for dimension in instrument.dimensions]
            assert all(len(page.questions) == n_items[plan.variant] for page in pages)
    assert instrument.form_for("customers").page("r6").title == "When something goes wrong"


def test_no_standard_is_an_answer_about_standards_only(instrument: Instrument) -> None:
    for form in instrument.forms:
        assert {slot.state for slot in form.slots if slot.no_standard} <= {"DS"}
    assert all(slot.no_standard for slot in instrument.form("crm-team-standard").slots if slot.state == "DS")


def test_wording_follows_the_audience(instrument: Instrument) -> None:
    customers = instrument.form("customers-standard").page("r4").questions[1].text
    staff = instrument.form("front-line-standard").page("r4").questions[1].text
    assert customers == "Advising you honestly even if the company earns less"
    assert staff == "Advising customers honestly even if we earn less"


def test_minutes_are_near_seven_seconds_a_rating(instrument: Instrument) -> None:
    for form in instrument.forms:
        assert form.n_ratings * 7 / 60 <= form.minutes + 0.5
        assert form.minutes <= form.n_ratings * 9 / 60 + 2


def test_company_is_put_in_by_replacing_only(instrument: Instrument) -> None:
    for form in instrument.forms:
        for page in form.pages:
            assert "{" not in "".join(texts_of(page.for_company("Alpenbank")))
    page = instrument.form("customers-standard").page("r1").for_company("Alp {0.x} & Co")
    assert page.questions[0].slots[1].label == "Alp {0.x} & Co: what you get today"


def texts_of(page: Page) -> list[str]:
    labels = [slot.label for question in page.questions for slot in question.slots]
    options = [option.label for question in page.questions for option in question.options]
    return [page.title, page.intro, *(q.text + q.help for q in page.questions), *labels, *options]


def test_json_round_trip(instrument: Instrument) -> None:
    content = json.loads(json.dumps(instrument.as_dict()))
    again = parse_instrument(content)
    assert again == instrument
    assert again.as_dict() == instrument.as_dict()


def test_unknown_builtin_is_named() -> None:
    with pytest.raises(InstrumentError, match="nothing: 1 problem\n- no built-in instrument"):
        load_builtin("nothing")


@pytest.mark.parametrize(
    "find", ["form", "form_for", "state", "dimension", "gap", "factor", "block", "audience"]
)
def test_unknown_codes_raise_key_errors(instrument: Instrument, find: str) -> None:
    with pytest.raises(KeyError, match="X9"):
        getattr(instrument, find)("X9")
