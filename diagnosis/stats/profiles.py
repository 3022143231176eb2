"""Relationship profiles: groups of customers who want different things, if they are distinct and stable."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_matrix, is_constant
from diagnosis.stats.clustering import Labels, Mixture, Partition, gaussian_mixture, kmeans
from diagnosis.stats.results import NotEnough

MIN_PERSONS = 200
SIZES = (2, 3, 4, 5, 6)
N_RESAMPLES = 25
FITTED_PERSONS = 2_000
"""Groups are sought in a random sample of at most so many persons; everybody then joins the nearest centre."""
STABILITY_PERSONS = 1_000
"""Stability is judged on resamples of a random sample of at most so many persons."""
MIN_SILHOUETTE = 0.25
STABLE_FROM, UNSTABLE_BELOW = 0.75, 0.60
MIN_SHARE, MIN_GROUP = 0.05, 30

Failure = Literal["silhouette", "size", "stability", ""]


@dataclass(frozen=True, slots=True)
class Candidate:
    """One number of groups and how it fared: `failure` names the first condition that does not hold, "" when all do.

    `stability` is the mean Jaccard similarity over resamples of each group, the lowest group in `weakest`; None where a
    condition before it failed. `bic` and `entropy` are those of a Gaussian mixture with as many groups, None: not
    fitted.
    """

    k: int
    silhouette: float
    smallest: int
    stability: float | None
    weakest: float | None
    bic: float | None
    entropy: float | None
    failure: Failure


@dataclass(frozen=True, eq=False)
class Profiles:
    """The profiles found: labels (persons,) from 0, the largest first, -1 = unknown; all candidates beside them."""

    n: int
    k: int
    labels: Labels
    sizes: tuple[int, ...]
    silhouette: float
    stability: float
    candidates: tuple[Candidate, ...]


@dataclass(frozen=True, slots=True)
class NoProfiles:
    """No number of groups is distinct and stable: wishes form a continuum. The candidates say why."""

    n: int
    candidates: tuple[Candidate, ...]


def expectation_shape(scores: ArrayLike) -> FloatArray:
    """Each person's wishes centred at the own mean, and that mean as last column: (persons, dimensions + 1).

    scores: (persons, dimensions) in scale points, nan = missing; persons who lack a dimension get nan throughout.
    Shape and height of the wishes stay apart, so that yea-sayers are not a profile of their own accord.
    """
    matrix = as_matrix(scores, name="scores")
    means = matrix.mean(axis=1, keepdims=True)
    return np.column_stack([matrix - means, means])


def find_profiles(
    scores: ArrayLike, *, minimum: int = MIN_PERSONS, n_resamples: int = N_RESAMPLES, random_state: int = 1
) -> Profiles | NoProfiles | NotEnough:
    """Look for 2 to 6 groups by k-means on the shape of the wishes; take the most distinct one that meets all
    conditions.

    scores: (persons, dimensions) of expectations. Conditions: silhouette from .25; smallest group 5 % and 30
    persons; mean Jaccard similarity of every group over bootstrap resamples from .60, of all together from .75.
    References: Kaufman & Rousseeuw (1990); Hennig (2007). R: fpc::clusterboot(kmeans), mclust.
    """
    points = expectation_shape(scores)
    known = ~np.isnan(points).any(axis=1)
    rows = points[known]
    n = len(rows)
    rows = _sample(rows, FITTED_PERSONS, random_state)
    if n < minimum:
        return NotEnough("too_few", n, minimum)
    if all(is_constant(rows[:, column]) for column in range(rows.shape[1])):
        return NotEnough("no_variation", n, minimum)
    found = [
        one
        for k in SIZES
        if isinstance(one := kmeans(rows, k, n_starts=10, random_state=random_state), Partition)
    ]
    candidates = [_judged(rows, one, n_resamples, random_state) for one in found]
    good = [
        (candidate.silhouette, place) for place, candidate in enumerate(candidates) if candidate.failure == ""
    ]
    if not good:
        return NoProfiles(n, tuple(candidates))
    place = max(good)[1]
    chosen, candidate = found[place], candidates[place]
    labels = np.full(len(points), -1, dtype=np.int64)
    labels[known] = chosen.labels if len(rows) == n else _nearest(points[known], chosen.centres)
    return Profiles(
        n=n,
        k=chosen.k,
        labels=labels,
        sizes=tuple(np.bincount(labels[known], minlength=chosen.k).tolist()),
        silhouette=candidate.silhouette,
        stability=candidate.stability or 0.0,
        candidates=tuple(candidates),
    )


def _judged(rows: FloatArray, partition: Partition, n_resamples: int, random_state: int) -> Candidate:
    silhouette, smallest = partition.silhouette or 0.0, min(partition.sizes)
    mixture = gaussian_mixture(
        _sample(rows, STABILITY_PERSONS, random_state), partition.k, n_starts=1, random_state=random_state
    )
    fitted = mixture if isinstance(mixture, Mixture) else None
    stability = weakest = None
    failure: Failure = ""
    if silhouette < MIN_SILHOUETTE:
        failure = "silhouette"
    elif smallest < max(MIN_GROUP, MIN_SHARE * len(rows)):
        failure = "size"
    else:
        similar = jaccard_stability(rows, partition, n_resamples=n_resamples, random_state=random_state)
        stability, weakest = float(similar.mean()), float(similar.min())
        failure = "stability" if stability < STABLE_FROM or weakest < UNSTABLE_BELOW else ""
    return Candidate(
        k=partition.k,
        silhouette=silhouette,
        smallest=smallest,
        stability=stability,
        weakest=weakest,
        bic=None if fitted is None else fitted.bic,
        entropy=None if fitted is None else fitted.entropy,
        failure=failure,
    )


def _sample(rows: FloatArray, most: int, random_state: int) -> FloatArray:
    if len(rows) <= most:
        return rows
    return rows[np.random.default_rng(random_state).choice(len(rows), most, replace=False)]


def _nearest(points: FloatArray, centres: FloatArray) -> Labels:
    """Group of the nearest centre for each row, the largest group first."""
    labels = np.asarray((0.5 * (centres**2).sum(axis=1) - points @ centres.T).argmin(axis=1), dtype=np.int64)
    order = np.argsort(-np.bincount(labels, minlength=len(centres)), kind="stable")
    return np.argsort(order)[labels]


def jaccard_stability(
    rows: FloatArray, partition: Partition, *, n_resamples: int = N_RESAMPLES, random_state: int = 1
) -> FloatArray:
    """Mean Jaccard similarity (groups,) of each group with the most similar one found in bootstrap resamples.

    Persons are drawn with replacement from at most STABILITY_PERSONS of the rows and grouped anew; similarity is
    that of the drawn persons' sets. A group of which nobody is drawn is left out of that resample. Reference: Hennig
    (2007).
    """
    random = np.random.default_rng(random_state)
    size = min(len(rows), STABILITY_PERSONS)
    sums, counts = np.zeros(partition.k), np.zeros(partition.k)
    for resample in range(n_resamples):
        pool = random.choice(len(rows), size, replace=False) if size < len(rows) else np.arange(size)
        drawn = np.unique(pool[random.integers(0, size, size)])
        again = kmeans(rows[drawn], partition.k, n_starts=3, random_state=random_state + resample)
        if isinstance(again, NotEnough):
            continue
        before = partition.labels[drawn]
        both = np.zeros((partition.k, partition.k))
        np.add.at(both, (before, again.labels), 1.0)
        either = both.sum(axis=1, keepdims=True) + both.sum(axis=0, keepdims=True) - both
        present = both.sum(axis=1) > 0.0
        sums += np.where(present, (both / np.maximum(either, 1.0)).max(axis=1), 0.0)
        counts += present
    return np.asarray(sums / np.maximum(counts, 1.0), dtype=np.float64)


def demand_types(scores: ArrayLike, contact: ArrayLike | None = None) -> tuple[Labels, float, float | None]:
    """Rule-based types where no profiles are found: high or low demand, times high or low wish for contact.

    scores: (persons, dimensions); contact: (persons,) wished level of contact, or None. A value above the median is
    high. Returns labels (persons,) = 2 * (low demand) + (low contact), -1 where unknown, and the two cut points.
    """
    matrix = as_matrix(scores, name="scores")
    answered = ~np.isnan(matrix).all(axis=1)
    means = np.full(len(matrix), np.nan)
    means[answered] = np.nanmean(matrix[answered], axis=1)
    known, labels = answered.copy(), np.zeros(len(matrix), dtype=np.int64)
    cut = float(np.median(means[answered])) if answered.any() else 0.0
    labels[answered] += 2 * (means[answered] <= cut)
    contact_cut = None
    if contact is not None:
        wish = np.asarray(contact, dtype=np.float64)
        known &= ~np.isnan(wish)
        if known.any():
            contact_cut = float(np.median(wish[known]))
            labels[known] += (wish[known] <= contact_cut).astype(np.int64)
    labels[~known] = -1
    return labels, cut, contact_cut
