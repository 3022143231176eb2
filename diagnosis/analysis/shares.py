"""Top-box shares of single items and the net promoter score of the item that asks for recommending."""

from collections.abc import Iterator

import numpy as np

from diagnosis.analysis.states import mean_of
from diagnosis.analysis.study import Matrix, Study
from diagnosis.result import Mean
from diagnosis.shares_result import NetPromoter, OutcomeShares, TopBox
from diagnosis.stats.nps import HIGHEST, NetPromoterEstimate, net_promoter_score, promoter_codes
from diagnosis.stats.proportions import wilson_interval
from diagnosis.stats.results import ProportionEstimate
from surveys.instruments import Block, Item, Scale

TOP_POINTS = 2
MOST_POINTS = 11
RECOMMENDATION = "recommendation"


def shares_result(study: Study) -> OutcomeShares | None:
    """Shares of the customers' rated items about no single dimension; None when no customer was asked one.

    Of small staff groups a share would say who answered what, so they have none (Rule). Scales with their middle at 0
    (too rarely ... too often) and entered numbers have no top; they are left out.
    """
    asked = list(_asked(study))
    if not asked:
        return None
    return OutcomeShares(
        tuple(_top_box(study, block, item, audience) for block, item, audience in asked),
        tuple(
            _promoters(study, item, audience)
            for block, item, audience in asked
            if item.role == RECOMMENDATION and _is_recommending(study.instrument.scales[block.scale])
        ),
    )


def _is_recommending(scale: Scale) -> bool:
    return (scale.low, scale.high) == (0, HIGHEST)


def _asked(study: Study) -> Iterator[tuple[Block, Item, str]]:
    for block in study.instrument.outcomes:
        scale = study.instrument.scales[block.scale]
        if scale.low < 0 or scale.high - scale.low >= MOST_POINTS:
            continue
        for item in block.items:
            for audience in study.instrument.audiences:
                frame = study.frame(audience.code)
                if audience.side != "customer" or frame is None or item.dimension:
                    continue
                if frame.has_slot(item.code):
                    yield block, item, audience.code


def _top_box(study: Study, block: Block, item: Item, audience: str) -> TopBox:
    scale = study.instrument.scales[block.scale]
    start = scale.high - TOP_POINTS + 1
    column = _as_asked(study, item, audience)
    mean = mean_of(study, audience, np.where(np.isnan(column), np.nan, column >= start))
    low, high = _limits(study, audience, mean)
    return TopBox(
        block=block.code,
        item=item.code,
        audience=audience,
        low=scale.low,
        high=scale.high,
        from_point=start,
        n=mean.n,
        share=mean.mean,
        ci_low=low,
        ci_high=high,
        indicative=mean.indicative,
        reason=mean.suppressed or mean.not_measured,
    )


def _as_asked(study: Study, item: Item, audience: str) -> Matrix:
    """Answers to one item as given (used persons,): a reversed item is not turned, its wording stands beside."""
    return np.asarray(study.frames.audiences[audience].ratings([item.code])[:, 0], dtype=np.float64)


def _limits(study: Study, audience: str, mean: Mean) -> tuple[float | None, float | None]:
    """Wilson's interval; of weighted answers the t interval of the weighted share, cut at 0 and 1."""
    if mean.n is None:
        return None, None
    if study.weights(audience) is not None:
        ends = mean.ci_low, mean.ci_high
        return (None, None) if None in ends else (max(0.0, ends[0] or 0.0), min(1.0, ends[1] or 0.0))
    found = wilson_interval(round((mean.mean or 0.0) * mean.n), mean.n)
    return (found.ci_low, found.ci_high) if isinstance(found, ProportionEstimate) else (None, None)


def _promoters(study: Study, item: Item, audience: str) -> NetPromoter:
    column = _as_asked(study, item, audience)
    codes = np.full(column.size, np.nan)
    codes[~np.isnan(column)] = promoter_codes(column)
    mean = mean_of(study, audience, codes)
    if mean.n is None or mean.mean is None:
        reason = mean.suppressed or mean.not_measured
        return NetPromoter(item.code, audience, None, None, None, None, None, None, None, reason=reason)
    promoters, passives, detractors = (
        mean_of(study, audience, np.where(np.isnan(codes), np.nan, codes == sign), is_part=True).mean
        for sign in (100.0, 0.0, -100.0)
    )
    low, high = mean.ci_low, mean.ci_high
    found = net_promoter_score(column, n_draws=1) if study.weights(audience) is None else None
    if isinstance(found, NetPromoterEstimate):
        low, high = found.adjusted
    return NetPromoter(
        item=item.code,
        audience=audience,
        n=mean.n,
        score=mean.mean,
        ci_low=low,
        ci_high=high,
        promoters=promoters,
        passives=passives,
        detractors=detractors,
        indicative=mean.indicative,
    )
