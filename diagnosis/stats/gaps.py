"""One gap: later state minus earlier state, paired or between two groups, for a dimension or overall."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import (
    BoolArray,
    FloatArray,
    as_column,
    as_matrix,
    require_positive,
    require_same_shape,
    require_share,
)
from diagnosis.stats.columns import BLOCK, Column
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.effects import hedges_correction
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.means import fpc_factor
from diagnosis.stats.permutation import sign_flip_p, studentized_permutation
from diagnosis.stats.power import welch_df
from diagnosis.stats.results import GapEstimate, NotEnough
from diagnosis.stats.skewness import corrected_t
from diagnosis.stats.weighting import check_weights

PERMUTED_ALWAYS_BELOW, PERMUTATION_BELOW, BEYOND_DOUBT, NOTHING_FOUND = 20, 50, 1e-4, 0.05
"""Pairs and persons on the smaller of two sides below which a permutation test stands beside the t test. Two sides of
20 to 49 are permuted only where that can change the word: not where both p-values, the plain and the
skewness-corrected, are below 1 in 10,000, and not where the t test alone finds nothing."""
EQUIVALENCE_LEVEL = 0.90
SKEWED, CAUTION = 1.0, 5.0
"""A gap with fewer than 20 persons on a side and a skewness beyond 1 on one of them is found at 1 %, not at 5 %: in
simulated samples of 12 against 36 a factor of 2 was not enough and 3 hardly (docs/method.md)."""


@dataclass(frozen=True, slots=True)
class _Options:
    confidence_level: float
    random_state: int


Ends: TypeAlias = tuple[float, float]


def _check(scale_range: float, *columns: Column) -> None:
    _check_ends(scale_range, [column.ends for column in columns if column.n])


def _check_ends(scale_range: float, ends: Sequence[Ends]) -> None:
    require_positive(scale_range, name="scale_range")
    if ends:
        spread = max(high for _, high in ends) - min(low for low, _ in ends)
        if spread > scale_range * (1.0 + 1e-9):
            message = f"answers spread over {spread:g} points on a scale of {scale_range:g}"
            raise StatisticsError(message)


def _check_matrices(scale_range: float, *matrices: FloatArray) -> None:
    """`_check` of scores whose person values are tested: the scores, not the values, must fit the scale."""
    _check(scale_range, *(Column.of(column) for matrix in matrices for column in matrix.T))


def _options(confidence_level: float, random_state: int) -> _Options:
    require_share(confidence_level, name="confidence_level")
    return _Options(confidence_level, random_state)


def _assemble(
    later: Column,
    earlier: Column,
    options: _Options,
    *,
    se: float,
    df: float,
    g: float | None,
    d_z: float | None,
    permutation_p: float | None,
    skew_p: float,
    caution: float = 1.0,
) -> GapEstimate:
    estimate = later.mean - earlier.mean
    half = t_quantile(0.5 + options.confidence_level / 2.0, df) * se
    half90 = t_quantile(0.5 + EQUIVALENCE_LEVEL / 2.0, df) * se
    t = estimate / se
    return GapEstimate(
        paired=d_z is not None,
        n_later=later.n,
        n_earlier=earlier.n,
        mean_later=later.mean,
        mean_earlier=earlier.mean,
        sd_later=sqrt(later.variance),
        sd_earlier=sqrt(earlier.variance),
        estimate=estimate,
        se=se,
        df=df,
        ci_low=estimate - half,
        ci_high=estimate + half,
        ci90_low=estimate - half90,
        ci90_high=estimate + half90,
        t=t,
        p_value=t_two_sided_p(t, df),
        g=g,
        d_z=d_z,
        permutation_p=permutation_p,
        skew_p=skew_p,
        caution=caution,
    )


def _correction(n: int, population: int | None) -> float:
    """Finite population factor; a census keeps 1, because a standard error of 0 is not certainty."""
    return fpc_factor(n, population) or 1.0


def _paired(
    later: Column, earlier: Column, differences: Column, options: _Options, population: int | None
) -> GapEstimate | NotEnough:
    n = differences.n
    estimate = later.mean - earlier.mean
    if n < 2:
        return NotEnough("too_few", n, 2, estimate if n else None)
    if differences.is_constant:
        return NotEnough("no_variation", n, 2, estimate)
    average_sd = sqrt((later.variance + earlier.variance) / 2.0)
    factor = hedges_correction(n - 1)
    few = n < PERMUTED_ALWAYS_BELOW and differences.weights is None
    se = differences.error * _correction(n, population)
    permutation_p = sign_flip_p(differences.values, random_state=options.random_state) if few else None
    return _assemble(
        later,
        earlier,
        options,
        se=se,
        df=float(n - 1),
        g=None if factor is None else factor * estimate / average_sd,
        d_z=estimate / sqrt(differences.variance),
        permutation_p=permutation_p,
        skew_p=_skew_p(estimate / se, differences.cumulant / differences.error**3, float(n - 1)),
    )


def _welch(
    later: Column, earlier: Column, options: _Options, populations: tuple[int | None, int | None]
) -> GapEstimate | NotEnough:
    fewest = min(later.n, earlier.n)
    estimate = later.mean - earlier.mean
    if fewest < 2:
        return NotEnough("too_few", fewest, 2, estimate if fewest else None)
    if later.is_constant and earlier.is_constant:
        return NotEnough("no_variation", fewest, 2, estimate)
    corrected = [
        column.squared_error * _correction(column.n, population) ** 2
        for column, population in zip((later, earlier), populations, strict=True)
    ]
    pooled_df = later.n + earlier.n - 2
    pooled_sd = sqrt(((later.n - 1) * later.variance + (earlier.n - 1) * earlier.variance) / pooled_df)
    factor = hedges_correction(pooled_df)
    se, df = sqrt(sum(corrected)), welch_df(corrected[0], later.n, corrected[1], earlier.n)
    error = sqrt(later.squared_error + earlier.squared_error)
    cumulant = later.cumulant - earlier.cumulant
    permutation_p, skew_p = None, _skew_p(estimate / se, cumulant / error**3, df)
    plain_p = t_two_sided_p(estimate / se, df)
    doubtful = plain_p <= NOTHING_FOUND and max(plain_p, skew_p) > BEYOND_DOUBT
    few = fewest < PERMUTATION_BELOW and (doubtful or fewest < PERMUTED_ALWAYS_BELOW)
    if few and later.weights is None and earlier.weights is None:
        permuted = studentized_permutation(later, earlier, random_state=options.random_state)
        permutation_p, skew_p = permuted.p_value, permuted.skew_p
    return _assemble(
        later,
        earlier,
        options,
        se=se,
        df=df,
        g=None if factor is None else factor * estimate / pooled_sd,
        d_z=None,
        permutation_p=permutation_p,
        skew_p=skew_p,
        caution=_caution(later, earlier),
    )


def _caution(later: Column, earlier: Column) -> float:
    """What the p-value is multiplied with before a word rests on it."""
    if min(later.n, earlier.n) >= PERMUTED_ALWAYS_BELOW:
        return 1.0
    return CAUTION if max(abs(later.skewness), abs(earlier.skewness)) > SKEWED else 1.0


def _skew_p(t: float, skewness: float, df: float) -> float:
    """Two-sided p-value of the skewness-corrected t."""
    return t_two_sided_p(float(corrected_t(t, skewness)), df)


def _with_weights(
    scores: FloatArray, weights: ArrayLike | None, kept: BoolArray
) -> tuple[FloatArray, FloatArray | None]:
    """Scores and weights of the persons kept."""
    return scores[kept], None if weights is None else check_weights(weights, len(scores))[kept]


def paired_gap(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    scale_range: float,
    confidence_level: float = 0.95,
    population: int | None = None,
    weights: ArrayLike | None = None,
    random_state: int = 1,
) -> GapEstimate | NotEnough:
    """Gap between two states answered by the same persons (E1, D2, E2): paired t.

    estimate = mean(later) - mean(earlier) over complete pairs; se = sd(d)/sqrt(n); t on n-1 df; the 90 % interval
    serves the equivalence test. g = J(n-1) * estimate / sqrt((s1^2+s2^2)/2) (Cumming 2012); d_z = estimate/sd(d).
    Sign-flip permutation below 20 pairs (from 6); `skew_p` from Hall's skewness-corrected t. `population` switches the
    finite population correction on, except for a census.
    later, earlier: (persons,) scores in scale points, nan = missing. scale_range: highest minus lowest point.
    weights: (persons,) above 0, see `diagnosis.stats.weighting`; there is no permutation test with weights.
    Raises StatisticsError for unequal lengths or answers wider than the scale.
    R: t.test(later, earlier, paired = TRUE).
    """
    one, two = as_column(later, name="first"), as_column(earlier, name="second")
    require_same_shape(one, two)
    both: BoolArray = np.logical_not(np.isnan(one) | np.isnan(two))
    sides = (Column.of(column, weights, kept=both) for column in (one, two))
    return paired_columns_gap(
        *sides,
        scale_range=scale_range,
        confidence_level=confidence_level,
        population=population,
        random_state=random_state,
    )


def paired_columns_gap(
    later: Column,
    earlier: Column,
    *,
    scale_range: float,
    confidence_level: float = 0.95,
    population: int | None = None,
    random_state: int = 1,
    ends: Sequence[Ends] | None = None,
) -> GapEstimate | NotEnough:
    """`paired_gap` of the values of the same persons in the same order, whose sums may be known from other gaps.

    `ends`: lowest and highest score of each side, where the values are made of several scores and may lie beyond them.
    """
    _check_ends(
        scale_range, [column.ends for column in (later, earlier) if column.n] if ends is None else ends
    )
    options = _options(confidence_level, random_state)
    return _paired(later, earlier, _differences(later, earlier), options, population)


def _differences(later: Column, earlier: Column) -> Column:
    return Column(later.values - earlier.values, later.weights)


def welch_gap(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    scale_range: float,
    confidence_level: float = 0.95,
    population_later: int | None = None,
    population_earlier: int | None = None,
    weights_later: ArrayLike | None = None,
    weights_earlier: ArrayLike | None = None,
    random_state: int = 1,
) -> GapEstimate | NotEnough:
    """Gap between two groups of persons (all other gaps): Welch t.

    se = sqrt(s1^2/n1 + s2^2/n2), Welch-Satterthwaite df; g = J(n1+n2-2) * estimate / pooled SD (Hedges 1981);
    studentised permutation test when a side has fewer than 50 persons, plain and skewness-corrected (`skew_p`; from 50
    on against t). Arguments, units and errors as in `paired_gap`; the columns may differ in length.
    R: t.test(later, earlier); effectsize::hedges_g().
    """
    return welch_columns_gap(
        Column.of(as_column(later, name="later"), weights_later),
        Column.of(as_column(earlier, name="earlier"), weights_earlier),
        scale_range=scale_range,
        confidence_level=confidence_level,
        population_later=population_later,
        population_earlier=population_earlier,
        random_state=random_state,
    )


def welch_columns_gap(
    later: Column,
    earlier: Column,
    *,
    scale_range: float,
    confidence_level: float = 0.95,
    population_later: int | None = None,
    population_earlier: int | None = None,
    random_state: int = 1,
    ends: Sequence[Ends] | None = None,
) -> GapEstimate | NotEnough:
    """`welch_gap` of two groups' values, whose sums may be known from other gaps; `ends` as in `paired_columns_gap`."""
    _check_ends(
        scale_range, [column.ends for column in (later, earlier) if column.n] if ends is None else ends
    )
    options = _options(confidence_level, random_state)
    return _welch(later, earlier, options, (population_later, population_earlier))


def person_values(scores: FloatArray, weights: FloatArray | None = None) -> tuple[FloatArray, float]:
    """One value per person whose mean is the mean of dimension means and whose spread gives its error.

    v_i = overall + 1/D * sum over dimensions of n/n_d * (x_id - mean_d), the linearised influence of a person;
    with complete answers it is the person's own mean. Persons without any score have no value. With weights n and
    n_d are sums of weights and the value's weighted mean is the overall mean.
    """
    columns = np.ascontiguousarray(scores.T)
    missing = np.isnan(columns)
    is_silent = missing.all(axis=0)
    if is_silent.any():
        columns, missing = columns[:, ~is_silent], missing[:, ~is_silent]
        weights = None if weights is None else weights[~is_silent]
    size = columns.shape[1]
    n = float(size) if weights is None else float(weights.sum())
    absent = [np.flatnonzero(row) for row in missing]
    lost = [float(places.size if weights is None else weights[places].sum()) for places in absent]
    counts = n - np.array(lost)
    share = n / counts / len(columns)
    values, means = np.empty(size), np.zeros(len(columns))
    for start in range(0, size, BLOCK):
        part = slice(start, start + BLOCK)
        filled = np.where(missing[:, part], 0.0, columns[:, part])
        means += filled.sum(axis=1) if weights is None else filled @ weights[part]
        values[part] = share @ filled
    means /= counts
    overall = float(means.mean())
    values += overall - float(share @ means)
    for places, each, mean in zip(absent, share, means, strict=True):
        values[places] += each * mean
    return values, overall


def person_column(scores: FloatArray, weights: FloatArray | None = None) -> Column:
    """`person_values` as a column whose mean is exactly the overall mean."""
    values, overall = person_values(scores, weights)
    kept = (
        weights if weights is None or values.size == len(weights) else weights[~np.isnan(scores).all(axis=1)]
    )
    return Column(values, kept, overall)


def overall_paired_gap(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    scale_range: float,
    confidence_level: float = 0.95,
    population: int | None = None,
    weights: ArrayLike | None = None,
    random_state: int = 1,
) -> GapEstimate | NotEnough:
    """`paired_gap` of the overall means: unweighted mean of the dimension means both sides have.

    later, earlier: (persons, dimensions) person scores, nan = missing; a score counts only with its twin. The
    error comes from the linearised influence of each person, so missing dimensions are handled; with complete
    answers the test is the paired t test of the person means.
    """
    one, two = as_matrix(later, name="later"), as_matrix(earlier, name="earlier")
    require_same_shape(one, two)
    both = ~(np.isnan(one) | np.isnan(two))
    used = both.any(axis=0)
    if not used.any():
        return NotEnough("too_few", 0, 2)
    one, two = np.where(both, one, np.nan)[:, used], np.where(both, two, np.nan)[:, used]
    _check_matrices(scale_range, one, two)
    has_both: BoolArray = np.asarray(both.any(axis=1))
    one, kept = _with_weights(one, weights, has_both)
    sides = (person_column(one, kept), person_column(two[has_both], kept))
    options = _options(confidence_level, random_state)
    return _paired(*sides, _differences(*sides), options, population)


def overall_welch_gap(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    scale_range: float,
    confidence_level: float = 0.95,
    population_later: int | None = None,
    population_earlier: int | None = None,
    weights_later: ArrayLike | None = None,
    weights_earlier: ArrayLike | None = None,
    random_state: int = 1,
) -> GapEstimate | NotEnough:
    """`welch_gap` of the overall means: unweighted mean of the dimension means both sides have.

    later, earlier: (persons, dimensions) with the same dimensions, nan = missing. Error as in `overall_paired_gap`.
    """
    one, two = as_matrix(later, name="later"), as_matrix(earlier, name="earlier")
    if one.shape[1] != two.shape[1]:
        message = f"both sides must have the same dimensions, not {one.shape[1]} and {two.shape[1]}"
        raise StatisticsError(message)
    used = (
        ~np.isnan(one).all(axis=0) & ~np.isnan(two).all(axis=0)
        if min(len(one), len(two))
        else np.array([False])
    )
    if not used.any():
        return NotEnough("too_few", 0, 2)
    one, two = one[:, used], two[:, used]
    _check_matrices(scale_range, one, two)
    w_one = None if weights_later is None else check_weights(weights_later, len(one))
    w_two = None if weights_earlier is None else check_weights(weights_earlier, len(two))
    sides = (person_column(one, w_one), person_column(two, w_two))
    options = _options(confidence_level, random_state)
    return _welch(*sides, options, (population_later, population_earlier))
