"""Shares of R2 beside the plain definition and pingouin, their intervals, ranks and conditions."""

import time
from itertools import permutations

import numpy as np
import pingouin
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diagnosis.stats.drivers import (
    DriverModel,
    driver_model,
    importance_shares,
    needed_persons,
    relative_weights,
    shapley_shares,
)
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough


def answers(n: int, p: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    x = random.normal(size=(n, p)) + random.normal(size=(n, 1))
    return x @ np.linspace(0.6, 0.0, p) + random.normal(size=n), x


def correlations(n: int, p: int, seed: int) -> np.ndarray:
    y, x = answers(n, p, seed)
    return np.corrcoef(np.column_stack([x, y]), rowvar=False)


def r2_of(matrix: np.ndarray, subset: tuple[int, ...]) -> float:
    if not subset:
        return 0.0
    index = list(subset)
    return float(matrix[index, -1] @ np.linalg.solve(matrix[np.ix_(index, index)], matrix[index, -1]))


def test_shares_are_the_mean_over_all_orders() -> None:
    matrix = correlations(60, 4, 3)
    expected = np.zeros(4)
    orders = list(permutations(range(4)))
    for order in orders:
        for place, name in enumerate(order):
            expected[name] += r2_of(matrix, order[: place + 1]) - r2_of(matrix, order[:place])
    np.testing.assert_allclose(shapley_shares(matrix), expected / len(orders), atol=1e-12)


def test_shares_agree_with_pingouin() -> None:
    y, x = answers(150, 5)
    oracle = pingouin.linear_regression(x, y, relimp=True)
    np.testing.assert_allclose(importance_shares(y, x), oracle["relimp"].iloc[1:])


@settings(max_examples=40, deadline=None)
@given(p=st.integers(1, 7), seed=st.integers(0, 10_000))
def test_shares_sum_to_r2_are_never_negative_and_follow_their_predictors(p: int, seed: int) -> None:
    matrix = correlations(40, p, seed)
    shares = shapley_shares(matrix)
    assert (shares >= 0.0).all()
    assert shares.sum() == pytest.approx(r2_of(matrix, tuple(range(p))), abs=1e-10)
    order = np.random.default_rng(seed).permutation(p)
    turned = np.append(order, p)
    np.testing.assert_allclose(shapley_shares(matrix[np.ix_(turned, turned)]), shares[order], atol=1e-10)
    weights = relative_weights(matrix)
    assert weights.sum() == pytest.approx(shares.sum(), abs=1e-9)
    assert (weights >= 0.0).all()


def test_a_repeated_predictor_shares_with_its_twin() -> None:
    matrix = correlations(80, 3, 5)
    twin = matrix[np.ix_([0, 0, 1, 2, 3], [0, 0, 1, 2, 3])]
    shares = shapley_shares(twin)
    assert shares[0] == pytest.approx(shares[1])
    assert shares.sum() == pytest.approx(r2_of(matrix, (0, 1, 2)))


def test_many_draws_are_shared_at_once_and_independently() -> None:
    stack = np.stack([correlations(50, 3, seed) for seed in range(6)]).reshape(2, 3, 4, 4)
    together = shapley_shares(stack)
    assert together.shape == (2, 3, 3)
    np.testing.assert_allclose(together[1, 2], shapley_shares(stack[1, 2]))


def found(answer: DriverModel | NotEnough) -> DriverModel:
    assert isinstance(answer, DriverModel), answer
    return answer


def test_a_model_orders_its_drivers_and_says_how_sure_it_is() -> None:
    y, x = answers(400, 4)
    model = found(driver_model(y, x))
    assert [driver.rank for driver in model.drivers] == [1, 2, 3, 4]
    assert sum(driver.share for driver in model.drivers) == pytest.approx(1.0)
    assert sum(driver.weight for driver in model.drivers) == pytest.approx(model.r2)
    for driver in model.drivers:
        assert driver.ci_low <= driver.share <= driver.ci_high
        assert driver.rank_low <= driver.rank <= driver.rank_high
    assert model.drivers[0].p_first > 0.9
    assert model.adjusted_r2 < model.r2
    assert model.method == "shapley"
    assert model.negative == ()
    assert driver_model(y, x) == model


def test_intervals_cover_the_true_share() -> None:
    truth = np.array(importance_shares(*answers(200_000, 3)))
    truth = truth / truth.sum()
    covered = 0
    for seed in range(200):
        model = found(driver_model(*answers(300, 3, seed + 10), n_draws=300))
        covered += sum(
            driver.ci_low <= share <= driver.ci_high
            for driver, share in zip(model.drivers, truth, strict=True)
        )
    assert 0.91 <= covered / 600 <= 0.98


def test_groups_of_many_persons_give_the_same_intervals() -> None:
    y, x = answers(20_000, 3)
    wide = found(driver_model(y, x))
    half = (wide.drivers[0].ci_high - wide.drivers[0].ci_low) / 2
    small = found(driver_model(y[:2_000], x[:2_000]))
    assert (small.drivers[0].ci_high - small.drivers[0].ci_low) / 2 == pytest.approx(
        half * np.sqrt(10.0), rel=0.2
    )


def test_nine_predictors_with_a_thousand_draws_are_quick() -> None:
    y, x = answers(10_000, 9)
    began = time.process_time()
    found(driver_model(y, x))
    assert time.process_time() - began < 3.0


def test_more_predictors_than_orders_can_be_tried_take_relative_weights() -> None:
    y, x = answers(300, 17)
    model = found(driver_model(y, x, n_draws=100))
    assert model.method == "relative_weights"
    with pytest.raises(StatisticsError, match="1 to 15"):
        shapley_shares(np.eye(17))


def test_a_negative_correlation_is_named() -> None:
    y, x = answers(200, 3)
    assert found(
        driver_model(y, np.column_stack([x, -x[:, 0] + np.random.default_rng(1).normal(size=200)]))
    ).negative == (3,)


def test_conditions_that_fail_are_stated() -> None:
    y, x = answers(400, 3)
    assert needed_persons(3) == 100
    assert needed_persons(14) == 140
    few = driver_model(y[:99], x[:99])
    assert (isinstance(few, NotEnough), few.reason, few.needed) == (True, "too_few", 100)  # type: ignore[union-attr]
    assert driver_model(y, np.column_stack([x, x[:, 0]])).reason == "not_defined"  # type: ignore[union-attr]
    assert importance_shares(y[:3], x[:3]).reason == "too_few"  # type: ignore[union-attr]


def test_predictors_that_hardly_ever_vary_are_refused() -> None:
    y, x = answers(200, 1)
    lonely = np.zeros((200, 2))
    lonely[0, 0] = lonely[1, 1] = 1.0
    answer = driver_model(y, np.column_stack([x, lonely]), minimum=50)
    assert isinstance(answer, NotEnough)
    assert answer.reason == "no_variation"
