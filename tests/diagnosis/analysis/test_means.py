"""The one mean per state and dimension: identity of the steps, agreement with independent arithmetic."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from scipy import stats as scipy_stats

from diagnosis.analysis import analyse
from diagnosis.frames import Frames
from diagnosis.result import Result
from surveys.instruments import CANNOT_JUDGE, MISSING, NO_STANDARD
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames

STEPS = ("D1", "D2", "I1", "E4")
CODES = tuple(f"R{number}" for number in range(1, 10))


@cache
def sample(seed: int = 7) -> tuple[Frames, Result]:
    """A drawn company and its result."""
    frames = draw_frames(SAMPLE_TRUTH, seed)
    return frames, analyse(die_crm(), frames)


def column(frames: Frames, audience: str, state: str) -> pd.DataFrame:
    """Answers of one state as a table (persons, items), read from the packed rows."""
    frame = frames.audiences[audience]
    table = pd.DataFrame(frame.scores, columns=list(frame.slots)).astype(float)
    table = table.replace({float(MISSING): np.nan, float(CANNOT_JUDGE): np.nan, float(NO_STANDARD): np.nan})
    table = table[[reason == "" for reason in frame.excluded]].reset_index(drop=True)
    kept = [name for name in table.columns if name.startswith(f"{state}.")]
    return table[kept].rename(columns=lambda name: name.split(".", 1)[1])


def dimension_scores(items: pd.DataFrame, mask: pd.DataFrame | None = None) -> pd.DataFrame:
    """Person means per dimension with at least two of three items answered (and present in the mask)."""
    values = items if mask is None else items.where(mask)
    scores = {}
    for code in CODES:
        part = values[[name for name in values.columns if name.startswith(f"{code}.")]]
        scores[code] = part.mean(axis=1).where(part.notna().sum(axis=1) >= 2)
    return pd.DataFrame(scores)


@cache
def independent_scores() -> dict[str, pd.DataFrame]:
    """All seven states scored with pandas alone."""
    frames, _ = sample()
    scores = {}
    for audience, states in (("customers", ("CE", "CP")), ("managers", ("ME", "DS"))):
        one, two = (column(frames, audience, state) for state in states)
        both = one.notna() & two.notna()
        scores |= {states[0]: dimension_scores(one, both), states[1]: dimension_scores(two, both)}
    for audience, state in (("managers", "MP"), ("front_line", "FE"), ("front_line", "FD")):
        scores[state] = dimension_scores(column(frames, audience, state))
    return scores


@pytest.mark.parametrize("seed", [1, 2, 3, 4, 5])
def test_steps_add_up_to_the_total_gap(seed: int) -> None:
    result = analyse(die_crm(), draw_frames(SAMPLE_TRUTH, seed))
    gaps = {gap.code: gap for gap in result.gaps}
    total = gaps["E1"].overall.estimate
    assert total is not None
    assert abs(total - sum(gaps[code].overall.estimate or 0.0 for code in STEPS)) <= 1e-12
    for code in CODES:
        steps = [gaps[step].dimensions[code].estimate for step in STEPS]
        whole = gaps["E1"].dimensions[code].estimate
        assert whole is not None
        assert None not in steps
        assert abs(whole - sum(step or 0.0 for step in steps)) <= 1e-12
    assert result.waterfall is not None
    overall = result.waterfall.overall
    ends = (overall.end or 0.0) - (overall.start or 0.0)
    assert abs(ends - sum(step.estimate or 0.0 for step in overall.steps)) <= 1e-12


def test_the_identity_survives_json() -> None:
    _, result = sample()
    content = result.to_json()
    gaps = {gap["code"]: gap for gap in content["gaps"]}
    parts = sum(gaps[code]["overall"]["estimate"] for code in STEPS)
    assert abs(gaps["E1"]["overall"]["estimate"] - parts) <= 1e-12


@pytest.mark.parametrize("state", ["CE", "CP", "ME", "DS", "MP", "FE", "FD"])
def test_means_of_states_agree_with_pandas(state: str) -> None:
    _, result = sample()
    expected = independent_scores()[state]
    for code in CODES:
        mean = result.states[state].dimensions[code]
        assert mean.n == expected[code].notna().sum()
        assert mean.mean == pytest.approx(expected[code].mean(), abs=1e-9)
        assert mean.sd == pytest.approx(expected[code].std(), abs=1e-9)
    assert result.states[state].overall.mean == pytest.approx(expected.mean().mean(), abs=1e-9)


@pytest.mark.parametrize("code", ["D1", "D2", "D3", "I1", "E1", "E3", "E4"])
def test_every_gap_is_a_difference_of_the_shown_means(code: str) -> None:
    _, result = sample()
    gap = result.gap(code)
    assert gap is not None
    pairs = [(gap.overall, result.states[gap.later].overall, result.states[gap.earlier].overall)]
    pairs += [
        (found, result.states[gap.later].dimensions[d], result.states[gap.earlier].dimensions[d])
        for d, found in gap.dimensions.items()
    ]
    for found, later, earlier in pairs:
        assert found.mean_later == pytest.approx(later.mean, abs=1e-12)
        assert found.mean_earlier == pytest.approx(earlier.mean, abs=1e-12)
        assert found.estimate is not None
        assert found.estimate == (found.mean_later or 0.0) - (found.mean_earlier or 0.0)


@pytest.mark.parametrize("code", ["D1", "D3", "I1", "E3", "E4"])
def test_welch_gaps_agree_with_scipy(code: str) -> None:
    _, result = sample()
    gap = result.gap(code)
    assert gap is not None
    scores = independent_scores()
    p_values = []
    for dimension in CODES:
        later, earlier = (scores[state][dimension].dropna() for state in (gap.later, gap.earlier))
        test = scipy_stats.ttest_ind(later, earlier, equal_var=False)
        interval = test.confidence_interval()
        found = gap.dimensions[dimension]
        assert (found.n_later, found.n_earlier) == (len(later), len(earlier))
        assert found.t == pytest.approx(test.statistic, abs=1e-6)
        assert found.df == pytest.approx(test.df, abs=1e-6)
        assert found.p_value == pytest.approx(test.pvalue, abs=1e-6)
        assert (found.ci_low, found.ci_high) == pytest.approx((interval.low, interval.high), abs=1e-6)
        p_values.append(test.pvalue)
    q_values = scipy_stats.false_discovery_control(p_values)
    assert [gap.dimensions[d].q_value for d in CODES] == pytest.approx(list(q_values), abs=1e-6)


@pytest.mark.parametrize("code", ["E1", "D2"])
def test_paired_gaps_agree_with_scipy(code: str) -> None:
    _, result = sample()
    gap = result.gap(code)
    assert gap is not None
    assert gap.test == "paired"
    scores = independent_scores()
    p_values = []
    for dimension in CODES:
        both = pd.DataFrame({state: scores[state][dimension] for state in (gap.later, gap.earlier)}).dropna()
        test = scipy_stats.ttest_rel(both[gap.later], both[gap.earlier])
        found = gap.dimensions[dimension]
        assert found.n_later == found.n_earlier == len(both)
        assert found.t == pytest.approx(test.statistic, abs=1e-6)
        assert found.p_value == pytest.approx(test.pvalue, abs=1e-6)
        p_values.append(test.pvalue)
    q_values = scipy_stats.false_discovery_control(p_values)
    assert [gap.dimensions[d].q_value for d in CODES] == pytest.approx(list(q_values), abs=1e-6)


def test_overall_of_complete_answers_is_the_t_test_of_person_means() -> None:
    complete = SAMPLE_TRUTH.__class__(
        means=SAMPLE_TRUTH.means, readiness=SAMPLE_TRUTH.readiness, outcomes=SAMPLE_TRUTH.outcomes
    )
    frames = draw_frames(complete, 3)
    result = analyse(die_crm(), frames)
    total, understanding = result.gap("E1"), result.gap("D1")
    assert total is not None
    assert understanding is not None
    wanted, received = (
        dimension_scores(column(frames, "customers", state)).mean(axis=1) for state in ("CE", "CP")
    )
    paired = scipy_stats.ttest_rel(received, wanted)
    assert total.overall.t == pytest.approx(paired.statistic, abs=1e-6)
    assert total.overall.p_value == pytest.approx(paired.pvalue, abs=1e-6)
    managers = dimension_scores(column(frames, "managers", "ME")).mean(axis=1)
    welch = scipy_stats.ttest_ind(managers, wanted, equal_var=False)
    assert understanding.overall.t == pytest.approx(welch.statistic, abs=1e-6)
    assert understanding.overall.df == pytest.approx(welch.df, abs=1e-6)


def test_alpha_agrees_with_pandas() -> None:
    frames, result = sample()
    for row in result.reliability:
        table = column(frames, row.audience, row.state)
        items = table[[name for name in table.columns if name.startswith(f"{row.dimension}.")]].dropna()
        assert (row.n, row.k) == (len(items), 3)
        total = items.sum(axis=1).var()
        assert row.alpha == pytest.approx(1.5 * (1 - items.var().sum() / total), abs=1e-6)


def test_the_same_seed_gives_the_same_result() -> None:
    frames, result = sample()
    assert analyse(die_crm(), frames) == result
