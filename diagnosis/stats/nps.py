"""Net promoter score with its intervals, and the difference of two: shares of 9-10 less shares of 0-6."""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, present, require_share
from diagnosis.stats.distributions import normal_quantile, t_quantile
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import welch_gap
from diagnosis.stats.results import GapEstimate, NotEnough

HIGHEST = 10
PROMOTER_FROM, DETRACTOR_UP_TO = 9, 6
ADDED = 3.0
"""Answers added by the adjusted interval: 3/4 promoters, 3/4 detractors, 3/2 passives (Rocks 2016)."""


@dataclass(frozen=True, slots=True)
class NetPromoterEstimate:
    """Net promoter score in points from -100 to 100.

    `wald` is the normal interval with divisor n, `t` the interval of the mean of the codes -100, 0, 100 with n - 1;
    both and the errors are None without variation. `bootstrap`: percentile interval. `adjusted` is sensible at every n
    and with everybody in one group; it is the interval to show.
    """

    n: int
    promoters: float
    passives: float
    detractors: float
    score: float
    se_wald: float | None
    wald: tuple[float, float] | None
    se: float | None
    t: tuple[float, float] | None
    bootstrap: tuple[float, float] | None
    adjusted: tuple[float, float]


def promoter_codes(answers: ArrayLike) -> FloatArray:
    """100 for promoters (9, 10), -100 for detractors (0-6), 0 for passives; missing answers are left out.

    Raises StatisticsError on anything but whole numbers from 0 to 10: 11 is no promoter.
    """
    given = present(answers, name="recommendation")
    if ((given < 0) | (given > HIGHEST) | (given != np.round(given))).any():
        message = f"recommendation must hold whole numbers from 0 to {HIGHEST}"
        raise StatisticsError(message)
    codes = np.where(given >= PROMOTER_FROM, 100.0, np.where(given <= DETRACTOR_UP_TO, -100.0, 0.0))
    return np.asarray(codes, dtype=np.float64)


def net_promoter_score(
    answers: ArrayLike, *, confidence_level: float = 0.95, n_draws: int = 5_000, random_state: int = 1
) -> NetPromoterEstimate | NotEnough:
    """NPS = 100 (p - d); variance of one answer p + d - (p - d)^2.

    answers: (persons,) whole numbers 0-10, nan = missing. The bootstrap draws multinomial counts of the three groups.
    References: Reichheld (2003); Rocks (2016). R: t.test(codes)$conf.int.
    """
    require_share(confidence_level, name="confidence_level")
    codes = promoter_codes(answers)
    n = int(codes.size)
    if n == 0:
        return NotEnough("too_few", 0, 1)
    shares = np.array([(codes > 0).mean(), (codes == 0).mean(), (codes < 0).mean()])
    score = 100.0 * float(shares[0] - shares[2])
    variance = 1e4 * (float(shares[0] + shares[2]) - (score / 100.0) ** 2)
    level = 0.5 + confidence_level / 2.0
    z = normal_quantile(level)
    se_wald = wald = se = t = bootstrap = None
    if shares.max() < 1.0:
        se_wald, se = sqrt(variance / n), sqrt(variance / (n - 1))
        wald = (score - z * se_wald, score + z * se_wald)
        half = t_quantile(level, n - 1) * se
        t = (score - half, score + half)
        drawn = np.random.default_rng(random_state).multinomial(n, shares / shares.sum(), size=n_draws)
        low, high = np.quantile(100.0 * (drawn[:, 0] - drawn[:, 2]) / n, [1.0 - level, level])
        bootstrap = (float(low), float(high))
    return NetPromoterEstimate(
        n=n,
        promoters=float(shares[0]),
        passives=float(shares[1]),
        detractors=float(shares[2]),
        score=score,
        se_wald=se_wald,
        wald=wald,
        se=se,
        t=t,
        bootstrap=bootstrap,
        adjusted=_adjusted(shares * n, z),
    )


def _adjusted(counts: FloatArray, z: float) -> tuple[float, float]:
    """Wald interval after adding three answers in the proportions 1 : 2 : 1, cut at -100 and 100."""
    added = (counts + ADDED * np.array([0.25, 0.5, 0.25])) / (counts.sum() + ADDED)
    score = float(added[0] - added[2])
    half = z * sqrt((float(added[0] + added[2]) - score**2) / (float(counts.sum()) + ADDED))
    return max(-100.0, 100.0 * (score - half)), min(100.0, 100.0 * (score + half))


def net_promoter_difference(later: ArrayLike, earlier: ArrayLike) -> GapEstimate | NotEnough:
    """Difference of two net promoter scores: Welch's test of the codes -100, 0, 100. R: t.test(codes1, codes2)."""
    return welch_gap(promoter_codes(later), promoter_codes(earlier), scale_range=200.0)
