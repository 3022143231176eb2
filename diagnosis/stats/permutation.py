"""Permutation tests that stand beside the t tests when a side has few persons."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from diagnosis.stats.arrays import FloatArray
from diagnosis.stats.columns import Column
from diagnosis.stats.skewness import MIN_PERSONS, corrected_t

N_DRAWS = 4_999
MAX_ENUMERATED = 20_000
MAX_SIGNS_ENUMERATED = 13
MIN_PAIRS = 6
TIE_TOLERANCE = 1e-9
MAX_JOINED = 50_000


def sign_flip_p(differences: FloatArray, *, n_draws: int = N_DRAWS, random_state: int = 1) -> float | None:
    """Two-sided p-value of the paired t statistic when the signs of the differences are flipped.

    The sum of squares does not change under a flip, so |t| rises with |sum| and the sums are compared. All 2^n
    patterns up to n = 13, else `n_draws` random ones and p = (1 + hits) / (1 + draws). None below six pairs,
    where p <= .05 cannot be reached. Reference: Fisher (1935). R: sum(abs(S) >= abs(s)) over expand.grid(c(-1, 1)).
    """
    n = differences.size
    if n < MIN_PAIRS:
        return None
    observed = abs(float(differences.sum())) * (1.0 - TIE_TOLERANCE)
    if n <= MAX_SIGNS_ENUMERATED:
        bits = (np.arange(2**n)[:, None] >> np.arange(n)) & 1
        sums = np.abs((2.0 * bits - 1.0) @ differences)
        return float((sums >= observed).mean())
    signs = np.random.default_rng(random_state).integers(0, 2, size=(n_draws, n)) * 2.0 - 1.0
    hits = int((np.abs(signs @ differences) >= observed).sum())
    return (1 + hits) / (1 + n_draws)


def _all_subsets(size: int, total: int) -> np.ndarray:
    flat = (index for subset in combinations(range(total), size) for index in subset)
    return np.fromiter(flat, dtype=np.intp, count=comb(total, size) * size).reshape(-1, size)


@lru_cache(maxsize=16)
def _rising(size: int, n_draws: int, random_state: int) -> FloatArray:
    """Rows of `size` random shares of 1 in rising order; not to be written to."""
    shares = np.random.default_rng([random_state, size]).random((n_draws, size))
    shares.sort(axis=1)
    return shares


@lru_cache(maxsize=16)
def _random_subsets(size: int, total: int, n_draws: int, random_state: int) -> np.ndarray:
    """Random sets of `size` places below `total`, one per row, in rising order; not to be written to.

    Places are drawn with replacement and repeated ones drawn again until all of a row differ, which makes every set
    equally likely. The gaps of a diagnosis share numbers of persons on the small side, and so the shares of 1 behind
    the draws, which cost most: sorted once, they give the places below any total in order.
    """
    drawn = (_rising(size, n_draws, random_state) * total).astype(np.intp)
    random = np.random.default_rng([random_state, size, total])
    rows, checked = np.arange(n_draws), drawn
    while rows.size:
        again = checked[:, 1:] == checked[:, :-1]
        kept = again.any(axis=1)
        rows, checked, again = rows[kept], checked[kept], again[kept]
        checked[:, 1:][again] = random.integers(0, total, size=np.count_nonzero(again))
        checked.sort(axis=1)
        drawn[rows] = checked
    return drawn


def _statistics(
    members: FloatArray, totals: tuple[float, float, float], n: int
) -> tuple[FloatArray, FloatArray]:
    """|t| of Welch's test of groups (draws, size) against the rest of n, plain and corrected for skewness.

    totals: sums of the values of all n, of their squares and cubes.
    """
    size = members.shape[1]
    squares = members * members
    sums = [members.sum(axis=1), squares.sum(axis=1), np.einsum("ij,ij->i", squares, members)]
    others = [total - own for total, own in zip(totals, sums, strict=True)]
    mean, variance, cumulant = _moments(sums, size)
    other_mean, other_variance, other_cumulant = _moments(others, n - size)
    error = np.sqrt(np.maximum(variance + other_variance, 1e-20 * totals[1]))
    t = (mean - other_mean) / error
    return np.abs(t), np.abs(corrected_t(t, (cumulant - other_cumulant) / (error * error * error)))


def _totals(sides: tuple[Column, Column], middle: float) -> tuple[float, float, float]:
    """Sums of all values less their common mean, of their squares and cubes, from the sums of each side."""
    squares = cubes = 0.0
    for side in sides:
        n, away = side.n, side.mean - middle
        own = side.variance * (n - 1)
        squares += own + n * away**2
        cubes += side.cumulant * n * (n - 1) * (n - 2) + 3.0 * away * own + n * away**3
    return 0.0, squares, cubes


def _moments(sums: list[FloatArray], n: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean, its variance and its third cumulant from sums of powers."""
    mean = sums[0] / n
    squared = mean * mean
    variance = np.maximum(sums[1] - n * squared, 0.0) / (n * (n - 1))
    if n < MIN_PERSONS:
        return mean, variance, np.zeros_like(mean)
    third = sums[2] - 3.0 * mean * sums[1] + 2.0 * n * squared * mean
    return mean, variance, third / (n * (n - 1) * (n - 2))


def _members(small: FloatArray, large: FloatArray, subsets: np.ndarray) -> FloatArray:
    """Values at places of both sides together, the small one first."""
    if large.size <= MAX_JOINED:
        found = np.concatenate([small, large])[subsets]
    else:
        places = np.minimum(subsets, small.size - 1), np.maximum(subsets - small.size, 0)
        found = np.where(subsets < small.size, small[places[0]], large[places[1]])
    return np.asarray(found, dtype=np.float64)


@dataclass(frozen=True, slots=True)
class PermutationTest:
    """Two-sided p-values of Welch's t and of its skewness-corrected form when the group labels are permuted."""

    p_value: float
    skew_p: float


def studentized_permutation(
    later: Column, earlier: Column, *, n_draws: int = N_DRAWS, random_state: int = 1
) -> PermutationTest:
    """Permute the group labels of Welch's t, plain and skewness-corrected (`diagnosis.stats.skewness`).

    Permuting the studentised statistic, not the plain difference, keeps the level with unequal variances; the corrected
    one keeps it longer where answers are skewed as well. Every split is enumerated up to 20,000 of them, else `n_draws`
    random splits and p = (1 + hits) / (1 + draws). later, earlier: at least two persons each, without weights; what the
    draws cost does not grow with the larger side.
    Reference: Janssen (1997), Chung & Romano (2013). R: the Welch statistic over combn(), or over sample().
    """
    small, large = (later, earlier) if later.n <= earlier.n else (earlier, later)
    size, total = small.n, small.n + large.n
    middle = (small.n * small.mean + large.n * large.mean) / total
    totals = _totals((small, large), middle)
    n_splits = comb(total, size)
    enumerated = n_splits <= MAX_ENUMERATED
    subsets = _all_subsets(size, total) if enumerated else _random_subsets(size, total, n_draws, random_state)
    drawn = _statistics(_members(small.values, large.values, subsets) - middle, totals, total)
    own = _statistics(small.values[None] - middle, totals, total)
    p_values = []
    for statistics, observed in zip(drawn, own, strict=True):
        hits = int((statistics >= observed[0] * (1.0 - TIE_TOLERANCE)).sum())
        p_values.append(hits / n_splits if enumerated else (1 + hits) / (1 + n_draws))
    return PermutationTest(*p_values)
