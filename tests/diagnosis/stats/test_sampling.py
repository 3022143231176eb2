"""Planning figures against the worked numbers of the method and against scipy's own distributions."""

from math import ceil, floor, sqrt

import pytest
from scipy import integrate, optimize, stats

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.sampling import expected_answers, plan_audience, sd_of_difference, smallest_gap


def noncentral_t_below(t: float, df: float, nc: float) -> float:
    """Distribution function of the noncentral t from its definition: a normal over the root of a chi square."""
    found, _error = integrate.quad(
        lambda share: stats.norm.cdf(t * sqrt(stats.chi2.ppf(share, df) / df) - nc), 0, 1, limit=200
    )
    return float(found)


def distance_by_hand(df: float, level: float, power: float = 0.8) -> float:
    critical = stats.t.ppf(1 - level / 2, df)

    def missing(nc: float) -> float:
        both = 1 - noncentral_t_below(critical, df, nc) + noncentral_t_below(-critical, df, nc)
        return both - power

    return float(optimize.brentq(missing, 0.1, 40.0, xtol=1e-7))


def welch_by_hand(n_later: int, n_earlier: int, sd: float, level: float) -> float:
    later, earlier = sd**2 / n_later, sd**2 / n_earlier
    df = (later + earlier) ** 2 / (later**2 / (n_later - 1) + earlier**2 / (n_earlier - 1))
    return distance_by_hand(df, level) * sqrt(later + earlier)


@pytest.mark.parametrize(
    ("population", "needed"), [(100, 63), (200, 90), (500, 123), (1000, 140), (5000, 158)]
)
def test_needed_answers_of_the_method(population: int, needed: int) -> None:
    plan = plan_audience(invited=population, rate=1.0, sd=1.3, wished_margin=0.2, minimum=5)
    assert plan.needed == needed
    assert plan.to_invite == needed


@pytest.mark.parametrize(
    ("population", "invited", "rate", "expected", "margin"),
    [(20_000, 2000, 0.1, 200, 0.18), (60, 60, 0.5, 30, 0.33), (12, 12, 8 / 12, 8, 0.655)],
)
def test_precision_of_the_method(
    population: int, invited: int, rate: float, expected: int, margin: float
) -> None:
    plan = plan_audience(
        invited=invited, rate=rate, sd=1.3, wished_margin=0.2, minimum=5, population=population
    )
    assert plan.expected == expected
    assert plan.margin == pytest.approx(margin, abs=0.005)


@pytest.mark.parametrize(("n", "d"), [(5, 1.67), (8, 1.17), (10, 1.02), (25, 0.6), (50, 0.44)])
def test_smallest_gap_of_two_groups_of_the_method(n: int, d: float) -> None:
    assert smallest_gap(n_later=n, n_earlier=200, paired=False, sd=1.0) == pytest.approx(d, abs=0.02)


@pytest.mark.parametrize(("n", "d_z"), [(30, 0.51), (50, 0.40), (100, 0.28), (200, 0.20)])
def test_smallest_paired_gap_of_the_method(n: int, d_z: float) -> None:
    assert smallest_gap(n_later=n, n_earlier=n, paired=True, sd=1.0) == pytest.approx(d_z, abs=0.02)


@pytest.mark.parametrize(("n_later", "n_earlier"), [(3, 5), (8, 250), (12, 30), (40, 250), (180, 5)])
@pytest.mark.parametrize("n_tests", [1, 9])
def test_smallest_gap_equals_the_search_by_hand(n_later: int, n_earlier: int, n_tests: int) -> None:
    found = smallest_gap(n_later=n_later, n_earlier=n_earlier, paired=False, sd=1.3, n_tests=n_tests)
    assert found == pytest.approx(welch_by_hand(n_later, n_earlier, 1.3, 0.05 / n_tests), abs=1e-4)


@pytest.mark.parametrize("n", [3, 12, 60, 200])
def test_paired_gap_equals_the_search_by_hand(n: int) -> None:
    found = smallest_gap(n_later=n, n_earlier=n, paired=True, sd=1.3, correlation=0.5)
    assert found == pytest.approx(distance_by_hand(n - 1, 0.05) * 1.3 / sqrt(n), abs=1e-4)


@pytest.mark.parametrize(("d_z", "n"), [(0.2, 198.150820953), (0.5, 33.3671291039)])
def test_pairs_that_r_asks_for(d_z: float, n: float) -> None:
    """power.t.test(delta = d, power = .8, type = "paired", strict = TRUE) lies between the whole numbers around it."""
    enough, too_few = ceil(n), floor(n)
    assert smallest_gap(n_later=enough, n_earlier=enough, paired=True, sd=1.0) <= d_z  # type: ignore[operator]
    assert smallest_gap(n_later=too_few, n_earlier=too_few, paired=True, sd=1.0) >= d_z  # type: ignore[operator]


def test_equal_correlation_makes_pairs_as_wide_as_one_column() -> None:
    assert sd_of_difference(1.3, 0.5) == pytest.approx(1.3)
    assert sd_of_difference(1.0, 0.0) == pytest.approx(sqrt(2))


def test_chance_of_being_shown_is_binomial() -> None:
    plan = plan_audience(invited=7, rate=0.65, sd=1.3, wished_margin=0.2, minimum=5)
    assert plan.expected == 4
    assert plan.chance_shown == pytest.approx(stats.binom.sf(4, 7, 0.65))
    assert plan_audience(invited=4, rate=1.0, sd=1.3, wished_margin=0.2, minimum=5).chance_shown == 0.0


def test_too_small_a_population_says_so() -> None:
    plan = plan_audience(invited=200, rate=0.1, sd=1.3, wished_margin=0.2, minimum=5)
    assert (plan.needed, plan.to_invite) == (90, None)
    nobody = plan_audience(invited=0, rate=0.1, sd=1.3, wished_margin=0.2, minimum=5)
    assert (nobody.expected, nobody.margin, nobody.needed) == (0, None, 0)


def test_a_census_has_no_margin() -> None:
    assert plan_audience(invited=12, rate=1.0, sd=1.3, wished_margin=0.2, minimum=5).margin == 0.0


def test_expected_answers_promise_nothing() -> None:
    assert expected_answers(19, 0.5) == 9
    assert expected_answers(10, 0.3) == 3


def test_bad_planning_values_are_refused() -> None:
    for call in (
        lambda: plan_audience(invited=5, rate=0.0, sd=1.3, wished_margin=0.2, minimum=5),
        lambda: plan_audience(invited=5, rate=1.1, sd=1.3, wished_margin=0.2, minimum=5),
        lambda: plan_audience(invited=5, rate=0.5, sd=1.3, wished_margin=0.2, minimum=5, population=4),
        lambda: plan_audience(invited=5, rate=0.5, sd=0.0, wished_margin=0.2, minimum=5),
        lambda: smallest_gap(n_later=5, n_earlier=5, paired=False, sd=1.0, n_tests=0),
        lambda: sd_of_difference(1.0, 1.0),
    ):
        with pytest.raises(StatisticsError):
            call()
    assert smallest_gap(n_later=1, n_earlier=9, paired=False, sd=1.0) is None
    assert smallest_gap(n_later=1, n_earlier=1, paired=True, sd=1.0) is None
