"""Moments agree with pandas, pingouin and statsmodels, add up over parts, and answer when nothing can be said."""

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.moments import (
    BLOCK,
    MeanDifference,
    Moments,
    moments,
    moments_by_group,
    packed_moments,
)
from diagnosis.stats.results import GapEstimate, NotEnough


def answers(n: int, k: int = 6, missing: float = 0.0, seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    level = random.normal(0, 1, (n, 1))
    values = np.clip(np.round(4.5 + level + random.normal(0, 1, (n, k))), 1, 7)
    values[random.random((n, k)) < missing] = np.nan
    return values


def arrays(found: Moments) -> tuple[np.ndarray, ...]:
    return found.counts, found.sums, found.squares, found.products


@pytest.mark.parametrize("missing", [0.0, 0.1])
def test_means_covariances_and_correlations_agree_with_pandas(missing: float) -> None:
    values = answers(BLOCK + 700, missing=missing)
    values[:3] = 4.0
    frame, found = pd.DataFrame(values), moments(values, shift=4.0)
    np.testing.assert_allclose(found.means(), frame.mean(), rtol=1e-12)
    np.testing.assert_allclose(found.covariances(), frame.cov(), rtol=1e-12)
    np.testing.assert_allclose(found.correlations(), frame.corr(), rtol=1e-12)
    np.testing.assert_array_equal(found.n, frame.count())


def test_alpha_agrees_with_pingouin() -> None:
    values = answers(300)
    expected, _interval = pg.cronbach_alpha(pd.DataFrame(values))
    assert moments(values, shift=4.0).alpha() == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.2])
def test_t_tests_agree_with_the_gaps(missing: float) -> None:
    here, there = answers(80, 3, missing), answers(40, 2, missing, seed=2)
    own, other = moments(here, shift=4.0), moments(there, shift=[3.0, 5.0])
    for found, expected in (
        (own.paired(2, 0), paired_gap(here[:, 2], here[:, 0], scale_range=6)),
        (own.welch(1, other, 1), welch_gap(here[:, 1], there[:, 1], scale_range=6)),
    ):
        assert isinstance(found, MeanDifference)
        assert isinstance(expected, GapEstimate)
        assert (found.estimate, found.se, found.df) == pytest.approx(
            (expected.estimate, expected.se, expected.df), rel=1e-10
        )


def test_slopes_agree_with_statsmodels() -> None:
    values = answers(200, 4)
    expected = sm.OLS(values[:, 0], sm.add_constant(values[:, 1:])).fit().params[1:]
    np.testing.assert_allclose(moments(values, shift=4.0).slopes(0, [1, 2, 3]), expected, rtol=1e-10)


@pytest.mark.parametrize("missing", [0.0, 0.15])
def test_weights_count_a_person_several_times(missing: float) -> None:
    values, times = answers(60, 3, missing), np.random.default_rng(3).integers(1, 5, 60)
    weighted = moments(values, shift=4.0, weights=times.astype(float))
    repeated = moments(np.repeat(values, times, axis=0), shift=4.0)
    for one, other in zip(arrays(weighted), arrays(repeated), strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("missing", [0.0, 0.15])
@pytest.mark.parametrize("shift", [4.0, 3.5])
def test_packed_answers_have_exactly_the_same_moments(missing: float, shift: float) -> None:
    values = answers(BLOCK + 50, missing=missing)
    packed = np.where(np.isnan(values), -2, values).astype(np.int16)
    found = packed_moments(packed, shift=shift, missing_up_to=0)
    for one, other in zip(arrays(found), arrays(moments(values, shift=shift)), strict=True):
        np.testing.assert_array_equal(one, other)


def test_variances_survive_far_away_from_zero() -> None:
    values = np.random.default_rng(5).normal(1e8, 1.0, (5_000, 2))
    np.testing.assert_allclose(
        np.diagonal(moments(values, shift=1e8).covariances()), values.var(axis=0, ddof=1), rtol=1e-9
    )


@settings(max_examples=40, deadline=None)
@given(
    n=st.integers(2, 400),
    cut=st.floats(0, 1),
    missing=st.sampled_from([0.0, 0.1, 0.6]),
    seed=st.integers(0, 99),
)
def test_moments_of_parts_add_up_to_the_whole(n: int, cut: float, missing: float, seed: int) -> None:
    values = answers(n, 4, missing, seed)
    whole, place = moments(values, shift=4.0), int(cut * n)
    split = moments(values[:place], shift=4.0) + moments(values[place:], shift=4.0)
    groups = moments_by_group(values, np.arange(n) % 3, shift=4.0)
    grouped = sum(list(groups.values())[1:], start=groups[0])
    for parts in (split, grouped):
        for one, other in zip(arrays(parts), arrays(whole), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-12)


def test_too_little_is_answered_in_words() -> None:
    nobody, one = moments(np.empty((0, 2)), shift=4.0), moments([[3.0, 5.0]], shift=4.0)
    assert nobody.means() == NotEnough("too_few", 0, 1)
    for found in (one.covariances(), one.correlations(), one.alpha(), one.slopes(0, [1]), one.paired(0, 1)):
        assert found == NotEnough("too_few", 1, 2)
    assert one.welch(0, nobody, 0) == NotEnough("too_few", 0, 2)
    assert moments(answers(3, 3), shift=4.0).slopes(0, [1, 2]) == NotEnough("too_few", 3, 4)
    assert moments(np.empty((0, 0)), shift=4.0).means() == NotEnough("too_few", 0, 1)


def test_constant_answers_are_answered_in_words() -> None:
    same = moments(np.full((9, 2), 5.0), shift=4.0)
    assert same.correlations() == NotEnough("no_variation", 9, 2)
    assert same.alpha() == NotEnough("no_variation", 9, 2)
    assert same.paired(0, 1) == NotEnough("no_variation", 9, 2, 0.0)
    assert same.welch(0, same, 1) == NotEnough("no_variation", 9, 2, 0.0)
    column = answers(30, 1)
    twice = moments(np.hstack((column, column, column)), shift=4.0)
    assert twice.slopes(0, [1, 2]) == NotEnough("no_variation", 30, 4)


def test_wrong_input_is_named() -> None:
    values = answers(10, 2)
    with pytest.raises(StatisticsError, match="same shift"):
        moments(values, shift=4.0) + moments(values, shift=3.0)
    with pytest.raises(StatisticsError, match="2 axes"):
        moments(values[0], shift=4.0)
    with pytest.raises(StatisticsError, match="infinite"):
        moments([[np.inf, 1.0]], shift=4.0)
    with pytest.raises(StatisticsError, match="one number for each of 10"):
        moments_by_group(values, [1, 2], shift=4.0)
    for shift in (0.3, 40.0):
        with pytest.raises(StatisticsError, match="halves within"):
            packed_moments(values.astype(np.int16), shift=shift, missing_up_to=0)
