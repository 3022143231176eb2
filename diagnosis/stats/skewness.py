"""Skewness of a mean or a difference of means, and the t statistic corrected for it."""

import numpy as np

from diagnosis.stats.arrays import FloatArray

MIN_PERSONS = 3


def third_cumulant(values: FloatArray, weights: FloatArray | None = None) -> float:
    """Third cumulant of a mean: k3 / n^2 with k3 = n / ((n - 1)(n - 2)) * sum (x - m)^3; 0 below three persons.

    With weights sum (w (x - m))^3 / (sum w)^3, with the same correction for the number of persons.
    values: complete (persons,). R: moments::moment(x, 3, central = TRUE), corrected.
    """
    n = values.size
    if n < MIN_PERSONS:
        return 0.0
    w = np.ones(n) if weights is None else weights
    total = float(w.sum())
    centred = w * (values - float(w @ values) / total)
    return float((centred * centred) @ centred) / total**3 * n * n / ((n - 1) * (n - 2))


def corrected_t(t: FloatArray | float, skewness: FloatArray | float) -> FloatArray:
    """Hall's transformation t + g t^2 / 3 + g^2 t^3 / 27 + g / 6, which rises with t and takes the skewness g out.

    skewness: third cumulant of the difference over the cube of its standard error.
    Reference: Hall (1992); for two samples Zhou & Dinh (2005).
    """
    t, g = np.asarray(t, dtype=np.float64), np.asarray(skewness, dtype=np.float64)
    turned = g * t * t
    return np.asarray(t + turned / 3.0 + turned * g * t / 27.0 + g / 6.0)
