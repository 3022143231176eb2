"""Whole numbers give the scores, sums and reliabilities that floats give."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.points import (
    PointArray,
    count_prorated_points,
    point_covariances,
    point_sums,
    score_point_pair,
    score_points,
)
from diagnosis.stats.results import AlphaEstimate, NotEnough
from diagnosis.stats.scales import (
    count_prorated,
    reliability_of_covariances,
    scale_reliability,
    score_dimension,
    score_pair,
)

NONE = -32_766


def drawn(seed: int, k: int, n: int, share: float, high: int = 7) -> tuple[PointArray, np.ndarray]:
    """Points (items, persons) with codes for missing ones, and the same as floats (persons, items)."""
    random = np.random.default_rng(seed)
    points = random.integers(1, high + 1, size=(k, n)).astype(np.int16)
    points[random.random((k, n)) < share] = NONE - 1
    floats = np.where(points > NONE, points, np.nan).T.astype(np.float64)
    return points, floats


sizes = st.tuples(st.integers(0, 99), st.integers(1, 6), st.integers(0, 60), st.sampled_from([0.0, 0.2, 0.7]))


@given(sizes)
@settings(max_examples=60, deadline=None)
def test_scores_are_those_of_floats(size: tuple[int, int, int, float]) -> None:
    points, floats = drawn(*size)
    others, other_floats = drawn(size[0] + 1, *size[1:])
    np.testing.assert_array_equal(score_points(points, missing_up_to=NONE), score_dimension(floats))
    assert count_prorated_points(points, missing_up_to=NONE) == count_prorated(floats)
    pair, known = score_point_pair(points, others, missing_up_to=NONE), score_pair(floats, other_floats)
    np.testing.assert_array_equal(pair.later, known.later)
    np.testing.assert_array_equal(pair.earlier, known.earlier)


@given(sizes)
@settings(max_examples=60, deadline=None)
def test_sums_are_those_of_floats(size: tuple[int, int, int, float]) -> None:
    points, floats = drawn(*size)
    for sums, column in zip(point_sums(points, points > NONE), floats.T, strict=True):
        answered = column[~np.isnan(column)]
        assert sums.n == answered.size
        if sums.n > 1:
            assert sums.mean == pytest.approx(answered.mean(), rel=1e-14)
            assert sums.sd == pytest.approx(answered.std(ddof=1), rel=1e-12)


@pytest.mark.parametrize("high", [7, 900], ids=["near", "far"])
@pytest.mark.parametrize("k", [2, 3, 5])
def test_reliability_is_that_of_floats(k: int, high: int) -> None:
    points, floats = drawn(3, k, 40_000, 0.05, high)
    points[1:] = np.where(points[1:] > NONE, np.minimum(points[1:], points[0] + 2), points[1:])
    floats = np.where(points > NONE, points, np.nan).T.astype(np.float64)
    known = scale_reliability(floats)
    found = point_covariances(points, missing_up_to=NONE)
    assert isinstance(known, AlphaEstimate)
    assert not isinstance(found, NotEnough)
    answer = reliability_of_covariances(*found)
    assert isinstance(answer, AlphaEstimate)
    assert (answer.n, answer.k, answer.kind, answer.band) == (known.n, known.k, known.kind, known.band)
    for name in ("alpha", "ci_low", "ci_high", "mean_r"):
        assert getattr(answer, name) == pytest.approx(getattr(known, name), rel=1e-10)


def test_reliability_of_answers_that_say_nothing_is_not_a_number() -> None:
    assert point_covariances(np.full((3, 9), NONE - 2, np.int16), missing_up_to=NONE) == NotEnough(
        "too_few", 0, 2
    )
    for k, needed in ((2, 4), (3, 2)):
        same = point_covariances(np.full((k, 9), 5, np.int16), missing_up_to=NONE)
        assert not isinstance(same, NotEnough)
        assert reliability_of_covariances(*same) == NotEnough("no_variation", 9, needed)
    few = point_covariances(np.array([[1, 2, 4], [2, 2, 5]], np.int16), missing_up_to=NONE)
    assert not isinstance(few, NotEnough)
    assert reliability_of_covariances(*few) == NotEnough("too_few", 3, 4)
    one_item_flat = np.array([[1, 2, 4, 6], [2, 2, 5, 4], [3, 3, 3, 3]], np.int16)
    found = point_covariances(one_item_flat, missing_up_to=NONE)
    assert not isinstance(found, NotEnough)
    answer = reliability_of_covariances(*found)
    assert isinstance(answer, AlphaEstimate)
    assert answer.mean_r is None
    assert answer.alpha == pytest.approx(scale_reliability(one_item_flat.T.astype(float)).alpha)  # type: ignore[union-attr]


def test_sides_of_unequal_shape_are_refused() -> None:
    with pytest.raises(StatisticsError):
        score_point_pair(np.ones((2, 3), np.int16), np.ones((2, 4), np.int16), missing_up_to=NONE)
