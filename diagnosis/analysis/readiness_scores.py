"""Readiness scores of every audience on 0-100: persons by pillar and by factor."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diagnosis.analysis.study import Matrix, Study
from diagnosis.stats.scales import score_dimension, score_to_100
from surveys.instruments import READINESS_STATE, Item

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
