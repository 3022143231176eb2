"""Groups of similar persons: k-means, silhouette, Gaussian mixtures; scikit-learn fits them and is loaded on use."""

from dataclasses import dataclass
from math import log
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnosis.stats.arrays import FloatArray, complete_rows
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

Labels = NDArray[np.int64]
Covariance = Literal["spherical", "diag", "tied", "full"]

N_STARTS = 50
SILHOUETTE_PERSONS = 2_000
"""The silhouette compares everybody with everybody: with more persons it is taken of a random sample of so many."""


@dataclass(frozen=True, eq=False)
class Partition:
    """Persons in k groups, the largest first: `labels` (persons,) from 0, `centres` (k, columns), sums of squares.

    `silhouette` is the mean over persons and `silhouettes` by group; None with one group.
    """

    k: int
    labels: Labels
    sizes: tuple[int, ...]
    centres: FloatArray
    within: float
    total: float
    silhouette: float | None
    silhouettes: tuple[float, ...] | None

    @property
    def calinski_harabasz(self) -> float | None:
        """Spread between over spread within the groups, each by its degrees of freedom; None where it has no value."""
        n = self.labels.size
        if self.k < 2 or n <= self.k or self.within <= 0.0:
            return None
        return (self.total - self.within) / (self.k - 1) / (self.within / (n - self.k))


def standardised(points: ArrayLike) -> FloatArray:
    """Columns with mean 0 and SD 1 (n - 1); constant columns become 0. R: scale(x)."""
    matrix = np.asarray(points, dtype=np.float64)
    spread = matrix.std(axis=0, ddof=1)
    return np.asarray((matrix - matrix.mean(axis=0)) / np.where(spread > 0.0, spread, 1.0), dtype=np.float64)


def kmeans(
    points: ArrayLike, k: int, *, n_starts: int = N_STARTS, random_state: int = 1
) -> Partition | NotEnough:
    """Split complete rows into k groups with the smallest sum of squares within, the best of many starts.

    points: (persons, columns) in comparable units. `too_few`: fewer distinct rows than groups.
    R: kmeans(x, k, nstart = 50), cluster::silhouette().
    """
    rows = complete_rows(points)
    if k < 1:
        message = f"there cannot be {k} groups"
        raise StatisticsError(message)
    if len(rows) == 0 or len(np.unique(rows, axis=0)) < k:
        return NotEnough("too_few", len(rows), k)
    labels = (
        np.zeros(len(rows), dtype=np.int64) if k == 1 else _fitted_labels(rows, k, n_starts, random_state)
    )
    order = np.argsort(-np.bincount(labels, minlength=k), kind="stable")
    place = np.empty(k, dtype=np.int64)
    place[order] = np.arange(k)
    labels = place[labels]
    centres = np.stack([rows[labels == group].mean(axis=0) for group in range(k)])
    found = silhouettes_of(rows, labels, random_state=random_state)
    return Partition(
        k=k,
        labels=labels,
        sizes=tuple(np.bincount(labels, minlength=k).tolist()),
        centres=centres,
        within=float(((rows - centres[labels]) ** 2).sum()),
        total=float(((rows - rows.mean(axis=0)) ** 2).sum()),
        silhouette=None if found is None else found[0],
        silhouettes=None if found is None else found[1],
    )


def _fitted_labels(rows: FloatArray, k: int, n_starts: int, random_state: int) -> Labels:
    from sklearn.cluster import KMeans

    fitted = KMeans(k, n_init=n_starts, random_state=random_state, tol=1e-8, max_iter=1_000).fit(rows)
    return np.asarray(fitted.labels_, dtype=np.int64)


def silhouettes_of(
    rows: FloatArray, labels: Labels, *, random_state: int = 1
) -> tuple[float, tuple[float, ...]] | None:
    """Mean silhouette over persons, and by group; None with fewer than two groups.

    (b - a) / max(a, b): a = mean distance to the own group, b = to the nearest other one; 0 for a group of one. Above
    .25 weak, .50 reasonable, .70 strong structure. Reference: Kaufman & Rousseeuw (1990). R: cluster::silhouette().
    """
    k = int(labels.max()) + 1
    if k < 2:
        return None
    if len(rows) > SILHOUETTE_PERSONS:
        chosen = np.random.default_rng(random_state).choice(len(rows), SILHOUETTE_PERSONS, replace=False)
        rows, labels = rows[chosen], labels[chosen]
    values = silhouettes_by_person(rows, labels)
    groups = tuple(
        float(values[labels == group].mean()) if (labels == group).any() else 0.0 for group in range(k)
    )
    return float(values.mean()), groups


def silhouettes_by_person(rows: FloatArray, labels: Labels) -> FloatArray:
    """Silhouette of every person (persons,); labels from 0, at least two groups."""
    from scipy.spatial.distance import cdist

    member = (labels[:, None] == np.arange(int(labels.max()) + 1)).astype(np.float64)
    sizes = member.sum(axis=0)
    sums = cdist(rows, rows) @ member
    own = sizes[labels]
    inside = sums[np.arange(len(rows)), labels] / np.maximum(own - 1.0, 1.0)
    elsewhere = np.where((member == 1.0) | (sizes == 0.0), np.inf, sums / np.maximum(sizes, 1.0))
    nearest = elsewhere.min(axis=1)
    larger = np.maximum(inside, nearest)
    usable = (own > 1.0) & (larger > 0.0) & np.isfinite(larger)
    return np.where(usable, np.where(usable, nearest - inside, 0.0) / np.where(usable, larger, 1.0), 0.0)


@dataclass(frozen=True, slots=True)
class Mixture:
    """A Gaussian mixture: log-likelihood, number of parameters, BIC = 2 logL - df ln n (larger is better), entropy.

    `entropy` from 0 (nobody can be placed) to 1 (everybody surely), 1 with one group.
    """

    k: int
    covariance: Covariance
    n: int
    log_likelihood: float
    n_parameters: int
    bic: float
    entropy: float


def gaussian_mixture(
    points: ArrayLike, k: int, *, covariance: Covariance = "diag", n_starts: int = 10, random_state: int = 1
) -> Mixture | NotEnough:
    """Fit k normal groups to complete rows by expectation maximisation, the best of several starts.

    points: (persons, columns), cast to float first. covariance: `spherical` (one variance per group), `diag` (one per
    column and group), `tied` (one matrix for all), `full` (one per group). BIC has the sign of mclust.
    R: mclust::Mclust(x, G = k, modelNames = VII, VVI, EEE, VVV).
    """
    rows = complete_rows(points)
    n, width = rows.shape
    needed = max(2 * k, k * (width + 1)) if covariance == "full" else 2 * k
    if n < needed or len(np.unique(rows, axis=0)) < k:
        return NotEnough("too_few", n, needed)
    if (rows.std(axis=0) == 0.0).any():
        return NotEnough("no_variation", n, needed)
    from sklearn.mixture import GaussianMixture

    spread = rows.std(axis=0)
    fitted = GaussianMixture(
        k,
        covariance_type=covariance,
        n_init=n_starts,
        random_state=random_state,
        tol=1e-7,
        max_iter=2_000,
        reg_covar=1e-9,
    ).fit(rows / spread)
    log_likelihood = float(fitted.score(rows / spread)) * n - n * float(np.log(spread).sum())
    parameters = _parameters(k, width, covariance)
    chances = np.clip(fitted.predict_proba(rows / spread), 1e-300, 1.0)
    doubt = float(-(chances * np.log(chances)).sum())
    return Mixture(
        k=k,
        covariance=covariance,
        n=n,
        log_likelihood=log_likelihood,
        n_parameters=parameters,
        bic=2.0 * log_likelihood - parameters * log(n),
        entropy=1.0 if k == 1 else max(0.0, 1.0 - doubt / (n * log(k))),
    )


def _parameters(k: int, width: int, covariance: Covariance) -> int:
    matrix = width * (width + 1) // 2
    spread = {"spherical": k, "diag": k * width, "tied": matrix, "full": k * matrix}[covariance]
    return k - 1 + k * width + spread
