"""Means of states and items with their intervals; hidden ones carry their reason."""

from collections.abc import Mapping, Sequence

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from diagnosis.analysis.scores import ScoreBook, slots_of
from diagnosis.analysis.sides import lacking_text
from diagnosis.analysis.study import Matrix, Study, counted
from diagnosis.result import Mean, Quality, StateResult
from diagnosis.stats.columns import Column
from diagnosis.stats.gaps import person_column
from diagnosis.stats.means import mean_of_column, mean_of_sums
from diagnosis.stats.points import count_prorated_points, point_sums
from diagnosis.stats.results import MeanEstimate, NotEnough
from diagnosis.stats.scales import count_prorated
from surveys.disclosure import is_indicative
from surveys.instruments import CANNOT_JUDGE, NOT_ASKED


def mean_of(
    study: Study, audience: str, column: Matrix, *, subgroup: bool = False, is_part: bool = False
) -> Mean:
    """Mean of one column (used persons,) of an audience with its t interval, hidden when too few have a value.

    Hidden too when so few all agree; `is_part`: the column is a part of one that was looked at for this.
    """
    if not is_part and study.tells_everybody(audience, column):
        return Mean(suppressed=study.hidden_text(audience))
    return mean_of_values(study, audience, Column.of(column, study.weights(audience)), subgroup=subgroup)


def mean_of_values(study: Study, audience: str, column: Column, *, subgroup: bool = False) -> Mean:
    """`mean_of` of complete values, whose sums may be known from other figures."""
    hidden = _hidden(study, audience, column.n, column.weights, subgroup=subgroup)
    if hidden is not None:
        return hidden
    found = mean_of_column(column)
    return nobody() if isinstance(found, NotEnough) else _shown(audience, found)


def nobody() -> Mean:
    """The mean of nobody's answers."""
    return Mean(not_measured=_("Not measured: nobody has answered enough of it."))


def _hidden(
    study: Study, audience: str, n: int, weights: Matrix | None = None, *, subgroup: bool = False
) -> Mean | None:
    """What stands in the place of a mean of so many answers that may not be shown; None where it may."""
    if n == 0:
        return nobody()
    if not study.is_shown(audience) or not study.may_show(audience, counted(n, weights), subgroup=subgroup):
        return Mean(suppressed=study.hidden_text(audience))
    return None


def _shown(audience: str, found: MeanEstimate) -> Mean:
    return Mean(found.n, found.mean, found.sd, found.ci_low, found.ci_high, is_indicative(audience, found.n))


def overall_mean(study: Study, audience: str, matrix: Matrix) -> Mean:
    """Unweighted mean of the dimension means; its interval rests on what each person contributes to it."""
    if not matrix.shape[1]:
        return Mean(suppressed=study.hidden_text(audience))
    return mean_of_values(study, audience, person_column(matrix, study.weights(audience)))


def state_results(book: ScoreBook) -> dict[str, StateResult]:
    """Every measured state: overall over the common dimensions, and each dimension."""
    study = book.study
    results: dict[str, StateResult] = {}
    for code, found in book.states.items():
        dimensions = {
            dimension.code: Mean(not_measured=lacking_text(book, code))
            if found.n(index) == 0
            else mean_of_values(study, found.audience, book.side(code, index).column)
            for index, dimension in enumerate(study.instrument.dimensions)
        }
        overall = (
            mean_of_values(study, found.audience, book.side(code, None).column)
            if book.is_shown(code) and book.common
            else Mean(suppressed=study.hidden_text(found.audience))
        )
        results[code] = StateResult(found.audience, overall, dimensions)
    return results


def item_means(book: ScoreBook) -> dict[str, Mapping[str, Mean]]:
    """Mean of every item in every measured state; where a gap is paired, a person counts with both columns."""
    study = book.study
    is_item_paired = study.instrument.pairing == "item"
    means: dict[str, Mapping[str, Mean]] = {}
    for code, found in book.states.items():
        items = [item.code for item in study.instrument.items if item.is_asked_in(code)]
        used = np.array([any(item in kept for kept in book.items[code].values()) for item in items])
        partner = book.partners[code] if is_item_paired and code in book.partners else None
        frame = study.frame(found.audience)
        rows = _means_of_items(study, found.audience, (code, partner), items, used)
        agreed = _with_their_dimensions(study, {item for item, (_, is_told) in rows.items() if is_told})
        means[code] = {
            item: Mean(not_measured=_("Not measured: not asked."))
            if frame is None or not frame.has_slot(f"{code}.{item}")
            else Mean(suppressed=study.hidden_text(found.audience))
            if item in agreed
            else mean
            for item, (mean, _is_told) in rows.items()
        }
    return means


def _with_their_dimensions(study: Study, agreed: set[str]) -> set[str]:
    """All items of the dimensions that hold one of these: from the others it could be computed."""
    groups = [{item.code for item in dimension.items} for dimension in study.instrument.dimensions]
    return set().union(*(group for group in groups if group & agreed))


def _means_of_items(
    study: Study,
    audience: str,
    states: tuple[str, str | None],
    items: Sequence[str],
    used: NDArray[np.bool_],
) -> dict[str, tuple[Mean, bool]]:
    """Mean of each item in a state, and whether so few all agree on it that it would tell everybody's answer.

    Of `used` items over the persons who answered them in the partner of the state as well.
    """
    own, partner = states
    points, frame = study.points(audience, slots_of(own, items)), study.frame(audience)
    if points is None or frame is None or study.weights(audience) is not None:
        ratings = study.ratings(audience, own, items)
        if partner is not None:
            other = np.isnan(study.ratings(audience, partner, items))
            ratings = np.where(other & used, np.nan, ratings)
        return {
            item: (mean_of(study, audience, column), study.tells_everybody(audience, column))
            for item, column in zip(items, ratings.T, strict=True)
        }
    answered = points > NOT_ASKED
    if partner is not None:
        answered &= (frame.packed(slots_of(partner, items)) > NOT_ASKED) | ~used[:, None]
    found = {}
    for item, row, given, sums in zip(items, points, answered, point_sums(points, answered), strict=True):
        sd = sums.sd if sums.n > 1 else None
        mean = _hidden(study, audience, sums.n) or _shown(audience, mean_of_sums(sums.n, sums.mean, sd))
        is_told = not sd and study.tells_everybody(audience, row[given].astype(np.float64))
        found[item] = (mean, is_told)
    return found


def state_quality(book: ScoreBook) -> tuple[Quality, ...]:
    """How completely each state was answered; nothing for hidden audiences."""
    study = book.study
    rows = []
    for code, found in book.states.items():
        frame = study.frame(found.audience)
        if frame is None or not study.is_shown(found.audience):
            continue
        used = [item for items in book.items[code].values() for item in items]
        packed = frame.packed(slots_of(code, used))
        asked = packed != NOT_ASKED
        parts = (slots_of(code, items) for items in book.items[code].values() if items)
        prorated = sum(_prorated(study, found.audience, slots) for slots in parts)
        scored = sum(found.n(place) for place in range(found.scores.shape[1]))
        rows.append(
            Quality(
                state=code,
                audience=found.audience,
                n=frame.n_used,
                answered=_share(packed > NOT_ASKED, asked),
                cannot_judge=_share(packed == CANNOT_JUDGE, asked),
                prorated=prorated / scored if scored else 0.0,
            )
        )
    return tuple(rows)


def _prorated(study: Study, audience: str, slots: list[str]) -> int:
    """Persons whose score rests on some, not all, of the values they were asked for."""
    points, asked = study.frames.audiences[audience].packed(slots), study.asked(audience, slots).asked
    if asked is None:
        return count_prorated_points(points, missing_up_to=NOT_ASKED)
    return count_prorated(study.outcome_ratings(audience, slots), asked=asked)


def _share(marked: NDArray[np.bool_], asked: NDArray[np.bool_]) -> float:
    """Share of the marked values among those asked for."""
    n = np.count_nonzero(asked)
    return float(np.count_nonzero(marked)) / n if n else 0.0
