"""Omega: reliability of a scale from a one-factor model fitted by maximum likelihood."""

from dataclasses import dataclass
from math import exp, log, sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, complete_rows, is_constant, require_share
from diagnosis.stats.distributions import normal_quantile
from diagnosis.stats.results import NotEnough

MIN_ITEMS = 3
MAX_STEPS = 500
SMALLEST_RESIDUAL = 1e-3
"""A residual variance below this share of the item's variance: the model does not hold (Heywood case)."""
FLAT = 1e-11
LONGEST_STEP = 1.0


@dataclass(frozen=True, slots=True)
class OmegaEstimate:
    """Omega over the model's and over the observed variance of the sum; loadings, residual variances of the items."""

    n: int
    k: int
    omega: float
    omega_observed: float
    loadings: tuple[float, ...]
    residuals: tuple[float, ...]


def omega_total(ratings: ArrayLike) -> OmegaEstimate | NotEnough:
    """Omega = (sum of loadings)^2 / variance of the sum, from a one-factor model of the complete rows.

    ratings: (persons, items), at least three items (two identify no factor), nan = missing (listwise). Factor variance
    1, covariances over n, as maximum likelihood asks. `not_defined`: a residual variance runs to 0, so that no proper
    one-factor model exists. Reference: McDonald (1999); Joereskog (1967) for the fit. R: lavaan::cfa(std.lv = TRUE),
    semTools::reliability() (omega, omega2).
    """
    complete = complete_rows(ratings)
    n, k = complete.shape
    if k < MIN_ITEMS:
        return NotEnough("not_defined", n, MIN_ITEMS)
    if n <= k + 1:
        return NotEnough("too_few", n, k + 2)
    if any(is_constant(complete[:, item]) for item in range(k)):
        return NotEnough("no_variation", n, k + 2)
    covariance = np.cov(complete, rowvar=False, ddof=0)
    spread = np.sqrt(np.diag(covariance))
    fitted = fit_one_factor(covariance / np.outer(spread, spread))
    if fitted is None:
        return NotEnough("not_defined", n, k + 2)
    loadings, residuals = fitted[0] * spread, fitted[1] * spread**2
    common = float(loadings.sum()) ** 2
    return OmegaEstimate(
        n=n,
        k=k,
        omega=common / (common + float(residuals.sum())),
        omega_observed=common / float(covariance.sum()),
        loadings=tuple(loadings.tolist()),
        residuals=tuple(residuals.tolist()),
    )


def fit_one_factor(correlations: FloatArray) -> tuple[FloatArray, FloatArray] | None:
    """Loadings (k,) with a sum from 0 on and residual variances (k,) of the one-factor maximum likelihood solution.

    Newton's method on the logarithms of the residual variances with Joereskog's approximate second derivatives
    G_ij = (sum over the other eigenvectors of w_i w_j)^2. None when a residual variance runs to 0 or nothing settles.
    """
    try:
        start = 0.5 / np.diag(np.linalg.inv(correlations))
    except np.linalg.LinAlgError:
        return None
    place = np.log(np.clip(start, 0.05, 1.0))
    slope, curvature = _slopes(correlations, place)
    for _step in range(MAX_STEPS):
        if np.abs(slope).max() < FLAT:
            break
        step = np.linalg.lstsq(curvature, slope, rcond=1e-12)[0]
        place = place - step * min(1.0, LONGEST_STEP / float(np.abs(step).max()))
        slope, curvature = _slopes(correlations, place)
        if np.exp(place).min() < SMALLEST_RESIDUAL:
            return None
    else:
        return None
    residuals = np.exp(place)
    values, vectors = _scaled_eigen(correlations, residuals)
    loadings = np.sqrt(residuals * max(values[-1] - 1.0, 0.0)) * vectors[:, -1]
    return (loadings if loadings.sum() >= 0.0 else -loadings), residuals


def _scaled_eigen(correlations: FloatArray, residuals: FloatArray) -> tuple[FloatArray, FloatArray]:
    root = np.sqrt(residuals)
    values, vectors = np.linalg.eigh(correlations / np.outer(root, root))
    return values, vectors


def _slopes(correlations: FloatArray, place: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Slope and approximate curvature of the discrepancy in log residual variances, the loadings at their best."""
    values, vectors = _scaled_eigen(correlations, np.exp(place))
    others = vectors[:, :-1]
    return (others**2) @ (1.0 - values[:-1]), (others @ others.T) ** 2


def omega_interval(
    estimate: OmegaEstimate, *, confidence_level: float = 0.95
) -> tuple[float, float] | NotEnough:
    """Delta-method interval of omega on the logit, from the expected information of the one-factor model.

    `not_defined` where the loadings cancel or are not identified. References: Raykov (2002); Maydeu-Olivares,
    Coffman & Hartmann (2007). R: lavaan::cfa() with omega := ... and its standard error.
    """
    require_share(confidence_level, name="confidence_level")
    loadings, residuals = np.array(estimate.loadings), np.array(estimate.residuals)
    spread = np.sqrt(loadings**2 + residuals)
    loadings, residuals = loadings / spread, residuals / spread**2
    inverse = np.linalg.inv(np.outer(loadings, loadings) + np.diag(residuals))
    along = inverse @ loadings
    both = 2.0 * ((loadings @ along) * inverse + np.outer(along, along))
    cross = 2.0 * inverse * along
    information = np.block([[both, cross], [cross.T, inverse**2]])
    total, error = float((loadings * spread).sum()), float((residuals * spread**2).sum())
    values = np.linalg.eigvalsh(information)
    if abs(total) < SMALLEST_RESIDUAL * float(spread.sum()) or values[0] < FLAT * values[-1]:
        return NotEnough("not_defined", estimate.n, estimate.k + 2)
    slope = np.concatenate([2.0 * spread / total, -(spread**2) / error])
    variance = 2.0 / estimate.n * float(slope @ np.linalg.solve(information, slope))
    half = normal_quantile(0.5 + confidence_level / 2.0) * sqrt(variance)
    place = log(total**2 / error)
    low, high = (1.0 / (1.0 + exp(-limit)) for limit in (place - half, place + half))
    return low, high
