"""Two waves of one company with a known change: the split is exact, the words are right, hidden stays hidden."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from diagnosis.analysis.run import analyse
from diagnosis.comparison import Comparison, compare
from diagnosis.frames import Frames
from diagnosis.result import Result
from surveys.simulation import SAMPLE_TRUTH, SAMPLE_TRUTH_LATER, CompanyTruth
from tests.diagnosis.draws import SIZES, die_crm, draw_frames

MANY = {"customers": 600, "managers": 60, "front_line": 150, "crm_team": 30}


def diagnosed(truth: CompanyTruth, seed: int, sizes: dict[str, int] = MANY) -> Result:
    frames: Frames = draw_frames(truth, seed, sizes)
    return analyse(die_crm(), frames)


@cache
def before() -> Result:
    return diagnosed(SAMPLE_TRUTH, 7)


@cache
def after() -> Result:
    return diagnosed(SAMPLE_TRUTH_LATER, 8)


@cache
def compared() -> Comparison:
    return compare(after(), before())


def test_the_change_is_the_difference_of_both_results_and_of_its_two_sides() -> None:
    for gap in compared().gaps:
        now, then = after().gap(gap.code), before().gap(gap.code)
        assert now is not None
        assert then is not None
        for code, row in {"": gap.overall, **gap.dimensions}.items():
            if row.estimate is None:
                continue
            one, two = (each.dimensions[code] if code else each.overall for each in (now, then))
            assert one.estimate is not None
            assert two.estimate is not None
            assert row.estimate == one.estimate - two.estimate
            assert row.later is not None
            assert row.earlier is not None
            assert row.later.estimate - row.earlier.estimate == pytest.approx(row.estimate, abs=1e-9)


def test_interval_of_perception_and_of_the_gap_are_welch_intervals() -> None:
    row = compared().at("E1", "R6")
    gaps = [result.gap("E1").dimensions["R6"] for result in (after(), before())]
    assert row is not None
    assert row.later is not None
    ses = [gap.sd_later / np.sqrt(gap.n_later) for gap in gaps]
    df = sum(se**2 for se in ses) ** 2 / sum(
        se**4 / (gap.n_later - 1) for se, gap in zip(ses, gaps, strict=True)
    )
    half = stats.t.ppf(0.975, df) * np.hypot(*ses)
    shift = gaps[0].mean_later - gaps[1].mean_later
    assert (row.later.ci_low, row.later.ci_high) == pytest.approx((shift - half, shift + half), abs=1e-9)
    se = np.hypot(gaps[0].se, gaps[1].se)
    assert (row.ci_high - row.ci_low) / 2 == pytest.approx(se * stats.t.ppf(0.975, row.df), abs=1e-9)


def test_the_known_changes_are_found_and_named() -> None:
    found = compared()
    overall = found.at("E1")
    assert overall is not None
    assert (overall.verdict, overall.driver) == ("smaller", "later")
    true_change = (6 * 0.45 + 0.90 + 0.85 + 0.60) / 9
    assert overall.ci_low < true_change < overall.ci_high
    r6 = found.at("E1", "R6")
    assert r6 is not None
    assert (r6.verdict, r6.driver) == ("smaller", "later")
    assert r6.later.ci_low < 0.9 < r6.later.ci_high
    r3 = found.at("E1", "R3")
    assert r3 is not None
    assert (r3.verdict, r3.driver) == ("smaller", "earlier")
    assert r3.earlier.ci_low < -0.6 < r3.earlier.ci_high


def test_nothing_changed_is_seldom_called_a_change() -> None:
    found = compare(diagnosed(SAMPLE_TRUTH, 17), before())
    words = [row.verdict for gap in found.gaps for row in (gap.overall, *gap.dimensions.values())]
    changed = [word for word in words if word in {"closed", "smaller", "larger"}]
    assert len(changed) / len(words) < 0.05


def test_a_wave_with_itself_is_unchanged_or_undecided_and_zero() -> None:
    for gap in compare(before(), before()).gaps:
        for row in (gap.overall, *gap.dimensions.values()):
            assert row.estimate in {None, 0.0}
            assert row.verdict in {"unchanged", "undecided", "suppressed", "not_measured"}


def test_what_one_wave_hides_shows_no_figure_at_all() -> None:
    small = diagnosed(SAMPLE_TRUTH_LATER, 9, {**SIZES, "front_line": 3})
    for pair in ((small, before()), (before(), small)):
        found = compare(*pair)
        for gap in found.gaps:
            for row in (gap.overall, *gap.dimensions.values()):
                if row.verdict == "suppressed":
                    figures = {
                        name: getattr(row, name)
                        for name in (
                            "now",
                            "before",
                            "estimate",
                            "ci_low",
                            "n_now",
                            "n_before",
                            "later",
                            "earlier",
                        )
                    }
                    assert set(figures.values()) == {None}
                    assert row.reason
        assert found.at("I1").verdict == "suppressed"


def test_another_form_or_questionnaire_is_not_compared() -> None:
    forms = tuple(
        replace(audience, form="customers-short") if audience.code == "customers" else audience
        for audience in after().audiences
    )
    found = compare(replace(after(), audiences=forms), before())
    assert found.at("E1").verdict == "not_measured"
    assert "form" in found.at("E1").reason
    assert found.at("I1").estimate is not None
    other = compare(replace(after(), instrument={**after().instrument, "version": "9"}), before())
    assert other.gaps == ()
    assert other.notes


def test_json_has_every_figure() -> None:
    content = compared().to_json()
    e1 = next(gap for gap in content["gaps"] if gap["code"] == "E1")
    assert e1["overall"]["verdict"] == "smaller"
    assert e1["overall"]["later"]["ci_low"] > 0
    assert set(e1["dimensions"]) == set(compared().gap("E1").dimensions)
