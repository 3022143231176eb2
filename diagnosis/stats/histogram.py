"""Distinct scores and how often each occurs: what ranks, moments and draws need, however many persons there are."""

from dataclasses import dataclass
from math import floor, log10

import numpy as np

from diagnosis.stats.arrays import FloatArray

TIE_DIGITS = 10


@dataclass(frozen=True, slots=True)
class Histogram:
    """Distinct values in rising order with their counts; at least one person."""

    values: FloatArray
    counts: FloatArray
    n: int
    mean: float

    @classmethod
    def of(cls, column: FloatArray, *, decimals: int | None = None) -> "Histogram":
        """Count complete values (persons,) without the noise of float arithmetic; see `decimals_without_noise`."""
        rounded = np.round(column, decimals_without_noise(column) if decimals is None else decimals)
        values, counts = np.unique(rounded, return_counts=True)
        times = counts.astype(np.float64)
        return cls(values, times, int(column.size), float(times @ values) / column.size)

    def draws(self, n_draws: int, random: np.random.Generator) -> FloatArray:
        """Counts (draws, distinct values) of n persons drawn with replacement."""
        return random.multinomial(self.n, self.counts / self.n, size=n_draws).astype(np.float64)

    def cumulants_of_mean(self) -> tuple[float, float, float]:
        """Second to fourth cumulant of the mean of n persons drawn with replacement."""
        centred = self.values - self.mean
        m2, m3, m4 = (float(self.counts @ centred**power) / self.n for power in (2, 3, 4))
        return m2 / self.n, m3 / self.n**2, (m4 - 3.0 * m2**2) / self.n**3


def decimals_without_noise(*columns: FloatArray) -> int:
    """Decimals that keep ten digits of the largest value: scores that are equal but for rounding tie."""
    largest = max((float(np.abs(column).max()) for column in columns if column.size), default=0.0)
    return TIE_DIGITS - 1 - (floor(log10(largest)) if largest > 0.0 else 0)


def merged(first: Histogram, second: Histogram) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distinct values of both, rounded alike, with the counts of each: (values,), (values,), (values,)."""
    values = np.union1d(first.values, second.values)
    answers = []
    for one in (first, second):
        counts = np.zeros(values.size)
        counts[np.searchsorted(values, one.values)] = one.counts
        answers.append(counts)
    return values, answers[0], answers[1]


def mean_ranks(counts: FloatArray) -> FloatArray:
    """Mid-rank of each distinct value in rising order, from how often each occurs."""
    return np.asarray(np.cumsum(counts) - (counts - 1.0) / 2.0, dtype=np.float64)
