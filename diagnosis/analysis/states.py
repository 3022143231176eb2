"""Means of states and items with their intervals; hidden ones carry their reason."""

from collections.abc import Mapping

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.analysis.scores import ScoreBook, cannot_judge_share
from diagnosis.analysis.sides import lacking_text
from diagnosis.analysis.study import Matrix, Study, counted
from diagnosis.result import Mean, Quality, StateResult
from diagnosis.stats.gaps import person_values
from diagnosis.stats.means import estimate_mean
from diagnosis.stats.results import NotEnough
from diagnosis.stats.scales import count_prorated
from surveys.disclosure import is_indicative


def mean_of(
    study: Study, audience: str, column: Matrix, *, subgroup: bool = False, is_part: bool = False
) -> Mean:
    """Mean of one column (used persons,) of an audience with its t interval, hidden when too few have a value.

    Hidden too when so few all agree; `is_part`: the column is a part of one that was looked at for this.
    """
    if not is_part and study.tells_everybody(audience, column):
        return Mean(suppressed=study.hidden_text(audience))
    return _mean(study, audience, column, study.weights(audience), subgroup=subgroup)


def _mean(
    study: Study, audience: str, column: Matrix, weights: Matrix | None, *, subgroup: bool = False
) -> Mean:
    answered = ~np.isnan(column)
    n = int(answered.sum())
    n_counted = counted(n, None if weights is None else weights[answered])
    if n == 0:
        return Mean(not_measured=_("Not measured: nobody has answered enough of it."))
    if not study.is_shown(audience) or not study.may_show(audience, n_counted, subgroup=subgroup):
        return Mean(suppressed=study.hidden_text(audience))
    found = estimate_mean(column, weights=weights)
    if isinstance(found, NotEnough):
        return Mean(not_measured=_("Not measured: nobody has answered enough of it."))
    return Mean(found.n, found.mean, found.sd, found.ci_low, found.ci_high, is_indicative(audience, n))


def overall_mean(study: Study, audience: str, matrix: Matrix) -> Mean:
    """Unweighted mean of the dimension means; its interval rests on what each person contributes to it."""
    if not matrix.shape[1]:
        return Mean(suppressed=study.hidden_text(audience))
    weights = study.weights(audience)
    values, mean = person_values(matrix, weights)
    kept = None if weights is None else weights[~np.isnan(matrix).all(axis=1)]
    found = _mean(study, audience, values, kept)
    if found.mean is None:
        return found
    return Mean(found.n, mean, found.sd, found.ci_low, found.ci_high, found.indicative)


def state_results(book: ScoreBook) -> dict[str, StateResult]:
    """Every measured state: overall over the common dimensions, and each dimension."""
    study = book.study
    results: dict[str, StateResult] = {}
    for code, found in book.states.items():
        dimensions = {
            dimension.code: Mean(not_measured=lacking_text(book, code))
            if found.n(index) == 0
            else mean_of(study, found.audience, found.column(index))
            for index, dimension in enumerate(study.instrument.dimensions)
        }
        overall = (
            overall_mean(study, found.audience, found.scores[:, list(book.common)])
            if book.is_shown(code)
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
        ratings = study.ratings(found.audience, code, items)
        if is_item_paired and code in book.partners:
            other = np.isnan(study.ratings(found.audience, book.partners[code], items))
            ratings = np.where(other & used, np.nan, ratings)
        frame = study.frame(found.audience)
        hidden = _agreed_dimensions(study, found.audience, items, ratings)
        means[code] = {
            item: Mean(not_measured=_("Not measured: not asked."))
            if frame is None or not frame.has_slot(f"{code}.{item}")
            else Mean(suppressed=study.hidden_text(found.audience))
            if item in hidden
            else mean_of(study, found.audience, ratings[:, column])
            for column, item in enumerate(items)
        }
    return means


def _agreed_dimensions(study: Study, audience: str, items: list[str], ratings: Matrix) -> set[str]:
    """Items of the dimensions with an item on which so few all agree: from the others it could be computed."""
    agreed = {
        item for column, item in enumerate(items) if study.tells_everybody(audience, ratings[:, column])
    }
    groups = [{item.code for item in dimension.items} for dimension in study.instrument.dimensions]
    return set().union(*(group for group in groups if group & agreed))


def state_quality(book: ScoreBook) -> tuple[Quality, ...]:
    """How completely each state was answered; nothing for hidden audiences."""
    study = book.study
    rows = []
    for code, found in book.states.items():
        frame = study.frame(found.audience)
        if frame is None or not study.is_shown(found.audience):
            continue
        used = [item for items in book.items[code].values() for item in items]
        answered = ~np.isnan(study.ratings(found.audience, code, used))
        prorated = sum(
            count_prorated(study.ratings(found.audience, code, items))
            for items in book.items[code].values()
            if items
        )
        scored = int((~np.isnan(found.scores)).sum())
        rows.append(
            Quality(
                state=code,
                audience=found.audience,
                n=frame.n_used,
                answered=float(answered.mean()) if answered.size else 0.0,
                cannot_judge=cannot_judge_share(study, found.audience, code, used),
                prorated=prorated / scored if scored else 0.0,
            )
        )
    return tuple(rows)
