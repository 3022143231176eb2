"""Missing dimension scores replaced, where a model needs persons with all of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_matrix, require_share

MIN_SHARE = 0.5


@dataclass(frozen=True, eq=False)
class Imputed:
    """Scores (persons, dimensions) without gaps in the rows that had enough, nan throughout in the others.

    `share` (0-1) of the scores of the kept persons was replaced.
    """

    scores: FloatArray
    share: float


def two_way_imputed(scores: ArrayLike, *, min_share: float = MIN_SHARE) -> Imputed:
    """Replace a missing score by person mean + dimension mean - mean of all scores.

    scores: (persons, dimensions), nan = missing. A person needs more than `min_share` of the dimensions. Keeps what is
    typical of the person and of the dimension; draws nothing at random, so that a figure can be computed again.
    Reference: Bernaards & Sijtsma (2000). R: rowMeans(), colMeans(), mean(), na.rm = TRUE.
    """
    require_share(min_share, name="min_share")
    matrix = as_matrix(scores, name="scores").copy()
    answered = ~np.isnan(matrix)
    kept = answered.sum(axis=1) > min_share * matrix.shape[1]
    matrix[~kept] = np.nan
    answered &= kept[:, None]
    if not answered.any():
        return Imputed(matrix, 0.0)
    counts = answered.sum(axis=0)
    filled = np.where(answered, matrix, 0.0)
    dimension = filled.sum(axis=0) / np.maximum(counts, 1)
    person = filled.sum(axis=1) / np.maximum(answered.sum(axis=1), 1)
    overall = filled.sum() / answered.sum()
    lacking = kept[:, None] & ~answered & (counts > 0)
    matrix = np.where(lacking, person[:, None] + dimension - overall, matrix)
    return Imputed(matrix, float(lacking.sum() / (kept.sum() * matrix.shape[1])))
