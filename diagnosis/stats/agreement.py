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


def single_item_agreement(answers: ArrayLike, *, points: int) -> AgreementEstimate | NotEnough:
    """`within_group_agreement` of one item; answers: (persons,), nan = missing."""
    return within_group_agreement(present(answers)[:, None], points=points)
