"""The worked numbers of the method: margins, needed persons, detectable gaps."""

import pytest
from scipy import stats

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.means import estimate_mean, fpc_factor, mean_of_dimensions
from diagnosis.stats.power import (
    detectable_noncentrality,
    margin_of_error,
    needed_n,
    paired_needed_n,
    paired_power,
    smallest_detectable_gap,
    smallest_detectable_paired_gap,
)
from diagnosis.stats.results import MeanEstimate, NotEnough


@pytest.mark.parametrize(
    ("population", "n"), [(100, 63), (200, 90), (500, 123), (1000, 140), (5000, 158), (None, 163)]
)
def test_needed_n_of_the_method(population: int | None, n: int) -> None:
    assert needed_n(1.3, 0.2, population=population) == n


@pytest.mark.parametrize(
    ("n", "population", "use_t", "margin"),
    [(8, 12, False, 0.54), (8, 12, True, 0.655), (30, 60, False, 0.33), (200, 20_000, None, 0.18)],
)
def test_margin_of_error_of_the_method(n: int, population: int, use_t: bool | None, margin: float) -> None:
    assert margin_of_error(1.3, n, population=population, use_t=use_t) == pytest.approx(margin, abs=0.005)


def test_margin_of_error_below_thirty_uses_t() -> None:
    assert margin_of_error(1.3, 8) == margin_of_error(1.3, 8, use_t=True)
    assert margin_of_error(1.3, 30) == margin_of_error(1.3, 30, use_t=False)


def test_census_has_no_margin() -> None:
    assert margin_of_error(1.3, 12, population=12) == 0.0
    assert fpc_factor(1, 1) == 0.0


@pytest.mark.parametrize(("n_later", "d"), [(5, 1.67), (8, 1.17), (10, 1.02), (25, 0.6), (50, 0.44)])
def test_smallest_detectable_gap_of_the_method(n_later: int, d: float) -> None:
    found = smallest_detectable_gap(sd_later=1, n_later=n_later, sd_earlier=1, n_earlier=200)
    assert found == pytest.approx(d, abs=0.02)


@pytest.mark.parametrize(("n", "d_z"), [(30, 0.51), (50, 0.40), (100, 0.28), (200, 0.20)])
def test_smallest_detectable_paired_gap_of_the_method(n: int, d_z: float) -> None:
    assert smallest_detectable_paired_gap(sd_difference=1, n=n) == pytest.approx(d_z, abs=0.02)


def test_detectable_gap_and_needed_pairs_are_inverse() -> None:
    d_z = smallest_detectable_paired_gap(sd_difference=1, n=40)
    assert paired_needed_n(d_z) == pytest.approx(40, abs=1e-4)
    assert paired_power(d_z, 40) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(("df", "power"), [(30.0, 0.06), (3.0, 0.999), (0.5, 0.9)])
def test_distance_is_found_where_the_first_guess_is_far_off(df: float, power: float) -> None:
    distance, bound = detectable_noncentrality(df, power=power), stats.t.ppf(0.975, df)
    found = stats.nct.sf(bound, df, distance) + stats.nct.cdf(-bound, df, distance)
    assert found == pytest.approx(power, abs=1e-6)


@pytest.mark.parametrize("n", [2, 3])
def test_detectable_gap_of_very_few_is_finite(n: int) -> None:
    assert 0 < smallest_detectable_gap(sd_later=1, n_later=n, sd_earlier=1, n_earlier=n) < 100


def test_planning_refuses_bad_input() -> None:
    for call in (
        lambda: needed_n(0, 0.2),
        lambda: needed_n(1, 0.2, population=0),
        lambda: margin_of_error(1, 1),
        lambda: margin_of_error(1, 40, population=30),
        lambda: smallest_detectable_gap(sd_later=1, n_later=1, sd_earlier=1, n_earlier=9),
        lambda: smallest_detectable_paired_gap(sd_difference=1, n=1),
        lambda: paired_power(0.5, 1),
        lambda: paired_needed_n(0.0),
        lambda: paired_needed_n(1e-9),
    ):
        with pytest.raises(StatisticsError):
            call()


def test_estimate_mean_of_few() -> None:
    assert estimate_mean([]) == NotEnough("too_few", 0, 1)
    assert estimate_mean([4.0]) == MeanEstimate(1, 4.0, None, None, None, None)
    assert estimate_mean([4.0, 4.0, float("nan")]) == MeanEstimate(2, 4.0, 0.0, None, None, None)


def test_mean_of_dimensions_is_unweighted() -> None:
    nan = float("nan")
    assert mean_of_dimensions([[1, 7], [3, nan], [5, nan]]) == 5.0
    assert mean_of_dimensions([[1, nan]]) is None
