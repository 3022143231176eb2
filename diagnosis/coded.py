"""Values of many persons kept as the few that differ and one number per person."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar, overload

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")
S = TypeVar("S")


@dataclass(frozen=True, eq=False)
class Coded(Sequence[T], Generic[T]):
    """A sequence whose element at place i is `values[codes[i]]`."""

    values: tuple[T, ...]
    codes: NDArray[np.int32]

    @classmethod
    def of(cls, rows: Iterable[T], key: Callable[[T], object] = lambda row: row) -> "Coded[T]":
        """Code rows by their key, values in the order of first sight."""
        if isinstance(rows, Coded):
            return rows
        places: dict[object, int] = {}
        values: list[T] = []
        codes = []
        for row in rows:
            place = places.setdefault(key(row), len(values))
            if place == len(values):
                values.append(row)
            codes.append(place)
        return cls(tuple(values), np.array(codes, dtype=np.int32))

    @overload
    def __getitem__(self, place: int) -> T: ...
    @overload
    def __getitem__(self, place: slice) -> "Coded[T]": ...
    def __getitem__(self, place: int | slice) -> "T | Coded[T]":
        """The element at a place, or the elements of a slice."""
        if isinstance(place, slice):
            return Coded(self.values, self.codes[place])
        return self.values[int(self.codes[place])]

    def __len__(self) -> int:
        """Number of persons."""
        return int(self.codes.size)

    def __eq__(self, other: object) -> bool:
        """Equal elements in the same order, however they are coded."""
        return isinstance(other, Sequence) and len(self) == len(other) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def count(self, value: object) -> int:
        """How many persons have the value."""
        places = [place for place, known in enumerate(self.values) if known == value]
        return int(np.isin(self.codes, places).sum())

    def mapped(self, read: Callable[[T], S], key: Callable[[S], object] = lambda row: row) -> "Coded[S]":
        """What `read` makes of each element, equal ones (by their key) kept once."""
        found = Coded.of((read(value) for value in self.values), key)
        return Coded(found.values, found.codes[self.codes])

    def take(self, rows: NDArray[np.generic]) -> "Coded[T]":
        """The elements at places, or of a mask."""
        return Coded(self.values, self.codes[rows])
