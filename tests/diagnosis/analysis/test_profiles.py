"""Profiles built into the wishes are found, named and described; without them the result says so."""

from dataclasses import replace

import numpy as np
import pytest

from diagnosis import profile_figures
from diagnosis.analysis import analyse
from diagnosis.frames import Frames
from diagnosis.profile_result import ProfilesResult
from diagnosis.result import Result
from diagnosis.tables import result_tables
from surveys.disclosure import MIN_CUSTOMER_SUBGROUP
from surveys.instruments import MISSING
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

STAFF = {"managers": 12, "front_line": 45}
INDEPENDENT = {"R1": -2, "R2": -2, "R5": -1, "R7": 1, "R9": 1}
BARGAINER = {"R3": -2, "R4": -2, "R5": 1, "R6": -1}


def with_profiles(n: int = 400) -> Frames:
    """Frames in which half of the customers want what all want, the rest one of two other things."""
    frames = draw_frames(SAMPLE_TRUTH, 7, {"customers": n, **STAFF})
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    groups = np.random.default_rng(3).choice(3, len(scores), p=[0.5, 0.3, 0.2])
    for column, slot in enumerate(customers.slots):
        if slot.startswith("CE."):
            for group, moves in ((1, INDEPENDENT), (2, BARGAINER)):
                moved = (groups == group) & (scores[:, column] > 0)
                scores[moved, column] = np.clip(
                    scores[moved, column] + moves.get(slot.split(".")[1], 0), 1, 7
                )
    return replace(frames, audiences=frames.audiences | {"customers": replace(customers, scores=scores)})


@pytest.fixture(scope="module")
def split() -> Result:
    return analyse(die_crm(), with_profiles())


@pytest.fixture(scope="module")
def continuum() -> Result:
    return analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, {"customers": 300, **STAFF}))


def profiles_of(result: Result) -> ProfilesResult:
    assert result.profiles is not None
    return result.profiles


def test_profiles_are_found_named_and_compared_with_the_standard(split: Result) -> None:
    found = profiles_of(split)
    assert found.kind == "profiles"
    assert {row.name for row in found.rows} >= {"Independents", "Bargainers"}
    assert sum(row.n or 0 for row in found.rows) == found.n
    for row in found.rows:
        assert (row.n or 0) >= 30
        standard = split.states["DS"].dimensions["R1"].mean
        wanted = row.wanted["R1"]
        assert standard is not None
        assert wanted.mean is not None
        assert row.fit["R1"] == pytest.approx(standard - wanted.mean)
        assert wanted.ci_low is not None
        assert wanted.ci_low < wanted.mean
        assert set(row.outcomes) == {"Y1", "Y3", "Y4"}
    independents = next(row for row in found.rows if row.name == "Independents")
    assert {"R1", "R2"} <= set(independents.less)
    assert found.useful is False  # wishes alone were changed, nothing else differs


def test_the_key_names_questions_and_beats_chance(split: Result) -> None:
    key = profiles_of(split).key
    assert key is not None
    assert 4 <= len(key.items) <= 6
    assert set(key.items) <= {item.code for item in die_crm().items}
    assert key.hit_rate > 0.8 > key.by_chance
    assert np.array(key.weights).shape == (len(profiles_of(split).rows), len(key.items))


def test_a_continuum_is_an_answer_of_its_own(continuum: Result) -> None:
    found = profiles_of(continuum)
    assert found.kind == "types"
    assert found.reason is not None
    assert "continuum" in found.reason
    assert (found.key, found.useful, found.silhouette) == (None, None, None)
    assert [candidate.k for candidate in found.candidates] == [2, 3, 4, 5, 6]
    assert [row.number for row in found.rows] == [1, 2]


def test_few_customers_are_not_grouped() -> None:
    found = profiles_of(analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, {"customers": 90, **STAFF})))
    assert found.kind == "none"
    assert found.rows == ()
    assert found.reason is not None
    assert "200" in found.reason


def test_without_wishes_there_is_no_result() -> None:
    assert analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, STAFF)).profiles is None


def test_no_group_below_the_threshold_is_shown(split: Result, continuum: Result) -> None:
    for result in (split, continuum):
        for row in profiles_of(result).rows:
            assert row.hidden is not None or (row.n or 0) >= MIN_CUSTOMER_SUBGROUP
            for mean in (*row.wanted.values(), *row.received.values(), *row.outcomes.values()):
                assert mean.mean is None or (mean.n or 0) >= MIN_CUSTOMER_SUBGROUP


def test_the_fit_to_a_hidden_wish_is_hidden_too() -> None:
    frames = with_profiles()
    customers = frames.audiences["customers"]
    scores = customers.scores.copy()
    scores[20:, [slot.startswith("CE.R9") for slot in customers.slots]] = MISSING
    sparse = replace(frames, audiences=frames.audiences | {"customers": replace(customers, scores=scores)})
    rows = profiles_of(analyse(die_crm(), sparse)).rows
    assert any(row.wanted["R9"].mean is None for row in rows)
    for row in rows:
        assert set(row.fit) == {code for code, wish in row.wanted.items() if wish.mean is not None}
        assert row.wanted["R9"].mean is not None or "R9" not in {*row.more, *row.less}


def test_wanted_and_fit_give_the_one_standard_with_weights_too() -> None:
    frames = with_profiles()
    customers = frames.audiences["customers"]
    weighted = replace(customers, weights=tuple(1.0 + 3.0 * (row % 3) for row in range(customers.n)))
    result = analyse(die_crm(), replace(frames, audiences=frames.audiences | {"customers": weighted}))
    rows = profiles_of(result).rows
    for row in rows:
        for code, wish in row.wanted.items():
            assert wish.mean is not None
            assert wish.mean + row.fit[code] == pytest.approx(result.states["DS"].dimensions[code].mean)
    shares = [row.share for row in rows if row.share is not None]
    assert sum(shares) == pytest.approx(1.0)
    assert any(
        abs(share - (row.n or 0) / (profiles_of(result).n or 1)) > 1e-6
        for share, row in zip(shares, rows, strict=True)
    )


def test_words_and_tables_follow_the_result(split: Result, continuum: Result) -> None:
    instrument = die_crm()
    content, other = split.to_json(), continuum.to_json()
    assert "profiles that want different things" in profile_figures.profiles_title(content)
    assert "continuum" in profile_figures.profiles_title(other)
    assert "cannot be said" in profile_figures.profiles_title({"profiles": {"kind": "none"}})
    notes = " ".join(profile_figures.profile_notes(content, instrument))
    assert "not tested" in notes
    assert "key of" in notes
    assert "use is not shown" in notes
    names = [row["name"] for row in profile_figures.profile_heads(content, instrument)]
    assert any("Independents" in name for name in names)
    assert profile_figures.profile_heads(other, instrument)[0]["name"] == "Type A"
    tables = {table.name: table for table in result_tables(split, instrument)}
    assert len(tables["Profiles"].rows) == 9 * len(names)
    assert len(tables["Numbers of profiles tried"].rows) == 5
    assert Result.from_json(content).profiles == split.profiles
