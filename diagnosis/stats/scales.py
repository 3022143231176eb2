"""From item answers to person scores, and how reliable those scores are."""

from dataclasses import dataclass
from math import ceil

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import (
    FloatArray,
    as_column,
    as_matrix,
    complete_rows,
    is_constant,
    require_same_shape,
    require_share,
)
from diagnosis.stats.distributions import f_quantile, normal_quantile
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import AlphaEstimate, NotEnough, ReliabilityBand
from diagnosis.stats.weighting import check_weights, weighted_mean, weighted_variance

MIN_SHARE = 0.5
VARIANCE_NOISE = 1e-14
WEAK_BELOW, CARE_BELOW, REDUNDANT_FROM = 0.60, 0.70, 0.95


@dataclass(frozen=True, slots=True)
class PairedScores:
    """Person scores of two states, both over the items the person answered in both columns; nan = missing."""

    later: FloatArray
    earlier: FloatArray


def answers_needed(n_items: int, min_share: float = MIN_SHARE) -> int:
    """Answers a person needs for a score; raises StatisticsError without an item or on a share outside (0, 1]."""
    if not 0 < min_share <= 1:
        message = f"min_share must lie above 0 and not above 1, not {min_share}"
        raise StatisticsError(message)
    if n_items == 0:
        message = "a dimension needs at least one item"
        raise StatisticsError(message)
    return max(1, ceil(min_share * n_items - 1e-9))


def _mean_of_answered(
    ratings: FloatArray, min_share: float, asked: ArrayLike | None = None, chances: ArrayLike | None = None
) -> FloatArray:
    n_respondents, n_items = ratings.shape
    needed: FloatArray | int = answers_needed(n_items, min_share)
    if asked is not None:
        n_asked = np.asarray(asked, dtype=np.bool_).sum(axis=1)
        needed = np.maximum(1, np.ceil(min_share * n_asked - 1e-9))
    shares = np.ones(n_items) if chances is None else 1.0 / as_column(chances)
    answered, sums, total = np.zeros(n_respondents), np.zeros(n_respondents), np.zeros(n_respondents)
    for column, share in zip(ratings.T, shares, strict=True):
        is_answered = ~np.isnan(column)
        answered += is_answered
        total += share * is_answered
        np.add(sums, share * column, out=sums, where=is_answered)
    scores = np.full(n_respondents, np.nan)
    np.divide(sums, total, out=scores, where=answered >= needed)
    return scores


def score_dimension(
    ratings: ArrayLike,
    *,
    min_share: float = MIN_SHARE,
    asked: ArrayLike | None = None,
    chances: ArrayLike | None = None,
) -> FloatArray:
    """Mean of the answered items of each person, missing below the share.

    ratings: (persons, items) in scale points, nan = not answered, cannot judge or not asked. Returns (persons,) in the
    same points; nan where fewer than `min_share` of the items asked are answered (2 of 3, 1 of 2). `asked` (persons,
    items) tells who was asked what, `chances` (items,) with which chance: each item then counts 1 / chance, so that the
    mean over persons weighs the items as if everybody had been asked all (Hajek).
    Raises StatisticsError on bad shape. Reference: Newman (2014). R: rowMeans(x, na.rm = TRUE), then the rule.
    """
    return _mean_of_answered(as_matrix(ratings), min_share, asked, chances)


def score_pair(
    later: ArrayLike,
    earlier: ArrayLike,
    *,
    min_share: float = MIN_SHARE,
    asked: ArrayLike | None = None,
    chances: ArrayLike | None = None,
) -> PairedScores:
    """Score two states of the same persons on the same items only.

    later, earlier: (persons, items), nan = missing. An item counts for a person only if both columns are
    answered; a person counts only if that holds for at least `min_share` of the items. So the difference of
    two scores never compares different items. `asked` and `chances` are those of both columns, see `score_dimension`.
    Raises StatisticsError on unequal shapes.
    """
    one, two = as_matrix(later, name="later"), as_matrix(earlier, name="earlier")
    require_same_shape(one, two)
    both = ~(np.isnan(one) | np.isnan(two))
    return PairedScores(
        later=_mean_of_answered(np.where(both, one, np.nan), min_share, asked, chances),
        earlier=_mean_of_answered(np.where(both, two, np.nan), min_share, asked, chances),
    )


def count_prorated(
    ratings: ArrayLike, *, min_share: float = MIN_SHARE, asked: ArrayLike | None = None
) -> int:
    """Number of persons whose score rests on some, not all, of the items they were asked."""
    matrix = as_matrix(ratings)
    scored = ~np.isnan(_mean_of_answered(matrix, min_share, asked))
    open_items = np.isnan(matrix) if asked is None else np.isnan(matrix) & np.asarray(asked, dtype=np.bool_)
    return int((scored & open_items.any(axis=1)).sum())


def score_to_100(values: ArrayLike, *, low: float, high: float) -> FloatArray:
    """Put scale points on 0-100: 100 * (x - low) / (high - low). Shape is kept, nan stays nan."""
    if not high > low:
        message = f"the scale must rise from low to high, not from {low} to {high}"
        raise StatisticsError(message)
    return 100.0 * (as_column(values) - low) / (high - low)


def reliability_band(alpha: float) -> ReliabilityBand:
    """Word for a reliability: below .60 weak, .60-.69 usable with care, .70-.94 good, from .95 redundant."""
    if alpha < WEAK_BELOW:
        return "weak"
    if alpha < CARE_BELOW:
        return "usable_with_care"
    return "redundant" if alpha >= REDUNDANT_FROM else "good"


def _alpha(complete: FloatArray, weights: FloatArray | None = None) -> float | None:
    totals = complete.sum(axis=1)
    if is_constant(totals):
        return None
    k = complete.shape[1]
    if weights is not None:
        items = sum(weighted_variance(complete[:, item], weights) for item in range(k))
        return float(k / (k - 1) * (1.0 - items / weighted_variance(totals, weights)))
    return float(k / (k - 1) * (1.0 - complete.var(axis=0, ddof=1).sum() / totals.var(ddof=1)))


def _pearson(x: FloatArray, y: FloatArray, weights: FloatArray | None = None) -> float | None:
    if x.size < 2 or is_constant(x) or is_constant(y):
        return None
    dx, dy = x - weighted_mean(x, weights), y - weighted_mean(y, weights)
    if weights is not None:
        dx, dy = dx * np.sqrt(weights), dy * np.sqrt(weights)
    r = float(dx @ dy / np.sqrt((dx @ dx) * (dy @ dy)))
    return max(-1.0, min(1.0, r))


def _complete(ratings: ArrayLike, weights: ArrayLike | None) -> tuple[FloatArray, FloatArray | None]:
    """Persons who answered every item, and their weights."""
    matrix = as_matrix(ratings)
    is_complete = ~np.isnan(matrix).any(axis=1)
    kept = None if weights is None else check_weights(weights, len(matrix))[is_complete]
    return matrix[is_complete], kept


def mean_inter_item_correlation(ratings: ArrayLike, *, weights: ArrayLike | None = None) -> float | None:
    """Mean Pearson r over all item pairs of the complete rows; None when an item does not vary.

    Reference: Clark & Watson (1995). R: mean(cor(x)[lower.tri(cor(x))]).
    """
    complete, kept = _complete(ratings, weights)
    k = complete.shape[1]
    values = [_pearson(complete[:, i], complete[:, j], kept) for i in range(k) for j in range(i)]
    known = [value for value in values if value is not None]
    return float(np.mean(known)) if known and len(known) == len(values) else None


def cronbach_alpha(
    ratings: ArrayLike, *, confidence_level: float = 0.95, weights: ArrayLike | None = None
) -> AlphaEstimate | NotEnough:
    """Raw Cronbach alpha over complete rows, with Feldt's interval.

    alpha = k/(k-1) * (1 - sum of item variances / variance of the sum), n-1 variances; a constant item counts
    in k. Interval: 1 - (1-alpha) * F(1 -+ tail; n-1, (n-1)(k-1)). Negative values are returned as they are
    (an item is probably keyed the other way). ratings: (persons, items), nan = missing (listwise). weights: (persons,)
    above 0 weight every variance; the interval keeps n.
    References: Cronbach (1951); Feldt (1965). R: psych::alpha(x, use = "complete"), psych::alpha.ci().
    """
    require_share(confidence_level, name="confidence_level")
    complete, kept = _complete(ratings, weights)
    n, k = complete.shape
    if k < 2:
        return NotEnough("not_defined", n, 2)
    if n < 2:
        return NotEnough("too_few", n, 2)
    alpha = _alpha(complete, kept)
    if alpha is None:
        return NotEnough("no_variation", n, 2)
    return _with_feldt(n, k, alpha, mean_inter_item_correlation(complete, weights=kept), confidence_level)


def _with_feldt(n: int, k: int, alpha: float, mean_r: float | None, confidence_level: float) -> AlphaEstimate:
    tail = (1.0 - confidence_level) / 2.0
    df1, df2 = n - 1, (n - 1) * (k - 1)
    return AlphaEstimate(
        n=n,
        k=k,
        alpha=alpha,
        ci_low=1.0 - (1.0 - alpha) * f_quantile(1.0 - tail, df1, df2),
        ci_high=1.0 - (1.0 - alpha) * f_quantile(tail, df1, df2),
        mean_r=mean_r,
        band=reliability_band(alpha),
        kind="alpha",
    )


def standardized_alpha(ratings: ArrayLike) -> float | NotEnough:
    """Alpha of the z-scored items: k * r / (1 + (k-1) * r), r = mean inter-item correlation.

    R: psych::alpha(x)$total$std.alpha on complete rows.
    """
    complete = complete_rows(ratings)
    n, k = complete.shape
    if k < 2:
        return NotEnough("not_defined", n, 2)
    mean_r = mean_inter_item_correlation(complete)
    if mean_r is None:
        return NotEnough("too_few" if n < 2 else "no_variation", n, 2)
    below = 1.0 + (k - 1) * mean_r
    return NotEnough("not_defined", n, 2) if abs(below) < 1e-12 else k * mean_r / below


def spearman_brown(
    ratings: ArrayLike, *, confidence_level: float = 0.95, weights: ArrayLike | None = None
) -> AlphaEstimate | NotEnough:
    """Reliability of a two-item scale: 2r / (1 + r), interval from Fisher's z of r (n >= 4).

    ratings: (persons, 2), nan = missing (listwise). References: Eisinga et al. (2013); the interval is the
    monotone transform of the limits of r. R: r <- cor.test(a, b); 2 * r$estimate / (1 + r$estimate).
    """
    require_share(confidence_level, name="confidence_level")
    complete, kept = _complete(ratings, weights)
    n, k = complete.shape
    if k != 2:
        message = f"Spearman-Brown is for two items, not {k}"
        raise StatisticsError(message)
    return _stepped_up(n, _pearson(complete[:, 0], complete[:, 1], kept), confidence_level)


def _stepped_up(n: int, r: float | None, confidence_level: float) -> AlphaEstimate | NotEnough:
    """Spearman-Brown from the correlation of the two items."""
    if n < 4:
        return NotEnough("too_few", n, 4)
    if r is None:
        return NotEnough("no_variation", n, 4)
    if r <= -1.0 + 1e-12:
        return NotEnough("not_defined", n, 4)
    low = high = r
    if r < 1.0 - 1e-12:
        half = normal_quantile(0.5 + confidence_level / 2.0) / float(np.sqrt(n - 3))
        low, high = float(np.tanh(np.arctanh(r) - half)), float(np.tanh(np.arctanh(r) + half))
    value, ci_low, ci_high = (2.0 * each / (1.0 + each) for each in (r, low, high))
    return AlphaEstimate(n, 2, value, ci_low, ci_high, r, reliability_band(value), "spearman_brown")


def scale_reliability(
    ratings: ArrayLike, *, confidence_level: float = 0.95, weights: ArrayLike | None = None
) -> AlphaEstimate | NotEnough:
    """Return the reliability that fits the number of items: Spearman-Brown for two, alpha from three."""
    matrix = as_matrix(ratings)
    if matrix.shape[1] == 2:
        return spearman_brown(matrix, confidence_level=confidence_level, weights=weights)
    return cronbach_alpha(matrix, confidence_level=confidence_level, weights=weights)


def reliability_of_covariances(
    n: int, covariances: FloatArray, *, confidence_level: float = 0.95
) -> AlphaEstimate | NotEnough:
    """`scale_reliability` from the covariances (items, items) of n complete rows, at least two of each."""
    variances, k = np.diagonal(covariances), len(covariances)
    size, whole = float(variances.sum()), float(covariances.sum())
    mean_r = None
    if (variances > VARIANCE_NOISE * max(1.0, size)).all():
        correlations = covariances / np.sqrt(np.outer(variances, variances))
        mean_r = float((np.clip(correlations, -1.0, 1.0).sum() - k) / (k * (k - 1)))
    if k == 2:
        return _stepped_up(n, mean_r, confidence_level)
    if whole <= VARIANCE_NOISE * max(1.0, size):
        return NotEnough("no_variation", n, 2)
    return _with_feldt(n, k, k / (k - 1) * (1.0 - size / whole), mean_r, confidence_level)


def alpha_if_item_deleted(ratings: ArrayLike) -> tuple[float | None, ...]:
    """Raw alpha of the remaining items, per dropped item; None where it is not defined (fewer than 3 items).

    R: psych::alpha(x)$alpha.drop$raw_alpha on complete rows.
    """
    complete = complete_rows(ratings)
    n, k = complete.shape
    if k < 3 or n < 2:
        return tuple(None for _ in range(k))
    return tuple(_alpha(np.delete(complete, item, axis=1)) for item in range(k))


def item_rest_correlations(ratings: ArrayLike) -> tuple[float | None, ...]:
    """Pearson r of each item with the sum of the other items; None where one of them does not vary.

    R: psych::alpha(x)$item.stats$r.drop on complete rows.
    """
    complete = complete_rows(ratings)
    k = complete.shape[1]
    if k < 2:
        return tuple(None for _ in range(k))
    total = complete.sum(axis=1)
    return tuple(_pearson(complete[:, item], total - complete[:, item]) for item in range(k))


def difference_reliability(
    later: ArrayLike, earlier: ArrayLike, *, alpha_later: float, alpha_earlier: float
) -> float | NotEnough:
    """Reliability of the difference of two person scores.

    r_D = (a_x s_x^2 + a_y s_y^2 - 2 r s_x s_y) / (s_x^2 + s_y^2 - 2 r s_x s_y) over complete pairs.
    later, earlier: (persons,) scores. Reference: Peter, Churchill & Brown (1993). R: the formula with sd(), cor().
    """
    pairs = complete_rows(np.column_stack([as_column(later), as_column(earlier)]))
    n = pairs.shape[0]
    r = _pearson(pairs[:, 0], pairs[:, 1]) if n >= 3 else None
    if n < 3:
        return NotEnough("too_few", n, 3)
    if r is None or is_constant(pairs[:, 0] - pairs[:, 1]):
        return NotEnough("no_variation", n, 3)
    sd_later, sd_earlier = (float(value) for value in pairs.std(axis=0, ddof=1))
    shared = 2.0 * r * sd_later * sd_earlier
    below = sd_later**2 + sd_earlier**2 - shared
    return (alpha_later * sd_later**2 + alpha_earlier * sd_earlier**2 - shared) / below
