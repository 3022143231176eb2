"""Why the total gap moved between two waves, from two stored results: other customers, chance, or where one acted.

Everything here is computed from figures that both results print. So it tells nothing that they do not tell, and where
a group is hidden in one of them, what would need it is not computed.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
from django.utils.translation import gettext as _

from diagnosis.comparison import is_shown, measured, measured_mean
from diagnosis.result import Gap, GapResult, GroupResult, Result
from diagnosis.stats.change import Measured
from diagnosis.stats.results import NotEnough
from diagnosis.stats.wave_parts import (
    MixEffect,
    Segment,
    difference_of_changes,
    expected_return,
    figures_correlation,
    mix_effect,
    pooled,
)

MOST_PICKED: Final = 3
"""The gaps looked at for their return are the largest third, and not more than this."""
NOT_SEGMENTS: Final = frozenset({"answered"})
"""Attributes that say how somebody answered, not who it is."""


@dataclass(frozen=True, slots=True)
class MixSegment:
    """One group of customers in both waves: its share of all grouped ones, and its total gap."""

    value: str
    n_now: int
    n_before: int
    share_now: float
    share_before: float
    gap_now: float
    gap_before: float


@dataclass(frozen=True, slots=True)
class MixPart:
    """A change of the total gap or of one of its sides: `within` plus `mix` plus `rest` is exactly `change`.

    `ci_low` and `ci_high` are those of `within` with the shares as they are. `rest` comes from customers whose group is
    not known, and from ratings left out.
    """

    code: str
    change: float
    within: float
    ci_low: float | None
    ci_high: float | None
    mix: float
    rest: float


@dataclass(frozen=True, slots=True)
class MixResult:
    """The mix effect by one attribute on the total gap and its two sides; `reason` says why there is none."""

    attribute: str
    parts: tuple[MixPart, ...] = ()
    segments: tuple[MixSegment, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ReturnRow:
    """One of the largest gaps before: what it was expected to do by itself, over the interval of r, and the rest."""

    dimension: str
    before: float
    now: float
    change: float
    by_itself: float
    by_itself_low: float
    by_itself_high: float
    beyond: float


@dataclass(frozen=True, slots=True)
class ReturnResult:
    """Regression to the mean of the total gap on its dimensions; `r` over `n` dimensions, or the reason why not."""

    n: int
    mean_before: float | None = None
    r: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    rows: tuple[ReturnRow, ...] = ()
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RolloutRow:
    """Change of the total gap or of one of its sides where an action was rolled out, elsewhere, and the difference."""

    code: str
    where: float
    elsewhere: float
    estimate: float
    ci_low: float | None = None
    ci_high: float | None = None
    p_value: float | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class RolloutResult:
    """Difference-in-differences of one action; `others` are the groups that both waves show."""

    id: str
    title: str
    attribute: str
    value: str
    n_now: int | None = None
    n_before: int | None = None
    others: tuple[str, ...] = ()
    n_others_now: int | None = None
    n_others_before: int | None = None
    rows: tuple[RolloutRow, ...] = ()
    reason: str = ""


Groups = Mapping[str, GroupResult]


@dataclass(frozen=True)
class WavePair:
    """Two results of one questionnaire, and the total gap of both."""

    later: Result
    earlier: Result
    now: GapResult
    before: GapResult
    groups: tuple[Mapping[str, Groups], Mapping[str, Groups]] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "groups", (_by_attribute(self.later), _by_attribute(self.earlier)))

    @property
    def is_weighted(self) -> bool:
        """Tell whether the answers of a side of the total gap carry weights in one of the waves."""
        found = [
            result.audience(state.audience)
            for result in (self.later, self.earlier)
            if (state := result.states.get(self.now.later)) is not None
        ]
        return any(audience is not None and audience.effective_n is not None for audience in found)

    @property
    def codes(self) -> tuple[str, str, str]:
        """The total gap and its two states."""
        return self.now.code, self.now.later, self.now.earlier


def _by_attribute(result: Result) -> Mapping[str, Groups]:
    found: dict[str, dict[str, GroupResult]] = {}
    for group in result.coverage.attributes if result.coverage else ():
        if group.attribute not in NOT_SEGMENTS:
            found.setdefault(group.attribute, {})[group.value] = group
    return found


def mix_results(pair: WavePair) -> tuple[MixResult, ...]:
    """The mix effect by every attribute that a wave knows of its customers."""
    later, earlier = pair.groups
    return tuple(_mix(pair, name) for name in sorted({*later, *earlier}))


def _mix(pair: WavePair, attribute: str) -> MixResult:
    later, earlier = (groups.get(attribute, {}) for groups in pair.groups)
    reason = _no_mix(pair, later, earlier)
    if reason:
        return MixResult(attribute, reason=reason)
    parts = []
    for part, code in enumerate(pair.codes):
        found = mix_effect(_segments(later, part), _segments(earlier, part))
        totals = _value(pair.now.overall, part), _value(pair.before.overall, part)
        if isinstance(found, NotEnough) or totals[0] is None or totals[1] is None:
            return MixResult(
                attribute, reason=_("Not computed: fewer than two groups with answers in both waves.")
            )
        parts.append(_part(code, totals[0].estimate - totals[1].estimate, found))
    return MixResult(attribute, tuple(parts), _table(later, earlier))


def _part(code: str, change: float, found: MixEffect) -> MixPart:
    rest = change - found.within - found.mix
    return MixPart(code, change, found.within, found.ci_low, found.ci_high, found.mix, rest)


def _no_mix(pair: WavePair, later: Groups, earlier: Groups) -> str:
    """Why there is no mix effect by these groups; "" where there is one."""
    if not later or not earlier:
        return _("Not computed: known in one of the two waves only.")
    if any(not is_shown(group.total) for groups in (later, earlier) for group in groups.values()):
        return _("Not computed: a group is hidden in one of the waves, and must not follow from the others.")
    if set(later) != set(earlier):
        return _("Not computed: the two waves have other groups.")
    if pair.is_weighted:
        return _(
            "Not computed: the answers carry weights, and the results do not keep what each group weighs."
        )
    if not is_shown(pair.now.overall) or not is_shown(pair.before.overall):
        return _("Not computed: the total gap is not shown in both waves.")
    return ""


def _value(gap: Gap, part: int) -> Measured | None:
    """The gap (0), its later side (1) or its earlier side (2), as measured."""
    if part == 0:
        return None if gap.estimate is None else measured(gap)
    side = "later" if part == 1 else "earlier"
    n, mean, sd = (getattr(gap, f"{name}_{side}") for name in ("n", "mean", "sd"))
    return None if mean is None or not n else measured_mean(n, mean, sd)


def _measured(groups: Groups, part: int) -> dict[str, Measured]:
    """What the groups with figures measured, by value."""
    found = {value: _value(group.total, part) for value, group in groups.items() if is_shown(group.total)}
    return {value: one for value, one in found.items() if one is not None and one.n > 0}


def _segments(groups: Groups, part: int) -> dict[str, Segment]:
    return {
        value: Segment(one.n, one.estimate, one.se, one.df) for value, one in _measured(groups, part).items()
    }


def _table(later: Groups, earlier: Groups) -> tuple[MixSegment, ...]:
    now, before = _measured(later, 0), _measured(earlier, 0)
    sums = sum(one.n for one in now.values()), sum(one.n for one in before.values())
    return tuple(
        MixSegment(
            value=value,
            n_now=now[value].n,
            n_before=before[value].n,
            share_now=now[value].n / sums[0],
            share_before=before[value].n / sums[1],
            gap_now=now[value].estimate,
            gap_before=before[value].estimate,
        )
        for value in later
    )


def return_result(pair: WavePair) -> ReturnResult:
    """Regression to the mean: the largest gaps before, what they do by themselves, and what is left."""
    codes = [
        code
        for code, gap in pair.now.dimensions.items()
        if code in pair.before.dimensions and is_shown(gap) and is_shown(pair.before.dimensions[code])
    ]
    now, before = (
        np.array([gap.dimensions[code].estimate for code in codes], dtype=np.float64)
        for gap in (pair.now, pair.before)
    )
    n = len(codes)
    found = figures_correlation(now, before)
    if isinstance(found, NotEnough):
        return ReturnResult(n, reason=_no_correlation(found))
    known = ReturnResult(n, float(before.mean()), found.r, found.ci_low, found.ci_high)
    largest = np.argsort(-np.abs(before), kind="stable")[: min(MOST_PICKED, n // 3)].tolist()
    rows = [
        row
        for place in largest
        if (row := _return_row(codes[place], float(now[place]), float(before[place]), known)) is not None
    ]
    if len(rows) < len(largest):
        reason = _(
            "r is below 0: dimensions with a large gap before tend to have a small one now. The formula holds for r"
            " from 0 to 1, so no return by itself is stated."
        )
        return replace(known, reason=reason)
    return replace(known, rows=tuple(rows))


def _return_row(code: str, now: float, before: float, known: ReturnResult) -> ReturnRow | None:
    mean = known.mean_before or 0.0
    found = expected_return(now, before, mean_earlier=mean, correlation=known.r or 0.0)
    if isinstance(found, NotEnough):
        return None
    ends = [
        (1.0 - min(max(end, 0.0), 1.0)) * (mean - before)
        for end in (known.ci_low, known.ci_high)
        if end is not None
    ] or [found.by_itself]
    return ReturnRow(code, before, now, found.change, found.by_itself, min(ends), max(ends), found.beyond)


def _no_correlation(found: NotEnough) -> str:
    if found.reason == "too_few":
        text = _(
            "r cannot be told from %(n)d dimensions shown in both waves; at least %(needed)d are needed. How far the"
            " largest gaps return by themselves stays unknown."
        )
        return text % {"n": found.n, "needed": found.needed}
    return _("r has no value: all dimensions have the same gap in one of the waves.")


@dataclass(frozen=True, slots=True)
class Rollout:
    """Where an action was rolled out: customers with this value of an attribute."""

    id: str
    title: str
    attribute: str
    value: str


def rollout_results(pair: WavePair, actions: Sequence[Rollout]) -> tuple[RolloutResult, ...]:
    """Difference-in-differences of the total gap and its sides, for every action that says where it was rolled out."""
    return tuple(_rollout(pair, action) for action in actions)


def _rollout(pair: WavePair, action: Rollout) -> RolloutResult:
    names = action.id, action.title, action.attribute, action.value
    later, earlier = (groups.get(action.attribute, {}) for groups in pair.groups)
    now, before = _measured(later, 0), _measured(earlier, 0)
    shown = [value for value in now if value in before]
    others = tuple(value for value in shown if value != action.value)
    if action.value not in later or action.value not in earlier:
        return RolloutResult(
            *names, reason=_("Not computed: no customers of this group in one of the waves.")
        )
    if action.value not in shown:
        return RolloutResult(
            *names, reason=_("Not computed: this group is hidden or not measured in one of the waves.")
        )
    if not others:
        return RolloutResult(
            *names, reason=_("Not computed: no other group is shown in both waves to compare with.")
        )
    if pair.is_weighted:
        return RolloutResult(*names, reason=_("Not computed: the answers carry weights."))
    where = now[action.value].n, before[action.value].n
    rest = [sum(wave[value].n for value in others) for wave in (now, before)]
    rows = tuple(
        row
        for part, code in enumerate(pair.codes)
        if (
            row := _rollout_row(
                code, action.value, others, (_measured(later, part), _measured(earlier, part))
            )
        )
    )
    return RolloutResult(*names, *where, others, rest[0], rest[1], rows)


def _rollout_row(
    code: str, value: str, others: Sequence[str], waves: tuple[Mapping[str, Measured], Mapping[str, Measured]]
) -> RolloutRow | None:
    if any(each not in wave for each in (value, *others) for wave in waves):
        return None
    treated = waves[0][value], waves[1][value]
    untreated = pooled([waves[0][each] for each in others]), pooled([waves[1][each] for each in others])
    moved = [side[0].estimate - side[1].estimate for side in (treated, untreated)]
    found = difference_of_changes(treated, untreated)
    if isinstance(found, NotEnough):
        reason = _("Not tested: too few or too equal answers in one of the waves.")
        return RolloutRow(code, moved[0], moved[1], moved[0] - moved[1], reason=reason)
    return RolloutRow(code, moved[0], moved[1], found.estimate, found.ci_low, found.ci_high, found.p_value)
