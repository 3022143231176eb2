"""What may not be shown is absent from the result, by the same thresholds as everywhere."""

import json
import math
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from diagnosis.analysis import analyse
from diagnosis.frames import CARELESS, Counts, Frames
from diagnosis.result import Result
from surveys.instruments import CANNOT_JUDGE
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_audience, draw_frames

CAREFUL = replace(SAMPLE_TRUTH, careless_share=0.0, no_standard=0.0, missing_share=0.0, cannot_judge={})


def numbers(content: Any) -> Iterator[float]:
    """Every number of a JSON value."""
    if isinstance(content, dict):
        for value in content.values():
            yield from numbers(value)
    elif isinstance(content, list):
        for value in content:
            yield from numbers(value)
    elif isinstance(content, float):
        yield content


def gap_words(result: Result) -> dict[str, str]:
    """Word of the overall gap by code."""
    return {gap.code: gap.overall.certainty for gap in result.gaps}


@pytest.mark.parametrize(("n", "is_hidden"), [(4, True), (5, False)])
def test_an_audience_is_shown_from_five(n: int, is_hidden: bool) -> None:
    result = analyse(die_crm(), draw_frames(CAREFUL, 5, {"customers": 60, "managers": n, "front_line": 30}))
    words = gap_words(result)
    for code in ("D1", "D2", "I1", "E3"):
        assert (words[code] == "suppressed") is is_hidden
    assert words["E1"] == "clear"
    row = result.audience("managers")
    assert row is not None
    assert (row.used is None) is is_hidden
    assert (row.suppressed is not None) is is_hidden
    if is_hidden:
        assert result.waterfall is None
        for state in ("ME", "MP", "DS"):
            assert result.states[state].overall.suppressed
            assert not any(mean.mean for mean in result.states[state].dimensions.values())
            assert not any(mean.mean for mean in result.items[state].values())
        assert not any(row.alpha for row in result.reliability if row.audience == "managers")
        assert not any(row.audience == "managers" for row in result.agreement)
        assert result.readiness is not None
        assert result.readiness.pillars["RT"].by_audience["managers"].mean is None
        assert words["I3"] == "suppressed"
    else:
        assert row.indicative
        assert next(gap for gap in result.gaps if gap.code == "D1").overall.indicative


def test_a_dimension_answered_by_too_few_is_hidden_and_leaves_every_overall() -> None:
    frames = draw_frames(CAREFUL, 6, {"customers": 60, "managers": 7, "front_line": 30})
    managers = frames.audiences["managers"]
    scores = managers.scores.copy()
    for code, index in zip(managers.slots, range(len(managers.slots)), strict=True):
        if code.startswith(("ME.R4", "DS.R4")):
            scores[:3, index] = CANNOT_JUDGE
    changed = dict(frames.audiences) | {"managers": replace(managers, scores=scores)}
    result = analyse(die_crm(), replace(frames, audiences=changed))
    gaps = {gap.code: gap for gap in result.gaps}
    assert gaps["D1"].dimensions["R4"].certainty == "suppressed"
    assert gaps["D1"].dimensions["R4"].estimate is None
    assert result.states["ME"].dimensions["R4"].suppressed
    shown = [
        m.mean for code, m in result.states["ME"].dimensions.items() if code != "R4" and m.mean is not None
    ]
    assert result.states["ME"].overall.mean == pytest.approx(sum(shown) / 8, abs=1e-9)
    steps = sum(gaps[code].overall.estimate or 0.0 for code in ("D1", "D2", "I1", "E4"))
    assert gaps["E1"].overall.estimate == pytest.approx(steps, abs=1e-12)


def test_the_result_of_a_hidden_group_does_not_depend_on_its_answers() -> None:
    sizes = {"customers": 60, "managers": 12, "front_line": 30, "crm_team": 4}
    frames = draw_frames(CAREFUL, 8, sizes)
    other = draw_audience("crm_team", CAREFUL, 4, 999)
    swapped = replace(frames, audiences=dict(frames.audiences) | {"crm_team": other})
    assert analyse(die_crm(), frames).to_json() == analyse(die_crm(), swapped).to_json()


def test_a_customer_group_under_ten_is_hidden_with_a_second_one() -> None:
    regions = ["North"] * 40 + ["South"] * 20 + ["East"] * 12 + ["West"] * 8
    frames = draw_frames(CAREFUL, 9, {"customers": 80, "managers": 12, "front_line": 30},
                         {"customers": [{"region": region} for region in regions]})  # fmt: skip
    result = analyse(die_crm(), frames)
    assert result.coverage is not None
    groups = {group.value: group for group in result.coverage.attributes}
    assert groups["North"].n == 40
    for hidden in ("West", "East"):
        assert groups[hidden].n is None
        assert groups[hidden].gap.certainty == "suppressed"
        assert groups[hidden].total.estimate is None
        assert {gap.certainty for gap in groups[hidden].dimensions.values()} == {"suppressed"}
    assert groups["South"].gap.estimate is not None


def test_a_split_into_two_with_one_small_group_shows_none() -> None:
    kinds = [{"class": "A"} if index < 6 else {"class": "B"} for index in range(60)]
    frames = draw_frames(
        CAREFUL, 10, {"customers": 60, "managers": 12, "front_line": 30}, {"customers": kinds}
    )
    coverage = analyse(die_crm(), frames).coverage
    assert coverage is not None
    assert [group.gap.estimate for group in coverage.attributes] == [None, None]


@pytest.mark.parametrize(
    ("careless", "few", "expected"),
    [
        (0, 0, []),
        (3, 0, None),
        (6, 0, [("careless", 6)]),
        (4, 3, [("several", 7)]),
        (5, 5, [("careless", 5), ("few_answers", 5)]),
    ],
)
def test_counts_of_excluded_answers_never_point_at_a_few(
    careless: int, few: int, expected: list[tuple[str, int]] | None
) -> None:
    frames = draw_frames(CAREFUL, 12, {"customers": 60})
    customers = frames.audiences["customers"]
    reasons = ("careless",) * careless + ("few_answers",) * few + ("",) * (60 - careless - few)
    changed = replace(frames, audiences={"customers": replace(customers, excluded=reasons)})
    row = analyse(die_crm(), changed).audience("customers")
    assert row is not None
    assert row.used == 60 - careless - few
    found = None if row.excluded is None else [(part.reason, part.n) for part in row.excluded]
    assert found == expected
    assert CARELESS == "careless"


@pytest.mark.parametrize(("invited", "has_rate"), [(4, False), (5, True)])
def test_the_response_rate_of_a_few_invited_is_hidden(invited: int, has_rate: bool) -> None:
    frames = draw_frames(CAREFUL, 13, {"managers": 4})
    counts = Counts(invited=invited, accepted=invited, bounced=0, started=4, finished=4)
    managers = replace(frames.audiences["managers"], counts=counts)
    row = analyse(die_crm(), replace(frames, audiences={"managers": managers})).audience("managers")
    assert row is not None
    assert (row.response_rate is not None) is has_rate
    assert (row.finished is not None) is has_rate
    if row.response_rate is not None:
        assert row.response_rate.estimate == pytest.approx(0.8)
        assert (row.response_rate.ci_low, row.response_rate.ci_high) == pytest.approx(
            (0.3755, 0.9638), abs=1e-4
        )


def test_a_named_audience_of_three_is_shown() -> None:
    frames = draw_frames(CAREFUL, 14, {"customers": 60, "managers": 3, "front_line": 30})
    managers = replace(frames.audiences["managers"], mode="named")
    result = analyse(die_crm(), replace(frames, audiences=dict(frames.audiences) | {"managers": managers}))
    assert result.states["ME"].overall.mean is not None


@pytest.mark.parametrize("seed", range(3))
def test_no_number_is_ever_nan(seed: int) -> None:
    sizes = {"customers": 12, "managers": 5, "front_line": 6, "crm_team": 5}
    result = analyse(die_crm(), draw_frames(SAMPLE_TRUTH, seed, sizes))
    text = json.dumps(result.to_json(), allow_nan=False)
    assert Result.from_json(json.loads(text)) == result
    assert all(math.isfinite(number) for number in numbers(json.loads(text)))


def test_frames_without_a_known_audience_say_so() -> None:
    result = analyse(die_crm(), Frames("die-crm", "1.0", {}))
    assert result.audiences == ()
    assert all(gap.overall.reason for gap in result.gaps)


def agree(frames: Frames, audience: str, slots: list[str], value: int) -> Frames:
    """The same frames with one value in these slots for everybody of an audience."""
    frame = frames.audiences[audience]
    scores = frame.scores.copy()
    for slot in slots:
        scores[:, frame.slots.index(slot)] = value
    return replace(frames, audiences={**frames.audiences, audience: replace(frame, scores=scores)})


@pytest.mark.parametrize(("n", "is_hidden"), [(9, True), (10, False)])
def test_an_item_on_which_few_all_agree_is_hidden_with_its_dimension(n: int, is_hidden: bool) -> None:
    dimension = die_crm().dimensions[2]
    item, *others = [item.code for item in dimension.items if item.is_asked_in("DS")]
    frames = draw_frames(CAREFUL, 8, {"customers": 60, "managers": n, "front_line": 30})
    result = analyse(die_crm(), agree(frames, "managers", [f"DS.{item}"], 6))
    shown = result.items["DS"]
    assert (shown[item].mean is None) is is_hidden
    assert all((shown[other].mean is None) is is_hidden for other in others)
    assert result.states["DS"].dimensions[dimension.code].mean is not None
    elsewhere = die_crm().dimensions[0].items[0].code
    assert shown[elsewhere].mean is not None


def test_a_dimension_on_which_few_all_agree_is_left_out_everywhere() -> None:
    dimension = die_crm().dimensions[2]
    slots = [f"DS.{item.code}" for item in dimension.items if item.is_asked_in("DS")]
    frames = draw_frames(CAREFUL, 8, {"customers": 60, "managers": 8, "front_line": 30})
    result = analyse(die_crm(), agree(frames, "managers", slots, 7))
    assert result.states["DS"].dimensions[dimension.code].mean is None
    for gap in result.gaps:
        if gap.code in {"D2", "I1"}:
            assert gap.dimensions[dimension.code].estimate is None
            assert gap.overall.estimate is not None
