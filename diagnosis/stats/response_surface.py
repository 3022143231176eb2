"""Polynomial regression of an outcome on expectation and perception, and the surface tests that read it."""

from dataclasses import dataclass
from math import atan2, cos, sin, sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, side_by_side
from diagnosis.stats.distributions import f_p, t_quantile, t_two_sided_p
from diagnosis.stats.regression import complete_cases, least_squares, refusal
from diagnosis.stats.resampling import drawn_sums
from diagnosis.stats.results import NotEnough

MIN_PERSONS = 200
MIN_SIDE_SHARE = 0.10
APART = 0.5
"""A person lies off the line of agreement when the two z-scores differ by more."""
N_DRAWS = 1_000
SURFACE: tuple[tuple[float, ...], ...] = (
    (0.0, 1.0, 1.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 1.0, 1.0, 1.0),
    (0.0, 1.0, -1.0, 0.0, 0.0, 0.0),
    (0.0, 0.0, 0.0, 1.0, -1.0, 1.0),
)
"""a1 and a2: slope and curvature along agreement; a3 and a4: slope and curvature along disagreement."""


@dataclass(frozen=True, slots=True)
class SurfaceTest:
    """One surface parameter: delta-method t test and interval; percentile interval of the bootstrap, or None."""

    estimate: float
    se: float
    t: float
    p_value: float
    ci_low: float
    ci_high: float
    boot_low: float | None
    boot_high: float | None


@dataclass(frozen=True, slots=True)
class Axis:
    """A line y = intercept + slope * x in the plane of the centred predictors."""

    slope: float
    intercept: float


@dataclass(frozen=True, slots=True)
class ResponseSurface:
    """The fitted surface; `a1`..`a4` as in SURFACE. The stationary point and the axes are None where there is none.

    `r2_linear` is R2 without the quadratic terms (their joint F test beside it), `r2_difference` that of later minus
    earlier alone. `above` and `below`: shares of persons whose second value lies above, below the first (z-scores).
    """

    n: int
    estimates: tuple[float, ...]
    ses: tuple[float, ...]
    r2: float
    r2_linear: float
    r2_difference: float
    f_quadratic: float
    p_quadratic: float
    a1: SurfaceTest
    a2: SurfaceTest
    a3: SurfaceTest
    a4: SurfaceTest
    stationary_x: float | None
    stationary_y: float | None
    first_axis: Axis | None
    second_axis: Axis | None
    above: float
    below: float


def response_surface(
    outcome: ArrayLike,
    first: ArrayLike,
    second: ArrayLike,
    *,
    midpoint: float,
    minimum: int = MIN_PERSONS,
    min_side_share: float = MIN_SIDE_SHARE,
    n_draws: int = N_DRAWS,
    random_state: int = 1,
) -> ResponseSurface | NotEnough:
    """Fit z = b0 + b1 x + b2 y + b3 x^2 + b4 x y + b5 y^2 with x, y centred at the midpoint of the scale.

    outcome, first (x: expectation), second (y: perception): (persons,), nan = missing. Asked: `minimum` persons and
    `min_side_share` of them on each side of agreement, since otherwise the surface is drawn where nobody is.
    n_draws=0 leaves the bootstrap out. References: Edwards & Parry (1993); Shanock et al. (2010).
    R: lm(z ~ x + y + I(x^2) + I(x * y) + I(y^2)), RSA::RSA().
    """
    z, pair = complete_cases(outcome, side_by_side(first, second))
    x, y = pair[:, 0] - midpoint, pair[:, 1] - midpoint
    terms = np.column_stack([x, y, x * x, x * y, y * y])
    if (no := refusal(z, terms, needed=max(minimum, 7))) is not None:
        return no
    apart = (y - y.mean()) / y.std(ddof=1) - (x - x.mean()) / x.std(ddof=1)
    above, below = float((apart > APART).mean()), float((apart < -APART).mean())
    if min(above, below) < min_side_share:
        return NotEnough("too_few", len(z), max(minimum, 7))
    fit = least_squares(z, terms)
    linear = least_squares(z, terms[:, :2])
    difference = least_squares(z, (y - x)[:, None]) if np.ptp(y - x) > 0.0 else None
    f = (fit.r2 - linear.r2) / 3.0 / ((1.0 - fit.r2) / fit.df)
    drawn = _drawn_estimates(z, terms, n_draws, random_state) if n_draws else None
    tests = [_test(np.array(row), fit.estimates, fit.covariance, fit.df, drawn) for row in SURFACE]
    stationary = _stationary(fit.estimates)
    axes = _axes(fit.estimates, stationary)
    return ResponseSurface(
        n=len(z),
        estimates=tuple(fit.estimates.tolist()),
        ses=tuple(np.sqrt(np.diag(fit.covariance)).tolist()),
        r2=fit.r2,
        r2_linear=linear.r2,
        r2_difference=0.0 if difference is None else difference.r2,
        f_quadratic=f,
        p_quadratic=f_p(f, 3.0, fit.df),
        a1=tests[0],
        a2=tests[1],
        a3=tests[2],
        a4=tests[3],
        stationary_x=None if stationary is None else stationary[0],
        stationary_y=None if stationary is None else stationary[1],
        first_axis=axes[0],
        second_axis=axes[1],
        above=above,
        below=below,
    )


def _test(
    weights: FloatArray, estimates: FloatArray, covariance: FloatArray, df: int, drawn: FloatArray | None
) -> SurfaceTest:
    estimate, se = float(weights @ estimates), sqrt(float(weights @ covariance @ weights))
    half = t_quantile(0.975, df) * se
    low = high = None
    if drawn is not None:
        low, high = (float(limit) for limit in np.quantile(drawn @ weights, [0.025, 0.975]))
    t = estimate / se
    return SurfaceTest(estimate, se, t, t_two_sided_p(t, df), estimate - half, estimate + half, low, high)


def _drawn_estimates(z: FloatArray, terms: FloatArray, n_draws: int, random_state: int) -> FloatArray:
    """Coefficients (draws, 6) over persons drawn with replacement, from sums of cross-products."""
    design = np.column_stack([np.ones(len(z)), terms])
    width = design.shape[1]
    rows, columns = np.triu_indices(width)
    products = (design[:, one] * design[:, two] for one, two in zip(rows, columns, strict=True))
    sides = (design[:, one] * z for one in range(width))
    random = np.random.default_rng(random_state)
    sums = drawn_sums((*products, *sides), len(z), n_draws=n_draws, random=random)
    matrices = np.empty((n_draws, width, width))
    matrices[:, rows, columns] = matrices[:, columns, rows] = sums[:, : rows.size]
    solvable = np.linalg.cond(matrices) < 1e12
    return np.asarray(np.linalg.solve(matrices[solvable], sums[solvable, rows.size :, None])[..., 0])


def _stationary(b: FloatArray) -> tuple[float, float] | None:
    """Where the surface is flat: x0 = (b2 b4 - 2 b1 b5) / (4 b3 b5 - b4^2), y0 likewise; None on a plane, a trough."""
    below = 4.0 * b[3] * b[5] - b[4] ** 2
    size = max(abs(b[3]), abs(b[4]), abs(b[5])) ** 2
    if abs(below) <= 1e-9 * size or size == 0.0:
        return None
    return float((b[2] * b[4] - 2.0 * b[1] * b[5]) / below), float((b[1] * b[4] - 2.0 * b[2] * b[3]) / below)


def _axes(b: FloatArray, stationary: tuple[float, float] | None) -> tuple[Axis | None, Axis | None]:
    """Principal axes through the stationary point: the first bends upwards most; None where an axis is vertical."""
    if stationary is None:
        return None, None
    angle = atan2(b[4], b[3] - b[5]) / 2.0
    return _axis(cos(angle), sin(angle), stationary), _axis(-sin(angle), cos(angle), stationary)


def _axis(run: float, rise: float, through: tuple[float, float]) -> Axis | None:
    if abs(run) < 1e-12:
        return None
    slope = rise / run
    return Axis(slope, through[1] - slope * through[0])
