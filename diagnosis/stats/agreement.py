"""Do the members of one group agree enough to speak of the group's view: rwg, rwg(j), r*wg(j) and AD."""

from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import complete_rows, present
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

AgreementBand = Literal["none", "weak", "moderate", "strong", "very_strong"]

SLIGHT_SKEW_VARIANCE = MappingProxyType({5: 1.34, 7: 2.90})
DISAGREE_BELOW = 0.50
CAMP_SHARE = 0.30
FEWEST_IN_CAMPS = 4
BAND_UP_TO: tuple[tuple[float, AgreementBand], ...] = (
    (0.30, "none"),
    (0.50, "weak"),
    (0.70, "moderate"),
    (0.90, "strong"),
)


@dataclass(frozen=True, slots=True)
class AgreementEstimate:
    """Agreement of one group on one scale of `k` items.

    `rwg` against the uniform null, `rwg_slight_skew` against the slight-skew null (None where no published variance
    exists for the number of points). `out_of_range`: the answers spread more than the null, rwg was set to 0.
    `average_deviation` in points, at most `average_deviation_limit` = points / 6 counts as agreement.
    """

    n: int
    k: int
    rwg: float
    rwg_slight_skew: float | None
    lindell: float
    out_of_range: bool
    average_deviation: float
    average_deviation_limit: float
    band: AgreementBand


def agreement_band(rwg: float) -> AgreementBand:
    """Word for rwg: to .30 none, to .50 weak, to .70 moderate, to .90 strong, above very strong (LeBreton & Senter)."""
    for limit, band in BAND_UP_TO:
        if rwg <= limit:
            return band
    return "very_strong"


def uniform_variance(points: int) -> float:
    """Variance of answers spread evenly over the points of the scale: (A^2 - 1) / 12."""
    if points < 2:
        message = f"a scale has at least two points, not {points}"
        raise StatisticsError(message)
    return (points**2 - 1) / 12.0


def _rwg_j(k: int, mean_variance: float, null_variance: float) -> float:
    ratio = mean_variance / null_variance
    return 0.0 if ratio >= 1.0 else k * (1.0 - ratio) / (k * (1.0 - ratio) + ratio)


def within_group_agreement(ratings: ArrayLike, *, points: int) -> AgreementEstimate | NotEnough:
    """Within-group agreement over the items of one scale.

    rwg(j) = J(1 - s2/sE2) / (J(1 - s2/sE2) + s2/sE2), s2 = mean item variance (n-1), sE2 = (A^2-1)/12, 0 when
    s2 > sE2; with one item this is rwg = 1 - s2/sE2. r*wg(j) = 1 - s2/sE2 (may be negative). AD = mean over items of
    the mean absolute deviation from the item mean. ratings: (persons, items), nan = missing (listwise).
    References: James, Demaree & Wolf (1984); Lindell (1999); Burke & Dunlap (2002); O'Neill (2017).
    R: multilevel::rwg.j(), multilevel::rwg(), multilevel::rwg.j.lindell(), multilevel::ad.m().
    """
    null_variance = uniform_variance(points)
    complete = complete_rows(ratings)
    n, k = complete.shape
    if k == 0:
        return NotEnough("not_defined", n, 1)
    if n < 2:
        return NotEnough("too_few", n, 2)
    mean_variance = float(complete.var(axis=0, ddof=1).mean())
    skewed = SLIGHT_SKEW_VARIANCE.get(points)
    rwg = _rwg_j(k, mean_variance, null_variance)
    return AgreementEstimate(
        n=n,
        k=k,
        rwg=rwg,
        rwg_slight_skew=None if skewed is None else _rwg_j(k, mean_variance, skewed),
        lindell=1.0 - mean_variance / null_variance,
        out_of_range=mean_variance > null_variance,
        average_deviation=float(np.abs(complete - complete.mean(axis=0)).mean(axis=0).mean()),
        average_deviation_limit=points / 6.0,
        band=agreement_band(rwg),
    )


@dataclass(frozen=True, slots=True)
class TwoPeaks:
    """A distribution with two camps: the points of both peaks and the share of persons on each side of the valley."""

    low_peak: int
    high_peak: int
    low_share: float
    high_share: float


def two_peaks(scores: ArrayLike, *, low: int, high: int) -> TwoPeaks | NotEnough | None:
    """Two camps of scores on a scale from low to high, or None when there is one.

    Scores are counted at the nearest point. Two camps are peaks at least half of the scale's range apart, with a point
    between them that holds at most half of the smaller peak, and with at least 30 % of the persons and two of them on
    each side of that point. Rule of the product: agreement indices alone miss two camps near the middle, and published
    tests of bimodality need more persons than a management team has. scores: (persons,), nan = missing; four needed.
    """
    if high <= low:
        message = f"a scale runs upwards, not from {low} to {high}"
        raise StatisticsError(message)
    given = present(scores)
    n = int(given.size)
    if n < FEWEST_IN_CAMPS:
        return NotEnough("too_few", n, FEWEST_IN_CAMPS)
    points = np.clip(np.floor(given + 0.5), low, high).astype(np.int64) - low
    counts = np.bincount(points, minlength=high - low + 1)
    best: TwoPeaks | None = None
    for valley in range(1, counts.size - 1):
        below, above = counts[:valley], counts[valley + 1 :]
        camps = int(below.sum()), int(above.sum())
        if min(camps) < max(2.0, CAMP_SHARE * n):
            continue
        first, last = int(below.argmax()), counts.size - 1 - int(above[::-1].argmax())
        is_apart = last - first >= (high - low) / 2.0
        if is_apart and counts[valley] <= min(counts[first], counts[last]) / 2.0:
            found = TwoPeaks(low + first, low + last, camps[0] / n, camps[1] / n)
            if best is None or found.low_share + found.high_share > best.low_share + best.high_share:
                best = found
    return best


def single_item_agreement(answers: ArrayLike, *, points: int) -> AgreementEstimate | NotEnough:
    """`within_group_agreement` of one item; answers: (persons,), nan = missing."""
    return within_group_agreement(present(answers)[:, None], points=points)
