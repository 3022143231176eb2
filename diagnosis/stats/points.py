"""Answers as whole numbers, one row of persons per item: scores and sums at a fraction of the cost of floats.

Codes up to `missing_up_to` are no answers. Everything is exact until the one division that makes a score.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from diagnosis.stats.arrays import BoolArray, FloatArray
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough
from diagnosis.stats.scales import MIN_SHARE, PairedScores, answers_needed

PointArray: TypeAlias = NDArray[np.int16]
BLOCK = 16_384
NEAR = 31
"""Products of a block of numbers so near 0 stay below 2^24, where single precision counts exactly."""


def _blocks(n: int) -> Iterator[slice]:
    return (slice(start, start + BLOCK) for start in range(0, n, BLOCK))


def _divisors(k: int, min_share: float) -> FloatArray:
    """What the sum of so many answers is divided by; nan for fewer than needed."""
    divisors = np.arange(k + 1, dtype=np.float64)
    divisors[: answers_needed(k, min_share)] = np.nan
    return divisors


def _score(points: PointArray, answered: BoolArray, divisors: FloatArray) -> FloatArray:
    counts = answered.sum(axis=0, dtype=np.int16)
    sums = np.sum(points * answered, axis=0, dtype=np.int32)
    return np.asarray(sums / divisors[counts], dtype=np.float64)


def score_points(points: PointArray, *, missing_up_to: int, min_share: float = MIN_SHARE) -> FloatArray:
    """`score_dimension` of whole numbers (items, persons): (persons,), nan below the share."""
    divisors, scores = _divisors(len(points), min_share), np.empty(points.shape[1])
    for block in _blocks(points.shape[1]):
        part = points[:, block]
        scores[block] = _score(part, part > missing_up_to, divisors)
    return scores


def score_point_pair(
    later: PointArray, earlier: PointArray, *, missing_up_to: int, min_share: float = MIN_SHARE
) -> PairedScores:
    """`score_pair` of whole numbers (items, persons)."""
    if later.shape != earlier.shape:
        message = f"both sides must have the same shape, not {later.shape} and {earlier.shape}"
        raise StatisticsError(message)
    divisors = _divisors(len(later), min_share)
    found = PairedScores(np.empty(later.shape[1]), np.empty(later.shape[1]))
    for block in _blocks(later.shape[1]):
        sides = later[:, block], earlier[:, block]
        both = (sides[0] > missing_up_to) & (sides[1] > missing_up_to)
        found.later[block], found.earlier[block] = (_score(side, both, divisors) for side in sides)
    return found


def count_prorated_points(points: PointArray, *, missing_up_to: int, min_share: float = MIN_SHARE) -> int:
    """`count_prorated` of whole numbers (items, persons)."""
    needed, k, found = answers_needed(len(points), min_share), len(points), 0
    for block in _blocks(points.shape[1]):
        counts = (points[:, block] > missing_up_to).sum(axis=0, dtype=np.int16)
        found += int(np.count_nonzero((counts >= needed) & (counts < k)))
    return found


@dataclass(frozen=True, slots=True)
class PointSums:
    """Persons with their sum and sum of squares, all exact."""

    n: int
    total: int
    squares: int

    @property
    def mean(self) -> float:
        """Mean; at least one person."""
        return self.total / self.n

    @property
    def sd(self) -> float:
        """Standard deviation with n - 1; at least two persons."""
        return sqrt(max(0, self.n * self.squares - self.total**2) / self.n / (self.n - 1))


def point_sums(points: PointArray, answered: BoolArray) -> tuple[PointSums, ...]:
    """Sums of each row (items, persons) over the persons marked in it."""
    n, total, squares = (np.zeros(len(points), dtype=np.int64) for _ in range(3))
    for block in _blocks(points.shape[1]):
        part = points[:, block] * answered[:, block]
        n += np.count_nonzero(answered[:, block], axis=1)
        total += part.sum(axis=1, dtype=np.int64)
        squares += np.sum(np.square(part, dtype=np.int32), axis=1, dtype=np.int64)
    rows = zip(n.tolist(), total.tolist(), squares.tolist(), strict=True)
    return tuple(PointSums(*row) for row in rows)


def point_covariances(points: PointArray, *, missing_up_to: int) -> tuple[int, FloatArray] | NotEnough:
    """Persons with every answer and the covariances (n - 1) of the items over them. R: cov(x, use = "complete")."""
    k = len(points)
    n, sums, products, shift = 0, np.zeros(k), np.zeros((k, k)), None
    for block in _blocks(points.shape[1]):
        part = points[:, block]
        complete = (part > missing_up_to).all(axis=0)
        if shift is None and complete.any():
            shift = part[0, complete.argmax()]
        centred = (part - (shift or np.int16(0))) * complete
        is_near = int(np.abs(centred).max(initial=0)) <= NEAR
        values: NDArray[np.floating] = centred.astype(np.float32 if is_near else np.float64)
        n += int(np.count_nonzero(complete))
        sums += values.sum(axis=1)
        products += values @ values.T
    if n < 2:
        return NotEnough("too_few", n, 2)
    return n, np.asarray((products - np.outer(sums, sums) / n) / (n - 1), dtype=np.float64)
