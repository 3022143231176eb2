"""Readiness of organisation, technology and people on 0-100: levels, coherence, alignment and system use."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import sqrt

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.analysis.states import mean_of
from diagnosis.analysis.study import Matrix, Study
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
from diagnosis.result import (
    Coherence,
    FactorGap,
    FactorResult,
    Gap,
    GapResult,
    Mean,
    PillarResult,
    Readiness,
)
from diagnosis.stats.certainty import certainty_word, severity
from diagnosis.stats.distributions import t_quantile
from diagnosis.stats.effects import cohens_dav, hedges_correction
from diagnosis.stats.power import detectable_noncentrality
from diagnosis.stats.readiness import (
    CoherenceAnswer,
    CoherenceEstimate,
    coherence_gaps,
    pillar_balance,
    pillar_score,
    pillar_spread,
)
from diagnosis.stats.results import GapEstimate, NotEnough
from diagnosis.stats.scales import score_dimension, score_to_100
from surveys.disclosure import is_indicative
from surveys.instruments import READINESS_STATE, Item
from surveys.instruments import Gap as GapDefinition

PERCENT = 100.0


@dataclass(frozen=True)
class ReadinessScores:
    """Scores (persons, pillars) and (persons, factors) on 0-100 of every audience asked about readiness.

    A person counts for the pillars only with all of them, so differences of pillars are differences of their means.
    """

    study: Study
    pillars: Mapping[str, Matrix]
    factors: Mapping[str, Matrix]

    @cached_property
    def shown(self) -> tuple[str, ...]:
        """Audiences whose pillar scores may be shown."""
        return tuple(
            audience
            for audience, matrix in self.pillars.items()
            if self.study.is_shown(audience)
            and self.study.may_show(audience, int((~np.isnan(matrix[:, 0])).sum()))
        )


def score_readiness(study: Study) -> ReadinessScores:
    """Score pillars and factors of every audience whose form asks about readiness."""
    instrument = study.instrument
    asked = [audience.code for audience in instrument.audiences if study.asks(audience.code, READINESS_STATE)]
    pillars, factors = {}, {}
    for audience in asked:
        matrix = np.column_stack(
            [_scores(study, audience, pillar.items, pillar.scale) for pillar in instrument.pillars]
        )
        matrix[np.isnan(matrix).any(axis=1)] = np.nan
        pillars[audience] = matrix
        factors[audience] = np.column_stack(
            [
                _scores(study, audience, factor.items, pillar.scale)
                for pillar in instrument.pillars
                for factor in pillar.factors
            ]
        )
    return ReadinessScores(study, pillars, factors)


def _scores(study: Study, audience: str, items: tuple[Item, ...], scale: str) -> Matrix:
    limits = study.instrument.scales[scale]
    scores = score_dimension(study.readiness(audience, [item.code for item in items]))
    return score_to_100(scores, low=limits.low, high=limits.high)


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
        coherence=tuple(_coherence(study, answer) for answer in _coherence_answers(scores)),
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


def _pillar_codes(study: Study) -> list[str]:
    """Pillars in the order the coherence gap names them."""
    declared = next((gap.pillars for gap in study.instrument.gaps if gap.kind == "coherence"), ())
    return list(declared or (pillar.code for pillar in study.instrument.pillars))


def _coherence_scores(scores: ReadinessScores) -> dict[str, Matrix]:
    order = [pillar.code for pillar in scores.study.instrument.pillars]
    columns = [order.index(code) for code in _pillar_codes(scores.study)]
    return {audience: scores.pillars[audience][:, columns] for audience in scores.shown}


def _coherence_answers(scores: ReadinessScores) -> tuple[CoherenceAnswer, ...]:
    shown = _coherence_scores(scores)
    return coherence_gaps(shown, pillars=_pillar_codes(scores.study)) if shown else ()


def _coherence(study: Study, answer: CoherenceAnswer) -> Coherence:
    pair, found = (answer.first, answer.second), answer.result
    if isinstance(found, NotEnough):
        return Coherence(pair, answer.audience, found.n, found.estimate, None, None, None, flag=False)
    return Coherence(
        pair, answer.audience, found.n, found.estimate, found.ci_low, found.ci_high, found.q_value, found.flag
    )


def readiness_gaps(scores: ReadinessScores) -> Iterator[GapResult]:
    """The gaps of readiness: coherence of the pillars, alignment of two audiences, use of the systems."""
    for gap in scores.study.instrument.gaps:
        if gap.kind == "coherence":
            yield _coherence_gap(scores, gap)
        elif gap.kind == "alignment":
            yield _audience_gap(
                scores, gap, [p.code for p in scores.study.instrument.pillars], by_factors=True
            )
        elif gap.kind == "system_use":
            yield _audience_gap(scores, gap, list(gap.pillars), by_factors=False)


def _coherence_gap(scores: ReadinessScores, gap: GapDefinition) -> GapResult:
    """Pairs of pillars over all audiences; overall is the pair that differs most."""
    names = {pillar.code: pillar.short or pillar.name for pillar in scores.study.instrument.pillars}
    shown = _coherence_scores(scores)
    pairs = {}
    for answer in _coherence_answers(scores):
        if answer.audience is None:
            found = _tested_pair(scores.study, answer, shown)
            pairs[f"{answer.first}-{answer.second}"] = labelled(
                found, names[answer.first], names[answer.second]
            )
    known = [found for found in pairs.values() if found.estimate is not None]
    missing = (
        Gap("suppressed", reason=_("Hidden: too few answers."))
        if scores.pillars
        else Gap("not_measured", reason=_unasked_text())
    )
    widest = max(known, key=lambda found: abs(found.estimate or 0.0)) if known else missing
    return GapResult(
        gap.code, gap.name, gap.stage, gap.kind, "paired", "0-100", gap.later, gap.earlier, widest, pairs
    )


def _unasked_text() -> str:
    return _("Not measured: nobody was asked about readiness.")


def _tested_pair(study: Study, answer: CoherenceAnswer, shown: Mapping[str, Matrix]) -> Gap:
    codes = _pillar_codes(study)
    first, second = codes.index(answer.first), codes.index(answer.second)
    sides = [[matrix[~np.isnan(matrix[:, c]), c] for matrix in shown.values()] for c in (first, second)]
    mean_first, mean_second = (float(np.mean([column.mean() for column in each])) for each in sides)
    sd_first, sd_second = (
        sqrt(float(np.mean([column.var(ddof=1) if column.size > 1 else 0.0 for column in each])))
        for each in sides
    )
    indicative = any(is_indicative(a, len(column)) for a, column in zip(shown, sides[0], strict=True))
    found = answer.result
    if isinstance(found, NotEnough):
        return Gap(
            "undecided",
            n_later=found.n,
            n_earlier=found.n,
            mean_later=mean_first,
            mean_earlier=mean_second,
            estimate=mean_first - mean_second,
            indicative=indicative,
            reason=_("Not tested: too few answers, or all are the same."),
        )
    tested = _as_gap(found, (mean_first, mean_second), (sd_first, sd_second), _effect(sides))
    word = certainty_word(tested, q_value=found.q_value, scale_range=PERCENT)
    return Gap(
        certainty=word,
        n_later=found.n,
        n_earlier=found.n,
        mean_later=mean_first,
        mean_earlier=mean_second,
        sd_later=sd_first,
        sd_earlier=sd_second,
        estimate=tested.estimate,
        se=found.se,
        df=found.df,
        ci_low=tested.ci_low,
        ci_high=tested.ci_high,
        ci90_low=tested.ci90_low,
        ci90_high=tested.ci90_high,
        t=tested.t,
        p_value=found.p_value,
        q_value=found.q_value,
        g=tested.g,
        smallest_detectable=tested.smallest_detectable,
        severity=severity(word, tested, scale_range=PERCENT),
        indicative=indicative,
    )


def _effect(sides: list[list[Matrix]]) -> float | None:
    """Mean over the audiences of the Hedges-corrected d_av; None when no audience has one."""
    effects = []
    for first, second in zip(*sides, strict=True):
        found, factor = cohens_dav(first, second), hedges_correction(len(first) - 1)
        if not isinstance(found, NotEnough) and factor is not None:
            effects.append(found * factor)
    return float(np.mean(effects)) if effects else None


def _as_gap(
    found: CoherenceEstimate, means: tuple[float, float], sds: tuple[float, float], g: float | None
) -> GapEstimate:
    """The coherence difference in the form the words of certainty are chosen from."""
    estimate = means[0] - means[1]
    half, half90 = (t_quantile(level, found.df) * found.se for level in (0.975, 0.95))
    return GapEstimate(
        paired=True,
        n_later=found.n,
        n_earlier=found.n,
        mean_later=means[0],
        mean_earlier=means[1],
        sd_later=sds[0],
        sd_earlier=sds[1],
        estimate=estimate,
        se=found.se,
        df=found.df,
        ci_low=estimate - half,
        ci_high=estimate + half,
        ci90_low=estimate - half90,
        ci90_high=estimate + half90,
        t=estimate / found.se,
        p_value=found.p_value,
        g=g,
        d_z=None,
        permutation_p=None,
        smallest_detectable=detectable_noncentrality(found.df) * found.se,
    )


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
