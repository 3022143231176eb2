"""One gap: later state minus earlier state, paired or between two groups, for a dimension or overall."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import (
    BoolArray,
    FloatArray,
    as_column,
    as_matrix,
    is_constant,
    require_positive,
    require_same_shape,
    require_share,
)
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.effects import hedges_correction
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.means import fpc_factor
from diagnosis.stats.permutation import sign_flip_p, studentized_permutation
from diagnosis.stats.power import welch_df
from diagnosis.stats.results import GapEstimate, NotEnough
from diagnosis.stats.skewness import corrected_t, third_cumulant
from diagnosis.stats.weighting import (
    check_weights,
    mean_error,
    weighted_mean,
    weighted_variance,
)

PERMUTED_ALWAYS_BELOW, PERMUTATION_BELOW, BEYOND_DOUBT, NOTHING_FOUND = 20, 50, 1e-4, 0.05
"""Pairs and persons on the smaller of two sides below which a permutation test stands beside the t test. Two sides of
20 to 49 are permuted only where that can change the word: not where both p-values, the plain and the
skewness-corrected, are below 1 in 10,000, and not where the t test alone finds nothing."""
EQUIVALENCE_LEVEL = 0.90


@dataclass(frozen=True, slots=True)
class _Options:
    confidence_level: float
    random_state: int


@dataclass(frozen=True, slots=True)
class _Sides:
    """Complete values of both sides with their weights, and the two means whose difference is the gap."""

    later: FloatArray
    earlier: FloatArray
    mean_later: float
    mean_earlier: float
    weights_later: FloatArray | None = None
    weights_earlier: FloatArray | None = None

    @property
    def variances(self) -> tuple[float, float]:
        """Variances of later and earlier."""
        return (
            weighted_variance(self.later, self.weights_later),
            weighted_variance(self.earlier, self.weights_earlier),
        )

    @property
    def is_weighted(self) -> bool:
        """Tell whether a side has weights; the permutation tests know none."""
        return self.weights_later is not None or self.weights_earlier is not None


def _check(scale_range: float, *columns: FloatArray) -> None:
    require_positive(scale_range, name="scale_range")
    values = [column for column in columns if column.size]
    if values:
        spread = max(float(np.nanmax(each)) for each in values) - min(
            float(np.nanmin(each)) for each in values
        )
        if spread > scale_range * (1.0 + 1e-9):
            message = f"answers spread over {spread:g} points on a scale of {scale_range:g}"
            raise StatisticsError(message)


def _options(confidence_level: float, random_state: int) -> _Options:
    require_share(confidence_level, name="confidence_level")
    return _Options(confidence_level, random_state)


def _assemble(
    sides: _Sides,
    options: _Options,
    *,
    se: float,
    df: float,
    g: float | None,
    d_z: float | None,
    permutation_p: float | None,
    skew_p: float,
) -> GapEstimate:
    estimate = sides.mean_later - sides.mean_earlier
    half = t_quantile(0.5 + options.confidence_level / 2.0, df) * se
    half90 = t_quantile(0.5 + EQUIVALENCE_LEVEL / 2.0, df) * se
    t = estimate / se
    return GapEstimate(
        paired=d_z is not None,
        n_later=int(sides.later.size),
        n_earlier=int(sides.earlier.size),
        mean_later=sides.mean_later,
        mean_earlier=sides.mean_earlier,
        sd_later=sqrt(sides.variances[0]),
        sd_earlier=sqrt(sides.variances[1]),
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
    )


def _correction(n: int, population: int | None) -> float:
    """Finite population factor; a census keeps 1, because a standard error of 0 is not certainty."""
    return fpc_factor(n, population) or 1.0


def _paired(sides: _Sides, options: _Options, population: int | None) -> GapEstimate | NotEnough:
    n = int(sides.later.size)
    estimate = sides.mean_later - sides.mean_earlier
    if n < 2:
        return NotEnough("too_few", n, 2, estimate if n else None)
    differences = sides.later - sides.earlier
    if is_constant(differences):
        return NotEnough("no_variation", n, 2, estimate)
    sd = sqrt(weighted_variance(differences, sides.weights_later))
    average_sd = sqrt(sum(sides.variances) / 2.0)
    factor = hedges_correction(n - 1)
    few = n < PERMUTED_ALWAYS_BELOW and not sides.is_weighted
    error = mean_error(differences, sides.weights_later)
    se = error * _correction(n, population)
    skewness = third_cumulant(differences, sides.weights_later) / error**3
    return _assemble(
        sides,
        options,
        se=se,
        df=float(n - 1),
        g=None if factor is None else factor * estimate / average_sd,
        d_z=estimate / sd,
        permutation_p=sign_flip_p(differences, random_state=options.random_state) if few else None,
        skew_p=_skew_p(estimate / se, skewness, float(n - 1)),
    )


def _welch(
    sides: _Sides, options: _Options, populations: tuple[int | None, int | None]
) -> GapEstimate | NotEnough:
    later, earlier = sides.later, sides.earlier
    n_later, n_earlier = int(later.size), int(earlier.size)
    fewest = min(n_later, n_earlier)
    estimate = sides.mean_later - sides.mean_earlier
    if fewest < 2:
        return NotEnough("too_few", fewest, 2, estimate if fewest else None)
    if is_constant(later) and is_constant(earlier):
        return NotEnough("no_variation", fewest, 2, estimate)
    variance_later, variance_earlier = sides.variances
    plain = (
        _variance_of_mean(later, sides.weights_later, variance_later),
        _variance_of_mean(earlier, sides.weights_earlier, variance_earlier),
    )
    corrected = [
        variance * _correction(column.size, population) ** 2
        for column, variance, population in zip((later, earlier), plain, populations, strict=True)
    ]
    pooled_df = n_later + n_earlier - 2
    pooled_sd = sqrt(((n_later - 1) * variance_later + (n_earlier - 1) * variance_earlier) / pooled_df)
    factor = hedges_correction(pooled_df)
    se, df = sqrt(sum(corrected)), welch_df(corrected[0], n_later, corrected[1], n_earlier)
    error = sqrt(sum(plain))
    cumulant = third_cumulant(later, sides.weights_later) - third_cumulant(earlier, sides.weights_earlier)
    permutation_p, skew_p = None, _skew_p(estimate / se, cumulant / error**3, df)
    plain_p = t_two_sided_p(estimate / se, df)
    doubtful = plain_p <= NOTHING_FOUND and max(plain_p, skew_p) > BEYOND_DOUBT
    few = fewest < PERMUTATION_BELOW and (doubtful or fewest < PERMUTED_ALWAYS_BELOW)
    if few and not sides.is_weighted:
        permuted = studentized_permutation(later, earlier, random_state=options.random_state)
        permutation_p, skew_p = permuted.p_value, permuted.skew_p
    return _assemble(
        sides,
        options,
        se=se,
        df=df,
        g=None if factor is None else factor * estimate / pooled_sd,
        d_z=None,
        permutation_p=permutation_p,
        skew_p=skew_p,
    )


def _skew_p(t: float, skewness: float, df: float) -> float:
    """Two-sided p-value of the skewness-corrected t."""
    return t_two_sided_p(float(corrected_t(t, skewness)), df)


def _variance_of_mean(values: FloatArray, weights: FloatArray | None, variance: float) -> float:
    return variance / values.size if weights is None else mean_error(values, weights) ** 2


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
    both = ~(np.isnan(one) | np.isnan(two))
    one, kept = _with_weights(one, weights, both)
    two = two[both]
    _check(scale_range, one, two)
    options = _options(confidence_level, random_state)
    sides = _Sides(one, two, weighted_mean(one, kept), weighted_mean(two, kept), kept, kept)
    return _paired(sides, options, population)


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
    one, two = as_column(later, name="later"), as_column(earlier, name="earlier")
    one, w_one = _with_weights(one, weights_later, ~np.isnan(one))
    two, w_two = _with_weights(two, weights_earlier, ~np.isnan(two))
    _check(scale_range, one, two)
    options = _options(confidence_level, random_state)
    sides = _Sides(one, two, weighted_mean(one, w_one), weighted_mean(two, w_two), w_one, w_two)
    return _welch(sides, options, (population_later, population_earlier))


def person_values(scores: FloatArray, weights: FloatArray | None = None) -> tuple[FloatArray, float]:
    """One value per person whose mean is the mean of dimension means and whose spread gives its error.

    v_i = overall + 1/D * sum over dimensions of n/n_d * (x_id - mean_d), the linearised influence of a person;
    with complete answers it is the person's own mean. Persons without any score have no value. With weights n and
    n_d are sums of weights and the value's weighted mean is the overall mean.
    """
    has_score = ~np.isnan(scores).all(axis=1)
    kept = None if weights is None else weights[has_score]
    n = float(has_score.sum()) if kept is None else float(kept.sum())
    values, means = np.zeros(int(has_score.sum())), []
    for column in scores.T:
        own = column[has_score]
        answered = ~np.isnan(own)
        n_own = float(answered.sum()) if kept is None else float(kept @ answered)
        filled = np.where(answered, own, 0.0)
        mean = float(filled.sum() if kept is None else kept @ filled) / n_own
        values += np.where(answered, (filled - mean) * (n / n_own), 0.0)
        means.append(mean)
    overall = float(np.mean(means))
    return overall + values / len(means), overall


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
    one, two = np.where(both, one, np.nan), np.where(both, two, np.nan)
    used = both.any(axis=0)
    if not used.any():
        return NotEnough("too_few", 0, 2)
    _check(scale_range, one[both], two[both])
    has_both: BoolArray = np.asarray(both.any(axis=1))
    one, kept = _with_weights(one, weights, has_both)
    values_later, mean_later = person_values(one[:, used], kept)
    values_earlier, mean_earlier = person_values(two[has_both][:, used], kept)
    options = _options(confidence_level, random_state)
    sides = _Sides(values_later, values_earlier, mean_later, mean_earlier, kept, kept)
    return _paired(sides, options, population)


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
    _check(scale_range, one, two)
    one, w_one = _with_weights(one, weights_later, np.logical_not(np.isnan(one).all(axis=1)))
    two, w_two = _with_weights(two, weights_earlier, np.logical_not(np.isnan(two).all(axis=1)))
    values_later, mean_later = person_values(one, w_one)
    values_earlier, mean_earlier = person_values(two, w_two)
    options = _options(confidence_level, random_state)
    sides = _Sides(values_later, values_earlier, mean_later, mean_earlier, w_one, w_two)
    return _welch(sides, options, (population_later, population_earlier))
