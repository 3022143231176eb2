"""A column knows the sums of its values; weights that are all the same change nothing."""

import numpy as np
import pytest
from scipy import stats

from diagnosis.stats.columns import Column
from diagnosis.stats.means import mean_of_column, mean_of_sums
from diagnosis.stats.results import MeanEstimate, NotEnough
from diagnosis.stats.skewness import third_cumulant
from diagnosis.stats.weighting import column_means, mean_error, weighted_variance


@pytest.mark.parametrize("is_weighted", [False, True])
def test_sums_over_blocks_are_those_of_the_whole(is_weighted: bool) -> None:
    random = np.random.default_rng(2)
    values = random.gamma(2.0, 1.0, 40_000)
    weights = random.uniform(0.2, 3.0, 40_000) if is_weighted else None
    values[random.random(40_000) < 0.1] = np.nan
    column = Column.of(values, weights)
    given = ~np.isnan(values)
    kept = None if weights is None else weights[given]
    assert column.n == given.sum()
    assert column.variance == pytest.approx(weighted_variance(values[given], kept), rel=1e-12)
    assert column.error == pytest.approx(mean_error(values[given], kept), rel=1e-12)
    assert column.cumulant == pytest.approx(third_cumulant(values[given], kept), rel=1e-10)


def test_nobody_one_person_and_equal_answers_have_no_interval() -> None:
    assert Column.of([np.nan]).is_constant
    assert mean_of_column(Column.of([np.nan])) == NotEnough("too_few", 0, 1)
    assert mean_of_column(Column.of([4.0])) == MeanEstimate(1, 4.0, None, None, None, None)
    assert mean_of_column(Column.of([3.0, 5.0])) == mean_of_sums(2, 4.0, 2.0**0.5, 1.0)
    assert mean_of_column(Column.of([4.0, 4.0])) == MeanEstimate(2, 4.0, 0.0, None, None, None)
    assert Column.of([4.0, 5.0]).cumulant == 0.0
    assert mean_of_sums(1, 4.0, None) == MeanEstimate(1, 4.0, None, None, None, None)
    assert mean_of_sums(9, 4.0, 1.0, 0.0) == MeanEstimate(9, 4.0, 1.0, None, None, None)
    assert mean_of_sums(9, 4.0, 1.5) == mean_of_sums(9, 4.0, 1.5, 0.5)


def test_skewness_is_that_of_scipy() -> None:
    values = np.random.default_rng(1).gamma(2.0, 1.0, 30)
    assert Column.of(values).skewness == pytest.approx(stats.skew(values))
    assert (Column.of([1.0, 5.0]).skewness, Column.of([3.0] * 9).skewness) == (0.0, 0.0)


def test_means_of_columns_leave_missing_scores_out() -> None:
    scores, weights = np.array([[1.0, np.nan], [3.0, 4.0], [np.nan, 7.0]]), np.array([1.0, 3.0, 1.0])
    assert column_means(scores, None).tolist() == [2.0, 5.5]
    assert column_means(scores, weights).tolist() == [2.5, 4.75]
