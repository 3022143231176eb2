"""Several groups, units, correlations and tables of counts against statsmodels, pingouin and scipy."""

import math
import warnings

import numpy as np
import pandas as pd
import pingouin as pg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.regression.mixed_linear_model import MixedLM
from statsmodels.stats.oneway import anova_oneway

from diagnosis.stats.anova import WelchAnovaEstimate, games_howell, welch_anova
from diagnosis.stats.contingency import IndependenceEstimate, chi_square_independence
from diagnosis.stats.correlation import (
    CorrelationMatrix,
    PearsonEstimate,
    correlation_matrix,
    pearson,
    repaired,
)
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.intraclass import IntraclassEstimate, intraclass_correlation
from diagnosis.stats.results import NotEnough
from diagnosis.stats.studentized_range import studentized_range_p, studentized_range_quantile

NAN = math.nan
DRAW = np.random.default_rng(12)
BRANCHES = {
    name: DRAW.normal(mean, sd, n)
    for name, mean, sd, n in (("a", 4, 1, 30), ("b", 5, 2, 12), ("c", 4, 0.5, 20))
}


def test_welch_anova_matches_statsmodels() -> None:
    answer = welch_anova(list(BRANCHES.values()))
    expected = anova_oneway(list(BRANCHES.values()), use_var="unequal", welch_correction=True)
    assert isinstance(answer, WelchAnovaEstimate)
    assert answer.f == pytest.approx(expected.statistic)
    assert answer.p_value == pytest.approx(expected.pvalue)
    assert (answer.df1, answer.df2) == pytest.approx(expected.df)


def test_two_groups_are_welchs_t_test() -> None:
    answer = welch_anova([BRANCHES["a"], BRANCHES["b"]])
    expected = stats.ttest_ind(BRANCHES["a"], BRANCHES["b"], equal_var=False)
    assert isinstance(answer, WelchAnovaEstimate)
    assert answer.f == pytest.approx(expected.statistic**2)
    assert answer.p_value == pytest.approx(expected.pvalue)
    pairs = games_howell({"a": BRANCHES["a"], "b": BRANCHES["b"]})
    assert isinstance(pairs, tuple)
    assert pairs[0].p_value == pytest.approx(expected.pvalue, abs=1e-10)
    low, high = expected.confidence_interval(0.95)
    assert (pairs[0].ci_low, pairs[0].ci_high) == pytest.approx((low, high), abs=1e-6)


def test_games_howell_matches_pingouin() -> None:
    long = pd.DataFrame(
        [(name, value) for name, held in BRANCHES.items() for value in held], columns=["g", "y"]
    )
    expected = pg.pairwise_gameshowell(long, dv="y", between="g")
    pairs = games_howell(BRANCHES)
    assert isinstance(pairs, tuple)
    assert [(pair.first, pair.second) for pair in pairs] == list(
        zip(expected["A"], expected["B"], strict=True)
    )
    assert [pair.p_value for pair in pairs] == pytest.approx(list(expected["pval"]), abs=1e-8)


def test_groups_that_cannot_be_compared() -> None:
    assert welch_anova([[1, 2]]) == NotEnough("too_few", 1, 2)
    assert welch_anova([[1, 2], [1]]) == NotEnough("too_few", 1, 2)
    assert games_howell({"a": [1, 2], "b": [3, 3]}) == NotEnough("no_variation", 2, 2)


@pytest.mark.parametrize(("groups", "df"), [(2, 1.0), (3, 4.7), (6, 20.3), (9, 150.0), (4, 5000.0)])
def test_studentised_range_matches_scipy(groups: int, df: float) -> None:
    for q in (0.2, 1.5, 3.5, 7.0):
        assert studentized_range_p(q, groups, df) == pytest.approx(
            stats.studentized_range.sf(q, groups, df), abs=1e-8
        )
    for probability in (0.05, 0.5, 0.95, 0.999):
        q = studentized_range_quantile(probability, groups, df)
        assert 1 - studentized_range_p(q, groups, df) == pytest.approx(probability, abs=1e-6)


def test_studentised_range_keeps_its_far_tail() -> None:
    assert 0 < studentized_range_p(15, 3, 400) < 1e-20
    for wrong in ((1.0, 1, 5.0), (1.0, 3, 0.5), (-1.0, 3, 5.0)):
        with pytest.raises(StatisticsError):
            studentized_range_p(*wrong)


def units_of(units: object) -> IntraclassEstimate:
    answer = intraclass_correlation(units)  # type: ignore[arg-type]
    assert isinstance(answer, IntraclassEstimate)
    return answer


def test_intraclass_matches_pingouin_where_units_are_equal() -> None:
    table = np.random.default_rng(2).normal(size=(12, 6)) + np.arange(12)[:, None] / 4
    long = pd.DataFrame([(u, r, table[u, r]) for u in range(12) for r in range(6)], columns=["u", "r", "y"])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = pg.intraclass_corr(long, targets="u", raters="r", ratings="y")["ICC"]
    answer = units_of(list(table))
    assert answer.icc1 == pytest.approx(expected.iloc[0])
    assert answer.icc2 == pytest.approx(expected.iloc[3])
    assert answer.icc1 == pytest.approx(answer.icc1_k0) == pytest.approx(answer.icc1_reml, abs=1e-6)
    assert (answer.mean_size, answer.k0) == pytest.approx((6, 6))


def test_intraclass_matches_mixed_models_where_units_differ() -> None:
    random = np.random.default_rng(3)
    units = [
        random.normal(shift, 1, n)
        for shift, n in zip(random.normal(0, 0.8, 15), random.integers(3, 25, 15), strict=True)
    ]
    answer = units_of(units)
    y, unit = np.concatenate(units), np.repeat(np.arange(15), [len(u) for u in units])
    fitted = MixedLM(y, np.ones((y.size, 1)), unit).fit(reml=True)
    between = float(fitted.cov_re[0, 0])
    assert answer.icc1_reml == pytest.approx(between / (between + fitted.scale), abs=1e-4)
    f = stats.f_oneway(*units)
    assert (answer.f, answer.p_value) == pytest.approx((f.statistic, f.pvalue))


def test_intraclass_at_the_edges() -> None:
    negative = units_of([[1, 5], [5, 1], [3, 3], [NAN]])
    assert (negative.icc1, negative.icc2, negative.icc1_reml) == (-1.0, None, 0.0)
    assert intraclass_correlation([[1, 2, 3]]) == NotEnough("too_few", 1, 2)
    assert intraclass_correlation([[1], [2]]) == NotEnough("too_few", 2, 3)
    assert intraclass_correlation([[1, 1], [2, 2]]) == NotEnough("no_variation", 4, 3)


def test_pearson_matches_scipy() -> None:
    x = DRAW.normal(size=40)
    y = x + DRAW.normal(size=40)
    expected = stats.pearsonr(x, y)
    answer = pearson([*x, NAN], [*y, 1.0])
    assert isinstance(answer, PearsonEstimate)
    assert (answer.r, answer.p_value) == pytest.approx((expected.statistic, expected.pvalue))
    assert (answer.ci_low, answer.ci_high) == pytest.approx(tuple(expected.confidence_interval()))


def test_pearson_states_what_is_missing() -> None:
    assert pearson([1, 2], [1, 2]) == NotEnough("too_few", 2, 3)
    assert pearson([1, 1, 1], [1, 2, 3]) == NotEnough("no_variation", 3, 3)
    assert pearson([1, 2, 3], [3, 2, 1]) == PearsonEstimate(3, -1.0, None, 0.0, None, None)
    three = pearson([1, 2, 3], [1, 3, 2])
    assert isinstance(three, PearsonEstimate)
    assert three.ci_low is None


def with_holes() -> np.ndarray:
    random = np.random.default_rng(9)
    ratings = random.integers(1, 8, (60, 4)).astype(float) + random.normal(size=(60, 1)) + 1e6
    ratings[random.random((60, 4)) < 0.15] = NAN
    return ratings


def test_correlation_matrix_matches_pandas() -> None:
    ratings = with_holes()
    frame = pd.DataFrame(ratings)
    pairwise, listwise = correlation_matrix(ratings), correlation_matrix(ratings, rule="listwise")
    assert isinstance(pairwise, CorrelationMatrix)
    assert isinstance(listwise, CorrelationMatrix)
    np.testing.assert_allclose(pairwise.values, frame.corr(), atol=1e-8)
    np.testing.assert_allclose(listwise.values, frame.dropna().corr(), atol=1e-8)
    assert listwise.is_valid
    np.testing.assert_array_equal(repaired(listwise), listwise.values)


def test_impossible_correlations_are_noticed_and_repaired() -> None:
    a, b = [1, 2, 3, 4, NAN, NAN, NAN, NAN], [1, 2, 3, 4, 1, 2, 3, 4]
    c = [4, 3, 2, 1.5, 1, 2, 3, 4.5]
    a[4:], b[:4] = [1, 2, 3, 5], [1, 2, 4, 3]
    ratings = np.column_stack([a, b, c])
    ratings = np.vstack(
        [
            ratings,
            [[NAN, k, -k] for k in range(9)],
            [[k, NAN, k] for k in range(9)],
            [[k, k, NAN] for k in range(9)],
        ]
    )
    matrix = correlation_matrix(ratings)
    assert isinstance(matrix, CorrelationMatrix)
    assert not matrix.is_valid
    smooth = repaired(matrix)
    assert np.linalg.eigvalsh(smooth)[0] >= 0
    np.testing.assert_allclose(np.diag(smooth), 1)


def test_correlation_matrix_needs_persons_and_variation() -> None:
    assert correlation_matrix([[1, 2], [2, 1]]) == NotEnough("too_few", 2, 3)
    assert correlation_matrix(np.empty((5, 0))) == NotEnough("too_few", 0, 3)
    assert correlation_matrix([[1, 2], [2, 2], [3, 2]]) == NotEnough("no_variation", 3, 3)


def test_independence_matches_scipy() -> None:
    table = np.array([[20, 30, 10], [15, 10, 40]])
    expected = stats.chi2_contingency(table, correction=False)
    answer = chi_square_independence(np.insert(table, 1, 0, axis=1))
    assert isinstance(answer, IndependenceEstimate)
    assert (answer.chi_square, answer.p_value, answer.df) == pytest.approx(
        (expected.statistic, expected.pvalue, expected.dof)
    )
    assert answer.cramers_v == pytest.approx(stats.contingency.association(table))
    assert answer.adjusted_residuals.shape == (2, 4)
    assert answer.adjusted_residuals[:, 1].tolist() == [0, 0]
    assert not answer.is_approximate


@given(st.lists(st.lists(st.integers(0, 30), min_size=3, max_size=3), min_size=2, max_size=4))
def test_independence_is_finite_or_refused(counts: list[list[int]]) -> None:
    answer = chi_square_independence(counts)
    if isinstance(answer, NotEnough):
        assert answer.reason == "no_variation"
        return
    assert 0 <= answer.cramers_v <= 1
    assert 0 <= answer.cramers_v_corrected <= 1
    assert np.isfinite(answer.adjusted_residuals).all()


def test_independence_refuses_what_is_no_count() -> None:
    for wrong in ([[1.5, 2], [3, 4]], [[-1, 2], [3, 4]], [[NAN, 2], [3, 4]]):
        with pytest.raises(StatisticsError):
            chi_square_independence(wrong)
    few = chi_square_independence([[1, 0], [0, 1]])
    assert isinstance(few, IndependenceEstimate)
    assert few.is_approximate
    assert few.cramers_v_corrected == 0.0
