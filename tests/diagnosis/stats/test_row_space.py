"""Sums of small groups that follow from published sums are found, whatever the way."""

from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

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


def solvable_by_trying(published: list[np.ndarray]) -> bool:
    """Every set of 1-4 persons against the rank of the groups, person by person."""
    groups = np.array(published, dtype=float)
    rank = np.linalg.matrix_rank(groups)
    persons = range(groups.shape[1])
    sets = (chosen for many in range(1, 5) for chosen in combinations(persons, many))
    return any(
        np.linalg.matrix_rank(np.vstack([groups, np.isin(persons, chosen)])) == rank for chosen in sets
    )


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 100_000), st.integers(6, 11), st.integers(1, 6), st.sampled_from([0.3, 0.5, 0.8]))
def test_the_search_finds_what_trying_every_set_finds(seed: int, n: int, n_groups: int, share: float) -> None:
    drawn = np.random.default_rng(seed).random((n_groups, n)) < share
    published = [group for group in drawn if group.any()]
    assert is_any_small_group_solvable(published) == (bool(published) and solvable_by_trying(published))


def test_many_small_cells_are_searched_too() -> None:
    codes = np.arange(1_000)
    groups = [codes % many == rest for many in (7, 8, 9, 10) for rest in range(many)]
    assert not is_any_small_group_solvable(groups)
    assert is_any_small_group_solvable([*groups, np.arange(1_000) >= 3])


def test_many_groups_are_told_apart() -> None:
    nested = [mask(400, *range(6 * (place + 1))) for place in range(64)]
    assert not is_any_small_group_solvable(nested)
    assert is_any_small_group_solvable([*nested, mask(400, *range(10))])


def test_two_cells_that_are_only_known_together_are_found() -> None:
    everybody = np.ones(20, dtype=np.bool_)
    assert is_any_small_group_solvable([everybody, mask(20, *range(16)), mask(20, *range(10, 18))])


def test_two_small_cells_that_are_known_as_six_persons_may_be() -> None:
    everybody = np.ones(22, dtype=np.bool_)
    assert not is_any_small_group_solvable([everybody, mask(22, *range(16)), mask(22, *range(10, 19))])
