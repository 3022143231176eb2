"""Mean of one group with its t interval and, on request, the finite population correction."""

from math import sqrt
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import require_share
from diagnosis.stats.columns import Column
from diagnosis.stats.distributions import normal_quantile, t_quantile
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import MeanEstimate, NotEnough

FpcRule = Literal["textbook", "design"]
Limits = Literal["t", "normal"]


def fpc_factor(n: int, population: int | None, *, rule: FpcRule = "textbook") -> float:
    """Factor on a standard error for drawing n of a finite population; 1 without a population.

    `textbook`: sqrt((N-n)/(N-1)); `design`: sqrt(1 - n/N), as survey software uses it with n-1 variances.
    Raises StatisticsError when n exceeds N. R: sqrt((N - n) / (N - 1)); survey::svydesign(fpc = ).
    """
    if population is None:
        return 1.0
    if n > population or population < 1:
        message = f"{n} persons cannot come from a population of {population}"
        raise StatisticsError(message)
    if n == population:
        return 0.0
    return sqrt((population - n) / (population - 1)) if rule == "textbook" else sqrt(1.0 - n / population)


def estimate_mean(
    values: ArrayLike,
    *,
    confidence_level: float = 0.95,
    population: int | None = None,
    fpc_rule: FpcRule = "textbook",
    weights: ArrayLike | None = None,
    limits: Limits = "t",
) -> MeanEstimate | NotEnough:
    """Mean with t interval: mean -+ t(n-1) * s/sqrt(n) * fpc.

    values: (persons,) in scale points, nan = missing. One person has a mean and no interval; without variation
    (or for a full census) the interval is left out too, because a standard error of 0 is not certainty.
    weights: (persons,) above 0, or None; formulas in `diagnosis.stats.weighting`. limits: "normal" takes z in the place
    of t, as survey software does for large samples; the product shows t.
    R: t.test(x)$conf.int.
    """
    require_share(confidence_level, name="confidence_level")
    column = Column.of(values, weights)
    if column.n < 2 or column.is_constant:
        return mean_of_column(column)
    error = column.error * fpc_factor(column.n, population, rule=fpc_rule)
    return _with_interval(column.n, column.mean, sqrt(column.variance), error, confidence_level, limits)


def mean_of_column(column: Column, *, confidence_level: float = 0.95) -> MeanEstimate | NotEnough:
    """`estimate_mean` of complete values whose sums may be known from other figures."""
    if column.n == 0:
        return NotEnough("too_few", 0, 1)
    if column.n == 1:
        return MeanEstimate(1, column.mean, None, None, None, None)
    if column.is_constant:
        return MeanEstimate(column.n, column.mean, 0.0, None, None, None)
    return mean_of_sums(
        column.n, column.mean, sqrt(column.variance), column.error, confidence_level=confidence_level
    )


def mean_of_sums(
    n: int, mean: float, sd: float | None, se: float | None = None, *, confidence_level: float = 0.95
) -> MeanEstimate:
    """`estimate_mean` from the number of persons, their mean and SD (None for one person)."""
    if n < 2 or not sd:
        return MeanEstimate(n, mean, sd, None, None, None)
    error = sd / sqrt(n) if se is None else se
    return _with_interval(n, mean, sd, error, confidence_level, "t")


def _with_interval(
    n: int, mean: float, sd: float, se: float, confidence_level: float, limits: Limits
) -> MeanEstimate:
    if se == 0.0:
        return MeanEstimate(n, mean, sd, None, None, None)
    level = 0.5 + confidence_level / 2.0
    half = (t_quantile(level, n - 1) if limits == "t" else normal_quantile(level)) * se
    return MeanEstimate(n, mean, sd, se, mean - half, mean + half)


def mean_of_dimensions(scores: ArrayLike) -> float | None:
    """Unweighted mean of the dimension means of one group; None unless every dimension has an answer.

    scores: (persons, dimensions), nan = missing. With missing answers this is not the mean of person means.
    """
    matrix = np.asarray(scores, dtype=np.float64)
    if matrix.ndim != 2 or matrix.shape[1] == 0:
        message = "scores must be (persons, dimensions) with at least one dimension"
        raise StatisticsError(message)
    counts = (~np.isnan(matrix)).sum(axis=0)
    if (counts == 0).any():
        return None
    return float((np.nansum(matrix, axis=0) / counts).mean())
