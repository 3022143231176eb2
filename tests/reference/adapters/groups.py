"""Groups and shares: ranks, analysis of variance, correlations, weights, net promoter score, bootstrap, adjustments."""

from collections.abc import Callable, Mapping

from tests.reference.adapters.reading import Answer
from tests.reference.case import Case

ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
