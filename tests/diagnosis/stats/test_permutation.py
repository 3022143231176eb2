"""The draws of the permutation tests: every set equally likely, the same for the same numbers of persons."""

import numpy as np
import pytest

from diagnosis.stats.columns import Column
from diagnosis.stats.gaps import welch_gap
from diagnosis.stats.permutation import _members, _random_subsets, studentized_permutation
from diagnosis.stats.results import GapEstimate


def test_every_set_of_places_is_equally_likely() -> None:
    drawn = _random_subsets(3, 6, 40_000, 5)
    assert (np.diff(drawn, axis=1) > 0).all()
    assert drawn.min() == 0
    assert drawn.max() == 5
    counts = np.unique(drawn @ np.array([36, 6, 1]), return_counts=True)[1]
    assert counts.size == 20
    np.testing.assert_allclose(counts, 2_000, atol=5 * np.sqrt(2_000))


def test_the_same_numbers_share_their_draws() -> None:
    assert _random_subsets(30, 80, 500, 1) is _random_subsets(30, 80, 500, 1)
    assert not np.array_equal(_random_subsets(30, 80, 500, 1), _random_subsets(30, 80, 500, 2))


def test_two_sides_of_twenty_and_more_are_permuted_only_where_it_can_change_the_word() -> None:
    random = np.random.default_rng(3)
    few, many = random.normal(4.0, 1.0, 30), random.normal(4.0, 1.0, 200)
    for shift, is_permuted in ((0.0, False), (0.55, True), (3.0, False)):
        found = welch_gap(few + shift - few.mean() + many.mean(), many, scale_range=20)
        assert isinstance(found, GapEstimate)
        assert (found.permutation_p is not None) == is_permuted
        plain = studentized_permutation(Column(few + shift - few.mean() + many.mean()), Column(many)).p_value
        assert plain > 0.5 if shift == 0.0 else plain < 0.05
    assert welch_gap(few[:19] + 9.0, many, scale_range=20).permutation_p is not None  # type: ignore[union-attr]


def test_a_side_of_very_many_persons_is_permuted_as_any_other() -> None:
    random = np.random.default_rng(6)
    few, many = random.normal(4.3, 1.0, 25), random.normal(4.0, 1.0, 60_000)
    subsets = _random_subsets(25, 60_025, 4_999, 1)
    np.testing.assert_array_equal(_members(few, many, subsets), np.concatenate([few, many])[subsets])
    found = studentized_permutation(Column(few), Column(many))
    plain = welch_gap(few, many, scale_range=20)
    assert isinstance(plain, GapEstimate)
    assert found.p_value == pytest.approx(plain.p_value, abs=0.03)
