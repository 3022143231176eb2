"""Does a staff group share one view: camps only from ten persons, units only where two may be shown, words and rows."""

from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy import stats

from diagnosis.agreement_figures import agreement_context, agreement_tables
from diagnosis.analysis import analyse
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study
from diagnosis.frames import Frames
from diagnosis.result import Agreement, Result
from diagnosis.rules.findings import find
from diagnosis.units_result import UnitAgreement
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

SIZES = {"customers": 120, "managers": 12, "front_line": 60, "crm_team": 8}


@cache
def sample() -> tuple[Frames, Result]:
    frames = draw_frames(SAMPLE_TRUTH, 7, SIZES)
    return frames, analyse(die_crm(), frames)


def with_answers(state: str, audience: str, values: list[int], dimension: str = "R1") -> Result:
    """The result when the audience's first used persons rate every item of a dimension with these values."""
    frames = sample()[0]
    frame = frames.audiences[audience]
    scores = frame.scores.copy()
    rows = np.flatnonzero(frame.used)
    for place, slot in enumerate(frame.slots):
        if slot.startswith(f"{state}.{dimension}."):
            scores[rows, place] = np.resize(values, rows.size)
    changed = replace(frame, scores=scores)
    return analyse(die_crm(), replace(frames, audiences={**frames.audiences, audience: changed}))


def row_of(result: Result, state: str, dimension: str = "R1") -> Agreement:
    return next(row for row in result.agreement if (row.state, row.dimension) == (state, dimension))


def test_two_camps_are_named_and_reach_the_findings() -> None:
    result = with_answers("MP", "managers", [3, 6])
    row = row_of(result, "MP")
    assert row.camps == (3, 6)
    content = agreement_context(result.to_json(), die_crm())
    apart = {(one["state"], one["dimension"]): one for one in content["agreement_apart"]}
    assert "3 and 6" in apart["MP", "R1"]["camps_text"]
    assert "does not share one view" in content["agreement_title"]
    own = replace(result, agreement=(replace(row, rwg=0.8, state="ME"),))
    texts = " ".join(finding.text for finding in find(own, die_crm()) if finding.code.startswith("D1"))
    assert not texts or "two camps on R1" in texts


def test_camps_of_few_persons_are_not_looked_for() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {**SIZES, "managers": 8})
    result = analyse(die_crm(), frames)
    assert all(row.camps is None for row in result.agreement if row.audience in {"managers", "crm_team"})


def test_one_view_everywhere_is_said() -> None:
    content = {"agreement": [], "units": []}
    assert agreement_context(content, die_crm())["agreement_rows"] == []
    one = {"state": "ME", "dimension": "R1", "audience": "managers", "rwg": 0.9, "band": "strong"}
    found = agreement_context({"agreement": [one]}, die_crm())
    assert found["agreement_title"].startswith("No staff group is divided")
    assert found["agreement_apart"] == []


def with_units(values: list[str]) -> tuple[Frames, Result]:
    attributes = [{"branch": values[row % len(values)]} for row in range(60)]
    frames = draw_frames(SAMPLE_TRUTH, 7, SIZES, {"front_line": attributes})
    return frames, analyse(die_crm(), frames)


def test_units_have_their_intraclass_correlation() -> None:
    frames, result = with_units(["north", "south", "west"])
    row = next(row for row in result.units if row.state == "FD")
    book = score_states(Study(die_crm(), frames, 1))
    scores = book.states["FD"].scores[:, list(book.common)]
    persons, whole = scores.mean(axis=1), ~np.isnan(scores).any(axis=1)
    branches = frames.audiences["front_line"].groups("branch")
    groups = [persons[whole & branches[name]] for name in ("north", "south", "west")]
    assert (row.attribute, row.units) == ("branch", 3)
    assert row.p_value == pytest.approx(stats.f_oneway(*groups).pvalue)


def test_one_unit_or_a_hidden_second_has_none() -> None:
    assert sample()[1].units == ()
    assert with_units(["north"])[1].units == ()
    few = ["north"] * 58 + ["south"] * 2
    attributes: list[dict[str, str]] = [{"branch": name} for name in few]
    frames = draw_frames(SAMPLE_TRUTH, 7, SIZES, {"front_line": attributes})
    assert analyse(die_crm(), frames).units == ()


def test_weighted_staff_have_no_units() -> None:
    frames, _ = with_units(["north", "south"])
    staff = frames.audiences["front_line"]
    weighted = replace(staff, weights=tuple(1.0 + row % 2 for row in range(staff.n)))
    result = analyse(die_crm(), replace(frames, audiences={**frames.audiences, "front_line": weighted}))
    assert result.units == ()


@pytest.mark.parametrize(
    ("icc1", "p_value", "words"),
    [
        (0.3, 0.2, "no difference"),
        (0.3, 0.01, "much"),
        (0.15, 0.01, "units differ"),
        (0.02, 0.01, "a little"),
    ],
)
def test_units_are_read_in_words(icc1: float, p_value: float, words: str) -> None:
    one: dict[str, Any] = {
        "audience": "front_line", "state": "FD", "attribute": "home_branch", "units": 3, "icc1": icc1, "icc2": 0.5,
        "p_value": p_value,
    }  # fmt: skip
    (row,) = agreement_context({"units": [one]}, die_crm())["unit_rows"]
    assert words in row["reading"]
    assert row["attribute_name"] == "home branch"


def test_tables_hold_every_row() -> None:
    result = replace(sample()[1], units=(UnitAgreement("front_line", "FD", "branch", 2, -0.1, None, 0.9),))
    shared, units = agreement_tables(result, die_crm())
    assert len(shared.rows) == len(result.agreement)
    assert units.rows[0][6] is None
    for table in (shared, units):
        assert {len(row) for row in table.rows} == {len(table.header)}
    assert Result.from_json(result.to_json()) == result
