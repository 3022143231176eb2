"""Least squares beside statsmodels, its refusals, and correlations freed of other predictors beside pingouin."""

import numpy as np
import pandas
import pingouin
import pytest
import statsmodels.api as sm
from statsmodels.stats.outliers_influence import variance_inflation_factor

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.regression import (
    Regression,
    condition_index,
    ols,
    predictor_correlations,
    variance_inflation,
)
from diagnosis.stats.results import NotEnough

RANDOM = np.random.default_rng(31)
X = RANDOM.normal(5.0, 1.0, (140, 4)) + RANDOM.normal(0.0, 0.8, (140, 1))
Y = X @ [0.5, 0.3, 0.0, -0.2] + RANDOM.normal(0.0, 1.0, 140) * (0.5 + np.abs(X[:, 0] - 5.0))


def test_everything_agrees_with_statsmodels() -> None:
    fit = ols(Y, X)
    assert isinstance(fit, Regression)
    oracle = sm.OLS(Y, sm.add_constant(X)).fit()
    rows = [fit.intercept, *fit.coefficients]
    np.testing.assert_allclose([row.estimate for row in rows], oracle.params)
    np.testing.assert_allclose([row.se for row in rows], oracle.bse)
    np.testing.assert_allclose([row.t for row in rows], oracle.tvalues)
    np.testing.assert_allclose([row.p_value for row in rows], oracle.pvalues)
    np.testing.assert_allclose([[row.ci_low, row.ci_high] for row in rows], oracle.conf_int())
    np.testing.assert_allclose([row.se_hc3 for row in rows], oracle.HC3_se)
    assert (fit.r2, fit.adjusted_r2, fit.f, fit.p_value) == pytest.approx(
        (oracle.rsquared, oracle.rsquared_adj, oracle.fvalue, oracle.f_pvalue)
    )
    # R counts the residual variance as a parameter too
    assert fit.aic == pytest.approx(oracle.aic + 2.0)
    assert fit.bic == pytest.approx(oracle.bic + np.log(140))


def test_standardised_coefficients_are_those_of_z_scores() -> None:
    fit = ols(Y, X)
    assert isinstance(fit, Regression)
    z = (X - X.mean(axis=0)) / X.std(axis=0, ddof=1)
    oracle = sm.OLS((Y - Y.mean()) / Y.std(ddof=1), z).fit()
    np.testing.assert_allclose([row.beta for row in fit.coefficients], oracle.params)
    assert fit.intercept.beta is None


def test_persons_with_a_missing_value_are_left_out() -> None:
    y, x = Y.copy(), X.copy()
    y[3], x[7, 2] = np.nan, np.nan
    kept = np.setdiff1d(np.arange(140), [3, 7])
    assert ols(y, x) == ols(Y[kept], X[kept])


def test_inflation_and_condition_agree_with_their_definitions() -> None:
    design = sm.add_constant(X)
    expected = [variance_inflation_factor(design, column) for column in range(1, 5)]
    np.testing.assert_allclose(variance_inflation(X), expected)
    values = np.linalg.eigvalsh(np.corrcoef(X, rowvar=False))
    assert condition_index(X) == pytest.approx(np.sqrt(values[-1] / values[0]))
    assert variance_inflation(X[:, :1]) == pytest.approx((1.0,))


def test_freed_correlations_agree_with_pingouin() -> None:
    found = predictor_correlations(Y, X)
    assert not isinstance(found, NotEnough)
    data = pandas.DataFrame(np.column_stack([X, Y]), columns=["a", "b", "c", "d", "y"])
    for place, name in enumerate("abcd"):
        others = [other for other in "abcd" if other != name]
        partial = pingouin.partial_corr(data, name, "y", covar=others)["r"].iloc[0]
        semi = pingouin.partial_corr(data, name, "y", x_covar=others)["r"].iloc[0]
        assert found[place].partial == pytest.approx(partial)
        assert found[place].semipartial == pytest.approx(semi)
        assert found[place].zero_order == pytest.approx(data[name].corr(data["y"]))


@pytest.mark.parametrize(
    ("outcome", "predictors", "reason"),
    [
        (Y[:5], X[:5], "too_few"),
        (np.ones(30), X[:30], "no_variation"),
        (Y[:30], np.column_stack([X[:30, 0], np.full(30, 3.0)]), "no_variation"),
        (Y[:30], np.column_stack([X[:30, 0], 2.0 * X[:30, 0] + 1.0]), "not_defined"),
        (X[:30] @ [1.0, 2.0, 0.0, 1.0], X[:30], "no_variation"),
    ],
)
def test_what_cannot_be_fitted_is_stated(outcome: np.ndarray, predictors: np.ndarray, reason: str) -> None:
    answer = ols(outcome, predictors)
    assert isinstance(answer, NotEnough)
    assert answer.reason == reason


@pytest.mark.parametrize("statistic", [variance_inflation, condition_index])
def test_overlap_is_refused_where_it_has_no_value(statistic: object) -> None:
    assert callable(statistic)
    reasons = [
        statistic(X[:3]),
        statistic(np.column_stack([X[:, 0], np.ones(140)])),
        statistic(np.column_stack([X[:, 0], X[:, 0]])),
    ]
    assert [answer.reason for answer in reasons] == ["too_few", "no_variation", "not_defined"]
    assert isinstance(predictor_correlations(Y[:3], X[:3]), NotEnough)


def test_one_person_who_alone_fixes_a_coefficient_leaves_no_robust_error() -> None:
    x = np.column_stack([X[:20, 0], np.arange(20) == 4])
    fit = ols(Y[:20], x)
    assert isinstance(fit, Regression)
    assert {row.se_hc3 for row in fit.coefficients} == {None}


def test_wrong_shapes_raise() -> None:
    with pytest.raises(StatisticsError, match="same persons"):
        ols(Y[:10], X)
    with pytest.raises(StatisticsError, match="at least one predictor"):
        ols(Y, np.empty((140, 0)))
