"""The study: instrument and frames together, with the rules of who may be shown asked in one place."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import NamedTuple

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from diagnosis.frames import AudienceFrame, Frames
from diagnosis.stats.points import PointArray, score_points
from diagnosis.stats.scales import score_dimension
from diagnosis.stats.weighting import effective_n
from surveys import disclosure
from surveys.enums import Mode
from surveys.instruments import NOT_ASKED, READINESS_STATE, Instrument, State

Matrix = NDArray[np.float64]
MOST_PERSONS = 20_000
WHOLE = 1e-9
"""Rounding of sums of weights: an effective number this close below a whole number is that number."""


class Asked(NamedTuple):
    """Who was asked what (persons, items), and the chance of each item (items,); None: everybody was asked all."""

    asked: NDArray[np.bool_] | None = None
    chances: Matrix | None = None


@dataclass(frozen=True)
class Study:
    """What every part of the analysis reads; `random_state` seeds all draws."""

    instrument: Instrument
    frames: Frames
    random_state: int

    def sampled(self) -> "Study":
        """The study with a random MOST_PERSONS of each larger audience, for models that cost too much for all."""
        random = np.random.default_rng(self.random_state)
        audiences = {
            code: frame.sampled(MOST_PERSONS, random) for code, frame in self.frames.audiences.items()
        }
        if all(audiences[code] is frame for code, frame in self.frames.audiences.items()):
            return self
        return replace(self, frames=replace(self.frames, audiences=audiences))

    @property
    def scale_range(self) -> float:
        """Highest minus lowest point of the level scale."""
        return float(self.instrument.level_scale.span)

    def frame(self, audience: str) -> AudienceFrame | None:
        """The frame of an audience, or None when it was not asked (or is not released)."""
        return self.frames.get(audience)

    def is_named(self, audience: str) -> bool:
        """Tell whether the audience answered under its name, all of it."""
        frame = self.frame(audience)
        return frame is not None and is_named(frame)

    def may_show(self, audience: str, n: int, *, subgroup: bool = False) -> bool:
        """Tell whether figures that rest on n answers of the audience may be shown."""
        return disclosure.is_publishable(audience, n, subgroup=subgroup, named=self.is_named(audience))

    def tells_everybody(self, audience: str, column: Matrix) -> bool:
        """Tell whether a figure over a column (used persons,) would be each person's own answer."""
        given = ~np.isnan(column)
        if np.count_nonzero(given) >= disclosure.MIN_UNANIMOUS:
            return False
        return disclosure.tells_everybody(column[given].tolist(), named=self.is_named(audience))

    def weights(self, audience: str) -> Matrix | None:
        """Weights (used persons,) of an audience with mean 1, or None when everybody counts the same."""
        frame = self.frame(audience)
        return None if frame is None else frame.used_weights()

    def is_shown(self, audience: str) -> bool:
        """Tell whether the audience as a whole may be shown."""
        frame = self.frame(audience)
        return frame is not None and self.may_show(audience, counted(frame.n_used, frame.used_weights()))

    @cached_property
    def reversed_items(self) -> dict[str, float]:
        """Lowest plus highest point of the scale of each reversed slot, by slot code."""
        return {
            slot.code: float(slot.scale.low + slot.scale.high)
            for form in self.instrument.forms
            for slot in form.slots
            if slot.reversed
        }

    def ratings(self, audience: str, prefix: str, items: Sequence[str]) -> Matrix:
        """Ratings (used persons, items) of one state (or of readiness), nan = missing; reversed items turned."""
        return self.outcome_ratings(audience, [f"{prefix}.{item}" for item in items])

    def outcome_ratings(self, audience: str, codes: Sequence[str]) -> Matrix:
        """Ratings (used persons, slots) of slots of the form, nan = missing; reversed items turned."""
        frame = self.frame(audience)
        if frame is None:
            return np.empty((0, len(codes)))
        matrix = frame.ratings(codes)
        for column, code in enumerate(codes):
            if code in self.reversed_items:
                matrix[:, column] = self.reversed_items[code] - matrix[:, column]
        return matrix

    def points(self, audience: str, codes: Sequence[str]) -> PointArray | None:
        """Ratings (slots, used persons) as whole numbers, codes of no answer up to NOT_ASKED; reversed items turned.

        None where a file's numbers were put on the scale in a straight line, which makes fractions of them.
        """
        frame = self.frame(audience)
        if frame is None or any(code in frame.conversions for code in codes):
            return None
        rows = frame.packed(codes)
        for place, code in enumerate(codes):
            if code in self.reversed_items:
                turned = np.int16(self.reversed_items[code]) - rows[place]
                np.copyto(rows[place], turned, where=rows[place] > NOT_ASKED)
        return rows

    def scored(self, audience: str, codes: Sequence[str]) -> Matrix:
        """Mean of the answered slots of each used person (persons,), nan where less than half of those asked is."""
        points, asked = self.points(audience, codes), self.asked(audience, codes)
        if points is None or asked.asked is not None:
            return score_dimension(self.outcome_ratings(audience, codes), **asked._asdict())
        return score_points(points, missing_up_to=NOT_ASKED)

    def asked(self, audience: str, codes: Sequence[str]) -> Asked:
        """Who was asked for which slots, and with which chance; nothing where everybody was asked for all."""
        frame = self.frame(audience)
        asked = None if frame is None or not codes else frame.asked(codes)
        if frame is None or asked is None:
            return Asked()
        chances = self.instrument.form(frame.form).chances
        return Asked(asked, np.array([chances.get(code, 1.0) for code in codes]))

    def readiness(self, audience: str, items: Sequence[str]) -> Matrix:
        """Readiness ratings (used persons, items)."""
        return self.ratings(audience, READINESS_STATE, items)

    def asks(self, audience: str, state: str) -> bool:
        """Tell whether the audience's form asks anything in this state."""
        frame = self.frame(audience)
        return frame is not None and any(slot.startswith(f"{state}.") for slot in frame.slots)

    def audience_of(self, state: State) -> str | None:
        """Whose answers give the state: the first of its audiences that was asked; None when nobody was."""
        return next((audience for audience in state.audiences if self.asks(audience, state.code)), None)

    def hidden_text(self, audience: str) -> str:
        """Why an audience (or a part of it) is not shown, without its size."""
        return _("Hidden: too few answers (%(audience)s).") % {
            "audience": self.instrument.audience(audience).name
        }

    def unasked_text(self, state: str) -> str:
        """Why a state has no mean."""
        return _("Not measured: nobody was asked “%(state)s”.") % {
            "state": self.instrument.state(state).label
        }


def is_named(frame: AudienceFrame) -> bool:
    """Tell whether everybody the figures use answered under a name; by open links nobody does."""
    return frame.mode == Mode.NAMED and not frame.n_used_by_open_link


def counted(n: int, weights: Matrix | None) -> int:
    """Persons that count for disclosure: with weights no more than the effective number, so none can stand for all."""
    return n if weights is None else min(n, int(effective_n(weights) + WHOLE))


def mean_of_present(column: Matrix) -> float:
    """Mean of the answered values; only for columns that hold at least one."""
    return float(np.nanmean(column))
