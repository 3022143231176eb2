"""Findings and actions follow from the figures alone, are ranked, limited and worded by rule."""

from dataclasses import replace
from functools import cache

import pytest

from diagnosis.analysis import analyse
from diagnosis.result import Result
from diagnosis.rules.findings import FoundFinding, find
from diagnosis.rules.library import load_library
from diagnosis.rules.recommend import MAX_PER_STAGE, SEVERITY_POINTS, STAGES, Plan, recommend
from surveys.simulation import NO_GAP_TRUTH, SAMPLE_TRUTH
from tests.diagnosis.draws import SIXTY, die_crm, draw_frames

CAUSAL = ("because", "causes", "caused", "due to", "leads to")


@cache
def sample(seed: int = 4) -> Result:
    """A company with built-in gaps."""
    return analyse(die_crm(), draw_frames(SAMPLE_TRUTH, seed, SIXTY))


@cache
def quiet() -> Result:
    """A company without gaps."""
    return analyse(die_crm(), draw_frames(NO_GAP_TRUTH, 4, SIXTY))


def found() -> tuple[FoundFinding, ...]:
    """Findings of the sample."""
    return find(sample(), die_crm())


def planned(result: Result) -> Plan:
    """The plan of a result."""
    return recommend(result, die_crm(), load_library())


def test_findings_are_the_same_every_time_and_from_the_stored_result() -> None:
    assert find(Result.from_json(sample().to_json()), die_crm()) == found()
    assert planned(Result.from_json(sample().to_json())) == planned(sample())


def test_findings_are_ranked_by_priority_and_have_codes_of_their_own() -> None:
    findings = found()
    assert [finding.rank for finding in findings] == list(range(1, len(findings) + 1))
    priorities = [finding.priority for finding in findings]
    assert priorities == sorted(priorities, reverse=True)
    assert len({finding.code for finding in findings}) == len(findings)
    assert findings[0].code == "E1.R6"


def test_each_finding_has_its_evidence() -> None:
    for finding in found():
        assert finding.headline
        assert len(finding.headline) <= 240
        assert finding.certainty in {"clear", "probable", "hint"}
        assert finding.stage in STAGES
        assert finding.evidence["gaps"] or finding.evidence.get("items")
        assert not any(word in finding.headline.lower() for word in CAUSAL)
        for row in finding.evidence["gaps"]:
            gap = sample().gap(row["gap"])
            assert gap is not None
            source = gap.dimensions[row["dimension"]] if row["dimension"] else gap.overall
            assert row["estimate"] == source.estimate
            assert row["certainty"] == source.certainty


def test_a_shortfall_names_the_step_only_where_it_is_decided() -> None:
    by_code = {finding.code: finding for finding in found()}
    delivery = by_code["E1.R6"]
    assert delivery.stage == "implementation"
    assert "Delivery" in delivery.headline
    for code, finding in by_code.items():
        if code.startswith("E1.") and "most is lost" not in finding.headline:
            assert finding.stage == "evaluation"


def test_no_finding_of_a_gap_that_is_hidden_or_not_measured() -> None:
    sizes = dict(SIXTY) | {"managers": 4}
    result = analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 4, sizes))
    codes = {finding.gap for finding in find(result, die_crm())}
    assert codes.isdisjoint({"D1", "D2", "E3", "I3", "E2"})
    assert "E1" in codes


def test_a_company_without_gaps_has_almost_no_findings_and_every_stage_says_what_is_sound() -> None:
    assert not any(finding.severity in {"medium", "large"} for finding in find(quiet(), die_crm()))
    plan = planned(quiet())
    assert plan.recommended == ()
    assert [stage.stage for stage in plan.sound] == list(STAGES)
    assert all(stage.text for stage in plan.sound)
    proposals = [stage.proposal for stage in plan.sound if stage.proposal is not None]
    assert [proposal.entry.gap for proposal in proposals] == ["EV", "EV", "EV"]
    assert len({proposal.entry.id for proposal in proposals}) == 3
    assert all(proposal.question for proposal in proposals)


def test_the_plan_has_at_most_three_actions_per_stage_in_the_order_of_the_method() -> None:
    plan = planned(sample())
    for group in (plan.recommended, plan.check_first):
        for stage in STAGES:
            assert sum(one.stage == stage for one in group) <= MAX_PER_STAGE
        assert [one.phase for one in group] == sorted(one.phase for one in group)
    assert {one.stage for one in plan.recommended} == set(STAGES)


def test_entries_with_a_question_are_never_asserted() -> None:
    plan = planned(sample())
    assert not any(one.question or one.entry.ask for one in plan.recommended)
    assert all(one.question == one.entry.ask != "" for one in plan.check_first)


def test_the_rank_is_severity_times_certainty_times_weight_times_impact_by_effort() -> None:
    result = sample()
    for one in planned(result).recommended:
        gap = result.gap(one.gap)
        assert gap is not None
        if gap.kind != "difference":
            continue
        source = gap.dimensions[one.dimension] if one.dimension else gap.overall
        weight = result.importance.weights[one.dimension] if one.dimension else 1 / 9
        certainty = {"clear": 1.0, "probable": 0.7}[source.certainty]
        points = SEVERITY_POINTS[source.severity or ""]
        expected = points * certainty * weight * one.entry.impact_level / one.entry.effort_level
        assert one.rank == pytest.approx(expected)
        assert one.baseline == source.estimate


def test_a_readiness_condition_needs_a_low_factor() -> None:
    result = sample()
    assert result.readiness is not None
    raised = {code: replace(factor, mean=75.0) for code, factor in result.readiness.factors.items()}
    content = replace(result, readiness=replace(result.readiness, factors=raised))
    ids = {one.entry.id for one in recommend(content, die_crm(), load_library()).recommended}
    needing = {entry.id for entry in load_library() if entry.when and entry.when.factor}
    assert ids.isdisjoint(needing)
    assert {one.entry.id for one in planned(result).recommended} & needing


def test_targets_halve_the_gap_but_stay_above_the_smallest_that_counts() -> None:
    for one in planned(sample()).recommended:
        assert one.baseline is not None
        assert one.target is not None
        assert one.target * one.baseline > 0
        assert abs(one.target) <= abs(one.baseline)
        unit = sample().gap(one.gap)
        assert unit is not None
        assert abs(one.target) >= min(abs(one.baseline), 0.3 if unit.unit == "points" else 5.0)
