"""Sums over persons drawn with replacement, at a cost that stops growing where an audience is large."""

from collections.abc import Iterable, Iterator

import numpy as np

from diagnosis.stats.arrays import FloatArray
from diagnosis.stats.exceptions import StatisticsError

N_DRAWS = 2_000
MAX_UNITS = 2_000
"""Units that are drawn: persons, or random groups of persons where there are more."""
MOST_CELLS = 4_000_000


def drawn_sums(
    columns: Iterable[FloatArray], n: int, *, n_draws: int = N_DRAWS, random: np.random.Generator
) -> FloatArray:
    """Sums of finite columns (n,) over n persons drawn with replacement, the same persons for all: (draws, columns).

    A unit is a person; with more than MAX_UNITS persons it is a random group of them of equal size, which has the same
    variance in expectation (relative error of a standard error 1 / sqrt(2 MAX_UNITS) = 1.6 %, as with 2,000 draws).
    The multinomial counts of a draw times the sums of the units give all sums at once.
    R: boot::boot(x, function(x, i) colSums(x[i, ]), R).
    """
    n_units = min(n, MAX_UNITS)
    place = None if n <= MAX_UNITS else random.permutation(n) % MAX_UNITS
    units = np.column_stack(
        [column if place is None else np.bincount(place, column, minlength=n_units) for column in columns]
    )
    return np.concatenate([counts @ units for counts in unit_counts(n_units, n_draws, random)])


def unit_counts(n_units: int, n_draws: int, random: np.random.Generator) -> Iterator[FloatArray]:
    """Yield how often each unit is drawn, in slices that fit the memory: (draws of the slice, units).

    Raises StatisticsError without a unit.
    """
    if n_units < 1:
        message = f"nobody can be drawn from {n_units} persons"
        raise StatisticsError(message)
    slice_size = max(1, min(n_draws, MOST_CELLS // n_units))
    for start in range(0, n_draws, slice_size):
        size = min(slice_size, n_draws - start)
        drawn = random.integers(0, n_units, size=(size, n_units)) + np.arange(size)[:, None] * n_units
        counts = np.bincount(drawn.ravel(), minlength=size * n_units)
        yield counts.reshape(size, n_units).astype(np.float64)
