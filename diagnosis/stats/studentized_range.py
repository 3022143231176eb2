"""Distribution of the studentised range by Gauss-Legendre quadrature, for comparisons of all pairs of groups."""

from functools import cache
from math import lgamma, log, sqrt

import numpy as np

from diagnosis.stats.arrays import FloatArray, require_share
from diagnosis.stats.exceptions import StatisticsError

NODES = 160
NORMAL_REACH = 8.5
SPREADS = 12.0
QUANTILE_STEP = 1e-4
FEW_DF = 120
NUMERATOR = (-0.453642210148e-4, -0.204231210125, -0.342242088547, -1.0, 0.322232421088)
DENOMINATOR = (0.38560700634e-2, 0.103537752850, 0.531103462366, 0.588581570495, 0.0993484626060)


@cache
def _nodes() -> tuple[FloatArray, FloatArray]:
    points, weights = np.polynomial.legendre.leggauss(NODES)
    return points, weights


def _between(low: float, high: float) -> tuple[FloatArray, FloatArray]:
    points, weights = _nodes()
    return (high + low) / 2.0 + (high - low) / 2.0 * points, (high - low) / 2.0 * weights


def _range_tail(widths: FloatArray, groups: int) -> FloatArray:
    """Probability that the range of `groups` normal deviates exceeds each width.

    groups * integral of phi(z) (Phi(z)^(m) - (Phi(z) - Phi(z - w))^(m)) with m = groups - 1; the difference of powers
    is written as a product with Phi(z - w), so that nothing cancels in the far tail.
    """
    from scipy.special import ndtr

    points, weights = _between(-NORMAL_REACH, NORMAL_REACH)
    density = weights * np.exp(-0.5 * points**2) / sqrt(2.0 * np.pi)
    whole = ndtr(points)[None, :]
    below = ndtr(points[None, :] - widths[:, None])
    inside = np.maximum(whole - below, 0.0)
    powers = groups - 1
    mixed = sum(
        (whole**power * inside ** (powers - 1 - power) for power in range(powers)), np.zeros_like(below)
    )
    return np.asarray(groups * (below * mixed) @ density, dtype=np.float64)


def studentized_range_p(q: float, groups: int, df: float) -> float:
    """Upper tail of the studentised range of `groups` means with df degrees of freedom.

    Integral over s = sqrt(chi2_df / df) of its density times the tail of the range at q s. Raises StatisticsError
    below two groups, one degree of freedom or zero. R: ptukey(q, groups, df, lower.tail = FALSE).
    """
    if groups < 2 or df < 1 or q < 0:
        message = f"a studentised range needs two groups, df >= 1 and q >= 0, not {groups}, {df} and {q}"
        raise StatisticsError(message)
    spread = SPREADS / sqrt(2.0 * df)
    roots, weights = _between(sqrt(max(0.0, 1.0 - spread)), sqrt(1.0 + spread))
    s, weights = roots**2, 2.0 * roots * weights
    constant = df / 2.0 * log(df) - lgamma(df / 2.0) - (df / 2.0 - 1.0) * log(2.0)
    density = np.exp(constant + (df - 1.0) * np.log(s) - df * s**2 / 2.0)
    return min(1.0, float((density * weights) @ _range_tail(q * s, groups)))


def _first_guess(probability: float, groups: int, df: float) -> float:
    """Start of the search: Odeh and Evans' normal deviate, widened for the groups and for few degrees of freedom."""
    tail = 0.5 - 0.5 * probability
    y = sqrt(log(1.0 / tail**2))
    deviate = y + float(np.polyval(NUMERATOR, y)) / float(np.polyval(DENOMINATOR, y))
    factor = 0.0
    if df < FEW_DF:
        deviate += (deviate**3 + deviate) / df / 4.0
        factor = (1.208 * deviate - 1.214) / df
    factor += 0.8832 - 0.2368 * deviate
    return deviate * (factor * log(groups - 1.0) + 1.4142)


@cache
def studentized_range_quantile(probability: float, groups: int, df: float) -> float:
    """Quantile of the studentised range by the secant method, to about six digits, as R stops.

    Reference: Copenhaver & Holland (1988). R: qtukey(p, groups, df).
    """
    require_share(probability, name="probability")

    def beyond(q: float) -> float:
        return 1.0 - studentized_range_p(q, groups, df) - probability

    before = max(0.0, _first_guess(probability, groups, df))
    error_before = beyond(before)
    q = max(0.0, before - 1.0) if error_before > 0.0 and before > 1.0 else before + 1.0
    error = beyond(q)
    while abs(q - before) >= QUANTILE_STEP and error != error_before:
        step = error * (q - before) / (error - error_before)
        before, error_before = q, error
        q = max(0.0, q - step)
        error = beyond(q)
    return q
