"""Weights that make the answers match known margins of the population: post-stratification and raking."""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite

import numpy as np

from diagnosis.stats.arrays import FloatArray
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.weighting import effective_n, normalised

MOST_ROUNDS = 200
CLOSE = 1e-10


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """Weights with a mean of 1, in the order of the persons; `largest_miss` is the worst share still off its target.

    Weighted figures rest on `effective_n` persons' worth of answers; large ratios of weights make them unsteady.
    """

    weights: FloatArray
    effective_n: float
    smallest: float
    largest: float
    rounds: int
    largest_miss: float
    converged: bool


def _targets(groups: Sequence[Hashable], totals: Mapping[Hashable, float]) -> dict[Hashable, float]:
    """Shares of the categories; every category of the persons needs a total, every total above 0 needs persons."""
    if any(not isfinite(total) or total < 0 for total in totals.values()) or not sum(totals.values()):
        message = "totals of a margin must be numbers from 0, not all 0"
        raise StatisticsError(message)
    present = set(groups)
    unknown = sorted(str(name) for name in present if totals.get(name, 0) <= 0)
    if unknown:
        message = f"the margin has no total above 0 for {', '.join(unknown)}"
        raise StatisticsError(message)
    empty = sorted(str(name) for name, total in totals.items() if total > 0 and name not in present)
    if empty:
        message = f"nobody answered in {', '.join(empty)}; join it with a neighbouring category"
        raise StatisticsError(message)
    whole = sum(totals.values())
    return {name: total / whole for name, total in totals.items() if total > 0}


def post_stratify(cells: Sequence[Hashable], totals: Mapping[Hashable, float]) -> FittedWeights:
    """Weights total share / answered share of each person's cell.

    cells: the cell of each person; totals: cell -> persons of the population, or their share. Raises StatisticsError
    when a cell has answers and no total or a total and no answers. Reference: Holt & Smith (1979).
    R: survey::postStratify().
    """
    return rake({"cell": cells}, {"cell": totals})


def rake(
    margins: Mapping[str, Sequence[Hashable]], totals: Mapping[str, Mapping[Hashable, float]]
) -> FittedWeights:
    """Iterative proportional fitting: weights are scaled to one margin after the other until all fit.

    margins: attribute -> category of each person; totals: attribute -> category -> persons or shares of the population.
    `converged` is false when the margins contradict each other on these answers. Raises StatisticsError as
    `post_stratify`. Reference: Deming & Stephan (1940). R: survey::rake().
    """
    if not margins or set(margins) != set(totals):
        message = "every attribute needs both the persons' categories and the totals of the population"
        raise StatisticsError(message)
    sizes = {len(groups) for groups in margins.values()}
    if len(sizes) > 1 or not max(sizes):
        message = "every attribute must name a category for each person"
        raise StatisticsError(message)
    fitted = [_coded(groups, _targets(groups, totals[name])) for name, groups in margins.items()]
    weights = np.ones(max(sizes))
    rounds, miss = 0, 1.0
    while rounds < MOST_ROUNDS and miss > CLOSE:
        for codes, target in fitted:
            reached = np.bincount(codes, weights=weights, minlength=target.size)
            weights = weights * (target / (reached / weights.sum()))[codes]
        rounds += 1
        miss = max(_miss(weights, codes, target) for codes, target in fitted)
    scaled = normalised(weights)
    return FittedWeights(
        weights=scaled,
        effective_n=effective_n(scaled),
        smallest=float(scaled.min()),
        largest=float(scaled.max()),
        rounds=rounds,
        largest_miss=miss,
        converged=miss <= CLOSE,
    )


def _coded(
    groups: Sequence[Hashable], shares: Mapping[Hashable, float]
) -> tuple[np.ndarray[tuple[int], np.dtype[np.intp]], FloatArray]:
    place = {name: index for index, name in enumerate(shares)}
    codes = np.fromiter((place[name] for name in groups), dtype=np.intp, count=len(groups))
    return codes, np.array(list(shares.values()), dtype=np.float64)


def _miss(weights: FloatArray, codes: np.ndarray[tuple[int], np.dtype[np.intp]], target: FloatArray) -> float:
    reached = np.bincount(codes, weights=weights, minlength=target.size) / weights.sum()
    return float(np.abs(reached - target).max())
