"""One table of a result: a name, a header and rows of texts and numbers; None is an empty cell."""

from dataclasses import dataclass

Cell = str | int | float | None


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a result."""

    name: str
    header: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
