"""No group of one to four customers can be computed from all groups shown together, nested attributes included."""

from dataclasses import replace

import numpy as np
import pytest

from diagnosis.analysis import analyse
from diagnosis.result import Result
from diagnosis.stats.row_space import is_any_small_group_solvable
from surveys.disclosure import minimum_for, suppress_split
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

COMPLETE = replace(SAMPLE_TRUTH, careless_share=0.0, no_standard=0.0, missing_share=0.0, cannot_judge={})


def mask(n: int, *members: int) -> np.ndarray:
    return np.isin(np.arange(n), members)


def shown_masks(result: Result, rows: list[dict[str, str]]) -> list[np.ndarray]:
    assert result.coverage is not None
    return [np.ones(len(rows), dtype=np.bool_)] + [
        np.array([row.get(group.attribute) == group.value for row in rows])
        for group in result.coverage.attributes
        if group.n is not None
    ]


def test_an_attribute_nested_in_another_is_hidden_when_the_difference_is_small() -> None:
    rows = [{"a_region": "North" if i < 30 else "South", "b_size": "Large" if i < 27 else "Small"}
            for i in range(60)]  # fmt: skip
    frames = draw_frames(
        COMPLETE, 3, {"customers": 60, "managers": 12, "front_line": 30}, {"customers": rows}
    )
    result = analyse(die_crm(), frames)
    assert result.coverage is not None
    shown = {(group.attribute, group.value): group.n for group in result.coverage.attributes}
    assert shown["a_region", "North"] == 30
    assert shown["b_size", "Large"] is None
    assert shown["b_size", "Small"] is None
    assert not is_any_small_group_solvable(shown_masks(result, rows))


@pytest.mark.parametrize("n", [12, 40, 100])
def test_all_groups_of_a_diagnosis_together_give_no_small_group_away(n: int) -> None:
    draw = np.random.default_rng(n)
    rows = [
        {"a": str(draw.choice(["x", "y", "z"], p=[0.5, 0.3, 0.2])), "b": str(draw.choice(["u", "v"]))}
        for _ in range(n)
    ]
    sizes = {"customers": n, "managers": 8, "front_line": 12}
    result = analyse(die_crm(), draw_frames(COMPLETE, n, sizes, {"customers": rows}))
    assert not is_any_small_group_solvable(shown_masks(result, rows))


@pytest.mark.parametrize("n", [6, 12, 40, 100, 300])
def test_suppression_of_one_split_never_lets_a_small_group_be_solved(n: int) -> None:
    for seed in range(100):
        draw = np.random.default_rng(seed)
        values = draw.choice(5, n, p=draw.dirichlet(np.ones(5)))
        for least in (minimum_for("customers", subgroup=True), minimum_for("managers")):
            counts = {str(value): int((values == value).sum()) for value in range(5)}
            hidden = suppress_split(counts, least)
            shown = [values == int(value) for value in counts if value not in hidden]
            assert not is_any_small_group_solvable([np.ones(n, dtype=np.bool_), *shown])
