"""How far an association runs through a third construct, or depends on it; never proof of a cause."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, side_by_side
from diagnosis.stats.bootstrap import BootstrapInterval, acceleration_of, intervals_of_draws
from diagnosis.stats.distributions import normal_two_sided_p, t_quantile, t_two_sided_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.regression import complete_cases, least_squares, refusal
from diagnosis.stats.resampling import drawn_sums
from diagnosis.stats.results import NotEnough

MIN_PERSONS = 150
N_DRAWS = 2_000


@dataclass(frozen=True, slots=True)
class Mediation:
    """Paths of x -> m -> y: `a` x on m, `b` m on y beside x, `direct` c', `total` c, `indirect` a b and its Sobel test.

    `share` of the total is None where the total is 0 or the two paths have opposite signs (a share means nothing then).
    """

    n: int
    a: float
    se_a: float
    b: float
    se_b: float
    direct: float
    total: float
    indirect: float
    indirect_standardised: float
    sobel_se: float
    sobel_z: float
    sobel_p: float
    share: float | None
    bootstrap: BootstrapInterval | None


def mediation(
    first: ArrayLike,
    between: ArrayLike,
    last: ArrayLike,
    *,
    minimum: int = MIN_PERSONS,
    n_draws: int = N_DRAWS,
    random_state: int = 1,
) -> Mediation | NotEnough:
    """Indirect association of x with y through m by two regressions, with percentile and BCa interval.

    first (x), between (m), last (y): (persons,), nan = missing; complete rows, at least `minimum`. n_draws=0 leaves the
    bootstrap out. Sobel: z = ab / sqrt(a^2 se_b^2 + b^2 se_a^2), normal. References: Baron & Kenny (1986); MacKinnon
    (2008).
    R: lm(m ~ x); lm(y ~ x + m); mediation::mediate(boot = TRUE).
    """
    y, pair = complete_cases(last, side_by_side(first, between))
    needed = max(minimum, 4)
    if (no := refusal(y, pair, needed=needed)) is not None:
        return no
    x, m = pair[:, :1], pair[:, 1]
    to_between, whole, to_last = least_squares(m, x), least_squares(y, x), least_squares(y, pair)
    a, b = float(to_between.estimates[1]), float(to_last.estimates[2])
    se_a, se_b = sqrt(to_between.covariance[1, 1]), sqrt(to_last.covariance[2, 2])
    total, direct, indirect = float(whole.estimates[1]), float(to_last.estimates[1]), a * b
    sobel_se = sqrt(a * a * se_b * se_b + b * b * se_a * se_a)
    return Mediation(
        n=len(y),
        a=a,
        se_a=se_a,
        b=b,
        se_b=se_b,
        direct=direct,
        total=total,
        indirect=indirect,
        indirect_standardised=indirect * float(x.std(ddof=1) / y.std(ddof=1)),
        sobel_se=sobel_se,
        sobel_z=indirect / sobel_se,
        sobel_p=normal_two_sided_p(indirect / sobel_se),
        share=indirect / total if indirect * direct > 0.0 else None,
        bootstrap=_chain_interval([x[:, 0], m, y], n_draws, random_state) if n_draws else None,
    )


@dataclass(frozen=True, slots=True)
class ChainLink:
    """One step of a path: standardised coefficient of the construct before, beside all earlier ones, with its test."""

    beta: float
    se: float
    p_value: float
    r2: float


@dataclass(frozen=True, slots=True)
class Chain:
    """A path through several constructs in order: its links and the product of their coefficients with interval."""

    n: int
    links: tuple[ChainLink, ...]
    indirect: BootstrapInterval


def path_chain(
    constructs: Sequence[ArrayLike],
    *,
    minimum: int = MIN_PERSONS,
    n_draws: int = N_DRAWS,
    random_state: int = 1,
) -> Chain | NotEnough:
    """Follow a path such as communication -> satisfaction -> trust -> commitment by one regression per link.

    constructs: at least three columns (persons,) in the order of the path; complete rows, z-scored. Link k regresses
    construct k on all before it and reads the coefficient of k - 1; their product is the serial indirect association.
    Reference: Hayes (2018). R: lm() per link, boot::boot() over the product.
    """
    if len(constructs) < 3:
        message = f"a path needs at least three constructs, not {len(constructs)}"
        raise StatisticsError(message)
    columns = side_by_side(*constructs)
    last, before = complete_cases(columns[:, -1], columns[:, :-1])
    needed = max(minimum, columns.shape[1] + 2)
    if (no := refusal(last, before, needed=needed)) is not None:
        return no
    whole = np.column_stack([before, last])
    scores = (whole - whole.mean(axis=0)) / whole.std(axis=0, ddof=1)
    links = []
    for place in range(1, scores.shape[1]):
        fit = least_squares(scores[:, place], scores[:, :place])
        beta, se = float(fit.estimates[-1]), sqrt(fit.covariance[-1, -1])
        links.append(ChainLink(beta, se, t_two_sided_p(beta / se, fit.df), fit.r2))
    return Chain(len(scores), tuple(links), _chain_interval(list(scores.T), n_draws, random_state))


def _chain_interval(columns: Sequence[FloatArray], n_draws: int, random_state: int) -> BootstrapInterval:
    """Intervals of the product of the coefficients along a chain, from drawn sums of cross-products."""
    values = np.column_stack(columns)
    n, width = values.shape
    centred = values - values.mean(axis=0)
    rows, places = np.triu_indices(width)
    products = centred[:, rows] * centred[:, places]
    random = np.random.default_rng(random_state)
    sums = drawn_sums((*centred.T, *products.T), n, n_draws=n_draws, random=random)
    estimate = float(_products_of(np.append(np.zeros(width), products.sum(axis=0))[None], n, width)[0])
    drawn = _products_of(sums, n, width)
    left_out = np.column_stack([-centred, products.sum(axis=0) - products])
    jackknife = _products_of(left_out, n - 1, width)
    influences = (n - 1) * (jackknife.mean() - jackknife)
    return intervals_of_draws(estimate, drawn[np.isfinite(drawn)], acceleration=acceleration_of(influences))


def _products_of(sums: FloatArray, n: int, width: int) -> FloatArray:
    """Product of the chain's coefficients from sums of centred values and of their products: (draws,)."""
    rows, places = np.triu_indices(width)
    means = sums[:, :width] / n
    covariances = np.empty((len(sums), width, width))
    covariances[:, rows, places] = sums[:, width:] / n - means[:, rows] * means[:, places]
    covariances[:, places, rows] = covariances[:, rows, places]
    product = np.ones(len(sums))
    for place in range(1, width):
        product *= np.linalg.solve(covariances[:, :place, :place], covariances[:, :place, place, None])[
            :, -1, 0
        ]
    return product


@dataclass(frozen=True, slots=True)
class Slope:
    """Slope of y on x at one value of the moderator."""

    at: float
    estimate: float
    se: float
    t: float
    p_value: float


@dataclass(frozen=True, slots=True)
class Moderation:
    """y on x, w and x w, both centred: estimates and their tests, slopes of x at low, mean and high w.

    `bounds` are the values of w (in its own units) where the slope turns significant at 5 % (Johnson-Neyman), in
    rising order; `added_r2` is what the interaction adds.
    """

    n: int
    estimates: tuple[float, ...]
    ses: tuple[float, ...]
    p_values: tuple[float, ...]
    r2: float
    added_r2: float
    slopes: tuple[Slope, Slope, Slope]
    bounds: tuple[float, ...]
    moderator_low: float
    moderator_high: float


def moderation(
    outcome: ArrayLike, predictor: ArrayLike, moderator: ArrayLike, *, minimum: int = MIN_PERSONS
) -> Moderation | NotEnough:
    """Whether the association of x with y depends on w: interaction of the mean-centred predictors, simple slopes.

    outcome (y), predictor (x), moderator (w): (persons,), nan = missing; complete rows, at least `minimum`. Slopes at
    w = mean - SD, mean, mean + SD. References: Aiken & West (1991); Johnson & Neyman (1936).
    R: lm(y ~ x * w), emmeans::emtrends(), interactions::johnson_neyman(control.fdr = FALSE).
    """
    y, pair = complete_cases(outcome, side_by_side(predictor, moderator))
    needed = max(minimum, 6)
    if len(y) < needed:
        return NotEnough("too_few", len(y), needed)
    x, w = (pair - pair.mean(axis=0)).T
    terms = np.column_stack([x, w, x * w])
    if (no := refusal(y, terms, needed=needed)) is not None:
        return no
    fit, plain = least_squares(y, terms), least_squares(y, terms[:, :2])
    ses = np.sqrt(np.diag(fit.covariance))
    sd, mean = float(w.std(ddof=1)), float(pair[:, 1].mean())
    slopes = [_slope(fit.estimates, fit.covariance, fit.df, at) for at in (-sd, 0.0, sd)]
    return Moderation(
        n=len(y),
        estimates=tuple(fit.estimates.tolist()),
        ses=tuple(ses.tolist()),
        p_values=tuple(t_two_sided_p(float(t), fit.df) for t in fit.estimates / ses),
        r2=fit.r2,
        added_r2=fit.r2 - plain.r2,
        slopes=(slopes[0], slopes[1], slopes[2]),
        bounds=tuple(bound + mean for bound in _bounds(fit.estimates, fit.covariance, fit.df)),
        moderator_low=float(pair[:, 1].min()),
        moderator_high=float(pair[:, 1].max()),
    )


def _slope(b: FloatArray, covariance: FloatArray, df: int, at: float) -> Slope:
    estimate = float(b[1] + at * b[3])
    se = sqrt(float(covariance[1, 1] + 2.0 * at * covariance[1, 3] + at * at * covariance[3, 3]))
    return Slope(at, estimate, se, estimate / se, t_two_sided_p(estimate / se, df))


def _bounds(b: FloatArray, covariance: FloatArray, df: int) -> tuple[float, ...]:
    """Roots of (b1 + w b3)^2 = t^2 var(b1 + w b3) in centred w; none where the slope is the same all over."""
    t2 = t_quantile(0.975, df) ** 2
    square = float(b[3] ** 2 - t2 * covariance[3, 3])
    middle = float(2.0 * (b[1] * b[3] - t2 * covariance[1, 3]))
    rest = float(b[1] ** 2 - t2 * covariance[1, 1])
    inside = middle * middle - 4.0 * square * rest
    if inside < 0.0 or square == 0.0:
        return ()
    root = sqrt(inside)
    return tuple(sorted(((-middle - root) / (2.0 * square), (-middle + root) / (2.0 * square))))
