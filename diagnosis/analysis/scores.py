"""One score per person, state and dimension, used everywhere: which items count, who counts, and whose answers.

Method: docs/method.md, "One mean per state and dimension". Customers count with both columns on at least half of the
items, managers likewise with both of theirs; an item that one of the waterfall's states lacks is left out of all.
Where an instrument pairs dimensions, every state has items of its own and a person needs both of the two scores.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from diagnosis.analysis.study import Matrix, Study
from diagnosis.analysis.testing import Side, side
from diagnosis.stats.points import score_point_pair
from diagnosis.stats.scales import score_pair
from surveys.instruments import MISSING, NO_STANDARD, NOT_ASKED

MOST = 0.5
MIN_SHOWN_DIMENSIONS = 0.5


@dataclass(frozen=True, slots=True)
class ItemWithoutStandard:
    """How many of those asked say that no standard exists for an item."""

    item: str
    n: int
    share: float
    left_out: bool


@dataclass(frozen=True)
class StateScores:
    """Person scores (persons, dimensions) of one state, nan = missing, in the order of the instrument."""

    state: str
    audience: str
    scores: Matrix

    def column(self, dimension: int) -> Matrix:
        """Scores of one dimension."""
        return np.asarray(self.scores[:, dimension], dtype=np.float64)

    def n(self, dimension: int) -> int:
        """Persons with a score on the dimension."""
        return self._counts[dimension]

    @cached_property
    def _counts(self) -> tuple[int, ...]:
        return tuple(len(column) - int(np.count_nonzero(np.isnan(column))) for column in self.scores.T)


@dataclass(frozen=True)
class ScoreBook:
    """All states' scores with the items they rest on; `items` by state and dimension."""

    study: Study
    items: Mapping[str, Mapping[str, tuple[str, ...]]]
    without_standard: tuple[ItemWithoutStandard, ...]
    partners: Mapping[str, str]
    states: Mapping[str, StateScores]

    def is_measured(self, state: str) -> bool:
        """Tell whether somebody was asked."""
        return state in self.states

    def common_scores(self, state: str) -> Matrix:
        """Scores (persons, common dimensions) of a state."""
        scores = self.states[state].scores
        return scores if len(self.common) == scores.shape[1] else scores[:, list(self.common)]

    def side(self, state: str, dimension: int | None) -> Side:
        """The state as a side of gaps, on a dimension or (None) over all common ones; the same for all gaps."""
        key = (state, dimension)
        if key not in self._sides:
            found = self.states[state]
            scores = self.common_scores(state) if dimension is None else found.column(dimension)
            self._sides[key] = side(self.study, found.audience, scores)
        return self._sides[key]

    @cached_property
    def _sides(self) -> dict[tuple[str, int | None], Side]:
        return {}

    def may_show(self, state: str, dimension: int) -> bool:
        """Tell whether the state's mean on a dimension may be shown."""
        found = self.states[state]
        n = found.n(dimension)
        return n > 0 and self.study.may_show(found.audience, n)

    @cached_property
    def _shown(self) -> Mapping[str, tuple[bool, ...]]:
        n_dimensions = len(self.study.instrument.dimensions)
        return {
            state: tuple(
                self.study.is_shown(found.audience) and self.may_show(state, d) for d in range(n_dimensions)
            )
            for state, found in self.states.items()
        }

    def is_shown(self, state: str) -> bool:
        """Tell whether the state as a whole may be shown: its audience, and at least half of its dimensions."""
        shown = self._shown.get(state, ())
        return bool(shown) and sum(shown) >= MIN_SHOWN_DIMENSIONS * len(shown)

    def is_dimension_shown(self, state: str, dimension: int) -> bool:
        """Tell whether a state's mean on a dimension may be shown, its audience included."""
        return self._shown[state][dimension]

    @cached_property
    def common(self) -> tuple[int, ...]:
        """Dimensions every shown state has: the ones all overall means rest on.

        A dimension that must be hidden in one state is left out of every overall, so it cannot be computed from it.
        """
        shown = [self._shown[state] for state in self.states if self.is_shown(state)]
        return tuple(d for d in range(len(self.study.instrument.dimensions)) if all(row[d] for row in shown))


def score_states(study: Study) -> ScoreBook:
    """Score every state of the level scale that somebody was asked, optional states excepted."""
    instrument = study.instrument
    owners = {
        state.code: audience
        for state in instrument.states
        if not state.optional and (audience := study.audience_of(state)) is not None
    }
    without = _without_standard(study, owners)
    left_out = {entry.item for entry in without if entry.left_out}
    if instrument.pairing == "item":
        shared, lacking = _shared_items(study, owners, left_out)
        items = dict.fromkeys(owners, shared)
    else:
        items, lacking = _own_items(study, owners, left_out)
    partners = _partners(study, owners)
    states: dict[str, StateScores] = {}
    for code, audience in owners.items():
        columns = []
        for dimension in instrument.dimensions:
            used = () if (code, dimension.code) in lacking else items[code][dimension.code]
            partner = partners.get(code, "")
            if (partner, dimension.code) in lacking:
                partner = ""
            others = items[partner][dimension.code] if partner else ()
            column = _column(study, audience, (code, used), (partner, others))
            # Where so few all agree, the dimension is left out as if nobody had answered it: in means, gaps and totals.
            columns.append(
                np.full_like(column, np.nan) if study.tells_everybody(audience, column) else column
            )
        states[code] = StateScores(code, audience, np.array(columns).T)
    return ScoreBook(study, items, without, partners, states)


def _column(
    study: Study, audience: str, own: tuple[str, tuple[str, ...]], partner: tuple[str, tuple[str, ...]]
) -> Matrix:
    """Scores of one state (code, items) on one dimension; with a partner a person needs both sides."""
    if not own[1]:
        return np.full(study.ratings(audience, *own).shape[0], np.nan)
    if not partner[0]:
        return study.scored(audience, slots_of(*own))
    asked = study.asked(audience, slots_of(*own))
    if study.instrument.pairing == "item" and asked.asked is None:
        points, others = (study.points(audience, slots_of(*side)) for side in (own, partner))
        if points is not None and others is not None and points.shape == others.shape:
            return score_point_pair(points, others, missing_up_to=NOT_ASKED).later
    ratings = study.ratings(audience, *own)
    other = study.ratings(audience, *partner)
    if study.instrument.pairing == "item":
        return score_pair(ratings, other, **asked._asdict()).later
    is_other = ~np.isnan(study.scored(audience, slots_of(*partner)))
    return np.where(is_other, study.scored(audience, slots_of(*own)), np.nan)


def slots_of(state: str, items: Sequence[str]) -> list[str]:
    """Codes of the slots that hold the items of a state."""
    return [f"{state}.{item}" for item in items]


def _partners(study: Study, owners: Mapping[str, str]) -> dict[str, str]:
    """States whose gap is paired and which the same audience answers: a person needs both."""
    partners: dict[str, str] = {}
    for gap in study.instrument.gaps:
        later, earlier = gap.later, gap.earlier
        is_paired = gap.kind == "difference" and gap.test == "paired"
        if is_paired and later in owners and owners.get(earlier) == owners[later]:
            partners.setdefault(later, earlier)
            partners.setdefault(earlier, later)
    return partners


def _without_standard(study: Study, owners: Mapping[str, str]) -> tuple[ItemWithoutStandard, ...]:
    """Per item the share of 'no standard exists' among those who answered it; hidden for small audiences."""
    found = []
    for state in study.instrument.states:
        audience = owners.get(state.code)
        frame = study.frame(audience) if state.no_standard and audience else None
        if audience is None or frame is None or not study.is_shown(audience):
            continue
        items = [item.code for item in study.instrument.items]
        for row, item in zip(frame.packed(slots_of(state.code, items)), items, strict=True):
            answers = row[~np.isin(row, (MISSING, NOT_ASKED))]
            n = int(answers.size)
            if n and study.may_show(audience, n):
                share = float((answers == NO_STANDARD).mean())
                found.append(ItemWithoutStandard(item, n, share, share > MOST))
    return tuple(found)


def _waterfall_states(study: Study) -> set[str]:
    gaps = {gap.code: gap for gap in study.instrument.gaps}
    steps = [gaps[code] for code in study.instrument.waterfall.steps]
    return {state for gap in steps for state in (gap.later, gap.earlier)}


def _shared_items(
    study: Study, owners: Mapping[str, str], left_out: set[str]
) -> tuple[dict[str, tuple[str, ...]], set[tuple[str, str]]]:
    """Items of each dimension that every measured waterfall state has, and (state, dimension) without any.

    Where no item of a dimension is left, the states that have the dimension keep the items they share; the dimension
    then has no step that needs the lacking state and stays out of every overall mean.
    """
    chain = [code for code in owners if code in _waterfall_states(study) and study.is_shown(owners[code])]
    items: dict[str, tuple[str, ...]] = {}
    lacking: set[tuple[str, str]] = set()
    for dimension in study.instrument.dimensions:
        codes = [item.code for item in dimension.items]
        held = {state: _held_items(study, owners[state], state, codes) for state in chain}
        for state in chain:
            if study.instrument.state(state).no_standard:
                held[state] -= left_out
        shared = [code for code in codes if all(code in kept for kept in held.values())]
        if not shared:
            usable = {state: kept for state, kept in held.items() if kept}
            lacking |= {(state, dimension.code) for state in held.keys() - usable.keys()}
            shared = [code for code in codes if usable and all(code in kept for kept in usable.values())]
        items[dimension.code] = tuple(shared)
    return items, lacking


def _own_items(
    study: Study, owners: Mapping[str, str], left_out: set[str]
) -> tuple[dict[str, dict[str, tuple[str, ...]]], set[tuple[str, str]]]:
    """Items of each state and dimension that somebody answered, and (state, dimension) without any."""
    items: dict[str, dict[str, tuple[str, ...]]] = {}
    lacking: set[tuple[str, str]] = set()
    for state, audience in owners.items():
        items[state] = {}
        for dimension in study.instrument.dimensions:
            codes = [item.code for item in dimension.items_of(state)]
            held = _held_items(study, audience, state, codes)
            if study.instrument.state(state).no_standard:
                held -= left_out
            items[state][dimension.code] = tuple(code for code in codes if code in held)
            if not held:
                lacking.add((state, dimension.code))
    return items, lacking


def _held_items(study: Study, audience: str, state: str, items: list[str]) -> set[str]:
    frame = study.frame(audience)
    rows = () if frame is None else frame.packed(slots_of(state, items))
    return {item for item, row in zip(items, rows, strict=False) if (row > NOT_ASKED).any()}
