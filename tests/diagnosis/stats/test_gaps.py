"""Gaps against scipy, their edges, and the exactness of the difference."""

import math
from dataclasses import asdict

import numpy as np
import pytest
from scipy import stats

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import overall_paired_gap, overall_welch_gap, paired_gap, welch_gap
from diagnosis.stats.results import GapEstimate, NotEnough

NAN = math.nan


def estimated(gap: GapEstimate | NotEnough) -> GapEstimate:
    assert isinstance(gap, GapEstimate), gap
    numbers = [value for value in asdict(gap).values() if isinstance(value, float)]
    assert all(math.isfinite(number) for number in numbers)
    return gap


def scores(n: int, mean: float, seed: int, sd: float = 1.1) -> np.ndarray:
    return np.clip(np.round(np.random.default_rng(seed).normal(mean, sd, n) * 3) / 3, 1, 7)


def test_paired_gap_matches_scipy() -> None:
    later, earlier = scores(80, 4.4, 1), scores(80, 6.0, 2)
    later[3] = earlier[5] = NAN
    both = ~(np.isnan(later) | np.isnan(earlier))
    expected = stats.ttest_rel(later[both], earlier[both])
    gap = estimated(paired_gap(later, earlier, scale_range=6))
    assert gap.n_later == gap.n_earlier == 78
    assert gap.t == pytest.approx(expected.statistic, abs=1e-9)
    assert gap.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    interval = expected.confidence_interval(0.95)
    assert (gap.ci_low, gap.ci_high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    interval = expected.confidence_interval(0.90)
    assert (gap.ci90_low, gap.ci90_high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    differences = (later - earlier)[both]
    assert gap.d_z == pytest.approx(differences.mean() / differences.std(ddof=1), abs=1e-9)
    assert gap.permutation_p is None


def test_welch_gap_matches_scipy() -> None:
    later, earlier = scores(55, 5.1, 3), scores(300, 6.0, 4, sd=0.7)
    expected = stats.ttest_ind(later, earlier, equal_var=False)
    gap = estimated(welch_gap(later, earlier, scale_range=6))
    assert gap.t == pytest.approx(expected.statistic, abs=1e-9)
    assert gap.df == pytest.approx(expected.df, abs=1e-9)
    assert gap.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    interval = expected.confidence_interval(0.95)
    assert (gap.ci_low, gap.ci_high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert gap.d_z is None
    pooled = math.sqrt((54 * later.var(ddof=1) + 299 * earlier.var(ddof=1)) / 353)
    assert gap.g == pytest.approx(gap.estimate / pooled * (1 - 3 / (4 * 353 - 1)), abs=1e-5)
    assert gap.permutation_p is None


@pytest.mark.parametrize("seed", range(20))
def test_estimate_is_the_exact_difference_of_the_means(seed: int) -> None:
    later, earlier = scores(31, 4.4, seed), scores(31, 5.2, seed + 100)
    for gap in (paired_gap(later, earlier, scale_range=6), welch_gap(later, earlier, scale_range=6)):
        result = estimated(gap)
        assert result.estimate == result.mean_later - result.mean_earlier
        assert result.mean_later == pytest.approx(later.mean(), abs=1e-9)


@pytest.mark.parametrize("compute", [paired_gap, welch_gap])
@pytest.mark.parametrize(
    ("later", "earlier", "reason", "n"),
    [
        ([], [], "too_few", 0),
        ([5.0], [6.0], "too_few", 1),
        ([NAN, NAN], [NAN, NAN], "too_few", 0),
        ([4.0] * 8, [6.0] * 8, "no_variation", 8),
    ],
    ids=["nobody", "one", "missing", "equal"],
)
def test_gap_without_test_is_stated(compute, later, earlier, reason, n) -> None:  # type: ignore[no-untyped-def]
    answer = compute(later, earlier, scale_range=6)
    assert isinstance(answer, NotEnough)
    assert (answer.reason, answer.n) == (reason, n)


def test_constant_paired_difference_keeps_its_estimate() -> None:
    answer = paired_gap([2, 3, 4, 5], [1, 2, 3, 4], scale_range=6)
    assert answer == NotEnough("no_variation", 4, 2, 1.0)


def test_rounding_noise_is_no_variation() -> None:
    answer = paired_gap([0.1 + 0.2, 1.3], [0.3, 1.3], scale_range=6)
    assert isinstance(answer, NotEnough)


def test_one_constant_side_is_tested() -> None:
    assert estimated(welch_gap([5.0] * 6, scores(40, 4, 8), scale_range=6)).df == pytest.approx(39)


@pytest.mark.parametrize(
    ("later", "earlier"), [([1, 2, 3], [1, 2]), ([1, math.inf], [1, 2]), ([1, 50], [2, 3])]
)
def test_paired_gap_refuses_bad_input(later: list[float], earlier: list[float]) -> None:
    with pytest.raises(StatisticsError):
        paired_gap(later, earlier, scale_range=6)


def test_few_pairs_enumerate_every_sign() -> None:
    later, earlier = scores(9, 4.2, 5), scores(9, 5.4, 6)
    gap = estimated(paired_gap(later, earlier, scale_range=6))
    differences = later - earlier
    expected = stats.permutation_test(
        (differences,), np.mean, permutation_type="samples", n_resamples=np.inf, alternative="two-sided"
    )
    assert gap.permutation_p == pytest.approx(expected.pvalue, abs=1e-9)


def test_pairs_below_six_have_no_permutation() -> None:
    assert estimated(paired_gap([1, 2, 4, 3, 5], [2, 4, 5, 6, 7], scale_range=6)).permutation_p is None


def test_sixteen_pairs_draw_reproducibly() -> None:
    later, earlier = scores(16, 4.6, 5), scores(16, 5.2, 6)
    first, second = (estimated(paired_gap(later, earlier, scale_range=6)).permutation_p for _ in range(2))
    assert first == second
    assert first == pytest.approx(estimated(paired_gap(later, earlier, scale_range=6)).p_value, abs=0.03)


def welch_t(later: np.ndarray, earlier: np.ndarray, axis: int = -1) -> np.ndarray:
    return np.asarray(stats.ttest_ind(later, earlier, equal_var=False, axis=axis).statistic)


def test_few_persons_enumerate_every_split() -> None:
    later, earlier = np.array([3.1, 4.2, 5.9, 4.4, 2.0]), np.array([5.2, 6.1, 6.6, 4.9, 5.7, 6.9, 6.3])
    gap = estimated(welch_gap(later, earlier, scale_range=6))
    exact = stats.permutation_test(
        (later, earlier), lambda x, y, axis: np.abs(welch_t(x, y, axis)), vectorized=True,
        n_resamples=np.inf, alternative="greater",
    )  # fmt: skip
    assert gap.permutation_p == pytest.approx(exact.pvalue, abs=1e-9)


@pytest.mark.parametrize("n_earlier", [60, 400])
def test_many_splits_draw_about_the_same_p(n_earlier: int) -> None:
    later, earlier = scores(12, 5.2, 11), scores(n_earlier, 5.9, 12)
    gap = estimated(welch_gap(later, earlier, scale_range=6))
    assert gap.permutation_p == pytest.approx(gap.p_value, abs=0.03)
    assert gap.permutation_p == estimated(welch_gap(later, earlier, scale_range=6)).permutation_p


def test_studentised_permutation_keeps_the_level_with_unequal_spread() -> None:
    random = np.random.default_rng(7)
    rejected = 0
    for index in range(200):
        later, earlier = random.normal(0, 2.0, 8), random.normal(0, 0.7, 60)
        answer = welch_gap(later, earlier, scale_range=100, random_state=index)
        rejected += estimated(answer).permutation_p <= 0.05  # type: ignore[operator]
    assert rejected / 200 <= 0.12


def test_population_narrows_the_interval_but_never_for_a_census() -> None:
    later, earlier = scores(30, 5.0, 21), scores(40, 5.5, 22)
    plain = estimated(welch_gap(later, earlier, scale_range=6))
    narrow = estimated(welch_gap(later, earlier, scale_range=6, population_later=45, population_earlier=60))
    census = estimated(welch_gap(later, earlier, scale_range=6, population_later=30, population_earlier=40))
    assert narrow.se < plain.se == census.se
    with pytest.raises(StatisticsError):
        welch_gap(later, earlier, scale_range=6, population_later=12)


def test_overall_of_complete_answers_tests_the_person_means() -> None:
    random = np.random.default_rng(4)
    later, earlier = random.uniform(1, 7, (50, 9)), random.uniform(1, 7, (50, 9))
    whole = estimated(overall_paired_gap(later, earlier, scale_range=6))
    parts = estimated(paired_gap(later.mean(axis=1), earlier.mean(axis=1), scale_range=6))
    assert whole.t == pytest.approx(parts.t, abs=1e-9)
    whole = estimated(overall_welch_gap(later[:12], earlier, scale_range=6))
    parts = estimated(welch_gap(later[:12].mean(axis=1), earlier.mean(axis=1), scale_range=6))
    assert whole.t == pytest.approx(parts.t, abs=1e-9)
    assert whole.permutation_p == pytest.approx(parts.permutation_p, abs=1e-9)


def test_overall_with_missing_answers_is_the_mean_of_dimension_means() -> None:
    random = np.random.default_rng(4)
    later, earlier = random.uniform(1, 7, (50, 9)), random.uniform(1, 7, (300, 9))
    later[random.random(later.shape) < 0.4] = NAN
    later[:, 8] = NAN
    gap = estimated(overall_welch_gap(later, earlier, scale_range=6))
    assert gap.mean_later == pytest.approx(np.nanmean(later[:, :8], axis=0).mean(), abs=1e-9)
    assert gap.mean_earlier == pytest.approx(earlier[:, :8].mean(axis=0).mean(), abs=1e-9)
    assert gap.estimate == gap.mean_later - gap.mean_earlier


def test_overall_error_matches_a_bootstrap() -> None:
    random = np.random.default_rng(14)
    later = random.normal(4, 1, (120, 4)) + random.normal(0, 1, (120, 1))
    later[random.random(later.shape) < 0.3] = NAN
    earlier = random.normal(5, 1, (200, 4))
    gap = estimated(overall_welch_gap(later, earlier, scale_range=60))
    draws = [np.nanmean(later[random.integers(0, 120, 120)], axis=0).mean() for _ in range(2000)]
    expected = math.sqrt(np.var(draws) + earlier.mean(axis=1).var(ddof=1) / 200)
    assert gap.se == pytest.approx(expected, rel=0.06)


@pytest.mark.parametrize("weights", [None, np.linspace(0.5, 1.5, 20)])
def test_persons_without_any_score_change_no_overall_gap(weights: np.ndarray | None) -> None:
    later, earlier = np.outer(scores(20, 4.0, 1), np.ones(3)), np.outer(scores(30, 5.0, 2), np.ones(3))
    silent = np.vstack([later, np.full((4, 3), NAN)])
    heavier = None if weights is None else np.append(weights, np.full(4, 9.0))
    with_silent = overall_welch_gap(silent, earlier, scale_range=60, weights_later=heavier)
    without = overall_welch_gap(later, earlier, scale_range=60, weights_later=weights)
    pairs = zip(*(asdict(estimated(gap)).values() for gap in (with_silent, without)), strict=True)
    assert all(one == (other if other is None else pytest.approx(other, rel=1e-12)) for one, other in pairs)


def test_overall_of_nobody_is_stated() -> None:
    empty = np.empty((0, 3))
    assert isinstance(overall_paired_gap(empty, empty, scale_range=6), NotEnough)
    assert isinstance(overall_welch_gap(empty, np.ones((3, 3)), scale_range=6), NotEnough)
    assert isinstance(overall_welch_gap(np.full((2, 3), NAN), np.ones((3, 3)), scale_range=6), NotEnough)


def test_few_persons_with_skewed_answers_need_stronger_evidence() -> None:
    even, skewed = np.linspace(3.0, 5.0, 40), np.array([7.0] * 30 + [6.0] * 5 + [4.0, 4.0, 3.0, 2.0, 2.0])
    few = np.linspace(4.5, 6.0, 12)
    for other, n, caution in ((even, 12, 1.0), (skewed, 12, 5.0), (skewed, 40, 1.0)):
        found = estimated(welch_gap(np.resize(few, n), other, scale_range=6))
        assert found.caution == caution
        largest = max(found.p_value, found.skew_p, found.permutation_p or 0.0)
        assert found.careful_p == min(1.0, caution * largest)
    assert estimated(paired_gap(skewed[20:], even[20:], scale_range=6)).caution == 1.0
