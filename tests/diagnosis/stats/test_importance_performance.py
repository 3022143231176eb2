"""Fields of importance and performance, and what goes with low and high values."""

import numpy as np
import pytest
import statsmodels.api as sm

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.importance_performance import (
    AsymmetryModel,
    Grid,
    importance_performance,
    penalty_reward,
    sides_of_line,
    terciles,
)
from diagnosis.stats.results import NotEnough


def test_items_fall_into_four_fields_and_a_value_on_the_line_is_high() -> None:
    grid = importance_performance([5.0, 5.0, 3.0, 3.0, 4.0], [6.0, 2.0, 6.0, 2.0, 4.0])
    assert grid == Grid(4.0, 4.0, ("keep_up", "concentrate", "overkill", "low_priority", "keep_up"))
    assert importance_performance([1.0, 2.0, 9.0], [1.0, 2.0, 9.0], cut="median").cut_importance == 2.0  # type: ignore[union-attr]


def test_a_grid_needs_items_with_both_values() -> None:
    assert isinstance(importance_performance([1.0], [2.0]), NotEnough)
    with pytest.raises(StatisticsError, match="one value per item"):
        importance_performance([1.0, np.nan], [1.0, 2.0])


def test_an_interval_across_the_line_is_open() -> None:
    assert sides_of_line([1.0, 3.0, 1.5], [1.9, 4.0, 2.5], 2.0) == ("low", "high", "open")


def asymmetric(n: int = 600) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(7)
    groups = random.integers(-1, 2, (n, 6)).astype(float)
    low, high = groups == -1.0, groups == 1.0
    penalties, rewards = np.array([1.0, 0.1, 0.6, 0.5, 0.3, 0.0]), np.array([0.1, 1.0, 0.6, 0.3, 0.5, 0.0])
    outcome = 5.0 - low @ penalties + high @ rewards + random.normal(0.0, 0.2, n)
    return outcome, groups


def test_words_follow_what_was_built_in_and_estimates_agree_with_statsmodels() -> None:
    outcome, groups = asymmetric()
    model = penalty_reward(outcome, groups)
    assert isinstance(model, AsymmetryModel)
    rows = [row for row in model.rows if row is not None]
    words = [row.word for row in rows[:5]]
    assert words == ["frustrator", "delighter", "hybrid", "dissatisfier", "satisfier"]
    dummies = np.column_stack([side for one in groups.T for side in (one == -1, one == 1)]).astype(float)
    oracle = sm.OLS(outcome, sm.add_constant(dummies)).fit()
    estimates = [value for row in rows for value in (row.penalty.estimate, row.reward.estimate)]
    np.testing.assert_allclose(estimates, oracle.params[1:])


def test_a_dimension_whose_ends_have_the_wrong_sign_has_no_word() -> None:
    outcome, groups = asymmetric()
    model = penalty_reward(10.0 - outcome, groups)
    assert isinstance(model, AsymmetryModel)
    assert model.rows[0] is not None
    assert model.rows[0].impact is None
    assert model.rows[0].word is None


def test_thin_ends_and_few_persons_are_stated() -> None:
    outcome, groups = asymmetric()
    thin = groups.copy()
    thin[20:, 0] = 1.0
    model = penalty_reward(outcome, thin)
    assert isinstance(model, AsymmetryModel)
    assert model.rows[0] is None
    assert isinstance(penalty_reward(outcome, thin[:, :1]), NotEnough)
    assert isinstance(penalty_reward(outcome[:199], groups[:199]), NotEnough)
    assert isinstance(penalty_reward(np.ones(600), groups), NotEnough)
    with pytest.raises(StatisticsError, match="-1"):
        penalty_reward(outcome, groups + 1.0)


def test_terciles_keep_equal_values_together() -> None:
    values = np.array(
        [[1.0, np.nan], [1.0, np.nan], [2.0, np.nan], [3.0, np.nan], [3.0, np.nan], [np.nan, np.nan]]
    )
    groups = terciles(values)
    assert groups[:, 0].tolist()[:5] == [-1.0, -1.0, 0.0, 1.0, 1.0]
    assert np.isnan(groups[5, 0])
    assert np.isnan(groups[:, 1]).all()
