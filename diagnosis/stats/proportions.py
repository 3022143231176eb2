"""Shares: Wilson interval, and the precision of a share drawn from a finite population."""

from math import sqrt

from diagnosis.stats.arrays import require_share
from diagnosis.stats.distributions import beta_quantile, normal_quantile
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.means import FpcRule, fpc_factor
from diagnosis.stats.results import NotEnough, ProportionEstimate


def wilson_interval(
    successes: int, n: int, *, confidence_level: float = 0.95
) -> ProportionEstimate | NotEnough:
    """Share with Wilson's score interval, sensible at 0 of n and n of n too.

    (p + z^2/2n -+ z sqrt(p(1-p)/n + z^2/4n^2)) / (1 + z^2/n). Raises StatisticsError unless 0 <= successes <= n.
    Reference: Wilson (1927). R: prop.test(x, n, correct = FALSE)$conf.int.
    """
    require_share(confidence_level, name="confidence_level")
    if n < 0 or not 0 <= successes <= n:
        message = f"{successes} of {n} is not a share"
        raise StatisticsError(message)
    if n == 0:
        return NotEnough("too_few", 0, 1)
    z = normal_quantile(0.5 + confidence_level / 2.0)
    share = successes / n
    below = 1.0 + z * z / n
    middle = (share + z * z / (2 * n)) / below
    half = z / below * sqrt(share * (1.0 - share) / n + z * z / (4.0 * n * n))
    low = 0.0 if successes == 0 else max(0.0, middle - half)
    high = 1.0 if successes == n else min(1.0, middle + half)
    return ProportionEstimate(n, successes, share, low, high)


def clopper_pearson_interval(
    successes: int, n: int, *, confidence_level: float = 0.95
) -> ProportionEstimate | NotEnough:
    """Share with the exact interval, which never covers less than it says and often more: for comparison only.

    Limits: beta quantiles of (x, n-x+1) and (x+1, n-x); 0 at no success, 1 at all. Raises as `wilson_interval`.
    Reference: Clopper & Pearson (1934). R: binom.test(x, n)$conf.int.
    """
    require_share(confidence_level, name="confidence_level")
    if n < 0 or not 0 <= successes <= n:
        message = f"{successes} of {n} is not a share"
        raise StatisticsError(message)
    if n == 0:
        return NotEnough("too_few", 0, 1)
    tail = (1.0 - confidence_level) / 2.0
    low = 0.0 if successes == 0 else beta_quantile(tail, successes, n - successes + 1)
    high = 1.0 if successes == n else beta_quantile(1.0 - tail, successes + 1, n - successes)
    return ProportionEstimate(n, successes, successes / n, low, high)


def share_margin_of_error(
    successes: int,
    n: int,
    *,
    population: int | None = None,
    confidence_level: float = 0.95,
    fpc_rule: FpcRule = "textbook",
) -> float | NotEnough:
    """Half width of the normal interval of a share with the finite population correction.

    textbook: z sqrt(p(1-p)/n) sqrt((N-n)/(N-1)); design: z sqrt((1-n/N) p(1-p)/(n-1)), as survey software gives it.
    For planning; intervals that are shown use `wilson_interval`. R: survey::svymean() with fpc for `design`.
    """
    require_share(confidence_level, name="confidence_level")
    error = share_error(successes, n, population=population, fpc_rule=fpc_rule)
    if isinstance(error, NotEnough):
        return error
    return normal_quantile(0.5 + confidence_level / 2.0) * error


def share_error(
    successes: int, n: int, *, population: int | None = None, fpc_rule: FpcRule = "textbook"
) -> float | NotEnough:
    """Standard error of a share, with the divisors and corrections of `share_margin_of_error`."""
    if n < 0 or not 0 <= successes <= n:
        message = f"{successes} of {n} is not a share"
        raise StatisticsError(message)
    divisor = n - 1 if fpc_rule == "design" else n
    if divisor < 1:
        return NotEnough("too_few", n, 2 if fpc_rule == "design" else 1)
    share = successes / n
    return sqrt(share * (1.0 - share) / divisor) * fpc_factor(n, population, rule=fpc_rule)
