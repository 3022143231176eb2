"""The total gap as steps through the stages: the gaps' own estimates and intervals, shares from one joint bootstrap."""

from collections.abc import Mapping, Sequence

import numpy as np

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Matrix
from diagnosis.result import Gap, GapResult, StageResult, Step, Steps, Waterfall
from diagnosis.stats.results import NotEnough
from diagnosis.stats.waterfall import StepEstimate, WaterfallEstimate, WaterfallStep, bootstrap_waterfall


def build_waterfall(
    book: ScoreBook, gaps: Sequence[GapResult], weights: Mapping[str, float]
) -> Waterfall | None:
    """The waterfall, or None when one of its states is hidden or was not asked, or the total is not split."""
    plan = book.study.instrument.waterfall
    if not plan.steps:
        return None
    by_code = {gap.code: gap for gap in gaps}
    steps = [by_code[code] for code in plan.steps]
    total = by_code[plan.total]
    if any(gap.overall.estimate is None for gap in (*steps, total)):
        return None
    drawn = _draw(book, steps, weights)
    found = {step.code: step for step in drawn.steps} if drawn else {}
    dimensions = {
        dimension.code: _steps(steps, total, dimension.code, {})
        for dimension in book.study.instrument.dimensions
        if all(gap.dimensions[dimension.code].estimate is not None for gap in (*steps, total))
    }
    return Waterfall(
        from_state=plan.start,
        to_state=plan.end,
        total=plan.total,
        overall=_steps(steps, total, None, found),
        dimensions=dimensions,
        stages=_stages(steps, drawn),
        n_draws=drawn.n_draws if drawn else 0,
    )


def _at(gap: GapResult, dimension: str | None) -> Gap:
    return gap.overall if dimension is None else gap.dimensions[dimension]


def _steps(
    steps: Sequence[GapResult], total: GapResult, dimension: str | None, drawn: Mapping[str, StepEstimate]
) -> Steps:
    rows = []
    for gap in steps:
        found = _at(gap, dimension)
        step = drawn.get(gap.code)
        rows.append(
            Step(
                gap=gap.code,
                stage=gap.stage,
                estimate=found.estimate,
                ci_low=found.ci_low,
                ci_high=found.ci_high,
                certainty=found.certainty,
                p_largest=step.p_largest if step else None,
                share=step.share if step else None,
            )
        )
    whole = _at(total, dimension)
    return Steps(tuple(rows), whole.mean_earlier, whole.mean_later, whole.estimate)


def _draw(
    book: ScoreBook, steps: Sequence[GapResult], weights: Mapping[str, float]
) -> WaterfallEstimate | None:
    """The joint bootstrap over the common dimensions, every audience resampled once per draw."""
    columns = list(book.common)
    audiences: dict[str, dict[str, Matrix]] = {}
    for state in dict.fromkeys(state for gap in steps for state in (gap.earlier, gap.later)):
        found = book.states[state]
        audiences.setdefault(found.audience, {})[state] = book.common_scores(state)
    chain = [WaterfallStep(gap.code, gap.stage, gap.later, gap.earlier) for gap in steps]
    dimensions = book.study.instrument.dimensions
    kept = np.array([weights.get(dimensions[index].code, 0.0) for index in columns])
    weighted = {audience: own for audience in audiences if (own := book.study.weights(audience)) is not None}
    drawn = bootstrap_waterfall(
        audiences,
        chain,
        weights=kept if kept.sum() > 0 else None,
        person_weights=weighted,
        random_state=book.study.random_state,
    )
    return None if isinstance(drawn, NotEnough) else drawn


def _stages(steps: Sequence[GapResult], drawn: WaterfallEstimate | None) -> tuple[StageResult, ...]:
    shares = {stage.stage: stage for stage in drawn.stages} if drawn else {}
    rows = []
    for stage in dict.fromkeys(gap.stage for gap in steps):
        found = shares.get(stage)
        rows.append(
            StageResult(
                stage=stage,
                estimate=sum(gap.overall.estimate or 0.0 for gap in steps if gap.stage == stage),
                share=found.share if found else None,
                ci_low=found.ci_low if found else None,
                ci_high=found.ci_high if found else None,
            )
        )
    return tuple(rows)
