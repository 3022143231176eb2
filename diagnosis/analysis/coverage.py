"""Profile fit: the share of customers whose top wishes the standard meets, and known groups of customers."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.importance import ticks_of
from diagnosis.analysis.releases import NO_GROUP, Column, Labels, Releases, answered_mask
from diagnosis.analysis.scores import ScoreBook, StateScores
from diagnosis.analysis.testing import Rule, Side, family_gaps, hidden_side, missing_side, part_of
from diagnosis.result import Coverage, Gap, GapResult, GroupResult
from diagnosis.stats.coverage import profile_coverage
from diagnosis.stats.results import NotEnough
from surveys.disclosure import is_indicative, minimum_for, suppress_split

UNKNOWN = ""


def coverage_result(book: ScoreBook, gap: GapResult, releases: Releases) -> Coverage:
    """Coverage by the standard (later state) of the wishes (earlier state), and both by known attribute."""
    study = book.study
    absent = [state for state in (gap.later, gap.earlier) if not book.is_measured(state)]
    if absent:
        return _none(study.unasked_text(absent[0]))
    hidden = [state for state in (gap.later, gap.earlier) if not book.is_shown(state)]
    if hidden:
        return _none(study.hidden_text(book.states[hidden[0]].audience))
    standard, wishes = book.states[gap.later], book.states[gap.earlier]
    dimensions = study.instrument.dimensions
    levels = np.array(
        [
            np.nan if (mean := gap.dimensions[dimension.code].mean_later) is None else mean
            for dimension in dimensions
        ]
    )
    ticks = ticks_of(study, wishes.audience)
    found = profile_coverage(levels, wishes.scores, scale_range=study.scale_range, ticks=ticks)
    if isinstance(found, NotEnough) or not study.may_show(wishes.audience, found.coverage.n):
        return _none(study.hidden_text(wishes.audience))
    least = minimum_for(wishes.audience, subgroup=True, named=study.is_named(wishes.audience))
    by_dimension = {
        dimension.code: share
        for dimension, share, n in zip(dimensions, found.fits_by_dimension, found.n_by_dimension, strict=True)
        if share is not None and n >= least
    }
    return Coverage(
        share=found.coverage.share,
        n=found.coverage.n,
        ci_low=found.coverage.ci_low,
        ci_high=found.coverage.ci_high,
        tolerance=found.tolerance,
        dimensions=by_dimension,
        attributes=_groups(book, standard, wishes, releases),
    )


def _none(reason: str) -> Coverage:
    return Coverage(None, None, None, None, None, {}, (), reason)


@dataclass(frozen=True)
class _Split:
    """Customers split by one attribute: who belongs to each group that may be shown."""

    attribute: str
    members: Mapping[str, NDArray[np.bool_]]
    hidden: frozenset[str]

    def labels(self) -> Labels:
        """Place of each person's group among the members."""
        found = np.full(len(next(iter(self.members.values()))), NO_GROUP, dtype=np.intp)
        for place, mask in enumerate(self.members.values()):
            found[mask] = place
        return found


def _split(book: ScoreBook, wishes: StateScores, attribute: str) -> _Split:
    """Groups of those who have a score at all; the small ones and enough others to protect them are hidden."""
    study, audience = book.study, wishes.audience
    scored = answered_mask(book, (wishes.state, None))
    frame = study.frame(audience)
    groups = frame.groups(attribute) if frame else {}
    members = {value: mask & scored for value, mask in groups.items()}
    least = minimum_for(audience, subgroup=True, named=study.is_named(audience))
    hidden = suppress_split({value: int(np.count_nonzero(mask)) for value, mask in members.items()}, least)
    return _Split(attribute, members, frozenset(hidden))


def _groups(
    book: ScoreBook, standard: StateScores, wishes: StateScores, releases: Releases
) -> tuple[GroupResult, ...]:
    """Every known attribute alone; a group that stays hidden shows its name and nothing else."""
    frame = book.study.frame(wishes.audience)
    rows: list[GroupResult] = []
    for name in frame.attribute_names if frame else ():
        split = _split(book, wishes, name)
        known = [value for value in split.members if value != UNKNOWN]
        if len(known) > 1 or UNKNOWN in split.members:
            if not releases.allow(wishes.audience, split.labels(), _shown(book, split, wishes)):
                split = replace(split, hidden=frozenset(split.members))
            rows.extend(_group_rows(book, split, standard, wishes))
    return tuple(rows)


def _shown(book: ScoreBook, split: _Split, wishes: StateScores) -> dict[Column, list[int]]:
    """Groups of the split whose means are to be shown, by column; the ones of a column are suppressed by themselves."""
    least = minimum_for(wishes.audience, subgroup=True, named=book.study.is_named(wishes.audience))
    dimensions = range(len(book.study.instrument.dimensions))
    columns: list[Column] = [(wishes.state, None)]
    received = book.states.get(book.study.instrument.waterfall.end)
    if received is not None and received.audience == wishes.audience:
        columns.append((received.state, None))
    columns += [(wishes.state, index) for index in dimensions if book.is_dimension_shown(wishes.state, index)]
    shown: dict[Column, list[int]] = {}
    for column in columns:
        answered = answered_mask(book, column)
        counts = {value: int(np.count_nonzero(mask & answered)) for value, mask in split.members.items()}
        hidden = split.hidden | suppress_split(counts, least)
        shown[column] = [place for place, value in enumerate(split.members) if value not in hidden]
    return shown


def _group_rows(
    book: ScoreBook, split: _Split, standard: StateScores, wishes: StateScores
) -> list[GroupResult]:
    study = book.study
    plan = study.instrument.waterfall
    welch = Rule(paired=False, scale_range=study.scale_range, random_state=study.random_state)
    paired = Rule(paired=True, scale_range=study.scale_range, random_state=study.random_state)
    later = book.side(standard.state, None)
    received = book.states.get(plan.end)
    fit: dict[str, tuple[Side, Side]] = {}
    total: dict[str, tuple[Side, Side]] = {}
    places = {value: np.flatnonzero(mask) for value, mask in split.members.items()}
    for value, members in places.items():
        if value in split.hidden:
            fit[value] = total[value] = (hidden_side(study, wishes.audience),) * 2
            continue
        fit[value] = (later, part_of(study, book.side(wishes.state, None), members))
        if received is None or received.audience != wishes.audience:
            total[value] = (missing_side(study.unasked_text(plan.end)),) * 2
        else:
            total[value] = (part_of(study, book.side(received.state, None), members), fit[value][1])
    fits, totals = family_gaps(fit, welch), family_gaps(total, paired)
    cells = _dimension_cells(book, split, places, standard, wishes, welch)
    return [
        GroupResult(
            attribute=split.attribute,
            value=value,
            n=None if value in split.hidden else places[value].size,
            indicative=value not in split.hidden and is_indicative(wishes.audience, places[value].size),
            gap=fits[value],
            total=totals[value],
            dimensions=cells[value],
        )
        for value in split.members
        if value != UNKNOWN
    ]


def _dimension_cells(
    book: ScoreBook,
    split: _Split,
    places: Mapping[str, NDArray[np.intp]],
    standard: StateScores,
    wishes: StateScores,
    rule: Rule,
) -> dict[str, dict[str, Gap]]:
    """Standard minus wish per group and dimension, one family per attribute; each dimension suppressed by itself."""
    study = book.study
    least = minimum_for(wishes.audience, subgroup=True, named=study.is_named(wishes.audience))
    pairs: dict[str, tuple[Side, Side]] = {}
    for index, dimension in enumerate(study.instrument.dimensions):
        if not all(book.is_dimension_shown(each.state, index) for each in (standard, wishes)):
            continue
        wish = book.side(wishes.state, index)
        counts = {value: int(np.count_nonzero(mask & wish.given)) for value, mask in split.members.items()}
        hidden = suppress_split(counts, least) | split.hidden
        later = book.side(standard.state, index)
        for value, members in places.items():
            earlier = (
                hidden_side(study, wishes.audience) if value in hidden else part_of(study, wish, members)
            )
            pairs[f"{value}\n{dimension.code}"] = (later, earlier)
    cells: dict[str, dict[str, Gap]] = {value: {} for value in split.members}
    for key, gap in family_gaps(pairs, rule).items():
        value, code = key.rsplit("\n", 1)
        cells[value][code] = gap
    return cells
