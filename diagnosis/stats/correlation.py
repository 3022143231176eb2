"""Pearson correlations: one pair with its interval, and matrices under a stated rule for missing answers."""

from dataclasses import dataclass
from math import atanh, sqrt, tanh
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_matrix, complete_pairs, is_constant, require_share
from diagnosis.stats.distributions import normal_quantile, t_two_sided_p
from diagnosis.stats.results import NotEnough

MissingRule = Literal["pairwise", "listwise"]
EIGENVALUE_NOISE = 1e-10
PERFECT = 1e-15


@dataclass(frozen=True, slots=True)
class PearsonEstimate:
    """Correlation of two columns; t is None for a perfect correlation, the interval below four pairs too."""

    n: int
    r: float
    t: float | None
    p_value: float
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class CorrelationMatrix:
    """Correlations of several columns, and the pairs behind each.

    `smallest_eigenvalue` below 0: no complete data have these correlations (pairwise deletion); factor analysis,
    omega and KMO must refuse such a matrix or use `repaired`, and say so.
    """

    values: FloatArray
    pairs: FloatArray
    rule: MissingRule
    smallest_eigenvalue: float

    @property
    def is_valid(self) -> bool:
        """Tell whether the matrix is positive semidefinite, the noise of float arithmetic apart."""
        return self.smallest_eigenvalue >= -EIGENVALUE_NOISE * len(self.values)


def pearson(
    first: ArrayLike, second: ArrayLike, *, confidence_level: float = 0.95
) -> PearsonEstimate | NotEnough:
    """Pearson's r over complete pairs; p from t = r sqrt((n-2)/(1-r^2)), interval by Fisher's z with 1/sqrt(n-3).

    first, second: (persons,), nan = missing. Needs three pairs, and four for an interval.
    Reference: Fisher (1921). R: cor.test(x, y).
    """
    require_share(confidence_level, name="confidence_level")
    x, y = complete_pairs(first, second)
    n = int(x.size)
    if n < 3:
        return NotEnough("too_few", n, 3)
    if is_constant(x) or is_constant(y):
        return NotEnough("no_variation", n, 3)
    dx, dy = x - x.mean(), y - y.mean()
    r = max(-1.0, min(1.0, float(dx @ dy) / sqrt(float(dx @ dx) * float(dy @ dy))))
    unexplained = 1.0 - r * r
    if unexplained <= PERFECT:
        return PearsonEstimate(n, r, None, 0.0, None, None)
    t = r * sqrt((n - 2) / unexplained)
    p_value = t_two_sided_p(t, n - 2)
    if n == 3:
        return PearsonEstimate(n, r, t, p_value, None, None)
    half = normal_quantile(0.5 + confidence_level / 2.0) / sqrt(n - 3)
    return PearsonEstimate(n, r, t, p_value, tanh(atanh(r) - half), tanh(atanh(r) + half))


def correlation_matrix(
    ratings: ArrayLike, *, rule: MissingRule = "pairwise"
) -> CorrelationMatrix | NotEnough:
    """Pearson correlations of all columns, each from its complete pairs or all from the complete rows.

    ratings: (persons, columns), nan = missing. Every pair needs three persons and variation in both columns.
    R: cor(x, use = "pairwise.complete.obs") or "complete.obs".
    """
    matrix = as_matrix(ratings)
    answered = ~np.isnan(matrix)
    if rule == "listwise":
        answered = np.broadcast_to(answered.all(axis=1, keepdims=True), matrix.shape)
    shown = answered.astype(np.float64)
    pairs = shown.T @ shown
    fewest = int(pairs.min()) if pairs.size else 0
    if fewest < 3:
        return NotEnough("too_few", fewest, 3)
    counts = shown.sum(axis=0)
    filled = np.where(answered, matrix, 0.0)
    centred = np.where(answered, matrix - filled.sum(axis=0) / counts, 0.0)
    sums, squares = centred.T @ shown, (centred**2).T @ shown
    variances = squares - sums**2 / pairs
    size = np.maximum(1.0, np.abs(filled).max(axis=0))[:, None] ** 2 * pairs
    if (variances <= size * 1e-20).any():
        return NotEnough("no_variation", fewest, 3)
    covariances = centred.T @ centred - sums * sums.T / pairs
    values = np.clip(covariances / np.sqrt(variances * variances.T), -1.0, 1.0)
    np.fill_diagonal(values, 1.0)
    return CorrelationMatrix(values, pairs, rule, float(np.linalg.eigvalsh(values)[0]))


def repaired(matrix: CorrelationMatrix) -> FloatArray:
    """Return correlations that complete data can have: negative eigenvalues raised to 0, diagonal scaled back to 1.

    A valid matrix is returned as it is. Whoever shows figures from a repaired matrix says that it was repaired.
    R: psych::cor.smooth().
    """
    if matrix.is_valid:
        return matrix.values
    values, vectors = np.linalg.eigh(matrix.values)
    whole = (vectors * np.maximum(values, EIGENVALUE_NOISE)) @ vectors.T
    scale = np.sqrt(np.diag(whole))
    smooth = whole / np.outer(scale, scale)
    np.fill_diagonal(smooth, 1.0)
    return np.asarray(smooth, dtype=np.float64)
