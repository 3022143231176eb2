"""Sums of small groups that follow from published sums are found, whatever the way."""

import numpy as np

from diagnosis.stats.row_space import is_any_small_group_solvable


def mask(n: int, *members: int) -> np.ndarray:
    return np.isin(np.arange(n), members)


def test_differences_and_sums_of_differences_are_found() -> None:
    everybody = np.ones(20, dtype=np.bool_)
    assert not is_any_small_group_solvable([])
    assert not is_any_small_group_solvable([everybody])
    assert not is_any_small_group_solvable([everybody, mask(20, *range(5))])
    assert is_any_small_group_solvable([everybody, mask(20, *range(4))])
    assert is_any_small_group_solvable([mask(20, *range(12)), mask(20, *range(9))])
    overlapping = [mask(20, *range(10)), mask(20, *range(5, 16)), mask(20, *range(1, 16))]
    assert not is_any_small_group_solvable(overlapping[:2])
    assert is_any_small_group_solvable([mask(8, 0, 1, 2, 3, 4), mask(8, 4, 5, 6, 7), mask(8, *range(8))])


def test_more_small_cells_than_can_be_searched_count_as_solvable() -> None:
    codes = np.arange(64)
    assert is_any_small_group_solvable([(codes >> bit) % 2 == 1 for bit in range(6)])


def test_many_groups_are_told_apart() -> None:
    nested = [mask(400, *range(6 * (place + 1))) for place in range(64)]
    assert not is_any_small_group_solvable(nested)
    assert is_any_small_group_solvable([*nested, mask(400, *range(10))])


def test_two_cells_that_are_only_known_together_are_found() -> None:
    everybody = np.ones(20, dtype=np.bool_)
    assert is_any_small_group_solvable([everybody, mask(20, *range(16)), mask(20, *range(10, 18))])
