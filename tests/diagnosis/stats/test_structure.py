"""Factors, omega and items of scales beside scikit-learn, statsmodels and plain formulas; what cannot be said."""

from typing import Any

import numpy as np
import pandas
import pingouin
import pytest
from scipy.optimize import minimize
from sklearn.decomposition import FactorAnalysis
from statsmodels.multivariate.factor_rotation import rotate_factors
from statsmodels.stats.weightstats import DescrStatsW

from diagnosis.stats import item_analysis, omega
from diagnosis.stats.bootstrap import BootstrapInterval
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.factor_analysis import (
    Adequacy,
    FactorCounts,
    FactorSolution,
    SingleFactor,
    count_factors,
    explore_factors,
    minres,
    needed_persons,
    oblimin,
    sampling_adequacy,
    single_factor,
)
from diagnosis.stats.results import NotEnough
from diagnosis.stats.scales import cronbach_alpha, item_rest_correlations, standardized_alpha
from diagnosis.stats.validity import heterotrait_ratio, tucker_congruence

RANDOM = np.random.default_rng(51)


def scale(n: int, loadings: list[float], seed: int = 1) -> np.ndarray:
    random = np.random.default_rng(seed)
    unique = np.sqrt(1.0 - np.square(loadings))
    return 4.0 + random.normal(size=(n, 1)) * loadings + random.normal(size=(n, len(loadings))) * unique


def two_factors(n: int = 600, seed: int = 2) -> np.ndarray:
    random = np.random.default_rng(seed)
    common = random.normal(size=(n, 1))
    sides = [common * 0.5 + random.normal(size=(n, 1)) for _side in range(2)]
    return np.column_stack([side * 0.8 + random.normal(size=(n, 3)) * 0.7 for side in sides])


def is_refused(answer: Any, reason: str) -> bool:
    return isinstance(answer, NotEnough) and answer.reason == reason


def test_omega_is_that_of_the_maximum_likelihood_factor() -> None:
    ratings = scale(400, [0.8, 0.7, 0.6, 0.5]) * [1.0, 2.0, 0.5, 1.5]
    found = omega.omega_total(ratings)
    assert isinstance(found, omega.OmegaEstimate)
    oracle = FactorAnalysis(1, tol=1e-13, max_iter=100_000, svd_method="lapack").fit(ratings)
    np.testing.assert_allclose(found.residuals, oracle.noise_variance_, rtol=1e-5)
    np.testing.assert_allclose(found.loadings, np.abs(oracle.components_[0]), rtol=1e-5)
    common = np.sum(found.loadings) ** 2
    assert found.omega == pytest.approx(common / (common + np.sum(found.residuals)))
    assert found.omega_observed == pytest.approx(common / ratings.sum(axis=1).var())


def test_three_items_are_fitted_exactly() -> None:
    found = omega.omega_total(scale(300, [0.8, 0.7, 0.6]))
    assert isinstance(found, omega.OmegaEstimate)
    assert found.omega == pytest.approx(found.omega_observed, abs=1e-9)


def test_an_item_against_the_others_keeps_its_sign() -> None:
    ratings = scale(300, [0.8, 0.7, 0.6])
    ratings[:, 2] = 8.0 - ratings[:, 2]
    found = omega.omega_total(ratings)
    assert isinstance(found, omega.OmegaEstimate)
    assert [loading > 0 for loading in found.loadings] == [True, True, False]


def test_omega_refuses_what_has_no_proper_factor(monkeypatch: pytest.MonkeyPatch) -> None:
    assert is_refused(omega.omega_total(scale(50, [0.5, 0.5])), "not_defined")
    assert is_refused(omega.omega_total(scale(4, [0.5, 0.5, 0.5])), "too_few")
    assert is_refused(
        omega.omega_total(np.column_stack([scale(50, [0.5, 0.5]), np.ones(50)])), "no_variation"
    )
    heywood = scale(60, [0.3, 0.3, 0.3])
    heywood[:, 2] = heywood[:, 0] + heywood[:, 1] + RANDOM.normal(0.0, 0.05, 60)
    assert is_refused(omega.omega_total(heywood), "not_defined")
    twins = np.column_stack([heywood[:, 0], heywood[:, 0], heywood[:, 1]])
    assert is_refused(omega.omega_total(twins), "not_defined")
    monkeypatch.setattr(omega, "MAX_STEPS", 1)
    assert is_refused(omega.omega_total(scale(50, [0.8, 0.7, 0.3])), "not_defined")


def test_a_factor_below_the_noise_has_no_negative_variance() -> None:
    noise = np.random.default_rng(77).normal(size=(500, 5))
    answer = omega.omega_total(noise)
    assert isinstance(answer, NotEnough) or 0.0 <= answer.omega <= 1.0


def test_minres_has_the_smallest_residuals() -> None:
    r = np.corrcoef(two_factors(), rowvar=False)
    fitted = minres(r, 2)
    assert fitted is not None
    off = ~np.eye(6, dtype=bool)

    def squared(flat: np.ndarray) -> float:
        loadings = flat.reshape(6, 2)
        return float(((r - loadings @ loadings.T)[off] ** 2).sum())

    best = minimize(squared, fitted[0].ravel() + 0.05, method="BFGS", options={"gtol": 1e-10}).fun
    assert squared(fitted[0].ravel()) == pytest.approx(best, abs=1e-9)


def test_oblimin_agrees_with_statsmodels() -> None:
    fitted = minres(np.corrcoef(two_factors(), rowvar=False), 2)
    assert fitted is not None
    pattern, phi = oblimin(fitted[0])
    expected, turn = rotate_factors(fitted[0], "quartimin", algorithm="gpa", max_tries=5_000, tol=1e-12)
    np.testing.assert_allclose(np.abs(pattern), np.abs(expected), atol=1e-5)
    np.testing.assert_allclose(np.abs(phi), np.abs(turn.T @ turn), atol=1e-5)


def test_a_rotation_that_is_stopped_early_is_still_a_rotation(monkeypatch: pytest.MonkeyPatch) -> None:
    fitted = minres(np.corrcoef(two_factors(), rowvar=False), 2)
    assert fitted is not None
    monkeypatch.setattr("diagnosis.stats.factor_analysis.MAX_ROUNDS", 1)
    pattern, phi = oblimin(fitted[0])
    np.testing.assert_allclose(pattern @ phi @ pattern.T, fitted[0] @ fitted[0].T, atol=1e-12)


def test_factors_built_in_are_found() -> None:
    ratings = two_factors()
    assert count_factors(ratings, n_replications=20) == FactorCounts(600, 2, 2)
    found = explore_factors(ratings, 2)
    assert isinstance(found, FactorSolution)
    pattern = np.array(found.pattern)
    assert {tuple(row) for row in (pattern > 0.4).tolist()} == {(True, False), (False, True)}
    assert found.rms_residual < 0.02
    assert found.tli is not None
    assert found.tli > 0.98
    assert found.rmsea is not None
    assert found.rmsea < 0.06
    assert 0.1 < found.factor_correlations[0][1] < 0.4


def test_a_model_without_degrees_of_freedom_has_no_fit() -> None:
    found = explore_factors(scale(300, [0.8, 0.7, 0.6]), 1)
    assert isinstance(found, FactorSolution)
    assert (found.tli, found.rmsea) == (None, None)
    with pytest.raises(StatisticsError, match="cannot hold"):
        explore_factors(scale(300, [0.8, 0.7, 0.6]), 3)


def test_adequacy_follows_its_definition_and_bartlett_pingouin_free_formula() -> None:
    ratings = two_factors()
    found = sampling_adequacy(ratings)
    assert isinstance(found, Adequacy)
    data = pandas.DataFrame(ratings)
    r, partial = data.corr().to_numpy(), data.pcorr().to_numpy()
    off = ~np.eye(6, dtype=bool)
    assert found.kmo == pytest.approx((r[off] ** 2).sum() / ((r[off] ** 2).sum() + (partial[off] ** 2).sum()))
    assert found.chi_square == pytest.approx(-(599 - 17 / 6) * np.log(np.linalg.det(r)))
    assert sum(found.eigenvalues) == pytest.approx(6.0)


def test_a_single_factor_holds_less_than_the_first_component() -> None:
    found = single_factor(scale(300, [0.8, 0.7, 0.6, 0.5]))
    assert isinstance(found, SingleFactor)
    assert 0.3 < found.factor_share < found.component_share < 0.7


@pytest.mark.parametrize("statistic", [sampling_adequacy, count_factors, single_factor])
def test_conditions_of_factors_are_stated(statistic: Any) -> None:
    ratings = two_factors()
    assert needed_persons(40) == 200
    assert is_refused(statistic(ratings[:149]), "too_few")
    assert is_refused(statistic(ratings[:, :1]), "not_defined")
    assert is_refused(statistic(np.column_stack([ratings, np.ones(600)])), "no_variation")
    assert is_refused(statistic(np.column_stack([ratings, ratings[:, 0]])), "not_defined")


def test_factors_without_a_proper_solution_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    heywood = scale(200, [0.3, 0.3, 0.3], seed=5)
    heywood[:, 2] = heywood[:, 0] + heywood[:, 1] + RANDOM.normal(0.0, 0.1, 200)
    assert is_refused(explore_factors(heywood, 1), "not_defined")
    assert is_refused(single_factor(heywood), "not_defined")
    assert isinstance(count_factors(heywood, n_replications=3), FactorCounts)
    assert is_refused(explore_factors(heywood[:20], 1), "too_few")
    assert minres(np.ones((3, 3)), 1) is None
    monkeypatch.setattr("diagnosis.stats.factor_analysis.MAX_STEPS", 1)
    assert minres(np.corrcoef(two_factors(), rowvar=False), 1) is None


def test_as_many_factors_as_values_above_their_threshold() -> None:
    from diagnosis.stats.factor_analysis import _leading

    assert _leading(np.array([3.0, 2.0]), np.array([1.0, 1.0])) == 2
    assert _leading(np.array([3.0, 0.5, 2.0]), np.array([1.0, 1.0, 1.0])) == 1


def test_items_are_described_as_pandas_and_the_plain_formulas_do() -> None:
    ratings = scale(200, [0.8, 0.7, 0.6, 0.5])
    rows = item_analysis.item_statistics(ratings)
    assert not isinstance(rows, NotEnough)
    data = pandas.DataFrame(ratings)
    np.testing.assert_allclose([row.mean for row in rows], data.mean())
    np.testing.assert_allclose([row.sd for row in rows], data.std())
    np.testing.assert_allclose([row.r_total for row in rows], data.corrwith(data.sum(axis=1)))
    assert tuple(row.r_rest for row in rows) == pytest.approx(item_rest_correlations(ratings))
    lambda6 = item_analysis.guttman_lambda6(ratings)
    assert isinstance(lambda6, float)
    assert lambda6 == pytest.approx(standardized_alpha(ratings), abs=0.05)


def test_items_that_cancel_have_no_correlation_with_their_sum() -> None:
    one = RANDOM.normal(size=40)
    assert is_refused(item_analysis.item_statistics(np.column_stack([one, -one])), "not_defined")
    assert is_refused(item_analysis.guttman_lambda6(np.column_stack([one, -one])), "not_defined")
    assert is_refused(item_analysis.item_statistics(np.column_stack([one, np.ones(40)])), "no_variation")
    assert is_refused(item_analysis.item_statistics(scale(3, [0.5, 0.5])), "too_few")
    assert is_refused(item_analysis.item_statistics(scale(9, [0.5])), "not_defined")


def test_rules_of_missing_answers_agree_with_pandas() -> None:
    ratings = scale(300, [0.8, 0.7, 0.6])
    ratings[RANDOM.random(ratings.shape) < 0.1] = np.nan
    found = item_analysis.alpha_variants(ratings)
    assert isinstance(found, item_analysis.AlphaVariants)
    covariances = pandas.DataFrame(ratings).cov().to_numpy()
    assert found.pairwise == pytest.approx(1.5 * (1.0 - np.trace(covariances) / covariances.sum()))
    filled = pandas.DataFrame(ratings).dropna(how="all").T.fillna(pandas.DataFrame(ratings).mean(axis=1)).T
    assert found.person_mean == pytest.approx(pingouin.cronbach_alpha(filled)[0])
    full = scale(100, [0.8, 0.7, 0.6])
    same = item_analysis.alpha_variants(full)
    assert isinstance(same, item_analysis.AlphaVariants)
    assert same.pairwise == pytest.approx(same.person_mean)
    assert same.pairwise_standardized == pytest.approx(standardized_alpha(full))


def test_rules_of_missing_answers_refuse_what_has_no_alpha() -> None:
    one = RANDOM.normal(size=40)
    assert is_refused(item_analysis.alpha_variants(one[:, None]), "not_defined")
    assert is_refused(item_analysis.alpha_variants(scale(2, [0.5, 0.5])), "too_few")
    assert is_refused(item_analysis.alpha_variants(np.column_stack([one, np.ones(40)])), "no_variation")
    assert is_refused(item_analysis.alpha_variants(np.column_stack([one, -one])), "not_defined")


def test_bootstrap_of_alpha_agrees_with_a_plain_loop() -> None:
    ratings = scale(80, [0.8, 0.7, 0.6])
    found = item_analysis.bootstrap_alpha(ratings, n_draws=3_000)
    assert isinstance(found, BootstrapInterval)
    plain = cronbach_alpha(ratings)
    assert not isinstance(plain, NotEnough)
    assert found.estimate == pytest.approx(plain.alpha)
    random = np.random.default_rng(9)
    draws = []
    for _draw in range(3_000):
        rows = ratings[random.integers(0, 80, 80)]
        total = DescrStatsW(rows.sum(axis=1)).var_ddof(1)
        draws.append(1.5 * (1.0 - rows.var(axis=0, ddof=1).sum() / total))
    assert found.percentile == pytest.approx(tuple(np.quantile(draws, [0.025, 0.975])), abs=0.02)
    assert found.se == pytest.approx(np.std(draws), rel=0.08)


def test_bootstrap_of_alpha_states_its_conditions() -> None:
    assert is_refused(item_analysis.bootstrap_alpha(scale(29, [0.5, 0.5])), "too_few")
    assert is_refused(item_analysis.bootstrap_alpha(scale(40, [0.5])), "not_defined")
    assert is_refused(item_analysis.bootstrap_alpha(np.ones((40, 3))), "no_variation")
    lonely = np.zeros((40, 2))
    lonely[0] = 1.0
    assert isinstance(item_analysis.bootstrap_alpha(lonely), BootstrapInterval)


def test_ceiling_and_narrow_expectations_are_flagged() -> None:
    random = np.random.default_rng(3)
    received = random.integers(1, 8, (60, 3)).astype(float)
    high = item_analysis.check_range(np.full((60, 3), 7.0), received, low=1.0, high=7.0)
    assert isinstance(high, item_analysis.RangeCheck)
    assert (high.at_ceiling, high.is_narrow, high.is_flagged, high.top_share) == (True, True, True, 1.0)
    fair = item_analysis.check_range(
        random.integers(2, 8, (60, 3)).astype(float), received, low=1.0, high=7.0
    )
    assert isinstance(fair, item_analysis.RangeCheck)
    assert not fair.is_flagged
    flat = item_analysis.check_range(received, np.ones((60, 3)), low=1.0, high=7.0)
    assert isinstance(flat, item_analysis.RangeCheck)
    assert flat.sd_ratio is None
    assert is_refused(item_analysis.check_range(received[:1], received[:1], low=1.0, high=7.0), "too_few")


def test_scales_that_measure_the_same_are_not_separable() -> None:
    ratings = two_factors(2_000)
    apart = heterotrait_ratio(ratings[:, :3], ratings[:, 3:])
    same = heterotrait_ratio(ratings[:, :2], ratings[:, 1:3])
    assert isinstance(apart, float)
    assert isinstance(same, float)
    # correlation of the two factors that were built in: .25 / 1.25
    assert apart == pytest.approx(0.2, abs=0.05)
    assert same > 0.95


def test_conditions_of_separation_are_stated() -> None:
    ratings = two_factors()
    assert is_refused(heterotrait_ratio(ratings[:, :1], ratings[:, 3:]), "not_defined")
    assert is_refused(heterotrait_ratio(ratings[:99, :3], ratings[:99, 3:]), "too_few")
    assert is_refused(heterotrait_ratio(ratings[:, :3], np.ones((600, 2))), "no_variation")
    one = RANDOM.normal(size=(600, 1))
    assert is_refused(heterotrait_ratio(ratings[:, :3], np.column_stack([one, -one])), "not_defined")


def test_congruence_tells_groups_with_other_loadings() -> None:
    same = tucker_congruence([scale(900, [0.8, 0.7, 0.6, 0.5], 1), scale(900, [0.8, 0.7, 0.6, 0.5], 2)])
    other = tucker_congruence([scale(900, [0.8, 0.7, 0.4, 0.3], 1), scale(900, [0.3, 0.4, 0.7, 0.8], 2)])
    assert isinstance(same, float)
    assert isinstance(other, float)
    assert same > 0.99
    assert other < 0.9


def test_conditions_of_congruence_are_stated() -> None:
    good = scale(200, [0.8, 0.7, 0.6])
    assert is_refused(tucker_congruence([good, good[:99]]), "too_few")
    assert is_refused(tucker_congruence([good[:, :2], good[:, :2]]), "not_defined")
    assert is_refused(tucker_congruence([np.ones((200, 3)), good]), "no_variation")
    assert is_refused(tucker_congruence([good]), "too_few")
    heywood = scale(200, [0.3, 0.3, 0.3], seed=5)
    heywood[:, 2] = heywood[:, 0] + heywood[:, 1] + RANDOM.normal(0.0, 0.1, 200)
    assert is_refused(tucker_congruence([good, heywood]), "not_defined")


def test_interval_of_omega_covers_as_it_says() -> None:
    random = np.random.default_rng(3)
    loadings = np.array([0.6, 0.7, 0.8])
    noise = np.sqrt(1.0 - loadings**2)
    true = loadings.sum() ** 2 / (loadings.sum() ** 2 + (noise**2).sum())
    hits = []
    for _draw in range(400):
        factor = random.standard_normal((200, 1))
        estimate = omega.omega_total(factor * loadings + random.standard_normal((200, 3)) * noise)
        assert isinstance(estimate, omega.OmegaEstimate)
        limits = omega.omega_interval(estimate)
        assert not isinstance(limits, NotEnough)
        hits.append(limits[0] <= true <= limits[1])
    assert 0.91 <= np.mean(hits) <= 0.98


def test_loadings_that_cancel_have_no_interval() -> None:
    ratings = scale(300, [0.7, 0.7, 0.7, 0.7])
    ratings[:, 2:] = 8.0 - ratings[:, 2:]
    estimate = omega.omega_total(ratings)
    assert isinstance(estimate, omega.OmegaEstimate)
    balanced = omega.OmegaEstimate(300, 4, 0.0, 0.0, (0.7, 0.7, -0.7, -0.7), estimate.residuals)
    assert is_refused(omega.omega_interval(balanced), "not_defined")
