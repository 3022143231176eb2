"""The complete values of one group on one score, with the sums that tests of their mean need, each computed once."""

from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import RELATIVE_NOISE, BoolArray, FloatArray, as_column
from diagnosis.stats.skewness import MIN_PERSONS
from diagnosis.stats.weighting import check_weights, weighted_mean

BLOCK = 16_384


@dataclass(frozen=True)
class Column:
    """Complete `values` (persons,) with their `weights`; a `given_mean` stands for the same mean computed exactly."""

    values: FloatArray
    weights: FloatArray | None = None
    given_mean: float | None = None

    @classmethod
    def of(
        cls, values: ArrayLike, weights: ArrayLike | None = None, *, kept: BoolArray | None = None
    ) -> "Column":
        """Answered values of a column with nan = missing; `kept`: those not missing, where that is known."""
        column = as_column(values)
        given = ~np.isnan(column) if kept is None else kept
        known = None if weights is None else check_weights(weights, column.size)
        if given.all():
            return cls(column, known)
        return cls(column[given], None if known is None else known[given])

    @property
    def n(self) -> int:
        """Persons."""
        return int(self.values.size)

    @cached_property
    def mean(self) -> float:
        """Mean; 0 of nobody."""
        return weighted_mean(self.values, self.weights) if self.given_mean is None else self.given_mean

    @cached_property
    def ends(self) -> tuple[float, float]:
        """Lowest and highest value; at least one person."""
        return float(self.values.min()), float(self.values.max())

    @property
    def is_constant(self) -> bool:
        """Tell whether values differ by no more than the noise of float arithmetic."""
        if not self.n:
            return True
        low, high = self.ends
        return high - low <= RELATIVE_NOISE * max(1.0, abs(low), abs(high))

    @property
    def variance(self) -> float:
        """Variance with n - 1; at least two persons."""
        return self._sums[0]

    @property
    def squared_error(self) -> float:
        """Square of the standard error of the mean; at least two persons."""
        return self._sums[1]

    @property
    def error(self) -> float:
        """Standard error of the mean."""
        return sqrt(self.squared_error)

    @property
    def cumulant(self) -> float:
        """Third cumulant of the mean, see `diagnosis.stats.skewness.third_cumulant`; 0 below three persons."""
        return self._sums[2]

    @property
    def skewness(self) -> float:
        """Skewness m3 / m2^1.5 of the values without weights; 0 of fewer than three or of equal ones."""
        if self.n < MIN_PERSONS or self.is_constant:
            return 0.0
        centred = self.values - self.values.mean()
        squared = centred * centred
        return float(squared @ centred) / self.n / sqrt(float(squared.mean())) ** 3

    @cached_property
    def _sums(self) -> tuple[float, float, float]:
        """Variance, squared error and third cumulant in one pass over blocks that stay in the processor's cache."""
        n, squares, errors, cubes = self.n, 0.0, 0.0, 0.0
        mean = weighted_mean(self.values, self.weights)
        for start in range(0, n, BLOCK):
            part = self.values[start : start + BLOCK] - mean
            if self.weights is None:
                squared = part * part
                squares += float(squared.sum())
                cubes += float(squared @ part)
            else:
                weights = self.weights[start : start + BLOCK]
                own = weights * part
                squares += float(own @ part)
                errors += float(own @ own)
                cubes += float((own * own) @ own)
        if self.weights is None:
            total, errors = float(n), squares
        else:
            total = float(self.weights.sum())
        variance = n / (n - 1) * squares / total
        cumulant = cubes / total**3 * n * n / ((n - 1) * (n - 2)) if n >= MIN_PERSONS else 0.0
        return variance, n / (n - 1) * errors / total**2, cumulant
