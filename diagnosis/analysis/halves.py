"""Two groups of one audience compared column by column, where each column may be split that way."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.releases import NO_GROUP, Column, Releases
from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Matrix
from diagnosis.early_late_result import EarlyLateRow
from diagnosis.stats.nonresponse import MIN_PER_SIDE, EarlyLate, compare_early_late
from diagnosis.stats.results import GapEstimate
from surveys.disclosure import minimum_for, suppress_split
from surveys.instruments import Block

DIFFERS, ALIKE, OPEN = "differs", "alike", "open"
Masks = Mapping[str, NDArray[np.bool_]]


@dataclass(frozen=True, slots=True)
class Compared:
    """Numbers of both sides, a row for each state and dimension, and one for each construct, by its code."""

    n_first: int
    n_second: int
    rows: tuple[EarlyLateRow, ...]
    outcomes: Mapping[str, EarlyLateRow]


def compare_sides(
    book: ScoreBook,
    releases: Releases,
    audience: str,
    masks: Masks,
    sides: tuple[str, str],
    *,
    outcomes: tuple[Block, ...] = (),
) -> Compared | None:
    """Second less first side on every shown state and dimension, and on these constructs; None where too few.

    masks: who has which value, (used persons,) each, "" among them where it is not known. A column in which a side or
    somebody left aside must stay hidden is left out; weighted answers are not compared.
    """
    study = book.study
    if not set(sides) <= masks.keys() or study.weights(audience) is not None:
        return None
    least = max(MIN_PER_SIDE, minimum_for(audience, subgroup=True, named=study.is_named(audience)))
    columns = _state_columns(book, audience) | _outcome_columns(book, audience, outcomes)
    columns = {key: column for key, column in columns.items() if _may_split(column, masks, sides, least)}
    labels = np.select([masks[side] for side in sides], [0, 1], NO_GROUP).astype(np.intp)
    answered = {key: ~np.isnan(column) for key, column in columns.items()}
    if not columns or not releases.allow(audience, labels, dict.fromkeys(columns, (0, 1)), answered):
        return None
    of_states = [key for key in columns if key[1] is not None]
    found = _compare(book, columns, of_states, masks, sides, study.scale_range)
    if found is None:
        return None
    codes = [dimension.code for dimension in study.instrument.dimensions]
    rows = tuple(
        _row((state, codes[place or 0]), found, number) for number, (state, place) in enumerate(of_states)
    )
    by_outcome = {}
    for block in outcomes:
        key = (block.code, None)
        span = float(study.instrument.scales[block.scale].span)
        one = _compare(book, columns, [key], masks, sides, span) if key in columns else None
        if one is not None:
            by_outcome[block.code] = _row((block.code, ""), one, 0)
    return Compared(found.n_early, found.n_late, rows, by_outcome)


def _state_columns(book: ScoreBook, audience: str) -> dict[Column, Matrix]:
    return {
        (code, place): found.column(place)
        for code, found in book.states.items()
        for place in range(len(book.study.instrument.dimensions))
        if found.audience == audience and book.is_dimension_shown(code, place)
    }


def _outcome_columns(book: ScoreBook, audience: str, blocks: tuple[Block, ...]) -> dict[Column, Matrix]:
    """The constructs as `outcome_results` scores them; items about a single dimension are no part of them."""
    study = book.study
    columns: dict[Column, Matrix] = {}
    frame = study.frame(audience)
    for block in blocks:
        asked = [item for item in block.items if frame is not None and frame.has_slot(item.code)]
        items = [item.code for item in asked if not item.dimension]
        if items:
            columns[block.code, None] = study.scored(audience, items)
    return columns


def _may_split(column: Matrix, masks: Masks, sides: tuple[str, str], least: int) -> bool:
    counts = {value: int((~np.isnan(column[mask])).sum()) for value, mask in masks.items()}
    return not set(sides) & suppress_split(counts, least)


def _compare(
    book: ScoreBook,
    columns: Mapping[Column, Matrix],
    keys: list[Column],
    masks: Masks,
    sides: tuple[str, str],
    span: float,
) -> EarlyLate | None:
    first, second = ([columns[key][masks[side]] for key in keys] for side in sides)
    found = compare_early_late(first, second, scale_range=span, random_state=book.study.random_state)
    return found if isinstance(found, EarlyLate) else None


def _row(code: tuple[str, str], found: EarlyLate, place: int) -> EarlyLateRow:
    test = found.tests[place]
    verdict = DIFFERS if found.differs[place] else ALIKE if found.alike[place] else OPEN
    if not isinstance(test, GapEstimate):
        return EarlyLateRow(*code, None, None, None, None, OPEN)
    return EarlyLateRow(*code, test.estimate, test.ci_low, test.ci_high, found.q_values[place], verdict)
