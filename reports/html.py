"""From a document to HTML and its charts; the templates hold the words, this file the order and the drawings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from charts.theme import PAPER, Theme
from diagnosis import (
    agreement_figures,
    appendix_figures,
    change_figures,
    customer_figures,
    customer_messages,
    driver_figures,
    early_late_figures,
    figures,
    messages,
    order_check_figures,
    plan_figures,
    profile_figures,
    shares_figures,
    structure_figures,
    wave_reason_figures,
)
from diagnosis.customer_figures import has_received_alone
from diagnosis.words import AGREEMENT, STAGES, ZONE_SHORT
from reports import titles
from reports.document import Document
from reports.enums import ReportKind
from surveys.disclosure import MIN_COMMENTS
from surveys.instruments import Instrument, parse_instrument

Charts = dict[str, str]
BOARD_CHARTS = ("cover", "gap-map-brief", "dimensions")
FEWEST_FOR_ALPHA = 20
"""Answers from which a dimension’s page prints an alpha; of fewer it could be anything."""
BOARD_FINDINGS, BOARD_ACTIONS = 3, 9


@dataclass(frozen=True, slots=True)
class Chapter:
    """One chapter: its anchor, number, short name for the running head, and its message."""

    anchor: str
    number: int
    short: str
    title: str
    template: str


def document_html(document: Document) -> tuple[str, Charts]:
    """Return the HTML of a document and its charts by name."""
    instrument = parse_instrument(document.instrument, source=f"report of {document.client}")
    with translation.override(document.language):
        theme = PAPER.branded(accent=document.accent)
        if document.kind == ReportKind.ACTION_PLAN:
            return _plan(document, instrument, theme)
        if document.kind == ReportKind.BOARD:
            return _board(document, instrument, theme)
        return _diagnosis(document, instrument, theme)


def _base_context(document: Document, instrument: Instrument) -> dict[str, Any]:
    return {
        "doc": document,
        "result": document.result,
        "instrument": instrument,
        "gaps": figures.gaps_by_code(document.result),
        "places": {gap["code"]: 0 if gap.get("unit") == "0-100" else 2 for gap in document.result["gaps"]},
        "running_title": f"{document.client}  ·  {document.title}",
        "foot": f"{document.practice}  ·  {_('Confidential')}",
        "mark": _mark_of(document),
        "counters": {},
        "stages": STAGES,
        "is_split": bool(instrument.waterfall.steps),
        "total": figures.gaps_by_code(document.result)[instrument.waterfall.total],
        "dimension_names": {dimension.code: dimension.name for dimension in instrument.dimensions},
    }


def _mark_of(document: Document) -> str:
    """Return what every page says when no client's own people gave the answers."""
    if document.is_simulated:
        return _("Sample: simulated answers")
    return _("Sample data") if document.is_sample else ""


def _numbered(chapters: list[tuple[str, str, str]], folder: str = "") -> list[Chapter]:
    return [
        Chapter(f"c-{name.rpartition('/')[2]}", number, short, title, f"reports/{folder}{name}.html")
        for number, (name, short, title) in enumerate(chapters, start=1)
    ]


def _diagnosis(document: Document, instrument: Instrument, theme: Theme) -> tuple[str, Charts]:
    result = document.result
    chapters = [
        ("summary", _("Summary"), messages.summary_title(result, instrument)),
        ("certainty", _("Who was asked"), _("Who was asked, and how sure we are")),
    ]
    if instrument.waterfall.steps:
        chapters.append(("gap_map", _("The gap map"), messages.map_title(result)))
    else:
        chapters.append(("expected", _("Expected and received"), messages.expected_title(result, instrument)))
        if result.get("outcomes"):
            chapters.append(("outcomes", _("The customer’s view"), messages.outcomes_title(result)))
    if result.get("waterfall"):
        chapters.append(("waterfall", _("From wanted to received"), messages.steps_title(result, instrument)))
        chapters.append(("dimensions", _("Dimensions"), messages.dimensions_title(result, instrument)))
    chapters += _customer_chapters(result, instrument)
    if result.get("readiness"):
        chapters.append(("inside", _("Inside view"), messages.inside_title(result, instrument)))
    if result.get("priorities") and len(instrument.dimensions) > 1:
        chapters.append(("priorities", _("Priorities"), messages.priorities_title(result, instrument)))
    if result.get("drivers"):
        chapters.append(("drivers", _("Drivers"), driver_figures.drivers_title(result, instrument)))
    if result.get("profiles"):
        chapters.append(("profiles", _("Profiles"), profile_figures.profiles_title(result)))
    if document.change is not None:
        chapters.append(("wave_change", _("Since the last wave"), change_figures.title(document.change)))
    if any(voice.texts for voice in document.voices):
        chapters.append(("voices", _("Voices"), _("What people say in their own words")))
    chapters += [
        ("findings", _("Findings"), titles.findings_title(len(document.findings))),
        ("reading", _("How to read this"), _("Marks, words and limits of this report")),
        ("tables", _("Method and tables"), _("Method, quality checks and all results in figures")),
    ]
    charts = _diagnosis_charts(result, instrument, theme) | _customer_charts(result, instrument, theme)
    charts |= _change_charts(document, instrument, theme) | _driver_charts(result, instrument, theme)
    context = {
        **_base_context(document, instrument),
        **_change_rows(document, instrument),
        **_checks(result, instrument),
        **agreement_figures.agreement_context(result, instrument),
        **structure_figures.structure_context(result, instrument),
        **early_late_figures.early_late_context(result, instrument),
        **order_check_figures.order_check_context(result, instrument),
        **_driver_rows(result, instrument),
        **_profile_rows(result, instrument),
        "top_box_rows": shares_figures.top_box_rows(result, instrument),
        "recommendation_rows": shares_figures.recommendation_rows(result, instrument),
        "chapters": _numbered(chapters, "diagnosis/"),
        "charts": charts,
        "pages": [_dimension_page(result, instrument, dimension) for dimension in instrument.dimensions]
        if result.get("waterfall")
        else [],
        "largest": messages.largest_step(result),
        "zone_words": ZONE_SHORT,
        "agreement_words": AGREEMENT,
        "received_state": result["states"].get(instrument.waterfall.end),
        "is_weighted": any(row.get("effective_n") is not None for row in result["audiences"]),
        "item_rows": [] if instrument.waterfall.steps else _item_rows(result, instrument),
        "unasked": _unasked_constructs(result, instrument),
        "voices": document.voices,
        "n_comments": sum(voice.n for voice in document.voices),
        "min_comments": MIN_COMMENTS,
        "findings_by_stage": _by_stage(document.findings, instrument),
        "gap_states": {gap.code: gap for gap in instrument.gaps},
        "state_labels": {state.code: state.label for state in instrument.states},
        "factor_names": {f.code: f.name for pillar in instrument.pillars for f in pillar.factors},
        "pillar_names": {pillar.code: pillar.name for pillar in instrument.pillars},
    }
    return render_to_string("reports/document.html", context), charts


def _customer_chapters(result: Mapping[str, Any], instrument: Instrument) -> list[tuple[str, str, str]]:
    """Return the chapters of what only some waves ask of customers."""
    chapters = []
    if has_received_alone(result, instrument):
        chapters.append(
            ("received", _("What customers get"), customer_messages.received_title(result, instrument))
        )
    if result.get("zone"):
        chapters.append(("zone", _("Zone of tolerance"), customer_messages.zone_title(result, instrument)))
    if result.get("direct"):
        chapters.append(("direct", _("Asked directly"), customer_messages.direct_title(result)))
    return chapters


def _customer_charts(result: Mapping[str, Any], instrument: Instrument, theme: Theme) -> Charts:
    charts = {}
    if has_received_alone(result, instrument):
        charts["received"] = customer_figures.received_figure(result, instrument, theme=theme, uid="rc")
    if result.get("zone"):
        charts["zone"] = customer_figures.zone_figure(result, instrument, theme=theme, uid="zt")
    if result.get("direct"):
        charts["direct"] = customer_figures.direct_figure(result, instrument, theme=theme, uid="dd")
    return charts


def _driver_charts(result: Mapping[str, Any], instrument: Instrument, theme: Theme) -> Charts:
    charts = {}
    if driver_figures.has_map(result):
        charts["priority"] = driver_figures.map_figure(result, instrument, theme=theme, uid="pm", height=300)
    if result.get("drivers") and result["drivers"]["together"]["rows"]:
        charts["drivers"] = driver_figures.drivers_figure(result, instrument, theme=theme, uid="dr")
    if result.get("profiles") and result["profiles"]["rows"]:
        charts["profiles"] = profile_figures.profiles_figure(result, instrument, theme=theme, uid="pr")
    return charts


def _driver_rows(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    """Return the rows and sentences of the drivers; older results have none."""
    if not result.get("drivers"):
        return {}
    return {
        "driver_rows": driver_figures.driver_rows(result, instrument),
        "driver_outcomes": driver_figures.shown_outcomes(result),
        "driver_notes": driver_figures.driver_notes(result, instrument),
        "asymmetry_rows": driver_figures.asymmetry_rows(result, instrument),
    }


def _profile_rows(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    if not result.get("profiles"):
        return {}
    return {
        "profile_notes": profile_figures.profile_notes(result, instrument),
        "profile_candidates": profile_figures.candidate_rows(result),
    }


def _change_charts(document: Document, instrument: Instrument, theme: Theme) -> Charts:
    """Return the drawings of the change since the wave before; none for a first wave."""
    if document.change is None:
        return {}
    gaps = change_figures.gaps_chart(document.change, document.result, theme=theme, uid="wg")
    dimensions = change_figures.dimensions_chart(
        document.change, document.result, instrument, theme=theme, uid="wd"
    )
    drawn = {"change-gaps": gaps, "change-dimensions": dimensions}
    return {name: svg for name, svg in drawn.items() if svg}


def _change_rows(document: Document, instrument: Instrument) -> dict[str, Any]:
    if document.change is None:
        return {}
    return {
        "change_gaps": change_figures.gap_rows(document.change),
        "change_dimensions": change_figures.dimension_rows(document.change, instrument),
        "change_actions": change_figures.action_rows(document.change, instrument),
        **wave_reason_figures.reasons_context(document.change, instrument),
    }


def _checks(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    """Return the second opinions on the gaps by dimension and the sentence about them; none in older results."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    rows = appendix_figures.check_rows(result, lambda part: names.get(part, part), overall=False)
    return {"check_rows": rows, "check_note": appendix_figures.disagreement_note(rows) if rows else ""}


def _item_rows(result: Mapping[str, Any], instrument: Instrument) -> list[dict[str, Any]]:
    """Return every item of every state with its mean, state by state, as customers read it."""
    return [
        {
            "code": item.code,
            "text": item.wordings["customer"],
            "state": state.short or state.label,
            "mean": mean,
        }
        for state in instrument.states
        for item in instrument.items
        if (mean := result["items"].get(state.code, {}).get(item.code)) is not None
    ]


def _unasked_constructs(result: Mapping[str, Any], instrument: Instrument) -> list[str]:
    """Return the names of constructs that the instrument has and nobody was asked."""
    asked = {row["code"] for row in result.get("outcomes", ())}
    return [block.name for block in instrument.outcomes if block.code not in asked]


def _diagnosis_charts(result: Mapping[str, Any], instrument: Instrument, theme: Theme) -> Charts:
    if not instrument.waterfall.steps:
        charts = {"dimensions": figures.dimensions_figure(result, instrument, theme=theme, uid="dm")}
        drawn = figures.outcomes_figure(result, theme=theme, uid="oc") if result.get("outcomes") else ""
        return charts | ({"outcomes": drawn} if drawn else {})
    charts = {
        "gap-map": figures.gap_map_figure(result, instrument, theme=theme, uid="gm"),
        "gap-map-brief": figures.gap_map_figure(result, instrument, theme=theme, uid="gb", brief=True),
    }
    if result.get("waterfall"):
        charts["cover"] = figures.cover_figure(result, instrument, theme=theme, uid="cv")
        charts["waterfall"] = figures.waterfall_figure(result, instrument, theme=theme, uid="wf")
        charts["grid"] = figures.steps_grid_figure(result, instrument, theme=theme, uid="sg")
        charts["dimensions"] = figures.dimensions_figure(result, instrument, theme=theme, uid="dm")
        for dimension in instrument.dimensions:
            code = dimension.code
            charts[f"items-{code}"] = figures.items_figure(
                result, instrument, code, theme=theme, uid=f"it{code}"
            )
            charts[f"stairs-{code}"] = figures.staircase_figure(
                result, instrument, code, theme=theme, uid=f"st{code}"
            )
    if result.get("readiness"):
        charts["coherence"] = figures.coherence_figure(result, instrument, theme=theme, uid="ch")
    return charts


def _dimension_page(result: Mapping[str, Any], instrument: Instrument, dimension: Any) -> dict[str, Any]:
    gaps = figures.gaps_by_code(result)
    rows = [
        {"gap": gaps[gap.code], "at": gaps[gap.code]["dimensions"][dimension.code]}
        for gap in instrument.gaps
        if gap.kind == "difference"
        and gaps.get(gap.code, {})
        .get("dimensions", {})
        .get(dimension.code, {})
        .get("certainty", "not_measured")
        != "not_measured"
    ]
    reliability = [row for row in result["reliability"] if row["dimension"] == dimension.code]
    return {
        "dimension": dimension,
        "title": messages.dimension_title(result, instrument, dimension.code),
        "rows": rows,
        "reliability": reliability,
        "fewest_for_alpha": FEWEST_FOR_ALPHA,
        "total": gaps[instrument.waterfall.total]["dimensions"].get(dimension.code),
    }


def _by_stage(entries: Any, instrument: Instrument) -> list[tuple[str, list[Any]]]:
    """Return the stages that the instrument has gaps in, or that entries belong to, with their entries."""
    used = {gap.stage for gap in instrument.gaps} | {entry.stage for entry in entries}
    return [
        (stage, [entry for entry in entries if entry.stage == stage]) for stage in STAGES if stage in used
    ]


def _plan(document: Document, instrument: Instrument, theme: Theme) -> tuple[str, Charts]:
    actions = document.actions
    charts = plan_figures.plan_charts(actions, today=document.issued_on, theme=theme)
    if document.result.get("waterfall"):
        charts["cover"] = figures.cover_figure(document.result, instrument, theme=theme, uid="cv")
    n_stages = len({action.stage for action in actions})
    chapters = [
        ("plan", _("Plan on a page"), titles.plan_title(len(actions), n_stages)),
        ("actions", _("Actions"), _("Each action names its evidence, its owner and its measure")),
        ("timeline", _("Timeline"), _("When things happen, and where to begin")),
        ("scorecard", _("Scorecard"), _("How we will know that the gaps close")),
        ("sign_off", _("Sign-off"), _("What is agreed, and by whom")),
    ]
    context = {
        **_base_context(document, instrument),
        "chapters": _numbered(chapters, "action_plan/"),
        "charts": charts,
        "actions_by_stage": _by_stage(actions, instrument),
        "findings_by_number": {finding.number: finding for finding in document.findings},
    }
    return render_to_string("reports/document.html", context), charts


def _board(document: Document, instrument: Instrument, theme: Theme) -> tuple[str, Charts]:
    """The short edition: what was found, what it rests on and what is done, without contents and tables."""
    result, actions = document.result, document.actions
    n_stages = len({action.stage for action in actions})
    chapters = [
        ("diagnosis/summary", _("Summary"), messages.summary_title(result, instrument)),
        ("board/findings", _("Findings"), titles.top_findings_title(len(document.findings))),
        ("board/plan", _("Plan"), titles.plan_title(len(actions), n_stages)),
        ("diagnosis/certainty", _("Who was asked"), _("Who was asked, and how sure we are")),
    ]
    drawn = _diagnosis_charts(result, instrument, theme)
    context = {
        **_base_context(document, instrument),
        "chapters": _numbered(chapters),
        "charts": {name: drawn[name] for name in BOARD_CHARTS if name in drawn},
        "largest": messages.largest_step(result),
        "top_findings": document.findings[:BOARD_FINDINGS],
        "top_actions": actions[:BOARD_ACTIONS],
        "n_more_actions": max(0, len(actions) - BOARD_ACTIONS),
    }
    return render_to_string("reports/document.html", context), context["charts"]
