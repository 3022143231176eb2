"""A scale looked at item by item, and its reliability under other rules of missing answers or by the bootstrap."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_matrix, complete_rows, is_constant
from diagnosis.stats.bootstrap import BootstrapInterval, acceleration_of, intervals_of_draws
from diagnosis.stats.correlation import CorrelationMatrix, correlation_matrix
from diagnosis.stats.resampling import N_DRAWS, drawn_sums
from diagnosis.stats.results import NotEnough

MIN_PERSONS = 30
SINGULAR_BELOW = 1e-10
CEILING_MEAN_SHARE, CEILING_TOP_SHARE, NARROW_RATIO = 5.3 / 6.0, 0.5, 0.6
"""Ceiling from a mean of 6.3 on 1-7 or half of the ticks on the best point; narrow below .6 of the other SD."""


@dataclass(frozen=True, slots=True)
class ItemStatistics:
    """One item of a scale over complete rows.

    `r_total`: with the sum of all items, itself included; `r_corrected`: of standardised items, its own overlap
    replaced by its squared multiple correlation; `r_rest` with the sum of the others.
    """

    mean: float
    sd: float
    r_total: float
    r_rest: float
    r_corrected: float


def item_statistics(ratings: ArrayLike) -> tuple[ItemStatistics, ...] | NotEnough:
    """Statistics of each item; ratings: (persons, items), nan = missing (listwise).

    r_corrected = (sum_j r_ij - 1 + smc_i) / sqrt(sum r - k + sum smc). R: psych::alpha(x)$item.stats (r.cor, r.drop).
    """
    complete = complete_rows(ratings)
    k = complete.shape[1]
    if (no := _refusal(complete)) is not None:
        return no
    correlations = np.corrcoef(complete, rowvar=False)
    smc = 1.0 - 1.0 / np.diag(np.linalg.inv(correlations))
    sums = correlations.sum(axis=0)
    corrected = (sums - 1.0 + smc) / np.sqrt(correlations.sum() - k + smc.sum())
    total = complete.sum(axis=1)
    rows = []
    for item in range(k):
        rest = total - complete[:, item]
        rows.append(
            ItemStatistics(
                mean=float(complete[:, item].mean()),
                sd=float(complete[:, item].std(ddof=1)),
                r_total=0.0 if is_constant(total) else float(np.corrcoef(complete[:, item], total)[0, 1]),
                r_rest=0.0 if is_constant(rest) else float(np.corrcoef(complete[:, item], rest)[0, 1]),
                r_corrected=float(corrected[item]),
            )
        )
    return tuple(rows)


def _refusal(complete: FloatArray) -> NotEnough | None:
    n, k = complete.shape
    if k < 2:
        return NotEnough("not_defined", n, 2)
    if n < k + 2:
        return NotEnough("too_few", n, k + 2)
    if any(is_constant(complete[:, item]) for item in range(k)):
        return NotEnough("no_variation", n, k + 2)
    if np.linalg.eigvalsh(np.corrcoef(complete, rowvar=False))[0] < SINGULAR_BELOW:
        return NotEnough("not_defined", n, k + 2)
    return None


def guttman_lambda6(ratings: ArrayLike) -> float | NotEnough:
    """Guttman's lambda 6 of standardised items: 1 - sum(1 - smc) / sum of all correlations; complete rows.

    Reference: Guttman (1945). R: psych::alpha(x)$total$`G6(smc)`.
    """
    complete = complete_rows(ratings)
    if (no := _refusal(complete)) is not None:
        return no
    correlations = np.corrcoef(complete, rowvar=False)
    return float(1.0 - (1.0 / np.diag(np.linalg.inv(correlations))).sum() / correlations.sum())


@dataclass(frozen=True, slots=True)
class AlphaVariants:
    """Alpha of the same answers under other rules of missing answers, to see whether the rule matters.

    `pairwise`: from the covariances of each pair of items, `pairwise_standardized` from their mean correlation,
    `person_mean`: missing answers replaced by the person's own mean.
    """

    pairwise: float
    pairwise_standardized: float
    person_mean: float


def alpha_variants(ratings: ArrayLike) -> AlphaVariants | NotEnough:
    """Alpha under pairwise deletion and person-mean imputation beside the listwise one of the method.

    ratings: (persons, items), nan = missing. R: psych::alpha(x) (use = "pairwise"), multilevel::cronbach().
    """
    matrix = as_matrix(ratings)
    answered = ~np.isnan(matrix)
    known = answered.any(axis=1)
    kept = matrix[known]
    n, k = kept.shape
    if k < 2 or n < 3:
        return NotEnough("not_defined" if k < 2 else "too_few", n, 3)
    correlations = correlation_matrix(kept)
    if not isinstance(correlations, CorrelationMatrix):
        return correlations
    covariances = _pairwise_covariances(kept)
    spread = np.sqrt(np.diag(covariances))
    filled = np.where(answered[known], kept, np.nanmean(kept, axis=1)[:, None])
    off = ~np.eye(k, dtype=np.bool_)
    mean_r = float((covariances / np.outer(spread, spread))[off].mean())
    bases = (float(covariances.sum()), 1.0 + (k - 1) * mean_r, float(filled.sum(axis=1).var(ddof=1)))
    if min(bases) <= SINGULAR_BELOW:
        return NotEnough("not_defined", n, 3)
    return AlphaVariants(
        pairwise=k / (k - 1) * (1.0 - float(np.trace(covariances)) / bases[0]),
        pairwise_standardized=k * mean_r / bases[1],
        person_mean=k / (k - 1) * (1.0 - float(filled.var(axis=0, ddof=1).sum()) / bases[2]),
    )


def _pairwise_covariances(matrix: FloatArray) -> FloatArray:
    """Covariance of each pair of columns over the persons who have both, n - 1."""
    answered = (~np.isnan(matrix)).astype(np.float64)
    filled = np.where(np.isnan(matrix), 0.0, matrix - np.nanmean(matrix, axis=0))
    pairs = answered.T @ answered
    sums = filled.T @ answered
    return np.asarray((filled.T @ filled - sums * sums.T / pairs) / (pairs - 1.0), dtype=np.float64)


def bootstrap_alpha(
    ratings: ArrayLike, *, n_draws: int = N_DRAWS, minimum: int = MIN_PERSONS, random_state: int = 1
) -> BootstrapInterval | NotEnough:
    """Alpha with percentile, basic and BCa interval over complete rows drawn with replacement.

    ratings: (persons, items). Beside Feldt's interval, which assumes normal items with equal covariances.
    R: boot::boot(x, function(x, i) psych::alpha(x[i, ])$total$raw_alpha, R).
    """
    complete = complete_rows(ratings)
    n, k = complete.shape
    if k < 2:
        return NotEnough("not_defined", n, 2)
    if n < minimum:
        return NotEnough("too_few", n, minimum)
    centred = complete - complete.mean(axis=0)
    total = centred.sum(axis=1)
    if is_constant(total):
        return NotEnough("no_variation", n, minimum)
    columns = (*centred.T, (centred**2).sum(axis=1), total**2)
    sums = drawn_sums(columns, n, n_draws=n_draws, random=np.random.default_rng(random_state))
    whole = np.array([column.sum() for column in columns])
    left_out = whole - np.column_stack(columns)
    drawn = _alpha_of_sums(sums, n, k)
    jackknife = _alpha_of_sums(left_out, n - 1, k)
    influences = (n - 1) * (np.nanmean(jackknife) - jackknife)
    estimate = float(_alpha_of_sums(whole[None], n, k)[0])
    return intervals_of_draws(
        estimate, drawn[np.isfinite(drawn)], acceleration=acceleration_of(np.nan_to_num(influences))
    )


def _alpha_of_sums(sums: FloatArray, n: int, k: int) -> FloatArray:
    """Alpha (draws,) from sums of the centred items, of all their squares, of the squared total; nan = no variation."""
    items = sums[:, k] - (sums[:, :k] ** 2).sum(axis=1) / n
    total = sums[:, k + 1] - sums[:, :k].sum(axis=1) ** 2 / n
    varies = total > SINGULAR_BELOW * n
    return np.where(varies, k / (k - 1) * (1.0 - items / np.where(varies, total, 1.0)), np.nan)


@dataclass(frozen=True, slots=True)
class RangeCheck:
    """Whether the wanted level leaves no room: mean near the top, most ticks on the top, or hardly any spread.

    `sd_ratio` = SD wanted / SD received, None where received does not vary; `is_flagged`: one of the three holds.
    """

    n: int
    mean: float
    top_share: float
    sd_ratio: float | None
    at_ceiling: bool
    is_narrow: bool

    @property
    def is_flagged(self) -> bool:
        """Tell whether the gap is mostly the received level seen from a constant."""
        return self.at_ceiling or self.is_narrow


def check_range(wanted: ArrayLike, received: ArrayLike, *, low: float, high: float) -> RangeCheck | NotEnough:
    """Look for ceiling and restricted variance of expectations.

    wanted, received: (persons, items) in scale points, nan = missing; SDs are those of the person means. Flagged from
    a mean of 6.3 on 1-7 (the same share of other ranges), from half of the ticks on the best point, or from an SD below
    .6 of that of the received level. Reference: Peter, Churchill & Brown (1993).
    """
    one, two = as_matrix(wanted, name="wanted"), as_matrix(received, name="received")
    ticks = one[~np.isnan(one)]
    persons = (
        ~np.isnan(one).all(axis=1) & ~np.isnan(two).all(axis=1) if len(one) == len(two) else np.array([])
    )
    n = int(persons.sum())
    if n < 2:
        return NotEnough("too_few", n, 2)
    sd_wanted, sd_received = (float(np.nanmean(side[persons], axis=1).std(ddof=1)) for side in (one, two))
    mean, top = float(ticks.mean()), float((ticks >= high).mean())
    ratio = sd_wanted / sd_received if sd_received > SINGULAR_BELOW else None
    return RangeCheck(
        n=n,
        mean=mean,
        top_share=top,
        sd_ratio=ratio,
        at_ceiling=mean > low + CEILING_MEAN_SHARE * (high - low) or top > CEILING_TOP_SHARE,
        is_narrow=ratio is not None and ratio < NARROW_RATIO,
    )
