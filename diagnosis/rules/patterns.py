"""Names the patterns of the instrument: a pattern is named when all its conditions hold in the figures."""

from collections.abc import Mapping

from django.utils.translation import gettext as _

from diagnosis.result import Coverage, Gap, GapResult, PatternResult, Readiness, Waterfall
from diagnosis.rules.texts import signed
from surveys.instruments import Condition, Instrument, Pattern

NEAR_ZERO_SHARE = 0.05
LARGEST_FROM = 0.5
DECIDED = frozenset({"clear", "probable"})


class _Figures:
    """What the conditions ask; each method answers one kind of condition with its reason, "" = does not hold."""

    def __init__(
        self,
        instrument: Instrument,
        gaps: Mapping[str, GapResult],
        waterfall: Waterfall | None,
        readiness: Readiness | None,
        coverage: Coverage | None,
    ) -> None:
        self.instrument = instrument
        self.gaps = gaps
        self.waterfall = waterfall
        self.readiness = readiness
        self.coverage = coverage

    def reason(self, condition: Condition) -> str:
        """Why the condition holds, or "" when it does not (or cannot be judged)."""
        if condition.kind == "gap":
            return self._gap(condition.subject[0], condition.relation)
        if condition.kind == "largest":
            return self._largest(condition.subject[0])
        if condition.kind == "pillars":
            return self._pillars(condition.subject, condition.relation)
        return self._segments()

    def _gap(self, code: str, relation: str) -> str:
        found = self.gaps.get(code)
        if found is None:
            return ""
        gap, limit = found.overall, NEAR_ZERO_SHARE * self._range(found)
        holds = {
            "<0": is_below(gap),
            ">0": is_above(gap),
            "~0": is_near_zero(gap, limit),
            ">=0": is_above(gap) or is_near_zero(gap, limit),
        }[relation]
        if not holds or gap.estimate is None:
            return ""
        return f"{code} {signed(gap.estimate)}"

    def _range(self, gap: GapResult) -> float:
        return float(self.instrument.level_scale.span) if gap.unit == "points" else 100.0

    def _largest(self, code: str) -> str:
        steps = self.waterfall.overall.steps if self.waterfall else ()
        known = [step for step in steps if step.estimate is not None and step.p_largest is not None]
        if not known:
            return ""
        least = min(known, key=lambda step: step.estimate or 0.0)
        if least.gap != code or (least.estimate or 0.0) >= 0 or (least.p_largest or 0.0) < LARGEST_FROM:
            return ""
        return _("%(gap)s is the largest loss (%(percent)d %% of draws)") % {
            "gap": code,
            "percent": round(100 * (least.p_largest or 0.0)),
        }

    def _pillars(self, pair: tuple[str, ...], relation: str) -> str:
        ahead = self._outruns(pair[0], pair[1])
        behind = self._outruns(pair[1], pair[0])
        if ahead is None or behind is None:
            return ""
        if relation == ">>":
            return f"{pair[0]}−{pair[1]} {self._difference(pair[0], pair[1]):+.0f}" if ahead else ""
        if ahead or behind:
            return ""
        return _("%(first)s and %(second)s about equal") % {"first": pair[0], "second": pair[1]}

    def _difference(self, first: str, second: str) -> float:
        for row in self.readiness.coherence if self.readiness else ():
            if row.audience is None and row.estimate is not None:
                if row.pair == (first, second):
                    return row.estimate
                if row.pair == (second, first):
                    return -row.estimate
        return 0.0

    def _outruns(self, first: str, second: str) -> bool | None:
        """Whether the first pillar is flagged as ahead of the second; None when it was not measured."""
        for row in self.readiness.coherence if self.readiness else ():
            if row.audience is None and set(row.pair) == {first, second} and row.estimate is not None:
                return row.flag and self._difference(first, second) > 0
        return None

    def _segments(self) -> str:
        """Two groups of one attribute with the total gap decided in opposite directions."""
        groups = self.coverage.attributes if self.coverage else ()
        for attribute in dict.fromkeys(group.attribute for group in groups):
            members = [group for group in groups if group.attribute == attribute]
            below = [group.value for group in members if is_below(group.total)]
            above = [group.value for group in members if is_above(group.total)]
            if below and above:
                return _("%(attribute)s: %(below)s get less than they want, %(above)s more") % {
                    "attribute": attribute,
                    "below": ", ".join(below),
                    "above": ", ".join(above),
                }
        return ""


def is_below(gap: Gap) -> bool:
    """Clear or probable and negative."""
    return gap.certainty in DECIDED and gap.estimate is not None and gap.estimate < 0


def is_above(gap: Gap) -> bool:
    """Clear or probable and positive."""
    return gap.certainty in DECIDED and gap.estimate is not None and gap.estimate > 0


def is_near_zero(gap: Gap, limit: float) -> bool:
    """Within 5 % of the scale range and neither clear nor probable."""
    return gap.certainty not in DECIDED and gap.estimate is not None and abs(gap.estimate) < limit


def name_patterns(
    instrument: Instrument,
    *,
    gaps: Mapping[str, GapResult],
    waterfall: Waterfall | None,
    readiness: Readiness | None,
    coverage: Coverage | None,
) -> tuple[PatternResult, ...]:
    """Every pattern whose conditions all hold, in the order of the instrument, add-ons last."""
    figures = _Figures(instrument, gaps, waterfall, readiness, coverage)
    found = [named for pattern in instrument.patterns if (named := _named(pattern, figures)) is not None]
    return tuple(sorted(found, key=lambda pattern: pattern.add_on))


def _named(pattern: Pattern, figures: _Figures) -> PatternResult | None:
    reasons = [figures.reason(condition) for condition in pattern.conditions]
    if not all(reasons):
        return None
    why = "; ".join(reasons)
    return PatternResult(pattern.code, pattern.name, pattern.explanation, why, pattern.add_on)
