"""The second built-in instrument: other scale, one audience, items of their own on each side of the gap."""

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest

from surveys.instruments import Instrument, InstrumentError, load_builtin, parse_instrument

Content = dict[str, Any]


@pytest.fixture
def ecsi() -> Instrument:
    return load_builtin("ecsi")


def test_it_asks_customers_only_from_1_to_10(ecsi: Instrument) -> None:
    assert [audience.code for audience in ecsi.audiences] == ["customers"]
    assert {(slot.scale.low, slot.scale.high) for form in ecsi.forms for slot in form.slots} == {(1, 10)}
    assert (ecsi.pairing, ecsi.level_scale.span) == ("dimension", 9)
    assert [gap.code for gap in ecsi.gaps] == ["E1"]
    assert ecsi.waterfall.steps == ()


def test_each_side_of_the_gap_has_items_of_its_own(ecsi: Instrument) -> None:
    quality = ecsi.dimension("QU")
    assert [item.code for item in quality.items_of("CE")] == [f"EX{n}" for n in range(1, 6)]
    assert [item.code for item in quality.items_of("CP")] == [f"PQ{n}" for n in range(1, 8)]
    form = ecsi.form_for("customers")
    assert form.states == ("CE", "CP")
    assert len(form.core_slots) == 12
    page = form.page("qu")
    assert [len(question.slots) for question in page.questions] == [1] * 12
    assert {"CE.EX5", "CP.PQ7", "SA4", "CO1"} <= set(form.slot_index)
    assert "CP.EX1" not in form.slot_index


def test_outcomes_are_constructs_with_their_own_scales(ecsi: Instrument) -> None:
    sizes = {block.construct: len(block.items) for block in ecsi.outcomes}
    assert sizes == {"image": 5, "value": 4, "satisfaction": 4, "complaints": 1, "loyalty": 4}


def test_it_survives_the_way_through_json(ecsi: Instrument) -> None:
    assert parse_instrument(json.loads(json.dumps(ecsi.as_dict()))) == ecsi


BROKEN: dict[str, tuple[Callable[[Content], object], str]] = {
    "unknown state": (
        lambda c: c["dimensions"][0]["items"][0].update(states=["XX"]),
        "dimensions[QU].items[EX1].states: there is no state XX",
    ),
    "own items in a model that pairs items": (
        lambda c: c.update(pairing="item"),
        "dimensions[QU].items[EX1].states: items are paired, so every state asks all of them",
    ),
    "a side without items": (
        lambda c: [item.update(states=["CE"]) for item in c["dimensions"][0]["items"]],
        "forms[customers-standard].sections[0].states: QU has no item that is asked in CP",
    ),
    "a total that leads elsewhere": (
        lambda c: c["waterfall"].update(end="CE"),
        "waterfall.total: E1 does not lead from CE to CE",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_what_does_not_fit_is_named(ecsi: Instrument, name: str) -> None:
    change, problem = BROKEN[name]
    content = copy.deepcopy(ecsi.as_dict())
    change(content)
    with pytest.raises(InstrumentError) as caught:
        parse_instrument(content, "broken")
    assert problem in caught.value.problems
