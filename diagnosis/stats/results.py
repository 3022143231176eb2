"""Frozen results shared by the modules of this package; every number in them is finite."""

from dataclasses import dataclass
from typing import Literal

NotEnoughReason = Literal["too_few", "no_variation", "not_defined"]
ReliabilityKind = Literal["alpha", "spearman_brown"]
ReliabilityBand = Literal["weak", "usable_with_care", "good", "redundant"]


@dataclass(frozen=True, slots=True)
class NotEnough:
    """The condition of a statistic is not met: a stated answer instead of a number without meaning.

    `too_few`: fewer than `needed` usable persons; `no_variation`: everybody answers the same, so there
    is no test and no effect size; `not_defined`: the formula has no value for these data.
    `estimate` carries the plain difference or value where that alone can still be shown.
    """

    reason: NotEnoughReason
    n: int
    needed: int
    estimate: float | None = None


@dataclass(frozen=True, slots=True)
class MeanEstimate:
    """Mean of one group; `sd` is None for one person, the interval None without variation."""

    n: int
    mean: float
    sd: float | None
    se: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class GapEstimate:
    """Later state minus earlier state, in points of the scale, with its test and effect sizes.

    `estimate` is exactly `mean_later - mean_earlier`. `g` is Hedges-corrected (pooled SD for two groups,
    d_av for pairs; None with fewer than two degrees of freedom), `d_z` exists for pairs only,
    `permutation_p` only where there are few (20 pairs, 50 persons on a side), `skew_p` from the skewness-corrected t:
    both can only make a finding less certain. `caution` is above 1 for few persons with skewed answers.
    """

    paired: bool
    n_later: int
    n_earlier: int
    mean_later: float
    mean_earlier: float
    sd_later: float
    sd_earlier: float
    estimate: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    ci90_low: float
    ci90_high: float
    t: float
    p_value: float
    g: float | None
    d_z: float | None
    permutation_p: float | None
    skew_p: float
    caution: float = 1.0

    @property
    def careful_p(self) -> float:
        """The one a finding rests on: the largest of the p-values there are, times the caution."""
        return min(1.0, self.caution * max(self.p_value, self.skew_p, self.permutation_p or 0.0))


@dataclass(frozen=True, slots=True)
class EffectEstimate:
    """A standardised difference with its noncentral t interval."""

    effect_size: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class AlphaEstimate:
    """Reliability of one scale in one group; `mean_r` is None when an item does not vary."""

    n: int
    k: int
    alpha: float
    ci_low: float
    ci_high: float
    mean_r: float | None
    band: ReliabilityBand
    kind: ReliabilityKind


@dataclass(frozen=True, slots=True)
class ProportionEstimate:
    """Share of `successes` in `n` with its interval."""

    n: int
    successes: int
    share: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class CorrelationEstimate:
    """Correlation of two columns over their complete pairs."""

    n: int
    r: float
    p_value: float
