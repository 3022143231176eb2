"""What matters most to customers: stated importance, priorities and the relationship-quality index."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Study
from diagnosis.result import GapResult, Importance, Priority, QualityIndex, StateResult
from diagnosis.stats.certainty import Certainty, priority
from surveys.instruments import Block


def importance_block(study: Study, audience: str) -> Block | None:
    """The question in which an audience ticks the dimensions that matter most, if its form asks it."""
    frame = study.frame(audience)
    if frame is None:
        return None
    asked = {
        question.block for page in study.instrument.form(frame.form).pages for question in page.questions
    }
    blocks = (block for block in study.instrument.blocks if block.options_from == "dimensions")
    return next((block for block in blocks if block.code in asked), None)


def ticks_of(study: Study, audience: str) -> NDArray[np.bool_] | None:
    """Which dimensions each used person ticked, (persons, dimensions); None when the form does not ask."""
    block, frame = importance_block(study, audience), study.frame(audience)
    if block is None or frame is None:
        return None
    return frame.ticked(block.items[0].code, [dimension.code for dimension in study.instrument.dimensions])


def stated_importance(study: Study, audience: str) -> Importance:
    """Share of persons who tick a dimension, scaled to sum 1; equal weights where too few have ticked."""
    codes = [dimension.code for dimension in study.instrument.dimensions]
    ticks = ticks_of(study, audience)
    if ticks is not None and study.is_shown(audience):
        n = int(ticks.any(axis=1).sum())
        weights = study.weights(audience)
        if study.may_show(audience, n) and n:
            shares = ticks.sum(axis=0) / n if weights is None else weights @ ticks
            weights = shares / shares.sum()
            stated = dict(zip(codes, weights.tolist(), strict=True))
            return Importance("stated", n, stated, stated=stated)
    return Importance("equal", None, dict.fromkeys(codes, 1.0 / len(codes)))


def with_derived(importance: Importance, derived: Mapping[str, float] | None) -> Importance:
    """Stated importance joined by the derived one (drivers' shares, sum 1): their mean; derived alone where none is
    stated.

    A dimension the drivers leave out keeps half of its stated weight. Method: docs/method.md, "Scores and priorities".
    """
    if derived is None:
        return importance
    known = {code: derived.get(code, 0.0) for code in importance.weights}
    if importance.stated is None:
        return Importance("derived", None, known, derived=known)
    weights = {code: (importance.stated[code] + known[code]) / 2.0 for code in known}
    return Importance("both", importance.n, weights, importance.stated, known)


def priorities(total: GapResult, weights: Mapping[str, float]) -> tuple[Priority, ...]:
    """Importance x shortfall x certainty per dimension, the highest first; unmeasured dimensions count 0."""
    rows = []
    for code, gap in total.dimensions.items():
        word: Certainty = gap.certainty  # type: ignore[assignment]  # written from a Certainty
        shortfall = None if gap.estimate is None else max(0.0, -gap.estimate)
        value = priority(importance=weights[code], shortfall=shortfall or 0.0, word=word)
        rows.append(Priority(code, weights[code], shortfall, word, value))
    return tuple(sorted(rows, key=lambda row: (-row.priority, -(row.shortfall or 0.0), row.dimension)))


def quality_index(
    book: ScoreBook, states: Mapping[str, StateResult], weights: Mapping[str, float]
) -> QualityIndex | None:
    """100 minus the weighted mean shortfall over the dimensions shown, and the weighted perception, both 0-100."""
    plan = book.study.instrument.waterfall
    wanted, received = states.get(plan.start), states.get(plan.end)
    if wanted is None or received is None:
        return None
    rows = [
        (weights[code], before.mean, received.dimensions[code].mean)
        for code, before in wanted.dimensions.items()
    ]
    known = [(w, before, after) for w, before, after in rows if before is not None and after is not None]
    whole = sum(w for w, _before, _after in known)
    if whole <= 0:
        return None
    low, span = book.study.instrument.level_scale.low, book.study.scale_range
    lost = sum(w * max(0.0, before - after) for w, before, after in known) / whole
    level = sum(w * (after - low) for w, _before, after in known) / whole
    return QualityIndex(100.0 - 100.0 * lost / span, 100.0 * level / span)
