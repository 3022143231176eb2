"""Readiness of organisation, technology and people on 0-100: levels, coherence, alignment and system use."""

from collections.abc import Iterator, Mapping

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.analysis.coherence import coherence_gap, coherence_rows
from diagnosis.analysis.readiness_scores import PERCENT, ReadinessScores
from diagnosis.analysis.states import mean_of
from diagnosis.analysis.study import Matrix
from diagnosis.analysis.testing import (
    Rule,
    Side,
    family_gaps,
    hidden_side,
    labelled,
    missing_side,
    overall_gap,
    side,
)
from diagnosis.result import FactorGap, FactorResult, GapResult, Mean, PillarResult, Readiness
from diagnosis.stats.readiness import pillar_balance, pillar_score, pillar_spread
from diagnosis.stats.results import NotEnough
from surveys.instruments import Gap as GapDefinition


def readiness_result(scores: ReadinessScores, gaps: Mapping[str, GapResult]) -> Readiness | None:
    """Levels and coherence, with the alignment and system-use gaps already tested; None when nobody was asked."""
    study = scores.study
    if not scores.pillars:
        return None
    pillars, factors = {}, {}
    place = 0
    for column, pillar in enumerate(study.instrument.pillars):
        by_audience = {a: mean_of(study, a, matrix[:, column]) for a, matrix in scores.pillars.items()}
        pillars[pillar.code] = PillarResult(_mean_of_means(by_audience), by_audience)
        for factor in pillar.factors:
            seen = {a: mean_of(study, a, matrix[:, place]) for a, matrix in scores.factors.items()}
            factors[factor.code] = FactorResult(pillar.code, _mean_of_means(seen), seen)
            place += 1
    levels = [np.nan if pillar.mean is None else pillar.mean for pillar in pillars.values()]
    alignment = next((gap for gap in gaps.values() if gap.kind == "alignment"), None)
    system_use = next((gap for gap in gaps.values() if gap.kind == "system_use"), None)
    return Readiness(
        pillars=pillars,
        factors=factors,
        coherence=coherence_rows(scores),
        spread=_number(pillar_spread(levels)),
        balance=_number(pillar_balance(levels)),
        alignment=tuple(FactorGap(code, gap) for code, gap in alignment.dimensions.items())
        if alignment
        else (),
        system_use=system_use.overall if system_use else None,
    )


def _mean_of_means(by_audience: Mapping[str, Mean]) -> float | None:
    known = [mean.mean for mean in by_audience.values() if mean.mean is not None]
    return _number(pillar_score(known)) if known else None


def _number(value: float | NotEnough) -> float | None:
    return None if isinstance(value, NotEnough) else value


def readiness_gaps(scores: ReadinessScores) -> Iterator[GapResult]:
    """The gaps of readiness: coherence of the pillars, alignment of two audiences, use of the systems."""
    for gap in scores.study.instrument.gaps:
        if gap.kind == "coherence":
            yield coherence_gap(scores, gap)
        elif gap.kind == "alignment":
            yield _audience_gap(
                scores, gap, [p.code for p in scores.study.instrument.pillars], by_factors=True
            )
        elif gap.kind == "system_use":
            yield _audience_gap(scores, gap, list(gap.pillars), by_factors=False)


def _audience_gap(
    scores: ReadinessScores, gap: GapDefinition, pillars: list[str], *, by_factors: bool
) -> GapResult:
    """Readiness as one audience sees it minus as another does, per factor and over all of them (or by pillar)."""
    study = scores.study
    rule = Rule(paired=False, scale_range=PERCENT, random_state=study.random_state)
    labels = [study.instrument.audience(code).name for code in (gap.later, gap.earlier)]
    factors = [factor.code for factor in study.instrument.factors]
    wanted = [
        factors.index(factor.code) for code in pillars for factor in study.instrument.pillar(code).factors
    ]

    def factor_side(audience: str, column: int) -> Side:
        return _side(
            scores, audience, scores.factors[audience][:, column] if audience in scores.factors else None
        )

    pairs = {
        factors[column]: (factor_side(gap.later, column), factor_side(gap.earlier, column))
        for column in wanted
    }
    if by_factors:
        kept = [
            column
            for column in wanted
            if not any(each.hidden or each.missing for each in pairs[factors[column]])
        ]
        sides = [
            _matrix_side(scores, audience, scores.factors, kept) for audience in (gap.later, gap.earlier)
        ]
    else:
        order = [pillar.code for pillar in study.instrument.pillars]
        columns = [order.index(code) for code in pillars]
        sides = [
            _matrix_side(scores, audience, scores.pillars, columns) for audience in (gap.later, gap.earlier)
        ]
    tested = family_gaps(pairs, rule)
    return GapResult(
        code=gap.code,
        name=gap.name,
        stage=gap.stage,
        kind=gap.kind,
        test="welch",
        unit="0-100",
        later=gap.later,
        earlier=gap.earlier,
        overall=labelled(overall_gap(sides[0], sides[1], rule), *labels),
        dimensions={code: labelled(found, *labels) for code, found in tested.items()},
    )


def _side(scores: ReadinessScores, audience: str, column: Matrix | None) -> Side:
    study = scores.study
    if column is None:
        name = study.instrument.audience(audience).name
        return missing_side(_("Not measured: not asked about readiness (%(audience)s).") % {"audience": name})
    if not study.is_shown(audience):
        return hidden_side(study, audience)
    if np.isnan(column).all():
        return missing_side(_("Not measured: nobody could judge it."))
    return side(study, audience, column)


def _matrix_side(
    scores: ReadinessScores, audience: str, matrices: Mapping[str, Matrix], columns: list[int]
) -> Side:
    found = matrices.get(audience)
    if found is None:
        return _side(scores, audience, None)
    if not columns:
        return hidden_side(scores.study, audience)
    return _side(scores, audience, found[:, columns])
