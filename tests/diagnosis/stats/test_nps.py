"""Net promoter score: its intervals, their degenerate forms, what is refused."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.nps import (
    NetPromoterEstimate,
    net_promoter_difference,
    net_promoter_score,
    promoter_codes,
)
from diagnosis.stats.results import GapEstimate, NotEnough

NAN = math.nan
SCORES = np.random.default_rng(23).integers(0, 11, 120).astype(float)


def score_of(answers: object) -> NetPromoterEstimate:
    answer = net_promoter_score(answers)  # type: ignore[arg-type]
    assert isinstance(answer, NetPromoterEstimate)
    return answer


def test_score_and_t_interval_are_those_of_the_codes() -> None:
    answer, codes = score_of([*SCORES, NAN]), promoter_codes(SCORES)
    expected = stats.ttest_1samp(codes, 0).confidence_interval()
    assert answer.score == pytest.approx(codes.mean())
    assert answer.t == pytest.approx((expected.low, expected.high))
    assert answer.promoters + answer.passives + answer.detractors == pytest.approx(1)
    assert answer.wald == pytest.approx(
        (answer.score - 1.959964 * codes.std() / math.sqrt(120), answer.wald[1])
    )
    assert answer.bootstrap == pytest.approx(answer.wald, abs=2.5)


def test_difference_is_welchs() -> None:
    expected = stats.ttest_ind(promoter_codes(SCORES[:50]), promoter_codes(SCORES[50:]), equal_var=False)
    answer = net_promoter_difference(SCORES[:50], SCORES[50:])
    assert isinstance(answer, GapEstimate)
    assert (answer.t, answer.p_value) == pytest.approx((expected.statistic, expected.pvalue))


@pytest.mark.parametrize(("answers", "score"), [([9, 10, 10], 100.0), ([7, 8], 0.0), ([0, 6], -100.0)])
def test_everybody_in_one_group_has_only_the_adjusted_interval(answers: list[int], score: float) -> None:
    answer = score_of(answers)
    assert (answer.score, answer.wald, answer.t, answer.bootstrap) == (score, None, None, None)
    assert -100 <= answer.adjusted[0] < answer.adjusted[1] <= 100


def test_adjusted_interval_covers() -> None:
    random = np.random.default_rng(2)
    hits = 0
    for _ in range(500):
        answer = score_of(random.choice([10, 8, 3], 40, p=[0.3, 0.5, 0.2]))
        hits += answer.adjusted[0] <= 10.0 <= answer.adjusted[1]
    assert hits / 500 >= 0.92


@pytest.mark.parametrize("wrong", [[11], [-1], [8.5]])
def test_what_is_no_recommendation_is_refused(wrong: list[float]) -> None:
    with pytest.raises(StatisticsError, match="0 to 10"):
        net_promoter_score(wrong)


def test_nobody_has_no_score() -> None:
    assert net_promoter_score([NAN]) == NotEnough("too_few", 0, 1)


@given(st.lists(st.integers(0, 10), min_size=1, max_size=40))
def test_score_lies_on_its_scale(answers: list[int]) -> None:
    answer = score_of(answers)
    assert -100 <= answer.adjusted[0] <= answer.adjusted[1] <= 100
    assert answer.score == pytest.approx(
        -score_of([10 - a if a in {7, 8} else (0 if a > 8 else 10) for a in answers]).score
    ) or any(a in {7, 8} for a in answers)
