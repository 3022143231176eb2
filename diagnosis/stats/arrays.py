"""The door for arrays: floats with nan as 'missing', never infinite, of the expected number of axes."""

from collections.abc import Sequence
from typing import TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnosis.stats.exceptions import StatisticsError

FloatArray: TypeAlias = NDArray[np.float64]
BoolArray: TypeAlias = NDArray[np.bool_]

RELATIVE_NOISE = 1e-10


def _as_array(values: ArrayLike, *, axes: int, name: str) -> FloatArray:
    try:
        array = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        message = f"{name} must hold numbers"
        raise StatisticsError(message) from error
    if array.ndim != axes:
        message = f"{name} must have {axes} axes, not {array.ndim}"
        raise StatisticsError(message)
    if np.isinf(array).any():
        message = f"{name} must not hold infinite values"
        raise StatisticsError(message)
    return array


def as_column(values: ArrayLike, *, name: str = "values") -> FloatArray:
    """Return a float column (n,), nan = missing; raises StatisticsError on text, infinity or wrong shape."""
    return _as_array(values, axes=1, name=name)


def as_matrix(values: ArrayLike, *, name: str = "ratings") -> FloatArray:
    """Return a float matrix (persons, items), nan = missing; raises StatisticsError on bad input."""
    return _as_array(values, axes=2, name=name)


def present(values: ArrayLike, *, name: str = "values") -> FloatArray:
    """Return the answered values of a column."""
    column = as_column(values, name=name)
    return column[~np.isnan(column)]


def complete_pairs(first: ArrayLike, second: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the two columns over the persons who have both; raises StatisticsError on unequal lengths."""
    one, two = as_column(first, name="first"), as_column(second, name="second")
    require_same_shape(one, two)
    both = ~(np.isnan(one) | np.isnan(two))
    return one[both], two[both]


def side_by_side(*columns: ArrayLike) -> FloatArray:
    """Return columns of the same persons as a matrix (persons, columns); raises StatisticsError on unequal lengths."""
    given = [as_column(column) for column in columns]
    if len({column.size for column in given}) > 1:
        message = (
            f"columns must be of the same persons, not of {', '.join(str(column.size) for column in given)}"
        )
        raise StatisticsError(message)
    return np.column_stack(given)


def complete_rows(ratings: ArrayLike) -> FloatArray:
    """Return the persons who answered every item."""
    matrix = as_matrix(ratings)
    return matrix[~np.isnan(matrix).any(axis=1)]


def require_same_shape(first: FloatArray, second: FloatArray) -> None:
    """Raise StatisticsError unless both arrays belong to the same persons and items."""
    if first.shape != second.shape:
        message = f"both sides must have the same shape, not {first.shape} and {second.shape}"
        raise StatisticsError(message)


def require_share(value: float, *, name: str) -> None:
    """Raise StatisticsError unless 0 < value < 1."""
    if not 0 < value < 1:
        message = f"{name} must lie between 0 and 1, not {value}"
        raise StatisticsError(message)


def require_positive(value: float, *, name: str) -> None:
    """Raise StatisticsError unless the value is finite and above 0."""
    if not 0 < value < float("inf"):
        message = f"{name} must be above 0, not {value}"
        raise StatisticsError(message)


def is_constant(values: FloatArray | Sequence[float]) -> bool:
    """Tell whether values differ by no more than the noise of float arithmetic."""
    column = np.asarray(values, dtype=np.float64)
    if column.size == 0:
        return True
    size = max(1.0, float(np.abs(column).max()))
    return float(np.ptp(column)) <= RELATIVE_NOISE * size
