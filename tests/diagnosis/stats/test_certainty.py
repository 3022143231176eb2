"""The order of the words, the limits as shares of the scale, and the step down."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import stats

from diagnosis.stats.certainty import (
    CERTAINTY_WEIGHT,
    benjamini_hochberg,
    certainty_word,
    is_equivalent,
    priority,
    severity,
)
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import GapEstimate, NotEnough

GAP = GapEstimate(
    paired=False, n_later=30, n_earlier=200, mean_later=4.0, mean_earlier=5.0, sd_later=1.2, sd_earlier=1.2,
    estimate=-1.0, se=0.2, df=40.0, ci_low=-1.4, ci_high=-0.6, ci90_low=-1.34, ci90_high=-0.66, t=-5.0,
    p_value=0.001, g=-0.8, d_z=None, permutation_p=None, skew_p=0.001,
)  # fmt: skip


def test_benjamini_hochberg_matches_scipy() -> None:
    p_values = np.random.default_rng(2).random(40) ** 3
    np.testing.assert_allclose(
        benjamini_hochberg(p_values), stats.false_discovery_control(p_values), atol=1e-12
    )


def test_benjamini_hochberg_leaves_untested_out_of_the_family() -> None:
    np.testing.assert_allclose(benjamini_hochberg([0.01, np.nan, 0.04, 0.03]), [0.03, np.nan, 0.04, 0.04])
    assert benjamini_hochberg([]).size == 0
    assert np.isnan(benjamini_hochberg([np.nan])).all()
    with pytest.raises(StatisticsError):
        benjamini_hochberg([0.5, 1.2])


@pytest.mark.parametrize(
    ("changes", "q_value", "word"),
    [
        ({}, 0.01, "clear"),
        ({}, 0.05, "clear"),
        ({"g": -0.49}, 0.01, "probable"),
        ({}, 0.051, "hint"),
        ({"g": 0.5}, 0.9, "hint"),
        ({"g": -0.49}, 0.051, "undecided"),
        ({"g": None}, 0.9, "undecided"),
        ({"ci90_low": -0.29, "ci90_high": 0.1}, 0.001, "none"),
        ({"ci90_low": -0.31, "ci90_high": 0.1, "g": 0.1}, 0.2, "undecided"),
    ],
)
def test_certainty_word_is_the_first_that_fits(changes: dict[str, float], q_value: float, word: str) -> None:
    assert certainty_word(replace(GAP, **changes), q_value=q_value, scale_range=6) == word


def test_certainty_word_without_a_test() -> None:
    assert certainty_word(GAP, q_value=0.01, scale_range=6, suppressed=True) == "suppressed"
    assert certainty_word(None, q_value=None, scale_range=6) == "not_measured"
    assert certainty_word(NotEnough("too_few", 0, 2), q_value=None, scale_range=6) == "not_measured"
    assert certainty_word(NotEnough("no_variation", 9, 2, -1.0), q_value=None, scale_range=6) == "undecided"
    with pytest.raises(StatisticsError):
        certainty_word(GAP, q_value=None, scale_range=6)


def test_equivalence_limits_follow_the_scale() -> None:
    narrow = replace(GAP, ci90_low=-0.4, ci90_high=0.4)
    assert not is_equivalent(narrow, scale_range=6)
    assert is_equivalent(narrow, scale_range=9)


@pytest.mark.parametrize(
    ("changes", "scale_range", "size"),
    [
        ({"g": -0.19}, 6, "minor"),
        ({"estimate": -0.29}, 6, "minor"),
        ({"estimate": -0.4}, 9, "minor"),
        ({"estimate": -0.4, "g": -0.2}, 6, "small"),
        ({"g": 0.49}, 6, "small"),
        ({"g": 0.5}, 6, "medium"),
        ({"g": 0.8}, 6, "large"),
    ],
)
def test_severity_follows_the_method(changes: dict[str, float], scale_range: float, size: str) -> None:
    assert severity("probable", replace(GAP, **changes), scale_range=scale_range) == size


@pytest.mark.parametrize("word", ["hint", "undecided", "none", "suppressed", "not_measured"])
def test_severity_is_for_clear_and_probable_only(word: str) -> None:
    assert severity(word, GAP, scale_range=6) is None  # type: ignore[arg-type]


def test_priority_weighs_by_certainty() -> None:
    assert dict(CERTAINTY_WEIGHT) == {"clear": 1.0, "probable": 0.7, "hint": 0.4}
    assert priority(importance=0.2, shortfall=1.5, word="probable") == pytest.approx(0.21)
    assert priority(importance=0.2, shortfall=-1.5, word="clear") == 0.0
    assert priority(importance=0.2, shortfall=1.5, word="none") == 0.0
