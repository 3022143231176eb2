"""Coherence of the three pillars: paired tests, the flag, spread and balance."""

import math

import numpy as np
import pytest
from scipy import stats

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.readiness import (
    CoherenceEstimate,
    coherence_gaps,
    pillar_balance,
    pillar_score,
    pillar_spread,
)
from diagnosis.stats.results import NotEnough

PILLARS = ("RO", "RT", "RH")


def pillars(n: int, means: tuple[float, float, float], seed: int) -> np.ndarray:
    random = np.random.default_rng(seed)
    scores = np.array(means) + random.normal(0, 8, (n, 1)) + random.normal(0, 6, (n, 3))
    return np.clip(scores, 0, 100)


def test_coherence_is_paired_and_adjusted_per_audience() -> None:
    managers = pillars(20, (60, 75, 50), 1)
    answers = coherence_gaps({"managers": managers}, pillars=PILLARS)
    own = [answer.result for answer in answers if answer.audience == "managers"]
    expected = [stats.ttest_rel(managers[:, i], managers[:, j]) for i, j in ((0, 1), (0, 2), (1, 2))]
    assert all(isinstance(result, CoherenceEstimate) for result in own)
    np.testing.assert_allclose([r.p_value for r in own], [e.pvalue for e in expected], rtol=1e-6)
    q_values = stats.false_discovery_control([e.pvalue for e in expected])
    np.testing.assert_allclose([r.q_value for r in own], q_values, rtol=1e-6)
    whole = [answer.result for answer in answers if answer.audience is None]
    assert [r.estimate for r in whole] == pytest.approx([r.estimate for r in own])
    assert [r.df for r in whole] == pytest.approx([19.0] * 3)


def test_coherence_over_audiences_is_unweighted() -> None:
    data = {"managers": pillars(8, (60, 80, 50), 1), "front_line": pillars(60, (60, 60, 60), 2)}
    answers = coherence_gaps(data, pillars=PILLARS)
    assert len(answers) == 9
    by_key = {(a.first, a.second, a.audience): a.result for a in answers}
    one, two = by_key["RT", "RH", "managers"], by_key["RT", "RH", "front_line"]
    whole = by_key["RT", "RH", None]
    assert isinstance(one, CoherenceEstimate)
    assert isinstance(two, CoherenceEstimate)
    assert isinstance(whole, CoherenceEstimate)
    assert whole.estimate == pytest.approx((one.estimate + two.estimate) / 2)
    assert whole.se == pytest.approx(math.hypot(one.se, two.se) / 2)
    assert one.flag
    assert not two.flag


def test_flag_needs_fifteen_points_and_an_interval_beside_zero() -> None:
    base = np.array([50.0, 60.0, 55.0, 45.0, 52.0, 58.0])
    near = np.column_stack([base, base - 14.9 + np.array([0.1, -0.1, 0, 0.1, -0.1, 0]), base])
    first = coherence_gaps({"a": near}, pillars=PILLARS)[0].result
    assert isinstance(first, CoherenceEstimate)
    assert not first.flag
    wide = np.column_stack([base, base - np.array([70.0, -60, 60, -40, 50, 40]), base])
    first = coherence_gaps({"a": wide}, pillars=PILLARS)[0].result
    assert isinstance(first, CoherenceEstimate)
    assert first.estimate >= 15
    assert not first.flag


def test_coherence_states_what_cannot_be_tested() -> None:
    answers = coherence_gaps(
        {"managers": np.full((5, 3), 50.0), "crm_team": np.empty((0, 3))}, pillars=PILLARS
    )
    reasons = {answer.audience: answer.result for answer in answers}
    assert reasons["managers"] == NotEnough("no_variation", 5, 2, 0.0)
    assert reasons["crm_team"] == NotEnough("too_few", 0, 2)
    assert reasons[None] == NotEnough("no_variation", 5, 2, 0.0)
    with pytest.raises(StatisticsError):
        coherence_gaps({"managers": np.ones((5, 2))}, pillars=PILLARS)


def test_audience_without_answers_does_not_block_the_whole() -> None:
    data = {"managers": pillars(8, (60, 80, 50), 1), "crm_team": np.full((4, 3), np.nan)}
    whole = coherence_gaps(data, pillars=PILLARS)[-1].result
    assert isinstance(whole, CoherenceEstimate)
    assert whole.n == 8


def test_spread_balance_and_score() -> None:
    assert pillar_score([50.0, math.nan, 70.0]) == 60.0
    assert pillar_score([math.nan]) == NotEnough("too_few", 0, 1)
    assert pillar_spread([40.0, 70.0, 55.0]) == 30.0
    assert pillar_spread([40.0]) == NotEnough("too_few", 1, 2)
    assert pillar_balance([50.0, 50.0, 50.0]) == 1.0
    assert pillar_balance([0.0, 0.0, 100.0]) == pytest.approx(0.0, abs=1e-12)
    assert pillar_balance([40.0, 70.0, math.nan]) == NotEnough("too_few", 2, 3)
    with pytest.raises(StatisticsError):
        pillar_balance([40.0, 170.0, 5.0])
