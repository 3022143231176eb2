"""Second opinions on the gaps: the persons of the gap's own test, numbers as scipy gives them, hidden stays hidden."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from diagnosis.analysis import analyse
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study
from diagnosis.appendix_figures import appendix_table, check_of, check_rows, disagreement_note
from diagnosis.appendix_result import GapAppendix
from diagnosis.frames import Frames
from diagnosis.result import Result
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames


@cache
def sample() -> tuple[Frames, Result]:
    frames = draw_frames(SAMPLE_TRUTH, 7, {"customers": 150, "managers": 12, "front_line": 45, "crm_team": 8})
    return frames, analyse(die_crm(), frames)


def appendix() -> GapAppendix:
    found = sample()[1].appendix
    assert found is not None
    return found


def scores(state: str, dimension: int) -> np.ndarray:
    book = score_states(Study(die_crm(), sample()[0], 1))
    return book.states[state].column(dimension)


def answered(column: np.ndarray) -> np.ndarray:
    return column[~np.isnan(column)]


def test_rank_tests_are_those_of_the_gaps_own_persons() -> None:
    for place in range(9):
        received, wanted = scores("CP", place), scores("CE", place)
        both = ~np.isnan(received) & ~np.isnan(wanted)
        differences = np.round(received - wanted, 9)[both]
        check = appendix().check("E1", f"R{place + 1}")
        assert check is not None
        assert check.rank_test == "wilcoxon"
        expected = stats.wilcoxon(differences, correction=True, method="asymptotic").pvalue
        assert check.rank_p == pytest.approx(expected, rel=1e-6)
        done, standard = answered(scores("FD", place)), answered(scores("DS", place))
        other = appendix().check("I1", f"R{place + 1}")
        assert other is not None
        rounded = np.round(done, 9), np.round(standard, 9)
        expected = stats.mannwhitneyu(*rounded, method="asymptotic").pvalue
        assert other.rank_p == pytest.approx(expected, rel=1e-6)
        assert other.delta == pytest.approx(np.sign(rounded[0][:, None] - rounded[1][None, :]).mean())


def test_bootstrap_interval_is_the_one_of_many_draws() -> None:
    received, wanted = scores("CP", 0), scores("CE", 0)
    differences = answered(received - wanted)
    drawn = stats.bootstrap(
        (differences,), np.mean, n_resamples=30_000, method="BCa", rng=1
    ).confidence_interval
    check = appendix().check("E1", "R1")
    assert check is not None
    assert (check.bca_low, check.bca_high) == pytest.approx((drawn.low, drawn.high), abs=0.015)


def test_small_sides_have_no_bootstrap_interval() -> None:
    for part in ("", "R1", "R9"):
        check = appendix().check("D1", part)
        assert check is not None
        assert (check.bca_low, check.bca_high) == (None, None)
        assert check.delta_low is not None


def test_every_tested_gap_has_its_check_and_no_other() -> None:
    result = sample()[1]
    for gap in result.gaps:
        if gap.kind not in {"difference", "coverage"}:
            assert gap.code not in appendix().gaps
            continue
        for part, tested in {"": gap.overall, **gap.dimensions}.items():
            has_check = appendix().check(gap.code, part) is not None
            assert has_check == (tested.p_value is not None), (gap.code, part)


def test_hidden_sides_have_no_check() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {"customers": 60, "managers": 4, "front_line": 20, "crm_team": 8})
    result = analyse(die_crm(), frames)
    assert result.appendix is not None
    for code in ("D1", "E3"):
        assert code not in result.appendix.gaps
    assert result.appendix.check("E1", "R1") is not None


def test_a_small_study_says_only_what_it_can() -> None:
    sizes = {"customers": 60, "managers": 8, "front_line": 12, "crm_team": 5}
    result = analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, sizes))
    assert result.appendix is not None
    with_bca = {
        code
        for code, parts in result.appendix.gaps.items()
        if any(check.bca_low is not None for check in parts.values())
    }
    assert with_bca == {"E1"}, "only customers are twenty and more"
    assert all(check.bca_low is None for check in result.appendix.gaps["D2"].values())
    assert result.agreement
    assert all(row.camps is None for row in result.agreement if row.audience == "managers")
    for code in ("D1", "I1"):
        for part, check in result.appendix.gaps[code].items():
            if check.delta_low is not None and check.delta_high is not None:
                assert check.delta_high - check.delta_low > 0.4, (code, part, "few persons tell little")


def test_weighted_answers_have_no_second_opinion() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7)
    customers = frames.audiences["customers"]
    weighted = replace(customers, weights=tuple(1.0 + (row % 3) for row in range(customers.n)))
    result = analyse(die_crm(), replace(frames, audiences={**frames.audiences, "customers": weighted}))
    assert result.appendix is None
    assert appendix_table(result, str).rows == ()
    assert check_rows(result.to_json(), str) == []


def test_appendix_survives_the_stored_form() -> None:
    result = sample()[1]
    assert Result.from_json(result.to_json()) == result
    older = result.to_json()
    del older["appendix"]
    assert Result.from_json(older).appendix is None
    assert check_of(older, "E1", None) is None


def test_rows_stand_in_the_order_of_the_gaps_with_overall_last() -> None:
    content = sample()[1].to_json()
    rows = check_rows(content, str)
    first = [row["part"] for row in rows if row["gap"] == rows[0]["gap"]]
    assert first[-1] == ""
    assert first[0] == "R1"
    assert all(row["tested"]["p_value"] is not None for row in rows)
    assert not any(row["part"] == "" for row in check_rows(content, str, overall=False))
    table = appendix_table(sample()[1], str)
    assert len(table.rows) == len(rows)
    assert {len(row) for row in table.rows} == {len(table.header)}


def test_disagreement_names_the_gaps() -> None:
    agreeing = {"gap": "E1", "part": "R1", "agrees": True}
    assert "every" in disagreement_note([agreeing]).casefold()
    note = disagreement_note([agreeing, {"gap": "D1", "part": "", "agrees": False}])
    assert "D1" in note
    assert "E1" not in note
