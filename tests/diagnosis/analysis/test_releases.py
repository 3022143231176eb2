"""The ledger of shown groups: whatever splits ask to be shown, all of them together give no small group away."""

from functools import cache

import numpy as np
import pytest

from diagnosis.analysis.releases import NO_GROUP, Releases, answered_mask
from diagnosis.analysis.scores import ScoreBook, score_states
from diagnosis.analysis.study import Study
from diagnosis.stats.row_space import is_any_small_group_solvable
from surveys.disclosure import MIN_CUSTOMER_SUBGROUP, MIN_GROUP, suppress_split
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

SEEDS = range(100)


@cache
def book_of(n: int) -> ScoreBook:
    frames = draw_frames(SAMPLE_TRUTH, n, {"customers": n, "managers": 8, "front_line": 12})
    return score_states(Study(die_crm(), frames, 1))


def draw_split(draw: np.random.Generator, n: int, before: list[np.ndarray]) -> np.ndarray:
    """Groups of random sizes; some splits are nearly the same as one before, which is the dangerous case."""
    labels = draw.choice(5, n, p=draw.dirichlet(np.ones(5)))
    labels[draw.random(n) < 0.05] = NO_GROUP
    if before and draw.random() < 0.5:
        labels = before[-1].copy()
        labels[draw.random(n) < 0.03] = int(draw.integers(0, 5))
    return labels.astype(np.intp)


@pytest.mark.parametrize("n", [6, 12, 40, 100, 300])
def test_all_splits_together_give_no_small_group_away(n: int) -> None:
    book, refused, shown_groups = book_of(n), 0, 0
    columns = [("CE", None), ("CE", 0), ("CP", 3)]
    used = len(answered_mask(book, columns[0]))
    for seed in SEEDS:
        draw = np.random.default_rng([n, seed])
        releases, splits = Releases(book), list[np.ndarray]()
        published = {column: [answered_mask(book, column)] for column in columns}
        for _split in range(4):
            labels = draw_split(draw, used, splits)
            wanted = {}
            for column in columns:
                groups = {label: (labels == label) & published[column][0] for label in range(NO_GROUP, 5)}
                counts = {str(label): int(mask.sum()) for label, mask in groups.items()}
                hidden = suppress_split(counts, MIN_CUSTOMER_SUBGROUP if seed % 2 else MIN_GROUP)
                wanted[column] = [label for label in range(5) if str(label) not in hidden]
            if not releases.allow("customers", labels, wanted):
                refused += 1
                continue
            splits.append(labels)
            for column, values in wanted.items():
                published[column] += [(labels == value) & published[column][0] for value in values]
                shown_groups += len(values)
        for masks in published.values():
            shown = [mask for mask in masks if mask.any()]
            if shown[0].sum() >= MIN_GROUP:
                assert not is_any_small_group_solvable(shown)
    assert n < 40 or shown_groups > 100
    assert n < 100 or refused > 10


def test_a_split_that_is_refused_leaves_no_trace() -> None:
    book = book_of(100)
    column = ("CE", None)
    answered = np.flatnonzero(answered_mask(book, column))
    first = np.full(len(answered_mask(book, column)), NO_GROUP, dtype=np.intp)
    first[answered[:30]], first[answered[30:]] = 0, 1
    nested = first.copy()
    nested[answered[:27]] = 2
    releases = Releases(book)
    assert releases.allow("customers", first, {column: [0, 1]})
    assert not releases.allow("customers", nested, {column: [2]})
    assert releases.allow("customers", first, {column: [0, 1]})
