"""Row-space audit: whether published sums over groups, taken together, give away the sum of a very small group."""

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from diagnosis.stats.arrays import FloatArray

LARGEST_SECRET: Final = 4
"""Groups of 1 to so many persons may never be computed."""
NOISE: Final = 1e-9
N_SKETCHES: Final = 3


def is_any_small_group_solvable(
    published: Sequence[NDArray[np.bool_]], sizes: NDArray[np.intp] | None = None
) -> bool:
    """Tell whether a group of 1-4 persons is a linear combination of the published groups.

    `published`: one mask per published group, over the same persons, or over the same cells of `sizes` persons each.
    Persons who are in the same groups form a cell; only whole cells can be solved. With Q an orthonormal basis of the
    space of the groups over the cells, a set S of k cells is solvable if and only if its indicator e lies in it:
    e - QQ'e = 0. Then every cell of S has a leverage |q|^2 of 1/k or more (1 = q.s with |s|^2 = k), and leverages sum
    to the rank: so few cells come into question that all sets of them are tried, by random sketches z'(e - QQ'e),
    which are sums over the cells of S. Reference: Chin & Ozsoyoglu (1982).
    """
    cells, sizes = _cells(published, sizes)
    if not sizes.size or sizes.min() > LARGEST_SECRET:
        return False
    _, values, rows = np.linalg.svd(cells, full_matrices=False)
    basis = rows[values > NOISE * max(1.0, float(values[0]))].T
    leverage = (basis**2).sum(axis=1)
    drawn = np.random.default_rng(1).normal(size=(sizes.size, N_SKETCHES))
    sketches = drawn - basis @ (basis.T @ drawn)
    for many in range(1, LARGEST_SECRET + 1):
        kept = (sizes <= LARGEST_SECRET - many + 1) & (leverage * many >= 1.0 - NOISE)
        if _has_vanishing_sum(sketches[kept], sizes[kept], many):
            return True
    return False


def _cells(
    published: Sequence[NDArray[np.bool_]], sizes: NDArray[np.intp] | None
) -> tuple[FloatArray, NDArray[np.intp]]:
    """Groups by cells (1 = the cell is in the group) and persons per cell; who is in no group is left out."""
    if not published:
        return np.empty((0, 0)), np.empty(0, dtype=np.intp)
    groups = np.array(published, dtype=np.bool_)
    is_shown = groups.any(axis=0) if sizes is None else groups.any(axis=0) & (sizes > 0)
    groups = groups[:, is_shown]
    codes = np.ascontiguousarray(np.packbits(groups, axis=0).T)
    keys = codes.view(np.dtype((np.void, codes.shape[1])))[:, 0]
    _, first, cell = np.unique(keys, return_index=True, return_inverse=True)
    persons = np.bincount(cell, None if sizes is None else sizes[is_shown]).astype(np.intp)
    return groups[:, first].astype(np.float64), persons


def _has_vanishing_sum(sketches: FloatArray, sizes: NDArray[np.intp], many: int) -> bool:
    """Tell whether the sketches of some `many` different cells, of 1-4 persons together, sum to 0."""
    if len(sketches) < many:
        return False
    if many == 1:
        return bool((np.abs(sketches) < NOISE).all(axis=1).any())
    left, left_members = _sums(sketches, sizes, many // 2)
    right, right_members = _sums(sketches, sizes, many - many // 2)
    order = np.argsort(right[:, 0], kind="stable")
    right, right_members = right[order], right_members[order]
    low = np.searchsorted(right[:, 0], -left[:, 0] - NOISE)
    high = np.searchsorted(right[:, 0], -left[:, 0] + NOISE)
    for place in np.flatnonzero(high > low):
        for other in range(low[place], high[place]):
            members = np.unique([*left_members[place], *right_members[other]])
            is_zero = bool((np.abs(left[place] + right[other]) < NOISE).all())
            if is_zero and members.size == many and sizes[members].sum() <= LARGEST_SECRET:
                return True
    return False


def _sums(sketches: FloatArray, sizes: NDArray[np.intp], many: int) -> tuple[FloatArray, NDArray[np.intp]]:
    """Sketches of single cells, or of all pairs of them, and their members."""
    if many == 1:
        return sketches, np.arange(len(sketches))[:, None]
    first, second = np.triu_indices(len(sketches), 1)
    return sketches[first] + sketches[second], np.column_stack([first, second])
