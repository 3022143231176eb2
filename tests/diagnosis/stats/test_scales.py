"""Person scores and reliability against pandas and the method's worked numbers."""

import math

import numpy as np
import pandas as pd
import pytest

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import AlphaEstimate, NotEnough
from diagnosis.stats.scales import (
    alpha_if_item_deleted,
    count_prorated,
    cronbach_alpha,
    difference_reliability,
    item_rest_correlations,
    mean_inter_item_correlation,
    reliability_band,
    scale_reliability,
    score_dimension,
    score_pair,
    score_to_100,
    spearman_brown,
    standardized_alpha,
)

NAN = math.nan


def answers(n: int = 60, k: int = 3, missing: float = 0.2, seed: int = 3) -> np.ndarray:
    random = np.random.default_rng(seed)
    level = random.normal(5, 1, (n, 1))
    ratings = np.clip(np.round(level + random.normal(0, 0.8, (n, k))), 1, 7)
    ratings[random.random((n, k)) < missing] = NAN
    return ratings


def test_score_dimension_matches_pandas() -> None:
    ratings = answers()
    frame = pd.DataFrame(ratings)
    expected = frame.mean(axis=1).where(frame.notna().sum(axis=1) >= 2)
    np.testing.assert_allclose(score_dimension(ratings), expected.to_numpy(), atol=1e-9)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([6, NAN, NAN], NAN),
        ([6, 4, NAN], 5.0),
        ([6, NAN], 6.0),
        ([NAN, NAN, NAN], NAN),
        ([6, 5, NAN, NAN], 5.5),
        ([6, NAN, NAN, NAN], NAN),
    ],
)
def test_score_dimension_needs_half_of_the_items(row: list[float], expected: float) -> None:
    np.testing.assert_equal(score_dimension([row])[0], expected)


def test_score_dimension_of_nobody_is_empty() -> None:
    assert score_dimension(np.empty((0, 3))).shape == (0,)


@pytest.mark.parametrize(
    "ratings",
    [[1, 2, 3], np.empty((3, 0)), [[math.inf, 1]], [["a", "b"]]],
    ids=["flat", "empty", "inf", "text"],
)
def test_score_dimension_refuses_what_is_no_matrix(ratings: object) -> None:
    with pytest.raises(StatisticsError):
        score_dimension(ratings)  # type: ignore[arg-type]


def test_score_pair_uses_the_items_answered_twice() -> None:
    scores = score_pair([[5, 3, NAN], [NAN, 2, NAN]], [[6, NAN, 7], [7, 7, 7]])
    np.testing.assert_equal(scores.later, [NAN, NAN])
    scores = score_pair([[5, 3, 1]], [[6, NAN, 7]])
    assert scores.later[0] == 3.0
    assert scores.earlier[0] == 6.5


def test_score_pair_refuses_unequal_shapes() -> None:
    with pytest.raises(StatisticsError):
        score_pair([[1, 2]], [[1, 2, 3]])


def test_count_prorated_counts_partial_scores() -> None:
    assert count_prorated([[1, 2, 3], [1, 2, NAN], [1, NAN, NAN]]) == 1


def test_score_to_100_maps_the_ends() -> None:
    np.testing.assert_allclose(score_to_100([1, 4, 7, NAN], low=1, high=7), [0, 50, 100, NAN])


@pytest.mark.parametrize(
    ("r", "alpha"),
    [(0.4, 0.67), (0.5, 0.75), (0.6, 0.82)],
)
def test_three_items_reach_the_alpha_of_the_method(r: float, alpha: float) -> None:
    covariance = np.full((3, 3), r) + (1 - r) * np.eye(3)
    random = np.random.default_rng(1).normal(size=(400, 3))
    random -= random.mean(axis=0)
    white = random @ np.linalg.inv(np.linalg.cholesky(np.cov(random.T))).T
    ratings = white @ np.linalg.cholesky(covariance).T
    estimate = cronbach_alpha(ratings)
    assert isinstance(estimate, AlphaEstimate)
    assert estimate.alpha == pytest.approx(3 * r / (1 + 2 * r), abs=1e-9)
    assert estimate.alpha == pytest.approx(alpha, abs=0.005)
    assert estimate.mean_r == pytest.approx(r, abs=1e-9)
    assert standardized_alpha(ratings) == pytest.approx(estimate.alpha, abs=1e-9)


def test_cronbach_alpha_matches_pandas() -> None:
    frame = pd.DataFrame(answers(k=4)).dropna()
    expected = 4 / 3 * (1 - frame.var().sum() / frame.sum(axis=1).var())
    estimate = cronbach_alpha(answers(k=4))
    assert isinstance(estimate, AlphaEstimate)
    assert estimate.alpha == pytest.approx(expected, abs=1e-9)
    assert estimate.n == len(frame)
    assert estimate.ci_low < estimate.alpha < estimate.ci_high
    correlations = frame.corr().to_numpy()[np.triu_indices(4, 1)]
    assert mean_inter_item_correlation(frame) == pytest.approx(correlations.mean(), abs=1e-9)
    rest = [frame[item].corr(frame.drop(columns=item).sum(axis=1)) for item in frame]
    np.testing.assert_allclose(np.array(item_rest_correlations(frame), dtype=float), rest, atol=1e-9)
    assert len(alpha_if_item_deleted(frame)) == 4


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        (np.empty((0, 3)), "too_few"),
        ([[1, 2, 3]], "too_few"),
        (np.full((9, 3), 4.0), "no_variation"),
        (np.full((9, 3), NAN), "too_few"),
        ([[1], [2], [3]], "not_defined"),
    ],
    ids=["nobody", "one", "equal", "missing", "one item"],
)
def test_cronbach_alpha_states_what_is_missing(ratings: object, reason: str) -> None:
    answer = cronbach_alpha(ratings)  # type: ignore[arg-type]
    assert isinstance(answer, NotEnough)
    assert answer.reason == reason


def test_two_items_use_spearman_brown() -> None:
    ratings = answers(k=2, missing=0.0)
    r = float(np.corrcoef(ratings.T)[0, 1])
    estimate = scale_reliability(ratings)
    assert isinstance(estimate, AlphaEstimate)
    assert estimate.kind == "spearman_brown"
    assert estimate.alpha == pytest.approx(2 * r / (1 + r), abs=1e-9)
    assert estimate.ci_low < estimate.alpha < estimate.ci_high
    assert alpha_if_item_deleted(ratings) == (None, None)


@pytest.mark.parametrize(
    ("ratings", "reason"),
    [
        ([[1, 2], [2, 3], [3, 4]], "too_few"),
        ([[4, 1], [4, 2], [4, 3], [4, 4]], "no_variation"),
        ([[1, 4], [2, 3], [3, 2], [4, 1]], "not_defined"),
    ],
)
def test_spearman_brown_states_what_is_missing(ratings: list[list[float]], reason: str) -> None:
    answer = spearman_brown(ratings)
    assert isinstance(answer, NotEnough)
    assert answer.reason == reason


def test_perfect_two_items_have_a_finite_interval() -> None:
    estimate = spearman_brown([[1, 1], [2, 2], [3, 3], [5, 5]])
    assert isinstance(estimate, AlphaEstimate)
    assert (estimate.alpha, estimate.ci_low, estimate.ci_high) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(
    ("alpha", "band"),
    [
        (-2.0, "weak"),
        (0.599, "weak"),
        (0.6, "usable_with_care"),
        (0.699, "usable_with_care"),
        (0.7, "good"),
        (0.949, "good"),
        (0.95, "redundant"),
    ],
)
def test_reliability_band_follows_the_method(alpha: float, band: str) -> None:
    assert reliability_band(alpha) == band


def test_difference_reliability_of_the_methods_example() -> None:
    base = np.array([[1.0, 1.0], [1.0, -1.0], [-1.0, 1.0], [-1.0, -1.0]])
    later = base[:, 0]
    earlier = 0.5 * base[:, 0] + math.sqrt(0.75) * base[:, 1]
    assert difference_reliability(later, earlier, alpha_later=0.75, alpha_earlier=0.75) == pytest.approx(0.5)
    assert isinstance(
        difference_reliability(later, later + 1, alpha_later=0.75, alpha_earlier=0.75), NotEnough
    )


def test_items_that_were_not_asked_are_not_missing() -> None:
    ratings = [[2, 4, NAN], [2, NAN, 6], [NAN, 4, NAN], [NAN, NAN, NAN]]
    asked = [[True, True, False], [True, False, True], [True, True, False], [True, True, False]]
    chances = [1.0, 0.5, 0.5]
    found = score_dimension(ratings, asked=asked, chances=chances)
    assert found[:3].tolist() == pytest.approx([10 / 3, 14 / 3, 4.0])
    assert np.isnan(found[3])
    assert np.isnan(score_dimension(ratings)[2])
    pair = score_pair(
        ratings, [[7, 7, NAN], [7, NAN, 7], [7, 7, NAN], [7, 7, NAN]], asked=asked, chances=chances
    )
    assert (pair.later - pair.earlier)[:3].tolist() == pytest.approx([-11 / 3, -7 / 3, -3.0])
    assert count_prorated(ratings, asked=asked) == 1
    assert count_prorated(ratings) == 2
