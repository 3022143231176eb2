"""Tests on ranks that stand beside a gap: two groups, pairs, several groups; ties share their mean rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, complete_pairs, present, require_share
from diagnosis.stats.distributions import chi_square_p, normal_two_sided_p, t_quantile
from diagnosis.stats.histogram import Histogram, decimals_without_noise, mean_ranks, merged
from diagnosis.stats.results import NotEnough

EXACT_UP_TO = 200


@dataclass(frozen=True, slots=True)
class MannWhitneyEstimate:
    """Two groups by ranks; `u` counts the pairs in which the first group is higher, ties half.

    `common_language` = u / (n1 n2), the probability that a person of the first group is higher; `cliffs_delta` =
    2 * common_language - 1, equal to the rank biserial correlation. The interval of delta is None without a spread.
    """

    n_first: int
    n_second: int
    u: float
    z: float
    p_value: float
    p_continuity: float
    common_language: float
    cliffs_delta: float
    ci_low: float | None
    ci_high: float | None

    @property
    def rank_biserial(self) -> float:
        """Rank biserial correlation; the same number as Cliff's delta."""
        return self.cliffs_delta


@dataclass(frozen=True, slots=True)
class SignedRankEstimate:
    """Pairs by signed ranks; `v` is the sum of the ranks of positive differences, zeros dropped (Wilcoxon's rule).

    `z_pratt`, `p_pratt`: zeros are ranked and then dropped. `p_exact` is the permutation distribution given the ties,
    None above `EXACT_UP_TO` pairs that differ. `rank_biserial` = (V+ - V-) / (V+ + V-).
    """

    n: int
    n_zero: int
    v: float
    z: float
    p_value: float
    p_continuity: float
    p_exact: float | None
    z_pratt: float
    p_pratt: float
    rank_biserial: float


@dataclass(frozen=True, slots=True)
class KruskalWallisEstimate:
    """Several groups by ranks: tie-corrected H with its chi-square p."""

    n: int
    groups: int
    h: float
    df: int
    p_value: float


def _tie_sum(counts: FloatArray) -> float:
    return float((counts**3 - counts).sum())


def _corrected(difference: float, variance: float) -> tuple[float, float, float]:
    """z, p without and p with the continuity correction of half a rank."""
    root = sqrt(variance)
    z = difference / root
    nearer = max(0.0, abs(difference) - 0.5) / root
    return z, normal_two_sided_p(z), normal_two_sided_p(nearer)


def mann_whitney(
    first: ArrayLike, second: ArrayLike, *, confidence_level: float = 0.95
) -> MannWhitneyEstimate | NotEnough:
    """Mann-Whitney test (Wilcoxon rank sum) with Cliff's delta.

    z = (U - n1 n2/2) / sqrt(n1 n2/12 ((N+1) - sum(t^3-t)/(N(N-1)))). Interval of delta: Cliff's unbiased variance and
    asymmetric limits. first, second: (persons,), nan = missing; two persons on each side are needed.
    References: Mann & Whitney (1947); Cliff (1996). R: wilcox.test(x, y, exact = FALSE), effsize::cliff.delta(x, y).
    """
    require_share(confidence_level, name="confidence_level")
    one, two = present(first, name="first"), present(second, name="second")
    n1, n2 = int(one.size), int(two.size)
    if min(n1, n2) < 2:
        return NotEnough("too_few", min(n1, n2), 2)
    decimals = decimals_without_noise(one, two)
    values, c1, c2 = merged(Histogram.of(one, decimals=decimals), Histogram.of(two, decimals=decimals))
    if values.size == 1:
        return NotEnough("no_variation", min(n1, n2), 2, 0.0)
    n, counts = n1 + n2, c1 + c2
    u = float(c1 @ mean_ranks(counts)) - n1 * (n1 + 1) / 2.0
    variance = n1 * n2 / 12.0 * ((n + 1) - _tie_sum(counts) / (n * (n - 1)))
    z, p_value, p_continuity = _corrected(u - n1 * n2 / 2.0, variance)
    delta = 2.0 * u / (n1 * n2) - 1.0
    low, high = _delta_interval(c1, c2, delta, confidence_level)
    return MannWhitneyEstimate(n1, n2, u, z, p_value, p_continuity, u / (n1 * n2), delta, low, high)


def _dominance(others: FloatArray) -> FloatArray:
    """Share of the others below each distinct value less the share above it."""
    below = np.cumsum(others) - others
    return np.asarray((2.0 * below + others) / others.sum() - 1.0, dtype=np.float64)


def _delta_interval(
    c1: FloatArray, c2: FloatArray, delta: float, confidence_level: float
) -> tuple[float | None, float | None]:
    n1, n2 = float(c1.sum()), float(c2.sum())
    spread = (
        n2**2 * float(c1 @ (_dominance(c2) - delta) ** 2)
        + n1**2 * float(c2 @ (_dominance(c1) + delta) ** 2)
        - (n1 * n2 - float(c1 @ c2) - n1 * n2 * delta**2)
    )
    variance = spread / (n1 * n2 * (n1 - 1) * (n2 - 1))
    if variance <= 0.0 or abs(delta) >= 1.0:
        return None, None
    t = t_quantile(0.5 + confidence_level / 2.0, n1 + n2 - 2)
    half = t * sqrt(variance) * sqrt((1.0 - delta**2) ** 2 + t**2 * variance)
    below = 1.0 - delta**2 + t**2 * variance
    middle = delta - delta**3
    return max(-1.0, (middle - half) / below), min(1.0, (middle + half) / below)


def wilcoxon_signed_rank(
    later: ArrayLike, earlier: ArrayLike, *, exact_up_to: int = EXACT_UP_TO
) -> SignedRankEstimate | NotEnough:
    """Wilcoxon's signed rank test of later - earlier with the zero rules of Wilcoxon and of Pratt.

    z = (V - sum(r)/2) / sqrt(sum(r^2)/4) over the mid-ranks r of the differences that are not 0. later, earlier:
    (persons,), nan = missing (complete pairs). Without a single difference there is no test.
    References: Wilcoxon (1945); Pratt (1959). R: wilcox.test(paired = TRUE, exact = FALSE),
    coin::wilcoxsign_test(zero.method = "Pratt").
    """
    one, two = complete_pairs(later, earlier)
    n = int(one.size)
    if n < 2:
        return NotEnough("too_few", n, 2)
    differences = one - two
    decimals = decimals_without_noise(one, two)
    sizes, up, down = _signed(np.round(differences, decimals))
    if not sizes.size:
        return NotEnough("no_variation", n, 2, 0.0)
    counts = up + down
    n_zero = n - int(counts.sum())
    ranks = mean_ranks(counts)
    v, total = float(up @ ranks), float(counts @ ranks)
    z, p_value, p_continuity = _corrected(v - total / 2.0, float(counts @ ranks**2) / 4.0)
    pratt = ranks + n_zero
    z_pratt = (float(up @ pratt) - float(counts @ pratt) / 2.0) / (sqrt(float(counts @ pratt**2)) / 2.0)
    return SignedRankEstimate(
        n=n,
        n_zero=n_zero,
        v=v,
        z=z,
        p_value=p_value,
        p_continuity=p_continuity,
        p_exact=_exact_signed_rank(np.repeat(ranks, counts.astype(np.intp)), v)
        if n - n_zero <= exact_up_to
        else None,
        z_pratt=z_pratt,
        p_pratt=normal_two_sided_p(z_pratt),
        rank_biserial=2.0 * v / total - 1.0,
    )


def _signed(differences: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Distinct sizes of the differences that are not 0, and how many are positive and negative of each size."""
    values, counts = np.unique(differences, return_counts=True)
    sizes = np.unique(np.abs(values[values != 0.0]))
    up, down = np.zeros(sizes.size), np.zeros(sizes.size)
    positive, negative = values > 0.0, values < 0.0
    up[np.searchsorted(sizes, values[positive])] = counts[positive]
    down[np.searchsorted(sizes, -values[negative])] = counts[negative]
    return sizes, up, down


def _exact_signed_rank(ranks: FloatArray, v: float) -> float:
    """Two-sided p over all sign flips: probability of a sum at least as far from its mean, by adding rank by rank."""
    doubled = np.rint(2.0 * ranks).astype(np.int64)
    probabilities = np.zeros(int(doubled.sum()) + 1)
    probabilities[0] = 1.0
    reached = 0
    for step in doubled:
        grown = 0.5 * probabilities[: reached + step + 1]
        grown[step:] += 0.5 * probabilities[: reached + 1]
        reached += int(step)
        probabilities[: reached + 1] = grown
    distance = np.abs(2 * np.arange(reached + 1) - reached)
    return min(1.0, float(probabilities[distance >= abs(4.0 * v - reached) - 0.5].sum()))


def kruskal_wallis(groups: Sequence[ArrayLike]) -> KruskalWallisEstimate | NotEnough:
    """Kruskal-Wallis test over two or more groups, corrected for ties; empty groups do not count.

    H = (12/(N(N+1)) sum(R_j^2/n_j) - 3(N+1)) / (1 - sum(t^3-t)/(N^3-N)). groups: each (persons,), nan = missing.
    Reference: Kruskal & Wallis (1952). R: kruskal.test(x, g).
    """
    columns = [column for column in (present(group) for group in groups) if column.size]
    n = sum(column.size for column in columns)
    if len(columns) < 2:
        return NotEnough("too_few", len(columns), 2)
    decimals = decimals_without_noise(*columns)
    values, place, counts = np.unique(
        np.round(np.concatenate(columns), decimals), return_inverse=True, return_counts=True
    )
    if values.size == 1:
        return NotEnough("no_variation", n, 2)
    ranks = mean_ranks(counts.astype(np.float64))[place]
    ends = np.cumsum([column.size for column in columns])[:-1]
    parts = sum(float(part.sum()) ** 2 / part.size for part in np.split(ranks, ends))
    ties = _tie_sum(counts.astype(np.float64))
    h = (12.0 / (n * (n + 1)) * parts - 3.0 * (n + 1)) / (1.0 - ties / (n**3 - n))
    df = len(columns) - 1
    return KruskalWallisEstimate(n, len(columns), max(0.0, h), df, chi_square_p(max(0.0, h), df))
