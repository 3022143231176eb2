"""What the statistics refuse: wrong input raises, data that cannot carry a number give a stated answer."""

from collections.abc import Callable

import numpy as np
import pytest

from diagnosis.stats.agreement import within_group_agreement
from diagnosis.stats.arrays import is_constant, require_share
from diagnosis.stats.coverage import top_dimensions
from diagnosis.stats.distributions import binomial_at_least
from diagnosis.stats.effects import cohens_d, cohens_dav, cohens_dz
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import overall_welch_gap
from diagnosis.stats.means import estimate_mean, mean_of_dimensions
from diagnosis.stats.power import detectable_noncentrality, paired_needed_n
from diagnosis.stats.proportions import share_margin_of_error
from diagnosis.stats.results import EffectEstimate, MeanEstimate, NotEnough
from diagnosis.stats.scales import (
    difference_reliability,
    item_rest_correlations,
    score_dimension,
    score_to_100,
    spearman_brown,
    standardized_alpha,
)
from diagnosis.stats.waterfall import WaterfallStep, bootstrap_waterfall

ONE_COLUMN = np.ones((3, 1))
STEPS = (WaterfallStep("E1", "evaluation", later="CP", earlier="CE"),)

WRONG_INPUT: dict[str, Callable[[], object]] = {
    "a share of 1": lambda: require_share(1.0, name="confidence_level"),
    "no top place": lambda: top_dimensions(np.ones((2, 3)), n_top=0),
    "different dimensions": lambda: overall_welch_gap(np.ones((3, 2)), np.ones((3, 3)), scale_range=6.0),
    "no dimensions": lambda: mean_of_dimensions(np.empty((3, 0))),
    "no power beyond chance": lambda: detectable_noncentrality(10.0, power=0.05),
    "an effect too small to be found": lambda: paired_needed_n(1e-6),
    "more successes than answers": lambda: share_margin_of_error(5, 4),
    "a share of items above 1": lambda: score_dimension(ONE_COLUMN, min_share=1.5),
    "a scale upside down": lambda: score_to_100([1.0], low=7.0, high=1.0),
    "Spearman-Brown of three items": lambda: spearman_brown(np.ones((9, 3))),
    "a state given twice": lambda: bootstrap_waterfall(
        {"one": {"CE": np.ones((3, 2)), "CP": np.ones((3, 2))}, "two": {"CP": np.ones((3, 2))}}, STEPS
    ),
    "states of different persons": lambda: bootstrap_waterfall(
        {"one": {"CE": np.ones((3, 2)), "CP": np.ones((4, 2))}}, STEPS
    ),
}


@pytest.mark.parametrize("case", WRONG_INPUT)
def test_wrong_input_raises_and_says_what_is_wrong(case: str) -> None:
    with pytest.raises(StatisticsError, match=r"\w+ \w+"):
        WRONG_INPUT[case]()


NO_NUMBER: dict[str, tuple[Callable[[], object], str]] = {
    "agreement on no items": (lambda: within_group_agreement(np.empty((4, 0)), points=7), "not_defined"),
    "d of one person": (lambda: cohens_d([1.0], [2.0, 3.0]), "too_few"),
    "d without variation": (lambda: cohens_d([1.0, 1.0], [2.0, 2.0]), "no_variation"),
    "d_z of one pair": (lambda: cohens_dz([1.0], [2.0]), "too_few"),
    "d_z without variation": (lambda: cohens_dz([1.0, 2.0], [2.0, 3.0]), "no_variation"),
    "d_av of one pair": (lambda: cohens_dav([1.0], [2.0]), "too_few"),
    "d_av without variation": (lambda: cohens_dav([1.0, 1.0], [2.0, 2.0]), "no_variation"),
    "alpha of one item": (lambda: standardized_alpha(ONE_COLUMN), "not_defined"),
    "alpha without variation": (lambda: standardized_alpha(np.ones((3, 2))), "no_variation"),
    "difference of two persons": (
        lambda: difference_reliability([1.0, 2.0], [1.0, 3.0], alpha_later=0.8, alpha_earlier=0.8),
        "too_few",
    ),
    "difference of twins": (
        lambda: difference_reliability([1.0, 2.0, 4.0], [1.0, 2.0, 4.0], alpha_later=0.8, alpha_earlier=0.8),
        "no_variation",
    ),
}


@pytest.mark.parametrize("case", NO_NUMBER)
def test_data_without_a_number_give_a_stated_answer(case: str) -> None:
    answer, reason = NO_NUMBER[case]
    found = answer()
    assert isinstance(found, NotEnough)
    assert found.reason == reason


def test_a_waterfall_that_rests_on_single_persons_is_not_drawn() -> None:
    lonely = np.full((60, 1), np.nan)
    lonely[0] = 4.0
    others = np.array([[1.0]] + [[np.nan]] * 59)
    filled = {"CE": np.column_stack([lonely, np.full(60, np.nan)]), "CX": np.ones((60, 2))}
    audiences = {
        "customers": filled,
        "staff": {"CP": np.column_stack([others, np.full(60, np.nan)]), "CY": np.ones((60, 2))},
    }
    steps = (
        WaterfallStep("A", "design", later="CX", earlier="CE"),
        WaterfallStep("B", "design", later="CY", earlier="CX"),
        WaterfallStep("C", "evaluation", later="CP", earlier="CY"),
    )
    answer = bootstrap_waterfall(audiences, steps, n_draws=400)
    assert isinstance(answer, NotEnough)
    assert answer.needed == 400


def test_an_empty_column_is_constant_and_no_items_have_no_correlations() -> None:
    assert is_constant(np.array([]))
    assert item_rest_correlations(ONE_COLUMN) == (None,)
    assert top_dimensions(np.empty((2, 0))).shape == (2, 0)


def test_an_audience_without_a_state_of_the_chain_is_left_aside() -> None:
    random = np.random.default_rng(5)
    asked = {"customers": {"CE": random.normal(6, 1, (30, 2)), "CP": random.normal(5, 1, (30, 2))}}
    alone = bootstrap_waterfall(asked, STEPS, n_draws=200)
    assert bootstrap_waterfall(asked | {"crm_team": {"DS": np.ones((3, 5))}}, STEPS, n_draws=200) == alone


def test_a_huge_effect_needs_two_pairs() -> None:
    assert paired_needed_n(500.0) == 2.0


def test_a_census_has_a_mean_without_interval() -> None:
    answer = estimate_mean([1.0, 2.0, 4.0], population=3)
    assert isinstance(answer, MeanEstimate)
    assert (answer.mean, answer.ci_low, answer.ci_high) == (7.0 / 3.0, None, None)
    assert answer.sd == pytest.approx(np.std([1.0, 2.0, 4.0], ddof=1))


def test_no_success_is_certain_to_be_reached() -> None:
    assert binomial_at_least(0, 5, 0.3) == 1.0
    assert binomial_at_least(6, 5, 0.3) == 0.0


def test_the_interval_of_an_effect_reaches_as_far_as_the_level_asks() -> None:
    random = np.random.default_rng(3)
    later, earlier = random.normal(0.5, 1.0, 40), random.normal(0.0, 1.0, 40)
    usual, extreme = cohens_d(later, earlier), cohens_d(later, earlier, confidence_level=1 - 1e-9)
    assert isinstance(usual, EffectEstimate)
    assert isinstance(extreme, EffectEstimate)
    assert extreme.ci_low < usual.ci_low < usual.effect_size < usual.ci_high < extreme.ci_high
