"""Do organisation, technology and people stand on the same step: coherence, spread and balance of the pillars."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_column, as_matrix, is_constant, require_share
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough, NotEnoughReason

FLAG_FROM = 15.0
WORST_SD = 100.0 * sqrt(2.0) / 3.0


@dataclass(frozen=True, slots=True)
class CoherenceEstimate:
    """First pillar minus second pillar on 0-100; `audience` None = unweighted mean over the audiences.

    `flag`: the difference is 15 or more and its interval excludes 0 - one component outruns the other.
    """

    first: str
    second: str
    audience: str | None
    n: int
    estimate: float
    se: float
    df: float
    ci_low: float
    ci_high: float
    p_value: float
    q_value: float
    flag: bool


@dataclass(frozen=True, slots=True)
class CoherenceAnswer:
    """One pair of pillars in one audience (None = all audiences): tested, or stated as not testable."""

    first: str
    second: str
    audience: str | None
    result: CoherenceEstimate | NotEnough


@dataclass(frozen=True, slots=True)
class _Difference:
    n: int
    mean: float
    se: float
    df: float


def _difference(first: FloatArray, second: FloatArray) -> _Difference | NotEnough:
    differences = first - second
    differences = differences[~np.isnan(differences)]
    n = int(differences.size)
    mean = float(differences.mean()) if n else None
    if n < 2 or mean is None:
        return NotEnough("too_few", n, 2, mean)
    if is_constant(differences):
        return NotEnough("no_variation", n, 2, mean)
    return _Difference(n, mean, float(differences.std(ddof=1)) / sqrt(n), n - 1.0)


def _combined(parts: Sequence[_Difference | NotEnough]) -> _Difference | NotEnough:
    """Unweighted mean of independent audience differences; error by Welch-Satterthwaite."""
    known = [part for part in parts if isinstance(part, _Difference)]
    plain = [part for part in parts if isinstance(part, NotEnough) and part.estimate is not None]
    n = sum(part.n for part in parts)
    means = [part.mean for part in known] + [part.estimate for part in plain if part.estimate is not None]
    mean = sum(means) / len(means) if means else None
    if mean is None or plain or not known:
        untestable: NotEnoughReason = "no_variation" if plain and not known else "too_few"
        return NotEnough(untestable, n, 2, mean)
    variances = [(part.se / len(known)) ** 2 for part in known]
    total = sum(variances)
    df = total**2 / sum(variance**2 / part.df for variance, part in zip(variances, known, strict=True))
    return _Difference(n, mean, sqrt(total), df)


def _family(
    pairs: Sequence[tuple[str, str]],
    audience: str | None,
    parts: Sequence[_Difference | NotEnough],
    confidence_level: float,
) -> list[CoherenceAnswer]:
    """Test one family of pairs; the adjusted p-values are shared inside it."""
    results: list[CoherenceEstimate | NotEnough] = []
    for (first, second), part in zip(pairs, parts, strict=True):
        if isinstance(part, NotEnough):
            results.append(part)
            continue
        half = t_quantile(0.5 + confidence_level / 2.0, part.df) * part.se
        low, high = part.mean - half, part.mean + half
        p = t_two_sided_p(part.mean / part.se, part.df)
        flag = abs(part.mean) >= FLAG_FROM and (low > 0.0 or high < 0.0)
        results.append(
            CoherenceEstimate(
                first, second, audience, part.n, part.mean, part.se, part.df, low, high, p, p, flag
            )
        )
    q_values = benjamini_hochberg(
        [r.p_value if isinstance(r, CoherenceEstimate) else np.nan for r in results]
    )
    return [
        CoherenceAnswer(
            first,
            second,
            audience,
            replace(result, q_value=float(q)) if isinstance(result, CoherenceEstimate) else result,
        )
        for (first, second), result, q in zip(pairs, results, q_values, strict=True)
    ]


def coherence_gaps(
    scores: Mapping[str, ArrayLike], *, pillars: Sequence[str], confidence_level: float = 0.95
) -> tuple[CoherenceAnswer, ...]:
    """Pairwise differences of the pillars, paired within persons, per audience and over all audiences (I2).

    scores: audience -> (persons, pillars) on 0-100, nan = missing. Per audience: paired t of first minus second.
    Over the audiences: unweighted mean of their differences, Welch-Satterthwaite df, audience None; it is a stated
    `NotEnough` when an audience that answered has no testable difference. Benjamini-Hochberg over the pairs inside
    each family. Raises StatisticsError on another number of columns than pillars. R: t.test(x, y, paired = TRUE).
    """
    require_share(confidence_level, name="confidence_level")
    pairs = list(combinations(range(len(pillars)), 2))
    names = [(pillars[i], pillars[j]) for i, j in pairs]
    answers: list[CoherenceAnswer] = []
    by_pair: list[list[_Difference | NotEnough]] = [[] for _ in pairs]
    for audience, values in scores.items():
        matrix = as_matrix(values, name=audience)
        if matrix.shape[1] != len(pillars):
            message = f"{audience}: {matrix.shape[1]} columns do not fit {len(pillars)} pillars"
            raise StatisticsError(message)
        parts = [_difference(matrix[:, i], matrix[:, j]) for i, j in pairs]
        for collected, part in zip(by_pair, parts, strict=True):
            collected.append(part)
        answers.extend(_family(names, audience, parts, confidence_level))
    answers.extend(_family(names, None, [_combined(parts) for parts in by_pair], confidence_level))
    return tuple(answers)


def pillar_score(audience_means: ArrayLike) -> float | NotEnough:
    """Unweighted mean of the audiences' means of one pillar or factor (0-100); nan = audience without answer."""
    means = as_column(audience_means)
    known = means[~np.isnan(means)]
    return float(known.mean()) if known.size else NotEnough("too_few", 0, 1)


def pillar_spread(pillar_means: ArrayLike) -> float | NotEnough:
    """Highest minus lowest pillar on 0-100. Descriptive: it is never negative, so it cannot be tested."""
    means = as_column(pillar_means)
    known = means[~np.isnan(means)]
    return float(np.ptp(known)) if known.size >= 2 else NotEnough("too_few", int(known.size), 2)


def pillar_balance(pillar_means: ArrayLike) -> float | NotEnough:
    """Balance B = 1 - SD_pop / (100 sqrt(2)/3) of three pillars on 0-100: 1 equal, 0 the worst case (0, 0, 100).

    Descriptive only. Raises StatisticsError outside 0-100.
    """
    means = as_column(pillar_means)
    known = means[~np.isnan(means)]
    if known.size != 3:
        return NotEnough("too_few" if known.size < 3 else "not_defined", int(known.size), 3)
    if known.min() < 0.0 or known.max() > 100.0:
        message = "pillar means must lie between 0 and 100"
        raise StatisticsError(message)
    return max(0.0, 1.0 - float(known.std()) / WORST_SD)
