"""Why a figure moved between two waves: other customers, chance, a staged action, or people who left the panel.

Scores are 1-D arrays with nan for missing, in points of the scale; the order of panel arrays is the same in both waves.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite, sqrt

import numpy as np
from numpy.typing import NDArray

from diagnosis.stats.arrays import is_constant, present
from diagnosis.stats.change import ChangeEstimate, Measured, change_between
from diagnosis.stats.correlation import PearsonEstimate, pearson
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough, NotEnoughReason

MIN_SIDE = 2
MIN_FIGURES = 5
"""Figures of two waves from which their correlation is told; with fewer, one of them decides it."""


@dataclass(frozen=True, slots=True)
class MixEffect:
    """Change of a total mean: `within` (segments moved) plus `mix` (their shares moved) is exactly `total`.

    The interval is that of `within` with the shares as they are; None where a segment has no standard error.
    """

    total: float
    within: float
    mix: float
    ci_low: float | None = None
    ci_high: float | None = None


@dataclass(frozen=True, slots=True)
class ExpectedReturn:
    """What a worst or best figure is expected to do by itself: `by_itself`, and what the change leaves beyond it."""

    change: float
    by_itself: float
    beyond: float


@dataclass(frozen=True, slots=True)
class Segment:
    """One segment in one wave: how many (weighted) answers, their mean, and its standard error."""

    n: float
    mean: float
    se: float | None = None
    df: float | None = None


def mix_effect(later: Mapping[str, Segment], earlier: Mapping[str, Segment]) -> MixEffect | NotEnough:
    """Split a change of the total into change inside segments and change of their shares.

    within = sum (s1 + s2)/2 (m2 - m1), mix = sum (s2 - s1) (m1 + m2)/2 with shares s and means m. Both waves need
    the same segments, two at least, each with answers: a segment without a mean in one wave has no change.
    Raises StatisticsError for negative sizes or means that are not finite. Reference: Kitagawa (1955).
    R: DasGuptR::dgnpop.
    """
    for segment in (*later.values(), *earlier.values()):
        if not (isfinite(segment.n) and isfinite(segment.mean)) or segment.n < 0:
            message = "a segment needs a finite mean and a size of 0 or more"
            raise StatisticsError(message)
    codes = sorted(code for code, segment in later.items() if segment.n > 0)
    if codes != sorted(code for code, segment in earlier.items() if segment.n > 0):
        return NotEnough("not_defined", len(codes), 2)
    if len(codes) < 2:
        return NotEnough("too_few", len(codes), 2)
    shares = [_shares([wave[code].n for code in codes]) for wave in (later, earlier)]
    means = [np.array([wave[code].mean for code in codes]) for wave in (later, earlier)]
    within = float((shares[0] + shares[1]) @ (means[0] - means[1])) / 2.0
    mix = float((shares[0] - shares[1]) @ (means[0] + means[1])) / 2.0
    half = _half_width(
        [
            ((shares[0][place] + shares[1][place]) / 2.0, wave[code])
            for place, code in enumerate(codes)
            for wave in (later, earlier)
        ]
    )
    if half is None:
        return MixEffect(total=within + mix, within=within, mix=mix)
    return MixEffect(total=within + mix, within=within, mix=mix, ci_low=within - half, ci_high=within + half)


def _half_width(parts: Sequence[tuple[float, Segment]]) -> float | None:
    """Half of the 95 % interval of a weighted sum of independent means, the weights fixed."""
    variances, dfs = [], []
    for weight, segment in parts:
        if segment.se is None or segment.df is None:
            return None
        variances.append((weight * segment.se) ** 2)
        dfs.append(segment.df)
    df = sum(variances) ** 2 / sum(one**2 / each for one, each in zip(variances, dfs, strict=True))
    return t_quantile(0.975, df) * sqrt(sum(variances))


def figures_correlation(
    later: NDArray[np.float64], earlier: NDArray[np.float64]
) -> PearsonEstimate | NotEnough:
    """Correlation of the same figures (dimensions) in two waves, which says how far extremes return by themselves.

    Needs MIN_FIGURES figures. Raises StatisticsError for arrays of different length. R: cor.test(later, earlier).
    """
    if later.ndim != 1 or later.shape != earlier.shape:
        message = "each figure must be there in both waves"
        raise StatisticsError(message)
    n = int(later.size)
    return pearson(later, earlier) if n >= MIN_FIGURES else NotEnough("too_few", n, MIN_FIGURES)


def expected_return(
    later: float, earlier: float, *, mean_earlier: float, correlation: float
) -> ExpectedReturn | NotEnough:
    """Regression to the mean of one figure that was picked because it was extreme.

    by_itself = (1 - r) (mean of all figures before - this figure before); beyond = change - by_itself, where r is the
    correlation of the figures between the waves. r outside 0..1 says nothing about a return: NotEnough.
    Raises StatisticsError for values that are not finite. Reference: Barnett, van der Pols & Dobson (2005).
    """
    if not all(isfinite(value) for value in (later, earlier, mean_earlier, correlation)):
        message = "regression to the mean needs finite figures"
        raise StatisticsError(message)
    change = later - earlier
    if not 0.0 <= correlation <= 1.0:
        return NotEnough("not_defined", 1, 1, change)
    by_itself = (1.0 - correlation) * (mean_earlier - earlier)
    return ExpectedReturn(change=change, by_itself=by_itself, beyond=change - by_itself)


def panel_change(later: NDArray[np.float64], earlier: NDArray[np.float64]) -> ChangeEstimate | NotEnough:
    """Mean change of the persons who have a score in both waves, with its paired t interval.

    Raises StatisticsError for arrays of different length. R: t.test(later, earlier, paired = TRUE).
    """
    if later.ndim != 1 or later.shape != earlier.shape:
        message = "a panel needs one score per person in both waves"
        raise StatisticsError(message)
    return _against_zero(_measured(later - earlier))


def difference_in_differences(
    treated: tuple[NDArray[np.float64], NDArray[np.float64]],
    untreated: tuple[NDArray[np.float64], NDArray[np.float64]],
) -> ChangeEstimate | NotEnough:
    """Change where the action was rolled out minus change elsewhere; each pair is (later, earlier), all independent.

    See `difference_of_changes`. R: lm(score ~ treated * wave) with HC2 errors has the same estimate and standard error.
    """
    return difference_of_changes(
        (_measured(treated[0]), _measured(treated[1])), (_measured(untreated[0]), _measured(untreated[1]))
    )


def difference_of_changes(
    treated: tuple[Measured, Measured], untreated: tuple[Measured, Measured]
) -> ChangeEstimate | NotEnough:
    """`difference_in_differences` of four means of independent groups, each pair (later, earlier).

    (t2 - t1) - (u2 - u1) -+ t(df) sqrt(sum se^2), Satterthwaite df over the four groups. It rests on both sides moving
    alike without the action.
    """
    sides = []
    for later, earlier in (treated, untreated):
        if min(later.n, earlier.n) == 0:
            return NotEnough("too_few", 0, MIN_SIDE)
        side = change_between(later, earlier)
        if isinstance(side, NotEnough):
            return NotEnough(side.reason, side.n, side.needed)
        sides.append(Measured(min(later.n, earlier.n), side.estimate, side.se, side.df))
    return change_between(sides[0], sides[1])


def pooled(groups: Sequence[Measured]) -> Measured:
    """The persons of several groups as one group: exactly the mean and standard error that all of them together have.

    s^2 = (sum (n_g - 1) s_g^2 + sum n_g (m_g - m)^2) / (N - 1), s_g^2 = n_g se_g^2; a group without a standard error is
    one person, or persons who all say the same. Raises StatisticsError when nobody is in a group.
    """
    if not groups or min(group.n for group in groups) < 1:
        message = "groups to be put together need persons"
        raise StatisticsError(message)
    n = sum(group.n for group in groups)
    mean = sum(group.n * group.estimate for group in groups) / n
    squares = sum(
        (group.n - 1) * group.n * (group.se or 0.0) ** 2 + group.n * (group.estimate - mean) ** 2
        for group in groups
    )
    if n < MIN_SIDE or squares <= 0.0:
        return Measured(n, mean, None, None)
    return Measured(n, mean, sqrt(squares / (n - 1) / n), float(n - 1))


def leaver_bias(earlier: NDArray[np.float64], stayed: NDArray[np.bool_]) -> ChangeEstimate | NotEnough:
    """Scores of the earlier wave: those who answered again minus those who left, Welch's interval.

    Raises StatisticsError when `stayed` is not one answer per score. R: t.test(score ~ left).
    """
    if earlier.ndim != 1 or earlier.shape != stayed.shape:
        message = "whether a person stayed must be known for every score"
        raise StatisticsError(message)
    return _independent(earlier[stayed], earlier[~stayed])


def _independent(later: NDArray[np.float64], earlier: NDArray[np.float64]) -> ChangeEstimate | NotEnough:
    sides = _measured(later), _measured(earlier)
    if min(sides[0].n, sides[1].n) == 0:
        return NotEnough("too_few", 0, MIN_SIDE)
    return change_between(*sides)


def _against_zero(found: Measured) -> ChangeEstimate | NotEnough:
    if found.se is None or found.df is None:
        reason: NotEnoughReason = "too_few" if found.n < MIN_SIDE else "no_variation"
        return NotEnough(reason, found.n, MIN_SIDE, found.estimate if found.n else None)
    half, half90 = (t_quantile(level, found.df) * found.se for level in (0.975, 0.95))
    return ChangeEstimate(
        estimate=found.estimate,
        se=found.se,
        df=found.df,
        ci_low=found.estimate - half,
        ci_high=found.estimate + half,
        ci90_low=found.estimate - half90,
        ci90_high=found.estimate + half90,
        p_value=t_two_sided_p(found.estimate / found.se, found.df),
    )


def _shares(sizes: list[float]) -> NDArray[np.float64]:
    counts: NDArray[np.float64] = np.array(sizes, dtype=np.float64)
    shares: NDArray[np.float64] = counts / counts.sum()
    return shares


def _measured(scores: NDArray[np.float64]) -> Measured:
    values = present(scores, name="scores")
    n = int(values.size)
    if n < MIN_SIDE:
        return Measured(n, float(values[0]) if n else 0.0, None, None)
    if is_constant(values):
        return Measured(n, float(values.mean()), None, None)
    return Measured(n, float(values.mean()), float(values.std(ddof=1)) / sqrt(n), float(n - 1))
