"""Change of a gap between two waves against scipy, its edges and its words."""

import math

import numpy as np
import pytest
from scipy import stats

from diagnosis.stats.change import (
    ChangeEstimate,
    GapChange,
    Measured,
    change_between,
    change_of_gap,
    from_mean,
    verdict,
)
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.means import estimate_mean
from diagnosis.stats.results import GapEstimate, MeanEstimate, NotEnough


def draw(n: int, mean: float, seed: int, sd: float = 1.1) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(mean, sd, n).round(2), 1, 7)


def measured(gap: GapEstimate | NotEnough) -> Measured:
    assert isinstance(gap, GapEstimate)
    return Measured(min(gap.n_later, gap.n_earlier), gap.estimate, gap.se, gap.df)


def estimated(found: ChangeEstimate | NotEnough) -> ChangeEstimate:
    assert isinstance(found, ChangeEstimate)
    return found


def test_change_of_a_paired_gap_is_the_welch_test_of_the_differences() -> None:
    before = draw(90, 4.1, 1) - draw(90, 6.0, 2, 0.7)
    after = draw(60, 5.2, 3) - draw(60, 6.1, 4, 0.9)
    zero_b, zero_a = np.zeros(90), np.zeros(60)
    found = estimated(
        change_between(
            measured(paired_gap(after, zero_a, scale_range=12)),
            measured(paired_gap(before, zero_b, scale_range=12)),
        )
    )
    expected = stats.ttest_ind(after, before, equal_var=False)
    interval = expected.confidence_interval(0.95)
    narrow = expected.confidence_interval(0.90)
    assert found.df == pytest.approx(expected.df, rel=1e-9)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert (found.ci90_low, found.ci90_high) == pytest.approx((narrow.low, narrow.high), abs=1e-9)


def test_a_part_from_a_stored_mean_matches_scipy() -> None:
    before, after = draw(75, 4.0, 5), draw(140, 4.6, 6, 1.4)
    sides = []
    for values in (after, before):
        mean = estimate_mean(values)
        assert isinstance(mean, MeanEstimate)
        sides.append(from_mean(mean.n, mean.mean, mean.ci_low, mean.ci_high))
    found = estimated(change_between(*sides))
    interval = stats.ttest_ind(after, before, equal_var=False).confidence_interval(0.95)
    assert found.estimate == pytest.approx(after.mean() - before.mean(), abs=1e-12)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high), abs=1e-9)


def test_change_of_a_two_sample_gap_is_a_contrast_of_four_groups() -> None:
    groups = [draw(n, m, seed) for n, m, seed in ((25, 5.4, 7), (300, 6.0, 8), (22, 5.0, 9), (280, 6.1, 10))]
    later = welch_gap(groups[0], groups[1], scale_range=6)
    earlier = welch_gap(groups[2], groups[3], scale_range=6)
    found = estimated(change_between(measured(later), measured(earlier)))
    variances = [group.var(ddof=1) / group.size for group in groups]
    total = sum(variances)
    df = total**2 / sum(v**2 / (group.size - 1) for v, group in zip(variances, groups, strict=True))
    means = [group.mean() for group in groups]
    assert found.estimate == pytest.approx(means[0] - means[1] - means[2] + means[3], abs=1e-12)
    assert found.se == pytest.approx(math.sqrt(total), rel=1e-12)
    assert found.df == pytest.approx(df, rel=1e-9)


def test_perception_minus_expectation_is_the_change_of_the_gap() -> None:
    gap = change_of_gap(Measured(50, -0.6, 0.1, 49), Measured(50, -1.5, 0.1, 49))
    perception = estimated(change_between(Measured(50, 5.0, 0.1, 49), Measured(50, 4.5, 0.1, 49)))
    expectation = estimated(change_between(Measured(50, 5.6, 0.1, 49), Measured(50, 6.0, 0.1, 49)))
    assert isinstance(gap, GapChange)
    assert gap.change.estimate == pytest.approx(perception.estimate - expectation.estimate, abs=1e-12)


@pytest.mark.parametrize(
    ("later", "earlier", "se", "word"),
    [
        (-0.05, -1.2, 0.1, "closed"),
        (-0.6, -1.2, 0.1, "smaller"),
        (0.4, -1.2, 0.1, "smaller"),
        (-1.8, -1.2, 0.1, "larger"),
        (1.0, 0.5, 0.05, "larger"),
        (-1.2, -1.15, 0.05, "unchanged"),
        (-0.9, -1.2, 0.2, "undecided"),
        (0.6, -0.6, 0.1, "undecided"),
        (-1.8, 1.2, 0.1, "larger"),
    ],
)
def test_the_word(later: float, earlier: float, se: float, word: str) -> None:
    found = change_of_gap(Measured(100, later, se, 99), Measured(100, earlier, se, 99))
    assert isinstance(found, GapChange)
    half = stats.t.ppf(0.95, 99) * se
    none = [abs(gap) + half < 0.3 for gap in (later, earlier)]
    said = verdict(
        found, q_value=found.size.p_value, is_none_later=none[0], is_none_earlier=none[1], scale_range=6
    )
    assert said == word


def test_a_gap_that_is_no_gap_any_more_by_chance_is_not_closed() -> None:
    found = change_of_gap(Measured(200, 0.0, 0.1, 199), Measured(20, -0.5, 0.4, 19))
    assert isinstance(found, GapChange)
    word = verdict(
        found, q_value=found.size.p_value, is_none_later=True, is_none_earlier=False, scale_range=6
    )
    assert word == "undecided"


def test_edges_are_typed_or_raised() -> None:
    flat = from_mean(12, 7.0, None, None)
    assert change_between(flat, Measured(9, 6.0, 0.2, 8)) == NotEnough("no_variation", 9, 2, 1.0)
    single = change_of_gap(from_mean(1, 7.0, None, None), Measured(9, 6.0, 0.2, 8))
    assert single == NotEnough("too_few", 1, 2, 1.0)
    assert (
        verdict(single, q_value=None, is_none_later=False, is_none_earlier=False, scale_range=6)
        == "undecided"
    )
    with pytest.raises(StatisticsError):
        change_between(Measured(9, math.nan, 0.2, 8), Measured(9, 6.0, 0.2, 8))
    found = change_of_gap(Measured(9, 6.0, 0.2, 8), Measured(9, 6.0, 0.2, 8))
    with pytest.raises(StatisticsError):
        verdict(found, q_value=None, is_none_later=False, is_none_earlier=False, scale_range=6)


def test_false_alarms_stay_at_five_percent() -> None:
    rng = np.random.default_rng(11)
    draws, alarms = 20_000, 0
    for _ in range(draws):
        groups = rng.normal(-1, 1.0, 40), rng.normal(-1, 1.8, 15)
        sides = [Measured(x.size, x.mean(), x.std(ddof=1) / math.sqrt(x.size), x.size - 1) for x in groups]
        alarms += estimated(change_between(*sides)).p_value <= 0.05
    monte_carlo_error = math.sqrt(0.05 * 0.95 / draws)
    assert alarms / draws == pytest.approx(0.05, abs=4 * monte_carlo_error)
