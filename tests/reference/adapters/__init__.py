"""One adapter per statistic, by subject; `edge_case` files are adapted by the name of their edge."""

from collections.abc import Callable, Mapping

from tests.reference.adapters import drivers, gap_edges, gaps, groups, profiles, published, structure
from tests.reference.adapters.reading import Answer
from tests.reference.case import Case

ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    **gaps.ADAPTERS,
    **structure.ADAPTERS,
    **drivers.ADAPTERS,
    **profiles.ADAPTERS,
    **groups.ADAPTERS,
    **published.ADAPTERS,
}
EDGE_ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    **gap_edges.EDGE_ADAPTERS,
    **structure.EDGE_ADAPTERS,
    **drivers.EDGE_ADAPTERS,
    **profiles.EDGE_ADAPTERS,
    **groups.EDGE_ADAPTERS,
}
