"""What a wave may expect before it is launched: answers, precision, and the smallest gap it could find.

Every function is arithmetic on planning values (response rate, SD, population); nothing here looks at answers.
Source: docs/method.md, "Precision" and "Minimum group sizes".
"""

from dataclasses import dataclass
from math import ceil, floor, sqrt

from diagnosis.stats.arrays import require_positive
from diagnosis.stats.distributions import binomial_at_least
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.power import (
    POWER,
    margin_of_error,
    needed_n,
    smallest_detectable_gap,
    smallest_detectable_paired_gap,
)

TYPICAL_SD_SHARE = 1.3 / 6.0
"""SD of a dimension score as a share of the scale's range: 1.3 points on 1-7."""
TYPICAL_CORRELATION = 0.5
"""Correlation of two columns of the same persons, for the SD of their difference."""


@dataclass(frozen=True, slots=True)
class AudiencePlan:
    """What to expect of one audience; `margin` is in points of the scale and None below two expected answers.

    `needed`: answers for the wished margin; `to_invite`: invitations for that many answers, None when the population
    is too small for it at this response rate. `chance_shown`: probability of reaching the smallest group shown.
    """

    population: int
    invited: int
    rate: float
    expected: int
    margin: float | None
    needed: int
    to_invite: int | None
    chance_shown: float


def plan_audience(
    *, invited: int, rate: float, sd: float, wished_margin: float, minimum: int, population: int | None = None
) -> AudiencePlan:
    """Plan one audience: `rate` is the expected share of answers (0-1), sd and margins in points of the scale.

    The margin is that of a mean with the finite population correction. Raises StatisticsError for impossible values.
    """
    require_rate(rate)
    whole = invited if population is None else population
    if invited < 0 or whole < invited:
        message = f"{invited} persons cannot be invited from a population of {whole}"
        raise StatisticsError(message)
    expected = expected_answers(invited, rate)
    needed = needed_n(sd, wished_margin, population=whole) if whole else 0
    to_invite = ceil(needed / rate - 1e-9)
    return AudiencePlan(
        population=whole,
        invited=invited,
        rate=rate,
        expected=expected,
        margin=margin_of_error(sd, expected, population=whole) if expected > 1 else None,
        needed=needed,
        to_invite=to_invite if to_invite <= whole else None,
        chance_shown=binomial_at_least(minimum, invited, rate),
    )


def expected_answers(invited: int, rate: float) -> int:
    """Answers to expect, rounded down so that nothing is promised."""
    return floor(invited * rate + 1e-9)


def require_rate(rate: float) -> None:
    """Raise StatisticsError unless the response rate lies above 0 and at most at 1."""
    if not 0.0 < rate <= 1.0:
        message = f"a response rate must be above 0 and at most 1, not {rate}"
        raise StatisticsError(message)


def sd_of_difference(sd: float, correlation: float = TYPICAL_CORRELATION) -> float:
    """SD of the difference of two columns with equal SD: s * sqrt(2 (1 - r))."""
    require_positive(sd, name="sd")
    if not -1.0 <= correlation < 1.0:
        message = f"a correlation must be at least -1 and below 1, not {correlation}"
        raise StatisticsError(message)
    return sd * sqrt(2.0 * (1.0 - correlation))


def smallest_gap(
    *,
    n_later: int,
    n_earlier: int,
    paired: bool,
    sd: float,
    correlation: float = TYPICAL_CORRELATION,
    n_tests: int = 1,
    power: float = POWER,
) -> float | None:
    """Smallest gap, in points, found with the given power at the 5 % level, two-sided; None below two persons.

    Welch's test with its own degrees of freedom for two groups, the paired t test for pairs (n_later of them). With
    `n_tests` the level is that of the first discovery in a family of so many: 0.05 / n_tests (Benjamini-Hochberg).
    R: uniroot over pt(ncp = ) with df = (v1 + v2)^2 / (v1^2 / (n1 - 1) + v2^2 / (n2 - 1)).
    """
    if n_tests < 1:
        message = f"a family has at least one test, not {n_tests}"
        raise StatisticsError(message)
    level = 0.05 / n_tests
    if paired:
        if n_later < 2:
            return None
        difference = sd_of_difference(sd, correlation)
        return smallest_detectable_paired_gap(
            sd_difference=difference, n=n_later, power=power, significance_level=level
        )
    if min(n_later, n_earlier) < 2:
        return None
    return smallest_detectable_gap(
        sd_later=sd,
        n_later=n_later,
        sd_earlier=sd,
        n_earlier=n_earlier,
        power=power,
        significance_level=level,
    )
