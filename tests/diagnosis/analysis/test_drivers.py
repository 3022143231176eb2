"""Drivers of a wave: what was built in is found, what a composite hides is named, what is missing is said in words."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from diagnosis import driver_figures
from diagnosis.analysis import analyse
from diagnosis.analysis.drivers import _importance, _masked, missing_text
from diagnosis.driver_result import DriverRow, Drivers, OutcomeDrivers
from diagnosis.frames import Frames
from diagnosis.result import Result
from diagnosis.stats.results import NotEnough
from diagnosis.tables import result_tables
from surveys.disclosure import MIN_GROUP
from surveys.instruments import MISSING
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames
from tests.factories.documents import sample_result


def drivers_of(result: Result) -> Drivers:
    assert result.drivers is not None
    return result.drivers


def analysed(customers: int) -> Result:
    return analyse(
        die_crm(), draw_frames(SAMPLE_TRUTH, 7, {"customers": customers, "managers": 12, "front_line": 45})
    )


def test_every_outcome_is_modelled_and_importance_joins_both_kinds() -> None:
    result = Result.from_json(sample_result())
    drivers = drivers_of(result)
    assert [one.block for one in drivers.outcomes] == ["Y1", "Y3", "Y4"]
    for one in (drivers.together, *drivers.outcomes):
        assert one.reason is None
        assert sum(row.share for row in one.rows) == pytest.approx(1.0)
        assert sorted(row.rank for row in one.rows) == list(range(1, 10))
    importance = result.importance
    assert importance.kind == "both"
    assert importance.stated is not None
    assert importance.derived == drivers.importance
    assert sum(importance.weights.values()) == pytest.approx(1.0)
    for code, weight in importance.weights.items():
        assert weight == pytest.approx((importance.stated[code] + importance.derived[code]) / 2.0)
    assert drivers.path is not None
    assert drivers.path.indirect == pytest.approx(np.prod([link.beta for link in drivers.path.links]))


def test_few_customers_leave_stated_importance_alone_and_say_what_is_needed() -> None:
    result = analysed(60)
    drivers = drivers_of(result)
    assert drivers.importance is None
    assert result.importance.kind == "stated"
    assert drivers.together.reason is not None
    assert "100" in drivers.together.reason
    content = result.to_json()
    assert driver_figures.drivers_title(content, die_crm()).startswith("What goes with")
    notes = driver_figures.driver_notes(content, die_crm())
    assert any("All outcomes together" in note and "100" in note for note in notes)
    assert any("200" in note for note in notes)


def test_many_customers_have_asymmetry_and_a_surface() -> None:
    result = analysed(700)
    drivers = drivers_of(result)
    assert len(drivers.asymmetry) == 9
    assert drivers.asymmetry_reason is None
    assert [row.code for row in drivers.surface] == ["a1", "a2", "a3", "a4"] or drivers.surface_reason
    tables = {table.name: table for table in result_tables(result, die_crm())}
    assert len(tables["Drivers"].rows) == 4 * 9
    assert len(tables["Penalty and reward"].rows) == 9


def test_without_customers_there_are_no_drivers() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {"managers": 12, "front_line": 45})
    assert analyse(die_crm(), frames).drivers is None
    assert analyse(die_crm(), Frames("die-crm", die_crm().version, {})).drivers is None


def row(
    dimension: str, rank: int, *, r: float = 0.5, low: int | None = None, high: int | None = None
) -> DriverRow:
    return DriverRow(dimension, 0.1, 0.05, 0.2, rank, low or rank, high or rank, 0.1, r, 0.2, 1.5)


def test_what_the_composite_hides_is_named() -> None:
    together = OutcomeDrivers("", "All", 200, 0.5, 0.4, (row("R1", 1), row("R2", 2), row("R3", 5)))
    single = OutcomeDrivers(
        "Y1", "Satisfaction", 200, 0.5, 0.4, (row("R1", 4), row("R2", 2, r=-0.3), row("R3", 2, low=1, high=6))
    )
    found = _masked([single], together)
    assert [(one.dimension, one.kind) for one in found] == [("R1", "rank"), ("R2", "sign")]
    content: dict[str, Any] = sample_result() | {}
    drivers = dict(content["drivers"])
    drivers["masked"] = [
        {
            "dimension": one.dimension,
            "block": one.block,
            "kind": one.kind,
            "rank": one.rank,
            "rank_together": one.rank_together,
        }
        for one in found
    ]
    notes = driver_figures.driver_notes(content | {"drivers": drivers}, die_crm())
    assert any("other direction" in note for note in notes)
    assert any("number 4" in note for note in notes)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (NotEnough("too_few", 40, 100), "needs 100 persons"),
        (NotEnough("no_variation", 200, 100), "same answer"),
        (NotEnough("not_defined", 200, 100), "repeat each other"),
    ],
)
def test_reasons_are_sentences(answer: NotEnough, words: str) -> None:
    assert words in missing_text(answer)


@pytest.mark.parametrize("n", range(6))
def test_a_reason_never_counts_fewer_than_five_persons(n: int) -> None:
    text = missing_text(NotEnough("too_few", n, 100))
    assert "100 persons" in text
    assert ("fewer have them" in text) == (n < MIN_GROUP)
    assert (f", {n} " in text) == (n >= MIN_GROUP)


def test_a_hidden_outcome_is_not_counted_by_its_drivers() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {"customers": 60, "managers": 12, "front_line": 45})
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    columns = [place for place, slot in enumerate(customers.slots) if slot.startswith("Y")]
    scores[3:, columns] = MISSING
    asked = {**frames.audiences, "customers": replace(customers, scores=scores)}
    result = analyse(die_crm(), replace(frames, audiences=asked))
    hidden = {row.code for row in result.outcomes if row.audience == "customers" and row.mean.suppressed}
    assert hidden >= {"Y1", "Y3", "Y4"}
    drivers = drivers_of(result)
    assert drivers.path is not None
    reasons = [one.reason for one in (drivers.together, *drivers.outcomes, drivers.path)]
    for reason in (*reasons, drivers.asymmetry_reason, drivers.surface_reason):
        assert reason is not None
        assert "fewer have them" in reason


def test_the_map_names_what_matters_and_surely_falls_short() -> None:
    content = sample_result()
    title = driver_figures.map_title(content, die_crm())
    assert "fall short" in title
    calm = content | {"priorities": [one | {"certainty": "undecided"} for one in content["priorities"]]}
    assert driver_figures.map_title(calm, die_crm()).startswith("No dimension both")
    for kind, words in {
        "both": "mean of what",
        "stated": "ticked",
        "derived": "nobody was asked",
        "equal": "equal",
    }.items():
        note = driver_figures.importance_note({"importance": {"kind": kind, "n": 5}})
        assert words in note


def test_a_dimension_that_goes_in_the_other_direction_weighs_nothing() -> None:
    together = OutcomeDrivers("", "All", 200, 0.5, 0.4, (row("R1", 1), row("R2", 2, r=-0.4), row("R3", 3)))
    assert _importance(together) == {"R1": 0.5, "R2": 0.0, "R3": 0.5}
    against = OutcomeDrivers("", "All", 200, 0.5, 0.4, (row("R1", 1, r=-0.2),))
    assert _importance(against) is None
