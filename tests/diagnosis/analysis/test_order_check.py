"""The order check: halves that saw the outcomes first or last, compared where both are large enough."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from diagnosis.analysis import analyse
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study
from diagnosis.frames import Frames
from diagnosis.order_check_figures import order_check_context
from diagnosis.result import Result
from surveys.instruments.routing import OUTCOMES_FIRST, RATINGS_FIRST
from surveys.settling import ORDER
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

SIZES = {"customers": 160, "managers": 12, "front_line": 40}
TURNS = (OUTCOMES_FIRST, RATINGS_FIRST, RATINGS_FIRST)


def drawn(turns: Sequence[str]) -> Frames:
    """A company whose customers saw the pages in these orders in turn; "" = the order was given up."""
    kept = [{ORDER: turns[row % len(turns)]} if turns[row % len(turns)] else {} for row in range(160)]
    return draw_frames(SAMPLE_TRUTH, 7, SIZES, {"customers": kept})


@cache
def sample() -> tuple[Frames, Result]:
    frames = drawn(TURNS)
    return frames, analyse(die_crm(), frames)


def moved(frames: Frames, prefix: str, points: int) -> Frames:
    """The same answers, all values of some slots the same for who saw the outcomes first."""
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    first = np.array([row.get(ORDER) == OUTCOMES_FIRST for row in customers.attributes])
    for place, slot in enumerate(customers.slots):
        if slot.startswith(prefix):
            scores[first, place] = points
    changed = replace(customers, scores=scores)
    return replace(frames, audiences={**frames.audiences, "customers": changed})


def test_outcomes_first_less_ratings_first_is_welchs() -> None:
    frames, result = sample()
    [check] = result.order_checks
    assert check.audience == "customers"
    study = Study(die_crm(), frames, 1)
    book, customers = score_states(study), frames.audiences["customers"]
    first = np.array([row[ORDER] == OUTCOMES_FIRST for row in customers.attributes])[customers.used]
    assert check.n_outcomes_first <= int(first.sum())
    assert min(check.n_outcomes_first, check.n_ratings_first) >= 10
    rows = {(row.state, row.dimension): row for row in check.rows}
    outcome = next(one for one in check.outcomes if one.outcome == "Y1")
    items = [item.code for item in next(b for b in die_crm().outcomes if b.code == "Y1").items]
    for column, row in (
        (book.states["CP"].column(2), rows["CP", "R3"]),
        (study.scored("customers", items), outcome),
    ):
        expected = stats.ttest_ind(
            column[first & ~np.isnan(column)], column[~first & ~np.isnan(column)], equal_var=False
        )
        interval = expected.confidence_interval()
        assert (row.ci_low, row.ci_high) == pytest.approx((interval.low, interval.high))
        assert row.estimate == pytest.approx((interval.low + interval.high) / 2)
    assert Result.from_json(result.to_json()) == result


@pytest.mark.parametrize("prefix", ["CP.R1.", "Y1"])
def test_a_true_effect_is_seen_and_said(prefix: str) -> None:
    [check] = analyse(die_crm(), moved(sample()[0], prefix, 7)).order_checks
    found = {row.dimension: row.verdict for row in check.rows if row.state == "CP"}
    found |= {row.outcome: row.verdict for row in check.outcomes}
    wanted = "R1" if prefix.startswith("CP") else "Y1"
    assert found[wanted] == "differs"
    content = {"order_checks": [check_json(check)]}
    [shown] = order_check_context(content, die_crm())["order_checks"]
    assert shown["title"].startswith("The order of the pages moved")
    assert shown["audience_name"] == "Customers"


def check_json(check: object) -> dict[str, object]:
    """The check as a stored result holds it."""
    result = replace(sample()[1], order_checks=(check,))  # type: ignore[arg-type]  # it is one
    found: dict[str, object] = result.to_json()["order_checks"][0]
    return found


def test_nothing_is_compared_where_a_half_is_small_or_the_order_was_given_up() -> None:
    assert analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, SIZES)).order_checks == ()
    assert analyse(die_crm(), drawn([RATINGS_FIRST])).order_checks == ()
    assert analyse(die_crm(), drawn([RATINGS_FIRST] * 31 + [OUTCOMES_FIRST])).order_checks == ()
    assert analyse(die_crm(), drawn([""])).order_checks == ()
    few_unknown = [RATINGS_FIRST, OUTCOMES_FIRST] * 26 + [""]
    assert analyse(die_crm(), drawn(few_unknown)).order_checks == (), "three given up could be computed"


def test_no_check_in_a_second_reading() -> None:
    frames = replace(sample()[0], is_second_reading=True)
    assert analyse(die_crm(), frames).order_checks == ()


def test_words_and_table_of_no_effect() -> None:
    [check] = order_check_context(sample()[1].to_json(), die_crm())["order_checks"]
    differs = sum(row["verdict"] == "differs" for row in check["rows"])
    assert check["title"].startswith("The order of the pages m")
    assert (differs == 0) == ("no difference" in check["title"])
    assert {row["state_name"] for row in check["rows"]} > {"Construct"}
    assert order_check_context({}, die_crm()) == {"order_checks": []}
