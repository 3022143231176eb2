"""Means, variances and errors with person weights; with equal weights every one is the ordinary statistic.

mean = sum(w x) / sum(w); variance = n/(n-1) * sum(w (x - mean)^2) / sum(w);
se^2 = n/(n-1) * sum((w (x - mean))^2) / sum(w)^2, the linearised error of a weighted mean (Lumley 2010), n-1 df.
R: survey::svydesign(ids = ~1, weights = ~w), then svymean(), svyvar().
"""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_column
from diagnosis.stats.exceptions import StatisticsError


def check_weights(weights: ArrayLike, n: int) -> FloatArray:
    """Return the weights of n persons; raises StatisticsError unless there is one above 0 for each."""
    column = as_column(weights, name="weights")
    if column.shape != (n,) or np.isnan(column).any() or (column <= 0).any():
        message = f"weights must hold one number above 0 for each of {n} persons"
        raise StatisticsError(message)
    return column


def normalised(weights: ArrayLike) -> FloatArray:
    """Weights scaled to a mean of 1, so that their sum is the number of persons; figures do not depend on it."""
    column = as_column(weights, name="weights")
    return np.asarray(column / column.mean(), dtype=np.float64)


def effective_n(weights: ArrayLike) -> float:
    """Kish's effective number of persons, (sum w)^2 / sum w^2: n for equal weights, 1 when one person has them all."""
    column = as_column(weights, name="weights")
    return float(column.sum() ** 2 / (column**2).sum()) if column.size else 0.0


def weighted_mean(values: FloatArray, weights: FloatArray | None) -> float:
    """Mean of complete values (persons,); plain without weights, 0 of nobody."""
    if not values.size:
        return 0.0
    return float(values.mean() if weights is None else weights @ values / weights.sum())


def weighted_variance(values: FloatArray, weights: FloatArray | None) -> float:
    """Variance of complete values (persons,) with n-1; at least two persons."""
    if weights is None:
        return float(values.var(ddof=1))
    n, centred = values.size, values - weighted_mean(values, weights)
    return float(n / (n - 1) * (weights @ centred**2) / weights.sum())


def mean_error(values: FloatArray, weights: FloatArray | None) -> float:
    """Standard error of the mean of complete values (persons,); at least two persons."""
    n = values.size
    if weights is None:
        return float(values.std(ddof=1)) / sqrt(n)
    parts = weights * (values - weighted_mean(values, weights))
    return sqrt(n / (n - 1) * float(parts @ parts)) / float(weights.sum())


def column_means(scores: FloatArray, weights: FloatArray | None) -> FloatArray:
    """Mean of every column of (persons, columns), nan = missing; each column holds at least one value."""
    answered = ~np.isnan(scores)
    if weights is None:
        return np.asarray(np.nansum(scores, axis=0) / answered.sum(axis=0), dtype=np.float64)
    filled = np.where(answered, scores, 0.0)
    return np.asarray((weights @ filled) / (weights @ answered), dtype=np.float64)
