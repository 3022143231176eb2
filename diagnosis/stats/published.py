"""Gaps from printed means, standard deviations and numbers: for literature, and for clients who only have a table."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Literal

import numpy as np

from diagnosis.stats.arrays import as_column, require_share
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.effects import hedges_correction
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.printed import Printed
from diagnosis.stats.results import NotEnough

Basis = Literal["sd_gap", "correlation", "t", "interval", "uncorrelated"]


@dataclass(frozen=True, slots=True)
class PrintedGapRow:
    """One row of a table about the same persons: later minus earlier state, every number as printed or None.

    `items`: statements behind each mean where all answers are whole numbers and everybody answered all, else None.
    """

    name: str
    n: int
    mean_later: Printed | None = None
    sd_later: Printed | None = None
    mean_earlier: Printed | None = None
    sd_earlier: Printed | None = None
    gap: Printed | None = None
    sd_gap: Printed | None = None
    correlation: Printed | None = None
    t: Printed | None = None
    ci_low: Printed | None = None
    ci_high: Printed | None = None
    p_value: Printed | None = None
    items: int | None = None

    @property
    def difference(self) -> float | None:
        """Later mean minus earlier mean where both are printed, else the printed gap."""
        if self.mean_later is not None and self.mean_earlier is not None:
            return self.mean_later.value - self.mean_earlier.value
        return None if self.gap is None else self.gap.value


@dataclass(frozen=True, slots=True)
class SummaryGap:
    """A gap of pairs computed from a printed row.

    `basis` tells where the SD of the differences comes from; `uncorrelated` assumes r = 0, which makes t too small and
    the interval too wide when the two answers go together. `d_av` and `implied_r` need both SDs.
    """

    n: int
    gap: float
    sd_difference: float
    basis: Basis
    se: float
    t: float
    df: int
    p_value: float
    ci_low: float
    ci_high: float
    d_z: float
    g_z: float | None
    d_av: float | None
    implied_r: float | None


@dataclass(frozen=True, slots=True)
class SummaryWelch:
    """Welch's test of two groups from their printed means, SDs and numbers; d over the pooled SD."""

    difference: float
    se: float
    t: float
    df: float
    p_value: float
    ci_low: float
    ci_high: float
    d: float
    g: float | None


@dataclass(frozen=True, slots=True)
class ItemGaps:
    """Dimension figures from item means: both states and the gap by dimension, over all items, over dimensions."""

    dimensions: tuple[str, ...]
    later: tuple[float, ...]
    earlier: tuple[float, ...]
    gaps: tuple[float, ...]
    overall_later: float
    overall_earlier: float
    overall_gap: float
    gap_of_dimensions: float


@dataclass(frozen=True, slots=True)
class ZoneGaps:
    """Adequacy = perceived - minimum, superiority = perceived - desired, position = adequacy / (desired - minimum).

    `position` is None where the minimum is not below the desired level. One value per row each.
    """

    adequacy: tuple[float, ...]
    superiority: tuple[float, ...]
    position: tuple[float | None, ...]


def gap_from_summary(row: PrintedGapRow, *, confidence_level: float = 0.95) -> SummaryGap | NotEnough:
    """Gap, test, interval and effect sizes of one printed row about pairs.

    The SD of the differences is, in this order: printed; sqrt(s1^2 + s2^2 - 2 r s1 s2); |gap| sqrt(n)/|t|; half width
    of the interval over t(n-1) times sqrt(n); with both SDs and nothing else the one for r = 0. implied_r =
    (s1^2 + s2^2 - s_D^2)/(2 s1 s2). R: no package; t = gap / (s_D / sqrt(n)).
    """
    require_share(confidence_level, name="confidence_level")
    gap = row.difference
    if row.n < 2:
        return NotEnough("too_few", row.n, 2, gap)
    if gap is None:
        return NotEnough("not_defined", row.n, 2)
    found = _sd_of_difference(row, gap, confidence_level)
    if found is None:
        return NotEnough("not_defined", row.n, 2, gap)
    sd, basis = found
    if sd <= 0.0:
        return NotEnough("no_variation", row.n, 2, gap)
    df, se = row.n - 1, sd / sqrt(row.n)
    half = t_quantile(0.5 + confidence_level / 2.0, df) * se
    factor = hedges_correction(df)
    sds = (
        None if row.sd_later is None or row.sd_earlier is None else (row.sd_later.value, row.sd_earlier.value)
    )
    return SummaryGap(
        n=row.n,
        gap=gap,
        sd_difference=sd,
        basis=basis,
        se=se,
        t=gap / se,
        df=df,
        p_value=t_two_sided_p(gap / se, df),
        ci_low=gap - half,
        ci_high=gap + half,
        d_z=gap / sd,
        g_z=None if factor is None else gap / sd * factor,
        d_av=gap / sqrt((sds[0] ** 2 + sds[1] ** 2) / 2.0) if sds and any(sds) else None,
        implied_r=implied_correlation(*sds, sd) if sds and all(sds) else None,
    )


def implied_correlation(sd_later: float, sd_earlier: float, sd_difference: float) -> float:
    """Correlation that two SDs and the SD of the differences imply; outside -1 to 1 the three cannot be true."""
    return (sd_later**2 + sd_earlier**2 - sd_difference**2) / (2.0 * sd_later * sd_earlier)


def _sd_of_difference(row: PrintedGapRow, gap: float, confidence_level: float) -> tuple[float, Basis] | None:
    if row.sd_gap is not None:
        return row.sd_gap.value, "sd_gap"
    sds = (
        None if row.sd_later is None or row.sd_earlier is None else (row.sd_later.value, row.sd_earlier.value)
    )
    if sds is not None and row.correlation is not None:
        variance = sds[0] ** 2 + sds[1] ** 2 - 2.0 * row.correlation.value * sds[0] * sds[1]
        return sqrt(max(0.0, variance)), "correlation"
    if row.t is not None and row.t.value != 0.0 and gap != 0.0:
        return abs(gap) * sqrt(row.n) / abs(row.t.value), "t"
    if row.ci_low is not None and row.ci_high is not None:
        half = (row.ci_high.value - row.ci_low.value) / 2.0
        return half / t_quantile(0.5 + confidence_level / 2.0, row.n - 1) * sqrt(row.n), "interval"
    return None if sds is None else (sqrt(sds[0] ** 2 + sds[1] ** 2), "uncorrelated")


def t_of_interval(
    gap: float, ci_low: float, ci_high: float, n: int, *, confidence_level: float = 0.95
) -> float | None:
    """t that an interval around a gap of n pairs implies; None when the interval has no width."""
    half = (ci_high - ci_low) / 2.0
    if half <= 0.0 or n < 2:
        return None
    return gap / (half / t_quantile(0.5 + confidence_level / 2.0, n - 1))


def welch_from_summary(
    later: tuple[float, float, int], earlier: tuple[float, float, int], *, confidence_level: float = 0.95
) -> SummaryWelch | NotEnough:
    """Welch's test from (mean, SD, n) of two groups. R: BSDA::tsum.test().

    Raises StatisticsError on a negative SD.
    """
    require_share(confidence_level, name="confidence_level")
    (mean1, sd1, n1), (mean2, sd2, n2) = later, earlier
    if min(sd1, sd2) < 0.0:
        message = "a standard deviation cannot be below 0"
        raise StatisticsError(message)
    difference = mean1 - mean2
    if min(n1, n2) < 2:
        return NotEnough("too_few", min(n1, n2), 2, difference)
    error1, error2 = sd1**2 / n1, sd2**2 / n2
    if error1 + error2 == 0.0:
        return NotEnough("no_variation", min(n1, n2), 2, difference)
    se = sqrt(error1 + error2)
    df = (error1 + error2) ** 2 / (error1**2 / (n1 - 1) + error2**2 / (n2 - 1))
    pooled = sqrt(((n1 - 1) * sd1**2 + (n2 - 1) * sd2**2) / (n1 + n2 - 2))
    half = t_quantile(0.5 + confidence_level / 2.0, df) * se
    factor = hedges_correction(n1 + n2 - 2)
    return SummaryWelch(
        difference=difference,
        se=se,
        t=difference / se,
        df=df,
        p_value=t_two_sided_p(difference / se, df),
        ci_low=difference - half,
        ci_high=difference + half,
        d=difference / pooled,
        g=None if factor is None else difference / pooled * factor,
    )


def gaps_from_items(
    dimensions: Sequence[str], later: Sequence[float], earlier: Sequence[float]
) -> ItemGaps | NotEnough:
    """Dimension means as unweighted means of item means; gap = later - earlier.

    dimensions: the dimension of each item; later, earlier: its two means. Overall is over all items;
    `gap_of_dimensions` is the mean of the dimensions' gaps, which the product itself uses.
    """
    one, two = as_column(later, name="later"), as_column(earlier, name="earlier")
    if one.shape != two.shape or one.size != len(dimensions) or np.isnan(one).any() or np.isnan(two).any():
        message = "every item needs its dimension and both means"
        raise StatisticsError(message)
    if not one.size:
        return NotEnough("too_few", 0, 1)
    names = tuple(dict.fromkeys(dimensions))
    place = np.array([names.index(name) for name in dimensions])
    counts = np.bincount(place)
    means_later, means_earlier = (np.bincount(place, weights=side) / counts for side in (one, two))
    gaps = means_later - means_earlier
    return ItemGaps(
        dimensions=names,
        later=tuple(float(mean) for mean in means_later),
        earlier=tuple(float(mean) for mean in means_earlier),
        gaps=tuple(float(gap) for gap in gaps),
        overall_later=float(one.mean()),
        overall_earlier=float(two.mean()),
        overall_gap=float(one.mean() - two.mean()),
        gap_of_dimensions=float(gaps.mean()),
    )


def zone_gaps(minimum: Sequence[float], desired: Sequence[float], perceived: Sequence[float]) -> ZoneGaps:
    """Gaps of the zone of tolerance from printed means, one per row; raises StatisticsError when one is missing.

    Reference: Parasuraman, Zeithaml & Berry (1994); the LibQUAL+ reports print the same two gaps.
    """
    rows = [as_column(column) for column in (minimum, desired, perceived)]
    if len({column.size for column in rows}) > 1 or any(np.isnan(column).any() for column in rows):
        message = "minimum, desired and perceived must have a number in every row"
        raise StatisticsError(message)
    triples = list(zip(*(column.tolist() for column in rows), strict=True))
    return ZoneGaps(
        tuple(got - low for low, _high, got in triples),
        tuple(got - high for _low, high, got in triples),
        tuple((got - low) / (high - low) if high > low else None for low, high, got in triples),
    )
