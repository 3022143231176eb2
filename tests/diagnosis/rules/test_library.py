"""The action library is complete, refers to what exists, and refuses what does not."""

import copy
from collections import Counter
from collections.abc import Callable
from importlib.resources import files
from typing import Any

import pytest

from diagnosis.rules.library import (
    LibraryError,
    load_library,
    load_readings,
    load_sources,
    parse_library,
    reading_for,
)
from surveys.instruments import load_builtin, parse_yaml

PER_GAP = {
    "D1": 7, "D2": 7, "D3": 5, "D4": 6, "I1": 9, "I2": 6, "I3": 4, "I4": 7,
    "E1": 23, "E2": 4, "E3": 4, "E4": 4, "EV": 7,
}  # fmt: skip


def test_counts_of_the_method() -> None:
    entries = load_library()
    assert len(entries) == 93
    assert Counter(entry.gap for entry in entries) == PER_GAP
    assert [entry.id for entry in entries if entry.gap == "D3"] == [f"D3-0{k}" for k in range(1, 6)]


def test_every_entry_has_a_condition_or_a_question() -> None:
    for entry in load_library():
        assert entry.when or entry.ask
        assert entry.is_check_first == bool(entry.ask)
        assert not entry.ask or entry.ask.endswith("?")
        assert entry.when is None or entry.when.gap == entry.gap
        assert entry.stage == {"D": "design", "I": "implementation", "E": "evaluation"}[entry.gap[0]]
        assert {entry.effort_level, entry.impact_level} <= {1, 2, 3}


def test_texts_fit_the_tables_and_hold_no_working_notes() -> None:
    for entry in load_library():
        assert max(len(entry.action), len(entry.cause), len(entry.ask)) <= 240
        assert len(entry.owner) <= 120
        assert len(entry.evidence) <= 300
        assert not any(key.startswith("row") for key in entry.basis)


def test_every_dimension_has_an_action_the_data_can_call() -> None:
    covered = {
        dimension
        for entry in load_library()
        if entry.gap == "E1" and entry.when and not entry.ask
        for dimension in entry.when.dimensions
    }
    assert covered == {dimension.code for dimension in load_builtin("die-crm").dimensions}


def test_items_of_a_condition_belong_to_its_dimensions() -> None:
    for entry in load_library():
        if entry.when and entry.when.items:
            assert {item.split(".")[0] for item in entry.when.items} <= set(entry.when.dimensions)


def test_every_gap_can_be_read_in_every_direction() -> None:
    for gap in load_builtin("die-crm").gaps:
        if gap.kind != "coherence":
            assert reading_for(gap.code, "negative").causes
            assert reading_for(gap.code, "positive").checks
    for ahead in ("RO", "RT", "RH"):
        for behind in {"RO", "RT", "RH"} - {ahead}:
            assert reading_for("I2", "positive", (ahead, behind)).meaning
    assert len(load_readings()) == 11 * 2 + 6
    with pytest.raises(KeyError):
        reading_for("I2", "negative")


def test_every_source_is_used() -> None:
    assert {key for entry in load_library() for key in entry.basis} == set(load_sources())


@pytest.fixture
def content() -> list[dict[str, Any]]:
    text = (files("diagnosis.rules") / "actions/1_design.yaml").read_text(encoding="utf-8")
    actions: list[dict[str, Any]] = parse_yaml(text)["actions"]
    return copy.deepcopy(actions)


BROKEN: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "owner": (lambda e: e.pop("owner"), "actions[D1-01].owner: is missing"),
    "unknown key": (lambda e: e.update(cost=1), "actions[D1-01].cost: is not known here"),
    "effort": (lambda e: e.update(effort="X"), "actions[D1-01].effort: expected one of L, M, H; found 'X'"),
    "gap": (lambda e: e.update(gap="D9"), "actions[D1-01].gap: there is no gap D9"),
    "id": (lambda e: e.update(gap="D2"), "actions[D1-01].id: must begin with D2-"),
    "twice": (lambda e: e.update(id="D1-02"), "actions[D1-02]: the id is used 2 times"),
    "no condition": (lambda e: e.pop("when"), "actions[D1-01]: needs when or ask"),
    "source": (lambda e: e.update(basis=["XX99"]), "actions[D1-01].basis: there is no source XX99"),
    "direction": (
        lambda e: e["when"].update(direction="down"),
        "actions[D1-01].when.direction: expected one of negative, positive, any; found 'down'",
    ),
    "factor": (lambda e: e["when"].update(factor="O9"), "actions[D1-01].when.factor: there is no O9"),
    "limit": (
        lambda e: e["when"].pop("below"),
        "actions[D1-01].when.below: a factor needs a limit above 0 and up to 100, and a limit needs a factor",
    ),
    "dimension": (
        lambda e: e["when"].update(dimensions=["R12"]),
        "actions[D1-01].when.dimensions: there is no R12",
    ),
    "pillars": (
        lambda e: e["when"].update(pillars=[["RT"]], at_least=15),
        "actions[D1-01].when.pillars: write pairs [ahead, behind]",
    ),
    "state": (
        lambda e: e["when"].update(disagreement="XX"),
        "actions[D1-01].when.disagreement: there is no XX",
    ),
    "share": (
        lambda e: e["when"].update(dimension_shortfall_share=8),
        "actions[D1-01].when.dimension_shortfall_share: must be from 0 to 1",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_broken_entries_are_named(content: list[dict[str, Any]], name: str) -> None:
    change, expected = BROKEN[name]
    change(content[0])
    with pytest.raises(LibraryError) as caught:
        parse_library(content)
    assert expected in str(caught.value).splitlines()
