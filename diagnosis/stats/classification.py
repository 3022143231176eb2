"""A short key that assigns a person to a profile by a few items, and how often it is right on unseen persons."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnosis.stats.arrays import FloatArray, as_matrix
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

FEWEST_ITEMS, MOST_ITEMS = 4, 6
FOLDS = 5
CLOSE = 0.02
"""The shortest key whose hit rate is within this of the best is taken."""


@dataclass(frozen=True, slots=True)
class Key:
    """Linear functions of a few items, one per profile; the highest value names the profile.

    `items`: column numbers; `constants` (profiles,) and `weights` (profiles x items); `hit_rate` is cross-validated,
    `by_chance` is the share of the largest profile.
    """

    n: int
    items: tuple[int, ...]
    constants: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    hit_rate: float
    by_chance: float


def classification_key(
    ratings: ArrayLike, labels: NDArray[np.int64], *, random_state: int = 1
) -> Key | NotEnough:
    """Linear discriminant functions on the 4 to 6 items that tell the profiles apart best.

    ratings: (persons, items), nan = missing; labels: (persons,) from 0. Items are added in the order in which each
    lowers what the ones before leave unexplained (F of the profiles); the hit rate is that of five-fold
    cross-validation in which items are chosen anew in every fold. Reference: Fisher (1936); Hastie et al. (2009). R:
    MASS::lda(CV = ).
    """
    matrix = as_matrix(ratings)
    if len(matrix) != len(labels):
        message = f"ratings and labels must be of the same persons, not of {len(matrix)} and {len(labels)}"
        raise StatisticsError(message)
    complete = ~np.isnan(matrix).any(axis=1)
    rows, groups = matrix[complete], labels[complete]
    sizes = np.bincount(groups, minlength=1)
    needed = 2 * FOLDS
    varying = np.flatnonzero(rows.std(axis=0) > 0.0) if len(rows) else np.array([], dtype=np.int64)
    if np.count_nonzero(sizes) < 2 or varying.size < FEWEST_ITEMS:
        return NotEnough("not_defined", len(rows), needed)
    if sizes.min() < needed:
        return NotEnough("too_few", int(sizes.min()), needed)
    rows = rows[:, varying]
    most = min(MOST_ITEMS, varying.size)
    folds = _folds(groups, np.random.default_rng(random_state))
    rates = np.zeros(most + 1)
    for fold in range(FOLDS):
        here = folds == fold
        chosen = _chosen(rows[~here], groups[~here], most)
        for size in range(FEWEST_ITEMS, most + 1):
            functions = _functions(rows[~here][:, chosen[:size]], groups[~here])
            rates[size] += (_assigned(rows[here][:, chosen[:size]], functions) == groups[here]).sum() / len(
                rows
            )
    size = next(one for one in range(FEWEST_ITEMS, most + 1) if rates[one] >= rates.max() - CLOSE)
    chosen = _chosen(rows, groups, most)[:size]
    constants, weights = _functions(rows[:, chosen], groups)
    return Key(
        n=len(rows),
        items=tuple(int(varying[item]) for item in chosen),
        constants=tuple(constants.tolist()),
        weights=tuple(tuple(row) for row in weights.tolist()),
        hit_rate=float(rates[size]),
        by_chance=float(sizes.max() / len(rows)),
    )


def assign(ratings: ArrayLike, key: Key) -> NDArray[np.int64]:
    """Profile of each person by a key (persons,); persons lacking one of its items get -1."""
    asked = as_matrix(ratings)[:, list(key.items)]
    known = ~np.isnan(asked).any(axis=1)
    labels = np.full(len(asked), -1, dtype=np.int64)
    labels[known] = _assigned(asked[known], (np.array(key.constants), np.array(key.weights)))
    return labels


def _folds(groups: NDArray[np.int64], random: np.random.Generator) -> NDArray[np.int64]:
    """Fold of each person, every profile spread evenly."""
    folds = np.empty(len(groups), dtype=np.int64)
    for group in np.unique(groups):
        members = random.permutation(np.flatnonzero(groups == group))
        folds[members] = np.arange(len(members)) % FOLDS
    return folds


def _chosen(rows: FloatArray, groups: NDArray[np.int64], most: int) -> list[int]:
    """Items in the order of entry: each time the one with the smallest Wilks' lambda beside those chosen."""
    whole = np.cov(rows, rowvar=False, ddof=0) * len(rows)
    within = sum(
        np.cov(rows[groups == group], rowvar=False, ddof=0) * np.count_nonzero(groups == group)
        for group in np.unique(groups)
    )
    chosen: list[int] = []
    left = list(range(rows.shape[1]))
    for _step in range(most):
        lambdas = []
        for item in left:
            tried = np.ix_([*chosen, item], [*chosen, item])
            inside, outside = np.linalg.slogdet(np.asarray(within)[tried]), np.linalg.slogdet(whole[tried])
            usable = inside[0] > 0 and outside[0] > 0
            lambdas.append(float(inside[1] - outside[1]) if usable else np.inf)
        chosen.append(left.pop(int(np.argmin(lambdas))))
    return chosen


def _functions(rows: FloatArray, groups: NDArray[np.int64]) -> tuple[FloatArray, FloatArray]:
    """Constants (profiles,) and weights (profiles, items) of the linear discriminant functions."""
    k = int(groups.max()) + 1
    means = np.stack([rows[groups == group].mean(axis=0) for group in range(k)])
    centred = rows - means[groups]
    pooled = centred.T @ centred / max(1, len(rows) - k)
    weights = means @ np.linalg.pinv(pooled, hermitian=True)
    shares = np.bincount(groups, minlength=k) / len(groups)
    return np.log(shares) - 0.5 * (means * weights).sum(axis=1), weights


def _assigned(rows: FloatArray, functions: tuple[FloatArray, FloatArray]) -> NDArray[np.int64]:
    constants, weights = functions
    return np.asarray((rows @ weights.T + constants).argmax(axis=1), dtype=np.int64)
