"""What a study can find: needed persons, margin of error, power and the smallest detectable gap."""

from math import ceil, sqrt

from diagnosis.stats.arrays import require_positive, require_share
from diagnosis.stats.distributions import find_root, noncentral_t_cdf, normal_quantile, t_quantile
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.means import fpc_factor

POWER = 0.80
MAX_NONCENTRALITY = 1e4


def needed_n(
    sd: float, margin: float, *, population: int | None = None, confidence_level: float = 0.95
) -> int:
    """Persons needed for a margin of error, rounded up: n0 = (z s / e)^2, n = n0 / (1 + (n0-1)/N).

    sd and margin in the same units (scale points; for a share p use sd = sqrt(p(1-p))).
    Reference: Cochran (1977). R: ceiling(n0 / (1 + (n0 - 1) / N)).
    """
    return ceil(exact_needed_n(sd, margin, population=population, confidence_level=confidence_level) - 1e-9)


def exact_needed_n(
    sd: float, margin: float, *, population: int | None = None, confidence_level: float = 0.95
) -> float:
    """The same number before rounding up; never more than the population."""
    require_positive(sd, name="sd")
    require_positive(margin, name="margin")
    require_share(confidence_level, name="confidence_level")
    n0 = (normal_quantile(0.5 + confidence_level / 2.0) * sd / margin) ** 2
    if population is None:
        return n0
    if population < 1:
        message = f"a population has at least one person, not {population}"
        raise StatisticsError(message)
    return min(float(population), n0 / (1.0 + (n0 - 1.0) / population))


def margin_of_error(
    sd: float,
    n: int,
    *,
    population: int | None = None,
    confidence_level: float = 0.95,
    use_t: bool | None = None,
) -> float:
    """Half width of the interval of a mean: q * s/sqrt(n) * sqrt((N-n)/(N-1)), in the units of sd.

    q is the t quantile below 30 persons and the normal one from 30, unless `use_t` says otherwise.
    A census has margin 0. Raises StatisticsError for n < 1, for n < 2 with t, or n > N.
    """
    require_positive(sd, name="sd")
    require_share(confidence_level, name="confidence_level")
    with_t = n < 30 if use_t is None else use_t
    if n < (2 if with_t else 1):
        message = f"a margin of error needs more than {n} persons"
        raise StatisticsError(message)
    level = 0.5 + confidence_level / 2.0
    quantile = t_quantile(level, n - 1) if with_t else normal_quantile(level)
    return quantile * sd / sqrt(n) * fpc_factor(n, population)


def _power(noncentrality: float, df: float, significance_level: float) -> float:
    critical = t_quantile(1.0 - significance_level / 2.0, df)
    upper = 1.0 - noncentral_t_cdf(critical, df, noncentrality)
    return upper + noncentral_t_cdf(-critical, df, noncentrality)


def detectable_noncentrality(df: float, *, power: float = POWER, significance_level: float = 0.05) -> float:
    """Distance, in standard errors, that a two-sided t test finds with the given power.

    Solves P(|t'(df, nc)| > t(1 - a/2; df)) = power. R: uniroot over pt(ncp = ).
    """
    require_share(power, name="power")
    require_share(significance_level, name="significance_level")
    require_positive(df, name="df")
    if power <= significance_level:
        message = "power must exceed the significance level"
        raise StatisticsError(message)
    guess = t_quantile(1.0 - significance_level / 2.0, df) + t_quantile(power, df)
    low, high = 0.9 * guess, 1.1 * guess
    while _power(low, df, significance_level) > power and low > 1.0 / MAX_NONCENTRALITY:
        low /= 2.0
    while _power(high, df, significance_level) < power and high < MAX_NONCENTRALITY:
        high *= 2.0
    return find_root(lambda nc: _power(nc, df, significance_level) - power, low, high)


def welch_df(
    variance_of_mean_later: float, n_later: int, variance_of_mean_earlier: float, n_earlier: int
) -> float:
    """Welch-Satterthwaite degrees of freedom from the two squared standard errors."""
    total = variance_of_mean_later + variance_of_mean_earlier
    require_positive(total, name="the sum of the squared standard errors")
    later, earlier = variance_of_mean_later / total, variance_of_mean_earlier / total
    return 1.0 / (later**2 / (n_later - 1) + earlier**2 / (n_earlier - 1))


def smallest_detectable_gap(
    *,
    sd_later: float,
    n_later: int,
    sd_earlier: float,
    n_earlier: int,
    power: float = POWER,
    significance_level: float = 0.05,
) -> float:
    """Smallest difference of two group means, in points, that Welch's test finds with the given power.

    With both SD = 1 the answer is a standardised d. Raises StatisticsError below two persons on a side.
    """
    require_positive(sd_later, name="sd_later")
    require_positive(sd_earlier, name="sd_earlier")
    if min(n_later, n_earlier) < 2:
        message = "a detectable gap needs two persons on each side"
        raise StatisticsError(message)
    later, earlier = sd_later**2 / n_later, sd_earlier**2 / n_earlier
    df = welch_df(later, n_later, earlier, n_earlier)
    distance = detectable_noncentrality(df, power=power, significance_level=significance_level)
    return distance * sqrt(later + earlier)


def smallest_detectable_paired_gap(
    *, sd_difference: float, n: int, power: float = POWER, significance_level: float = 0.05
) -> float:
    """Smallest mean paired difference, in points, that the paired t test finds; sd_difference = 1 gives d_z."""
    require_positive(sd_difference, name="sd_difference")
    if n < 2:
        message = "a detectable gap needs two pairs"
        raise StatisticsError(message)
    distance = detectable_noncentrality(n - 1, power=power, significance_level=significance_level)
    return distance * sd_difference / sqrt(n)


def paired_power(d_z: float, n: float, *, significance_level: float = 0.05) -> float:
    """Power of the two-sided paired t test. R: power.t.test(n, d, type = "paired", strict = TRUE)."""
    if n < 2:
        message = f"a paired test needs two pairs, not {n}"
        raise StatisticsError(message)
    require_share(significance_level, name="significance_level")
    return _power(abs(d_z) * sqrt(n), n - 1, significance_level)


def paired_needed_n(d_z: float, *, power: float = POWER, significance_level: float = 0.05) -> float:
    """Pairs needed for the power, before rounding up. R: power.t.test(delta = d, power = ., strict = TRUE)."""
    require_positive(abs(d_z), name="d_z")
    require_share(power, name="power")
    high = 4.0
    while paired_power(d_z, high, significance_level=significance_level) < power:
        high *= 2.0
        if high > 1e9:
            message = f"no study of a sensible size finds d_z = {d_z}"
            raise StatisticsError(message)
    if paired_power(d_z, 2.0, significance_level=significance_level) >= power:
        return 2.0
    return find_root(lambda n: paired_power(d_z, n, significance_level=significance_level) - power, 2.0, high)
