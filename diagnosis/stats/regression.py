"""Least squares with an intercept: coefficients with their tests, fit, and how far the predictors overlap."""

from dataclasses import dataclass
from math import log, pi, sqrt

import numpy as np
from numpy.typing import ArrayLike

from diagnosis.stats.arrays import FloatArray, as_column, as_matrix, is_constant, require_share
from diagnosis.stats.distributions import f_p, t_quantile, t_two_sided_p
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough

COLLINEAR_BELOW = 1e-10
"""A predictor of which less than this share is left beside the others is a combination of them."""


@dataclass(frozen=True, slots=True)
class Coefficient:
    """One coefficient with its t test; `se_hc3` allows for unequal spread, `beta` is standardised (None: intercept)."""

    estimate: float
    se: float
    t: float
    p_value: float
    ci_low: float
    ci_high: float
    se_hc3: float | None
    beta: float | None


@dataclass(frozen=True, slots=True)
class Regression:
    """A fitted plane: intercept and one coefficient per predictor in their order, and how well it fits."""

    n: int
    intercept: Coefficient
    coefficients: tuple[Coefficient, ...]
    r2: float
    adjusted_r2: float
    f: float
    df_model: int
    df_residual: int
    p_value: float
    sigma: float
    aic: float
    bic: float


@dataclass(frozen=True, eq=False)
class LeastSquares:
    """The bare fit: estimates (k,), their covariance (k, k), residuals (n,), leverages (n,), R2 about the mean."""

    estimates: FloatArray
    covariance: FloatArray
    residuals: FloatArray
    leverages: FloatArray
    r2: float

    @property
    def df(self) -> int:
        """Residual degrees of freedom."""
        return int(self.residuals.size - self.estimates.size)

    @property
    def variance(self) -> float:
        """Residual variance."""
        return float(self.residuals @ self.residuals) / self.df


def complete_cases(outcome: ArrayLike, predictors: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Outcome (n,) and predictors (n, p) of the persons who have all; raises StatisticsError on other shapes."""
    y, x = as_column(outcome, name="outcome"), as_matrix(predictors, name="predictors")
    if len(y) != len(x):
        message = f"outcome and predictors must be of the same persons, not of {len(y)} and {len(x)}"
        raise StatisticsError(message)
    if x.shape[1] == 0:
        message = "a regression needs at least one predictor"
        raise StatisticsError(message)
    complete = ~(np.isnan(y) | np.isnan(x).any(axis=1))
    return y[complete], x[complete]


def refusal(y: FloatArray, x: FloatArray, *, needed: int | None = None) -> NotEnough | None:
    """Why no regression can be fitted: too few persons, nothing varies, or a predictor repeats the others."""
    n, p = x.shape
    enough = p + 2 if needed is None else needed
    if n < enough:
        return NotEnough("too_few", n, enough)
    if is_constant(y) or any(is_constant(x[:, column]) for column in range(p)):
        return NotEnough("no_variation", n, enough)
    if _left_over(x).min() < COLLINEAR_BELOW:
        return NotEnough("not_defined", n, enough)
    return None


def _left_over(x: FloatArray) -> FloatArray:
    """Share of each predictor that the ones before it do not explain (squared pivots of the standardised columns)."""
    centred = x - x.mean(axis=0)
    _q, r = np.linalg.qr(centred / np.linalg.norm(centred, axis=0))
    return np.asarray(np.diag(r) ** 2, dtype=np.float64)


def least_squares(y: FloatArray, x: FloatArray) -> LeastSquares:
    """Fit y on an intercept and the columns of x by QR; the caller has asked `refusal` first."""
    design = np.column_stack([np.ones(len(x)), x])
    q, r = np.linalg.qr(design)
    inverse = np.linalg.inv(r)
    estimates = inverse @ (q.T @ y)
    residuals = y - design @ estimates
    rest = float(residuals @ residuals)
    variance = rest / (len(y) - design.shape[1])
    total = float(((y - y.mean()) ** 2).sum())
    return LeastSquares(
        estimates, inverse @ inverse.T * variance, residuals, (q**2).sum(axis=1), 1.0 - rest / total
    )


def ols(
    outcome: ArrayLike, predictors: ArrayLike, *, confidence_level: float = 0.95
) -> Regression | NotEnough:
    """Ordinary least squares with intercept over complete rows.

    outcome: (persons,), predictors: (persons, p), nan = missing. Intervals by t(n - p - 1); HC3 standard errors
    (MacKinnon & White 1985) divide each residual by 1 - its leverage, and are None where one person alone fixes a
    coefficient. AIC, BIC count p + 2 parameters, as R does. `not_defined`: a predictor is a combination of others;
    `no_variation`: a column is constant, or nothing is left to explain.
    R: summary(lm(y ~ x)), confint(), sandwich::vcovHC(type = "HC3").
    """
    require_share(confidence_level, name="confidence_level")
    y, x = complete_cases(outcome, predictors)
    n, p = x.shape
    if (no := refusal(y, x)) is not None:
        return no
    fit = least_squares(y, x)
    if 1.0 - fit.r2 <= COLLINEAR_BELOW:
        return NotEnough("no_variation", n, p + 2)
    robust = _hc3(fit, x)
    betas = [None, *standardised(fit, y, x)]
    quantile = t_quantile(0.5 + confidence_level / 2.0, fit.df)
    rows = []
    for index, estimate in enumerate(fit.estimates.tolist()):
        se = sqrt(fit.covariance[index, index])
        t = estimate / se
        rows.append(
            Coefficient(
                estimate=estimate,
                se=se,
                t=t,
                p_value=t_two_sided_p(t, fit.df),
                ci_low=estimate - quantile * se,
                ci_high=estimate + quantile * se,
                se_hc3=None if robust is None else float(robust[index]),
                beta=betas[index],
            )
        )
    f = fit.r2 / p / ((1.0 - fit.r2) / fit.df)
    rest = fit.variance * fit.df
    log_likelihood = -n / 2.0 * (log(2.0 * pi) + log(rest / n) + 1.0)
    return Regression(
        n=n,
        intercept=rows[0],
        coefficients=tuple(rows[1:]),
        r2=fit.r2,
        adjusted_r2=1.0 - (1.0 - fit.r2) * (n - 1) / fit.df,
        f=f,
        df_model=p,
        df_residual=fit.df,
        p_value=f_p(f, p, fit.df),
        sigma=sqrt(fit.variance),
        aic=2.0 * (p + 2) - 2.0 * log_likelihood,
        bic=log(n) * (p + 2) - 2.0 * log_likelihood,
    )


def standardised(fit: LeastSquares, y: FloatArray, x: FloatArray) -> list[float]:
    """Coefficients of the z-scored columns: b * sd(x) / sd(y). R: lm(scale(y) ~ scale(x))."""
    scale = x.std(axis=0, ddof=1) / y.std(ddof=1)
    return [float(value) for value in fit.estimates[1:] * scale]


def _hc3(fit: LeastSquares, x: FloatArray) -> FloatArray | None:
    if (fit.leverages >= 1.0 - COLLINEAR_BELOW).any():
        return None
    design = np.column_stack([np.ones(len(x)), x])
    bread = fit.covariance / fit.variance
    scores = design * (fit.residuals / (1.0 - fit.leverages))[:, None]
    return np.asarray(np.sqrt(np.diag(bread @ (scores.T @ scores) @ bread)), dtype=np.float64)


def variance_inflation(predictors: ArrayLike) -> tuple[float, ...] | NotEnough:
    """Variance inflation factor of each predictor, 1 / (1 - R2 on the others) = diagonal of the inverse correlations.

    predictors: (persons, p) complete rows are used. Above 5 to 10 a coefficient alone says little. R: car::vif().
    """
    x = as_matrix(predictors, name="predictors")
    x = x[~np.isnan(x).any(axis=1)]
    if (no := _overlap_refusal(x)) is not None:
        return no
    correlations = np.atleast_2d(np.corrcoef(x, rowvar=False))
    return tuple(float(value) for value in np.diag(np.linalg.inv(correlations)))


def condition_index(predictors: ArrayLike) -> float | NotEnough:
    """Root of the largest over the smallest eigenvalue of the correlation matrix. R: sqrt(max/min of eigen(cor(x)))."""
    x = as_matrix(predictors, name="predictors")
    x = x[~np.isnan(x).any(axis=1)]
    if (no := _overlap_refusal(x)) is not None:
        return no
    values = np.linalg.eigvalsh(np.atleast_2d(np.corrcoef(x, rowvar=False)))
    return sqrt(float(values[-1] / values[0]))


def _overlap_refusal(x: FloatArray) -> NotEnough | None:
    n, p = x.shape
    if n < p + 1:
        return NotEnough("too_few", n, p + 1)
    if any(is_constant(x[:, column]) for column in range(p)):
        return NotEnough("no_variation", n, p + 1)
    return NotEnough("not_defined", n, p + 1) if _left_over(x).min() < COLLINEAR_BELOW else None


@dataclass(frozen=True, slots=True)
class PredictorCorrelations:
    """Correlation of one predictor with the outcome: alone, both freed of the others, only the predictor freed."""

    zero_order: float
    partial: float
    semipartial: float


def predictor_correlations(
    outcome: ArrayLike, predictors: ArrayLike
) -> tuple[PredictorCorrelations, ...] | NotEnough:
    """Zero-order, partial and semipartial correlation of each predictor with the outcome, over complete rows.

    With t of the coefficient: partial = t / sqrt(t^2 + df), semipartial = t sqrt((1 - R2) / df). R: ppcor::pcor, spcor.
    """
    y, x = complete_cases(outcome, predictors)
    if (no := refusal(y, x)) is not None:
        return no
    fit = least_squares(y, x)
    rows = []
    for index in range(x.shape[1]):
        t = float(fit.estimates[index + 1]) / sqrt(fit.covariance[index + 1, index + 1])
        rows.append(
            PredictorCorrelations(
                zero_order=float(np.corrcoef(x[:, index], y)[0, 1]),
                partial=t / sqrt(t * t + fit.df),
                semipartial=t * sqrt((1.0 - fit.r2) / fit.df),
            )
        )
    return tuple(rows)
