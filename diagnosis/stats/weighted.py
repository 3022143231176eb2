"""What survey software reports of weighted answers: mean, error, variances, quantiles, design effect, two groups."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import BoolArray, FloatArray, as_column, is_constant, require_share
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough
from diagnosis.stats.weighting import effective_n, mean_error, weighted_mean, weighted_variance

QUARTILES = (0.25, 0.5, 0.75)


@dataclass(frozen=True, slots=True)
class WeightedSummary:
    """Weighted answers of `n` persons with a weight above 0; only the sum depends on the scale of the weights.

    `variance` divides by the sum of weights with n/(n-1); `unbiased_variance` by 1 - sum of squared shares.
    `design_effect` = n / effective_n.
    """

    n: int
    sum_of_weights: float
    mean: float
    se: float
    variance: float
    unbiased_variance: float
    quartiles: tuple[float, float, float]
    effective_n: float
    design_effect: float


@dataclass(frozen=True, slots=True)
class WeightedDifference:
    """Weighted mean of one group minus that of the other, with linearised errors and n - 2 degrees of freedom."""

    mean_later: float
    mean_earlier: float
    se_later: float
    se_earlier: float
    difference: float
    se: float
    t: float
    df: int
    p_value: float
    ci_low: float
    ci_high: float


def weighted_answers(values: ArrayLike, weights: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return answers and weights of the persons who answered and have a weight above 0.

    Raises StatisticsError on a missing or negative weight, and when all weights are 0.
    """
    column, given = as_column(values), as_column(weights, name="weights")
    if given.shape != column.shape or np.isnan(given).any() or (given < 0).any():
        message = f"weights must hold one number from 0 for each of {column.size} persons"
        raise StatisticsError(message)
    if given.size and not given.any():
        message = "at least one weight must be above 0"
        raise StatisticsError(message)
    kept = ~np.isnan(column) & (given > 0)
    return column[kept], given[kept]


def weighted_summary(values: ArrayLike, weights: ArrayLike) -> WeightedSummary | NotEnough:
    """Mean, linearised error, variances, quartiles and Kish's effective n.

    se^2 = n/(n-1) sum((w (x - mean))^2)/sum(w)^2; effective n = (sum w)^2/sum(w^2). values, weights: (persons,), nan =
    missing answer; a weight of 0 leaves the person out. References: Kish (1965); Lumley (2010).
    R: survey::svymean(), svyvar(), svyquantile(qrule = "math"), cov.wt().
    """
    kept, w = weighted_answers(values, weights)
    n = int(kept.size)
    if n < 2:
        return NotEnough("too_few", n, 2)
    shares = w / w.sum()
    mean, size = weighted_mean(kept, w), effective_n(w)
    centred = (kept - mean) ** 2
    low, middle, high = weighted_quantiles(kept, w, QUARTILES)
    return WeightedSummary(
        n=n,
        sum_of_weights=float(w.sum()),
        mean=mean,
        se=mean_error(kept, w),
        variance=weighted_variance(kept, w),
        unbiased_variance=float(shares @ centred) / (1.0 - float(shares @ shares)),
        quartiles=(low, middle, high),
        effective_n=size,
        design_effect=n / size,
    )


def weighted_quantiles(
    values: FloatArray, weights: FloatArray, probabilities: Sequence[float]
) -> tuple[float, ...]:
    """Smallest answer at which the weights of all answers up to it reach each share of the whole weight.

    values, weights: complete, (persons,), at least one. R: survey::svyquantile(qrule = "math").
    """
    order = np.argsort(values, kind="stable")
    reached = np.cumsum(weights[order])
    whole = float(reached[-1])
    answers = []
    for probability in probabilities:
        require_share(probability, name="probability")
        place = int(np.searchsorted(reached, probability * whole * (1.0 - 1e-12)))
        answers.append(float(values[order][place]))
    return tuple(answers)


def weighted_difference(
    values: ArrayLike, weights: ArrayLike, is_later: ArrayLike, *, confidence_level: float = 0.95
) -> WeightedDifference | NotEnough:
    """Weighted two-group test over one sample: mean where `is_later` minus mean of the others.

    Each group's error is that of a domain: n/(n-1) sum over its persons of (w (x - mean)/sum(w))^2 with n = everybody;
    df = n - 2. is_later: (persons,) true or false. R: survey::svyttest(y ~ g), svyby().
    """
    require_share(confidence_level, name="confidence_level")
    member: BoolArray = np.asarray(is_later, dtype=np.bool_)
    column = as_column(values)
    if member.shape != column.shape:
        message = f"the group must be told for each of {column.size} persons"
        raise StatisticsError(message)
    one, w1 = weighted_answers(np.where(member, column, np.nan), weights)
    two, w2 = weighted_answers(np.where(member, np.nan, column), weights)
    n, fewest = int(one.size + two.size), int(min(one.size, two.size))
    if fewest < 2:
        return NotEnough("too_few", fewest, 2)
    if is_constant(one) and is_constant(two):
        return NotEnough("no_variation", fewest, 2, weighted_mean(one, w1) - weighted_mean(two, w2))
    (mean1, se1), (mean2, se2) = _domain(one, w1, n), _domain(two, w2, n)
    difference, se, df = mean1 - mean2, sqrt(se1**2 + se2**2), n - 2
    half = t_quantile(0.5 + confidence_level / 2.0, df) * se
    t = difference / se
    p_value = t_two_sided_p(t, df)
    return WeightedDifference(
        mean1, mean2, se1, se2, difference, se, t, df, p_value, difference - half, difference + half
    )


def _domain(values: FloatArray, weights: FloatArray, n: int) -> tuple[float, float]:
    mean = weighted_mean(values, weights)
    parts = weights * (values - mean) / float(weights.sum())
    return mean, sqrt(n / (n - 1) * float(parts @ parts))
