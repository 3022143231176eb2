"""Reliability of every dimension in every state, and agreement inside the staff audiences."""

from collections.abc import Sequence

import numpy as np

from diagnosis.analysis.scores import ScoreBook, slots_of
from diagnosis.analysis.study import Matrix, Study
from diagnosis.result import Agreement, Reliability
from diagnosis.stats.agreement import AgreementEstimate, TwoPeaks, two_peaks, within_group_agreement
from diagnosis.stats.points import point_covariances
from diagnosis.stats.results import AlphaEstimate, NotEnough
from diagnosis.stats.scales import reliability_of_covariances, scale_reliability
from surveys.disclosure import CUSTOMERS, is_indicative
from surveys.instruments import NOT_ASKED

NOT_ENOUGH = "not_enough"


def reliabilities(book: ScoreBook) -> tuple[Reliability, ...]:
    """Alpha or Spearman-Brown over complete rows of the items used; `not_enough` where it must not be or cannot be."""
    study = book.study
    rows = []
    for code, found in book.states.items():
        for dimension in study.instrument.dimensions:
            items = book.items[code][dimension.code]
            estimate = reliability_of(study, found.audience, slots_of(code, items))
            is_known = isinstance(estimate, AlphaEstimate) and study.is_shown(found.audience)
            if (
                isinstance(estimate, AlphaEstimate)
                and is_known
                and study.may_show(found.audience, estimate.n)
            ):
                rows.append(
                    Reliability(
                        dimension.code, code, found.audience, estimate.n, estimate.k, estimate.alpha,
                        estimate.ci_low, estimate.ci_high, estimate.mean_r, estimate.band, estimate.kind,
                    )
                )  # fmt: skip
            else:
                rows.append(
                    Reliability(
                        dimension.code, code, found.audience, None, len(items), None, None, None, None, None,
                        NOT_ENOUGH,
                    )
                )  # fmt: skip
    return tuple(rows)


def reliability_of(study: Study, audience: str, codes: Sequence[str]) -> AlphaEstimate | NotEnough | None:
    """Reliability of the slots of one scale; None of a single one."""
    if len(codes) < 2:
        return None
    points, weights = study.points(audience, codes), study.weights(audience)
    if points is None or weights is not None:
        return scale_reliability(study.outcome_ratings(audience, codes), weights=weights)
    found = point_covariances(points, missing_up_to=NOT_ASKED)
    return found if isinstance(found, NotEnough) else reliability_of_covariances(*found)


def agreements(book: ScoreBook) -> tuple[Agreement, ...]:
    """rwg of the staff audiences per state and dimension; nothing where it must not be shown or is not defined."""
    study = book.study
    points = study.instrument.level_scale.span + 1
    rows = []
    for code, found in book.states.items():
        if found.audience == CUSTOMERS or not study.is_shown(found.audience):
            continue
        for place, dimension in enumerate(study.instrument.dimensions):
            items = book.items[code][dimension.code]
            if not items:
                continue
            estimate = within_group_agreement(study.ratings(found.audience, code, items), points=points)
            if isinstance(estimate, AgreementEstimate) and study.may_show(found.audience, estimate.n):
                rows.append(
                    Agreement(
                        state=code,
                        dimension=dimension.code,
                        audience=found.audience,
                        rwg=estimate.rwg,
                        band=estimate.band,
                        rwg_slight_skew=estimate.rwg_slight_skew,
                        average_deviation=estimate.average_deviation,
                        average_deviation_limit=estimate.average_deviation_limit,
                        camps=_camps(study, found.column(place), found.audience),
                    )
                )
    return tuple(rows)


def _camps(study: Study, scores: Matrix, audience: str) -> tuple[int, int] | None:
    """Points of the two peaks of a group that is large enough for them to be nobody's own answer."""
    n = int((~np.isnan(scores)).sum())
    if is_indicative(audience, n):
        return None
    scale = study.instrument.level_scale
    found = two_peaks(scores, low=scale.low, high=scale.high)
    return (found.low_peak, found.high_peak) if isinstance(found, TwoPeaks) else None
