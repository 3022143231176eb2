"""Coherence: the pairwise differences of the readiness pillars, paired within persons, over all audiences."""

from collections.abc import Mapping
from math import sqrt

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.analysis.readiness_scores import PERCENT, ReadinessScores
from diagnosis.analysis.study import Matrix, Study
from diagnosis.analysis.testing import labelled
from diagnosis.result import Coherence, Gap, GapResult
from diagnosis.stats.certainty import certainty_word, severity
from diagnosis.stats.distributions import t_quantile
from diagnosis.stats.effects import cohens_dav, hedges_correction
from diagnosis.stats.power import detectable_noncentrality
from diagnosis.stats.readiness import CoherenceAnswer, CoherenceEstimate, coherence_gaps
from diagnosis.stats.results import GapEstimate, NotEnough
from surveys.disclosure import is_indicative
from surveys.instruments import Gap as GapDefinition


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


def coherence_rows(scores: ReadinessScores) -> tuple[Coherence, ...]:
    """Every pair of pillars, per audience shown and over all of them."""
    return tuple(_coherence(answer) for answer in _coherence_answers(scores))


def _coherence(answer: CoherenceAnswer) -> Coherence:
    pair, found = (answer.first, answer.second), answer.result
    if isinstance(found, NotEnough):
        return Coherence(pair, answer.audience, found.n, found.estimate, None, None, None, flag=False)
    return Coherence(
        pair, answer.audience, found.n, found.estimate, found.ci_low, found.ci_high, found.q_value, found.flag
    )


def coherence_gap(scores: ReadinessScores, gap: GapDefinition) -> GapResult:
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
        smallest_detectable=detectable_noncentrality(found.df) * found.se,
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
        skew_p=found.p_value,
    )
