"""Shares, ranks, agreement and profile fit."""

import math

import numpy as np
import pytest
from scipy import stats

from diagnosis.stats.agreement import (
    AgreementEstimate,
    agreement_band,
    single_item_agreement,
    within_group_agreement,
)
from diagnosis.stats.coverage import CoverageEstimate, profile_coverage, top_dimensions
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.proportions import share_margin_of_error, wilson_interval
from diagnosis.stats.rank import mid_ranks, spearman
from diagnosis.stats.results import CorrelationEstimate, NotEnough, ProportionEstimate

NAN = math.nan


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (20, 20), (7, 31), (1, 1)])
def test_wilson_interval_matches_scipy(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(method="wilson")
    answer = wilson_interval(successes, n)
    assert isinstance(answer, ProportionEstimate)
    assert (answer.ci_low, answer.ci_high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_shares_refuse_what_is_none() -> None:
    assert wilson_interval(0, 0) == NotEnough("too_few", 0, 1)
    assert share_margin_of_error(0, 0) == NotEnough("too_few", 0, 1)
    for successes, n in ((3, 2), (-1, 4), (0, -1)):
        with pytest.raises(StatisticsError):
            wilson_interval(successes, n)


def test_spearman_matches_scipy() -> None:
    random = np.random.default_rng(5)
    x, y = random.integers(1, 8, 40).astype(float), random.integers(1, 8, 40).astype(float)
    expected = stats.spearmanr(x, y)
    answer = spearman([*x, NAN], [*y, 3.0])
    assert isinstance(answer, CorrelationEstimate)
    assert answer.n == 40
    assert (answer.r, answer.p_value) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-9)
    np.testing.assert_allclose(mid_ranks(x), stats.rankdata(x))


def test_nine_dimensions_need_about_seventy() -> None:
    answer = spearman(range(9), [1, 0, 2, 4, 3, 8, 5, 7, 6])
    assert isinstance(answer, CorrelationEstimate)
    assert answer.p_value < 0.05
    assert stats.t.sf(0.66 * math.sqrt(7 / (1 - 0.66**2)), 7) * 2 > 0.05


def test_spearman_states_what_is_missing() -> None:
    assert spearman([1, 2], [2, 1]) == NotEnough("too_few", 2, 3)
    assert spearman([1, 1, 1], [2, 1, 3]) == NotEnough("no_variation", 3, 3)
    assert spearman([1, 2, 3], [2, 4, 6]) == CorrelationEstimate(3, 1.0, 0.0)


def test_agreement_of_the_methods_example() -> None:
    item = np.array([3.0, 4.0, 5.0])
    answer = within_group_agreement(np.column_stack([item] * 3), points=7)
    assert isinstance(answer, AgreementEstimate)
    assert answer.rwg == pytest.approx(0.90, abs=1e-9)
    assert answer.rwg_slight_skew == pytest.approx(0.85, abs=0.002)
    assert answer.band == "strong"
    assert answer.average_deviation == pytest.approx(2 / 3)
    assert answer.average_deviation_limit == pytest.approx(1.17, abs=0.005)


def test_agreement_at_the_edges() -> None:
    full = single_item_agreement([5, 5, 5], points=7)
    assert isinstance(full, AgreementEstimate)
    assert (full.rwg, full.band) == (1.0, "very_strong")
    torn = single_item_agreement([1, 7, 1, 7], points=7)
    assert isinstance(torn, AgreementEstimate)
    assert (torn.rwg, torn.out_of_range) == (0.0, True)
    assert single_item_agreement([4, NAN], points=7) == NotEnough("too_few", 1, 2)
    assert single_item_agreement([], points=7) == NotEnough("too_few", 0, 2)
    ten = single_item_agreement([4, 5], points=10)
    assert isinstance(ten, AgreementEstimate)
    assert ten.rwg_slight_skew is None
    with pytest.raises(StatisticsError):
        single_item_agreement([4, 5], points=1)


@pytest.mark.parametrize(
    ("rwg", "band"),
    [(0.3, "none"), (0.5, "weak"), (0.7, "moderate"), (0.9, "strong"), (0.91, "very_strong")],
)
def test_agreement_band_follows_the_method(rwg: float, band: str) -> None:
    assert agreement_band(rwg) == band


def test_top_dimensions_keep_every_tie() -> None:
    marked = top_dimensions([[7, 6, 5, 4, NAN], [7, 7, 7, 7, 1], [NAN, NAN, 3, NAN, NAN]])
    assert marked.tolist() == [
        [True, True, True, False, False],
        [True, True, True, True, False],
        [False, False, True, False, False],
    ]


def test_profile_coverage_counts_those_who_fit_everywhere() -> None:
    standard = [5.0, 5.0, 5.0, 2.0]
    wishes = [[6, 5.5, 5, 1], [7, 6, 5, 1], [6, 6, 6, NAN], [NAN, NAN, NAN, NAN]]
    answer = profile_coverage(standard, wishes, scale_range=6)
    assert isinstance(answer, CoverageEstimate)
    assert (answer.coverage.n, answer.coverage.successes) == (3, 2)
    assert answer.tolerance == pytest.approx(1.0)
    assert answer.fits_by_dimension == pytest.approx((2 / 3, 1.0, 1.0, None))
    assert answer.n_by_dimension == (3, 3, 3, 0)


def test_profile_coverage_prefers_the_named_dimensions() -> None:
    ticks = [[False, True, True], [False, False, False]]
    answer = profile_coverage([5.0, 5.0, 5.0], [[7, 6, 5], [7, 6, 5]], scale_range=6, ticks=ticks)
    assert isinstance(answer, CoverageEstimate)
    assert answer.coverage.share == 0.5


def test_profile_coverage_without_judged_customers() -> None:
    assert profile_coverage([NAN], [[5.0]], scale_range=6) == NotEnough("too_few", 0, 1)
    assert profile_coverage([5.0], np.empty((0, 1)), scale_range=6) == NotEnough("too_few", 0, 1)
    with pytest.raises(StatisticsError):
        profile_coverage([5.0, 4.0], [[5.0]], scale_range=6)
    with pytest.raises(StatisticsError):
        profile_coverage([5.0], [[5.0]], scale_range=6, ticks=[[True, False]])
