"""What every finding has: its shape, and the figures of a result it may read."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from diagnosis.result import Gap, GapResult, Result
from diagnosis.rules.library import GapReading, reading_for
from diagnosis.rules.texts import weight_of
from surveys.instruments import Gap as GapDefinition
from surveys.instruments import Instrument

Direction = Literal["negative", "positive"]

LOW_FACTOR = 60.0
MAX_FACTORS = 3
MAX_HEADLINE = 240


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


def hurting_directions(gap: GapDefinition) -> tuple[Direction, ...]:
    """Directions of a gap in which something is lost."""
    return {"negative": ("negative",), "positive": ("positive",), "both": ("negative", "positive")}[gap.hurts]  # type: ignore[return-value]  # mypy widens the literals


def direction_of(gap: Gap) -> Direction | None:
    """Sign of a gap; None when there is no estimate."""
    if gap.estimate is None or gap.estimate == 0:
        return None
    return "negative" if gap.estimate < 0 else "positive"


class Reader:
    """Reads one result; its subclasses yield findings of one kind each."""

    def __init__(self, result: Result, instrument: Instrument) -> None:
        self.result = result
        self.instrument = instrument
        self.range = float(instrument.level_scale.span)
        self.total = instrument.waterfall.total
        self.names = {dimension.code: dimension.name for dimension in instrument.dimensions}
        self.gaps_by_code = {gap.code: gap for gap in result.gaps}

    def finding(
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
        """A finding with its evidence: the figures in `rows`, low readiness factors, size and weights."""
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
            causes=reading.causes if reading else self.instrument.gap(gap).checks,
            evidence={
                "gaps": [
                    self.figure(result.code, part or "", self.at(result, part), result.unit)
                    for result, part in rows
                ],
                "factors": self.low_factors(stage),
                "importance": importance,
                "size": self.points(self.gaps_by_code[gap], certainty),
                "weight": weight,
                "checks": list(reading.checks if reading else ()),
            },
        )

    def figure(self, code: str, part: str, gap: Gap, unit: str) -> dict[str, Any]:
        """One figure as evidence."""
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

    def low_factors(self, stage: str) -> list[dict[str, Any]]:
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

    def points(self, result: GapResult, gap: Gap) -> float:
        """Size of a gap in points of the level scale."""
        size = abs(gap.estimate or 0.0)
        return size * self.range / 100.0 if result.unit == "0-100" else size

    def at(self, result: GapResult, part: str | None) -> Gap:
        """A gap overall or on one part."""
        return result.overall if part is None else result.dimensions[part]

    def short(self, code: str) -> str:
        """Short name of a gap."""
        definition = self.instrument.gap(code)
        return definition.short or definition.name

    def part_name(self, code: str) -> str:
        """Name of a dimension or factor."""
        if code in self.names:
            return self.names[code]
        return next((factor.name for factor in self.instrument.factors if factor.code == code), code)

    def reading(self, code: str, direction: Direction, pillars: tuple[str, ...] = ()) -> GapReading | None:
        """How to read a gap in one direction, or None when the library does not say.

        The library's readings speak of the steps of the total gap, so a total that is not split has none.
        """
        if not self.instrument.waterfall.steps:
            return None
        try:
            return reading_for(code, direction, pillars)
        except KeyError:
            return None
