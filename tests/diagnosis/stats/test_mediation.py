"""Paths, moderation and surfaces beside statsmodels and pingouin, with their conditions."""

import numpy as np
import pandas
import pingouin
import pytest
import statsmodels.api as sm

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.mediation import (
    Chain,
    Mediation,
    Moderation,
    mediation,
    moderation,
    path_chain,
)
from diagnosis.stats.response_surface import ResponseSurface, response_surface
from diagnosis.stats.results import NotEnough

RANDOM = np.random.default_rng(41)
N = 400
FIRST = RANDOM.normal(5.0, 1.0, N)
BETWEEN = 0.6 * FIRST + RANDOM.normal(0.0, 0.8, N)
LAST = 0.5 * BETWEEN + 0.2 * FIRST + RANDOM.normal(0.0, 0.9, N)


def test_mediation_agrees_with_pingouin() -> None:
    found = mediation(FIRST, BETWEEN, LAST)
    assert isinstance(found, Mediation)
    data = pandas.DataFrame({"x": FIRST, "m": BETWEEN, "y": LAST})
    oracle = pingouin.mediation_analysis(data, "x", "m", "y", seed=1, n_boot=2000).set_index("path")
    values = (found.a, found.total, found.direct, found.indirect)
    expected = (oracle["coef"][path] for path in ("m ~ X", "Total", "Direct", "Indirect"))
    assert values == pytest.approx(tuple(expected), abs=1e-5)
    assert found.b == pytest.approx(
        sm.OLS(LAST, sm.add_constant(np.column_stack([FIRST, BETWEEN]))).fit().params[2]
    )
    assert found.bootstrap is not None
    low, high = oracle.loc["Indirect", ["CI2.5", "CI97.5"]]
    assert found.bootstrap.bca == pytest.approx((low, high), abs=0.02)
    assert found.share == pytest.approx(found.indirect / found.total)


def test_paths_of_opposite_signs_have_no_share() -> None:
    found = mediation(FIRST, BETWEEN, BETWEEN - 1.5 * FIRST + RANDOM.normal(size=N), n_draws=0)
    assert isinstance(found, Mediation)
    assert found.share is None
    assert found.bootstrap is None


def test_a_path_multiplies_its_links() -> None:
    chain = path_chain([FIRST, BETWEEN, LAST], n_draws=500)
    assert isinstance(chain, Chain)
    assert chain.indirect.estimate == pytest.approx(np.prod([link.beta for link in chain.links]))
    pair = mediation(FIRST, BETWEEN, LAST, n_draws=0)
    assert isinstance(pair, Mediation)
    assert chain.indirect.estimate == pytest.approx(pair.indirect_standardised)
    assert chain.indirect.percentile[0] < chain.indirect.estimate < chain.indirect.percentile[1]


def test_moderation_agrees_with_statsmodels_and_its_bounds_are_where_the_slope_turns() -> None:
    moderator = RANDOM.normal(40.0, 10.0, N)
    outcome = FIRST * (0.1 + 0.02 * (moderator - 40.0)) + RANDOM.normal(0.0, 1.0, N)
    found = moderation(outcome, FIRST, moderator)
    assert isinstance(found, Moderation)
    x, w = FIRST - FIRST.mean(), moderator - moderator.mean()
    oracle = sm.OLS(outcome, sm.add_constant(np.column_stack([x, w, x * w]))).fit()
    np.testing.assert_allclose(found.estimates, oracle.params)
    np.testing.assert_allclose(found.p_values, oracle.pvalues)
    plain = sm.OLS(outcome, sm.add_constant(np.column_stack([x, w]))).fit()
    assert found.added_r2 == pytest.approx(oracle.rsquared - plain.rsquared)
    for bound in found.bounds:
        shifted = sm.OLS(
            outcome, sm.add_constant(np.column_stack([x, moderator - bound, x * (moderator - bound)]))
        ).fit()
        assert shifted.pvalues[1] == pytest.approx(0.05)
    low = sm.OLS(
        outcome, sm.add_constant(np.column_stack([x, w + w.std(ddof=1), x * (w + w.std(ddof=1))]))
    ).fit()
    assert found.slopes[0].estimate == pytest.approx(low.params[1])
    assert found.slopes[0].p_value == pytest.approx(low.pvalues[1])


def test_a_slope_that_is_significant_everywhere_has_no_bounds() -> None:
    outcome = 3.0 * FIRST + RANDOM.normal(0.0, 0.1, N)
    found = moderation(outcome, FIRST, RANDOM.integers(0, 2, N).astype(float))
    assert isinstance(found, Moderation)
    assert all(not found.moderator_low <= bound <= found.moderator_high for bound in found.bounds)
    flat = moderation(RANDOM.normal(size=N), FIRST, np.tile([0.0, 1.0], N // 2))
    assert isinstance(flat, Moderation)


def test_conditions_of_paths_are_stated() -> None:
    assert mediation(FIRST[:149], BETWEEN[:149], LAST[:149]).needed == 150  # type: ignore[union-attr]
    assert moderation(LAST[:9], FIRST[:9], BETWEEN[:9]).reason == "too_few"  # type: ignore[union-attr]
    assert moderation(LAST, FIRST, np.ones(N)).reason == "no_variation"  # type: ignore[union-attr]
    assert path_chain([FIRST[:9], BETWEEN[:9], LAST[:9]]).reason == "too_few"  # type: ignore[union-attr]
    with pytest.raises(StatisticsError, match="at least three"):
        path_chain([FIRST, LAST])
    with pytest.raises(StatisticsError, match="same persons"):
        mediation(FIRST[:5], BETWEEN, LAST)


def surface(outcome: np.ndarray, wanted: np.ndarray, got: np.ndarray, **options: int) -> ResponseSurface:
    found = response_surface(outcome, wanted, got, midpoint=4.0, **options)
    assert isinstance(found, ResponseSurface), found
    return found


def test_the_surface_agrees_with_statsmodels_and_finds_what_was_built_in() -> None:
    wanted, got = RANDOM.normal(5.0, 1.0, 900), RANDOM.normal(4.6, 1.0, 900)
    x, y = wanted - 4.0, got - 4.0
    outcome = 4.0 + 0.1 * x + 0.5 * y - 0.2 * (x - y) ** 2 + RANDOM.normal(0.0, 0.7, 900)
    found = surface(outcome, wanted, got)
    terms = np.column_stack([x, y, x * x, x * y, y * y])
    oracle = sm.OLS(outcome, sm.add_constant(terms)).fit()
    np.testing.assert_allclose(found.estimates, oracle.params)
    np.testing.assert_allclose(found.ses, oracle.bse)
    test = oracle.t_test([[0, 1, -1, 0, 0, 0], [0, 0, 0, 1, -1, 1]])
    assert (found.a3.estimate, found.a4.estimate) == pytest.approx(tuple(test.effect))
    assert (found.a3.p_value, found.a4.p_value) == pytest.approx(tuple(test.pvalue))
    quadratic = oracle.f_test(np.eye(6)[3:])
    assert (found.f_quadratic, found.p_quadratic) == pytest.approx(
        (float(quadratic.fvalue), float(quadratic.pvalue))
    )
    assert found.a4.ci_high < 0.0
    assert found.a4.boot_low == pytest.approx(found.a4.ci_low, abs=0.15)
    assert found.stationary_x is not None
    assert found.stationary_y is not None
    place = np.array([found.stationary_x, found.stationary_y])
    b = found.estimates
    gradient = [b[1] + 2 * b[3] * place[0] + b[4] * place[1], b[2] + b[4] * place[0] + 2 * b[5] * place[1]]
    assert gradient == pytest.approx([0.0, 0.0], abs=1e-9)
    assert found.first_axis is not None
    assert found.second_axis is not None
    assert found.first_axis.slope * found.second_axis.slope == pytest.approx(-1.0)


def test_axes_and_points_that_do_not_exist_are_left_out() -> None:
    grid = [side.ravel() for side in np.meshgrid(np.arange(1.0, 8.0), np.arange(1.0, 8.0))]
    x, y = (np.tile(side, 5) for side in grid)
    noise = RANDOM.normal(0.0, 0.1, x.size)
    noise -= sm.OLS(noise, sm.add_constant(np.column_stack([x, y, x * x, x * y, y * y]))).fit().fittedvalues
    bowl = surface((x - 4.0) ** 2 + 2.0 * (y - 4.0) ** 2 + noise, x, y, n_draws=0)
    assert bowl.first_axis is None or abs(bowl.first_axis.slope) > 1e9 or abs(bowl.first_axis.slope) < 1e-9
    trough = surface((x - y) ** 2 + noise, x, y, n_draws=0)
    assert (trough.stationary_x, trough.first_axis, trough.second_axis) == (None, None, None)
    assert trough.a1.boot_low is None


def test_a_surface_needs_persons_on_both_sides() -> None:
    wanted = RANDOM.normal(5.0, 1.0, 300)
    close = response_surface(wanted, wanted, wanted + RANDOM.normal(0, 0.05, 300), midpoint=4.0)
    assert isinstance(close, NotEnough)
    assert response_surface(wanted[:9], wanted[:9], wanted[:9] ** 2, midpoint=4.0).reason == "too_few"  # type: ignore[union-attr]
