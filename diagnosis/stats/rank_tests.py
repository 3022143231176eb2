"""Tests on ranks that stand beside a gap: two groups, pairs, several groups; ties share their mean rank."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10, sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, complete_pairs, is_constant, present, require_share
from diagnosis.stats.distributions import chi_square_p, normal_two_sided_p, t_quantile
from diagnosis.stats.rank import mid_ranks
from diagnosis.stats.results import NotEnough

TIE_DIGITS = 10
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


def without_noise(values: FloatArray) -> FloatArray:
    """Round off the noise of float arithmetic, so that equal scores tie: ten digits below the largest value."""
    largest = float(np.abs(values).max()) if values.size else 0.0
    if largest == 0.0:
        return values
    return np.asarray(np.round(values, TIE_DIGITS - 1 - floor(log10(largest))), dtype=np.float64)


def _tie_sum(values: FloatArray) -> float:
    counts = np.unique(values, return_counts=True)[1].astype(np.float64)
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
    both = without_noise(np.concatenate([one, two]))
    if is_constant(both):
        return NotEnough("no_variation", min(n1, n2), 2, 0.0)
    n = n1 + n2
    u = float(mid_ranks(both)[:n1].sum()) - n1 * (n1 + 1) / 2.0
    variance = n1 * n2 / 12.0 * ((n + 1) - _tie_sum(both) / (n * (n - 1)))
    z, p_value, p_continuity = _corrected(u - n1 * n2 / 2.0, variance)
    delta = 2.0 * u / (n1 * n2) - 1.0
    low, high = _delta_interval(both[:n1], both[n1:], delta, confidence_level)
    return MannWhitneyEstimate(n1, n2, u, z, p_value, p_continuity, u / (n1 * n2), delta, low, high)


def _dominance(values: FloatArray, others: FloatArray) -> tuple[FloatArray, int]:
    """Mean sign of value - other for each value, and the number of ties."""
    ordered = np.sort(others)
    below = np.searchsorted(ordered, values, side="left")
    up_to = np.searchsorted(ordered, values, side="right")
    return (below - (others.size - up_to)) / others.size, int((up_to - below).sum())


def _delta_interval(
    one: FloatArray, two: FloatArray, delta: float, confidence_level: float
) -> tuple[float | None, float | None]:
    n1, n2 = one.size, two.size
    rows, ties = _dominance(one, two)
    columns, _ = _dominance(two, one)
    spread = (
        n2**2 * float(((rows - delta) ** 2).sum())
        + n1**2 * float(((columns + delta) ** 2).sum())
        - (n1 * n2 - ties - n1 * n2 * delta**2)
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
    differences = without_noise(one - two)
    differs = differences != 0.0
    if not differs.any():
        return NotEnough("no_variation", n, 2, 0.0)
    kept, signs = np.abs(differences[differs]), differences[differs] > 0
    ranks = mid_ranks(kept)
    v, total = float(ranks[signs].sum()), float(ranks.sum())
    z, p_value, p_continuity = _corrected(v - total / 2.0, float(ranks @ ranks) / 4.0)
    pratt = mid_ranks(np.abs(differences))[differs]
    z_pratt = (float(pratt[signs].sum()) - float(pratt.sum()) / 2.0) / (sqrt(float(pratt @ pratt)) / 2.0)
    return SignedRankEstimate(
        n=n,
        n_zero=n - int(differs.sum()),
        v=v,
        z=z,
        p_value=p_value,
        p_continuity=p_continuity,
        p_exact=_exact_signed_rank(ranks, v) if ranks.size <= exact_up_to else None,
        z_pratt=z_pratt,
        p_pratt=normal_two_sided_p(z_pratt),
        rank_biserial=2.0 * v / total - 1.0,
    )


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
    values = without_noise(np.concatenate(columns))
    if is_constant(values):
        return NotEnough("no_variation", n, 2)
    ranks = mid_ranks(values)
    ends = np.cumsum([column.size for column in columns])[:-1]
    parts = sum(float(part.sum()) ** 2 / part.size for part in np.split(ranks, ends))
    h = (12.0 / (n * (n + 1)) * parts - 3.0 * (n + 1)) / (1.0 - _tie_sum(values) / (n**3 - n))
    df = len(columns) - 1
    return KruskalWallisEstimate(n, len(columns), max(0.0, h), df, chi_square_p(max(0.0, h), df))
