"""Zone of tolerance: the lowest level accepted beside what is wanted and received, for customers asked all three."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from django.utils.translation import gettext as _
from numpy.typing import NDArray

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.states import mean_of, overall_mean
from diagnosis.analysis.study import Matrix, Study, counted
from diagnosis.analysis.testing import Rule, Side, family_gaps, missing_side, overall_gap, side
from diagnosis.audience_result import Share
from diagnosis.result import Gap, Mean, Zone, ZoneCell
from diagnosis.stats.proportions import wilson_interval
from diagnosis.stats.results import NotEnough
from diagnosis.stats.tolerance import inconsistent_persons, place_in_zone, zone_scores, zone_state

MINIMUM = "minimum"
LOWEST, WANTED, RECEIVED = range(3)


def tolerance_result(book: ScoreBook) -> Zone | None:
    """The zone on every dimension and overall; None when nobody was asked for the lowest level accepted."""
    instrument, study = book.study.instrument, book.study
    lowest = next((state for state in instrument.states if state.role == MINIMUM), None)
    plan = instrument.waterfall
    if lowest is None:
        return None
    audience = study.audience_of(lowest)
    if audience is None or not all(study.asks(audience, code) for code in (plan.start, plan.end)):
        return None
    return _Columns(study, audience, (lowest.code, plan.start, plan.end)).result()


@dataclass(frozen=True)
class _Columns:
    """The three columns of one audience: lowest, wanted, received; `states` are their codes."""

    study: Study
    audience: str
    states: tuple[str, str, str]

    @cached_property
    def dropped(self) -> NDArray[np.bool_]:
        """Persons (used persons,) who contradict themselves."""
        items = [item.code for item in self.study.instrument.items]
        low, high = (self.study.ratings(self.audience, self.states[k], items) for k in (LOWEST, WANTED))
        return inconsistent_persons(low, high)

    @cached_property
    def scores(self) -> tuple[Matrix, ...]:
        """Scores (persons, dimensions) of the three columns, without those who contradict themselves."""
        columns: list[list[Matrix]] = [[], [], []]
        for dimension in self.study.instrument.dimensions:
            items = [item.code for item in dimension.items]
            ratings = [self.study.ratings(self.audience, code, items) for code in self.states]
            found = zone_scores(*ratings)
            for place, column in enumerate((found.lowest, found.wanted, found.received)):
                columns[place].append(np.where(self.dropped, np.nan, column))
        return tuple(np.column_stack(column) for column in columns)

    def result(self) -> Zone:
        """Every dimension with its own test in one family, and all shown ones together."""
        codes = [dimension.code for dimension in self.study.instrument.dimensions]
        rule = Rule(paired=True, scale_range=self.study.scale_range, random_state=self.study.random_state)
        sides = {code: self._sides(index) for index, code in enumerate(codes)}
        gaps = family_gaps(sides, rule)
        shown = [
            index for index, code in enumerate(codes) if not any(s.hidden or s.missing for s in sides[code])
        ]
        whole = self._overall_sides(shown, sides[codes[0]])
        return Zone(
            states=self.states,
            overall=self._cell(self._overall_means(shown), overall_gap(*whole, rule), shown),
            dimensions={
                code: self._cell(self._means(index), gaps[code], [index]) for index, code in enumerate(codes)
            },
            inconsistent=self._share_dropped(),
        )

    def _sides(self, index: int) -> tuple[Side, Side]:
        if np.isnan(self.scores[RECEIVED][:, index]).all():
            reason = _("Not measured: nobody has answered all three columns.")
            return missing_side(reason), missing_side(reason)
        later, earlier = (
            side(self.study, self.audience, self.scores[k][:, index]) for k in (RECEIVED, LOWEST)
        )
        return later, earlier

    def _overall_sides(self, shown: list[int], first: tuple[Side, Side]) -> tuple[Side, Side]:
        if not shown:
            return first
        later, earlier = (
            side(self.study, self.audience, self.scores[k][:, shown]) for k in (RECEIVED, LOWEST)
        )
        return later, earlier

    def _means(self, index: int) -> list[Mean]:
        return [mean_of(self.study, self.audience, column[:, index]) for column in self.scores]

    def _overall_means(self, shown: list[int]) -> list[Mean]:
        return [overall_mean(self.study, self.audience, column[:, shown]) for column in self.scores]

    def _cell(self, means: list[Mean], adequacy: Gap, columns: list[int]) -> ZoneCell:
        low, high, got = means
        if low.mean is None or high.mean is None or got.mean is None:
            return ZoneCell("", low, high, got, adequacy, None, None)
        levels = (low.mean, high.mean, got.mean)
        place, below = place_in_zone(*levels), self._share_below(columns)
        return ZoneCell(zone_state(*levels), low, high, got, adequacy, place, below)

    def _share_below(self, columns: list[int]) -> Share | None:
        """Share of persons who receive less than they accept; nothing where so few answered that it could point."""
        low, got = (self.scores[k][:, columns] for k in (LOWEST, RECEIVED))
        answered = ~np.isnan(low).all(axis=1)
        weights = self.study.weights(self.audience)
        n = counted(int(answered.sum()), None if weights is None else weights[answered])
        if weights is not None or not self.study.may_show(self.audience, n, subgroup=True):
            return None
        below = np.nanmean(got[answered], axis=1) < np.nanmean(low[answered], axis=1)
        found = wilson_interval(int(below.sum()), int(answered.sum()))
        return None if isinstance(found, NotEnough) else Share(found.share, found.ci_low, found.ci_high)

    def _share_dropped(self) -> float | None:
        n, dropped = int(self.dropped.size), int(self.dropped.sum())
        is_safe = dropped == 0 or self.study.may_show(self.audience, dropped, subgroup=True)
        return dropped / n if n and is_safe and self.study.may_show(self.audience, n - dropped) else None
