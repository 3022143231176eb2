"""Change of a gap between two independent waves: its interval, its parts, and the word the report prints.

Everything rests on what each wave's diagnosis keeps (value, standard error, degrees of freedom), so hidden answers are
never touched again. The same persons may answer both waves: as a rule their answers go together, and then these
intervals are wider than needed, never narrower.
"""

from dataclasses import dataclass
from math import isfinite, sqrt
from typing import Literal

from diagnosis.stats.arrays import require_positive, require_share
from diagnosis.stats.certainty import EQUIVALENCE_SHARE, FALSE_DISCOVERY_RATE
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

Verdict = Literal["closed", "smaller", "unchanged", "larger", "undecided"]


@dataclass(frozen=True, slots=True)
class Measured:
    """A mean or gap as one wave measured it; `se` and `df` are None where it could not be tested. `n`: smaller side."""

    n: int
    estimate: float
    se: float | None
    df: float | None


@dataclass(frozen=True, slots=True)
class ChangeEstimate:
    """Later wave minus earlier wave, in points of the scale."""

    estimate: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    ci90_low: float
    ci90_high: float
    p_value: float


@dataclass(frozen=True, slots=True)
class GapChange:
    """Change of a gap: signed (`change`) and of its distance from 0 (`size`), which decides smaller or larger."""

    change: ChangeEstimate
    size: ChangeEstimate


def from_mean(n: int, mean: float, ci_low: float | None, ci_high: float | None) -> Measured:
    """A mean with the standard error its 95 % t interval was made of: half width over t(.975, n - 1).

    So weights and population correction are kept. Without an interval, or for one person, it cannot be tested.
    """
    if ci_low is None or ci_high is None or n < 2 or ci_high <= ci_low:
        return Measured(n, mean, None, None)
    df = float(n - 1)
    return Measured(n, mean, (ci_high - ci_low) / 2.0 / t_quantile(0.975, df), df)


def change_between(
    later: Measured, earlier: Measured, *, confidence_level: float = 0.95
) -> ChangeEstimate | NotEnough:
    """Change of a mean or gap between two independent waves with its Welch interval.

    later - earlier -+ t(df) sqrt(se1^2 + se2^2), df = (se1^2 + se2^2)^2 / (se1^4/df1 + se2^4/df2). A wave without a
    standard error gives NotEnough with the plain difference. Raises StatisticsError for values that are not finite.
    References: Welch (1938), Satterthwaite (1946). R: t.test(later, earlier) for two means.
    """
    require_share(confidence_level, name="confidence_level")
    return _tested(_difference(later.estimate, earlier.estimate), later, earlier, confidence_level)


def change_of_gap(
    later: Measured, earlier: Measured, *, confidence_level: float = 0.95
) -> GapChange | NotEnough:
    """Change of a gap and of its distance from 0; both have the same standard error.

    The distance changes by |later| - |earlier|: the change itself, or minus it, while the gap keeps its sign.
    """
    change = change_between(later, earlier, confidence_level=confidence_level)
    if isinstance(change, NotEnough):
        return change
    size = _tested(abs(later.estimate) - abs(earlier.estimate), later, earlier, confidence_level)
    return size if isinstance(size, NotEnough) else GapChange(change, size)


def verdict(
    found: GapChange | NotEnough,
    *,
    q_value: float | None,
    is_none_later: bool,
    is_none_earlier: bool,
    scale_range: float,
) -> Verdict:
    """The first word that fits, in the order of the certainty words.

    closed: a gap before, none now (its 90 % interval inside +-5 % of the scale range), and the distance from 0 fell;
    unchanged: the 90 % interval of the change inside +-5 % of the scale range, whatever p; smaller, larger: the
    distance from 0 fell or rose; undecided: everything else. "Fell" and "rose" need q <= .05, the Benjamini-Hochberg
    value of the distance inside the gap's dimensions, for overall its plain p. Raises StatisticsError without it.
    """
    require_positive(scale_range, name="scale_range")
    if isinstance(found, NotEnough):
        return "undecided"
    if q_value is None or not 0.0 <= q_value <= 1.0:
        message = f"a tested change needs its q value, not {q_value}"
        raise StatisticsError(message)
    is_found = q_value <= FALSE_DISCOVERY_RATE
    fell = is_found and found.size.estimate < 0
    if fell and is_none_later and not is_none_earlier:
        return "closed"
    bound = EQUIVALENCE_SHARE * scale_range
    if -bound < found.change.ci90_low and found.change.ci90_high < bound:
        return "unchanged"
    if not is_found:
        return "undecided"
    return "smaller" if fell else "larger"


def _difference(later: float, earlier: float) -> float:
    if not (isfinite(later) and isfinite(earlier)):
        message = "both waves must have finite values"
        raise StatisticsError(message)
    return later - earlier


def _tested(
    estimate: float, later: Measured, earlier: Measured, confidence_level: float
) -> ChangeEstimate | NotEnough:
    if later.se is None or earlier.se is None or later.df is None or earlier.df is None:
        n = min(later.n, earlier.n)
        return NotEnough("too_few" if n < 2 else "no_variation", n, 2, estimate)
    require_positive(later.se, name="standard error of the later wave")
    require_positive(earlier.se, name="standard error of the earlier wave")
    var_later, var_earlier = later.se**2, earlier.se**2
    se = sqrt(var_later + var_earlier)
    df = (var_later + var_earlier) ** 2 / (var_later**2 / later.df + var_earlier**2 / earlier.df)
    half = t_quantile(0.5 + confidence_level / 2.0, df) * se
    half90 = t_quantile(0.95, df) * se
    return ChangeEstimate(
        estimate=estimate,
        se=se,
        df=df,
        ci_low=estimate - half,
        ci_high=estimate + half,
        ci90_low=estimate - half90,
        ci90_high=estimate + half90,
        p_value=t_two_sided_p(estimate / se, df),
    )
