"""Findings that are no single gap: groups of customers, pillars out of step, points without a standard."""

from collections.abc import Iterator

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.rules.patterns import DECIDED
from diagnosis.rules.reader import MAX_HEADLINE, FoundFinding, Reader, direction_of
from diagnosis.rules.texts import gap_text, plain, weight_of
from diagnosis.stats.certainty import EQUIVALENCE_SHARE


class SpecialFindings(Reader):
    """Findings on groups, coherence and missing standards."""

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
            reading = self.reading(definition.code, direction_of(lead.gap) or "negative")
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
                        self.figure(definition.code, "", group.gap, "points") | {"group": group.value}
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
        reading = self.reading(definition.code, "positive", (ahead, behind))
        names = {pillar.code: pillar.name for pillar in self.instrument.pillars}
        gap = result.dimensions[key]
        yield self.finding(
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
            priority=self.points(result, gap) / len(self.names) * weight_of(gap.certainty),
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
        reading = self.reading(definition.code, "negative")
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
