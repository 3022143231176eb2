"""Constructs rated beside the dimensions (satisfaction, loyalty, image ...): their means and reliability."""

from collections.abc import Iterator, Sequence

from diagnosis.analysis.reliability import reliability_of
from diagnosis.analysis.states import mean_of
from diagnosis.analysis.study import Study, counted
from diagnosis.result import Outcome
from diagnosis.stats.results import AlphaEstimate
from surveys.instruments import Block

NOT_ENOUGH = "not_enough"


def outcome_results(study: Study) -> Iterator[Outcome]:
    """One row per rated block and audience that was asked it, over the items asked; a person needs half of them.

    Items about a single dimension are no part of the construct (see `analysis/direct.py`).
    """
    for block in study.instrument.outcomes:
        for audience in study.instrument.audiences:
            frame = study.frame(audience.code)
            asked = [item for item in block.items if frame is not None and frame.has_slot(item.code)]
            items = [item.code for item in asked if not item.dimension]
            if items:
                yield _outcome(study, block, audience.code, items)


def _outcome(study: Study, block: Block, audience: str, items: Sequence[str]) -> Outcome:
    scale = study.instrument.scales[block.scale]
    mean = mean_of(study, audience, study.scored(audience, items))
    weights = study.weights(audience)
    found = reliability_of(study, audience, items)
    is_shown = (
        isinstance(found, AlphaEstimate)
        and mean.mean is not None
        and study.may_show(audience, counted(found.n, weights))
    )
    shown = found if isinstance(found, AlphaEstimate) and is_shown else None
    return Outcome(
        code=block.code,
        name=block.name,
        audience=audience,
        low=scale.low,
        high=scale.high,
        mean=mean,
        k=len(items),
        alpha=shown.alpha if shown else None,
        ci_low=shown.ci_low if shown else None,
        ci_high=shown.ci_high if shown else None,
        band=shown.band if shown else None,
        kind=shown.kind if shown else NOT_ENOUGH,
    )
