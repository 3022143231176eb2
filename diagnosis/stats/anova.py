"""Several groups with unequal variances: Welch's analysis of variance and Games-Howell comparisons of all pairs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, is_constant, present, require_share
from diagnosis.stats.distributions import f_p
from diagnosis.stats.results import NotEnough
from diagnosis.stats.studentized_range import studentized_range_p, studentized_range_quantile


@dataclass(frozen=True, slots=True)
class WelchAnovaEstimate:
    """Do the means of several groups differ, variances allowed to differ too."""

    f: float
    df1: float
    df2: float
    p_value: float


@dataclass(frozen=True, slots=True)
class PairComparison:
    """Mean of `first` minus mean of `second`; p and interval hold for all pairs together."""

    first: str
    second: str
    difference: float
    se: float
    t: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float


def _columns(groups: Sequence[ArrayLike]) -> list[FloatArray] | NotEnough:
    columns = [present(group) for group in groups]
    if len(columns) < 2:
        return NotEnough("too_few", len(columns), 2)
    fewest = min(int(column.size) for column in columns)
    if fewest < 2:
        return NotEnough("too_few", fewest, 2)
    if any(is_constant(column) for column in columns):
        return NotEnough("no_variation", fewest, 2)
    return columns


def welch_anova(groups: Sequence[ArrayLike]) -> WelchAnovaEstimate | NotEnough:
    """Welch's one-way analysis of variance.

    w_j = n_j/s_j^2, F = sum(w_j (m_j - m)^2)/(k-1) / (1 + 2(k-2)/(k^2-1) A) with A = sum((1 - w_j/W)^2/(n_j-1)),
    df2 = (k^2-1)/(3A). groups: each (persons,), nan = missing; every group needs two persons and some variation.
    Reference: Welch (1951). R: oneway.test(y ~ g).
    """
    columns = _columns(groups)
    if isinstance(columns, NotEnough):
        return columns
    k = len(columns)
    sizes = np.array([column.size for column in columns], dtype=np.float64)
    means = np.array([column.mean() for column in columns])
    weights = sizes / np.array([column.var(ddof=1) for column in columns])
    total = weights.sum()
    between = float(weights @ (means - weights @ means / total) ** 2) / (k - 1)
    imbalance = float((((1.0 - weights / total) ** 2) / (sizes - 1)).sum())
    f = between / (1.0 + 2.0 * (k - 2) / (k**2 - 1) * imbalance)
    df2 = (k**2 - 1) / (3.0 * imbalance)
    return WelchAnovaEstimate(f, k - 1, df2, f_p(f, k - 1, df2))


def games_howell(
    groups: Mapping[str, ArrayLike], *, confidence_level: float = 0.95
) -> tuple[PairComparison, ...] | NotEnough:
    """All pairs of groups with Games-Howell's simultaneous test and intervals.

    t = (m_i - m_j) / sqrt(s_i^2/n_i + s_j^2/n_j) with Welch's df; p from the studentised range at |t| sqrt(2).
    groups: name -> (persons,), nan = missing. Reference: Games & Howell (1976). R: rstatix::games_howell_test().
    """
    require_share(confidence_level, name="confidence_level")
    columns = _columns(list(groups.values()))
    if isinstance(columns, NotEnough):
        return columns
    answers = []
    for (name1, one), (name2, two) in combinations(zip(groups, columns, strict=True), 2):
        error1, error2 = float(one.var(ddof=1)) / one.size, float(two.var(ddof=1)) / two.size
        variance = error1 + error2
        df = variance**2 / (error1**2 / (one.size - 1) + error2**2 / (two.size - 1))
        difference, se = float(one.mean() - two.mean()), sqrt(variance)
        t = difference / se
        p_value = studentized_range_p(abs(t) * sqrt(2.0), len(columns), df)
        half = studentized_range_quantile(confidence_level, len(columns), df) * se / sqrt(2.0)
        answers.append(
            PairComparison(name1, name2, difference, se, t, df, p_value, difference - half, difference + half)
        )
    return tuple(answers)
