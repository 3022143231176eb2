"""Bootstrap intervals: their Monte Carlo against scipy, their properties, and what they refuse."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.bootstrap import (
    BootstrapInterval,
    PairedBootstrap,
    acceleration_of,
    bca_of_mean_difference,
    bca_of_paired_mean,
    bootstrap_cases,
    bootstrap_mean_difference,
    bootstrap_paired_mean,
    intervals_of_draws,
)
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.resampling import unit_counts
from diagnosis.stats.results import NotEnough

NAN = math.nan
RANDOM = np.random.default_rng(17)
BEFORE = RANDOM.integers(1, 8, 60).astype(float)
AFTER = np.clip(BEFORE + RANDOM.choice([-2, -1, 0, 0, 1], 60), 1, 7)
OTHERS = RANDOM.integers(3, 8, 35).astype(float)


def paired() -> PairedBootstrap:
    answer = bootstrap_paired_mean([*AFTER, NAN], [*BEFORE, 3.0], n_draws=20_000)
    assert isinstance(answer, PairedBootstrap)
    return answer


@pytest.mark.parametrize("method", ["percentile", "basic", "bca"])
def test_paired_mean_matches_scipy(method: str) -> None:
    differences = AFTER - BEFORE
    oracle = stats.bootstrap(
        (differences,), np.mean, n_resamples=20_000, method={"bca": "BCa"}.get(method, method), rng=3
    )
    answer = paired().mean
    expected = oracle.confidence_interval
    assert getattr(answer, method) == pytest.approx((expected.low, expected.high), abs=0.02)
    assert answer.se == pytest.approx(differences.std() / math.sqrt(60), rel=0.03)


def test_standardised_difference_matches_scipy() -> None:
    def d_z(sample: np.ndarray, axis: int = -1) -> np.ndarray:
        return sample.mean(axis=axis) / sample.std(axis=axis, ddof=1)

    oracle = stats.bootstrap((AFTER - BEFORE,), d_z, n_resamples=20_000, method="BCa", rng=3)
    answer = paired().d_z
    assert isinstance(answer, BootstrapInterval)
    assert answer.estimate == pytest.approx(d_z(AFTER - BEFORE))
    assert answer.bca == pytest.approx(
        (oracle.confidence_interval.low, oracle.confidence_interval.high), abs=0.03
    )


def test_two_groups_match_scipy() -> None:
    oracle = stats.bootstrap(
        (OTHERS, BEFORE),
        lambda x, y, axis=-1: x.mean(axis=axis) - y.mean(axis=axis),
        n_resamples=20_000,
        method="BCa",
        rng=3,
    )
    answer = bootstrap_mean_difference(OTHERS, [*BEFORE, NAN], n_draws=20_000)
    assert isinstance(answer, BootstrapInterval)
    assert answer.estimate == pytest.approx(OTHERS.mean() - BEFORE.mean())
    assert answer.bca == pytest.approx(
        (oracle.confidence_interval.low, oracle.confidence_interval.high), abs=0.03
    )


def test_generic_bootstrap_gives_the_same_interval_of_a_mean() -> None:
    def mean(counts: np.ndarray) -> np.ndarray:
        return counts @ BEFORE / counts.sum(axis=1)

    generic = bootstrap_cases(mean, BEFORE.size, n_draws=20_000)
    drawn = bootstrap_paired_mean(BEFORE, np.zeros(60), n_draws=20_000)
    assert isinstance(generic, BootstrapInterval)
    assert isinstance(drawn, PairedBootstrap)
    assert generic.bca is not None
    assert generic.bca == pytest.approx(drawn.mean.bca, abs=0.02)


def test_generic_bootstrap_states_what_is_not_defined() -> None:
    nothing = bootstrap_cases(lambda counts: np.full(len(counts), NAN), 10)
    assert nothing == NotEnough("not_defined", 10, 10)
    rarely = bootstrap_cases(lambda counts: np.where((counts == 1).all(axis=1), 1.0, NAN), 10)
    assert rarely == NotEnough("not_defined", 10, 10, 1.0)
    shaky = bootstrap_cases(lambda counts: np.where(counts.sum(axis=1) < 10, NAN, counts[:, 0]), 10)
    assert isinstance(shaky, BootstrapInterval)
    with pytest.raises(StatisticsError):
        list(unit_counts(0, 5, np.random.default_rng(1)))


def test_draws_come_in_slices_and_count_everybody() -> None:
    slices = list(unit_counts(3_000_000, 2, np.random.default_rng(1)))
    assert [part.shape for part in slices] == [(1, 3_000_000), (1, 3_000_000)]
    assert all(part.sum() == 3_000_000 for part in slices)


def test_bootstrap_needs_twenty_persons_and_variation() -> None:
    assert bootstrap_paired_mean([1.0] * 19, range(19)) == NotEnough("too_few", 19, 20)
    assert bootstrap_paired_mean(np.arange(20) + 1, range(20)) == NotEnough("no_variation", 20, 20, 1.0)
    assert bootstrap_mean_difference([1.0] * 19, range(30)) == NotEnough("too_few", 19, 20)
    assert bootstrap_mean_difference([1.0] * 20, [3.0] * 25) == NotEnough("no_variation", 20, 20, -2.0)


def test_pairs_that_hardly_differ_have_no_interval_of_d_z() -> None:
    few = bootstrap_paired_mean([1.0, 0.0], [0.0, 0.0], minimum=2)
    assert isinstance(few, PairedBootstrap)
    assert few.d_z == NotEnough("no_variation", 2, 2, 0.5)
    three = bootstrap_paired_mean([1.0, 0.0, 0.0, 2.0], np.zeros(4), minimum=2)
    assert isinstance(three, PairedBootstrap)
    assert isinstance(three.d_z, BootstrapInterval)
    assert three.d_z.n_draws < three.mean.n_draws


@pytest.mark.parametrize("n", [20, 45, 200])
@pytest.mark.parametrize("ceiling", [False, True])
def test_interval_without_draws_is_that_of_endless_draws(n: int, ceiling: bool) -> None:
    random = np.random.default_rng(n)
    later = np.clip(np.round(random.normal(6.2 if ceiling else 4.0, 1.3, n) * 3) / 3, 1, 7)
    earlier = np.clip(np.round(random.normal(4.5, 1.0, n + 10) * 3) / 3, 1, 7)
    drawn = bootstrap_paired_mean(later, earlier[:n], n_draws=200_000)
    known = bca_of_paired_mean(later, earlier[:n])
    assert isinstance(drawn, PairedBootstrap)
    assert known == pytest.approx(drawn.mean.bca, abs=0.04 * drawn.mean.se)
    groups = bootstrap_mean_difference(later, earlier, n_draws=200_000)
    assert isinstance(groups, BootstrapInterval)
    assert bca_of_mean_difference(later, earlier) == pytest.approx(groups.bca, abs=0.04 * groups.se)


def test_interval_without_draws_needs_the_same() -> None:
    assert bca_of_paired_mean([1.0] * 19, range(19)) == NotEnough("too_few", 19, 20)
    assert bca_of_paired_mean(np.arange(20) + 1, range(20)) == NotEnough("no_variation", 20, 20, 1.0)
    assert bca_of_mean_difference([1.0] * 19, range(30)) == NotEnough("too_few", 19, 20)
    assert bca_of_mean_difference([1.0] * 20, [3.0] * 25) == NotEnough("no_variation", 20, 20, -2.0)


def test_draws_on_one_side_have_no_bca() -> None:
    above = intervals_of_draws(0.0, np.linspace(1, 2, 50), acceleration=0.0)
    assert above.bca is None
    steep = intervals_of_draws(1.5, np.linspace(1, 2, 50), acceleration=0.9)
    assert steep.bca is None
    plain = intervals_of_draws(1.5, np.linspace(1, 2, 51), acceleration=0.0)
    assert plain.bca == pytest.approx(plain.percentile)


@settings(max_examples=30)
@given(st.lists(st.integers(-6, 6), min_size=20, max_size=60), st.integers(-3, 3))
def test_intervals_move_with_the_scores(differences: list[int], shift: int) -> None:
    plain = bootstrap_paired_mean(differences, np.zeros(len(differences)), n_draws=200)
    moved = bootstrap_paired_mean(np.add(differences, shift), np.zeros(len(differences)), n_draws=200)
    assert type(plain) is type(moved)
    if isinstance(plain, PairedBootstrap) and isinstance(moved, PairedBootstrap):
        assert moved.mean.percentile == pytest.approx(np.add(plain.mean.percentile, shift))
        assert (
            plain.mean.percentile[0] <= plain.mean.estimate <= plain.mean.percentile[1] or plain.mean.se < 0.2
        )


def test_acceleration_counts_values_as_often_as_they_occur() -> None:
    values, counts = np.array([-1.0, 0.0, 3.0]), np.array([3.0, 4.0, 1.0])
    assert acceleration_of(values, counts) == pytest.approx(
        acceleration_of(np.repeat(values, counts.astype(int)))
    )
    assert acceleration_of(np.zeros(3)) == 0.0
