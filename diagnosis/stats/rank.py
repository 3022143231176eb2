"""Agreement of two rank orders, such as management's and customers' order of importance."""

from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, complete_pairs, is_constant
from diagnosis.stats.distributions import t_two_sided_p
from diagnosis.stats.results import CorrelationEstimate, NotEnough


def mid_ranks(values: FloatArray) -> FloatArray:
    """Ranks from 1, ties share their mean rank. R: rank(x)."""
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2.0)[inverse], dtype=np.float64)


def spearman(first: ArrayLike, second: ArrayLike) -> CorrelationEstimate | NotEnough:
    """Spearman's rho: Pearson r of the mid-ranks over complete pairs; p from t = r sqrt((n-2)/(1-r^2)).

    first, second: (n,), nan = missing (pairwise). Needs three pairs; with nine dimensions about .70 is needed for
    p < .05. Reference: Spearman (1904). R: cor.test(x, y, method = "spearman", exact = FALSE).
    """
    x, y = complete_pairs(first, second)
    n = int(x.size)
    if n < 3:
        return NotEnough("too_few", n, 3)
    if is_constant(x) or is_constant(y):
        return NotEnough("no_variation", n, 3)
    ranks_x, ranks_y = mid_ranks(x), mid_ranks(y)
    dx, dy = ranks_x - ranks_x.mean(), ranks_y - ranks_y.mean()
    r = max(-1.0, min(1.0, float(dx @ dy / np.sqrt((dx @ dx) * (dy @ dy)))))
    unexplained = 1.0 - r * r
    if unexplained <= 1e-15:
        return CorrelationEstimate(n, r, 0.0)
    return CorrelationEstimate(n, r, t_two_sided_p(r * sqrt((n - 2) / unexplained), n - 2))
