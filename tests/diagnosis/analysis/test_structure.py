"""How good the scales are: figures, conditions in words, hidden audiences, tables and the round trip of the result."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest

from diagnosis.analysis import analyse
from diagnosis.analysis.study import Study
from diagnosis.frames import Frames
from diagnosis.result import Result
from diagnosis.stats.omega import OmegaEstimate, omega_interval
from diagnosis.stats.results import NotEnough
from diagnosis.stats.validity import heterotrait_ratio
from diagnosis.structure_figures import structure_context, structure_tables, why_not
from diagnosis.structure_result import (
    Congruence,
    DifferenceCheck,
    ItemCheck,
    RangeFlag,
    Separation,
    StructureResult,
)
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

SIZES = {"customers": 450, "managers": 12, "front_line": 60, "crm_team": 8}


@cache
def sample(customers: int = 450) -> tuple[Frames, Result]:
    parts = [{"segment": "small" if row % 2 else "large"} for row in range(customers)]
    frames = draw_frames(SAMPLE_TRUTH, 7, {**SIZES, "customers": customers}, {"customers": parts})
    return frames, analyse(die_crm(), frames)


def structure(customers: int = 450) -> StructureResult:
    found = sample(customers)[1].structure
    assert found is not None
    return found


def test_omega_and_items_of_every_shown_scale() -> None:
    rows = structure().scales
    assert {row.audience for row in rows} >= {"customers", "front_line"}
    row = next(row for row in rows if (row.state, row.dimension) == ("CE", "R1"))
    assert row.omega is not None
    assert row.ci_low is not None
    assert row.ci_high is not None
    assert row.ci_low < row.omega < row.ci_high
    alpha = next(
        each for each in sample()[1].reliability if (each.state, each.dimension) == ("CE", "R1")
    ).alpha
    assert row.omega == pytest.approx(alpha, abs=0.05)
    assert len(row.items) == 3


def test_gap_scores_are_less_reliable_than_their_parts() -> None:
    result = sample()[1]
    alphas = {(row.state, row.dimension): row.alpha for row in result.reliability}
    for row in structure().differences:
        parts = [alphas[state, row.dimension] for state in ("CE", "CP")]
        assert row.reliability is not None
        assert row.reliability < max(part for part in parts if part is not None)
        assert row.is_weak == (row.reliability < 0.7)


def test_structure_needs_two_hundred_answers_and_says_so() -> None:
    small = structure(120)
    assert small.separations == ()
    assert all(row.reason == "too_few" and row.needed == 200 for row in small.factors)
    assert all(row.reason == "too_few" for row in small.congruences)
    content = structure_context(sample(120)[1].to_json(), die_crm())["structure"]
    assert all("200" in row["why_not"] for row in content["factors"])
    assert all("two groups with 100" in row["why_not"] for row in content["congruences"])


def test_large_audiences_have_factors_pairs_and_congruence() -> None:
    found = structure()
    wanted = next(row for row in found.factors if row.state == "CE")
    assert wanted.kmo is not None
    assert wanted.factors is not None
    assert wanted.factors >= 1
    assert len([row for row in found.separations if row.state == "CE"]) == 36
    same = [row for row in found.congruences if row.state == "CE"]
    assert {row.attribute for row in same} == {"segment"}
    assert all(row.congruence is not None and row.congruence > 0.85 for row in same)


def test_hidden_audience_has_no_scale() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {**SIZES, "customers": 60, "managers": 3})
    found = analyse(die_crm(), frames).structure
    assert found is not None
    assert all(row.audience != "managers" for row in (*found.scales, *found.factors))


def test_ceiling_is_flagged_with_advice() -> None:
    frames = sample()[0]
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    for place, slot in enumerate(customers.slots):
        if slot.startswith("CE.R2."):
            scores[:, place] = np.where(np.arange(len(scores)) % 10 == 0, 6, 7)
    changed = replace(frames, audiences={**frames.audiences, "customers": replace(customers, scores=scores)})
    result = analyse(die_crm(), changed)
    assert result.structure is not None
    flag = next(row for row in result.structure.ranges if row.dimension == "R2")
    assert flag.at_ceiling
    advice = structure_context(result.to_json(), die_crm())["structure"]["advice"]
    assert any("R2" in text and "importance" in text for text in advice)


def test_every_warning_is_in_words() -> None:
    result = sample()[1]
    found = structure()
    bad = replace(
        found,
        differences=(DifferenceCheck("R1", 50, 0.5, is_weak=True, reason="", needed=0),),
        ranges=(RangeFlag("R3", 50, 5.0, 0.1, 0.4, at_ceiling=False, is_narrow=True),),
        separations=(Separation("CP", "R1", "R2", 0.97, is_separable=False),),
        congruences=(Congruence("CP", "R4", "segment", 2, 0.5, "different", "", 0),),
        scales=(replace(found.scales[0], items=(ItemCheck("R1.1", 0.1, None),)),),
    )
    weak = tuple(replace(row, band="weak") for row in result.reliability)
    content = structure_context(replace(result, structure=bad, reliability=weak).to_json(), die_crm())[
        "structure"
    ]
    text = " ".join(content["advice"])
    for part in ("R1", "below .70", "R3", "R1–R2 (CP)", "R4", "below .30"):
        assert part in text
    assert "unreliable" in content["title"]
    nothing = replace(bad, scales=(), differences=(), ranges=(), separations=(), congruences=())
    content = structure_context(replace(result, structure=nothing).to_json(), die_crm())["structure"]
    assert content["advice"] == []
    assert content["title"].startswith("Too few")


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("", ""),
        ("too_few", "needs 9"),
        ("no_variation", "same"),
        ("few_items", "three"),
        ("not_defined", "one-factor"),
    ],
)
def test_reasons_are_sentences(reason: str, words: str) -> None:
    assert words in why_not({"reason": reason, "needed": 9})


def test_a_reliability_of_few_answers_is_indicative_and_starts_no_advice() -> None:
    result = sample()[1]
    found = structure()
    few = replace(found.scales[0], n=29, items=(ItemCheck("R1.1", 0.1, None),))
    only = StructureResult("CE", "CP", (few,), (), (), (), (), ())
    content = structure_context(replace(result, structure=only).to_json(), die_crm())["structure"]
    assert content["scales"][0]["is_indicative"]
    assert content["advice"] == []
    assert content["title"].startswith("Too few")


def test_the_dimensions_view_names_ceiling_and_weak_gaps() -> None:
    content = structure_context(sample()[1].to_json(), die_crm())["structure"]
    assert "R3" in content["near_top"]
    weak = [row.dimension for row in structure().differences if row.is_weak]
    assert all(code in content["weak_gaps"] for code in weak)


def test_tables_and_round_trip() -> None:
    result = sample()[1]
    tables = structure_tables(result, die_crm())
    assert len(tables) == 8
    for table in tables:
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}
    assert Result.from_json(result.to_json()) == result
    assert structure_tables(replace(result, structure=None), die_crm()) == []


def test_loadings_that_cancel_have_no_interval() -> None:
    estimate = OmegaEstimate(100, 3, 0.0, 0.0, (0.5, -0.5, 0.0), (1.0, 1.0, 1.0))
    assert isinstance(omega_interval(estimate), NotEnough)


def test_pairs_from_one_matrix_are_those_of_each_pair() -> None:
    frames = sample()[0]
    study = Study(die_crm(), frames, 1)
    items = {code: [f"{code}.{number}" for number in (1, 2, 3)] for code in ("R1", "R4")}
    one, two = (study.ratings("customers", "CP", items[code]) for code in ("R1", "R4"))
    row = next(
        row for row in structure().separations if (row.state, row.first, row.second) == ("CP", "R1", "R4")
    )
    assert row.ratio == pytest.approx(heterotrait_ratio(one, two))


def test_a_constant_item_leaves_its_state_without_pairs() -> None:
    frames = sample()[0]
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    scores[:, customers.slots.index("CP.R1.1")] = 5
    changed = replace(frames, audiences={**frames.audiences, "customers": replace(customers, scores=scores)})
    found = analyse(die_crm(), changed).structure
    assert found is not None
    row = next(row for row in found.scales if (row.state, row.dimension) == ("CP", "R1"))
    assert (row.omega, row.reason) == (None, "no_variation")
    assert Result.from_json(replace(sample()[1], structure=found).to_json()).structure == found
