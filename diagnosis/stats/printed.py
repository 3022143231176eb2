"""Numbers as a table prints them: the value and how far rounding may have moved it."""

import re
from dataclasses import dataclass
from decimal import Decimal

from diagnosis.stats.exceptions import StatisticsError

NUMBER = re.compile(r"[-+\u2212]?(?:\d+(?:\.\d*)?|\.\d+)")
MISSING = frozenset({"", "-", "\u2013", "\u2014", ".", "na", "n/a", "nan"})
FEWER_THAN = re.compile(r"(<=?|\u2264)\s*")


@dataclass(frozen=True, slots=True)
class Printed:
    """A rounded number: the true one lies within `rounding` of `value`.

    `is_limit`: printed as '<0.001', the true number lies between 0 and the value.
    """

    value: float
    rounding: float
    is_limit: bool = False

    @property
    def low(self) -> float:
        """Smallest number that is printed so."""
        return 0.0 if self.is_limit else self.value - self.rounding

    @property
    def high(self) -> float:
        """Largest number that is printed so."""
        return self.value if self.is_limit else self.value + self.rounding


def read_printed(text: str, *, decimals: int | None = None) -> Printed | None:
    """Read one printed number; None for an empty cell or a dash.

    Rounding is half a unit of the last decimal, of at least `decimals` of them (programs drop trailing zeros).
    Raises StatisticsError on anything else: a decimal comma, thousands, text, percent signs are not guessed at.
    """
    cell = text.strip()
    if cell.casefold() in MISSING:
        return None
    limit = FEWER_THAN.match(cell)
    body = cell[limit.end() :] if limit else cell
    if not NUMBER.fullmatch(body):
        message = f"{cell} is not a number with a decimal point"
        raise StatisticsError(message)
    number = body.replace("\u2212", "-").rstrip(".")
    shown = max(decimals_of(number), decimals or 0)
    return Printed(float(Decimal(number)), 0.5 * 10.0**-shown, limit is not None)


def decimals_of(text: str) -> int:
    """Number of digits after the point."""
    return len(text.partition(".")[2].strip())


def exact(value: float) -> Printed:
    """Wrap a number that is not rounded, such as a count of persons."""
    return Printed(value, 0.0)
