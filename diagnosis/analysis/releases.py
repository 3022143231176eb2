"""The ledger of what one result shows of sums over groups: a split that would give a few persons away stays out."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.scores import ScoreBook
from diagnosis.stats.row_space import is_any_small_group_solvable

Column = tuple[str, int | None]
"""A state and the place of a dimension (None = the overall mean of the common ones), or a construct and None."""
Labels = NDArray[np.intp]
Mask = NDArray[np.bool_]
Group = tuple[int, int]
"""Place of the split, and label in it."""
NO_GROUP = -1


@dataclass(frozen=True, slots=True)
class _Splits:
    """Persons by all splits entered so far: the cell of each person, and the label of each cell in each split."""

    cell: Labels
    labels: NDArray[np.intp]

    def with_split(self, labels: Labels) -> "_Splits":
        """The same persons, split once more."""
        low = int(labels.min(initial=0))
        n_labels = int(labels.max(initial=0)) - low + 1
        codes, first, cell = np.unique(
            self.cell * n_labels + (labels - low), return_index=True, return_inverse=True
        )
        return _Splits(cell, np.vstack([self.labels[:, codes // n_labels], labels[first][None]]))

    def gives_away(self, groups: Collection[Group], answered: Mask) -> bool:
        """Tell whether groups, together with all who answered, let 1-4 persons be computed."""
        sizes = np.bincount(self.cell[answered], minlength=self.labels.shape[1])
        everybody = np.ones(sizes.size, dtype=np.bool_)
        return is_any_small_group_solvable(
            [everybody, *(self.labels[split] == label for split, label in groups)], sizes
        )


class Releases:
    """Groups that are shown, by column; every outlet that splits an audience's persons asks here before it shows them.

    Groups of several splits can together give away a small one (30 of the North, 27 of them large), so each split is
    checked with all that came before it; the first come stay. Named audiences are shown from two persons on and are
    not checked. A second reading under other rules of exclusion shows no split at all.
    """

    def __init__(self, book: ScoreBook) -> None:
        self._book = book
        self._splits: dict[str, _Splits] = {}
        self._shown: dict[Column, list[Group]] = {}

    def allow(
        self,
        audience: str,
        labels: Labels,
        shown: Mapping[Column, Collection[int]],
        answered: Mapping[Column, Mask] | None = None,
    ) -> bool:
        """Enter a split and say True; say False, and keep the ledger as it is, when it must not be shown.

        labels: (used persons,) group of each person, NO_GROUP = none; shown: labels whose means are wanted, by column;
        answered: who has a score in a column, needed for constructs, which the book does not hold.
        """
        if self._book.study.is_named(audience):
            return True
        if self._book.study.frames.is_second_reading:
            return False
        before = self._splits.get(audience) or _nobody_split(labels.size)
        after, split = before.with_split(labels), len(before.labels)
        groups = {
            column: [*self._shown.get(column, ()), *((split, label) for label in sorted(values))]
            for column, values in shown.items()
        }
        known = answered or {}
        for column in shown:
            mask = known[column] if column in known else answered_mask(self._book, column)
            if after.gives_away(groups[column], mask):
                return False
        self._splits[audience] = after
        self._shown |= groups
        return True


def answered_mask(book: ScoreBook, column: Column) -> Mask:
    """Who has a score in a column: (used persons,)."""
    return book.side(*column).answered


def _nobody_split(n: int) -> _Splits:
    return _Splits(np.zeros(n, dtype=np.intp), np.empty((0, 1), dtype=np.intp))
