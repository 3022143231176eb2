"""Permutation tests that stand beside the t tests when a side has few persons."""

from itertools import combinations
from math import comb

import numpy as np

from diagnosis.stats.arrays import FloatArray

N_DRAWS = 9_999
MAX_ENUMERATED = 20_000
MAX_SIGNS_ENUMERATED = 13
MIN_PAIRS = 6
TIE_TOLERANCE = 1e-9


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


def _random_subsets(size: int, total: int, n_draws: int, random: np.random.Generator) -> np.ndarray:
    if total <= 20 * size:
        return _shuffled_fronts(size, total, n_draws, random)
    drawn = random.integers(0, total, size=(n_draws, size))
    while True:
        repeated = (np.diff(np.sort(drawn, axis=1), axis=1) == 0).any(axis=1)
        if not repeated.any():
            return drawn
        drawn[repeated] = random.integers(0, total, size=(int(repeated.sum()), size))


def _shuffled_fronts(size: int, total: int, n_draws: int, random: np.random.Generator) -> np.ndarray:
    """First places of shuffled orders (Fisher-Yates), every draw one step at a time."""
    order = np.tile(np.arange(total, dtype=np.int32), (n_draws, 1))
    draws = np.arange(n_draws)
    for place in range(size):
        other = random.integers(place, total, size=n_draws)
        chosen = order[draws, other]
        order[draws, other] = order[:, place]
        order[:, place] = chosen
    return order[:, :size]


def _absolute_welch_t(sums: FloatArray, squares: FloatArray, size: int, pooled: FloatArray) -> FloatArray:
    """|t| of Welch's test for a group given by its sums, against the rest of the pooled values."""
    rest = pooled.size - size
    other_sums, other_squares = pooled.sum() - sums, (pooled**2).sum() - squares
    variance = np.maximum(squares - sums**2 / size, 0.0) / (size - 1)
    other_variance = np.maximum(other_squares - other_sums**2 / rest, 0.0) / (rest - 1)
    noise = 1e-20 * float((pooled**2).sum())
    error = np.sqrt(np.maximum(variance / size + other_variance / rest, noise))
    return np.asarray(np.abs(sums / size - other_sums / rest) / error, dtype=np.float64)


def studentized_permutation_p(
    later: FloatArray, earlier: FloatArray, *, n_draws: int = N_DRAWS, random_state: int = 1
) -> float:
    """Two-sided p-value of Welch's t when the group labels are permuted.

    Permuting the studentised statistic, not the plain difference, keeps the level with unequal variances.
    Every split is enumerated up to 20,000 of them, else `n_draws` random splits and p = (1 + hits) / (1 + draws).
    later, earlier: complete columns of at least two persons. Reference: Janssen (1997), Chung & Romano (2013).
    R: the Welch statistic over combn(), or over sample().
    """
    small, large = (later, earlier) if later.size <= earlier.size else (earlier, later)
    pooled = np.concatenate([small, large])
    pooled = pooled - pooled.mean()
    size, total = small.size, pooled.size
    n_splits = comb(total, size)
    enumerated = n_splits <= MAX_ENUMERATED
    random = np.random.default_rng(random_state)
    subsets = _all_subsets(size, total) if enumerated else _random_subsets(size, total, n_draws, random)
    members = pooled[subsets]
    statistics = _absolute_welch_t(members.sum(axis=1), (members**2).sum(axis=1), size, pooled)
    own = pooled[:size]
    observed = _absolute_welch_t(np.array([own.sum()]), np.array([(own**2).sum()]), size, pooled)[0]
    hits = int((statistics >= observed * (1.0 - TIE_TOLERANCE)).sum())
    return hits / n_splits if enumerated else (1 + hits) / (1 + n_draws)
