"""How much of the differences between persons lies between their units: ICC(1), ICC(2), eta squared."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import log

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, present
from diagnosis.stats.distributions import f_p, find_minimum
from diagnosis.stats.results import NotEnough

MIN_UNITS = 2
NO_VARIANCE = 1e-20
"""Sums of squares below this share of the squared values are rounding, not variance."""


@dataclass(frozen=True, slots=True)
class IntraclassEstimate:
    """One-way random effects over units; ICC(1) may be negative and is reported as it is.

    `icc1` uses the arithmetic mean size of a unit, `icc1_k0` the size that is unbiased for unequal units,
    `icc1_reml` restricted maximum likelihood (0 at least). `icc2`, the reliability of the units' means, is None where
    the units' means do not differ.
    """

    n: int
    units: int
    mean_size: float
    k0: float
    msb: float
    msw: float
    f: float
    p_value: float
    eta_squared: float
    icc1: float
    icc2: float | None
    icc1_k0: float
    icc1_reml: float


def intraclass_correlation(units: Sequence[ArrayLike]) -> IntraclassEstimate | NotEnough:
    """ICC(1) = (MSB-MSW)/(MSB+(k-1)MSW) and ICC(2) = (MSB-MSW)/MSB over two or more units.

    units: each (persons,), nan = missing; empty units do not count; one unit has no intraclass correlation.
    References: Bliese (2000); LeBreton & Senter (2008). R: multilevel::ICC1(aov()), ICC2(aov()), lme4::lmer().
    """
    columns = [column for column in (present(unit) for unit in units) if column.size]
    if len(columns) < MIN_UNITS:
        return NotEnough("too_few", len(columns), MIN_UNITS)
    sizes = np.array([column.size for column in columns], dtype=np.float64)
    n, k = int(sizes.sum()), len(columns)
    if n <= k:
        return NotEnough("too_few", n, k + 1)
    means = np.array([column.mean() for column in columns])
    grand = float(sizes @ means / n)
    between = float(sizes @ (means - grand) ** 2)
    within = sum(float(((column - mean) ** 2).sum()) for column, mean in zip(columns, means, strict=True))
    size = sum(float(column @ column) for column in columns)
    if within <= NO_VARIANCE * size:
        return NotEnough("no_variation", n, k + 1)
    if between <= NO_VARIANCE * size:
        between = 0.0
    msb, msw = between / (k - 1), within / (n - k)
    mean_size = n / k
    k0 = (n - float(sizes @ sizes) / n) / (k - 1)
    return IntraclassEstimate(
        n=n,
        units=k,
        mean_size=mean_size,
        k0=k0,
        msb=msb,
        msw=msw,
        f=msb / msw,
        p_value=f_p(msb / msw, k - 1, n - k),
        eta_squared=between / (between + within),
        icc1=(msb - msw) / (msb + (mean_size - 1) * msw),
        icc2=(msb - msw) / msb if msb > 0.0 else None,
        icc1_k0=(msb - msw) / (msb + (k0 - 1) * msw),
        icc1_reml=_reml(sizes, means, within),
    )


def _reml(sizes: FloatArray, means: FloatArray, within: float) -> float:
    """Restricted maximum likelihood of the share of variance between units, profiled over that share."""
    n = float(sizes.sum())

    def deviance(share: float) -> float:
        inflation = 1.0 + sizes * share / (1.0 - share)
        weights = sizes / inflation
        centre = float(weights @ means / weights.sum())
        residual = within + float(weights @ (means - centre) ** 2)
        return (n - 1) * log(residual) + float(np.log(inflation).sum()) + log(float(weights.sum()))

    best = find_minimum(deviance, 0.0, 1.0 - 1e-9)
    return best if deviance(best) < deviance(0.0) else 0.0
