"""Early and late answers of the customers, where the answers say which they are (an attribute `answered`)."""

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.halves import compare_sides
from diagnosis.analysis.releases import Releases
from diagnosis.analysis.scores import ScoreBook
from diagnosis.early_late_result import EarlyLateResult
from surveys.disclosure import CUSTOMERS

ATTRIBUTE = "answered"
EARLY, LATE = "early", "late"


def early_late_result(book: ScoreBook, releases: Releases) -> EarlyLateResult | None:
    """Late minus early on every shown state and dimension of the customers; None where it is not known or too few."""
    study = book.study
    frame = study.frame(CUSTOMERS)
    if frame is None or not study.is_shown(CUSTOMERS):
        return None
    masks: dict[str, NDArray[np.bool_]] = {}
    for value, mask in frame.groups(ATTRIBUTE).items():
        masks[value.casefold()] = mask | masks.get(value.casefold(), False)
    found = compare_sides(book, releases, CUSTOMERS, masks, (EARLY, LATE))
    return None if found is None else EarlyLateResult(CUSTOMERS, found.n_first, found.n_second, found.rows)
