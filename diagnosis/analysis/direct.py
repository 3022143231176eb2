"""Direct disconfirmation: one answer per dimension, better or worse than wanted, as a check on the total gap."""

import numpy as np

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.states import mean_of
from diagnosis.result import Direct, DirectRow, Gap, GapResult, Mean
from diagnosis.stats.rank import spearman
from diagnosis.stats.results import NotEnough
from surveys.instruments import Block

DECIDED = frozenset({"clear", "probable"})
AGREES, DIFFERS, OPEN = "agrees", "differs", "open"


def direct_result(book: ScoreBook, total: GapResult) -> Direct | None:
    """Means of the direct answers beside the total gap of each dimension; None when nobody was asked.

    The two agree when both say less, both say more, or neither says either; they differ when they say opposite things
    or only one of them says anything. The rank correlation is over the dimensions that both may show.
    """
    study = book.study
    block = direct_block(study.instrument.blocks)
    if block is None:
        return None
    codes = [item.code for item in block.items if item.dimension]
    audience = next(
        (
            entry.code
            for entry in study.instrument.audiences
            if (frame := study.frame(entry.code)) is not None and any(frame.has_slot(code) for code in codes)
        ),
        None,
    )
    if audience is None:
        return None
    ratings = study.outcome_ratings(audience, codes)
    rows = tuple(
        _row(mean_of(study, audience, ratings[:, place]), item.dimension, total)
        for place, item in enumerate(item for item in block.items if item.dimension)
    )
    scale = study.instrument.scales[block.scale]
    return Direct(block.code, audience, scale.low, scale.high, rows, _rank_correlation(rows))


def direct_block(blocks: tuple[Block, ...]) -> Block | None:
    """The block that asks about single dimensions, if the instrument has one."""
    return next((block for block in blocks if any(item.dimension for item in block.items)), None)


def _row(mean: Mean, dimension: str, total: GapResult) -> DirectRow:
    gap = total.dimensions[dimension]
    return DirectRow(dimension, mean, gap.estimate, gap.certainty, _agreement(mean, gap))


def _agreement(mean: Mean, gap: Gap) -> str:
    if mean.ci_low is None or mean.ci_high is None or gap.estimate is None:
        return OPEN
    said = 1 if mean.ci_low > 0 else -1 if mean.ci_high < 0 else 0
    computed = 0 if gap.certainty not in DECIDED else 1 if gap.estimate > 0 else -1
    return AGREES if said == computed else DIFFERS


def _rank_correlation(rows: tuple[DirectRow, ...]) -> float | None:
    pairs = [(row.mean.mean, row.gap) for row in rows if row.mean.mean is not None and row.gap is not None]
    if not pairs:
        return None
    found = spearman(np.array([said for said, _gap in pairs]), np.array([gap for _said, gap in pairs]))
    return None if isinstance(found, NotEnough) else found.r
