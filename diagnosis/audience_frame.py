"""All finished answers of one audience, as the figures read them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from diagnosis.coded import Coded
from surveys.instruments import MISSING, NOT_ASKED
from surveys.settling import ORDER

CARELESS: Final = "careless"
FEW_ANSWERS: Final = "few_answers"
OPEN_LINK: Final = "open_link"
USED: Final = ""

Scores: TypeAlias = NDArray[np.int16]
Ratings: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Counts:
    """How many were invited, reached, lost, began and finished; None = not known or not to be shown."""

    invited: int | None = None
    accepted: int | None = None
    bounced: int | None = None
    started: int | None = None
    finished: int | None = None


@dataclass(frozen=True, slots=True)
class ScaleChange:
    """A straight line from the numbers of a file to the scale of the instrument: lowest and highest value of both.

    A file whose best answer is its lowest number has `from_low` above `from_high`.
    """

    from_low: int
    from_high: int
    low: int
    high: int

    def apply(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """low + (x - from_low) * (high - low) / (from_high - from_low)."""
        return self.low + (values - self.from_low) * (self.high - self.low) / (self.from_high - self.from_low)


@dataclass(frozen=True)
class AudienceFrame:
    """All finished answers of one audience: `scores` (persons, slots) packed, everything else per person in that order.

    `excluded` is "" for used answers, else the rule that leaves them out. `ticks` are the answers to questions with
    several choices, by question. Answers collected elsewhere hold only the slots that were asked, may have `weights`
    (one per person, any scale above 0) and `conversions` of slots whose file used other numbers (see `ScaleChange`).
    `by_open_link` tells of each answer whether it came by an open link (empty: none did), `open_counts` how many visits
    began and finished; `counts` are those of the invited alone.
    """

    audience: str
    form: str
    mode: str
    slots: tuple[str, ...]
    scores: Scores
    excluded: Sequence[str]
    attributes: Sequence[Mapping[str, str]]
    ticks: Sequence[Mapping[str, Sequence[str]]]
    counts: Counts = field(default_factory=Counts)
    is_collected: bool = False
    weights: tuple[float, ...] | None = None
    conversions: Mapping[str, ScaleChange] = field(default_factory=dict)
    by_open_link: tuple[bool, ...] = ()
    open_counts: Counts = field(default_factory=Counts)

    @cached_property
    def _reasons(self) -> Coded[str]:
        return Coded.of(self.excluded)

    @property
    def n(self) -> int:
        """Finished answers in the frame, used or not."""
        return int(self.scores.shape[0])

    @cached_property
    def used(self) -> NDArray[np.bool_]:
        """Mask of the answers the figures use."""
        reasons = self._reasons
        return np.array([reason == USED for reason in reasons.values], dtype=np.bool_)[reasons.codes]

    @cached_property
    def n_used(self) -> int:
        """Answers the figures use."""
        return int(np.count_nonzero(self.used))

    @cached_property
    def n_used_by_open_link(self) -> int:
        """Answers by open links among those the figures use."""
        return int(np.count_nonzero(self.used & np.array(self.by_open_link))) if self.by_open_link else 0

    def holds_the_same(self, other: "AudienceFrame") -> bool:
        """Tell whether both hold the same answers, row by row, left out for the same reasons; counts may differ."""
        return (
            (self.form, self.slots, self.n) == (other.form, other.slots, other.n)
            and bool(np.array_equal(self.scores, other.scores))
            and list(self.excluded) == list(other.excluded)
            and list(self.attributes) == list(other.attributes)
            and list(self.ticks) == list(other.ticks)
            and [bool(row) for row in self.by_open_link] == [bool(row) for row in other.by_open_link]
        )

    def excluded_by(self, reason: str, *, by_open_link: bool = False) -> int:
        """Answers of one channel that a rule leaves out."""
        if not self.by_open_link:
            return 0 if by_open_link else self._reasons.count(reason)
        return self._reasons.take(np.array(self.by_open_link) == by_open_link).count(reason)

    @cached_property
    def _used_scores(self) -> Scores:
        """Scores of the used persons, column by column in memory: every reader takes few columns of all persons."""
        return np.asfortranarray(self.scores if self.n_used == self.n else self.scores[self.used])

    @cached_property
    def _place(self) -> Mapping[str, int]:
        return {code: index for index, code in enumerate(self.slots)}

    def has_slot(self, code: str) -> bool:
        """Tell whether the form asks for this value."""
        return code in self.slots

    def packed(self, codes: Sequence[str]) -> Scores:
        """Packed scores (codes, used persons); slots the form lacks are MISSING."""
        rows, place = self._used_scores, self._place
        packed = np.empty((len(codes), len(rows)), np.int16)
        for number, code in enumerate(codes):
            packed[number] = rows[:, place[code]] if code in place else MISSING
        return packed

    def ratings(self, codes: Sequence[str]) -> Ratings:
        """Ratings (used persons, codes) in scale points; nan = missing, cannot judge, no standard or not asked."""
        rows, place = self._used_scores, self._place
        ratings = np.full((len(rows), len(codes)), np.nan, order="F")
        for column, code in enumerate(codes):
            if code not in place:
                continue
            packed, points = rows[:, place[code]], ratings[:, column]
            np.copyto(points, packed, where=packed > NOT_ASKED)
            if code in self.conversions:
                points[:] = self.conversions[code].apply(points)
        return ratings

    def asked(self, codes: Sequence[str]) -> NDArray[np.bool_] | None:
        """Which values each used person was asked for (used persons, codes); None where everybody was asked all."""
        if not self._has_unasked:
            return None
        asked = self.packed(codes) != NOT_ASKED
        return None if asked.all() else asked.T

    @cached_property
    def _has_unasked(self) -> bool:
        return bool((self._used_scores == NOT_ASKED).any())

    def used_weights(self) -> NDArray[np.float64] | None:
        """Weights of the used persons with mean 1, in the order of `ratings`; None = everybody counts the same."""
        if self.weights is None:
            return None
        kept = np.array(self.weights, dtype=np.float64)[self.used]
        return kept / kept.mean() if kept.size else kept

    def sampled(self, most: int, random: np.random.Generator) -> "AudienceFrame":
        """The frame with a random `most` of its used persons, or itself when there are not more."""
        if self.n_used <= most:
            return self
        kept = np.sort(random.choice(np.flatnonzero(self.used), most, replace=False))
        return replace(
            self,
            scores=self.scores[kept],
            excluded=self._reasons.take(kept),
            attributes=Coded.of(self.attributes, as_key).take(kept),
            ticks=Coded.of(self.ticks, as_key).take(kept),
            weights=None if self.weights is None else tuple(self.weights[row] for row in kept.tolist()),
            by_open_link=tuple(self.by_open_link[row] for row in kept.tolist()) if self.by_open_link else (),
        )

    @cached_property
    def _used_attributes(self) -> Coded[Mapping[str, str]]:
        return Coded.of(self.attributes, as_key).take(self.used)

    @cached_property
    def _used_ticks(self) -> Coded[Mapping[str, Sequence[str]]]:
        return Coded.of(self.ticks, as_key).take(self.used)

    @cached_property
    def attribute_names(self) -> Sequence[str]:
        """Names of the attributes that any used person has, in order; the order of pages is none."""
        rows = self._used_attributes
        present = np.unique(rows.codes).tolist()
        return sorted(set().union(*(rows.values[place] for place in present)) - {ORDER})

    def groups(self, attribute: str) -> dict[str, NDArray[np.bool_]]:
        """Mask of the used persons with each value of an attribute, values in order; "" = value not known."""
        rows = self._used_attributes
        found = [row.get(attribute, "") for row in rows.values]
        masks = {
            value: np.array([one == value for one in found], dtype=np.bool_)[rows.codes]
            for value in sorted(set(found))
        }
        return {value: mask for value, mask in masks.items() if mask.any()}

    def ticked(self, question: str, codes: Sequence[str]) -> NDArray[np.bool_]:
        """Which codes each used person ticked for a question: (used persons, codes), in the order of `ratings`."""
        rows = self._used_ticks
        ticks = [frozenset(row.get(question, ())) for row in rows.values]
        known = np.array([[code in row for code in codes] for row in ticks], dtype=np.bool_)
        return known.reshape(len(ticks), len(codes))[rows.codes]


def as_key(row: Mapping[str, str] | Mapping[str, Sequence[str]]) -> object:
    """What tells two rows of attributes or ticks apart."""
    return tuple(
        (name, value if isinstance(value, str) else tuple(value)) for name, value in sorted(row.items())
    )
