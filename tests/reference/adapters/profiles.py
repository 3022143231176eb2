"""Profiles: k-means, Gaussian mixtures, silhouette."""

from collections.abc import Callable, Mapping

from tests.reference.adapters.reading import Answer
from tests.reference.case import Case

ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
