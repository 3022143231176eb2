"""The correction for skewness: its cumulants and its transformation, and what it takes away from false findings."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.columns import Column
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.permutation import studentized_permutation
from diagnosis.stats.results import GapEstimate
from diagnosis.stats.skewness import corrected_t, third_cumulant


def draw(n: int, seed: int) -> np.ndarray:
    return np.round(np.clip(7.0 - np.random.default_rng(seed).lognormal(0.0, 0.7, n), 1, 7), 2)


@pytest.mark.parametrize("n", [3, 12, 200])
def test_third_cumulant_is_the_unbiased_skewness_of_scipy(n: int) -> None:
    values = draw(n, n)
    expected = stats.skew(values, bias=False) * values.std(ddof=1) ** 3 * (n - 1) ** 1.5 / n**1.5
    expected *= (n / (n - 1)) ** 1.5
    assert third_cumulant(values) == pytest.approx(expected / n**2, rel=1e-9)
    assert third_cumulant(values, np.full(n, 2.5)) == pytest.approx(third_cumulant(values))


def test_two_persons_have_no_skewness() -> None:
    assert third_cumulant(np.array([1.0, 7.0])) == 0.0


@given(st.floats(-8, 8), st.floats(0.001, 3), st.floats(-1.5, 1.5))
def test_the_corrected_t_rises_with_t_and_turns_with_the_sides(t: float, step: float, g: float) -> None:
    assert corrected_t(t + step, g) > corrected_t(t, g)
    assert corrected_t(-t, -g) == pytest.approx(-corrected_t(t, g))
    assert corrected_t(t, 0.0) == t


def test_a_permutation_of_the_corrected_statistic_is_that_of_all_splits() -> None:
    later, earlier = draw(5, 1), draw(6, 2) - 1.0
    pooled = np.concatenate([later, earlier])

    def statistic(members: np.ndarray) -> float:
        one, two = pooled[members], np.delete(pooled, members)
        error = np.sqrt(one.var(ddof=1) / one.size + two.var(ddof=1) / two.size)
        g = (third_cumulant(one) - third_cumulant(two)) / error**3
        return abs(float(corrected_t((one.mean() - two.mean()) / error, g)))

    splits = [statistic(np.array(members)) for members in combinations(range(11), 5)]
    expected = np.mean(np.array(splits) >= statistic(np.arange(5)) * (1 - 1e-9))
    assert studentized_permutation(Column(later), Column(earlier)).skew_p == pytest.approx(expected)


def test_a_side_of_two_persons_is_not_corrected() -> None:
    found = studentized_permutation(Column(np.array([1.0, 3.0])), Column(np.array([2.0, 4.0, 5.0, 6.5, 7.0])))
    assert 0.0 < found.skew_p <= 1.0
    assert 0.0 < found.p_value <= 1.0


def test_large_sides_are_compared_with_t_and_the_careful_p_is_the_largest() -> None:
    later, earlier = draw(60, 3), np.maximum(draw(400, 4) - 0.2, 1.0)
    gap = welch_gap(later, earlier, scale_range=6)
    assert isinstance(gap, GapEstimate)
    g = (third_cumulant(later) - third_cumulant(earlier)) / gap.se**3
    assert gap.permutation_p is None
    assert gap.skew_p == pytest.approx(2 * stats.t.sf(abs(float(corrected_t(gap.t, g))), gap.df))
    assert gap.careful_p == max(gap.p_value, gap.skew_p)
    paired = paired_gap(later[:12], earlier[:12], scale_range=6)
    assert isinstance(paired, GapEstimate)
    assert paired.permutation_p is not None
    assert paired.careful_p == max(paired.p_value, paired.skew_p, paired.permutation_p)
