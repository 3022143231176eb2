"""From a tested gap to the word the report prints, in the fixed order of the method."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_column, require_positive
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import GapEstimate, NotEnough

Certainty = Literal["clear", "probable", "hint", "undecided", "none", "suppressed", "not_measured"]
Severity = Literal["minor", "small", "medium", "large"]

FALSE_DISCOVERY_RATE = 0.05
EQUIVALENCE_SHARE = 0.05
FEWEST_FOR_NONE = 20
"""Persons on each side from which "none" may be said: of fewer, nobody would take no difference as proved."""
SMALL_EFFECT, MEDIUM_EFFECT, LARGE_EFFECT = 0.2, 0.5, 0.8

CERTAINTY_WEIGHT: Mapping[Certainty, float] = MappingProxyType({"clear": 1.0, "probable": 0.7, "hint": 0.4})


def benjamini_hochberg(p_values: ArrayLike) -> FloatArray:
    """Adjusted p-values (q) that control the false discovery rate within one family.

    q_(i) = min over j >= i of m/j * p_(j), at most 1; nan = not tested: it stays nan and does not count in m.
    p_values: (tests,) in [0, 1]. Raises StatisticsError outside it. Reference: Benjamini & Hochberg (1995).
    R: p.adjust(p, "BH").
    """
    column = as_column(p_values, name="p_values")
    tested = ~np.isnan(column)
    known = column[tested]
    if known.size and not (known.min() >= 0.0 and known.max() <= 1.0):
        message = "p-values must lie between 0 and 1"
        raise StatisticsError(message)
    adjusted = np.full(column.shape, np.nan)
    m = known.size
    if m == 0:
        return adjusted
    order = np.argsort(known, kind="stable")[::-1]
    scaled = known[order] * m / np.arange(m, 0, -1)
    q_values = np.empty(m)
    q_values[order] = np.minimum(np.minimum.accumulate(scaled), 1.0)
    adjusted[tested] = q_values
    return adjusted


def is_equivalent(gap: GapEstimate, *, scale_range: float) -> bool:
    """Tell whether the 90 % interval lies inside +-5 % of the scale range (two one-sided tests at 5 %).

    Never with fewer than 20 persons on a side (pairs, where paired).
    Reference: Schuirmann (1987). R: TOSTER::t_TOST(eqb = 0.05 * range).
    """
    require_positive(scale_range, name="scale_range")
    bound = EQUIVALENCE_SHARE * scale_range
    are_enough = min(gap.n_later, gap.n_earlier) >= FEWEST_FOR_NONE
    return are_enough and -bound < gap.ci90_low and gap.ci90_high < bound


def certainty_word(
    gap: GapEstimate | NotEnough | None,
    *,
    q_value: float | None,
    scale_range: float,
    suppressed: bool = False,
) -> Certainty:
    """The first word that fits: suppressed, not measured, none, clear, probable, hint, undecided.

    none: the 90 % interval is inside +-5 % of the scale range, whatever p, with 20 persons on each side;
    clear: q <= .05 and |g| >= .5;
    probable: q <= .05; hint: |g| >= .5. q_value: BH value of the careful p (`GapEstimate.careful_p`) inside the gap's
    family of dimensions, so that a test that disagrees leaves a hint at most; for overall the careful p itself.
    A gap that cannot be tested is undecided; one without persons is not measured.
    Raises StatisticsError when a tested gap comes without its q value.
    """
    if suppressed:
        return "suppressed"
    if gap is None or (isinstance(gap, NotEnough) and gap.n == 0):
        return "not_measured"
    if isinstance(gap, NotEnough):
        return "undecided"
    if q_value is None or not 0.0 <= q_value <= 1.0:
        message = f"a tested gap needs its q value, not {q_value}"
        raise StatisticsError(message)
    if is_equivalent(gap, scale_range=scale_range):
        return "none"
    large_effect = gap.g is not None and abs(gap.g) >= MEDIUM_EFFECT
    if q_value > FALSE_DISCOVERY_RATE:
        return "hint" if large_effect else "undecided"
    return "clear" if large_effect else "probable"


def severity(word: Certainty, gap: GapEstimate | NotEnough | None, *, scale_range: float) -> Severity | None:
    """Size word of a clear or probable gap; None for every other certainty.

    minor: below 5 % of the scale range or |g| < .2; small below .5; medium below .8; large from .8.
    Reference: Cohen (1988).
    """
    require_positive(scale_range, name="scale_range")
    if word not in {"clear", "probable"} or not isinstance(gap, GapEstimate) or gap.g is None:
        return None
    size = abs(gap.g)
    if abs(gap.estimate) < EQUIVALENCE_SHARE * scale_range or size < SMALL_EFFECT:
        return "minor"
    if size < MEDIUM_EFFECT:
        return "small"
    return "medium" if size < LARGE_EFFECT else "large"


def priority(*, importance: float, shortfall: float, word: Certainty) -> float:
    """Priority of a dimension: weight * max(0, CE - CP) * certainty weight (1 clear, .7 probable, .4 hint, else 0).

    importance: the dimension's weight (all weights sum to 1); shortfall: CE - CP in points.
    """
    return importance * max(0.0, shortfall) * CERTAINTY_WEIGHT.get(word, 0.0)
