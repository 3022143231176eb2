"""Structure of scales: factors, sampling adequacy, omega, intervals of alpha."""

from collections.abc import Callable, Mapping

from tests.reference.adapters.reading import Answer
from tests.reference.case import Case

ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {}
