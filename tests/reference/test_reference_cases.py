"""Every reference case: the product gives R's number, or the table says why it calculates nothing."""

import math

from diagnosis.stats.results import NotEnough
from tests.reference.adapters import ADAPTERS, EDGE_ADAPTERS
from tests.reference.case import Case, assert_close
from tests.reference.coverage import LEFT_OUT, NOT_IN_PRODUCT


def key_of(case: Case) -> str:
    """Name of the statistic, with the edge or the method of adjustment where that decides."""
    if case.function == "edge_case":
        return f"edge_case.{case.edge}"
    if case.function == "p_adjust":
        return f"p_adjust.{case.options.get('method', 'BH')}"
    return case.function


def is_refusal(ours: object) -> bool:
    """Tell whether the product states that there is no number."""
    return ours is None or isinstance(ours, NotEnough) or (isinstance(ours, float) and math.isnan(ours))


def check_edge(case: Case) -> None:
    """Compare what both calculate; where R stops with an error, or the note asks for it, the product must refuse."""
    answers = EDGE_ADAPTERS[case.edge](case)
    shared = [key for key in answers if isinstance(case.expected.get(key), dict)]
    assert shared, f"no part of {case.edge} was compared"
    for key in shared:
        expected = case.expected[key]
        if "error" in expected:
            assert is_refusal(answers[key]), f"{key}: {answers[key]!r}, R stops: {expected['error']}"
        elif not (case.asks_for_refusal and is_refusal(answers[key])):
            assert_close(answers[key], expected["value"], case.tolerance, key, frozenset())


def test_reference_case_matches(case: Case) -> None:
    key = key_of(case)
    if key in NOT_IN_PRODUCT:
        assert len(NOT_IN_PRODUCT[key]) > 10, f"{key} is left out without a reason"
        return
    if case.function == "edge_case":
        assert case.edge in EDGE_ADAPTERS, f"{key} is neither adapted nor listed in NOT_IN_PRODUCT"
        check_edge(case)
        return
    assert key in ADAPTERS, f"{key} is neither adapted nor listed in NOT_IN_PRODUCT"
    answer = ADAPTERS[key](case)
    assert set(answer) & set(case.expected), f"no part of {key} was compared"
    assert_close(answer, case.expected, case.tolerance, key, frozenset(LEFT_OUT.get(key, {})))


def test_tables_name_every_statistic_once() -> None:
    adapted = set(ADAPTERS) | {f"edge_case.{name}" for name in EDGE_ADAPTERS}
    assert not adapted & set(NOT_IN_PRODUCT)
    assert set(LEFT_OUT) <= adapted
