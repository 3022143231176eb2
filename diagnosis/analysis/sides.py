"""The two sides of a gap between states, by dimension and overall; what may not be shown says so itself."""

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.analysis.scores import ScoreBook, slots_of
from diagnosis.analysis.study import Matrix, Study
from diagnosis.analysis.testing import Side, hidden_side, missing_side, side
from diagnosis.stats.scales import score_dimension, score_pair


class Sides:
    """Both sides of a gap between two states of the score book."""

    def __init__(self, book: ScoreBook, later: str, earlier: str) -> None:
        self.book = book
        self.later = later
        self.earlier = earlier

    def dimension(self, index: int) -> tuple[Side, Side]:
        """Sides on one dimension."""
        return self.side_of_dimension(self.later, index), self.side_of_dimension(self.earlier, index)

    def overall(self) -> tuple[Side, Side]:
        """Sides over all common dimensions."""
        return self.side_of_overall(self.later), self.side_of_overall(self.earlier)

    def side_of_dimension(self, state: str, index: int) -> Side:
        """One state on one dimension."""
        book = self.book
        if not book.is_measured(state):
            return missing_side(book.study.unasked_text(state))
        found = book.states[state]
        if not book.study.is_shown(found.audience):
            return hidden_side(book.study, found.audience)
        if found.n(index) == 0:
            return missing_side(lacking_text(book, state))
        return book.side(state, index)

    def side_of_overall(self, state: str) -> Side:
        """One state over all common dimensions."""
        book = self.book
        if not book.is_measured(state):
            return missing_side(book.study.unasked_text(state))
        found = book.states[state]
        if not book.is_shown(state) or not book.common:
            return hidden_side(book.study, found.audience)
        return book.side(state, None)


def lacking_text(book: ScoreBook, state: str) -> str:
    """Why a measured state has no mean on a dimension."""
    if book.study.instrument.state(state).no_standard:
        return _("Not measured: most managers say that no standard exists here.")
    return _("Not measured: nobody could judge it.")


class OptionalSides(Sides):
    """Sides of a gap with a state that only some forms ask: scored on the items both states have.

    Such a state is often asked on one item per dimension, so the other state is scored on that item too, by the same
    persons where both come from one audience; its mean may then differ from the one the state has elsewhere.
    """

    def __init__(self, book: ScoreBook, later: str, earlier: str) -> None:
        super().__init__(book, later, earlier)
        study = book.study
        self.owners = [study.audience_of(study.instrument.state(state)) for state in (later, earlier)]
        self.columns = [self._scores(study, index) for index in range(len(study.instrument.dimensions))]

    def _scores(self, study: Study, index: int) -> tuple[Matrix, Matrix]:
        later_owner, earlier_owner = self.owners
        if later_owner is None or earlier_owner is None:
            return np.empty(0), np.empty(0)
        sides = ((later_owner, self.later), (earlier_owner, self.earlier))
        asked = [self._asked(owner, state, index) for owner, state in sides]
        if study.instrument.pairing == "item":
            shared = [item for item in asked[0] if item in asked[1]]
            asked = [shared, shared]
        later, earlier = (
            study.ratings(owner, state, items) for (owner, state), items in zip(sides, asked, strict=True)
        )
        if not asked[0] or not asked[1]:
            return np.full(len(later), np.nan), np.full(len(earlier), np.nan)
        first, second = (
            study.asked(owner, slots_of(state, items))._asdict()
            for (owner, state), items in zip(sides, asked, strict=True)
        )
        if later_owner != earlier_owner:
            return score_dimension(later, **first), score_dimension(earlier, **second)
        if study.instrument.pairing == "item":
            pair = score_pair(later, earlier, **first)
            return pair.later, pair.earlier
        scores = np.column_stack([score_dimension(later, **first), score_dimension(earlier, **second)])
        scores[np.isnan(scores).any(axis=1)] = np.nan
        return scores[:, 0], scores[:, 1]

    def _asked(self, audience: str, state: str, index: int) -> list[str]:
        """Items of a dimension the audience's form asks in the state."""
        frame = self.book.study.frame(audience)
        items = self.book.study.instrument.dimensions[index].items_of(state)
        return [item.code for item in items if frame is not None and frame.has_slot(f"{state}.{item.code}")]

    def _side(self, position: int, scores: Matrix) -> Side:
        study = self.book.study
        state = (self.later, self.earlier)[position]
        audience = self.owners[position]
        if audience is None or None in self.owners:
            unasked = state if audience is None else (self.later, self.earlier)[1 - position]
            return missing_side(study.unasked_text(unasked))
        if not study.is_shown(audience):
            return hidden_side(study, audience)
        if np.isnan(scores).all():
            return missing_side(lacking_text(self.book, state))
        return side(study, audience, scores)

    def dimension(self, index: int) -> tuple[Side, Side]:
        """Sides on one dimension."""
        later, earlier = self.columns[index]
        return self._side(0, later), self._side(1, earlier)

    def overall(self) -> tuple[Side, Side]:
        """Sides over the dimensions both states have and may show."""
        pairs = [self.dimension(index) for index in range(len(self.columns))]
        shown = [
            index for index, pair in enumerate(pairs) if not any(each.hidden or each.missing for each in pair)
        ]
        if not shown:
            return pairs[0]
        matrices = [
            np.column_stack([self.columns[index][position] for index in shown]) for position in (0, 1)
        ]
        return self._side(0, matrices[0]), self._side(1, matrices[1])


class OtherAudienceSides(Sides):
    """Sides of a gap whose later state is taken from another of its audiences (the CRM team's standard)."""

    def __init__(self, book: ScoreBook, later: str, earlier: str, audience: str) -> None:
        super().__init__(book, later, earlier)
        self.audience = audience
        self.columns = []
        for items in book.items[later].values():
            ratings = book.study.ratings(audience, later, items)
            self.columns.append(score_dimension(ratings) if items else np.full(len(ratings), np.nan))

    def dimension(self, index: int) -> tuple[Side, Side]:
        """Sides on one dimension."""
        return self._other(self.columns[index]), self.side_of_dimension(self.earlier, index)

    def overall(self) -> tuple[Side, Side]:
        """Sides over the common dimensions that the other audience can show."""
        study = self.book.study
        later = [self._other(column) for column in self.columns]
        kept = [index for index in self.book.common if not (later[index].hidden or later[index].missing)]
        if not kept or not self.book.is_shown(self.earlier):
            return hidden_side(study, self.audience), hidden_side(study, self.audience)
        earlier = self.book.states[self.earlier]
        matrix = np.column_stack([self.columns[index] for index in kept])
        return side(study, self.audience, matrix), side(study, earlier.audience, earlier.scores[:, kept])

    def _other(self, column: Matrix) -> Side:
        study = self.book.study
        if not study.is_shown(self.audience):
            return hidden_side(study, self.audience)
        if np.isnan(column).all():
            return missing_side(lacking_text(self.book, self.later))
        return side(study, self.audience, column)
