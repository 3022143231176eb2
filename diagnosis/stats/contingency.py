"""Tables of counts: are rows and columns independent, how strong is the tie, and which cells stand out."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_matrix
from diagnosis.stats.distributions import chi_square_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

SMALL_EXPECTED = 5.0
SMALL_SHARE = 0.20


@dataclass(frozen=True, slots=True)
class IndependenceEstimate:
    """Pearson's chi-square of a table without rows or columns of 0, which do not count.

    `adjusted_residuals` (rows, columns) are normal deviates per cell, 0 in rows and columns left out.
    `is_approximate`: more than a fifth of the expected counts lie below 5, or one below 1, so p is a rough guide.
    """

    n: int
    chi_square: float
    df: int
    p_value: float
    cramers_v: float
    cramers_v_corrected: float
    adjusted_residuals: FloatArray
    is_approximate: bool


def chi_square_independence(counts: ArrayLike) -> IndependenceEstimate | NotEnough:
    """Pearson's chi-square without continuity correction, Cramer's V, Bergsma's bias-corrected V, adjusted residuals.

    V = sqrt(X2/(n min(r-1, c-1))); corrected: phi2 = max(0, X2/n - (r-1)(c-1)/(n-1)) over min(r', c') - 1 with
    r' = r - (r-1)^2/(n-1). Residual = (O-E)/sqrt(E (1-row share)(1-column share)). counts: (rows, columns), whole
    numbers from 0. References: Bergsma (2013); Agresti (2007). R: chisq.test(x, correct = FALSE),
    effectsize::cramers_v(x).
    """
    table = as_matrix(counts, name="counts")
    if np.isnan(table).any() or (table < 0).any() or (table != np.round(table)).any():
        message = "counts must be whole numbers from 0"
        raise StatisticsError(message)
    rows, columns = table.sum(axis=1) > 0, table.sum(axis=0) > 0
    observed = table[np.ix_(rows, columns)]
    r, c = observed.shape
    n = int(table.sum())
    if min(r, c) < 2:
        return NotEnough("no_variation", n, 2)
    row_share, column_share = observed.sum(axis=1) / n, observed.sum(axis=0) / n
    expected = n * np.outer(row_share, column_share)
    chi_square = float(((observed - expected) ** 2 / expected).sum())
    df = (r - 1) * (c - 1)
    residuals = np.zeros(table.shape)
    residuals[np.ix_(rows, columns)] = (observed - expected) / np.sqrt(
        expected * np.outer(1.0 - row_share, 1.0 - column_share)
    )
    return IndependenceEstimate(
        n=n,
        chi_square=chi_square,
        df=df,
        p_value=chi_square_p(chi_square, df),
        cramers_v=min(1.0, sqrt(chi_square / (n * (min(r, c) - 1)))),
        cramers_v_corrected=_corrected_v(chi_square, n, r, c),
        adjusted_residuals=residuals,
        is_approximate=bool(expected.min() < 1.0 or (expected < SMALL_EXPECTED).mean() > SMALL_SHARE),
    )


def _corrected_v(chi_square: float, n: int, r: int, c: int) -> float:
    phi = max(0.0, chi_square / n - (r - 1) * (c - 1) / (n - 1))
    least = min(r - (r - 1) ** 2 / (n - 1), c - (c - 1) ** 2 / (n - 1)) - 1.0
    return min(1.0, sqrt(phi / least)) if least > 0.0 else 0.0
