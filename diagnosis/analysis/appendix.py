"""Second opinions on every tested gap between states: BCa bootstrap from 20 persons, and the test on ranks."""

from collections.abc import Mapping, Sequence

import numpy as np

from diagnosis.analysis.gaps import STATE_KINDS, sides_of
from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Matrix
from diagnosis.analysis.testing import Side
from diagnosis.appendix_result import GapAppendix, GapCheck
from diagnosis.result import Gap, GapResult
from diagnosis.stats.bootstrap import bca_of_mean_difference, bca_of_paired_mean
from diagnosis.stats.certainty import FALSE_DISCOVERY_RATE, benjamini_hochberg
from diagnosis.stats.gaps import person_values
from diagnosis.stats.rank_tests import (
    MannWhitneyEstimate,
    SignedRankEstimate,
    mann_whitney,
    wilcoxon_signed_rank,
)
from diagnosis.stats.results import NotEnough

EXACT_UP_TO = 50
OVERALL = ""

_Ranked = MannWhitneyEstimate | SignedRankEstimate


def appendix_result(book: ScoreBook, gaps: Mapping[str, GapResult]) -> GapAppendix | None:
    """Checks of all tested gaps between states; None where answers have weights, which ranks and draws do not know.

    A part appears only when the gap itself is shown and tested, on exactly the persons of its test. Overall rests on
    the person values of the overall test. Method: docs/method.md, "Second opinions".
    """
    found: dict[str, Mapping[str, GapCheck]] = {}
    for definition in book.study.instrument.gaps:
        gap = gaps.get(definition.code)
        if gap is None or definition.kind not in STATE_KINDS:
            continue
        sides = sides_of(book, gap.later, gap.earlier)
        parts: dict[str, tuple[Gap, tuple[Side, Side]]] = {}
        for index, dimension in enumerate(book.study.instrument.dimensions):
            part = gap.dimensions[dimension.code]
            if part.p_value is not None:
                parts[dimension.code] = (part, sides.dimension(index))
        if gap.overall.p_value is not None:
            parts[OVERALL] = (gap.overall, sides.overall())
        if any(side.weights is not None for _, both in parts.values() for side in both):
            return None
        found[gap.code] = _checks(parts, paired=gap.test == "paired")
    return GapAppendix({code: checks for code, checks in found.items() if checks})


def _checks(parts: Mapping[str, tuple[Gap, tuple[Side, Side]]], *, paired: bool) -> dict[str, GapCheck]:
    ranked: dict[str, tuple[_Ranked, Gap, tuple[Matrix, Matrix]]] = {}
    for part, (gap, (later, earlier)) in parts.items():
        columns = _columns(later, earlier, paired=paired)
        answer = wilcoxon_signed_rank(*columns, exact_up_to=EXACT_UP_TO) if paired else mann_whitney(*columns)
        if isinstance(answer, _Ranked):
            ranked[part] = (answer, gap, columns)
    dimensions = [part for part in ranked if part != OVERALL]
    family = benjamini_hochberg([_rank_p(ranked[part][0]) for part in dimensions])
    q_values = dict(zip(dimensions, (float(q) for q in family), strict=True))
    return {
        part: _check(answer, gap, columns, q_values.get(part), paired=paired)
        for part, (answer, gap, columns) in ranked.items()
    }


def _columns(later: Side, earlier: Side, *, paired: bool) -> tuple[Matrix, Matrix]:
    """The scores behind a test: columns as they are; of matrices the person values of the overall means."""
    if later.scores.ndim == 1:
        return later.scores, earlier.scores
    one, two = later.scores, earlier.scores
    if paired:
        lacking = np.isnan(one) | np.isnan(two)
        one, two = np.where(lacking, np.nan, one), np.where(lacking, np.nan, two)
    used = ~(np.isnan(one).all(axis=0) | np.isnan(two).all(axis=0))
    one, two = one[:, used], two[:, used]
    answered = [~np.isnan(side).all(axis=1) for side in (one, two)]
    return person_values(one[answered[0]], None)[0], person_values(two[answered[1]], None)[0]


def _rank_p(answer: _Ranked) -> float:
    """As wilcox.test gives it: exact for pairs where few differ, else the normal deviate with continuity correction."""
    if isinstance(answer, SignedRankEstimate) and answer.p_exact is not None:
        return answer.p_exact
    return answer.p_continuity


def _check(
    answer: _Ranked,
    gap: Gap,
    columns: Sequence[Matrix],
    q_value: float | None,
    *,
    paired: bool,
) -> GapCheck:
    p_value = _rank_p(answer)
    rank_q = p_value if q_value is None else q_value
    two_groups = answer if isinstance(answer, MannWhitneyEstimate) else None
    low, high = _bca(columns, paired=paired)
    return GapCheck(
        rank_test="mann_whitney" if two_groups else "wilcoxon",
        rank_p=p_value,
        rank_q=rank_q,
        delta=answer.rank_biserial,
        delta_low=two_groups.ci_low if two_groups else None,
        delta_high=two_groups.ci_high if two_groups else None,
        agrees=(rank_q <= FALSE_DISCOVERY_RATE)
        == (gap.q_value is not None and gap.q_value <= FALSE_DISCOVERY_RATE),
        bca_low=low,
        bca_high=high,
    )


def _bca(columns: Sequence[Matrix], *, paired: bool) -> tuple[float | None, float | None]:
    interval = bca_of_paired_mean(*columns) if paired else bca_of_mean_difference(*columns)
    return (None, None) if isinstance(interval, NotEnough) else interval
