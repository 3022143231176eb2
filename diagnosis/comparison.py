"""Two waves side by side: the change of every gap, split into its two sides, computed from two stored results.

A figure hidden in one of the waves stays hidden here, and its change with it, so that neither can be worked out.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.result import Gap, GapResult, Mean, Result
from diagnosis.result_codec import encode
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.change import GapChange, Measured, change_between, change_of_gap, from_mean, verdict
from diagnosis.stats.results import NotEnough

FULL_RANGE: Final = 100.0
"""Range of gaps whose unit is 0-100."""
UNSHOWN: Final = ("suppressed", "not_measured")
SAME: Final = 1e-9


@dataclass(frozen=True, slots=True)
class Shift:
    """Change of one side of a gap; without an interval where it cannot be tested."""

    estimate: float
    ci_low: float | None = None
    ci_high: float | None = None

    @property
    def moved(self) -> bool:
        """Tell whether the interval excludes 0."""
        return self.ci_low is not None and self.ci_high is not None and (self.ci_low > 0 or self.ci_high < 0)


@dataclass(frozen=True, slots=True)
class Change:
    """One gap in two waves. `verdict` always says a word, the figures are there only where they may be shown.

    `now` and `before` are the gap in the later and the earlier wave; `later` and `earlier` the change of its two sides,
    and their difference is `estimate`. `driver` names the side that moved: later, earlier, both, or open.
    """

    verdict: str
    now: float | None = None
    before: float | None = None
    certainty_now: str = ""
    certainty_before: str = ""
    n_now: int | None = None
    n_before: int | None = None
    estimate: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    df: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    later: Shift | None = None
    earlier: Shift | None = None
    driver: str = ""
    reason: str | None = None
    indicative: bool = False


@dataclass(frozen=True, slots=True)
class GapComparison:
    """One gap of the instrument in two waves: overall and by dimension; `later` and `earlier` are its two states."""

    code: str
    name: str
    stage: str
    unit: str
    later: str
    earlier: str
    overall: Change
    dimensions: Mapping[str, Change]


@dataclass(frozen=True, slots=True)
class Comparison:
    """Every gap that both waves have; none, with the reason in `notes`, where the waves cannot be compared."""

    gaps: tuple[GapComparison, ...]
    notes: tuple[str, ...] = ()

    def gap(self, code: str) -> GapComparison | None:
        """The gap with this code, or None."""
        return next((gap for gap in self.gaps if gap.code == code), None)

    def at(self, code: str, dimension: str = "") -> Change | None:
        """The change of a gap, overall or on a dimension, or None."""
        gap = self.gap(code)
        if gap is None:
            return None
        return gap.dimensions.get(dimension) if dimension else gap.overall

    def to_json(self) -> dict[str, Any]:
        """JSON-safe content under the names of the dataclasses."""
        content: dict[str, Any] = encode(self)
        return content


def compare(later: Result, earlier: Result) -> Comparison:
    """Compare two waves of one instrument, gap by gap."""
    codes = [(each.instrument["code"], each.instrument["version"]) for each in (later, earlier)]
    if codes[0] != codes[1]:
        return Comparison((), (_("The two waves were asked with different questionnaires: no comparison."),))
    pairs = [(gap, found) for gap in later.gaps if (found := earlier.gap(gap.code)) is not None]
    gaps = tuple(_gap(now, before, later, earlier) for now, before in pairs)
    return Comparison(gaps, tuple(_notes(later, earlier)))


def _notes(later: Result, earlier: Result) -> list[str]:
    notes = [
        _(
            "The waves are treated as independent samples. Where the same people answered both times, the intervals"
            " are wider than they need be, not narrower."
        ),
        _(
            "The largest gaps of one wave tend to be a little smaller in the next by chance alone. Compare with gaps"
            " on which nothing was done."
        ),
    ]
    if any(_is_weighted(each) for each in (later, earlier)):
        notes.append(_("Answers are weighted, as in each wave's own diagnosis."))
    return notes


def _is_weighted(result: Result) -> bool:
    return any(audience.effective_n is not None for audience in result.audiences)


def _gap(now: GapResult, before: GapResult, later: Result, earlier: Result) -> GapComparison:
    other = _other_form(now, later, earlier)
    if (now.later, now.earlier, now.test) != (before.later, before.earlier, before.test):
        other = other or _("Asked in another way in the earlier wave.")
    scale_range = FULL_RANGE if now.unit == "0-100" else later.scale["high"] - later.scale["low"]
    frame = _Frame(now, later, earlier, scale_range, other)
    codes = [code for code in now.dimensions if code in before.dimensions]
    found = {code: change_of(now.dimensions[code], before.dimensions[code], other) for code in codes}
    p_values = [one.size.p_value if isinstance(one, GapChange) else np.nan for one in found.values()]
    q_values = benjamini_hochberg(p_values) if p_values else np.empty(0)
    dimensions = {
        code: frame.change(now.dimensions[code], before.dimensions[code], found[code], float(q), code)
        for code, q in zip(codes, q_values, strict=True)
    }
    overall = change_of(now.overall, before.overall, other)
    p_value = overall.size.p_value if isinstance(overall, GapChange) else np.nan
    whole = frame.change(now.overall, before.overall, overall, p_value, None)
    return GapComparison(now.code, now.name, now.stage, now.unit, now.later, now.earlier, whole, dimensions)


def _other_form(gap: GapResult, later: Result, earlier: Result) -> str:
    """Say that one side was asked with another form, so that its means rest on other items; "" when not."""
    for state in (gap.later, gap.earlier):
        forms = []
        for result in (later, earlier):
            found = result.states.get(state)
            audience = result.audience(found.audience if found else state)
            forms.append((audience.code, audience.form) if audience else None)
        if None not in forms and forms[0] != forms[1]:
            return _("Asked with another form in the earlier wave: not comparable.")
    return ""


def change_of(now: Gap, before: Gap, other: str = "") -> GapChange | NotEnough | None:
    """The tested change of one gap; None where one of the waves does not show it or `other` forbids it."""
    if other or not (is_shown(now) and is_shown(before)):
        return None
    return change_of_gap(measured(now), measured(before))


def is_shown(gap: Gap) -> bool:
    """Tell whether a stored gap has figures."""
    return gap.certainty not in UNSHOWN and gap.estimate is not None


def measured(gap: Gap) -> Measured:
    """A stored gap that has figures, as it was measured."""
    n = min(gap.n_later or 0, gap.n_earlier or 0)
    is_tested = gap.se is not None and gap.se > 0 and gap.df is not None
    return Measured(n, gap.estimate or 0.0, gap.se if is_tested else None, gap.df if is_tested else None)


@dataclass(frozen=True, slots=True)
class _Frame:
    """What all changes of one gap share."""

    gap: GapResult
    later: Result
    earlier: Result
    scale_range: float
    other: str

    def change(
        self, now: Gap, before: Gap, found: GapChange | NotEnough | None, q: float, dimension: str | None
    ) -> Change:
        """The change as it is printed."""
        if found is None:
            return self._unshown(now, before)
        is_tested = isinstance(found, GapChange)
        word = verdict(
            found,
            q_value=q if is_tested else None,
            is_none_later=now.certainty == "none",
            is_none_earlier=before.certainty == "none",
            scale_range=self.scale_range,
        )
        shifts = [self._shift(now, before, side, dimension) for side in ("later", "earlier")]
        row = Change(
            verdict=word,
            now=now.estimate,
            before=before.estimate,
            certainty_now=now.certainty,
            certainty_before=before.certainty,
            n_now=min(now.n_later or 0, now.n_earlier or 0),
            n_before=min(before.n_later or 0, before.n_earlier or 0),
            estimate=(now.estimate or 0.0) - (before.estimate or 0.0),
            later=shifts[0],
            earlier=shifts[1],
            indicative=now.indicative or before.indicative,
        )
        if not isinstance(found, GapChange):
            return replace(row, reason=_("Not tested: too few or too equal answers in one of the waves."))
        change = found.change
        return replace(
            row,
            ci_low=change.ci_low,
            ci_high=change.ci_high,
            df=change.df,
            p_value=change.p_value,
            q_value=q,
            driver=_driver(*shifts) if word in {"closed", "smaller", "larger"} else "",
        )

    def _unshown(self, now: Gap, before: Gap) -> Change:
        hidden = next((gap for gap in (now, before) if gap.certainty == "suppressed"), None)
        if hidden is not None:
            return Change("suppressed", reason=hidden.reason)
        if self.other:
            return Change("not_measured", reason=self.other)
        missing = next(
            gap for gap in (now, before) if gap.certainty == "not_measured" or gap.estimate is None
        )
        which = _("Not measured in this wave.") if missing is now else _("Not measured in the earlier wave.")
        return Change("not_measured", reason=which)

    def _shift(self, now: Gap, before: Gap, side: str, dimension: str | None) -> Shift | None:
        """Change of one side, with the standard errors of each wave's own mean."""
        state = self.gap.later if side == "later" else self.gap.earlier
        means = [
            _side(result, gap, side, state, dimension)
            for result, gap in ((self.later, now), (self.earlier, before))
        ]
        if means[0] is None or means[1] is None:
            return None
        found = change_between(means[0], means[1])
        if isinstance(found, NotEnough):
            return Shift(means[0].estimate - means[1].estimate)
        return Shift(found.estimate, found.ci_low, found.ci_high)


def _side(result: Result, gap: Gap, side: str, state: str, dimension: str | None) -> Measured | None:
    mean, n, sd = (getattr(gap, f"{name}_{side}") for name in ("mean", "n", "sd"))
    if mean is None or n is None:
        return None
    stored = _state_mean(result, state, dimension)
    if stored is not None and stored.mean is not None and abs(stored.mean - mean) < SAME and stored.n == n:
        return from_mean(n, mean, stored.ci_low, stored.ci_high)
    return measured_mean(n, mean, None if _is_weighted(result) else sd)


def measured_mean(n: int, mean: float, sd: float | None) -> Measured:
    """A mean of answers without weights; no standard error without an SD."""
    if sd is None or sd <= 0 or n < 2:
        return Measured(n, mean, None, None)
    return Measured(n, mean, float(sd) / float(np.sqrt(n)), n - 1.0)


def _state_mean(result: Result, state: str, dimension: str | None) -> Mean | None:
    found = result.states.get(state)
    if found is None:
        return None
    return found.overall if dimension is None else found.dimensions.get(dimension)


def _driver(later: Shift | None, earlier: Shift | None) -> str:
    moved = (later is not None and later.moved, earlier is not None and earlier.moved)
    return {(True, True): "both", (True, False): "later", (False, True): "earlier"}.get(moved, "open")
