"""Units of staff (branches, teams): intraclass correlation of each state, only where two units may be shown."""

from collections.abc import Iterator

import numpy as np

from diagnosis.analysis.scores import ScoreBook, StateScores
from diagnosis.frames import AudienceFrame
from diagnosis.stats.intraclass import MIN_UNITS, IntraclassEstimate, intraclass_correlation
from diagnosis.units_result import UnitAgreement
from surveys.disclosure import CUSTOMERS, minimum_for, suppress_split

UNKNOWN = ""


def unit_agreements(book: ScoreBook) -> tuple[UnitAgreement, ...]:
    """One row per state of a staff audience and attribute with two units and more; nothing for weighted answers."""
    return tuple(_rows(book))


def _rows(book: ScoreBook) -> Iterator[UnitAgreement]:
    study = book.study
    for code, found in book.states.items():
        frame = study.frame(found.audience)
        if found.audience == CUSTOMERS or frame is None or not book.is_shown(code) or not book.common:
            continue
        if study.weights(found.audience) is not None:
            continue
        for attribute in frame.attribute_names:
            row = _row(book, found, frame, attribute)
            if row is not None:
                yield row


def _row(book: ScoreBook, found: StateScores, frame: AudienceFrame, attribute: str) -> UnitAgreement | None:
    scores = found.scores[:, list(book.common)]
    scored = ~np.isnan(scores).any(axis=1)
    persons = scores.mean(axis=1)
    members = {value: mask & scored for value, mask in frame.groups(attribute).items()}
    least = minimum_for(found.audience, subgroup=True, named=book.study.is_named(found.audience))
    hidden = suppress_split({value: int(mask.sum()) for value, mask in members.items()}, least)
    units = [persons[mask] for value, mask in members.items() if value != UNKNOWN and value not in hidden]
    if len(units) < MIN_UNITS:
        return None
    answer = intraclass_correlation(units)
    if not isinstance(answer, IntraclassEstimate):
        return None
    return UnitAgreement(
        found.audience, found.state, attribute, answer.units, answer.icc1, answer.icc2, answer.p_value
    )
