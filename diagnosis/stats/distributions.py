"""Quantiles and tail probabilities; scipy is imported on first use, so that reading results needs none of it."""

from collections.abc import Callable
from math import isfinite


def normal_quantile(probability: float) -> float:
    """Quantile of the standard normal. R: qnorm(p)."""
    from scipy.special import ndtri

    return float(ndtri(probability))


def t_quantile(probability: float, df: float) -> float:
    """Quantile of Student's t. R: qt(p, df)."""
    from scipy.special import stdtrit

    return float(stdtrit(df, probability))


def t_two_sided_p(t: float, df: float) -> float:
    """Two-sided p-value of a t statistic. R: 2 * pt(-abs(t), df)."""
    from scipy.special import stdtr

    return min(1.0, 2.0 * float(stdtr(df, -abs(t))))


def f_quantile(probability: float, df1: float, df2: float) -> float:
    """Quantile of the F distribution. R: qf(p, df1, df2)."""
    from scipy.special import fdtri

    return float(fdtri(df1, df2, probability))


def noncentral_t_cdf(t: float, df: float, noncentrality: float) -> float:
    """Distribution function of the noncentral t. R: pt(t, df, ncp).

    In the far tail against the sign of the noncentrality scipy's series may fail; the probability of a normal
    deviate of the wrong sign, which bounds it from above and is below 1e-6 there, takes its place.
    """
    from scipy.special import nctdtr, ndtr

    probability = float(nctdtr(df, noncentrality, t))
    if isfinite(probability):
        return probability
    return float(ndtr(-noncentrality)) if t < 0 else float(ndtr(t - noncentrality))


def find_root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a continuous function that changes sign between low and high. R: uniroot()."""
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=1e-12, rtol=1e-12))


def binomial_at_least(k: int, n: int, probability: float) -> float:
    """Probability of at least k successes in n trials. R: 1 - pbinom(k - 1, n, p)."""
    from scipy.special import bdtrc

    if k <= 0:
        return 1.0
    return 0.0 if k > n else float(bdtrc(k - 1, n, probability))


def normal_two_sided_p(z: float) -> float:
    """Two-sided p-value of a normal deviate. R: 2 * pnorm(-abs(z))."""
    from scipy.special import ndtr

    return min(1.0, 2.0 * float(ndtr(-abs(z))))


def normal_cdf(z: float) -> float:
    """Distribution function of the standard normal. R: pnorm(z)."""
    from scipy.special import ndtr

    return float(ndtr(z))


def chi_square_p(statistic: float, df: float) -> float:
    """Upper tail of the chi-square distribution. R: pchisq(x, df, lower.tail = FALSE)."""
    from scipy.special import chdtrc

    return float(chdtrc(df, statistic))


def f_p(statistic: float, df1: float, df2: float) -> float:
    """Upper tail of the F distribution. R: pf(f, df1, df2, lower.tail = FALSE)."""
    from scipy.special import fdtrc

    return float(fdtrc(df1, df2, statistic))


def beta_quantile(probability: float, a: float, b: float) -> float:
    """Quantile of the beta distribution. R: qbeta(p, a, b)."""
    from scipy.special import betaincinv

    return float(betaincinv(a, b, probability))


def find_minimum(function: Callable[[float], float], low: float, high: float) -> float:
    """Place of the smallest value of a function with one valley between low and high. R: optimize()."""
    from scipy.optimize import minimize_scalar

    return float(minimize_scalar(function, bounds=(low, high), method="bounded", options={"xatol": 1e-10}).x)
