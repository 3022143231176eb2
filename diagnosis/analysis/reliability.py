"""Reliability of every dimension in every state, and agreement inside the staff audiences."""

from diagnosis.analysis.scores import ScoreBook
from diagnosis.result import Agreement, Reliability
from diagnosis.stats.agreement import AgreementEstimate, within_group_agreement
from diagnosis.stats.results import AlphaEstimate
from diagnosis.stats.scales import scale_reliability
from surveys.disclosure import CUSTOMERS

NOT_ENOUGH = "not_enough"


def reliabilities(book: ScoreBook) -> tuple[Reliability, ...]:
    """Alpha or Spearman-Brown over complete rows of the items used; `not_enough` where it must not be or cannot be."""
    study = book.study
    rows = []
    for code, found in book.states.items():
        for dimension in study.instrument.dimensions:
            items = book.items[code][dimension.code]
            ratings = study.ratings(found.audience, code, items)
            estimate = (
                scale_reliability(ratings, weights=study.weights(found.audience)) if len(items) > 1 else None
            )
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


def agreements(book: ScoreBook) -> tuple[Agreement, ...]:
    """rwg of the staff audiences per state and dimension; nothing where it must not be shown or is not defined."""
    study = book.study
    points = study.instrument.level_scale.span + 1
    rows = []
    for code, found in book.states.items():
        if found.audience == CUSTOMERS or not study.is_shown(found.audience):
            continue
        for dimension in study.instrument.dimensions:
            items = book.items[code][dimension.code]
            if not items:
                continue
            estimate = within_group_agreement(study.ratings(found.audience, code, items), points=points)
            if isinstance(estimate, AgreementEstimate) and study.may_show(found.audience, estimate.n):
                rows.append(Agreement(code, dimension.code, found.audience, estimate.rwg, estimate.band))
    return tuple(rows)
