"""How good the scales are, by dimension, state and audience; conditions that fail are kept with what is needed."""

from collections.abc import Iterator, Mapping
from itertools import combinations

import numpy as np

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import Matrix
from diagnosis.result import Reliability
from diagnosis.stats.arrays import complete_rows
from diagnosis.stats.correlation import CorrelationMatrix, correlation_matrix
from diagnosis.stats.factor_analysis import (
    Adequacy,
    FactorCounts,
    SingleFactor,
    count_factors,
    sampling_adequacy,
    single_factor,
)
from diagnosis.stats.item_analysis import RangeCheck, check_range
from diagnosis.stats.omega import MIN_ITEMS, omega_interval, omega_total
from diagnosis.stats.results import NotEnough
from diagnosis.stats.scales import alpha_if_item_deleted, difference_reliability, item_rest_correlations
from diagnosis.stats.validity import (
    CONGRUENCE_PERSONS,
    EQUAL_FROM,
    FAIR_FROM,
    SEPARABLE_BELOW,
    ratio_of_correlations,
    tucker_congruence,
)
from diagnosis.structure_result import (
    Congruence,
    DifferenceCheck,
    FactorCheck,
    ItemCheck,
    RangeFlag,
    ScaleCheck,
    Separation,
    StructureResult,
)

STRUCTURE_PERSONS = 200
MOST_PERSONS = 1000
WEAK_BELOW = 0.70


def structure_result(book: ScoreBook, reliability: tuple[Reliability, ...]) -> StructureResult:
    """Look into every scale that may be shown. Weights are left aside: these figures describe the answers."""
    plan = book.study.instrument.waterfall
    gap = next(gap for gap in book.study.instrument.gaps if gap.code == plan.total)
    wanted, received = gap.earlier, gap.later
    same = _same_persons(book, wanted, received)
    return StructureResult(
        wanted=wanted,
        received=received,
        scales=tuple(_scales(book)),
        differences=tuple(_differences(book, wanted, received, reliability)) if same else (),
        ranges=tuple(_ranges(book, wanted, received)) if same else (),
        factors=tuple(_factors(book)),
        separations=tuple(_separations(book)),
        congruences=tuple(row for state in (wanted, received) for row in _congruences(book, state)),
    )


def _same_persons(book: ScoreBook, wanted: str, received: str) -> bool:
    sides = [book.states.get(state) for state in (wanted, received)]
    return all(side is not None for side in sides) and len({side.audience for side in sides if side}) == 1


def _ratings(book: ScoreBook, state: str, dimension: str) -> Matrix:
    return book.study.ratings(book.states[state].audience, state, book.items[state][dimension])


def _scales(book: ScoreBook) -> Iterator[ScaleCheck]:
    study = book.study
    for state, found in book.states.items():
        if not study.is_shown(found.audience):
            continue
        for place, dimension in enumerate(study.instrument.dimensions):
            items = book.items[state][dimension.code]
            if len(items) < 2 or not book.is_dimension_shown(state, place):
                continue
            rows = complete_rows(_ratings(book, state, dimension.code))
            if study.may_show(found.audience, len(rows)):
                yield _scale(rows, items, (dimension.code, state, found.audience))


def _scale(rows: Matrix, items: tuple[str, ...], names: tuple[str, str, str]) -> ScaleCheck:
    found = omega_total(rows)
    reason, needed, omega, low, high = "", 0, None, None, None
    if isinstance(found, NotEnough):
        reason = "few_items" if len(items) < MIN_ITEMS else found.reason
        needed = found.needed
    else:
        omega = found.omega
        interval = omega_interval(found)
        if not isinstance(interval, NotEnough):
            low, high = interval
    checks = zip(items, item_rest_correlations(rows), alpha_if_item_deleted(rows), strict=True)
    return ScaleCheck(
        *names, len(rows), omega, low, high, reason, needed, tuple(ItemCheck(*check) for check in checks)
    )


def _differences(
    book: ScoreBook, wanted: str, received: str, reliability: tuple[Reliability, ...]
) -> Iterator[DifferenceCheck]:
    known = {(row.state, row.dimension): row.alpha for row in reliability}
    sides = book.states[received], book.states[wanted]
    for place, dimension in enumerate(book.study.instrument.dimensions):
        alphas = [known.get((side.state, dimension.code)) for side in sides]
        later, earlier = (side.column(place) for side in sides)
        n = int((~np.isnan(later) & ~np.isnan(earlier)).sum())
        if alphas[0] is None or alphas[1] is None or not book.study.may_show(sides[0].audience, n):
            continue
        answer = difference_reliability(later, earlier, alpha_later=alphas[0], alpha_earlier=alphas[1])
        if isinstance(answer, NotEnough):
            yield DifferenceCheck(
                dimension.code, n, None, is_weak=False, reason=answer.reason, needed=answer.needed
            )
        else:
            yield DifferenceCheck(dimension.code, n, answer, is_weak=answer < WEAK_BELOW, reason="", needed=0)


def _ranges(book: ScoreBook, wanted: str, received: str) -> Iterator[RangeFlag]:
    study = book.study
    scale = study.instrument.level_scale
    for place, dimension in enumerate(study.instrument.dimensions):
        if not all(book.is_dimension_shown(state, place) for state in (wanted, received)):
            continue
        one, two = (_ratings(book, state, dimension.code) for state in (wanted, received))
        if not one.size or not two.size:
            continue
        answer = check_range(one, two, low=float(scale.low), high=float(scale.high))
        if isinstance(answer, RangeCheck) and study.may_show(book.states[wanted].audience, answer.n):
            yield RangeFlag(
                dimension.code, answer.n, answer.mean, answer.top_share, answer.sd_ratio, answer.at_ceiling,
                answer.is_narrow,
            )  # fmt: skip


def _factors(book: ScoreBook) -> Iterator[FactorCheck]:
    """All items of a state together; parallel analysis of at most 1,000 persons drawn once."""
    study = book.study
    for state, found in book.states.items():
        if not book.is_shown(state):
            continue
        shown = [
            d.code
            for place, d in enumerate(study.instrument.dimensions)
            if book.is_dimension_shown(state, place)
        ]
        items = [item for code in shown for item in book.items[state][code]]
        rows = complete_rows(study.ratings(found.audience, state, items))
        n = len(rows)
        if len(items) < MIN_ITEMS or not study.may_show(found.audience, n):
            continue
        if n < STRUCTURE_PERSONS:
            yield _no_factors(state, found.audience, n, len(items), "too_few", STRUCTURE_PERSONS)
            continue
        adequacy = sampling_adequacy(rows, minimum=STRUCTURE_PERSONS)
        drawn = rows
        if n > MOST_PERSONS:
            drawn = rows[np.random.default_rng(study.random_state).permutation(n)[:MOST_PERSONS]]
        counts = count_factors(
            drawn, minimum=STRUCTURE_PERSONS, n_replications=20, random_state=study.random_state
        )
        single = single_factor(rows, minimum=STRUCTURE_PERSONS)
        yield _factor_check(state, found.audience, (n, len(items)), (adequacy, counts, single))


def _no_factors(state: str, audience: str, n: int, items: int, reason: str, needed: int) -> FactorCheck:
    return FactorCheck(state, audience, n, items, None, None, None, None, None, reason, needed)


def _factor_check(
    state: str,
    audience: str,
    sizes: tuple[int, int],
    found: tuple[Adequacy | NotEnough, FactorCounts | NotEnough, SingleFactor | NotEnough],
) -> FactorCheck:
    adequacy, counts, single = found
    if isinstance(adequacy, NotEnough):
        return _no_factors(state, audience, *sizes, adequacy.reason, adequacy.needed)
    if isinstance(counts, NotEnough):
        return _no_factors(state, audience, *sizes, counts.reason, counts.needed)
    share = single if isinstance(single, SingleFactor) else None
    return FactorCheck(
        state=state,
        audience=audience,
        n=sizes[0],
        items=sizes[1],
        kmo=adequacy.kmo,
        components=counts.components,
        factors=counts.factors,
        component_share=share.component_share if share else None,
        factor_share=share.factor_share if share else None,
        reason="",
        needed=0,
    )


def _separations(book: ScoreBook) -> Iterator[Separation]:
    study = book.study
    for state, found in book.states.items():
        if not book.is_shown(state) or found.scores.shape[0] < STRUCTURE_PERSONS:
            continue
        scales: Mapping[str, Matrix] = {
            dimension.code: _ratings(book, state, dimension.code)
            for place, dimension in enumerate(study.instrument.dimensions)
            if book.is_dimension_shown(state, place) and len(book.items[state][dimension.code]) > 1
        }
        yield from _pairs(state, scales)


def _pairs(state: str, scales: Mapping[str, Matrix]) -> Iterator[Separation]:
    """Every pair of dimensions from one matrix of correlations over the persons who answered both items."""
    if len(scales) < 2:
        return
    found = correlation_matrix(np.column_stack(list(scales.values())))
    if not isinstance(found, CorrelationMatrix):
        return
    ends = np.cumsum([scale.shape[1] for scale in scales.values()])
    places = {
        code: np.arange(end - scales[code].shape[1], end) for code, end in zip(scales, ends, strict=True)
    }
    answered = {code: ~np.isnan(scale).all(axis=1) for code, scale in scales.items()}
    for one, two in combinations(scales, 2):
        if int((answered[one] & answered[two]).sum()) < STRUCTURE_PERSONS:
            continue
        both = np.concatenate([places[one], places[two]])
        ratio = ratio_of_correlations(found.values[np.ix_(both, both)], len(places[one]))
        if ratio is not None:
            yield Separation(state, one, two, ratio, ratio < SEPARABLE_BELOW)


def _congruences(book: ScoreBook, state: str) -> Iterator[Congruence]:
    """Groups with 100 complete answers and more are compared; one row says so where no attribute has two of them."""
    study = book.study
    found = book.states.get(state)
    frame = study.frame(found.audience) if found else None
    if found is None or frame is None or not book.is_shown(state):
        return
    for name in frame.attribute_names:
        known = [mask for value, mask in frame.groups(name).items() if value]
        for place, dimension in enumerate(study.instrument.dimensions):
            if (
                not book.is_dimension_shown(state, place)
                or len(book.items[state][dimension.code]) < MIN_ITEMS
            ):
                continue
            rows = _ratings(book, state, dimension.code)
            groups = [complete_rows(rows[mask]) for mask in known]
            large = [group for group in groups if len(group) >= CONGRUENCE_PERSONS]
            yield _congruence(state, dimension.code, name, large)


def _congruence(state: str, dimension: str, attribute: str, groups: list[Matrix]) -> Congruence:
    answer = tucker_congruence(groups) if len(groups) > 1 else NotEnough("too_few", 0, CONGRUENCE_PERSONS)
    if isinstance(answer, NotEnough):
        needed = CONGRUENCE_PERSONS
        return Congruence(state, dimension, attribute, len(groups), None, "", answer.reason, needed)
    band = "equal" if answer >= EQUAL_FROM else "fair" if answer >= FAIR_FROM else "different"
    return Congruence(state, dimension, attribute, len(groups), answer, band, "", 0)
