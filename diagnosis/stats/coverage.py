"""Profile fit: the share of customers whose most important wishes the designed standard meets."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import BoolArray, FloatArray, as_column, as_matrix, require_positive
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.proportions import wilson_interval
from diagnosis.stats.results import NotEnough, ProportionEstimate

FIT_SHARE = 1.0 / 6.0
N_TOP = 3
TOLERANCE = 1e-9


@dataclass(frozen=True, slots=True)
class CoverageEstimate:
    """`coverage.share` of the judged customers are served within the tolerance on each of their top dimensions.

    `fits_by_dimension`: per dimension the share among those who have it on top; None where nobody has, or where
    the standard is missing. `n_by_dimension` counts them.
    """

    coverage: ProportionEstimate
    tolerance: float
    fits_by_dimension: tuple[float | None, ...]
    n_by_dimension: tuple[int, ...]


def top_dimensions(expectations: ArrayLike, *, n_top: int = N_TOP) -> BoolArray:
    """Mark each person's highest expectations; ties with the last place are all marked, so order decides nothing.

    expectations: (persons, dimensions), nan = missing. Returns a boolean matrix of the same shape.
    """
    matrix = as_matrix(expectations, name="expectations")
    if n_top < 1:
        message = f"n_top must be at least 1, not {n_top}"
        raise StatisticsError(message)
    if matrix.shape[1] == 0:
        return np.zeros(matrix.shape, dtype=np.bool_)
    filled = np.where(np.isnan(matrix), -np.inf, matrix)
    place = min(n_top, matrix.shape[1])
    last = -np.sort(-filled, axis=1)[:, place - 1 : place]
    return np.asarray(~np.isnan(matrix) & (filled >= last - TOLERANCE), dtype=np.bool_)


def _chosen(expectations: FloatArray, ticks: ArrayLike | None) -> BoolArray:
    if ticks is None:
        return top_dimensions(expectations)
    stated = np.array(ticks, dtype=np.bool_)
    if stated.shape != expectations.shape:
        message = f"ticks must have the shape of the expectations, not {stated.shape}"
        raise StatisticsError(message)
    silent = np.flatnonzero(~stated.any(axis=1))
    stated[silent] = top_dimensions(expectations[silent])
    return stated


def profile_coverage(
    standard: ArrayLike,
    expectations: ArrayLike,
    *,
    scale_range: float,
    ticks: ArrayLike | None = None,
    confidence_level: float = 0.95,
) -> CoverageEstimate | NotEnough:
    """Share of customers with |DS - CE_i| <= 1/6 of the scale range on every one of their top-3 dimensions (D4).

    standard: (dimensions,) mean of the designed standard, nan = none; expectations: (persons, dimensions), nan =
    missing; ticks: boolean (persons, dimensions), the dimensions a person named most important - who named none is
    judged on the three highest expectations (all that tie for third place count). A customer is judged on the top
    dimensions with both values and left out without any. scale_range 6 (1-7) tolerates one point.
    R: mean(apply(abs(ds - ce) <= 1 | !top, 1, all)); prop.test(correct = FALSE).
    """
    require_positive(scale_range, name="scale_range")
    levels = as_column(standard, name="standard")
    wishes = as_matrix(expectations, name="expectations")
    if wishes.shape[1] != levels.size:
        message = f"{levels.size} standards do not fit {wishes.shape[1]} dimensions"
        raise StatisticsError(message)
    tolerance = FIT_SHARE * scale_range
    chosen = _chosen(wishes, ticks)
    persons, failed = np.zeros(len(wishes), dtype=np.bool_), np.zeros(len(wishes), dtype=np.bool_)
    counts, met = [], []
    for wish, top, level in zip(wishes.T, chosen.T, levels, strict=True):
        judged = top & ~np.isnan(wish) & bool(level == level)  # noqa: PLR0124 - false for nan alone
        misses = judged & ~(np.abs(wish - level) <= tolerance + TOLERANCE)
        persons |= judged
        failed |= misses
        counts.append(int(np.count_nonzero(judged)))
        met.append(counts[-1] - int(np.count_nonzero(misses)))
    n = int(np.count_nonzero(persons))
    coverage = wilson_interval(n - int(np.count_nonzero(failed)), n, confidence_level=confidence_level)
    if isinstance(coverage, NotEnough):
        return coverage
    return CoverageEstimate(
        coverage=coverage,
        tolerance=tolerance,
        fits_by_dimension=tuple(m / c if c else None for m, c in zip(met, counts, strict=True)),
        n_by_dimension=tuple(counts),
    )
