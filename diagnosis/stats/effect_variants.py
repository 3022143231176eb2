"""Standardised differences that other programs print, so that a figure can be compared with theirs by its name."""

from dataclasses import dataclass
from math import sqrt

from numpy.typing import ArrayLike

from diagnosis.stats.arrays import complete_pairs, is_constant, present
from diagnosis.stats.correlation import pearson
from diagnosis.stats.effects import with_noncentral_interval
from diagnosis.stats.results import EffectEstimate, NotEnough


@dataclass(frozen=True, slots=True)
class PairedEffects:
    """Mean of the paired differences over different SDs.

    `d_z` over the SD of the differences, `g_z_approximate` = d_z (1 - 3/(4(n-1)-1)); `d_av` over the root of the mean
    variance, `d_av_mean_sd` over the mean SD; `d_rm` = d_z sqrt(2(1-r)); `d_glass` over the earlier SD.
    """

    n: int
    r: float
    d_z: float
    g_z_approximate: float
    d_av: float
    d_av_mean_sd: float
    d_rm: float
    d_glass: float


def paired_effects(later: ArrayLike, earlier: ArrayLike) -> PairedEffects | NotEnough:
    """Every usual effect size of pairs; both columns and their difference must vary, and three pairs are needed.

    References: Cumming (2012); Lakens (2013); Morris & DeShon (2002). R: effsize::cohen.d(paired = TRUE) gives d_rm,
    or d_z with noncentral = FALSE and within = FALSE.
    """
    one, two = complete_pairs(later, earlier)
    correlation = pearson(one, two)
    if isinstance(correlation, NotEnough):
        return correlation
    differences = one - two
    mean, n = float(differences.mean()), int(one.size)
    if is_constant(differences):
        return NotEnough("no_variation", n, 3, mean)
    sd_later, sd_earlier = float(one.std(ddof=1)), float(two.std(ddof=1))
    d_z = mean / float(differences.std(ddof=1))
    return PairedEffects(
        n=n,
        r=correlation.r,
        d_z=d_z,
        g_z_approximate=d_z * (1.0 - 3.0 / (4.0 * (n - 1) - 1.0)),
        d_av=mean / sqrt((sd_later**2 + sd_earlier**2) / 2.0),
        d_av_mean_sd=mean / ((sd_later + sd_earlier) / 2.0),
        d_rm=d_z * sqrt(2.0 * (1.0 - correlation.r)),
        d_glass=mean / sd_earlier,
    )


def average_variance_d(
    later: ArrayLike, earlier: ArrayLike, *, confidence_level: float = 0.95
) -> EffectEstimate | NotEnough:
    """Difference of two groups over the root of their mean variance, for unequal variances.

    d = (m1 - m2) / sqrt((s1^2 + s2^2)/2); interval: noncentral t of Welch's statistic with Welch's df, brought back to
    the scale of d. Reference: Delacre et al. (2021). R: effectsize::cohens_d(pooled_sd = FALSE).
    """
    one, two = present(later), present(earlier)
    n1, n2 = int(one.size), int(two.size)
    if min(n1, n2) < 2:
        return NotEnough("too_few", min(n1, n2), 2)
    if is_constant(one) and is_constant(two):
        return NotEnough("no_variation", min(n1, n2), 2, float(one.mean() - two.mean()))
    v1, v2 = float(one.var(ddof=1)), float(two.var(ddof=1))
    error1, error2 = v1 / n1, v2 / n2
    difference = float(one.mean() - two.mean())
    df = (error1 + error2) ** 2 / (error1**2 / (n1 - 1) + error2**2 / (n2 - 1))
    scale = sqrt((error1 + error2) / ((v1 + v2) / 2.0))
    effect = difference / sqrt((v1 + v2) / 2.0)
    return with_noncentral_interval(effect, difference / sqrt(error1 + error2), df, scale, confidence_level)


def glass_delta(
    later: ArrayLike, earlier: ArrayLike, *, confidence_level: float = 0.95
) -> EffectEstimate | NotEnough:
    """Difference of two groups over the SD of the earlier (the reference group's) answers.

    Interval: noncentral t with n2 - 1 df of delta / sqrt(1/n2 + s1^2/(n1 s2^2)). Reference: Glass (1976).
    R: effectsize::glass_delta().
    """
    one, two = present(later), present(earlier)
    n1, n2 = int(one.size), int(two.size)
    if min(n1, n2) < 2:
        return NotEnough("too_few", min(n1, n2), 2)
    difference = float(one.mean() - two.mean())
    if is_constant(two):
        return NotEnough("no_variation", min(n1, n2), 2, difference)
    effect = difference / float(two.std(ddof=1))
    scale = sqrt(1.0 / n2 + float(one.var(ddof=1)) / (n1 * float(two.var(ddof=1))))
    return with_noncentral_interval(effect, effect / scale, n2 - 1, scale, confidence_level)
