"""Adjustments of p-values for many tests besides Benjamini-Hochberg, which is the product's own rule."""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_column
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.exceptions import StatisticsError

Adjustment = Literal["BH", "BY", "holm", "hochberg", "bonferroni"]


def adjust_p(p_values: ArrayLike, method: Adjustment, *, n_tests: int | None = None) -> FloatArray:
    """Adjusted p-values; nan = not tested: it stays nan and does not count in the family.

    bonferroni: m p; holm: running maximum of (m-i+1) p_(i); hochberg: running minimum from above of (m-i+1) p_(i);
    BY: BH times sum(1/i). n_tests: size of the family when it is larger than the tests given (not for BH).
    Raises StatisticsError outside [0, 1], for an unknown method or a family smaller than its tests.
    References: Holm (1979); Hochberg (1988); Benjamini & Yekutieli (2001). R: p.adjust(p, method, n).
    """
    if method == "BH" and n_tests is None:
        return benjamini_hochberg(p_values)
    column = as_column(p_values, name="p_values")
    tested = ~np.isnan(column)
    known = column[tested]
    if known.size and not (known.min() >= 0.0 and known.max() <= 1.0):
        message = "p-values must lie between 0 and 1"
        raise StatisticsError(message)
    m = known.size if n_tests is None else n_tests
    if m < known.size:
        message = f"a family of {m} cannot hold {known.size} tests"
        raise StatisticsError(message)
    adjusted = np.full(column.shape, np.nan)
    if known.size:
        adjusted[tested] = _adjusted(known, method, m)
    return adjusted


def _adjusted(known: FloatArray, method: Adjustment, m: int) -> FloatArray:
    order = np.argsort(known, kind="stable")
    ordered, place = known[order], np.arange(1, known.size + 1)
    if method == "bonferroni":
        values = ordered * m
    elif method == "holm":
        values = np.maximum.accumulate((m - place + 1) * ordered)
    elif method == "hochberg":
        values = np.minimum.accumulate(((m - place + 1) * ordered)[::-1])[::-1]
    elif method in {"BY", "BH"}:
        factor = float((1.0 / np.arange(1, m + 1)).sum()) if method == "BY" else 1.0
        values = np.minimum.accumulate((factor * m / place * ordered)[::-1])[::-1]
    else:
        message = f"there is no adjustment {method}"
        raise StatisticsError(message)
    answer = np.empty(known.size)
    answer[order] = np.minimum(values, 1.0)
    return answer
