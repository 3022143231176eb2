"""The gaps between states: every one a difference of the one mean per state and dimension."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.sides import OptionalSides, OtherAudienceSides, Sides
from diagnosis.analysis.testing import Rule, family_gaps, overall_gap
from diagnosis.result import GapResult
from surveys.instruments import Gap as GapDefinition

STATE_KINDS = frozenset({"difference", "coverage"})


def state_gaps(book: ScoreBook) -> Iterator[GapResult]:
    """All gaps between states (and standard minus wish, which the coverage gap rests on), with their variants."""
    instrument = book.study.instrument
    for gap in instrument.gaps:
        if gap.kind in STATE_KINDS:
            variants = [
                _tested(gap, other.name, sides_of(book, other.later, other.earlier)) for other in gap.also
            ]
            variants.extend(_sensitivity(book, gap))
            yield _tested(gap, gap.name, sides_of(book, gap.later, gap.earlier), variants)


def sides_of(book: ScoreBook, later: str, earlier: str) -> Sides:
    """Both sides of a gap between two states, scored as the gap needs them."""
    is_optional = any(book.study.instrument.state(state).optional for state in (later, earlier))
    return OptionalSides(book, later, earlier) if is_optional else Sides(book, later, earlier)


def _tested(
    gap: GapDefinition,
    name: str,
    sides: Sides,
    variants: Sequence[GapResult] = (),
    *,
    independent: bool = False,
) -> GapResult:
    study = sides.book.study
    paired = not independent and _is_paired(sides.book, sides.later, sides.earlier)
    rule = Rule(paired=paired, scale_range=study.scale_range, random_state=study.random_state)
    codes = [dimension.code for dimension in study.instrument.dimensions]
    return GapResult(
        code=gap.code,
        name=name,
        stage=gap.stage,
        kind=gap.kind,
        test="paired" if paired else "welch",
        unit="points",
        later=sides.later,
        earlier=sides.earlier,
        overall=overall_gap(*sides.overall(), rule),
        dimensions=family_gaps({code: sides.dimension(index) for index, code in enumerate(codes)}, rule),
        variants=tuple(variants),
    )


def _is_paired(book: ScoreBook, later: str, earlier: str) -> bool:
    """Paired where the instrument says so, unless two audiences answer the two states."""
    declared = any(
        gap.kind == "difference" and gap.test == "paired" and (gap.later, gap.earlier) == (later, earlier)
        for gap in book.study.instrument.gaps
    )
    owners = {owner for owner in (_owner(book, later), _owner(book, earlier)) if owner is not None}
    return declared and len(owners) <= 1


def _owner(book: ScoreBook, state: str) -> str | None:
    if state in book.states:
        return book.states[state].audience
    return book.study.audience_of(book.study.instrument.state(state))


def _sensitivity(book: ScoreBook, gap: GapDefinition) -> Iterator[GapResult]:
    """The same gap with the standard as another audience sees it (the CRM team's line beside the managers')."""
    instrument = book.study.instrument
    state = instrument.state(gap.later)
    is_own = gap.kind == "difference" and gap.test == "paired"
    if not (is_own and state.no_standard and book.is_measured(gap.earlier)):
        return
    for audience in state.audiences:
        if audience == _owner(book, gap.later) or not book.study.asks(audience, state.code):
            continue
        name = _("%(gap)s, standard as seen by: %(audience)s") % {
            "gap": gap.name,
            "audience": instrument.audience(audience).name,
        }
        sides = OtherAudienceSides(book, gap.later, gap.earlier, audience)
        yield _tested(gap, name, sides, independent=True)
