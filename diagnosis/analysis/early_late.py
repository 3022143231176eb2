"""Early and late answers of the customers, where the answers say which they are (an attribute `answered`)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.releases import NO_GROUP, Column, Releases
from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Matrix
from diagnosis.early_late_result import EarlyLateResult, EarlyLateRow
from diagnosis.stats.nonresponse import EarlyLate, compare_early_late
from diagnosis.stats.results import GapEstimate
from surveys.disclosure import CUSTOMERS, minimum_for, suppress_split

ATTRIBUTE = "answered"
EARLY, LATE = "early", "late"
DIFFERS, ALIKE, OPEN = "differs", "alike", "open"


def early_late_result(book: ScoreBook, releases: Releases) -> EarlyLateResult | None:
    """Late minus early on every shown state and dimension of the customers; None where it is not known or too few.

    Weighted answers are not compared. A column in which a side or somebody left aside must stay hidden is left out.
    """
    study = book.study
    frame = study.frame(CUSTOMERS)
    if frame is None or not study.is_shown(CUSTOMERS) or study.weights(CUSTOMERS) is not None:
        return None
    masks: dict[str, NDArray[np.bool_]] = {}
    for value, mask in frame.groups(ATTRIBUTE).items():
        masks[value.casefold()] = mask | masks.get(value.casefold(), False)
    if not {EARLY, LATE} <= masks.keys():
        return None
    least = minimum_for(CUSTOMERS, subgroup=True, named=study.is_named(CUSTOMERS))
    columns: dict[tuple[str, str], tuple[Matrix, Matrix]] = {}
    shown: dict[Column, list[int]] = {}
    for code, found in book.states.items():
        for index, dimension in enumerate(study.instrument.dimensions):
            if found.audience != CUSTOMERS or not book.is_dimension_shown(code, index):
                continue
            column = found.column(index)
            if _may_split(column, masks, least):
                columns[code, dimension.code] = (column[masks[EARLY]], column[masks[LATE]])
                shown[code, index] = [0, 1]
    labels = np.select([masks[EARLY], masks[LATE]], [0, 1], NO_GROUP).astype(np.intp)
    if not releases.allow(CUSTOMERS, labels, shown):
        return None
    early, late = ([pair[side] for pair in columns.values()] for side in (0, 1))
    answer = compare_early_late(early, late, scale_range=study.scale_range, random_state=study.random_state)
    if not isinstance(answer, EarlyLate):
        return None
    rows = tuple(_row(code, answer, place) for place, code in enumerate(columns))
    return EarlyLateResult(CUSTOMERS, answer.n_early, answer.n_late, rows)


def _may_split(column: Matrix, masks: Mapping[str, NDArray[np.bool_]], least: int) -> bool:
    counts = {value: int((~np.isnan(column[mask])).sum()) for value, mask in masks.items()}
    return not {EARLY, LATE} & suppress_split(counts, least)


def _row(code: tuple[str, str], answer: EarlyLate, place: int) -> EarlyLateRow:
    test = answer.tests[place]
    verdict = DIFFERS if answer.differs[place] else ALIKE if answer.alike[place] else OPEN
    if not isinstance(test, GapEstimate):
        return EarlyLateRow(*code, None, None, None, None, OPEN)
    return EarlyLateRow(*code, test.estimate, test.ci_low, test.ci_high, answer.q_values[place], verdict)
