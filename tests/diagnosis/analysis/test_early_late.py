"""Early and late answers: compared where the answers say which they are and both sides are large enough."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from diagnosis.analysis import analyse
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study
from diagnosis.early_late_figures import early_late_context
from diagnosis.frames import Frames
from diagnosis.result import Result
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

SIZES = {"customers": 160, "managers": 12, "front_line": 40}


def drawn(values: list[str]) -> Frames:
    """A company whose customers carry these words in turn."""
    attributes = [
        {"answered": values[row % len(values)]} if values[row % len(values)] else {} for row in range(160)
    ]
    return draw_frames(SAMPLE_TRUTH, 7, SIZES, {"customers": attributes})


@cache
def sample() -> tuple[Frames, Result]:
    frames = drawn(["Early", "early", "late"])
    return frames, analyse(die_crm(), frames)


def test_late_less_early_is_welchs_per_dimension() -> None:
    frames, result = sample()
    assert result.early_late is not None
    book = score_states(Study(die_crm(), frames, 1))
    customers = frames.audiences["customers"]
    words = [row["answered"].casefold() for row in customers.attributes]
    is_late = np.array(words)[customers.used] == "late"
    rows = {(row.state, row.dimension): row for row in result.early_late.rows}
    for place in (0, 8):
        column = book.states["CP"].column(place)
        late, early = column[is_late], column[~is_late]
        expected = stats.ttest_ind(
            late[~np.isnan(late)], early[~np.isnan(early)], equal_var=False
        ).confidence_interval()
        row = rows["CP", f"R{place + 1}"]
        assert (row.ci_low, row.ci_high) == pytest.approx((expected.low, expected.high))
    assert {row.state for row in result.early_late.rows} == {"CE", "CP"}
    assert Result.from_json(result.to_json()) == result


def test_a_true_difference_is_seen_and_said() -> None:
    frames = sample()[0]
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    late = np.array([row["answered"] == "late" for row in customers.attributes])
    for place, slot in enumerate(customers.slots):
        if slot.startswith("CP.R1."):
            scores[late, place] = 7
    changed = replace(customers, scores=scores)
    result = analyse(die_crm(), replace(frames, audiences={**frames.audiences, "customers": changed}))
    assert result.early_late is not None
    row = next(row for row in result.early_late.rows if (row.state, row.dimension) == ("CP", "R1"))
    assert row.verdict == "differs"
    shown = early_late_context(result.to_json(), die_crm())["early_late"]
    assert shown["title"].startswith("Late answers differ")


def test_nothing_is_compared_where_it_is_not_known_or_too_few() -> None:
    assert analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, SIZES)).early_late is None
    assert analyse(die_crm(), drawn(["early"])).early_late is None
    assert analyse(die_crm(), drawn(["early"] * 31 + ["late"])).early_late is None, "five late ones"
    assert analyse(die_crm(), drawn(["early", "late"] * 15 + [""])).early_late is None, "a few unknown ones"


def test_weighted_answers_are_not_compared() -> None:
    frames = sample()[0]
    customers = frames.audiences["customers"]
    weighted = replace(customers, weights=tuple(1.0 + row % 2 for row in range(customers.n)))
    result = analyse(die_crm(), replace(frames, audiences={**frames.audiences, "customers": weighted}))
    assert result.early_late is None


def test_words_for_no_difference() -> None:
    row = {
        "state": "CP",
        "dimension": "R1",
        "verdict": "open",
        "estimate": None,
        "ci_low": None,
        "ci_high": None,
    }
    content = {"early_late": {"n_early": 20, "n_late": 20, "rows": [row | {"q_value": None}]}}
    assert "no proof" in early_late_context(content, die_crm())["early_late"]["title"]
    assert early_late_context({}, die_crm()) == {"early_late": None}
