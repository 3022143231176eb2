"""Standardised differences (d, g, d_z, d_av) with intervals from the noncentral t distribution."""

from math import exp, lgamma, sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import complete_pairs, is_constant, present
from diagnosis.stats.distributions import find_root, noncentral_t_cdf
from diagnosis.stats.results import EffectEstimate, NotEnough


def hedges_correction(df: float) -> float | None:
    """Exact small-sample factor J = gamma(m/2) / (sqrt(m/2) gamma((m-1)/2)); None below two degrees of freedom.

    Reference: Hedges (1981). R: the default of effectsize::hedges_g().
    """
    if df < 2:
        return None
    return exp(lgamma(df / 2.0) - lgamma((df - 1.0) / 2.0)) / sqrt(df / 2.0)


def _noncentrality(t: float, df: float, probability: float) -> float:
    """Noncentrality whose distribution function at t equals the probability."""
    width = 4.0 + abs(t) / sqrt(df) * 4.0
    low, high = t - width, t + width
    while noncentral_t_cdf(t, df, low) < probability:
        low -= width
    while noncentral_t_cdf(t, df, high) > probability:
        high += width
    return find_root(lambda nc: noncentral_t_cdf(t, df, nc) - probability, low, high)


def with_noncentral_interval(
    effect: float, t: float, df: float, scale: float, confidence_level: float
) -> EffectEstimate:
    """Effect with the noncentral t interval of its t statistic; `scale` turns t into the effect's unit."""
    tail = (1.0 - confidence_level) / 2.0
    return EffectEstimate(
        effect_size=effect,
        ci_low=_noncentrality(t, df, 1.0 - tail) * scale,
        ci_high=_noncentrality(t, df, tail) * scale,
    )


def cohens_d(
    later: ArrayLike, earlier: ArrayLike, *, corrected: bool = False, confidence_level: float = 0.95
) -> EffectEstimate | NotEnough:
    """Difference of two independent groups over their pooled SD; `corrected` gives Hedges g.

    d = (m1 - m2) / sqrt(((n1-1)s1^2 + (n2-1)s2^2) / (n1+n2-2)); interval: noncentral t of the pooled t statistic.
    later, earlier: (persons,), nan = missing. Reference: Cohen (1988). R: effectsize::cohens_d(), hedges_g().
    """
    one, two = present(later), present(earlier)
    n1, n2 = int(one.size), int(two.size)
    if min(n1, n2) < 2:
        return NotEnough("too_few", min(n1, n2), 2)
    if is_constant(one) and is_constant(two):
        return NotEnough("no_variation", min(n1, n2), 2)
    df = n1 + n2 - 2
    pooled = sqrt(((n1 - 1) * one.var(ddof=1) + (n2 - 1) * two.var(ddof=1)) / df)
    effect = float(one.mean() - two.mean()) / pooled
    factor = (hedges_correction(df) or 1.0) if corrected else 1.0
    root = sqrt(1.0 / n1 + 1.0 / n2)
    return with_noncentral_interval(effect * factor, effect / root, df, root * factor, confidence_level)


def cohens_dz(
    later: ArrayLike, earlier: ArrayLike, *, corrected: bool = False, confidence_level: float = 0.95
) -> EffectEstimate | NotEnough:
    """Mean of the paired differences over their SD; `corrected` multiplies by J(n-1).

    Interval: noncentral t of t = d_z sqrt(n). R: effectsize::cohens_d(paired = TRUE), hedges_g(paired = TRUE).
    """
    one, two = complete_pairs(later, earlier)
    n = int(one.size)
    needed = 3 if corrected else 2
    if n < needed:
        return NotEnough("too_few", n, needed)
    differences = one - two
    if is_constant(differences):
        return NotEnough("no_variation", n, needed, float(differences.mean()))
    effect = float(differences.mean() / differences.std(ddof=1))
    factor = (hedges_correction(n - 1) or 1.0) if corrected else 1.0
    return with_noncentral_interval(
        effect * factor, effect * sqrt(n), n - 1, factor / sqrt(n), confidence_level
    )


def cohens_dav(later: ArrayLike, earlier: ArrayLike) -> float | NotEnough:
    """Mean of the paired differences over the root of the mean variance: D / sqrt((s1^2 + s2^2) / 2).

    Reference: Cumming (2012). R: mean(d) / sqrt((var(x) + var(y)) / 2).
    """
    one, two = complete_pairs(later, earlier)
    n = int(one.size)
    if n < 2:
        return NotEnough("too_few", n, 2)
    if is_constant(one) and is_constant(two):
        return NotEnough("no_variation", n, 2, float(one.mean() - two.mean()))
    return float((one.mean() - two.mean()) / np.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2.0))
