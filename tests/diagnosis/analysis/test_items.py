"""Which items and which persons count: items without a standard, both columns, the CRM team's standard."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from diagnosis.analysis import analyse
from diagnosis.frames import AudienceFrame, Frames
from surveys.instruments import CANNOT_JUDGE, MISSING, NO_STANDARD
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

STEPS = ("D1", "D2", "I1", "E4")


def changed(frames: Frames, audience: str, change: Callable[[np.ndarray, dict[str, int]], None]) -> Frames:
    """Frames with the packed scores of one audience changed in a copy."""
    frame = frames.audiences[audience]
    scores = frame.scores.copy()
    change(scores, {code: index for index, code in enumerate(frame.slots)})
    return replace(frames, audiences=dict(frames.audiences) | {audience: replace(frame, scores=scores)})


def without(frames: Frames, audience: str) -> Frames:
    """Frames without one audience."""
    kept = {code: frame for code, frame in frames.audiences.items() if code != audience}
    return replace(frames, audiences=kept)


def without_slots(frame: AudienceFrame, prefix: str) -> AudienceFrame:
    """A frame whose form does not ask the slots that begin with the prefix."""
    kept = [index for index, code in enumerate(frame.slots) if not code.startswith(prefix)]
    slots = tuple(frame.slots[index] for index in kept)
    return replace(frame, slots=slots, scores=frame.scores[:, kept])


@pytest.fixture(scope="module")
def frames() -> Frames:
    """A drawn company in which everybody answers carefully."""
    return draw_frames(replace(SAMPLE_TRUTH, careless_share=0.0, no_standard=0.0), 11)


def test_an_item_without_standard_is_left_out_of_all_states(frames: Frames) -> None:
    def no_standard(scores: np.ndarray, place: dict[str, int]) -> None:
        scores[:8, place["DS.R2.1"]] = NO_STANDARD

    result = analyse(die_crm(), changed(frames, "managers", no_standard))
    entry = next(row for row in result.no_standard if row.item == "R2.1")
    assert entry.left_out
    assert entry.share == pytest.approx(8 / entry.n)
    assert {row.k for row in result.reliability if row.dimension == "R2"} == {2}
    assert {row.kind for row in result.reliability if row.dimension == "R2" and row.state == "CE"} == {
        "spearman_brown"
    }
    customers = result.states["CE"].dimensions["R2"]
    ratings = frames.audiences["customers"].ratings(["CE.R2.2", "CE.R2.3", "CP.R2.2", "CP.R2.3"])
    wanted = np.where(np.isnan(ratings[:, 2:]), np.nan, ratings[:, :2])
    counted = (~np.isnan(wanted)).any(axis=1)
    assert customers.mean == pytest.approx(np.nanmean(wanted[counted], axis=1).mean(), abs=1e-9)
    gaps = {gap.code: gap for gap in result.gaps}
    total = gaps["E1"].dimensions["R2"].estimate
    assert total == pytest.approx(sum(gaps[c].dimensions["R2"].estimate or 0.0 for c in STEPS), abs=1e-12)
    assert any("R2.1" in note for note in result.notes)


def test_a_few_without_standard_are_only_missing(frames: Frames) -> None:
    def no_standard(scores: np.ndarray, place: dict[str, int]) -> None:
        scores[:3, place["DS.R2.1"]] = NO_STANDARD

    result = analyse(die_crm(), changed(frames, "managers", no_standard))
    entry = next(row for row in result.no_standard if row.item == "R2.1")
    assert not entry.left_out
    assert entry.share > 0
    assert {row.k for row in result.reliability if row.dimension == "R2"} == {3}


def test_a_dimension_without_any_standard_leaves_the_overall(frames: Frames) -> None:
    def no_standard(scores: np.ndarray, place: dict[str, int]) -> None:
        for item in ("R2.1", "R2.2", "R2.3"):
            scores[:9, place[f"DS.{item}"]] = NO_STANDARD

    result = analyse(die_crm(), changed(frames, "managers", no_standard))
    gaps = {gap.code: gap for gap in result.gaps}
    assert gaps["D2"].dimensions["R2"].certainty == "not_measured"
    assert gaps["I1"].dimensions["R2"].certainty == "not_measured"
    assert gaps["E1"].dimensions["R2"].estimate is not None
    means = [
        mean.mean
        for code, mean in result.states["CE"].dimensions.items()
        if code != "R2" and mean.mean is not None
    ]
    assert result.states["CE"].overall.mean == pytest.approx(np.mean(means), abs=1e-9)
    total = gaps["E1"].overall.estimate
    assert total == pytest.approx(sum(gaps[c].overall.estimate or 0.0 for c in STEPS), abs=1e-12)
    assert result.waterfall is not None
    assert "R2" not in result.waterfall.dimensions


def test_the_crm_teams_standard_is_a_line_beside_and_takes_the_place_only_when_managers_were_not_asked(
    frames: Frames,
) -> None:
    beside = analyse(die_crm(), frames)
    assert beside.states["DS"].audience == "managers"
    translation = beside.gap("D2")
    assert translation is not None
    assert [variant.test for variant in translation.variants] == ["welch"]
    managers = without_slots(frames.audiences["managers"], "DS.")
    alone = analyse(die_crm(), replace(frames, audiences=dict(frames.audiences) | {"managers": managers}))
    assert alone.states["DS"].audience == "crm_team"
    instead = alone.gap("D2")
    assert instead is not None
    assert (instead.test, instead.variants) == ("welch", ())
    assert any("CRM team" in note for note in alone.notes)
    gaps = {gap.code: gap for gap in alone.gaps}
    total = gaps["E1"].overall.estimate
    assert total == pytest.approx(sum(gaps[c].overall.estimate or 0.0 for c in STEPS), abs=1e-12)


def test_all_cannot_judge_is_a_stated_answer(frames: Frames) -> None:
    def blank(scores: np.ndarray, place: dict[str, int]) -> None:
        for item in ("R5.1", "R5.2", "R5.3"):
            scores[:, place[f"FD.{item}"]] = CANNOT_JUDGE

    result = analyse(die_crm(), changed(frames, "front_line", blank))
    gap = result.gap("I1")
    assert gap is not None
    assert gap.dimensions["R5"].certainty == "not_measured"
    assert gap.dimensions["R5"].reason
    assert gap.overall.estimate is not None
    assert result.states["FD"].dimensions["R5"].not_measured


def test_no_audience_but_staff_gives_the_internal_check(frames: Frames) -> None:
    result = analyse(die_crm(), without(frames, "customers"))
    gaps = {gap.code: gap.overall.certainty for gap in result.gaps}
    assert {code for code, word in gaps.items() if word == "not_measured"} >= {
        "E1",
        "D1",
        "D3",
        "D4",
        "E3",
        "E4",
    }
    assert gaps["D2"] != "not_measured"
    assert gaps["I1"] != "not_measured"
    assert result.waterfall is None
    assert result.importance.kind == "equal"
    assert result.rq_index is None


def test_nobody_at_all_gives_text_and_no_number(frames: Frames) -> None:
    empty = {
        code: replace(frame, scores=frame.scores[:0], excluded=(), attributes=(), ticks=())
        for code, frame in frames.audiences.items()
    }
    result = analyse(die_crm(), replace(frames, audiences=empty))
    assert {gap.overall.certainty for gap in result.gaps} <= {"suppressed", "not_measured"}
    assert all(gap.overall.reason for gap in result.gaps)
    assert analyse(die_crm(), replace(frames, audiences={})).gaps[0].overall.certainty == "not_measured"


def test_equal_answers_have_an_estimate_and_no_test(frames: Frames) -> None:
    def equal(scores: np.ndarray, place: dict[str, int]) -> None:
        for code, index in place.items():
            if code.startswith(("ME.", "DS.")):
                scores[:, index] = 5 if code.startswith("ME.") else 4

    result = analyse(die_crm(), changed(frames, "managers", equal))
    gap = result.gap("D2")
    assert gap is not None
    assert gap.dimensions["R1"].estimate == -1.0
    assert gap.dimensions["R1"].p_value is None
    assert gap.dimensions["R1"].certainty == "undecided"
    assert gap.dimensions["R1"].reason


def test_missing_answers_do_not_count(frames: Frames) -> None:
    def blank(scores: np.ndarray, place: dict[str, int]) -> None:
        scores[:20, place["CE.R1.1"]] = MISSING
        scores[:20, place["CP.R1.2"]] = MISSING

    result = analyse(die_crm(), changed(frames, "customers", blank))
    before = analyse(die_crm(), frames).states["CE"].dimensions["R1"].n or 0
    after = result.states["CE"].dimensions["R1"].n or 0
    assert 15 <= before - after <= 20
