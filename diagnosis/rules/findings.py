"""Turns a result into ranked findings: headline, text, figures, causes to check; the same result, the same findings."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.result import Gap, GapResult, Result
from diagnosis.rules.library import GapReading, reading_for
from diagnosis.rules.patterns import DECIDED
from diagnosis.rules.texts import gap_text, plain, sentence, weight_of
from diagnosis.stats.agreement import DISAGREE_BELOW
from diagnosis.stats.certainty import EQUIVALENCE_SHARE
from surveys.instruments import Gap as GapDefinition
from surveys.instruments import Instrument

Direction = Literal["negative", "positive"]

MAX_DIMENSIONS = 5
LOW_FACTOR = 60.0
MAX_FACTORS = 3
MAX_HEADLINE = 240
READABLE = frozenset({"clear", "probable", "hint"})


@dataclass(frozen=True)
class FoundFinding:
    """One finding before the consultant's decision; `code` is stable for the same gap and dimension.

    `evidence`: {"gaps": [...], "factors": [...], "importance": share, "size": points, "weight": certainty weight,
    "checks": [...]}; `causes` are possible causes to check, never asserted.
    """

    code: str
    stage: str
    gap: str
    dimension: str
    headline: str
    text: str
    certainty: str
    severity: str
    priority: float
    causes: tuple[str, ...] = ()
    evidence: Mapping[str, Any] = field(default_factory=dict)
    rank: int = 0


def find(result: Result, instrument: Instrument) -> tuple[FoundFinding, ...]:
    """All findings of a result, ranked by size x importance x certainty."""
    reader = _Reader(result, instrument)
    found = [*reader.shortfalls(), *reader.gaps(), *reader.groups(), *reader.coherence(), *reader.standards()]
    found.sort(key=lambda finding: (-finding.priority, finding.code))
    return tuple(replace(finding, rank=rank) for rank, finding in enumerate(found, start=1))


def hurting_directions(gap: GapDefinition) -> tuple[Direction, ...]:
    """Directions of a gap in which something is lost."""
    return {"negative": ("negative",), "positive": ("positive",), "both": ("negative", "positive")}[gap.hurts]  # type: ignore[return-value]  # mypy widens the literals


def direction_of(gap: Gap) -> Direction | None:
    """Sign of a gap; None when there is no estimate."""
    if gap.estimate is None or gap.estimate == 0:
        return None
    return "negative" if gap.estimate < 0 else "positive"


class _Reader:
    """Reads one result; every method yields findings of one kind."""

    def __init__(self, result: Result, instrument: Instrument) -> None:
        self.result = result
        self.instrument = instrument
        self.range = float(instrument.level_scale.span)
        self.total = instrument.waterfall.total
        self.names = {dimension.code: dimension.name for dimension in instrument.dimensions}
        self.gaps_by_code = {gap.code: gap for gap in result.gaps}

    # -- what customers miss -------------------------------------------------------------------------------------
    def shortfalls(self) -> Iterator[FoundFinding]:
        """The dimensions with the highest priority: what customers miss, and at which step most of it is lost."""
        total = self.gaps_by_code[self.total]
        chosen = [row for row in self.result.priorities if row.priority > 0 and row.certainty in DECIDED]
        for row in chosen[:MAX_DIMENSIONS]:
            gap = total.dimensions[row.dimension]
            step = self._largest_step(row.dimension)
            stage = step.stage if step else total.stage
            steps = [self.gaps_by_code[code] for code in self.instrument.waterfall.steps]
            rows = [(total, row.dimension), *((each, row.dimension) for each in steps)]
            reading = self._reading(step.code if step else self.total, "negative")
            yield self._finding(
                code=f"{self.total}.{row.dimension}",
                stage=stage,
                gap=self.total,
                dimension=row.dimension,
                headline=self._shortfall_headline(row.dimension, gap, step),
                text=self._shortfall_text(row.dimension, gap, step, reading),
                certainty=gap,
                priority=row.priority,
                importance=row.importance,
                rows=rows,
                reading=reading,
            )

    def _largest_step(self, dimension: str) -> GapResult | None:
        """The most negative step of a dimension, if it is clear or probable."""
        steps = [self.gaps_by_code[code] for code in self.instrument.waterfall.steps]
        known = [step for step in steps if step.dimensions[dimension].estimate is not None]
        least = min(known, key=lambda step: step.dimensions[dimension].estimate or 0.0, default=None)
        if least is None or len(known) < len(steps):
            return None
        gap = least.dimensions[dimension]
        return least if gap.certainty in DECIDED and direction_of(gap) == "negative" else None

    def _shortfall_headline(self, dimension: str, gap: Gap, step: GapResult | None) -> str:
        values = {"dimension": self.names[dimension], "points": plain(gap.estimate or 0.0)}
        if step is None:
            return _("%(dimension)s: customers get %(points)s points less than they want") % values
        values["step"] = self._short(step.code)
        return (
            _("%(dimension)s: customers get %(points)s points less than they want; most is lost at: %(step)s")
            % values
        )

    def _shortfall_text(
        self, dimension: str, gap: Gap, step: GapResult | None, reading: GapReading | None
    ) -> str:
        parts = [
            _("Customers want %(wanted)s and get %(received)s.")
            % {"wanted": f"{gap.mean_earlier or 0.0:.2f}", "received": f"{gap.mean_later or 0.0:.2f}"}
        ]
        parts.append(gap_text(f"{self.total} {dimension}", gap) + ".")
        if step is not None:
            parts.append(gap_text(f"{step.code} {dimension}", step.dimensions[dimension]) + ".")
            if reading is not None:
                parts.append(reading.meaning)
        return " ".join(parts)

    # -- every other gap -----------------------------------------------------------------------------------------
    def gaps(self) -> Iterator[FoundFinding]:
        """Every other gap between states or audiences that hurts, overall or on single dimensions."""
        for definition in self.instrument.gaps:
            result = self.gaps_by_code[definition.code]
            if definition.code != self.total and definition.kind in {"difference", "alignment", "system_use"}:
                for direction in hurting_directions(definition):
                    found = self._gap_finding(definition, result, direction)
                    if found is not None:
                        yield found

    def _gap_finding(
        self, definition: GapDefinition, result: GapResult, direction: Direction
    ) -> FoundFinding | None:
        overall = result.overall
        parts = [
            code
            for code, gap in result.dimensions.items()
            if gap.certainty in DECIDED and direction_of(gap) == direction
        ]
        parts.sort(key=lambda code: (-abs(result.dimensions[code].estimate or 0.0), code))
        is_overall = overall.certainty in READABLE and direction_of(overall) == direction
        if not is_overall and not parts:
            return None
        lead = overall if is_overall else result.dimensions[parts[0]]
        dimension = parts[0] if not is_overall and len(parts) == 1 and parts[0] in self.names else ""
        weights = self.result.importance.weights
        importance = weights[dimension] if dimension else 1.0 / len(self.names)
        reading = self._reading(definition.code, direction)
        statement = sentence(definition.negative if direction == "negative" else definition.positive)
        names = [self._part_name(code) for code in parts[:3]]
        headline = statement if is_overall and not names else f"{statement}: {', '.join(names)}"
        rows: list[tuple[GapResult, str | None]] = [(result, None)] if is_overall else []
        rows += [(result, code) for code in parts[:3]]
        evidence = "; ".join(
            gap_text(f"{result.code} {code or ''}".strip(), self._at(result, code), unit=result.unit)
            for code, result in ((code, result) for result, code in rows)
        )
        texts = [f"{evidence}."] + ([reading.meaning] if reading else [])
        texts += self._disagreement_texts(definition)
        is_single = dimension or (is_overall and not parts)
        return self._finding(
            code=definition.code
            if direction == hurting_directions(definition)[0]
            else f"{definition.code}.plus",
            stage=definition.stage,
            gap=definition.code,
            dimension=dimension,
            headline=headline if is_single or names else statement,
            text=" ".join(texts),
            certainty=lead,
            priority=self._points(result, lead) * importance * weight_of(lead.certainty),
            importance=importance,
            rows=rows,
            reading=reading,
        )

    def _disagreement_texts(self, definition: GapDefinition) -> list[str]:
        """Where the audience of the later state does not agree with itself, its mean is not a shared view."""
        codes = [
            row.dimension
            for row in self.result.agreement
            if row.state == definition.later and row.rwg < DISAGREE_BELOW
        ]
        if not codes:
            return []
        return [
            ngettext(
                "The group does not agree with itself on %(names)s (rwg below .50).",
                "The group does not agree with itself on %(names)s (rwg below .50).",
                len(codes),
            )
            % {"names": ", ".join(codes)}
        ]

    # -- groups, pillars, standards ------------------------------------------------------------------------------
    def groups(self) -> Iterator[FoundFinding]:
        """Known groups of customers whom one standard fits differently."""
        coverage = self.result.coverage
        definition = next((gap for gap in self.instrument.gaps if gap.kind == "coverage"), None)
        if coverage is None or definition is None:
            return
        for attribute in dict.fromkeys(group.attribute for group in coverage.attributes):
            members = [
                group
                for group in coverage.attributes
                if group.attribute == attribute and group.gap.estimate is not None
            ]
            members.sort(key=lambda group: group.gap.estimate or 0.0)
            if len(members) < 2 or not any(group.gap.certainty in DECIDED for group in members):
                continue
            low, high = members[0], members[-1]
            spread = (high.gap.estimate or 0.0) - (low.gap.estimate or 0.0)
            apart = (low.gap.ci_high or 0.0) < (high.gap.ci_low or 0.0)
            if spread < EQUIVALENCE_SHARE * self.range or not apart:
                continue
            lead = max(
                (low, high), key=lambda group: (group.gap.certainty in DECIDED, abs(group.gap.estimate or 0))
            )
            reading = self._reading(definition.code, direction_of(lead.gap) or "negative")
            shown = [low, high]
            yield FoundFinding(
                code=f"{definition.code}.{attribute}"[:40],
                stage=definition.stage,
                gap=definition.code,
                dimension="",
                headline=(
                    _("One standard for groups that want different things (%(attribute)s)")
                    % {"attribute": attribute}
                )[:MAX_HEADLINE],
                text="; ".join(gap_text(group.value, group.gap) for group in shown) + ".",
                certainty=lead.gap.certainty,
                severity=lead.gap.severity or "",
                priority=spread / len(self.names) * weight_of(lead.gap.certainty),
                causes=reading.causes if reading else (),
                evidence={
                    "gaps": [
                        self._figure(definition.code, "", group.gap, "points") | {"group": group.value}
                        for group in shown
                    ],
                    "factors": [],
                    "importance": 1.0 / len(self.names),
                    "size": spread,
                    "weight": weight_of(lead.gap.certainty),
                    "checks": list(reading.checks if reading else ()),
                },
            )

    def coherence(self) -> Iterator[FoundFinding]:
        """The widest flagged difference of two pillars: one component ahead of another."""
        definition = next((gap for gap in self.instrument.gaps if gap.kind == "coherence"), None)
        readiness = self.result.readiness
        if definition is None or readiness is None:
            return
        flagged = [row for row in readiness.coherence if row.audience is None and row.flag]
        if not flagged:
            return
        widest = max(flagged, key=lambda row: abs(row.estimate or 0.0))
        result = self.gaps_by_code[definition.code]
        key = f"{widest.pair[0]}-{widest.pair[1]}"
        ahead, behind = widest.pair if (widest.estimate or 0.0) > 0 else widest.pair[::-1]
        reading = self._reading(definition.code, "positive", (ahead, behind))
        names = {pillar.code: pillar.name for pillar in self.instrument.pillars}
        gap = result.dimensions[key]
        yield self._finding(
            code=definition.code,
            stage=definition.stage,
            gap=definition.code,
            dimension="",
            headline=_("%(ahead)s is ahead of %(behind)s by %(points)s of 100")
            % {
                "ahead": names[ahead],
                "behind": names[behind],
                "points": plain(gap.estimate or 0.0, unit="0-100"),
            },
            text=f"{gap_text(key, gap, unit='0-100')}." + (f" {reading.meaning}" if reading else ""),
            certainty=gap,
            priority=self._points(result, gap) / len(self.names) * weight_of(gap.certainty),
            importance=1.0 / len(self.names),
            rows=[(result, key)],
            reading=reading,
        )

    def standards(self) -> Iterator[FoundFinding]:
        """Items for which most managers say that no standard exists."""
        left_out = [row for row in self.result.no_standard if row.left_out]
        definition = next(
            (
                gap
                for gap in self.instrument.gaps
                if gap.kind == "difference" and self.instrument.state(gap.later).no_standard
            ),
            None,
        )
        if not left_out or definition is None:
            return
        items = [row.item for row in left_out]
        reading = self._reading(definition.code, "negative")
        yield FoundFinding(
            code=f"{definition.code}.no-standard",
            stage=definition.stage,
            gap=definition.code,
            dimension="",
            headline=ngettext(
                "Most managers say that no standard exists for %(n)d item",
                "Most managers say that no standard exists for %(n)d items",
                len(items),
            )
            % {"n": len(items)},
            text=", ".join(f"{row.item} {100 * row.share:.0f} %" for row in left_out) + ".",
            certainty="hint",
            severity="",
            priority=self.range
            * sum(row.share for row in left_out)
            / len(self.instrument.items)
            / len(self.names)
            * weight_of("hint"),
            causes=reading.causes if reading else (),
            evidence={
                "gaps": [],
                "factors": [],
                "items": [{"item": row.item, "share": row.share, "n": row.n} for row in left_out],
                "importance": 1.0 / len(self.names),
                "size": 0.0,
                "weight": weight_of("hint"),
                "checks": list(reading.checks if reading else ()),
            },
        )

    # -- shared ----------------------------------------------------------------------------------------------------
    def _finding(
        self,
        *,
        code: str,
        stage: str,
        gap: str,
        dimension: str,
        headline: str,
        text: str,
        certainty: Gap,
        priority: float,
        importance: float,
        rows: Sequence[tuple[GapResult, str | None]],
        reading: GapReading | None,
    ) -> FoundFinding:
        weight = weight_of(certainty.certainty)
        return FoundFinding(
            code=code,
            stage=stage,
            gap=gap,
            dimension=dimension,
            headline=headline[:MAX_HEADLINE],
            text=text,
            certainty=certainty.certainty,
            severity=certainty.severity or "",
            priority=priority,
            causes=reading.causes if reading else (),
            evidence={
                "gaps": [
                    self._figure(result.code, part or "", self._at(result, part), result.unit)
                    for result, part in rows
                ],
                "factors": self._low_factors(stage),
                "importance": importance,
                "size": self._points(self.gaps_by_code[gap], certainty),
                "weight": weight,
                "checks": list(reading.checks if reading else ()),
            },
        )

    def _figure(self, code: str, part: str, gap: Gap, unit: str) -> dict[str, Any]:
        return {
            "gap": code,
            "dimension": part,
            "unit": unit,
            "estimate": gap.estimate,
            "ci_low": gap.ci_low,
            "ci_high": gap.ci_high,
            "certainty": gap.certainty,
            "n_later": gap.n_later,
            "n_earlier": gap.n_earlier,
            "indicative": gap.indicative,
        }

    def _low_factors(self, stage: str) -> list[dict[str, Any]]:
        """The lowest readiness factors of a stage below 60 of 100, as the front line sees them where it was asked."""
        readiness = self.result.readiness
        if readiness is None:
            return []
        rows = []
        for factor in self.instrument.factors:
            found = readiness.factors[factor.code]
            seen = found.by_audience.get("front_line")
            value = seen.mean if seen is not None and seen.mean is not None else found.mean
            if stage in factor.stages and value is not None and value < LOW_FACTOR:
                rows.append({"factor": factor.code, "name": factor.name, "mean": value})
        return sorted(rows, key=lambda row: (row["mean"], row["factor"]))[:MAX_FACTORS]

    def _points(self, result: GapResult, gap: Gap) -> float:
        """Size of a gap in points of the level scale."""
        size = abs(gap.estimate or 0.0)
        return size * self.range / 100.0 if result.unit == "0-100" else size

    def _at(self, result: GapResult, part: str | None) -> Gap:
        return result.overall if part is None else result.dimensions[part]

    def _short(self, code: str) -> str:
        definition = self.instrument.gap(code)
        return definition.short or definition.name

    def _part_name(self, code: str) -> str:
        if code in self.names:
            return self.names[code]
        return next((factor.name for factor in self.instrument.factors if factor.code == code), code)

    def _reading(self, code: str, direction: Direction, pillars: tuple[str, ...] = ()) -> GapReading | None:
        try:
            return reading_for(code, direction, pillars)
        except KeyError:
            return None
