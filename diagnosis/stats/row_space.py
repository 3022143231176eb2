"""Row-space audit: whether published sums over groups, taken together, give away the sum of a very small group."""

from collections.abc import Sequence
from itertools import combinations
from typing import Final

import numpy as np
from numpy.typing import NDArray

LARGEST_SECRET: Final = 4
"""Groups of 1 to so many persons may never be computed."""
MOST_CELLS: Final = 40
"""With more small cells than this the audit does not search and answers as if a group could be computed."""
NOISE: Final = 1e-9


def is_any_small_group_solvable(published: Sequence[NDArray[np.bool_]]) -> bool:
    """Tell whether a group of 1-4 persons is a linear combination of the published groups.

    `published`: one mask over the same persons per published group. Persons who are in the same groups form a cell;
    only whole cells can be solved. With N a basis of the null space of the groups by cells matrix, a set of cells is
    solvable if and only if its rows of N sum to 0. Reference: Chin & Ozsoyoglu (1982).
    """
    if not published:
        return False
    codes = np.zeros(published[0].size, dtype=np.int64)
    for place, group in enumerate(published):
        codes = codes * 2 + group
        if place % 30 == 29:
            codes = np.unique(codes, return_inverse=True)[1]
    _, first, sizes = np.unique(codes, return_index=True, return_counts=True)
    matrix = np.array([group[first] for group in published], dtype=np.float64)
    if sizes.min() > LARGEST_SECRET:
        return False
    _, values, basis = np.linalg.svd(matrix, full_matrices=True)
    rank = int((values > NOISE * max(1.0, float(values[0]))).sum())
    free = basis[rank:].T
    small = np.flatnonzero((sizes <= LARGEST_SECRET) & matrix.any(axis=0))
    if small.size > MOST_CELLS:
        return True
    for many in range(1, min(LARGEST_SECRET, small.size) + 1):
        chosen = np.array(list(combinations(small.tolist(), many)), dtype=np.intp)
        is_small = sizes[chosen].sum(axis=1) <= LARGEST_SECRET
        left = free[chosen[is_small]].sum(axis=1)
        if (np.abs(left) < NOISE).all(axis=1).any():
            return True
    return False
