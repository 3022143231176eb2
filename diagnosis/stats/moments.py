"""One blocked pass over answers: counts, sums and cross-products of every pair of columns, missing values left out.

Means, variances, covariances, correlations, alpha, t tests and slopes follow from them. Moments of blocks, groups or
waves add up (`first + second`), so they can be split over workers and kept as answers come in.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnosis.stats.arrays import FloatArray
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.power import welch_df
from diagnosis.stats.results import NotEnough
from diagnosis.stats.weighting import check_weights

BLOCK = 2_048
NOISE = 1e-12
EXACT_TO = 30.0


@dataclass(frozen=True, slots=True)
class MeanDifference:
    """Difference of two means with its standard error and degrees of freedom; t = estimate / se."""

    estimate: float
    se: float
    df: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Sums over the persons who have both of two columns, of x - shift; all but `shift` are (columns, columns).

    counts[i, j]: sum of weights of those who have i and j; sums[i, j], squares[i, j]: of column i over them;
    products[i, j]: of i times j. `shift` (columns,) lies near the means, so that variances do not cancel.
    """

    shift: FloatArray
    counts: FloatArray
    sums: FloatArray
    squares: FloatArray
    products: FloatArray

    def __add__(self, other: Moments) -> Moments:
        """Moments of two sets of persons together; raises StatisticsError unless the shifts are the same."""
        if not np.array_equal(self.shift, other.shift):
            message = "moments add up only over the same columns with the same shift"
            raise StatisticsError(message)
        return Moments(
            self.shift,
            self.counts + other.counts,
            self.sums + other.sums,
            self.squares + other.squares,
            self.products + other.products,
        )

    @property
    def n(self) -> FloatArray:
        """Persons (sum of weights) per column."""
        return np.diagonal(self.counts)

    def means(self) -> FloatArray | NotEnough:
        """Mean per column over those who have it. R: colMeans(x, na.rm = TRUE)."""
        if (fewest := _fewest(self.n)) < 1:
            return NotEnough("too_few", fewest, 1)
        return self.shift + np.diagonal(self.sums) / self.n

    def covariances(self) -> FloatArray | NotEnough:
        """Covariance with n - 1 of every pair over those who have both. R: cov(x, use = "pairwise")."""
        if (fewest := _fewest(self.counts)) < 2:
            return NotEnough("too_few", fewest, 2)
        return np.asarray(self._crossed() / (self.counts - 1.0), dtype=np.float64)

    def correlations(self) -> FloatArray | NotEnough:
        """Pearson's r of every pair over those who have both. R: cor(x, use = "pairwise")."""
        if (fewest := _fewest(self.counts)) < 2:
            return NotEnough("too_few", fewest, 2)
        own = self.squares - self.sums**2 / self.counts
        if (own <= NOISE * np.maximum(self.squares, 1.0)).any():
            return NotEnough("no_variation", fewest, 2)
        return np.clip(self._crossed() / np.sqrt(own * own.T), -1.0, 1.0)

    def alpha(self) -> float | NotEnough:
        """Cronbach's alpha of all columns, k/(k-1) * (1 - trace / sum of the covariances). R: psych::alpha(x)."""
        k, covariances = len(self.shift), self.covariances()
        if isinstance(covariances, NotEnough):
            return covariances
        whole = float(covariances.sum())
        if k < 2 or whole <= NOISE:
            return NotEnough("no_variation", _fewest(self.counts), 2)
        return k / (k - 1) * (1.0 - float(np.trace(covariances)) / whole)

    def paired(self, later: int, earlier: int) -> MeanDifference | NotEnough:
        """Mean of column `later` minus column `earlier` over those who have both. R: t.test(paired = TRUE)."""
        n = float(self.counts[later, earlier])
        if n < 2:
            return NotEnough("too_few", int(n), 2)
        total = self.sums[later, earlier] - self.sums[earlier, later]
        size = self.squares[later, earlier] + self.squares[earlier, later]
        spread = float(size - 2.0 * self.products[later, earlier] - total**2 / n)
        estimate = float(self.shift[later] - self.shift[earlier] + total / n)
        if spread <= NOISE * max(1.0, size):
            return NotEnough("no_variation", int(n), 2, estimate)
        return MeanDifference(estimate, sqrt(spread / (n - 1.0) / n), n - 1.0)

    def welch(self, column: int, other: Moments, other_column: int) -> MeanDifference | NotEnough:
        """Mean of a column here minus a column of other persons. R: t.test(later, earlier)."""
        sides = (self._level(column), other._level(other_column))
        (n, mean, spread), (n_other, mean_other, spread_other) = sides
        fewest = int(min(n, n_other))
        if fewest < 2:
            return NotEnough("too_few", fewest, 2)
        errors = spread / (n - 1.0) / n, spread_other / (n_other - 1.0) / n_other
        if sum(errors) <= NOISE:
            return NotEnough("no_variation", fewest, 2, mean - mean_other)
        df = welch_df(errors[0], round(n), errors[1], round(n_other))
        return MeanDifference(mean - mean_other, sqrt(sum(errors)), df)

    def slopes(self, outcome: int, predictors: list[int]) -> FloatArray | NotEnough:
        """Least-squares slopes of one column on others, from pairwise covariances. R: coef(lm(y ~ x))[-1]."""
        covariances = self.covariances()
        if isinstance(covariances, NotEnough):
            return covariances
        fewest = _fewest(self.counts)
        if fewest < len(predictors) + 2:
            return NotEnough("too_few", fewest, len(predictors) + 2)
        inner = covariances[np.ix_(predictors, predictors)]
        if np.linalg.cond(inner) > 1.0 / NOISE:
            return NotEnough("no_variation", fewest, len(predictors) + 2)
        return np.asarray(np.linalg.solve(inner, covariances[predictors, outcome]), dtype=np.float64)

    def _crossed(self) -> FloatArray:
        return np.asarray(self.products - self.sums * self.sums.T / self.counts, dtype=np.float64)

    def _level(self, column: int) -> tuple[float, float, float]:
        """Persons, mean and sum of squared deviations of a column."""
        n, total = float(self.counts[column, column]), float(self.sums[column, column])
        if n == 0:
            return 0.0, 0.0, 0.0
        spread = float(self.squares[column, column]) - total**2 / n
        return n, float(self.shift[column]) + total / n, max(spread, 0.0)


def _fewest(counts: FloatArray) -> int:
    return int(counts.min()) if counts.size else 0


def moments(values: ArrayLike, *, shift: ArrayLike, weights: ArrayLike | None = None) -> Moments:
    """Moments of (persons, columns), nan = missing.

    shift: a number, or one per column, near the means (the middle of the scale). weights: (persons,) above 0; counts
    are then sums of weights, which `normalised` brings to the number of persons. Blocks of persons stay in the
    processor's cache; only blocks with missing values need the products of masks. Raises StatisticsError on wrong
    shapes or infinite values. Reference: Chan, Golub & LeVeque (1983). R: crossprod().
    """
    matrix = np.asarray(values, dtype=np.float64)
    if matrix.ndim != 2:
        message = f"values must have 2 axes, not {matrix.ndim}"
        raise StatisticsError(message)
    middle = _shift(shift, matrix.shape[1])
    kept = None if weights is None else np.sqrt(check_weights(weights, len(matrix)))
    found = _nothing(middle)
    for start in range(0, len(matrix), BLOCK):
        block = matrix[start : start + BLOCK] - middle
        found += _of_block(middle, block, None if kept is None else kept[start : start + BLOCK, None])
    return found


def packed_moments(scores: NDArray[np.int16], *, shift: ArrayLike, missing_up_to: int) -> Moments:
    """`moments` of answers as frames pack them: whole numbers (persons, columns), missing up to a code below the scale.

    Products of one block are sums of few halves and whole numbers and so exact in single precision, which takes half
    the time. Raises StatisticsError when a shift is no multiple of one half or an answer is over 30 away from it.
    """
    middle = _shift(shift, scores.shape[1])
    far = max(float(scores.max(initial=0)), -missing_up_to - 1.0) + float(np.abs(middle).max(initial=0.0))
    if far > EXACT_TO or (middle * 2 % 1).any():
        message = f"answers less their shift must be halves within {EXACT_TO}, not up to {far:g}"
        raise StatisticsError(message)
    found = _nothing(middle)
    single = middle.astype(np.float32)
    for start in range(0, len(scores), BLOCK):
        part = scores[start : start + BLOCK]
        block = np.subtract(part, single, dtype=np.float32)
        if part.min() <= missing_up_to:
            block[part <= missing_up_to] = np.nan
        found += _of_block(middle, block, None)
    return found


def moments_by_group(values: ArrayLike, groups: ArrayLike, *, shift: ArrayLike) -> dict[int, Moments]:
    """`moments` of each group; groups: (persons,) whole numbers. Their sum is the moments of everybody."""
    matrix, labels = np.asarray(values, dtype=np.float64), np.asarray(groups, dtype=np.int64)
    if labels.shape != matrix.shape[:1]:
        message = f"groups must hold one number for each of {len(matrix)} persons"
        raise StatisticsError(message)
    return {int(group): moments(matrix[labels == group], shift=shift) for group in np.unique(labels)}


def _shift(shift: ArrayLike, k: int) -> FloatArray:
    return np.array(np.broadcast_to(np.asarray(shift, dtype=np.float64), (k,)))


def _nothing(shift: FloatArray) -> Moments:
    k = len(shift)
    return Moments(shift, *(np.zeros((k, k)) for _ in range(4)))


def _of_block(shift: FloatArray, block: NDArray[np.floating], roots: FloatArray | None) -> Moments:
    """Moments of one block already shifted; roots: (persons, 1) square roots of weights."""
    k = len(shift)
    scaled = block if roots is None else block * roots
    products = scaled.T @ scaled
    if np.isfinite(np.diagonal(products)).all():
        ones = np.ones((len(block), 1), block.dtype) if roots is None else roots
        sums, n = (ones.T @ scaled).astype(np.float64)[0], float((ones.astype(np.float64) ** 2).sum())
        diagonal = np.diagonal(products).astype(np.float64)
        return Moments(
            shift,
            np.full((k, k), n),
            np.repeat(sums[:, None], k, axis=1),
            np.repeat(diagonal[:, None], k, axis=1),
            products.astype(np.float64),
        )
    if np.isinf(block).any():
        message = "values must not hold infinite values"
        raise StatisticsError(message)
    answered = block == block  # noqa: PLR0124 - false for nan alone, and faster than asking for it
    present = answered.astype(block.dtype)
    if roots is not None:
        present *= roots
    filled = np.where(answered, scaled, 0)
    squared = np.where(answered, block, 0) * filled
    crossed = present.T @ np.hstack((present, squared))
    return Moments(
        shift,
        crossed[:, :k].astype(np.float64),
        (filled.T @ present).astype(np.float64),
        crossed[:, k:].T.astype(np.float64),
        (filled.T @ filled).astype(np.float64),
    )
