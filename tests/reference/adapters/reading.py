"""What the adapters of every subject read from a case, and how they insist on an answer."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnosis.stats.results import AlphaEstimate, EffectEstimate, GapEstimate
from diagnosis.stats.scales import cronbach_alpha
from tests.reference.case import MISSING, Case

Answer = Mapping[str, Any]
WIDE = 1e6


def scale_items(case: Case) -> NDArray[np.float64]:
    """Return the items of the scale, the reversed ones turned."""
    items = list(case.options["items"])
    matrix = case.matrix(items)
    for item in case.options.get("reverse_items", []):
        total = float(case.options["reverse_rule"].split("=")[1].split("-")[0])
        matrix[:, items.index(item)] = total - matrix[:, items.index(item)]
    return matrix


def two_groups(case: Case) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the outcome in group 1 and group 2."""
    outcome, group = case.column(case.options["y"]), np.array(case.text(case.options["group"]))
    first, second = (_members(group, case.options[name]) for name in ("group1", "group2"))
    return outcome[first], outcome[second]


def _members(group: NDArray[np.str_], wanted: object) -> NDArray[np.bool_]:
    """Tell who belongs to a group named by text or number, whichever way the file writes the number."""
    if isinstance(wanted, str):
        return np.asarray(group == wanted, dtype=np.bool_)
    values = np.array([float(name) if name not in MISSING else np.nan for name in group])
    return np.asarray(values == wanted, dtype=np.bool_)


def two_times(case: Case, item: str) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the answers at time 2 (later) and time 1 (earlier)."""
    return case.column(f"{item}__t2"), case.column(f"{item}__t1")


def estimated(gap: Any) -> GapEstimate:
    """Return the gap, which must be testable."""
    assert isinstance(gap, GapEstimate), gap
    return gap


def alpha_of(matrix: NDArray[np.float64]) -> AlphaEstimate:
    """Return alpha, which must be defined."""
    answer = cronbach_alpha(matrix)
    assert isinstance(answer, AlphaEstimate), answer
    return answer


def effect(answer: Any) -> Answer:
    """Name an effect size as the cases do."""
    assert isinstance(answer, EffectEstimate), answer
    return {"estimate": answer.effect_size, "ci": [answer.ci_low, answer.ci_high]}
