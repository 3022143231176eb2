"""The same persons in two waves: paired change and leavers, with rows that let nobody's answer be worked out.

A named audience prints groups, never one person. So the persons of the panel must be enough, and in each wave those
who answered without being in the panel must be nobody or enough: else they follow from the total and the panel.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final, TypeVar

import numpy as np
from numpy.typing import NDArray

from diagnosis.analysis.scores import ScoreBook, score_states
from diagnosis.analysis.study import Matrix, Study
from diagnosis.frames import Frames
from diagnosis.panel_result import LeaverRow, PanelAudience, PanelRow
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.change import ChangeEstimate
from diagnosis.stats.results import NotEnough
from diagnosis.stats.wave_parts import leaver_bias, panel_change
from surveys.disclosure import minimum_for
from surveys.instruments import Instrument

CHANGED: Final = "changed"
OTHER_FORM: Final = "other_form"
FEW_HIDDEN: Final = "few_hidden"
NOT_COMPARABLE: Final = "not_comparable"

Row = TypeVar("Row", PanelRow, LeaverRow)


@dataclass(frozen=True)
class PanelLinks:
    """Rows of the used persons of two frames that belong to the same persons: (panel,) each.

    `known`: (used persons of the earlier wave,) whether it is known who answered; open links tell nobody's name.
    """

    later: NDArray[np.intp]
    earlier: NDArray[np.intp]
    known: NDArray[np.bool_]

    @property
    def left(self) -> NDArray[np.bool_]:
        """Which known persons of the earlier wave did not answer again."""
        left = self.known.copy()
        left[self.earlier] = False
        return left


@dataclass(frozen=True)
class _Figure:
    """A state, or a gap whose two states one audience answers (`minus` is then its earlier state)."""

    code: str
    state: str
    minus: str = ""

    @property
    def states(self) -> tuple[str, ...]:
        return tuple(filter(None, (self.state, self.minus)))

    def scores(self, book: ScoreBook) -> Matrix:
        """(used persons, dimensions)."""
        scores = book.states[self.state].scores
        return scores - book.states[self.minus].scores if self.minus else scores


def panel_audiences(
    instrument: Instrument, later: Frames, earlier: Frames, links: dict[str, PanelLinks], *, random_state: int
) -> tuple[PanelAudience, ...]:
    """Panels of the named audiences whose persons `links` joins, in the order of the instrument."""
    if not links:
        return ()
    books = tuple(score_states(Study(instrument, frames, random_state)) for frames in (later, earlier))
    return tuple(
        _audience(books[0], books[1], audience.code, links[audience.code])
        for audience in instrument.audiences
        if audience.code in links
    )


def _audience(later: ScoreBook, earlier: ScoreBook, audience: str, links: PanelLinks) -> PanelAudience:
    forms = [
        frame.form if frame else "" for frame in (book.study.frame(audience) for book in (later, earlier))
    ]
    if forms[0] != forms[1]:
        return PanelAudience(audience, OTHER_FORM)
    least = minimum_for(audience, subgroup=True, named=True)
    n, n_left = links.later.size, int(np.count_nonzero(links.left))
    if n < least:
        return PanelAudience(audience, FEW_HIDDEN)
    panel = _Panel(later, earlier, links, least)
    figures = _figures(later, earlier, audience)
    changes = tuple(row for figure in figures for row in panel.changes(figure))
    return PanelAudience(
        audience,
        "" if changes else NOT_COMPARABLE,
        n=n,
        n_left=n_left if n_left == 0 or n_left >= least else None,
        changes=changes,
        leavers=_corrected([row for figure in figures if (row := panel.leavers(figure)) is not None]),
    )


def _figures(later: ScoreBook, earlier: ScoreBook, audience: str) -> list[_Figure]:
    """Gaps inside the audience first, then its states: those that both waves show."""
    states = [
        code
        for code, found in later.states.items()
        if found.audience == audience
        and code in earlier.states
        and earlier.states[code].audience == audience
        and later.is_shown(code)
        and earlier.is_shown(code)
    ]
    gaps = [
        _Figure(gap.code, gap.later, gap.earlier)
        for gap in later.study.instrument.gaps
        if gap.kind == "difference" and gap.test == "paired" and gap.later in states and gap.earlier in states
    ]
    return [*gaps, *(_Figure(code, code) for code in states)]


@dataclass(frozen=True)
class _Panel:
    later: ScoreBook
    earlier: ScoreBook
    links: PanelLinks
    least: int

    def changes(self, figure: _Figure) -> list[PanelRow]:
        """The figure over all dimensions and, for a gap, on each; nothing where no dimension was asked alike."""
        places = self._places(figure)
        if not places:
            return []
        overall = self._change(figure, places, "")
        if not figure.minus:
            return [overall]
        dimensions = self.later.study.instrument.dimensions
        rows = [self._change(figure, [place], dimensions[place].code) for place in places]
        return [overall, *_corrected(rows)]

    def leavers(self, figure: _Figure) -> LeaverRow | None:
        """Those who stayed against those who left; None where nobody left or nothing can be compared."""
        places, left = self._places(figure), self.links.left
        if not places or not left.any():
            return None
        stayed = np.zeros(left.size, dtype=np.bool_)
        stayed[self.links.earlier] = True
        scores = figure.scores(self.earlier)[:, places]
        values = _persons(scores)
        given = ~np.isnan(values)
        n_stayed, n_left = (int(np.count_nonzero(given & mask)) for mask in (stayed, left))
        others = _answered(scores) - n_stayed - n_left
        if min(n_stayed, n_left) < self.least or 0 < others < self.least:
            return LeaverRow(figure.code, FEW_HIDDEN)
        compared = given & (stayed | left)
        found = leaver_bias(values[compared], stayed[compared])
        if isinstance(found, NotEnough):
            return LeaverRow(figure.code, found.reason, n_stayed, n_left, found.estimate)
        return LeaverRow(figure.code, "", n_stayed, n_left, **_told(found))

    def _places(self, figure: _Figure) -> list[int]:
        """Dimensions that both waves have in every overall and asked by the same items."""
        dimensions = self.later.study.instrument.dimensions
        return [
            place
            for place in self.later.common
            if place in self.earlier.common
            and all(
                self.later.items[state][dimensions[place].code]
                == self.earlier.items[state][dimensions[place].code]
                for state in figure.states
            )
        ]

    def _change(self, figure: _Figure, places: Sequence[int], dimension: str) -> PanelRow:
        scores = [figure.scores(book)[:, list(places)] for book in (self.later, self.earlier)]
        later = _persons(scores[0])[self.links.later]
        earlier = _persons(scores[1])[self.links.earlier]
        n = int(np.count_nonzero(~np.isnan(later) & ~np.isnan(earlier)))
        others = [_answered(each) - n for each in scores]
        if n < self.least or any(0 < each < self.least for each in others):
            return PanelRow(figure.code, dimension, FEW_HIDDEN)
        found = panel_change(later, earlier)
        if isinstance(found, NotEnough):
            return PanelRow(figure.code, dimension, found.reason, n, found.estimate)
        return PanelRow(figure.code, dimension, "", n, **_told(found))


def _corrected(rows: Sequence[Row]) -> tuple[Row, ...]:
    """The rows of one family with their Benjamini-Hochberg values, where they are tested."""
    p_values = [np.nan if row.p_value is None else row.p_value for row in rows]
    q_values = benjamini_hochberg(p_values).tolist() if rows else []
    return tuple(
        row if row.p_value is None else replace(row, q_value=q) for row, q in zip(rows, q_values, strict=True)
    )


def _persons(scores: Matrix) -> Matrix:
    """One value per person, nan without all of the dimensions."""
    values: Matrix = scores.mean(axis=1)
    return values


def _answered(scores: Matrix) -> int:
    """Persons with any of the scores: whoever counts in the printed figure."""
    return int(np.count_nonzero(~np.isnan(scores).all(axis=1)))


def _told(found: ChangeEstimate) -> dict[str, float]:
    return {name: getattr(found, name) for name in ("estimate", "ci_low", "ci_high", "df", "p_value")}
