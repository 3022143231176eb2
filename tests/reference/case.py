"""One reference case: its data, and the comparison of our answer with the expected numbers."""

import csv
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diagnosis.stats.results import NotEnough

NOT_FINITE = {"NaN", "NA", "Inf", "-Inf"}
MISSING = {"", "NA", "NaN"}
UNDERFLOW = 1e-12
RELATIVE = (".chisq", ".loadings_unstandardized.", ".residual_variances.")
"""Compared relative to their size: a note asks for it, or the iterative fit behind them was stopped at a gradient of
2e-6 where ours is 1e-11, which in units of items with a variance of 150 alone is 1e-4."""


@cache
def _columns(path: Path) -> Mapping[str, tuple[str, ...]]:
    with path.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {name: tuple(row[name] for row in rows) for name in (rows[0] if rows else {})}


@dataclass(frozen=True)
class Case:
    """A case file and the folder it lies in."""

    folder: Path
    path: Path
    content: Mapping[str, Any]

    @classmethod
    def read(cls, folder: Path, path: Path) -> "Case":
        """Read the case file."""
        return cls(folder, path, json.loads(path.read_text(encoding="utf-8")))

    @property
    def function(self) -> str:
        """Name of the statistic."""
        return str(self.content["function"])

    @property
    def edge(self) -> str:
        """Name of the edge without the prefix of its folder: 'n_1'."""
        return str(self.content["name"]).split("edge.", 1)[-1]

    @property
    def options(self) -> Mapping[str, Any]:
        """Options of the case."""
        return self.content.get("options") or {}

    @property
    def expected(self) -> Mapping[str, Any]:
        """Expected values."""
        return self.content["expected"]

    @property
    def tolerance(self) -> float:
        """Absolute tolerance."""
        return float(self.content.get("tolerance", 1e-6))

    @property
    def asks_for_refusal(self) -> bool:
        """Tell whether the note says that a product should refuse where R goes on."""
        return "refuse" in str(self.content.get("notes", ""))

    def table(self, name: str) -> list[dict[str, str]]:
        """Return the rows of a published table as text."""
        with (self.folder / name).open(newline="", encoding="utf-8") as file:
            return list(csv.DictReader(file))

    def names(self) -> list[str]:
        """Return the columns of the data file."""
        return list(_columns(self.folder / self.content["data"]))

    def text(self, name: str) -> tuple[str, ...]:
        """Return a column of the data file as text."""
        return _columns(self.folder / self.content["data"])[name]

    def column(self, name: str) -> NDArray[np.float64]:
        """Return a column of the data file, nan = missing."""
        return np.array([math.nan if cell in MISSING else float(cell) for cell in self.text(name)])

    def matrix(self, names: Sequence[str]) -> NDArray[np.float64]:
        """Return several columns side by side."""
        return np.column_stack([self.column(name) for name in names])


def values_of(cells: Sequence[Any]) -> NDArray[np.float64]:
    """Turn a list from a case file into floats, nan = missing."""
    return np.array([math.nan if cell in MISSING else float(cell) for cell in cells], dtype=np.float64)


def assert_close(ours: Any, expected: Any, tolerance: float, where: str, optional: frozenset[str]) -> None:
    """Compare nested answers; keys of the expected mapping that are in `optional` may be absent from ours."""
    if isinstance(expected, Mapping):
        assert isinstance(ours, Mapping), f"{where}: {ours!r} is not a mapping"
        absent = set(expected) - set(ours) - optional
        assert not absent, f"{where}: nothing calculated for {sorted(absent)}"
        for key in expected.keys() & ours.keys():
            assert_close(ours[key], expected[key], tolerance, f"{where}.{key}", optional)
    elif isinstance(expected, list):
        assert len(ours) == len(expected), f"{where}: {len(ours)} values, expected {len(expected)}"
        for index, (one, two) in enumerate(zip(ours, expected, strict=True)):
            assert_close(one, two, tolerance, f"{where}[{index}]", optional)
    elif expected is None or expected in NOT_FINITE:
        refused = (
            ours is None or isinstance(ours, NotEnough) or (isinstance(ours, float) and math.isnan(ours))
        )
        assert refused, f"{where}: {ours!r}, expected no number"
    elif isinstance(expected, str | bool):
        assert ours == expected, f"{where}: {ours!r}, expected {expected!r}"
    else:
        assert isinstance(ours, int | float | np.number), f"{where}: {ours!r} is not a number"
        assert math.isfinite(ours), f"{where}: {ours!r}"
        if 0.0 < expected < UNDERFLOW and "p" in where.rsplit(".", 1)[-1]:
            assert abs(math.log10(ours) - math.log10(expected)) <= 1e-4, (
                f"{where}: {ours!r}, expected {expected!r}"
            )
        else:
            size = abs(expected) if any(part in f"{where}." for part in RELATIVE) else 1.0
            assert abs(ours - expected) <= tolerance * max(1.0, size), (
                f"{where}: {ours!r}, expected {expected!r}"
            )
