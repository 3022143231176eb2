"""Turns a result into ranked findings: headline, text, figures, causes to check; the same result, the same findings."""

from collections.abc import Iterator
from dataclasses import replace

from django.utils.translation import gettext as _

from diagnosis.result import Gap, GapResult, Result
from diagnosis.rules.library import GapReading
from diagnosis.rules.patterns import DECIDED
from diagnosis.rules.reader import Direction, FoundFinding, Reader, direction_of, hurting_directions
from diagnosis.rules.special_findings import SpecialFindings
from diagnosis.rules.texts import gap_text, plain, sentence, weight_of
from diagnosis.stats.agreement import DISAGREE_BELOW
from surveys.instruments import Gap as GapDefinition
from surveys.instruments import Instrument

__all__ = ["FoundFinding", "direction_of", "find", "hurting_directions"]

MAX_DIMENSIONS = 5
READABLE = frozenset({"clear", "probable", "hint"})


def find(result: Result, instrument: Instrument) -> tuple[FoundFinding, ...]:
    """All findings of a result, ranked by size x importance x certainty."""
    gaps, special = _GapFindings(result, instrument), SpecialFindings(result, instrument)
    found = [*gaps.shortfalls(), *gaps.gaps(), *special.groups(), *special.coherence(), *special.standards()]
    found.sort(key=lambda finding: (-finding.priority, finding.code))
    return tuple(replace(finding, rank=rank) for rank, finding in enumerate(found, start=1))


class _GapFindings(Reader):
    """Findings on what customers miss and on every gap between states or audiences."""

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
            reading = self.reading(step.code if step else self.total, "negative")
            yield self.finding(
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
        if not self.instrument.waterfall.steps:
            return _("%(dimension)s: customers get %(points)s points less than they expected") % values
        if step is None:
            return _("%(dimension)s: customers get %(points)s points less than they want") % values
        values["step"] = self.short(step.code)
        return (
            _("%(dimension)s: customers get %(points)s points less than they want; most is lost at: %(step)s")
            % values
        )

    def _shortfall_text(
        self, dimension: str, gap: Gap, step: GapResult | None, reading: GapReading | None
    ) -> str:
        means = {"wanted": plain(gap.mean_earlier or 0.0), "received": plain(gap.mean_later or 0.0)}
        parts = [_("Customers want %(wanted)s and get %(received)s.") % means]
        if not self.instrument.waterfall.steps:
            parts = [_("Customers expected %(wanted)s and get %(received)s.") % means]
        parts.append(gap_text(f"{self.total} {dimension}", gap) + ".")
        parts.extend(self._zone_text(dimension))
        if step is not None:
            parts.append(gap_text(f"{step.code} {dimension}", step.dimensions[dimension]) + ".")
            if reading is not None:
                parts.append(reading.meaning)
        return " ".join(parts)

    def _zone_text(self, dimension: str) -> Iterator[str]:
        """What is received less the lowest level accepted, where the zone of tolerance was asked and is proved left."""
        cell = self.result.zone.dimensions[dimension] if self.result.zone else None
        if cell is None or cell.state != "critical" or cell.adequacy.certainty not in DECIDED:
            return
        yield _("This is less than they accept: %(figure)s.") % {
            "figure": gap_text(_("received less lowest"), cell.adequacy)
        }

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
        reading = self.reading(definition.code, direction)
        statement = sentence(definition.negative if direction == "negative" else definition.positive)
        names = [self.part_name(code) for code in parts[:3]]
        headline = statement if is_overall and not names else f"{statement}: {', '.join(names)}"
        rows: list[tuple[GapResult, str | None]] = [(result, None)] if is_overall else []
        rows += [(result, code) for code in parts[:3]]
        evidence = "; ".join(
            gap_text(f"{each.code} {part or ''}".strip(), self.at(each, part), unit=each.unit)
            for each, part in rows
        )
        texts = [f"{evidence}."] + ([reading.meaning] if reading else [])
        texts += self._disagreement_texts(definition)
        return self.finding(
            code=definition.code
            if direction == hurting_directions(definition)[0]
            else f"{definition.code}.plus",
            stage=definition.stage,
            gap=definition.code,
            dimension=dimension,
            headline=headline,
            text=" ".join(texts),
            certainty=lead,
            priority=self.points(result, lead) * importance * weight_of(lead.certainty),
            importance=importance,
            rows=rows,
            reading=reading,
        )

    def _disagreement_texts(self, definition: GapDefinition) -> list[str]:
        """Where the audience of the later state does not agree with itself, its mean is not a shared view."""
        own = [row for row in self.result.agreement if row.state == definition.later]
        apart = [row.dimension for row in own if row.rwg < DISAGREE_BELOW]
        camps = [row.dimension for row in own if row.camps is not None and row.dimension not in apart]
        texts = []
        if apart:
            texts.append(
                _("The group does not agree with itself on %(names)s (rwg below .50).")
                % {"names": ", ".join(apart)}
            )
        if camps:
            texts.append(_("The group falls into two camps on %(names)s.") % {"names": ", ".join(camps)})
        return texts
