"""Two camps in one group, and late answers beside early ones."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.agreement import TwoPeaks, two_peaks
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.nonresponse import EarlyLate, compare_early_late
from diagnosis.stats.results import GapEstimate, NotEnough

NAN = math.nan


@pytest.mark.parametrize(
    ("scores", "expected"),
    [
        ([2, 2, 2, 6, 6, 6], TwoPeaks(2, 6, 0.5, 0.5)),
        ([1.6, 2.3, 2, 4, 6, 6.4, 5.6, NAN], TwoPeaks(2, 6, 3 / 7, 4 / 7)),
        ([4, 4, 5, 5, 5, 6, 6], None),
        ([1, 5, 5, 5, 5, 5], None),
        ([3, 3, 3, 5, 5, 5], None),
        ([2, 3, 4, 5, 6, 7], None),
        ([4, 4, 4, 4], None),
    ],
)
def test_two_camps_are_told_from_one(scores: list[float], expected: TwoPeaks | None) -> None:
    assert two_peaks(scores, low=1, high=7) == expected


def test_camps_need_four_persons_and_a_scale() -> None:
    assert two_peaks([1, 7, NAN], low=1, high=7) == NotEnough("too_few", 2, 4)
    with pytest.raises(StatisticsError):
        two_peaks([1, 2, 3, 4], low=7, high=1)


def test_one_camp_is_seldom_taken_for_two() -> None:
    random = np.random.default_rng(6)
    for n, limit in ((8, 0.05), (12, 0.04), (60, 0.0)):
        drawn = np.clip(random.normal(4.5, 1.1, (400, n)), 1, 7)
        found = np.mean([two_peaks(scores, low=1, high=7) is not None for scores in drawn])
        assert found <= limit


@given(st.lists(st.integers(1, 7), min_size=4, max_size=30))
def test_camps_are_the_same_seen_from_the_other_end(scores: list[int]) -> None:
    there, back = two_peaks(scores, low=1, high=7), two_peaks([8 - s for s in scores], low=1, high=7)
    assert (there is None) == (back is None)
    if isinstance(there, TwoPeaks):
        assert there.high_peak - there.low_peak >= 3
        assert min(there.low_share, there.high_share) >= 0.3


def test_late_answers_are_compared_column_by_column() -> None:
    random = np.random.default_rng(4)
    early = [
        random.normal(5, 1, 80).clip(1, 7),
        random.normal(5, 1, 80).clip(1, 7),
        np.full(80, 4.0),
        [5.0] * 3,
    ]
    late = [
        random.normal(4, 1, 60).clip(1, 7),
        [*random.normal(5, 1, 60).clip(1, 7), NAN],
        np.full(60, 4.0),
        [4.0] * 3,
    ]
    answer = compare_early_late(early, late, scale_range=6)
    assert isinstance(answer, EarlyLate)
    assert (answer.n_early, answer.n_late) == (80, 60)
    assert answer.differs == (True, False, False, False)
    first = answer.tests[0]
    assert isinstance(first, GapEstimate)
    assert first.p_value == pytest.approx(stats.ttest_ind(late[0], early[0], equal_var=False).pvalue)
    assert answer.tests[3] == NotEnough("too_few", 3, 10)
    assert answer.q_values[3] is None
    assert isinstance(answer.tests[2], NotEnough)


def test_answers_that_are_alike_are_said_to_be() -> None:
    random = np.random.default_rng(4)
    early, late = random.normal(5, 0.5, 400), random.normal(5, 0.5, 300)
    answer = compare_early_late([early], [late], scale_range=6)
    assert isinstance(answer, EarlyLate)
    assert answer.alike == (True,)


def test_few_late_answers_say_nothing() -> None:
    assert compare_early_late([[1.0] * 9], [[2.0] * 40], scale_range=6) == NotEnough("too_few", 9, 10)
    assert compare_early_late([], [], scale_range=6) == NotEnough("too_few", 0, 10)
