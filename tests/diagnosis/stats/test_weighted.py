"""Weighted figures against statsmodels, weights that meet their margins, adjusted p-values, further effect sizes."""

import math

import numpy as np
import pingouin as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from diagnosis.stats.adjusting import adjust_p
from diagnosis.stats.effect_variants import PairedEffects, average_variance_d, glass_delta, paired_effects
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.means import estimate_mean
from diagnosis.stats.proportions import clopper_pearson_interval, share_error, share_margin_of_error
from diagnosis.stats.raking import post_stratify, rake
from diagnosis.stats.results import EffectEstimate, MeanEstimate, NotEnough, ProportionEstimate
from diagnosis.stats.weighted import (
    WeightedDifference,
    WeightedSummary,
    weighted_difference,
    weighted_summary,
)

NAN = math.nan
RANDOM = np.random.default_rng(44)
Y = RANDOM.integers(1, 8, 80).astype(float)
W = RANDOM.uniform(0.2, 3.0, 80)
GROUP = RANDOM.random(80) < 0.4


def summary_of(values: object, weights: object) -> WeightedSummary:
    answer = weighted_summary(values, weights)  # type: ignore[arg-type]
    assert isinstance(answer, WeightedSummary)
    return answer


def test_weighted_summary_matches_statsmodels() -> None:
    answer, oracle = summary_of([*Y, NAN], [*W, 5.0]), DescrStatsW(Y, W)
    assert answer.mean == pytest.approx(oracle.mean)
    assert answer.variance == pytest.approx(oracle.var * 80 / 79)
    assert answer.effective_n == pytest.approx(W.sum() ** 2 / (W**2).sum())
    assert answer.design_effect == pytest.approx(80 / answer.effective_n)
    np.testing.assert_allclose(answer.unbiased_variance, np.cov(Y, aweights=W))
    residual = W * (Y - answer.mean)
    assert answer.se == pytest.approx(math.sqrt(80 / 79 * (residual**2).sum()) / W.sum())


def test_equal_weights_give_the_plain_figures() -> None:
    answer, plain = summary_of(Y, np.full(80, 2.5)), estimate_mean(Y)
    assert isinstance(plain, MeanEstimate)
    assert (answer.mean, answer.se, answer.effective_n) == pytest.approx((plain.mean, plain.se, 80))
    assert answer.quartiles == pytest.approx(tuple(np.quantile(Y, [0.25, 0.5, 0.75], method="inverted_cdf")))


@given(st.floats(0.01, 1000))
def test_scale_of_weights_does_not_matter(factor: float) -> None:
    one, two = summary_of(Y, W), summary_of(Y, W * factor)
    assert two.sum_of_weights == pytest.approx(one.sum_of_weights * factor)
    assert (two.mean, two.se, two.variance, two.effective_n) == pytest.approx(
        (one.mean, one.se, one.variance, one.effective_n)
    )
    assert two.quartiles == one.quartiles


def test_odd_weights() -> None:
    assert summary_of(Y[:3], [0, 1, 2]).n == 2
    assert weighted_summary([1, NAN], [1, 1]) == NotEnough("too_few", 1, 2)
    assert weighted_summary([], []) == NotEnough("too_few", 0, 2)
    for wrong in ([-1, 1], [NAN, 1], [0, 0], [1]):
        with pytest.raises(StatisticsError):
            weighted_summary([1, 2], wrong)


def test_weighted_difference_with_equal_weights_is_nearly_welchs() -> None:
    answer = weighted_difference(Y, np.ones(80), GROUP)
    assert isinstance(answer, WeightedDifference)
    expected = stats.ttest_ind(Y[GROUP], Y[~GROUP], equal_var=False)
    assert answer.difference == pytest.approx(Y[GROUP].mean() - Y[~GROUP].mean())
    assert answer.t == pytest.approx(expected.statistic, rel=0.03)
    assert answer.ci_low < answer.difference < answer.ci_high
    back = weighted_difference(Y, W, ~GROUP)
    there = weighted_difference(Y, W, GROUP)
    assert isinstance(back, WeightedDifference)
    assert isinstance(there, WeightedDifference)
    assert (there.difference, there.p_value) == pytest.approx((-back.difference, back.p_value))


def test_weighted_difference_states_what_is_missing() -> None:
    assert weighted_difference([1, 2, 3], [1, 1, 1], [True, False, False]) == NotEnough("too_few", 1, 2)
    constant = weighted_difference([1, 1, 3, 3], [1, 2, 1, 1], [True, True, False, False])
    assert constant == NotEnough("no_variation", 2, 2, -2.0)
    with pytest.raises(StatisticsError):
        weighted_difference([1, 2], [1, 1], [True])


def test_post_stratified_weights_meet_the_population() -> None:
    cells = ["north"] * 30 + ["south"] * 10
    fitted = post_stratify(cells, {"north": 500, "south": 500, "sea": 0})
    assert fitted.converged
    assert fitted.weights[:30].sum() == pytest.approx(fitted.weights[30:].sum()) == pytest.approx(20)
    assert fitted.effective_n == pytest.approx(40**2 / (30 * (2 / 3) ** 2 + 10 * 4))
    assert (fitted.smallest, fitted.largest) == pytest.approx((2 / 3, 2.0))


def test_raked_weights_meet_every_margin() -> None:
    random = np.random.default_rng(5)
    region, value = random.choice(["n", "s", "w"], 200), random.choice(["a", "b"], 200, p=[0.8, 0.2])
    targets = {"region": {"n": 0.2, "s": 0.3, "w": 0.5}, "value": {"a": 0.6, "b": 0.4}}
    fitted = rake({"region": list(region), "value": list(value)}, targets)
    assert fitted.converged
    for name, held in (("region", region), ("value", value)):
        for category, share in targets[name].items():
            assert fitted.weights[held == category].sum() / 200 == pytest.approx(share, abs=1e-8)
    assert fitted.weights.mean() == pytest.approx(1)


def test_margins_that_contradict_each_other_do_not_converge() -> None:
    same = ["x"] * 5 + ["y"] * 5
    fitted = rake({"one": same, "two": same}, {"one": {"x": 0.5, "y": 0.5}, "two": {"x": 0.9, "y": 0.1}})
    assert not fitted.converged
    assert fitted.largest_miss > 0.3


@pytest.mark.parametrize(
    ("margins", "totals", "words"),
    [
        ({"r": ["n"]}, {"r": {"s": 1}}, "no total above 0 for n"),
        ({"r": ["n"]}, {"r": {"n": 1, "s": 1}}, "nobody answered in s"),
        ({"r": ["n"]}, {"r": {"n": -1}}, "not all 0"),
        ({"r": ["n"]}, {"r": {"n": 0}}, "not all 0"),
        ({"r": ["n"]}, {}, "both"),
        ({}, {}, "both"),
        ({"r": [], "v": []}, {"r": {}, "v": {}}, "for each person"),
        ({"r": ["n"], "v": ["a", "b"]}, {"r": {"n": 1}, "v": {"a": 1, "b": 1}}, "for each person"),
    ],
)
def test_margins_that_do_not_fit_are_refused(margins: dict, totals: dict, words: str) -> None:
    with pytest.raises(StatisticsError, match=words):
        rake(margins, totals)


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("BH", "fdr_bh"),
        ("BY", "fdr_by"),
        ("holm", "holm"),
        ("hochberg", "simes-hochberg"),
        ("bonferroni", "bonferroni"),
    ],
)
def test_adjusted_p_matches_statsmodels(method: str, name: str) -> None:
    p_values = np.random.default_rng(1).uniform(0, 0.2, 15)
    p_values[3] = p_values[4]
    answer = adjust_p([*p_values, NAN], method)  # type: ignore[arg-type]
    np.testing.assert_allclose(answer[:-1], multipletests(p_values, method=name)[1])
    assert math.isnan(answer[-1])


def test_adjusted_p_of_a_larger_family() -> None:
    assert adjust_p([0.01, 0.02], "holm", n_tests=5).tolist() == pytest.approx([0.05, 0.08])
    assert adjust_p([0.01, 0.02], "BH", n_tests=4).tolist() == pytest.approx([0.04, 0.04])
    assert adjust_p([], "holm").size == 0
    for p_values, method, n in (([1.2], "holm", None), ([0.1, 0.2], "holm", 1), ([0.1], "none", None)):
        with pytest.raises(StatisticsError):
            adjust_p(p_values, method, n_tests=n)  # type: ignore[arg-type]


def test_paired_effects_match_pingouin() -> None:
    later, earlier = Y, np.clip(Y + RANDOM.choice([-1, 0, 0, 1], 80), 1, 7)
    answer = paired_effects([*later, NAN], [*earlier, 1.0])
    assert isinstance(answer, PairedEffects)
    assert answer.d_av == pytest.approx(pg.compute_effsize(later, earlier, paired=True, eftype="cohen"))
    differences = later - earlier
    assert answer.d_z == pytest.approx(differences.mean() / differences.std(ddof=1))
    assert answer.d_rm == pytest.approx(
        answer.d_z * math.sqrt(2 * (1 - stats.pearsonr(later, earlier).statistic))
    )
    assert answer.d_glass == pytest.approx(differences.mean() / earlier.std(ddof=1))
    assert answer.d_av_mean_sd == pytest.approx(
        differences.mean() / ((later.std(ddof=1) + earlier.std(ddof=1)) / 2)
    )
    assert answer.g_z_approximate == pytest.approx(answer.d_z * (1 - 3 / (4 * 79 - 1)))


def test_effects_state_what_is_missing() -> None:
    assert paired_effects([1, 2], [2, 1]) == NotEnough("too_few", 2, 3)
    assert paired_effects([1, 2, 3], [2, 3, 4]) == NotEnough("no_variation", 3, 3, -1.0)
    assert average_variance_d([1], [1, 2]) == NotEnough("too_few", 1, 2)
    assert average_variance_d([1, 1], [2, 2]) == NotEnough("no_variation", 2, 2, -1.0)
    assert glass_delta([1], [1, 2]) == NotEnough("too_few", 1, 2)
    assert glass_delta([1, 2], [2, 2]) == NotEnough("no_variation", 2, 2, -0.5)


def test_effects_of_two_groups() -> None:
    one, two = Y[GROUP], Y[~GROUP] - 0.7
    average, glass = average_variance_d(one, two), glass_delta(one, two)
    assert isinstance(average, EffectEstimate)
    assert isinstance(glass, EffectEstimate)
    mean = one.mean() - two.mean()
    assert average.effect_size == pytest.approx(mean / math.sqrt((one.var(ddof=1) + two.var(ddof=1)) / 2))
    assert glass.effect_size == pytest.approx(mean / two.std(ddof=1))
    for answer in (average, glass):
        assert answer.ci_low < answer.effect_size < answer.ci_high


@pytest.mark.parametrize(("successes", "n"), [(0, 20), (20, 20), (7, 31), (1, 1)])
def test_clopper_pearson_matches_scipy(successes: int, n: int) -> None:
    expected = stats.binomtest(successes, n).proportion_ci(method="exact")
    answer = clopper_pearson_interval(successes, n)
    assert isinstance(answer, ProportionEstimate)
    assert (answer.ci_low, answer.ci_high) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_exact_interval_refuses_what_is_no_share() -> None:
    assert clopper_pearson_interval(0, 0) == NotEnough("too_few", 0, 1)
    for function in (clopper_pearson_interval, share_error):
        with pytest.raises(StatisticsError):
            function(3, 2)


def test_margin_of_a_share_is_its_error_times_z() -> None:
    error, margin = share_error(7, 31, population=90), share_margin_of_error(7, 31, population=90)
    assert error == pytest.approx(math.sqrt(7 / 31 * 24 / 31 / 31) * math.sqrt(59 / 89))
    assert margin == pytest.approx(1.959963985 * error)
    assert share_error(0, 1, fpc_rule="design") == NotEnough("too_few", 1, 2)


def test_normal_limits_are_narrower() -> None:
    t, z = estimate_mean(Y[:12]), estimate_mean(Y[:12], limits="normal")
    assert isinstance(t, MeanEstimate)
    assert isinstance(z, MeanEstimate)
    assert z.ci_high == pytest.approx(z.mean + 1.959963985 * (z.se or 0))
    assert (t.ci_high or 0) > (z.ci_high or 0)
