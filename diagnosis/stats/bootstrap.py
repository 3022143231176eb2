"""Bootstrap intervals: percentile, basic and BCa; means are drawn over the histogram of distinct scores."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, complete_pairs, is_constant, present, require_share
from diagnosis.stats.distributions import normal_cdf, normal_quantile
from diagnosis.stats.histogram import Histogram
from diagnosis.stats.resampling import unit_counts
from diagnosis.stats.results import NotEnough

N_DRAWS = 2_000
MIN_PERSONS = 20
MIN_USABLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class BootstrapInterval:
    """One figure with its three bootstrap intervals; `bca` is None where every draw lies on one side."""

    estimate: float
    se: float
    percentile: tuple[float, float]
    basic: tuple[float, float]
    bca: tuple[float, float] | None
    n_draws: int


@dataclass(frozen=True, slots=True)
class PairedBootstrap:
    """Mean of the paired differences and d_z, from the same draws."""

    n: int
    mean: BootstrapInterval
    d_z: BootstrapInterval | NotEnough


def intervals_of_draws(
    estimate: float, draws: FloatArray, *, acceleration: float, confidence_level: float = 0.95
) -> BootstrapInterval:
    """Percentile, basic and BCa interval of finite draws of one figure.

    BCa: quantiles at Phi(z0 + (z0 + z)/(1 - a(z0 + z))), z0 = normal quantile of the share of draws below the estimate
    (ties half), a = acceleration = sum(l^3)/(6 sum(l^2)^1.5) over the empirical influence values l.
    Reference: Efron (1987). R: boot::boot.ci(type = c("perc", "basic", "bca")).
    """
    require_share(confidence_level, name="confidence_level")
    tail = (1.0 - confidence_level) / 2.0
    low, high = (float(limit) for limit in np.quantile(draws, [tail, 1.0 - tail]))
    below = float((draws < estimate).mean() + (draws == estimate).mean() / 2.0)
    bca = None
    if 0.0 < below < 1.0:
        levels = _bca_levels(normal_quantile(below), acceleration, tail)
        if levels is not None:
            bca_low, bca_high = (float(limit) for limit in np.quantile(draws, levels))
            bca = (bca_low, bca_high)
    return BootstrapInterval(
        estimate=estimate,
        se=float(draws.std(ddof=1)),
        percentile=(low, high),
        basic=(2.0 * estimate - high, 2.0 * estimate - low),
        bca=bca,
        n_draws=int(draws.size),
    )


def _bca_levels(bias: float, acceleration: float, tail: float) -> tuple[float, float] | None:
    levels = []
    for level in (tail, 1.0 - tail):
        shifted = bias + normal_quantile(level)
        below = 1.0 - acceleration * shifted
        if below <= 0.0:
            return None
        levels.append(normal_cdf(bias + shifted / below))
    return levels[0], levels[1]


def acceleration_of(influences: FloatArray, counts: FloatArray | None = None) -> float:
    """Acceleration of BCa from empirical influence values, each counted as often as it occurs; 0 without spread."""
    times = np.ones_like(influences) if counts is None else counts
    squares = float(times @ influences**2)
    return float(times @ influences**3) / (6.0 * squares**1.5) if squares > 0.0 else 0.0


def bootstrap_paired_mean(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    n_draws: int = N_DRAWS,
    confidence_level: float = 0.95,
    minimum: int = MIN_PERSONS,
    random_state: int = 1,
) -> PairedBootstrap | NotEnough:
    """Mean of later - earlier and d_z over persons drawn with replacement.

    A draw is a multinomial count over the distinct differences, so its cost does not grow with the persons.
    later, earlier: (persons,), nan = missing (complete pairs); BCa is too narrow below 20 persons, so `minimum` are
    needed. References: Efron & Tibshirani (1993). R: boot::boot(d, function(d, i) mean(d[i]), R).
    """
    one, two = complete_pairs(later, earlier)
    n = int(one.size)
    if n < minimum:
        return NotEnough("too_few", n, minimum)
    differences = one - two
    if is_constant(differences):
        return NotEnough("no_variation", n, minimum, float(differences.mean()))
    histogram = Histogram.of(differences)
    drawn = histogram.draws(n_draws, np.random.default_rng(random_state))
    means = drawn @ histogram.values / n
    centred = histogram.values - histogram.mean
    interval = intervals_of_draws(
        histogram.mean,
        means,
        acceleration=acceleration_of(centred, histogram.counts),
        confidence_level=confidence_level,
    )
    variances = drawn @ centred**2 / n - (means - histogram.mean) ** 2
    return PairedBootstrap(n, interval, _standardised(histogram, means, variances, confidence_level))


def _standardised(
    histogram: Histogram, means: FloatArray, variances: FloatArray, confidence_level: float
) -> BootstrapInterval | NotEnough:
    """Intervals of mean / SD; draws in which everybody is equal have no d_z."""
    n, mean = histogram.n, histogram.mean
    centred = histogram.values - mean
    sd = sqrt(float(histogram.counts @ centred**2) / (n - 1))
    usable = variances > 1e-20 * max(1.0, float(np.abs(histogram.values).max()) ** 2)
    if usable.sum() < MIN_USABLE_SHARE * usable.size:
        return NotEnough("no_variation", n, n, mean)
    draws = means[usable] / np.sqrt(variances[usable] * n / (n - 1))
    influences = centred / sd - mean * (centred**2 - sd**2) / (2.0 * sd**3)
    return intervals_of_draws(
        mean / sd,
        draws,
        acceleration=acceleration_of(influences, histogram.counts),
        confidence_level=confidence_level,
    )


def bootstrap_mean_difference(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    n_draws: int = N_DRAWS,
    confidence_level: float = 0.95,
    minimum: int = MIN_PERSONS,
    random_state: int = 1,
) -> BootstrapInterval | NotEnough:
    """Mean of one group minus mean of another, each group drawn with replacement for itself.

    later, earlier: (persons,), nan = missing; both sides need `minimum` persons. R: boot::boot(strata = group).
    """
    one, two = present(later), present(earlier)
    fewest = int(min(one.size, two.size))
    if fewest < minimum:
        return NotEnough("too_few", fewest, minimum)
    if is_constant(one) and is_constant(two):
        return NotEnough("no_variation", fewest, minimum, float(one.mean() - two.mean()))
    random = np.random.default_rng(random_state)
    sides = (Histogram.of(one), Histogram.of(two))
    first, second = ((side.draws(n_draws, random) @ side.values) / side.n for side in sides)
    influences = [
        sign * (side.values - side.mean) / side.n for side, sign in zip(sides, (1.0, -1.0), strict=True)
    ]
    return intervals_of_draws(
        sides[0].mean - sides[1].mean,
        first - second,
        acceleration=acceleration_of(
            np.concatenate(influences), np.concatenate([side.counts for side in sides])
        ),
        confidence_level=confidence_level,
    )


def bca_of_paired_mean(
    later: ArrayLike, earlier: ArrayLike, *, confidence_level: float = 0.95, minimum: int = MIN_PERSONS
) -> tuple[float, float] | NotEnough:
    """BCa interval of the mean of later - earlier without drawing: `bootstrap_paired_mean` with endless draws.

    The distribution of the mean of persons drawn with replacement follows from its cumulants (Cornish-Fisher, to the
    order 1/n); its bias and acceleration are both a sixth of its skewness. References: DiCiccio & Efron (1996).
    """
    one, two = complete_pairs(later, earlier)
    n = int(one.size)
    if n < minimum:
        return NotEnough("too_few", n, minimum)
    differences = one - two
    if is_constant(differences):
        return NotEnough("no_variation", n, minimum, float(differences.mean()))
    histogram = Histogram.of(differences)
    return _bca_from_cumulants(histogram.mean, histogram.cumulants_of_mean(), confidence_level)


def bca_of_mean_difference(
    later: ArrayLike, earlier: ArrayLike, *, confidence_level: float = 0.95, minimum: int = MIN_PERSONS
) -> tuple[float, float] | NotEnough:
    """BCa interval of the difference of two groups' means without drawing; see `bca_of_paired_mean`."""
    one, two = present(later), present(earlier)
    fewest = int(min(one.size, two.size))
    if fewest < minimum:
        return NotEnough("too_few", fewest, minimum)
    if is_constant(one) and is_constant(two):
        return NotEnough("no_variation", fewest, minimum, float(one.mean() - two.mean()))
    sides = Histogram.of(one), Histogram.of(two)
    k1, k2 = (side.cumulants_of_mean() for side in sides)
    cumulants = (k1[0] + k2[0], k1[1] - k2[1], k1[2] + k2[2])
    return _bca_from_cumulants(sides[0].mean - sides[1].mean, cumulants, confidence_level)


def _bca_from_cumulants(
    mean: float, cumulants: tuple[float, float, float], confidence_level: float
) -> tuple[float, float]:
    require_share(confidence_level, name="confidence_level")
    sd = sqrt(cumulants[0])
    skewness, excess = cumulants[1] / sd**3, cumulants[2] / sd**4
    bias = acceleration = skewness / 6.0
    limits = []
    for level in ((1.0 - confidence_level) / 2.0, (1.0 + confidence_level) / 2.0):
        shifted = bias + normal_quantile(level)
        z = bias + shifted / (1.0 - acceleration * shifted)
        moved = (
            z
            + (z**2 - 1.0) * skewness / 6.0
            + (z**3 - 3.0 * z) * excess / 24.0
            - (2.0 * z**3 - 5.0 * z) * skewness**2 / 36.0
        )
        limits.append(mean + sd * moved)
    return limits[0], limits[1]


def bootstrap_cases(
    statistic: Callable[[FloatArray], FloatArray],
    n: int,
    *,
    n_draws: int = N_DRAWS,
    confidence_level: float = 0.95,
    random_state: int = 1,
) -> BootstrapInterval | NotEnough:
    """Bootstrap of any figure that can be computed from how often each person counts.

    statistic: counts (draws, n) -> figure per draw (draws,), nan where a draw has none. Acceleration: jackknife.
    When less than half of the draws have the figure, or the persons themselves do not, there is no interval.
    """
    whole = float(statistic(np.ones((1, n)))[0])
    if not np.isfinite(whole):
        return NotEnough("not_defined", n, n)
    random = np.random.default_rng(random_state)
    parts = [statistic(counts) for counts in unit_counts(n, n_draws, random)]
    draws = np.concatenate(parts)
    usable = draws[np.isfinite(draws)]
    if usable.size < MIN_USABLE_SHARE * n_draws:
        return NotEnough("not_defined", n, n, whole)
    left_out = np.concatenate([statistic(1.0 - np.eye(n)[start : start + 500]) for start in range(0, n, 500)])
    known = left_out[np.isfinite(left_out)]
    influences = known.mean() - known if known.size else np.zeros(1)
    return intervals_of_draws(
        whole, usable, acceleration=acceleration_of(influences), confidence_level=confidence_level
    )
