"""Parts of a change between waves against scipy, statsmodels and pandas, their identities and their edges."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.change import ChangeEstimate, Measured
from diagnosis.stats.correlation import PearsonEstimate
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough
from diagnosis.stats.wave_parts import (
    MixEffect,
    Segment,
    difference_in_differences,
    expected_return,
    figures_correlation,
    leaver_bias,
    mix_effect,
    panel_change,
    pooled,
)

SIZES = st.integers(1, 5000)
MEANS = st.floats(-6, 7)
SEGMENTS = st.lists(st.tuples(SIZES, MEANS, SIZES, MEANS), min_size=2, max_size=8)


def draw(n: int, mean: float, seed: int) -> np.ndarray:
    return np.clip(np.random.default_rng(seed).normal(mean, 1.2, n).round(2), 1, 7)


def estimated(found: ChangeEstimate | NotEnough) -> ChangeEstimate:
    assert isinstance(found, ChangeEstimate)
    return found


@given(SEGMENTS)
def test_parts_of_a_mix_effect_are_exactly_the_change_of_the_total(
    rows: list[tuple[int, float, int, float]],
) -> None:
    later = {str(index): Segment(row[0], row[1]) for index, row in enumerate(rows)}
    earlier = {str(index): Segment(row[2], row[3]) for index, row in enumerate(rows)}
    found, back = mix_effect(later, earlier), mix_effect(earlier, later)
    assert isinstance(found, MixEffect)
    assert isinstance(back, MixEffect)
    table = pd.DataFrame(rows, columns=["n2", "m2", "n1", "m1"])
    total = np.average(table.m2, weights=table.n2) - np.average(table.m1, weights=table.n1)
    assert found.within + found.mix == found.total
    assert found.total == pytest.approx(total, abs=1e-11)
    assert (back.within, back.mix) == pytest.approx((-found.within, -found.mix), abs=1e-11)


def test_only_shares_or_only_means_moved() -> None:
    before = {"A": Segment(50, 3.0), "B": Segment(50, 5.0)}
    shares = mix_effect({"A": Segment(20, 3.0), "B": Segment(80, 5.0)}, before)
    means = mix_effect({"A": Segment(100, 4.0), "B": Segment(100, 5.0)}, before)
    assert isinstance(shares, MixEffect)
    assert isinstance(means, MixEffect)
    assert (shares.within, shares.mix) == pytest.approx((0.0, 0.6))
    assert (means.within, means.mix) == pytest.approx((0.5, 0.0))


def test_a_mix_effect_needs_the_same_two_segments() -> None:
    one, two = {"A": Segment(9, 3.0)}, {"A": Segment(9, 3.0), "B": Segment(9, 4.0)}
    assert mix_effect(one, one) == NotEnough("too_few", 1, 2)
    assert mix_effect(two, one) == NotEnough("not_defined", 2, 2)
    assert mix_effect(two, one | {"B": Segment(0, 1.0)}) == NotEnough("not_defined", 2, 2)
    with pytest.raises(StatisticsError):
        mix_effect(two, one | {"B": Segment(-1, 1.0)})
    with pytest.raises(StatisticsError):
        mix_effect(two, one | {"B": Segment(1, float("nan"))})


def test_a_panel_change_is_the_paired_test() -> None:
    before, after = draw(40, 4.0, 1), draw(40, 4.6, 2)
    after[3] = before[7] = np.nan
    both = ~np.isnan(before) & ~np.isnan(after)
    found = estimated(panel_change(after, before))
    expected = stats.ttest_rel(after[both], before[both])
    interval, narrow = expected.confidence_interval(0.95), expected.confidence_interval(0.90)
    assert found.df == 37
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high), abs=1e-9)
    assert (found.ci90_low, found.ci90_high) == pytest.approx((narrow.low, narrow.high), abs=1e-9)


def test_a_panel_without_enough_says_so() -> None:
    nan = np.array([np.nan, np.nan])
    assert panel_change(nan, nan) == NotEnough("too_few", 0, 2)
    assert panel_change(np.array([4.0]), np.array([3.0])) == NotEnough("too_few", 1, 2, 1.0)
    assert panel_change(np.array([4.0, 5.0]), np.array([3.0, 4.0])) == NotEnough("no_variation", 2, 2, 1.0)
    with pytest.raises(StatisticsError):
        panel_change(np.zeros(3), np.zeros(2))


def test_difference_in_differences_is_the_interaction_with_robust_errors() -> None:
    cells = [draw(60, 5.0, 3), draw(45, 4.0, 4), draw(80, 4.4, 5), draw(70, 4.2, 6)]
    found = estimated(difference_in_differences((cells[0], cells[1]), (cells[2], cells[3])))
    labels = [(1, 1), (1, 0), (0, 1), (0, 0)]
    table = pd.concat(
        pd.DataFrame({"score": cell, "treated": treated, "wave": wave})
        for cell, (treated, wave) in zip(cells, labels, strict=True)
    )
    fit = smf.ols("score ~ treated * wave", table).fit(cov_type="HC2")
    assert found.estimate == pytest.approx(fit.params["treated:wave"], abs=1e-10)
    assert found.se == pytest.approx(fit.bse["treated:wave"], abs=1e-10)
    variances = np.array([cell.var(ddof=1) / cell.size for cell in cells])
    df = variances.sum() ** 2 / sum(v**2 / (c.size - 1) for v, c in zip(variances, cells, strict=True))
    assert found.df == pytest.approx(df, rel=1e-9)


@given(st.integers(0, 10_000))
def test_difference_in_differences_is_antisymmetric(seed: int) -> None:
    treated = draw(12, 4.5, seed), draw(9, 4.0, seed + 1)
    untreated = draw(15, 4.2, seed + 2), draw(8, 4.1, seed + 3)
    found = estimated(difference_in_differences(treated, untreated))
    back = estimated(difference_in_differences(untreated, treated))
    assert (back.estimate, back.ci_low, back.ci_high) == pytest.approx(
        (-found.estimate, -found.ci_high, -found.ci_low), abs=1e-12
    )
    assert back.se == pytest.approx(found.se)


def test_difference_in_differences_needs_all_four_groups() -> None:
    good = draw(9, 4.0, 1), draw(9, 4.0, 2)
    empty, same = np.array([]), np.full(6, 4.0)
    assert difference_in_differences((empty, good[0]), good) == NotEnough("too_few", 0, 2)
    assert difference_in_differences(good, (same, good[1])) == NotEnough("no_variation", 6, 2)
    assert difference_in_differences(good, (np.array([4.0]), good[1])) == NotEnough("too_few", 1, 2)


def test_leavers_are_compared_by_welch() -> None:
    scores = draw(50, 4.3, 8)
    stayed = np.arange(50) % 3 > 0
    found = estimated(leaver_bias(scores, stayed))
    expected = stats.ttest_ind(scores[stayed], scores[~stayed], equal_var=False)
    assert found.p_value == pytest.approx(expected.pvalue, rel=1e-6)
    assert found.estimate == pytest.approx(scores[stayed].mean() - scores[~stayed].mean())
    assert leaver_bias(scores, np.ones(50, dtype=bool)) == NotEnough("too_few", 0, 2)
    with pytest.raises(StatisticsError):
        leaver_bias(scores, stayed[:9])


def test_a_worst_figure_returns_by_itself() -> None:
    found = expected_return(-1.2, -2.0, mean_earlier=-1.0, correlation=0.6)
    assert not isinstance(found, NotEnough)
    assert (found.change, found.by_itself, found.beyond) == pytest.approx((0.8, 0.4, 0.4))
    assert isinstance(expected_return(-1.2, -2.0, mean_earlier=-1.0, correlation=-0.1), NotEnough)
    with pytest.raises(StatisticsError):
        expected_return(float("nan"), -2.0, mean_earlier=-1.0, correlation=0.5)


def measured(scores: np.ndarray) -> Measured:
    n = scores.size
    if n < 2 or scores.std() == 0:
        return Measured(n, float(scores.mean()), None, None)
    return Measured(n, float(scores.mean()), float(stats.sem(scores)), n - 1.0)


def segment(scores: np.ndarray) -> Segment:
    found = measured(scores)
    return Segment(found.n, found.estimate, found.se, found.df)


def test_the_interval_of_within_is_welchs_of_weighted_means() -> None:
    later = {"A": draw(40, 4.0, 1), "B": draw(60, 5.0, 2)}
    earlier = {"A": draw(50, 3.5, 3), "B": draw(30, 5.2, 4)}
    found = mix_effect(*({code: segment(one) for code, one in wave.items()} for wave in (later, earlier)))
    assert isinstance(found, MixEffect)
    shares = {"A": (40 / 100 + 50 / 80) / 2, "B": (60 / 100 + 30 / 80) / 2}
    parts = [(shares[code], wave[code]) for wave in (later, earlier) for code in shares]
    squares = [(share * stats.sem(one)) ** 2 for share, one in parts]
    df = sum(squares) ** 2 / sum(
        each**2 / (one.size - 1) for each, (_share, one) in zip(squares, parts, strict=True)
    )
    half = stats.t.ppf(0.975, df) * np.sqrt(sum(squares))
    assert (found.ci_low, found.ci_high) == pytest.approx((found.within - half, found.within + half))


def test_groups_put_together_are_one_group_of_all_their_persons() -> None:
    groups = [draw(12, 4.0, 5), draw(7, 5.5, 6), np.array([2.0]), np.full(3, 6.0)]
    found, every = pooled([measured(one) for one in groups]), np.concatenate(groups)
    assert (found.n, found.df) == (every.size, every.size - 1)
    assert (found.estimate, found.se) == pytest.approx((every.mean(), stats.sem(every)))
    assert pooled([Measured(3, 6.0, None, None), Measured(2, 6.0, None, None)]) == Measured(
        5, 6.0, None, None
    )
    for nobody in ([], [Measured(0, 0.0, None, None)]):
        with pytest.raises(StatisticsError, match="need persons"):
            pooled(nobody)


def test_how_far_figures_return_needs_five_of_them_in_both_waves() -> None:
    later, earlier = draw(9, 4.0, 7), draw(9, 4.0, 8)
    found = figures_correlation(later, earlier)
    assert isinstance(found, PearsonEstimate)
    assert found.r == pytest.approx(stats.pearsonr(later, earlier).statistic)
    assert figures_correlation(later[:4], earlier[:4]) == NotEnough("too_few", 4, 5)
    with pytest.raises(StatisticsError, match="both waves"):
        figures_correlation(later, earlier[:4])
