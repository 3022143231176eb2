"""Mix, return to the mean and staged roll-out from two stored results: against the answers, and what stays hidden."""

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
from scipy import stats

from diagnosis.analysis import analyse
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study
from diagnosis.frames import Frames
from diagnosis.result import Gap, Result
from diagnosis.wave_reasons import (
    Rollout,
    WavePair,
    mix_results,
    return_result,
    rollout_results,
)
from surveys.simulation import SAMPLE_TRUTH, SAMPLE_TRUTH_LATER
from tests.diagnosis.draws import die_crm, draw_frames

SIZES = {"customers": 150, "managers": 12, "front_line": 30}
BRANCHES = ("North", "South", "West")
NORTH = Rollout("a", "Hotline", "branch", "North")


def groups(shares: Sequence[int]) -> list[dict[str, str]]:
    return [
        {"branch": branch} for branch, n in zip(BRANCHES, shares, strict=False) for _person in range(n)
    ] + [{} for _person in range(150 - sum(shares))]


@cache
def wave(number: int, shares: tuple[int, ...]) -> tuple[Frames, Result]:
    truth, seed = (SAMPLE_TRUTH_LATER, 21) if number == 2 else (SAMPLE_TRUTH, 20)
    frames = draw_frames(truth, seed, SIZES, {"customers": groups(shares)})
    frame = frames.audiences["customers"]
    full = replace(
        frame, scores=np.where(frame.scores < 1, 4, frame.scores).astype(np.int16), excluded=[""] * frame.n
    )
    frames = replace(frames, audiences={**frames.audiences, "customers": full})
    return frames, analyse(die_crm(), frames)


def pair(later: tuple[int, ...] = (70, 50, 30), earlier: tuple[int, ...] = (30, 50, 70)) -> WavePair:
    return paired(wave(2, later)[1], wave(1, earlier)[1])


def paired(later: Result, earlier: Result) -> WavePair:
    now, before = later.gap("E1"), earlier.gap("E1")
    assert now is not None
    assert before is not None
    return WavePair(later, earlier, now, before)


def persons(later: tuple[int, ...] = (70, 50, 30), earlier: tuple[int, ...] = (30, 50, 70)) -> pd.DataFrame:
    """One line per person: wave, branch, gap, received, wanted."""
    tables = []
    for number, shares in enumerate((earlier, later)):
        frames = wave(number + 1, shares)[0]
        book = score_states(Study(die_crm(), frames, 1))
        wanted, received = (book.common_scores(state).mean(axis=1) for state in ("CE", "CP"))
        branch = [row.get("branch", "") for row in frames.audiences["customers"].attributes]
        tables.append(
            pd.DataFrame(
                {"wave": number, "branch": branch, "E1": received - wanted, "CP": received, "CE": wanted}
            )
        )
    return pd.concat(tables)


def test_the_mix_effect_is_that_of_the_persons_and_adds_up() -> None:
    found = mix_results(pair())
    assert [(row.attribute, row.reason) for row in found] == [("branch", "")]
    table = persons()
    cells = table.groupby(["wave", "branch"])[["E1", "CP", "CE"]].mean()
    shares = table.groupby("wave")["branch"].value_counts(normalize=True)
    for part in found[0].parts:
        means = [cells.loc[number][part.code].loc[list(BRANCHES)].to_numpy() for number in (0, 1)]
        weights = [shares.loc[number].loc[list(BRANCHES)].to_numpy() for number in (0, 1)]
        change = table[table.wave == 1][part.code].mean() - table[table.wave == 0][part.code].mean()
        assert part.change == pytest.approx(change)
        assert part.mix == pytest.approx(((weights[1] - weights[0]) * (means[0] + means[1]) / 2).sum())
        assert part.within == pytest.approx(((weights[1] + weights[0]) / 2 * (means[1] - means[0])).sum())
        assert part.rest == pytest.approx(0.0, abs=1e-12)
        assert part.within + part.mix + part.rest == pytest.approx(part.change, abs=1e-12)
    gap, received, wanted = found[0].parts
    assert gap.mix == pytest.approx(received.mix - wanted.mix)
    assert [row.n_now for row in found[0].segments] == [70, 50, 30]
    assert [row.share_before for row in found[0].segments] == pytest.approx([0.2, 1 / 3, 7 / 15])


def test_the_interval_inside_the_groups_is_that_of_a_weighted_contrast() -> None:
    part = mix_results(pair())[0].parts[0]
    table = persons()
    model = smf.ols("E1 ~ C(branch):C(wave) - 1", table).fit(cov_type="HC2")
    weights = {"North": (70 + 30) / 300, "South": (50 + 50) / 300, "West": (30 + 70) / 300}
    contrast = [
        weights[name.split("[")[1].split("]")[0]] * (1 if name.endswith("[1]") else -1)
        for name in model.params.index
    ]
    test = model.t_test(np.array(contrast))
    assert part.within == pytest.approx(float(test.effect[0]))
    assert part.ci_low is not None
    assert part.ci_high is not None
    half = (part.ci_high - part.ci_low) / 2
    assert half / float(test.sd[0][0]) == pytest.approx(stats.t.ppf(0.975, 200), abs=0.02)


def test_customers_without_a_known_group_are_the_rest() -> None:
    found = mix_results(pair((60, 40, 30), (30, 40, 60)))[0]
    table = persons((60, 40, 30), (30, 40, 60))
    known = table[table.branch != ""]
    total = table[table.wave == 1].E1.mean() - table[table.wave == 0].E1.mean()
    of_known = known[known.wave == 1].E1.mean() - known[known.wave == 0].E1.mean()
    assert found.parts[0].rest == pytest.approx(total - of_known)
    assert abs(found.parts[0].rest) > 1e-6


@pytest.mark.parametrize("shares", [(70, 74, 6), (100, 46, 4)])
def test_a_group_hidden_in_one_wave_leaves_no_mix_effect(shares: tuple[int, ...]) -> None:
    for later, earlier in ((shares, (50, 50, 50)), ((50, 50, 50), shares)):
        two = pair(later, earlier)
        hidden = wave(2 if later == shares else 1, shares)[1]
        assert hidden.coverage is not None
        assert sum(group.n is None for group in hidden.coverage.attributes) >= 2, "the small one and a second"
        found = mix_results(two)[0]
        assert "hidden" in found.reason
        assert (found.parts, found.segments) == ((), ())


def test_other_groups_and_unknown_attributes_say_so() -> None:
    assert "other groups" in mix_results(pair((75, 75), (50, 50, 50)))[0].reason
    later, earlier = wave(2, (50, 50, 50))[1], wave(1, (50, 50, 50))[1]
    assert earlier.coverage is not None
    without = replace(earlier, coverage=replace(earlier.coverage, attributes=()))
    assert "one of the two waves only" in mix_results(paired(later, without))[0].reason
    assert mix_results(paired(replace(later, coverage=None), without)) == ()


def test_weighted_answers_have_no_mix_effect() -> None:
    two = pair()
    weighted = replace(
        two.later, audiences=tuple(replace(one, effective_n=90.0) for one in two.later.audiences)
    )
    both = paired(weighted, two.earlier)
    assert "weights" in mix_results(both)[0].reason
    assert "weights" in rollout_results(both, [NORTH])[0].reason


def test_the_largest_gaps_return_by_the_correlation_of_the_dimensions() -> None:
    two = pair()
    found = return_result(two)
    before = np.array([gap.estimate for gap in two.before.dimensions.values()])
    now = np.array([gap.estimate for gap in two.now.dimensions.values()])
    r = np.corrcoef(now, before)[0, 1]
    interval = stats.pearsonr(now, before).confidence_interval()
    assert found.n == 9
    assert found.r == pytest.approx(r)
    assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high))
    codes = list(two.before.dimensions)
    assert [row.dimension for row in found.rows] == [codes[i] for i in np.argsort(-np.abs(before))[:3]]
    for row in found.rows:
        place = codes.index(row.dimension)
        assert row.by_itself == pytest.approx((1 - r) * (before.mean() - before[place]))
        assert row.by_itself + row.beyond == pytest.approx(now[place] - before[place])
        assert row.by_itself_low <= row.by_itself <= row.by_itself_high


def with_gaps(two: WavePair, now: Sequence[float], before: Sequence[float]) -> WavePair:
    parts = [
        {
            code: replace(gap, estimate=value)
            for (code, gap), value in zip(each.dimensions.items(), values, strict=False)
        }
        for each, values in ((two.now, now), (two.before, before))
    ]
    return WavePair(
        two.later,
        two.earlier,
        replace(two.now, dimensions=parts[0]),
        replace(two.before, dimensions=parts[1]),
    )


def test_without_a_usable_correlation_it_says_why() -> None:
    two = pair()
    few = return_result(with_gaps(two, [-1, -2, -3, -1], [-1, -2, -3, -2]))
    assert (few.n, few.r, few.rows) == (4, None, ())
    assert "4 dimensions" in few.reason
    assert "at least 5" in few.reason
    flat = return_result(with_gaps(two, [-1.0] * 6, [-1, -2, -3, -1, -2, -3]))
    assert (flat.r, flat.rows) == (None, ())
    assert "same gap" in flat.reason
    crossed = return_result(with_gaps(two, [-3, -2, -1, -3, -2, -1], [-1, -2, -3, -1, -2, -3]))
    assert crossed.r == pytest.approx(-1.0)
    assert crossed.rows == ()
    assert "below 0" in crossed.reason


def test_a_hidden_dimension_is_no_part_of_the_correlation() -> None:
    two = pair()
    hidden = dict(two.before.dimensions) | {"R3": Gap("suppressed", reason="few")}
    found = return_result(WavePair(two.later, two.earlier, two.now, replace(two.before, dimensions=hidden)))
    assert found.n == 8
    assert "R3" not in {row.dimension for row in found.rows}


def test_difference_in_differences_is_that_of_the_persons() -> None:
    found = rollout_results(pair(), [NORTH])[0]
    assert (found.reason, found.others) == ("", ("South", "West"))
    assert (found.n_now, found.n_before, found.n_others_now, found.n_others_before) == (70, 30, 80, 120)
    table = persons()
    table["treated"] = (table.branch == "North").astype(int)
    for row in found.rows:
        model = smf.ols(f"{row.code} ~ treated * wave", table).fit(cov_type="HC2")
        assert row.estimate == pytest.approx(model.params["treated:wave"])
        half = (row.ci_high - row.ci_low) / 2
        assert half / model.bse["treated:wave"] == pytest.approx(stats.t.ppf(0.975, 100), abs=0.03)
        assert row.where - row.elsewhere == pytest.approx(row.estimate)
    gap, received, wanted = found.rows
    assert gap.estimate == pytest.approx(received.estimate - wanted.estimate)


def test_groups_one_wave_hides_are_left_out_and_a_hidden_place_says_so() -> None:
    hidden = (100, 46, 4)
    found = rollout_results(pair(hidden, (50, 50, 50)), [NORTH])[0]
    assert (found.others, found.rows) == ((), ())
    assert "no other group" in found.reason
    west = rollout_results(pair(hidden, (50, 50, 50)), [replace(NORTH, value="West")])[0]
    assert "hidden" in west.reason
    nowhere = rollout_results(pair(), [replace(NORTH, value="Mars"), replace(NORTH, attribute="planet")])
    assert all("no customers of this group" in row.reason for row in nowhere)
    assert all(row.n_now is None for row in (found, west, *nowhere))
