"""Equal weights change nothing, whole-number weights are repeated persons, errors are linearised."""

from dataclasses import asdict

import numpy as np
import pytest

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import overall_paired_gap, overall_welch_gap, paired_gap, welch_gap
from diagnosis.stats.means import estimate_mean
from diagnosis.stats.results import AlphaEstimate, GapEstimate, MeanEstimate
from diagnosis.stats.scales import cronbach_alpha, scale_reliability
from diagnosis.stats.waterfall import WaterfallEstimate, WaterfallStep, bootstrap_waterfall
from diagnosis.stats.weighting import effective_n, normalised

DRAW = np.random.default_rng(8)
N = 60
LATER = DRAW.integers(1, 11, (N, 3)).astype(float)
EARLIER = np.clip(LATER + DRAW.integers(-2, 3, (N, 3)), 1, 10).astype(float)
EARLIER[DRAW.random((N, 3)) < 0.1] = np.nan
WEIGHTS = DRAW.uniform(0.2, 3.0, N)


def test_equal_weights_change_no_figure() -> None:
    equal = np.full(N, 2.5)
    one, two = LATER[:, 0], EARLIER[:, 0]
    assert asdict(estimate_mean(two, weights=equal)) == pytest.approx(asdict(estimate_mean(two)))
    for plain, weighted in (
        (paired_gap(one, two, scale_range=9), paired_gap(one, two, scale_range=9, weights=equal)),
        (
            welch_gap(one, two, scale_range=9),
            welch_gap(one, two, scale_range=9, weights_later=equal, weights_earlier=equal),
        ),
        (
            overall_paired_gap(LATER, EARLIER, scale_range=9),
            overall_paired_gap(LATER, EARLIER, scale_range=9, weights=equal),
        ),
        (
            overall_welch_gap(LATER, EARLIER, scale_range=9),
            overall_welch_gap(LATER, EARLIER, scale_range=9, weights_later=equal, weights_earlier=equal),
        ),
    ):
        assert isinstance(plain, GapEstimate)
        assert isinstance(weighted, GapEstimate)
        for name in ("estimate", "se", "df", "p_value", "g", "sd_later", "sd_earlier"):
            assert getattr(weighted, name) == pytest.approx(getattr(plain, name), abs=1e-12), name
    plain_alpha, alpha = scale_reliability(LATER), scale_reliability(LATER, weights=equal)
    assert isinstance(plain_alpha, AlphaEstimate)
    assert isinstance(alpha, AlphaEstimate)
    assert (alpha.alpha, alpha.mean_r) == pytest.approx((plain_alpha.alpha, plain_alpha.mean_r))


def test_a_person_who_counts_twice_weighs_two() -> None:
    counts = DRAW.integers(1, 4, N)
    repeated = np.repeat(np.arange(N), counts)
    weights = counts.astype(float)
    found = estimate_mean(LATER[:, 0], weights=weights)
    assert isinstance(found, MeanEstimate)
    assert found.mean == pytest.approx(LATER[repeated, 0].mean(), abs=1e-12)
    alpha, twin = cronbach_alpha(LATER, weights=weights), cronbach_alpha(LATER[repeated])
    assert isinstance(alpha, AlphaEstimate)
    assert isinstance(twin, AlphaEstimate)
    assert alpha.alpha == pytest.approx(twin.alpha, abs=1e-12)
    gap, same = (
        overall_paired_gap(LATER, EARLIER, scale_range=9, weights=weights),
        overall_paired_gap(LATER[repeated], EARLIER[repeated], scale_range=9),
    )
    assert isinstance(gap, GapEstimate)
    assert isinstance(same, GapEstimate)
    assert gap.estimate == pytest.approx(same.estimate, abs=1e-12)


def test_the_error_is_the_linearised_one() -> None:
    x = LATER[:, 1]
    found = estimate_mean(x, weights=WEIGHTS)
    assert isinstance(found, MeanEstimate)
    mean = (WEIGHTS * x).sum() / WEIGHTS.sum()
    parts = WEIGHTS * (x - mean) / WEIGHTS.sum()
    assert found.mean == pytest.approx(mean, abs=1e-12)
    assert found.se == pytest.approx(np.sqrt(N / (N - 1) * (parts**2).sum()), abs=1e-12)
    assert asdict(found) == pytest.approx(asdict(estimate_mean(x, weights=normalised(WEIGHTS))))


def test_effective_n_is_between_one_and_n() -> None:
    assert effective_n(np.ones(7)) == pytest.approx(7)
    assert effective_n(np.array([1e9, 1.0, 1.0])) == pytest.approx(1)
    assert 1 < effective_n(WEIGHTS) < N


@pytest.mark.parametrize("weights", [np.ones(N - 1), np.zeros(N), np.full(N, np.nan), -np.ones(N)])
def test_weights_that_fit_nobody_are_refused(weights: np.ndarray) -> None:
    with pytest.raises(StatisticsError, match="weights"):
        estimate_mean(LATER[:, 0], weights=weights)


def test_the_waterfall_weighs_persons() -> None:
    states = {"CE": EARLIER, "CP": LATER}
    steps = [WaterfallStep("E1", "evaluation", "CP", "CE")]
    found = bootstrap_waterfall(
        {"customers": states}, steps, person_weights={"customers": WEIGHTS}, n_draws=200
    )
    assert isinstance(found, WaterfallEstimate)
    masked = np.ma.masked_invalid(EARLIER)
    means = [np.ma.average(masked[:, d], weights=WEIGHTS) for d in range(3)]
    assert found.start == pytest.approx(np.mean(means), abs=1e-12)
