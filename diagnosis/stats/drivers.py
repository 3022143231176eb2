"""Which predictors go with an outcome: shares of the explained variance that are fair to correlated predictors."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import factorial

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, require_share
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.regression import (
    COLLINEAR_BELOW,
    complete_cases,
    least_squares,
    refusal,
    standardised,
    variance_inflation,
)
from diagnosis.stats.resampling import drawn_sums
from diagnosis.stats.results import NotEnough

N_DRAWS = 1_000
MIN_PERSONS = 100
PERSONS_PER_PREDICTOR = 10
MAX_EXACT = 15
"""Above this number of predictors the subsets are too many and Johnson's relative weights take their place."""
MIN_USABLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class Driver:
    """One predictor: its part of R2 (`weight`) and share of it with interval, and how sure its rank is.

    `rank_low` to `rank_high` hold the rank in 95 % of the draws, `p_first` is the share of draws in which it leads.
    `r` is the correlation alone, `beta` the standardised coefficient, `vif` its inflation by the other predictors.
    """

    weight: float
    share: float
    ci_low: float
    ci_high: float
    rank: int
    rank_low: int
    rank_high: int
    p_first: float
    r: float
    beta: float
    vif: float


@dataclass(frozen=True, slots=True)
class DriverModel:
    """All predictors of one outcome in order; `method` says how R2 was shared, `negative` lists those with r < 0."""

    n: int
    method: str
    r2: float
    adjusted_r2: float
    drivers: tuple[Driver, ...]
    negative: tuple[int, ...]
    n_draws: int


def needed_persons(n_predictors: int) -> int:
    """Persons a driver model needs: 10 per predictor and at least 100."""
    return max(MIN_PERSONS, PERSONS_PER_PREDICTOR * n_predictors)


def shapley_shares(correlations: FloatArray) -> FloatArray:
    """Part of R2 of each predictor, averaged over all orders of entry (LMG, Shapley value, general dominance).

    correlations: (..., p + 1, p + 1) with the outcome last. Returns (..., p), every value from 0 on; they sum to R2.
    R2 of all 2^p subsets is found by eliminating one predictor after the other, each subset once; a predictor that is
    a combination of those already in adds nothing. References: Lindeman, Merenda & Gold (1980); Groemping (2006).
    R: relaimpo::calc.relimp(type = "lmg")$lmg.
    """
    p = correlations.shape[-1] - 1
    if not 1 <= p <= MAX_EXACT:
        message = f"all orders of {p} predictors cannot be tried, only 1 to {MAX_EXACT}"
        raise StatisticsError(message)
    flat = correlations.reshape(-1, p + 1, p + 1)
    explained = np.zeros((len(flat), 2**p))
    _eliminate(flat, list(range(p)), 0, explained)
    return np.asarray((explained @ _orders(p)).clip(min=0.0).reshape(*correlations.shape[:-2], p))


def _eliminate(left: FloatArray, names: Sequence[int], chosen: int, explained: FloatArray) -> None:
    """Write R2 of every subset that adds some of `names` to the chosen ones; `left` is what they leave of the rest."""
    for place, name in enumerate(names):
        pivot = left[:, place, place]
        column = left[:, place + 1 :, place]
        usable = pivot > COLLINEAR_BELOW
        scaled = np.where(usable[:, None], column / np.where(usable, pivot, 1.0)[:, None], 0.0)
        rest = left[:, place + 1 :, place + 1 :] - scaled[:, :, None] * column[:, None, :]
        subset = chosen | 1 << name
        explained[:, subset] = 1.0 - rest[:, -1, -1]
        if len(names) > place + 1:
            _eliminate(rest, names[place + 1 :], subset, explained)


def _orders(p: int) -> FloatArray:
    """What R2 of each subset (rows, by bit mask) adds to the Shapley value of each predictor (columns)."""
    subsets = np.arange(2**p)
    member = (subsets[:, None] >> np.arange(p)) & 1 == 1
    size = member.sum(axis=1)
    weight = np.array([factorial(k) * factorial(p - 1 - k) for k in range(p)], dtype=np.float64) / factorial(
        p
    )
    joined = np.append(weight, 0.0)[np.maximum(size - 1, 0)]
    without = np.append(weight, 0.0)[size]
    return np.asarray(np.where(member, joined[:, None], -without[:, None]), dtype=np.float64)


def relative_weights(correlations: FloatArray) -> FloatArray:
    """Johnson's relative weights: R2 shared through the orthogonal variables nearest to the predictors.

    correlations: (..., p + 1, p + 1) with the outcome last; returns (..., p) that sum to R2. Used only where all orders
    are too many, since the weights can distort. Reference: Johnson (2000). R: rwa::rwa(), relaimpo type "genizi".
    """
    between, with_outcome = correlations[..., :-1, :-1], correlations[..., :-1, -1]
    values, vectors = np.linalg.eigh(between)
    roots = np.sqrt(values.clip(min=0.0))
    loadings = (vectors * roots[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    inverse = np.where(roots > COLLINEAR_BELOW, 1.0 / np.where(roots > COLLINEAR_BELOW, roots, 1.0), 0.0)
    backwards = (vectors * inverse[..., None, :]) @ np.swapaxes(vectors, -1, -2)
    betas = (backwards @ with_outcome[..., None])[..., 0]
    return np.asarray((loadings**2 @ (betas**2)[..., None])[..., 0], dtype=np.float64)


def shares_of(correlations: FloatArray) -> FloatArray:
    """Shapley shares, or relative weights above MAX_EXACT predictors."""
    exact = correlations.shape[-1] - 1 <= MAX_EXACT
    return shapley_shares(correlations) if exact else relative_weights(correlations)


def importance_shares(outcome: ArrayLike, predictors: ArrayLike) -> tuple[float, ...] | NotEnough:
    """Part of R2 of each predictor over complete rows, without intervals and without asking for many persons.

    outcome: (persons,), predictors: (persons, p). `not_defined`: a predictor is a combination of others.
    """
    y, x = complete_cases(outcome, predictors)
    if (no := refusal(y, x)) is not None:
        return no
    return tuple(shares_of(_correlations(x, y)).tolist())


def _correlations(x: FloatArray, y: FloatArray) -> FloatArray:
    return np.asarray(np.corrcoef(np.column_stack([x, y]), rowvar=False), dtype=np.float64)


def driver_model(
    outcome: ArrayLike,
    predictors: ArrayLike,
    *,
    n_draws: int = N_DRAWS,
    confidence_level: float = 0.95,
    minimum: int | None = None,
    random_state: int = 1,
) -> DriverModel | NotEnough:
    """Share of the explained variance that goes with each predictor, with percentile intervals and stability of ranks.

    outcome: (persons,), predictors: (persons, p), nan = missing; complete rows. `minimum` persons, by default 10 per
    predictor and 100. Says what goes together, never what causes what. Reference: Groemping (2006, 2007).
    R: relaimpo::booteval.relimp(boot.relimp(y ~ x, b = 1000, type = "lmg")).
    """
    require_share(confidence_level, name="confidence_level")
    y, x = complete_cases(outcome, predictors)
    n, p = x.shape
    needed = needed_persons(p) if minimum is None else max(minimum, p + 2)
    if (no := refusal(y, x, needed=needed)) is not None:
        return no
    correlations = _correlations(x, y)
    weights = shares_of(correlations)
    r2 = float(weights.sum())
    drawn = shares_of(_drawn_correlations(np.column_stack([x, y]), n_draws, random_state))
    drawn = drawn[drawn.sum(axis=1) > COLLINEAR_BELOW]
    if len(drawn) < MIN_USABLE_SHARE * n_draws or r2 <= COLLINEAR_BELOW:
        return NotEnough("no_variation", n, needed)
    fit = least_squares(y, x)
    inflations = variance_inflation(x)
    assert not isinstance(inflations, NotEnough)  # the same condition has been asked above  # noqa: S101
    return DriverModel(
        n=n,
        method="shapley" if p <= MAX_EXACT else "relative_weights",
        r2=r2,
        adjusted_r2=1.0 - (1.0 - fit.r2) * (n - 1) / fit.df,
        drivers=_drivers(
            weights, drawn, correlations[:-1, -1], standardised(fit, y, x), inflations, confidence_level
        ),
        negative=tuple(int(index) for index in np.flatnonzero(correlations[:-1, -1] < 0.0)),
        n_draws=len(drawn),
    )


def _drawn_correlations(values: FloatArray, n_draws: int, random_state: int) -> FloatArray:
    """Correlations (draws, columns, columns) of drawn persons; a draw in which a column is constant is left out."""
    n, width = values.shape
    centred = values - values.mean(axis=0)
    rows, columns = np.triu_indices(width)
    products = (centred[:, one] * centred[:, two] for one, two in zip(rows, columns, strict=True))
    sums = drawn_sums((*centred.T, *products), n, n_draws=n_draws, random=np.random.default_rng(random_state))
    means = sums[:, :width] / n
    covariances = np.empty((n_draws, width, width))
    covariances[:, rows, columns] = sums[:, width:] / n - means[:, rows] * means[:, columns]
    covariances[:, columns, rows] = covariances[:, rows, columns]
    spread = np.sqrt(np.diagonal(covariances, axis1=1, axis2=2).clip(min=0.0))
    varies = (spread > COLLINEAR_BELOW * values.std(axis=0)).all(axis=1)
    spread = spread[varies]
    return np.asarray(covariances[varies] / (spread[:, :, None] * spread[:, None, :]), dtype=np.float64)


def _drivers(
    weights: FloatArray,
    drawn: FloatArray,
    alone: FloatArray,
    betas: Sequence[float],
    inflations: Sequence[float],
    confidence_level: float,
) -> tuple[Driver, ...]:
    tail = (1.0 - confidence_level) / 2.0
    shares, drawn_shares = weights / weights.sum(), drawn / drawn.sum(axis=1, keepdims=True)
    low, high = np.quantile(drawn_shares, [tail, 1.0 - tail], axis=0)
    ranks = ranks_of(weights)
    drawn_ranks = ranks_of(drawn)
    rank_low, rank_high = np.quantile(drawn_ranks, [0.025, 0.975], axis=0, method="nearest")
    first = (drawn_ranks == 1).mean(axis=0)
    return tuple(
        Driver(
            weight=float(weights[index]),
            share=float(shares[index]),
            ci_low=float(low[index]),
            ci_high=float(high[index]),
            rank=int(ranks[index]),
            rank_low=int(rank_low[index]),
            rank_high=int(rank_high[index]),
            p_first=float(first[index]),
            r=float(alone[index]),
            beta=float(betas[index]),
            vif=float(inflations[index]),
        )
        for index in range(weights.size)
    )


def ranks_of(weights: FloatArray) -> FloatArray:
    """Rank of each value along the last axis, 1 = largest; ties keep their order."""
    order = np.argsort(-weights, axis=-1, kind="stable")
    ranks = np.empty_like(order)
    np.put_along_axis(
        ranks, order, np.broadcast_to(np.arange(1, weights.shape[-1] + 1), order.shape), axis=-1
    )
    return np.asarray(ranks, dtype=np.float64)
