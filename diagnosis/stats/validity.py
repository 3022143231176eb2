"""Whether scales measure different things (HTMT) and the same thing in two groups (Tucker's congruence)."""

from collections.abc import Sequence
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_matrix, complete_rows, is_constant, require_same_shape
from diagnosis.stats.correlation import CorrelationMatrix, correlation_matrix
from diagnosis.stats.omega import fit_one_factor
from diagnosis.stats.results import NotEnough

CONGRUENCE_PERSONS = 100
HTMT_PERSONS = 100
SEPARABLE_BELOW = 0.90
EQUAL_FROM, FAIR_FROM = 0.95, 0.85
SINGULAR_BELOW = 1e-10


def heterotrait_ratio(
    first: ArrayLike, second: ArrayLike, *, minimum: int = HTMT_PERSONS
) -> float | NotEnough:
    """HTMT of two scales: mean correlation between their items over the root of the mean correlations within each.

    first, second: (persons, items) of the same persons, two or more items each, nan = missing (pairwise); below .85 to
    .90 the scales can be told apart. `not_defined`: the items of a scale do not correlate above 0.
    Reference: Henseler, Ringle & Sarstedt (2015). R: semTools::htmt().
    """
    one, two = as_matrix(first, name="first"), as_matrix(second, name="second")
    require_same_shape(one[:, :0], two[:, :0])
    a, b = one.shape[1], two.shape[1]
    if min(a, b) < 2:
        return NotEnough("not_defined", len(one), minimum)
    n = int((~np.isnan(one).all(axis=1) & ~np.isnan(two).all(axis=1)).sum())
    if n < minimum:
        return NotEnough("too_few", n, minimum)
    found = correlation_matrix(np.column_stack([one, two]))
    if not isinstance(found, CorrelationMatrix):
        return found
    ratio = ratio_of_correlations(found.values, a)
    return NotEnough("not_defined", n, minimum) if ratio is None else ratio


def ratio_of_correlations(correlations: FloatArray, size: int) -> float | None:
    """HTMT from the correlations of the first `size` items, one scale, with the others; None where not defined."""
    within = [_mean_pairs(correlations[:size, :size]), _mean_pairs(correlations[size:, size:])]
    if min(within) <= SINGULAR_BELOW:
        return None
    return float(np.abs(correlations[:size, size:]).mean()) / sqrt(within[0] * within[1])


def _mean_pairs(correlations: FloatArray) -> float:
    return float(correlations[np.triu_indices(len(correlations), 1)].mean())


def tucker_congruence(groups: Sequence[ArrayLike], *, minimum: int = CONGRUENCE_PERSONS) -> float | NotEnough:
    """Smallest congruence of the one-factor loadings between any two groups: sum(ab) / sqrt(sum(a^2) sum(b^2)).

    groups: matrices (persons, items) of the same items, complete rows, at least `minimum` persons each; from .95 equal,
    .85 to .94 fair. Reference: Lorenzo-Seva & ten Berge (2006). R: psych::factor.congruence().
    """
    loadings = []
    for group in groups:
        complete = complete_rows(group)
        n, k = complete.shape
        if n < minimum:
            return NotEnough("too_few", n, minimum)
        if k < 3:
            return NotEnough("not_defined", n, minimum)
        if any(is_constant(complete[:, item]) for item in range(k)):
            return NotEnough("no_variation", n, minimum)
        fitted = fit_one_factor(np.atleast_2d(np.corrcoef(complete, rowvar=False)))
        if fitted is None:
            return NotEnough("not_defined", n, minimum)
        loadings.append(fitted[0])
    if len(loadings) < 2:
        return NotEnough("too_few", len(loadings), 2)
    unit = [loading / np.linalg.norm(loading) for loading in loadings]
    return min(abs(float(one @ two)) for place, one in enumerate(unit) for two in unit[:place])
