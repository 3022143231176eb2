"""Every table of a result as rows, for exports: full precision, and words where a figure is hidden or missing."""

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from diagnosis.agreement_figures import agreement_tables
from diagnosis.appendix_figures import appendix_table
from diagnosis.driver_figures import driver_tables
from diagnosis.profile_figures import profile_tables
from diagnosis.result import Gap, GapResult, Mean, Result
from diagnosis.shares_figures import shares_tables
from diagnosis.structure_figures import structure_tables
from diagnosis.table import Cell, Table
from diagnosis.words import (
    AGREEMENT,
    AUDIENCES,
    CERTAINTY,
    RELIABILITY,
    SEVERITY,
    STAGES,
    ZONE_STATES,
)
from surveys.instruments import Instrument


def result_tables(result: Result, instrument: Instrument) -> list[Table]:
    """Return the tables of a result that have rows, in the order of the diagnosis document."""
    names = _Names(instrument)
    tables = [
        _audiences(result),
        _states(result, names),
        _gaps(result, names),
        appendix_table(result, names.part),
        _waterfall(result, names),
        _priorities(result, names),
        *driver_tables(result, instrument),
        *profile_tables(result, instrument),
        _readiness(result, names),
        _coherence(result, names),
        _groups(result, names),
        _outcomes(result),
        *shares_tables(result, instrument),
        _zone(result, names),
        _direct(result, names),
        _reliability(result, names),
        *structure_tables(result, instrument),
        *agreement_tables(result, instrument),
        _items(result, names),
        _patterns(result),
    ]
    return [table for table in tables if table.rows]


class _Names:
    """Names of the instrument's parts by code; an unknown code names itself."""

    def __init__(self, instrument: Instrument) -> None:
        self.states = {state.code: state.label for state in instrument.states}
        self.parts = {dimension.code: dimension.name for dimension in instrument.dimensions}
        self.items: dict[str, str] = {}
        for dimension in instrument.dimensions:
            self.items |= {item.code: next(iter(item.wordings.values())) for item in dimension.items}
        for pillar in instrument.pillars:
            self.parts[pillar.code] = pillar.name
            self.parts |= {factor.code: factor.name for factor in pillar.factors}

    def part(self, code: str) -> str:
        """Return the name of a dimension, factor, pillar or pair of pillars."""
        return " – ".join(self.parts.get(one, one) for one in code.split("-"))


def audience_name(code: str | None) -> str:
    """Return the name of an audience; None is all of them."""
    return _("All audiences") if code is None else str(AUDIENCES.get(code, code))


def _audiences(result: Result) -> Table:
    header = (
        _("Audience"), _("Mode"), _("Invited"), _("Accepted"), _("Bounced"), _("Started"), _("Finished"), _("Used"),
        _("Response rate"), _("CI low"), _("CI high"), _("Effective n"), _("Left out"), _("Note"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for audience in result.audiences:
        rate = audience.response_rate
        left_out = ", ".join(f"{one.reason}: {one.n}" for one in audience.excluded or ())
        note = audience.suppressed or (_("indicative") if audience.indicative else "")
        rows.append(
            (
                audience.name, audience.mode, audience.invited, audience.accepted, audience.bounced, audience.started,
                audience.finished, audience.used, rate.estimate if rate else None, rate.ci_low if rate else None,
                rate.ci_high if rate else None, audience.effective_n, left_out, note,
            )
        )  # fmt: skip
        if (visits := audience.open_link) is not None:
            name = _("%(audience)s by open link") % {"audience": audience.name}
            note = _("included") if visits.included else _("left out")
            empty = (None,) * 5
            rows.append(
                (name, "", None, None, None, visits.started, visits.finished, visits.used, *empty, note)
            )
    return Table(_("Who was asked"), header, tuple(rows))


def _mean_header() -> tuple[str, ...]:
    return ("n", _("mean"), _("SD"), _("CI low"), _("CI high"))


def _mean(mean: Mean) -> tuple[Cell, ...]:
    note = mean.suppressed or mean.not_measured or (_("indicative") if mean.indicative else "")
    return (mean.n, mean.mean, mean.sd, mean.ci_low, mean.ci_high, note)


def _states(result: Result, names: _Names) -> Table:
    header = (_("State"), _("Meaning"), _("Audience"), _("Dimension"), _("Name"), *_mean_header(), _("Note"))
    rows: list[tuple[Cell, ...]] = []
    for code, state in result.states.items():
        start = (code, names.states.get(code, code), audience_name(state.audience))
        rows.append((*start, "", _("Overall"), *_mean(state.overall)))
        rows += [(*start, part, names.part(part), *_mean(mean)) for part, mean in state.dimensions.items()]
    return Table(_("Levels"), header, tuple(rows))


GAP_FIGURES = (
    "n_later", "mean_later", "sd_later", "n_earlier", "mean_earlier", "sd_earlier", "estimate", "se", "df", "ci_low",
    "ci_high", "ci90_low", "ci90_high", "t", "p_value", "q_value", "careful_q", "g", "d_z",
    "permutation_p", "skew_p", "smallest_detectable",
)  # fmt: skip


def _gap(gap: Gap) -> tuple[Cell, ...]:
    note = gap.reason or (_("indicative") if gap.indicative else "")
    words = (
        str(CERTAINTY.get(gap.certainty, gap.certainty)),
        str(SEVERITY[gap.severity]) if gap.severity else "",
    )
    return (*words, *(getattr(gap, name) for name in GAP_FIGURES), note)


def _gap_rows(gap: GapResult, names: _Names) -> Iterator[tuple[Cell, ...]]:
    sides = f"{gap.later} - {gap.earlier}" if gap.later and gap.earlier else ""
    start = (gap.code, gap.name, str(STAGES.get(gap.stage, gap.stage)), sides, gap.test, gap.unit)
    yield (*start, "", _("Overall"), *_gap(gap.overall))
    for part, one in gap.dimensions.items():
        yield (*start, part, names.part(part), *_gap(one))
    for variant in gap.variants:
        yield from _gap_rows(variant, names)


def _gaps(result: Result, names: _Names) -> Table:
    header = (
        _("Gap"), _("Name"), _("Stage"), _("Sides"), _("Test"), _("Unit"), _("Dimension"), _("Name of dimension"),
        _("Certainty"), _("Severity"), *GAP_FIGURES, _("Note"),
    )  # fmt: skip
    return Table(_("Gaps"), header, tuple(row for gap in result.gaps for row in _gap_rows(gap, names)))


def _waterfall(result: Result, names: _Names) -> Table:
    header = (
        _("Dimension"), _("Name"), _("Step"), _("Stage"), _("Estimate"), _("CI low"), _("CI high"), _("Certainty"),
        _("Probability of the largest loss"), _("Share of all losses"),
    )  # fmt: skip
    if result.waterfall is None:
        return Table(_("Waterfall"), header, ())
    rows: list[tuple[Cell, ...]] = []
    parts: Mapping[str, object] = {"": result.waterfall.overall, **result.waterfall.dimensions}
    for part in parts:
        steps = result.waterfall.dimensions[part] if part else result.waterfall.overall
        rows += [
            (
                part, names.part(part) if part else _("Overall"), step.gap, str(STAGES.get(step.stage, step.stage)),
                step.estimate, step.ci_low, step.ci_high, str(CERTAINTY.get(step.certainty, step.certainty)),
                step.p_largest, step.share,
            )
            for step in steps.steps
        ]  # fmt: skip
    return Table(_("Waterfall"), header, tuple(rows))


def _priorities(result: Result, names: _Names) -> Table:
    header = (
        _("Dimension"), _("Name"), _("Importance"), _("Kind of importance"), _("Shortfall"), _("Certainty"),
        _("Priority"),
    )  # fmt: skip
    rows = tuple(
        (
            row.dimension, names.part(row.dimension), row.importance, result.importance.kind, row.shortfall,
            str(CERTAINTY.get(row.certainty, row.certainty)), row.priority,
        )
        for row in result.priorities
    )  # fmt: skip
    return Table(_("Priorities"), header, rows)


def _readiness(result: Result, names: _Names) -> Table:
    header = (_("Pillar"), _("Factor"), _("Name"), _("Audience"), *_mean_header(), _("Note"))
    if result.readiness is None:
        return Table(_("Readiness 0-100"), header, ())
    rows: list[tuple[Cell, ...]] = []
    for code, pillar in result.readiness.pillars.items():
        rows.append(
            (code, "", names.part(code), audience_name(None), None, pillar.mean, None, None, None, "")
        )
        rows += [
            (code, "", names.part(code), audience_name(one), *_mean(m))
            for one, m in pillar.by_audience.items()
        ]
    for code, factor in result.readiness.factors.items():
        start = (factor.pillar, code, names.part(code))
        rows.append((*start, audience_name(None), None, factor.mean, None, None, None, ""))
        rows += [(*start, audience_name(one), *_mean(m)) for one, m in factor.by_audience.items()]
    return Table(_("Readiness 0-100"), header, tuple(rows))


def _coherence(result: Result, names: _Names) -> Table:
    header = (
        _("First"), _("Second"), _("Audience"), "n", _("Estimate"), _("CI low"), _("CI high"), "q_value", _("Flag"),
    )  # fmt: skip
    rows = tuple(
        (
            names.part(one.pair[0]), names.part(one.pair[1]), audience_name(one.audience), one.n, one.estimate,
            one.ci_low, one.ci_high, one.q_value, _("yes") if one.flag else "",
        )
        for one in (result.readiness.coherence if result.readiness else ())
    )  # fmt: skip
    return Table(_("Coherence"), header, rows)


def _groups(result: Result, names: _Names) -> Table:
    header = (
        _("Attribute"), _("Group"), "n", _("Gap"), _("Dimension"), _("Name"), _("Certainty"), _("Severity"),
        *GAP_FIGURES, _("Note"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for group in result.coverage.attributes if result.coverage else ():
        start = (group.attribute, group.value, group.n)
        rows.append((*start, "D4", "", _("Overall"), *_gap(group.gap)))
        rows.append((*start, "E1", "", _("Overall"), *_gap(group.total)))
        rows += [(*start, "D4", part, names.part(part), *_gap(one)) for part, one in group.dimensions.items()]
    return Table(_("Groups of customers"), header, tuple(rows))


def _outcomes(result: Result) -> Table:
    header = (
        _("Construct"), _("Name"), _("Audience"), _("Scale from"), _("to"), *_mean_header(), _("Note"), _("Items"),
        "alpha", _("CI low"), _("CI high"), _("Band"),
    )  # fmt: skip
    rows = tuple(
        (
            one.code, one.name, audience_name(one.audience), one.low, one.high, *_mean(one.mean), one.k, one.alpha,
            one.ci_low, one.ci_high, str(RELIABILITY.get(one.band or one.kind, one.kind)),
        )
        for one in result.outcomes
    )  # fmt: skip
    return Table(_("Outcomes"), header, rows)


def _zone(result: Result, names: _Names) -> Table:
    parts = (_("Lowest accepted"), _("Wanted"), _("Received"))
    header = (
        _("Dimension"), _("Name"), *(f"{part}: {name}" for part in parts for name in (*_mean_header(), _("Note"))),
        _("Received less lowest: certainty"), _("Severity"), *GAP_FIGURES, _("Note"), _("Place"),
        _("Place in zone"), _("Share below"), _("CI low"), _("CI high"),
    )  # fmt: skip
    if result.zone is None:
        return Table(_("Zone of tolerance"), header, ())
    cells = [*((code, names.part(code), cell) for code, cell in result.zone.dimensions.items())]
    cells.append(("", _("Overall"), result.zone.overall))
    rows = tuple(
        (
            code, name, *_mean(cell.lowest), *_mean(cell.wanted), *_mean(cell.received), *_gap(cell.adequacy),
            str(ZONE_STATES.get(cell.state, "")), cell.place,
            *((cell.below.estimate, cell.below.ci_low, cell.below.ci_high) if cell.below else (None, None, None)),
        )
        for code, name, cell in cells
    )  # fmt: skip
    return Table(_("Zone of tolerance"), header, rows)


def _direct(result: Result, names: _Names) -> Table:
    header = (
        _("Dimension"), _("Name"), *_mean_header(), _("Note"), _("Gap in points"), _("Certainty"), _("Asked directly"),
    )  # fmt: skip
    rows = tuple(
        (
            row.dimension, names.part(row.dimension), *_mean(row.mean), row.gap, str(CERTAINTY[row.certainty]),
            str(AGREEMENT[row.agreement]),
        )
        for row in (result.direct.rows if result.direct else ())
    )  # fmt: skip
    return Table(_("Compared with what was wanted"), header, rows)


def _reliability(result: Result, names: _Names) -> Table:
    header = (
        _("Dimension"), _("Name"), _("State"), _("Audience"), "n", _("Items"), "alpha", _("CI low"), _("CI high"),
        _("Mean inter-item r"), _("Band"), _("Kind"),
    )  # fmt: skip
    rows = tuple(
        (
            one.dimension, names.part(one.dimension), one.state, audience_name(one.audience), one.n, one.k, one.alpha,
            one.ci_low, one.ci_high, one.mean_r, str(RELIABILITY.get(one.band or one.kind, one.kind)), one.kind,
        )
        for one in result.reliability
    )  # fmt: skip
    return Table(_("Reliability"), header, rows)


def _items(result: Result, names: _Names) -> Table:
    header = (_("State"), _("Item"), _("Statement"), *_mean_header(), _("Note"))
    rows = tuple(
        (state, code, names.items.get(code, ""), *_mean(mean))
        for state, items in result.items.items()
        for code, mean in items.items()
    )
    return Table(_("Items"), header, rows)


def _patterns(result: Result) -> Table:
    header = (_("Pattern"), _("Explanation"), _("Because"))
    rows: Sequence[tuple[Cell, ...]] = [(one.name, one.explanation, one.why) for one in result.patterns]
    return Table(_("Patterns"), header, tuple(rows))
