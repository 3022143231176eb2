"""Standardised differences beside pingouin's, their intervals beside the definition by the noncentral t."""

from math import sqrt

import numpy as np
import pingouin
import pytest
from scipy.stats import nct

from diagnosis.stats.effects import cohens_d, cohens_dav, cohens_dz, hedges_correction
from diagnosis.stats.proportions import share_margin_of_error
from diagnosis.stats.results import EffectEstimate

RANDOM = np.random.default_rng(20)
LATER, EARLIER = RANDOM.normal(4.6, 1.1, 33), RANDOM.normal(5.3, 1.4, 33)


def found(answer: object) -> EffectEstimate:
    assert isinstance(answer, EffectEstimate)
    return answer


def test_independent_effects_agree_with_pingouin() -> None:
    assert found(cohens_d(LATER, EARLIER[:20])).effect_size == pytest.approx(
        pingouin.compute_effsize(LATER, EARLIER[:20], eftype="cohen")
    )
    # pingouin multiplies by the approximation 1 - 3 / (4 df - 1); the exact factor is within 1e-4 of it here
    assert found(cohens_d(LATER, EARLIER[:20], corrected=True)).effect_size == pytest.approx(
        pingouin.compute_effsize(LATER, EARLIER[:20], eftype="hedges"), abs=2e-4
    )


def test_paired_effects_agree_with_pingouin() -> None:
    assert cohens_dav(LATER, EARLIER) == pytest.approx(
        pingouin.compute_effsize(LATER, EARLIER, paired=True, eftype="cohen")
    )
    t = pingouin.ttest(LATER, EARLIER, paired=True).to_dict("records")[0]["T"]
    plain, corrected = found(cohens_dz(LATER, EARLIER)), found(cohens_dz(LATER, EARLIER, corrected=True))
    assert plain.effect_size == pytest.approx(t / sqrt(33))
    assert corrected.effect_size / plain.effect_size == pytest.approx(hedges_correction(32))


def test_the_limits_are_those_whose_distribution_puts_the_tails_beyond_the_statistic() -> None:
    answer = found(cohens_dz(LATER, EARLIER))
    t = answer.effect_size * sqrt(33)
    assert nct.sf(t, 32, answer.ci_low * sqrt(33)) == pytest.approx(0.025, abs=1e-6)
    assert nct.cdf(t, 32, answer.ci_high * sqrt(33)) == pytest.approx(0.025, abs=1e-6)


def test_one_degree_of_freedom_has_no_correction() -> None:
    assert hedges_correction(1) is None
    assert found(cohens_d([1.0, 2.0], [4.0, 6.0], corrected=True)).effect_size < 0


def test_margins_of_a_share_by_both_rules() -> None:
    textbook = share_margin_of_error(130, 200, population=500)
    design = share_margin_of_error(130, 200, population=500, fpc_rule="design")
    z, variance = 1.959963984540054, 0.65 * 0.35
    assert textbook == pytest.approx(z * sqrt(variance / 200 * 300 / 499))
    assert design == pytest.approx(z * sqrt(0.6 * variance / 199))
    assert share_margin_of_error(130, 200) == pytest.approx(z * sqrt(variance / 200))
