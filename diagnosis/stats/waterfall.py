"""The customer gap as a waterfall of steps, with one joint bootstrap for overall, shares and the largest loss."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import BoolArray, FloatArray, as_column, as_matrix, require_share
from diagnosis.stats.columns import BLOCK
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.resampling import MAX_UNITS, N_DRAWS, drawn_sums
from diagnosis.stats.results import NotEnough
from diagnosis.stats.weighting import check_weights

MIN_USABLE_SHARE = 0.5


@dataclass(frozen=True, slots=True)
class WaterfallStep:
    """One step of the waterfall: code and stage of the gap `later - earlier`."""

    code: str
    stage: str
    later: str
    earlier: str


@dataclass(frozen=True, slots=True)
class StepEstimate:
    """Overall step in points; `p_largest`: share of draws in which it is the most negative step.

    `share`: its part of all negative steps over the dimensions, weighted; None when nothing is lost.
    """

    code: str
    stage: str
    estimate: float
    ci_low: float
    ci_high: float
    p_largest: float
    share: float | None


@dataclass(frozen=True, slots=True)
class StageShare:
    """Part of the negative steps that falls to a stage; the interval is over the draws in which something is lost."""

    stage: str
    share: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class WaterfallEstimate:
    """Overall waterfall: start + sum of the steps = end; `dimensions` are the columns every state has.

    `steps_by_dimension` holds the same steps per used dimension (rows in the order of `dimensions`).
    """

    start: float
    end: float
    total: float
    total_ci_low: float
    total_ci_high: float
    steps: tuple[StepEstimate, ...]
    stages: tuple[StageShare, ...]
    dimensions: tuple[int, ...]
    steps_by_dimension: tuple[tuple[float, ...], ...]
    n_draws: int


def _check_steps(steps: Sequence[WaterfallStep]) -> tuple[str, ...]:
    if not steps:
        message = "a waterfall needs at least one step"
        raise StatisticsError(message)
    for before, after in pairwise(steps):
        if before.later != after.earlier:
            message = f"step {after.code} must start at {before.later}, not at {after.earlier}"
            raise StatisticsError(message)
    return (steps[0].earlier, *(step.later for step in steps))


@dataclass(frozen=True, slots=True)
class _Audience:
    """Scores (persons, states x dimensions) of the persons with any, nan = missing, and their weights.

    `positions`: places of its states in the chain.
    """

    positions: list[int]
    scores: FloatArray
    weights: FloatArray | None
    n_dimensions: int

    def sums(self) -> tuple[FloatArray, FloatArray]:
        """Sums of scores and of weights of those who have one, per column."""
        sums, counts = (np.zeros(self.scores.shape[1]) for _ in range(2))
        for scores, answered, weights in self._blocks():
            sums += scores.sum(axis=0) if weights is None else weights @ scores
            counts += answered.sum(axis=0) if weights is None else weights @ answered
        return sums, counts

    def spread(self, means: FloatArray) -> FloatArray:
        """Sums of w^2 (x_j - m_j)(x_k - m_k) over the persons who have both columns."""
        found = np.zeros((means.size, means.size))
        for scores, answered, weights in self._blocks():
            centred = np.where(answered, scores - means, 0.0)
            if weights is not None:
                centred *= weights[:, None]
            found += centred.T @ centred
        return found

    def _blocks(self) -> Iterator[tuple[FloatArray, BoolArray, FloatArray | None]]:
        """Scores with 0 for missing ones, which there are, and weights, of some persons after the other."""
        for start in range(0, len(self.scores), BLOCK):
            part = self.scores[start : start + BLOCK]
            answered: BoolArray = np.logical_not(np.isnan(part))
            weights = None if self.weights is None else self.weights[start : start + BLOCK]
            yield np.where(answered, part, 0.0), answered, weights

    def only(self, dimensions: BoolArray) -> "_Audience":
        """The same with these dimensions alone."""
        if dimensions.all():
            return self
        columns = np.tile(dimensions, len(self.positions))
        return replace(self, scores=self.scores[:, columns], n_dimensions=int(dimensions.sum()))

    def by_state(self, columns: FloatArray) -> FloatArray:
        """Values per column as (..., states, dimensions)."""
        return columns.reshape(*columns.shape[:-1], len(self.positions), self.n_dimensions)


def _gather(
    audiences: Mapping[str, Mapping[str, ArrayLike]],
    states: Sequence[str],
    person_weights: Mapping[str, ArrayLike],
) -> list[_Audience]:
    """The audiences that hold states of the chain, each state held once."""
    found: dict[str, str] = {}
    widths: set[int] = set()
    gathered = []
    for audience, held in audiences.items():
        used = [state for state in held if state in states]
        if not used:
            continue
        for state in used:
            if found.setdefault(state, audience) != audience:
                message = f"state {state} is given by {found[state]} and {audience}"
                raise StatisticsError(message)
        matrices = [as_matrix(held[state], name=state) for state in used]
        if len({matrix.shape[0] for matrix in matrices}) > 1:
            message = f"the states of {audience} must have the same persons"
            raise StatisticsError(message)
        widths.update(matrix.shape[1] for matrix in matrices)
        if len(widths) > 1:
            message = "every state must have the same dimensions"
            raise StatisticsError(message)
        scores = np.hstack(matrices)
        given = person_weights.get(audience)
        weights = None if given is None else check_weights(given, len(scores))
        answered = ~np.isnan(scores).all(axis=1)
        if not answered.all():
            scores, weights = scores[answered], None if weights is None else weights[answered]
        positions = [states.index(state) for state in used]
        gathered.append(_Audience(positions, scores, weights, matrices[0].shape[1]))
    missing = [state for state in states if state not in found]
    if missing:
        message = f"no audience holds {', '.join(missing)}"
        raise StatisticsError(message)
    return gathered


def _draw_means(audience: _Audience, n_draws: int, random: np.random.Generator) -> FloatArray:
    """Weighted means (draws, columns) of persons drawn with replacement; nan where nobody drawn answered.

    Of more than MAX_UNITS persons the means are drawn from their normal limit, with the covariance that drawing
    persons gives: sum w^2 (x_j - m_j)(x_k - m_k) over those who have both, over the sums of weights of both. What
    that leaves out, the skewness of the mean, is that of a score over the root of their number.
    """
    scores, weights = audience.scores, audience.weights
    n, width = scores.shape
    if n > MAX_UNITS:
        sums, counts = audience.sums()
        means = sums / counts
        spread = audience.spread(means) / np.outer(counts, counts)
        values, vectors = np.linalg.eigh(spread)
        roots = vectors * np.sqrt(np.maximum(values, 0.0))
        return np.asarray(means + random.standard_normal((n_draws, width)) @ roots.T, dtype=np.float64)
    answered = ~np.isnan(scores)
    given = answered if weights is None else answered * weights[:, None]
    filled = np.where(answered, scores, 0.0) * given
    sums = drawn_sums((*filled.T, *given.T.astype(np.float64)), n, n_draws=n_draws, random=random)
    counts = sums[:, width:]
    return np.where(counts > 0, sums[:, :width] / np.where(counts > 0, counts, 1.0), np.nan)


def _loss_shares(steps: FloatArray, weights: FloatArray) -> FloatArray:
    """Weighted share of each step in all negative steps; steps (draws, steps, dimensions), nan = not drawn."""
    losses = np.nan_to_num(np.maximum(-steps, 0.0), nan=0.0) @ weights
    total = losses.sum(axis=1, keepdims=True)
    return np.where(total > 0.0, losses / np.where(total > 0.0, total, 1.0), np.nan)


def _interval(values: FloatArray, confidence_level: float) -> tuple[float, float]:
    tail = (1.0 - confidence_level) / 2.0
    low, high = np.quantile(values, [tail, 1.0 - tail])
    return float(low), float(high)


def _stage_shares(
    steps: Sequence[WaterfallStep], shares: FloatArray, drawn: FloatArray, confidence_level: float
) -> tuple[StageShare, ...]:
    if np.isnan(shares).any():
        return ()
    usable = drawn[~np.isnan(drawn).any(axis=1)]
    answers = []
    for stage in dict.fromkeys(step.stage for step in steps):
        members = [index for index, step in enumerate(steps) if step.stage == stage]
        low, high = _interval(usable[:, members].sum(axis=1), confidence_level)
        answers.append(StageShare(stage, float(shares[members].sum()), low, high))
    return tuple(answers)


def _weights(weights: ArrayLike | None, used: BoolArray) -> FloatArray:
    if weights is None:
        return np.full(int(used.sum()), 1.0 / int(used.sum()))
    column = as_column(weights, name="weights")
    if column.shape != used.shape or np.isnan(column).any() or (column < 0).any() or column[used].sum() <= 0:
        message = "weights must hold one value from 0 per dimension, not all 0"
        raise StatisticsError(message)
    kept = column[used]
    return np.asarray(kept / kept.sum(), dtype=np.float64)


def bootstrap_waterfall(
    audiences: Mapping[str, Mapping[str, ArrayLike]],
    steps: Sequence[WaterfallStep],
    *,
    weights: ArrayLike | None = None,
    person_weights: Mapping[str, ArrayLike] | None = None,
    n_draws: int = N_DRAWS,
    confidence_level: float = 0.95,
    random_state: int = 1,
) -> WaterfallEstimate | NotEnough:
    """Overall waterfall with percentile intervals, probability of the largest loss, and shares by stage.

    audiences: audience -> state -> (persons, dimensions) person scores in points, nan = missing; all states of one
    audience have the same persons in the same order. steps: the chain, each starting where the one before ends.
    weights: (dimensions,) importance for the shares only, default equal. person_weights: audience -> (persons,) above 0
    for means of weighted answers; persons are drawn with equal chances and keep their weight. Overall = unweighted
    mean of the dimension means over the dimensions every state of the chain has. In each draw every audience is
    resampled once (a person with all answers) and everything is recomputed; a dimension nobody drawn has answered is
    left out of that draw.
    Raises StatisticsError on a broken chain or shapes that do not fit. Reference: Efron & Tibshirani (1993).
    R: boot::boot() with strata = audience, boot.ci(type = "perc").
    """
    require_share(confidence_level, name="confidence_level")
    states = _check_steps(steps)
    gathered = _gather(audiences, states, person_weights or {})
    fewest = min(len(audience.scores) for audience in gathered)
    if fewest < 2:
        return NotEnough("too_few", fewest, 2)
    means = np.full((len(states), gathered[0].n_dimensions), np.nan)
    for audience in gathered:
        sums, counts = audience.sums()
        own = np.where(counts > 0, sums / np.where(counts > 0, counts, 1.0), np.nan)
        means[audience.positions] = audience.by_state(own)
    used = ~np.isnan(means).any(axis=0)
    if not used.any():
        return NotEnough("too_few", 0, 2)
    random = np.random.default_rng(random_state)
    drawn = np.full((n_draws, len(states), int(used.sum())), np.nan)
    for audience in gathered:
        one = audience.only(used)
        drawn[:, one.positions] = one.by_state(_draw_means(one, n_draws, random))
    return _estimate(means[:, used], drawn, steps, used, _weights(weights, used), confidence_level)


def _estimate(
    means: FloatArray,
    drawn: FloatArray,
    steps: Sequence[WaterfallStep],
    used: BoolArray,
    weights: FloatArray,
    confidence_level: float,
) -> WaterfallEstimate | NotEnough:
    n_draws = drawn.shape[0]
    complete: BoolArray = np.logical_not(np.isnan(drawn).any(axis=1))
    drawn = np.where(complete[:, None, :], drawn, np.nan)
    usable = complete.any(axis=1)
    if usable.sum() < MIN_USABLE_SHARE * n_draws:
        return NotEnough("too_few", int(usable.sum()), n_draws)
    drawn = drawn[usable]
    level, drawn_level = means.mean(axis=1), np.nanmean(drawn, axis=2)
    point, drawn_steps = np.diff(level), np.diff(drawn_level, axis=1)
    by_dimension = np.diff(means, axis=0)
    shares = _loss_shares(by_dimension[None], weights)[0]
    largest = drawn_steps.argmin(axis=1)
    loses = drawn_steps.min(axis=1) < 0.0
    total_low, total_high = _interval(drawn_level[:, -1] - drawn_level[:, 0], confidence_level)
    step_estimates = []
    for index, step in enumerate(steps):
        low, high = _interval(drawn_steps[:, index], confidence_level)
        share = None if np.isnan(shares[index]) else float(shares[index])
        p_largest = float(((largest == index) & loses).mean())
        step_estimates.append(
            StepEstimate(step.code, step.stage, float(point[index]), low, high, p_largest, share)
        )
    return WaterfallEstimate(
        start=float(level[0]),
        end=float(level[-1]),
        total=float(level[-1] - level[0]),
        total_ci_low=total_low,
        total_ci_high=total_high,
        steps=tuple(step_estimates),
        stages=_stage_shares(steps, shares, _loss_shares(np.diff(drawn, axis=1), weights), confidence_level),
        dimensions=tuple(int(index) for index in np.flatnonzero(used)),
        steps_by_dimension=tuple(tuple(float(value) for value in row) for row in by_dimension.T),
        n_draws=int(usable.sum()),
    )
