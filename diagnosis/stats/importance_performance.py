"""Importance beside performance: the field a dimension lies in, and whether its low and high values weigh alike."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_column, as_matrix
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.regression import Coefficient, complete_cases, ols
from diagnosis.stats.results import NotEnough

Quadrant = Literal["concentrate", "keep_up", "low_priority", "overkill"]
CutRule = Literal["mean", "median"]
Side = Literal["low", "high", "open"]
Impact = Literal["delighter", "satisfier", "hybrid", "dissatisfier", "frustrator"]

MIN_PERSONS = 200
MIN_EXTREME_SHARE = 0.10
STRONG, SLIGHT = 0.4, 0.1


@dataclass(frozen=True, slots=True)
class Grid:
    """Cut lines of both axes and the field of each item, in their order."""

    cut_importance: float
    cut_performance: float
    quadrants: tuple[Quadrant, ...]


def importance_performance(
    importance: ArrayLike, performance: ArrayLike, *, cut: CutRule = "mean"
) -> Grid | NotEnough:
    """Sort items into the four fields of importance and performance; a value on the line counts as high.

    importance, performance: (items,) without missing values, lines at their mean (or median): a place relative to the
    other items, nothing absolute. References: Martilla & James (1977); Azzopardi & Nash (2013) on its limits.
    """
    y, x = as_column(importance, name="importance"), as_column(performance, name="performance")
    if y.shape != x.shape or np.isnan(y).any() or np.isnan(x).any():
        message = "importance and performance must hold one value per item"
        raise StatisticsError(message)
    if y.size < 2:
        return NotEnough("too_few", int(y.size), 2)
    rule = np.mean if cut == "mean" else np.median
    line_y, line_x = float(rule(y)), float(rule(x))
    return Grid(
        line_y, line_x, tuple(_quadrant(one >= line_y, two >= line_x) for one, two in zip(y, x, strict=True))
    )


def _quadrant(is_important: bool, is_performing: bool) -> Quadrant:
    if is_important:
        return "keep_up" if is_performing else "concentrate"
    return "overkill" if is_performing else "low_priority"


def sides_of_line(lows: Sequence[float], highs: Sequence[float], line: float) -> tuple[Side, ...]:
    """On which side of a line the whole interval of each item lies; "open" where the interval crosses it."""
    return tuple(
        "high" if low > line else "low" if high < line else "open"
        for low, high in zip(lows, highs, strict=True)
    )


@dataclass(frozen=True, slots=True)
class Asymmetry:
    """What goes with low (`penalty`) and with high values (`reward`) of a dimension, beside the values between.

    `impact` = (reward - |penalty|) / (reward + |penalty|) from -1 to 1 over the parts that have the expected sign;
    None where neither has. `word`: from .4 delighter, above .1 satisfier, down to -.1 hybrid, dissatisfier, frustrator.
    """

    penalty: Coefficient
    reward: Coefficient
    share_low: float
    share_high: float
    impact: float | None
    word: Impact | None


@dataclass(frozen=True, slots=True)
class AsymmetryModel:
    """Asymmetry of each dimension in their order (None: too few persons at one end), from one regression."""

    n: int
    r2: float
    rows: tuple[Asymmetry | None, ...]


def penalty_reward(
    outcome: ArrayLike,
    groups: ArrayLike,
    *,
    minimum: int = MIN_PERSONS,
    min_share: float = MIN_EXTREME_SHARE,
) -> AsymmetryModel | NotEnough:
    """Regress an outcome on two dummies per dimension, lowest and highest group against the middle.

    outcome: (persons,); groups: (persons, dimensions) of -1, 0, 1 (low, middle, high: terciles or zone of tolerance),
    nan = missing; complete rows. A dimension with fewer than `min_share` of the persons at an end is left out.
    References: Brandt (1987); Mikulic & Prebezac (2008).
    """
    y, x = complete_cases(outcome, as_matrix(groups, name="groups"))
    if not np.isin(x, (-1.0, 0.0, 1.0)).all():
        message = "groups must be -1 (low), 0 (middle) or 1 (high)"
        raise StatisticsError(message)
    if len(y) < minimum:
        return NotEnough("too_few", len(y), minimum)
    low, high = (x == -1.0).mean(axis=0), (x == 1.0).mean(axis=0)
    used = [int(one) for one in np.flatnonzero((low >= min_share) & (high >= min_share))]
    if not used:
        return NotEnough("too_few", len(y), minimum)
    fit = ols(y, np.column_stack([side for one in used for side in (x[:, one] == -1.0, x[:, one] == 1.0)]))
    if isinstance(fit, NotEnough):
        return fit
    rows: list[Asymmetry | None] = [None] * x.shape[1]
    for place, one in enumerate(used):
        penalty, reward = fit.coefficients[2 * place : 2 * place + 2]
        impact = _impact(penalty.estimate, reward.estimate)
        rows[one] = Asymmetry(
            penalty,
            reward,
            float(low[one]),
            float(high[one]),
            impact,
            None if impact is None else _word(impact),
        )
    return AsymmetryModel(fit.n, fit.r2, tuple(rows))


def _impact(penalty: float, reward: float) -> float | None:
    lost, won = max(0.0, -penalty), max(0.0, reward)
    return None if lost + won == 0.0 else (won - lost) / (won + lost)


def _word(impact: float) -> Impact:
    if abs(impact) <= SLIGHT:
        return "hybrid"
    if impact > 0.0:
        return "delighter" if impact > STRONG else "satisfier"
    return "frustrator" if impact < -STRONG else "dissatisfier"


def terciles(values: ArrayLike) -> FloatArray:
    """Sort each column into its lowest (-1), middle (0) and highest third (1); ties stay together, nan stays."""
    matrix = as_matrix(values, name="values")
    groups = np.full(matrix.shape, np.nan)
    for column in range(matrix.shape[1]):
        given = ~np.isnan(matrix[:, column])
        if given.any():
            low, high = np.quantile(matrix[given, column], [1 / 3, 2 / 3])
            kept = matrix[given, column]
            groups[given, column] = np.where(kept > high, 1.0, np.where(kept <= low, -1.0, 0.0))
    return groups
