"""Chooses actions from the library: conditions on the figures, rank, at most three per stage, order of the plan."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from diagnosis.result import Gap, GapResult, Result
from diagnosis.rules.findings import direction_of
from diagnosis.rules.library import GENERAL, LibraryEntry, When
from diagnosis.rules.patterns import DECIDED
from diagnosis.rules.texts import weight_of
from diagnosis.stats.agreement import DISAGREE_BELOW
from diagnosis.stats.certainty import EQUIVALENCE_SHARE
from surveys.instruments import Instrument

MAX_PER_STAGE = 3
STAGES = ("design", "implementation", "evaluation")
SEVERITY_POINTS: Mapping[str, int] = {"minor": 0, "small": 1, "medium": 2, "large": 3}
UNDERSTANDING, DESIGN, WEAKEST_PILLAR, DELIVERY, VISIBILITY, SYSTEM = range(6)
PHASES: Mapping[str, int] = {
    "D1": UNDERSTANDING,
    "D3": UNDERSTANDING,
    "D2": DESIGN,
    "D4": DESIGN,
    "I2": WEAKEST_PILLAR,
    "I3": WEAKEST_PILLAR,
    "I4": WEAKEST_PILLAR,
    "I1": DELIVERY,
    "E1": VISIBILITY,
    "E2": VISIBILITY,
    "E3": VISIBILITY,
    "E4": VISIBILITY,
    GENERAL: SYSTEM,
}


@dataclass(frozen=True)
class Recommendation:
    """One action proposed: `question` set = check first, never asserted. `rank` orders within a stage.

    `baseline` is the gap it should close as measured, `target` the value to reach in the next wave (a judgement: half
    of it, but not closer than 5 % of the range), both in the gap's unit.
    """

    entry: LibraryEntry
    stage: str
    gap: str
    dimension: str
    rank: float
    phase: int
    baseline: float | None
    target: float | None
    question: str = ""


@dataclass(frozen=True)
class SoundStage:
    """A stage for which nothing is recommended: what was found, and the entry that would make it certain."""

    stage: str
    text: str
    proposal: Recommendation | None


@dataclass(frozen=True)
class Plan:
    """The first plan in its order, what to check first, and the stages found sound."""

    recommended: tuple[Recommendation, ...]
    check_first: tuple[Recommendation, ...]
    sound: tuple[SoundStage, ...]

    @property
    def proposals(self) -> tuple[Recommendation, ...]:
        """Everything proposed, asserted actions first."""
        extra = tuple(stage.proposal for stage in self.sound if stage.proposal is not None)
        return (*self.recommended, *self.check_first, *extra)


@dataclass(frozen=True)
class _Match:
    """Where an entry's conditions hold: overall (dimension "") or on one dimension, with its gap."""

    gap: GapResult
    dimension: str
    found: Gap
    weight: float

    @property
    def points(self) -> float:
        """Severity x certainty x importance."""
        size = SEVERITY_POINTS.get(self.found.severity or "", 0)
        return size * weight_of(self.found.certainty) * self.weight


def recommend(result: Result, instrument: Instrument, library: Sequence[LibraryEntry]) -> Plan:
    """Choose from the library what the figures support.

    Rank = severity points x certainty x importance x impact / effort; a minor gap has 0 points and asks for no action.
    Entries with a question are listed as check first. A stage without an entry names what was found sound and
    proposes an entry on the evaluation system.
    """
    chooser = _Chooser(result, instrument)
    chosen = [found for entry in library if (found := chooser.evaluate(entry)) is not None]
    chosen.sort(key=lambda one: (-one.rank, one.entry.id))
    worth = [one for one in chosen if one.rank > 0]
    recommended = _best(one for one in worth if not one.question)
    check_first = _best(one for one in worth if one.question)
    return Plan(
        recommended=tuple(sorted(recommended, key=_plan_order)),
        check_first=tuple(sorted(check_first, key=_plan_order)),
        sound=chooser.sound_stages({one.stage for one in recommended}, library),
    )


def _plan_order(one: Recommendation) -> tuple[int, float, str]:
    return one.phase, -one.rank, one.entry.id


def _best(ranked: Iterable[Recommendation]) -> list[Recommendation]:
    """At most three of every stage, in rank order."""
    kept: list[Recommendation] = []
    for one in ranked:
        if sum(other.stage == one.stage for other in kept) < MAX_PER_STAGE:
            kept.append(one)
    return kept


class _Chooser:
    """Evaluates entries against one result."""

    def __init__(self, result: Result, instrument: Instrument) -> None:
        self.result = result
        self.instrument = instrument
        self.gaps = {gap.code: gap for gap in result.gaps}
        self.range = float(instrument.level_scale.span)
        self.codes = [dimension.code for dimension in instrument.dimensions]
        self.weakest = self._weakest_pillar()

    def evaluate(self, entry: LibraryEntry) -> Recommendation | None:
        """The entry as a recommendation, or None when its conditions do not hold.

        Entries on gaps speak of the model whose total gap is split into steps; other instruments get general ones only.
        """
        if not self.instrument.waterfall.steps:
            return None
        if entry.when is None:
            return None if entry.gap == GENERAL or not entry.ask else self._asked_only(entry)
        match = self._match(entry.when)
        if match is None:
            return None
        return self._recommendation(entry, match)

    def _asked_only(self, entry: LibraryEntry) -> Recommendation | None:
        """An entry that only asks: worth asking when its gap is decided somewhere."""
        if entry.gap not in self.gaps:
            return None
        match = self._match(When(gap=entry.gap))
        return None if match is None else self._recommendation(entry, match)

    def _recommendation(self, entry: LibraryEntry, match: _Match) -> Recommendation:
        unit_range = self.range if match.gap.unit == "points" else 100.0
        return Recommendation(
            entry=entry,
            stage=entry.stage,
            gap=entry.gap,
            dimension=match.dimension if match.dimension in self.codes else "",
            rank=match.points * entry.impact_level / entry.effort_level,
            phase=self._phase(entry),
            baseline=match.found.estimate,
            target=_target(match.found.estimate, unit_range),
            question=entry.ask,
        )

    def _phase(self, entry: LibraryEntry) -> int:
        factor = entry.when.factor if entry.when else ""
        if entry.gap == "I1" and factor and self._pillar_of(factor) == self.weakest:
            return WEAKEST_PILLAR
        return PHASES.get(entry.gap, SYSTEM)

    # -- conditions ------------------------------------------------------------------------------------------------
    def _match(self, when: When) -> _Match | None:
        gap = self.gaps.get(when.gap)
        if gap is None or not self._factor_holds(when):
            return None
        if gap.kind == "coherence":
            return self._pillars_match(gap, when)
        matches = [one for one in self._places(gap, when) if self._place_holds(one, when)]
        overall = next((one for one in matches if not one.dimension), None)
        return overall or max(matches, key=lambda one: (one.points, one.dimension), default=None)

    def _places(self, gap: GapResult, when: When) -> list[_Match]:
        """Overall and the dimensions where the gap is decided in the direction asked for."""
        weights = self.result.importance.weights
        equal = 1.0 / len(self.codes)
        places = (
            [] if when.dimensions or when.dimension_shortfall_share else [_Match(gap, "", gap.overall, equal)]
        )
        for code, found in gap.dimensions.items():
            if not when.dimensions or code in when.dimensions:
                places.append(_Match(gap, code, found, weights.get(code, equal)))
        return [
            one
            for one in places
            if one.found.certainty in DECIDED and when.direction in ("any", direction_of(one.found))
        ]

    def _place_holds(self, one: _Match, when: When) -> bool:
        if when.disagreement and not self._disagrees(when.disagreement, one.dimension):
            return False
        limit = when.dimension_shortfall_share * self.range
        if limit and not self._shortfall(one.dimension) >= limit:
            return False
        if when.items and limit:
            known = [value for item in when.items if (value := self._item_shortfall(item)) is not None]
            return not known or max(known) >= limit
        return True

    def _shortfall(self, dimension: str) -> float:
        total = self.gaps[self.instrument.waterfall.total]
        found = total.dimensions.get(dimension)
        return -(found.estimate or 0.0) if found is not None else 0.0

    def _item_shortfall(self, item: str) -> float | None:
        plan = self.instrument.waterfall
        wanted = self.result.items.get(plan.start, {}).get(item)
        received = self.result.items.get(plan.end, {}).get(item)
        if wanted is None or received is None or wanted.mean is None or received.mean is None:
            return None
        return wanted.mean - received.mean

    def _disagrees(self, state: str, dimension: str) -> bool:
        """On the dimension, or (overall) on at least half of the dimensions."""
        rows = [row for row in self.result.agreement if row.state == state]
        apart = [row.dimension for row in rows if row.rwg < DISAGREE_BELOW or row.camps is not None]
        if dimension:
            return dimension in apart
        return bool(rows) and 2 * len(apart) >= len(rows)

    def _factor_holds(self, when: When) -> bool:
        if not when.factor:
            return True
        readiness = self.result.readiness
        found = readiness.factors.get(when.factor) if readiness else None
        return found is not None and found.mean is not None and found.mean < when.below

    def _pillars_match(self, gap: GapResult, when: When) -> _Match | None:
        """Every pair (ahead, behind) far enough apart; without pairs, any flagged pair."""
        readiness = self.result.readiness
        rows = [row for row in readiness.coherence if row.audience is None and row.flag] if readiness else []
        ahead: dict[tuple[str, str], tuple[float, str]] = {}
        for row in rows:
            estimate = row.estimate or 0.0
            first, second = row.pair
            pair = (first, second) if estimate > 0 else (second, first)
            ahead[pair] = (abs(estimate), f"{first}-{second}")
        wanted = [(pair[0], pair[1]) for pair in when.pillars] or sorted(
            ahead, key=lambda pair: -ahead[pair][0]
        )[:1]
        if not wanted or any(pair not in ahead or ahead[pair][0] < when.at_least for pair in wanted):
            return None
        key = ahead[wanted[0]][1]
        return _Match(gap, key, gap.dimensions[key], 1.0 / len(self.codes))

    # -- readiness and sound stages ----------------------------------------------------------------------------------
    def _weakest_pillar(self) -> str:
        readiness = self.result.readiness
        known = {
            code: pillar.mean
            for code, pillar in (readiness.pillars.items() if readiness else ())
            if pillar.mean is not None
        }
        return min(known, key=lambda code: (known[code], code)) if known else ""

    def _pillar_of(self, factor: str) -> str:
        readiness = self.result.readiness
        return readiness.factors[factor].pillar if readiness and factor in readiness.factors else ""

    def sound_stages(self, filled: set[str], library: Sequence[LibraryEntry]) -> tuple[SoundStage, ...]:
        """What was found in every measured stage without a recommendation, each with another entry on evaluation."""
        general = iter(entry for entry in library if entry.gap == GENERAL)
        stages = [stage for stage in STAGES if any(gap.stage == stage for gap in self.instrument.gaps)]
        return tuple(self._sound(stage, next(general, None)) for stage in stages if stage not in filled)

    def _sound(self, stage: str, entry: LibraryEntry | None) -> SoundStage:
        members = [gap for gap in self.gaps.values() if gap.stage == stage]
        none = [gap.code for gap in members if gap.overall.certainty == "none"]
        open_ones = [gap.code for gap in members if gap.overall.certainty in {"undecided", "hint"}]
        unknown = [gap.code for gap in members if gap.overall.certainty in {"not_measured", "suppressed"}]
        parts = []
        if none:
            parts.append(_("No difference: %(gaps)s.") % {"gaps": ", ".join(none)})
        if open_ones:
            parts.append(_("Open, more answers are needed: %(gaps)s.") % {"gaps": ", ".join(open_ones)})
        if unknown:
            parts.append(_("Not measured or hidden: %(gaps)s.") % {"gaps": ", ".join(unknown)})
        if not parts:
            parts.append(_("The figures support no action of the library here."))
        proposal = None
        if entry is not None:
            proposal = Recommendation(
                entry=entry, stage=stage, gap=GENERAL, dimension="", rank=0.0, phase=SYSTEM,
                baseline=None, target=None, question=entry.ask,
            )  # fmt: skip
        return SoundStage(stage, " ".join(parts), proposal)


def _target(baseline: float | None, unit_range: float) -> float | None:
    """Half of the gap, rounded to a tenth of a point, but not closer than 5 % of the range."""
    if baseline is None:
        return None
    least = round(EQUIVALENCE_SHARE * unit_range, 2)
    size = min(abs(baseline), max(least, round(abs(baseline) / 2.0, 1)))
    return size if baseline > 0 else -size
