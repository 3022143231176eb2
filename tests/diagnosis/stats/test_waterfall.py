"""The waterfall adds up, agrees with a plain loop, and answers when nothing can be said."""

import time

import numpy as np
import pytest

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.results import NotEnough
from diagnosis.stats.waterfall import WaterfallEstimate, WaterfallStep, bootstrap_waterfall

Survey = dict[str, dict[str, np.ndarray]]

STEPS = (
    WaterfallStep("D1", "design", later="ME", earlier="CE"),
    WaterfallStep("D2", "design", later="DS", earlier="ME"),
    WaterfallStep("I1", "implementation", later="FD", earlier="DS"),
    WaterfallStep("E4", "evaluation", later="CP", earlier="FD"),
)
AUDIENCES = {"customers": ("CE", "CP"), "managers": ("ME", "DS"), "front_line": ("FD",)}
LEVELS = {"CE": 6.2, "CP": 4.6, "ME": 5.7, "DS": 5.6, "FD": 4.9}


def survey(
    sizes: dict[str, int], missing: float = 0.0, seed: int = 1, sd: float = 0.9
) -> dict[str, dict[str, np.ndarray]]:
    random = np.random.default_rng(seed)
    answers: dict[str, dict[str, np.ndarray]] = {}
    for audience, states in AUDIENCES.items():
        n = sizes[audience]
        person = random.normal(0, 0.4, (n, 1))
        answers[audience] = {}
        for state in states:
            scores = LEVELS[state] + person + random.normal(0, 0.9, (n, 9))
            scores[random.random((n, 9)) < missing] = np.nan
            answers[audience][state] = scores
    return answers


def done(answer: WaterfallEstimate | NotEnough) -> WaterfallEstimate:
    assert isinstance(answer, WaterfallEstimate), answer
    return answer


def test_steps_add_up_to_the_total() -> None:
    data = survey({"customers": 120, "managers": 9, "front_line": 40}, missing=0.2)
    waterfall = done(bootstrap_waterfall(data, STEPS))
    assert sum(step.estimate for step in waterfall.steps) == pytest.approx(waterfall.total, abs=1e-12)
    assert waterfall.start == pytest.approx(np.nanmean(data["customers"]["CE"], axis=0).mean(), abs=1e-9)
    assert waterfall.end == pytest.approx(np.nanmean(data["customers"]["CP"], axis=0).mean(), abs=1e-9)
    rows = np.array(waterfall.steps_by_dimension)
    assert rows.shape == (9, 4)
    np.testing.assert_allclose(rows.mean(axis=0), [step.estimate for step in waterfall.steps], atol=1e-12)
    assert sum(stage.share for stage in waterfall.stages) == pytest.approx(1.0)
    assert sum(step.share or 0.0 for step in waterfall.steps) == pytest.approx(1.0)
    assert sum(step.p_largest for step in waterfall.steps) == pytest.approx(1.0)
    assert all(step.ci_low < step.estimate < step.ci_high for step in waterfall.steps)


def test_intervals_agree_with_a_plain_loop() -> None:
    data = survey({"customers": 60, "managers": 12, "front_line": 25}, missing=0.1)
    waterfall = done(bootstrap_waterfall(data, STEPS, n_draws=4000))
    random = np.random.default_rng(99)
    chain = ("CE", "ME", "DS", "FD", "CP")
    draws = []
    for _ in range(4000):
        level = {}
        for states in data.values():
            n = len(next(iter(states.values())))
            rows = random.integers(0, n, n)
            level |= {state: np.nanmean(scores[rows], axis=0).mean() for state, scores in states.items()}
        draws.append(np.diff([level[state] for state in chain]))
    low, high = np.quantile(draws, [0.025, 0.975], axis=0)
    np.testing.assert_allclose([step.ci_low for step in waterfall.steps], low, atol=0.04)
    np.testing.assert_allclose([step.ci_high for step in waterfall.steps], high, atol=0.04)
    largest = np.bincount(np.argmin(draws, axis=1), minlength=4) / 4000
    np.testing.assert_allclose([step.p_largest for step in waterfall.steps], largest, atol=0.04)


def test_same_seed_gives_the_same_waterfall() -> None:
    data = survey({"customers": 50, "managers": 8, "front_line": 20})
    first, second = (done(bootstrap_waterfall(data, STEPS, n_draws=300)) for _ in range(2))
    assert first == second
    assert first != done(bootstrap_waterfall(data, STEPS, n_draws=300, random_state=2))


def test_persons_who_said_nothing_are_left_out() -> None:
    data = survey({"customers": 50, "managers": 8, "front_line": 20})
    before = done(bootstrap_waterfall(data, STEPS, n_draws=200))
    data["front_line"]["FD"] = np.vstack([data["front_line"]["FD"], np.full((3, 9), np.nan)])
    assert done(bootstrap_waterfall(data, STEPS, n_draws=200)) == before


def test_dimension_one_state_lacks_is_left_out_of_all() -> None:
    data = survey({"customers": 50, "managers": 8, "front_line": 20})
    data["front_line"]["FD"][:, 4] = np.nan
    waterfall = done(bootstrap_waterfall(data, STEPS, n_draws=200))
    assert waterfall.dimensions == (0, 1, 2, 3, 5, 6, 7, 8)
    assert waterfall.start == pytest.approx(np.delete(data["customers"]["CE"], 4, axis=1).mean(), abs=1e-9)


def test_shares_follow_the_weights() -> None:
    data = {
        "customers": {"CE": np.array([[6.0, 6.0], [6.5, 6.5]]), "CP": np.array([[4.0, 5.0], [4.5, 5.5]])},
        "managers": {"ME": np.array([[4.0, 6.0], [4.5, 6.5]])},
    }
    steps = (WaterfallStep("D1", "design", "ME", "CE"), WaterfallStep("X", "rest", "CP", "ME"))
    equal = done(bootstrap_waterfall(data, steps, n_draws=100))
    assert [stage.share for stage in equal.stages] == pytest.approx([2 / 3, 1 / 3])
    weighted = done(bootstrap_waterfall(data, steps, n_draws=100, weights=[0.25, 0.75]))
    assert [stage.share for stage in weighted.stages] == pytest.approx([0.4, 0.6])


def test_nothing_lost_has_no_shares() -> None:
    data = {
        "customers": {"CE": np.array([[4.0], [4.5]]), "CP": np.array([[6.0], [6.5]])},
        "managers": {"ME": np.array([[5.2], [5.3]])},
    }
    steps = (WaterfallStep("D1", "design", "ME", "CE"), WaterfallStep("X", "rest", "CP", "ME"))
    waterfall = done(bootstrap_waterfall(data, steps, n_draws=100))
    assert waterfall.stages == ()
    assert [(step.share, step.p_largest) for step in waterfall.steps] == [(None, 0.0), (None, 0.0)]


def test_too_few_persons_are_stated() -> None:
    data = survey({"customers": 50, "managers": 1, "front_line": 20})
    assert bootstrap_waterfall(data, STEPS) == NotEnough("too_few", 1, 2)
    data = survey({"customers": 50, "managers": 0, "front_line": 20})
    assert bootstrap_waterfall(data, STEPS) == NotEnough("too_few", 0, 2)
    data = survey({"customers": 50, "managers": 4, "front_line": 20})
    data["managers"]["DS"][:] = np.nan
    assert isinstance(bootstrap_waterfall(data, STEPS), NotEnough)


def test_broken_chain_is_refused() -> None:
    data = survey({"customers": 5, "managers": 5, "front_line": 5})
    for steps in ((), (STEPS[0], STEPS[2]), (*STEPS, WaterfallStep("Z", "rest", "PR", "CP"))):
        with pytest.raises(StatisticsError):
            bootstrap_waterfall(data, steps)
    with pytest.raises(StatisticsError):
        bootstrap_waterfall({**data, "crm_team": {"DS": data["managers"]["DS"]}}, STEPS)
    with pytest.raises(StatisticsError):
        bootstrap_waterfall({**data, "front_line": {"FD": np.ones((5, 3))}}, STEPS)
    with pytest.raises(StatisticsError):
        bootstrap_waterfall(data, STEPS, weights=[0.0] * 9)


def test_groups_of_many_persons_give_the_interval_of_their_persons() -> None:
    data = survey({"customers": 12_000, "managers": 2_100, "front_line": 60})
    step = WaterfallStep("E1", "evaluation", later="CP", earlier="CE")
    started = time.process_time()
    waterfall = done(bootstrap_waterfall(data, [step], n_draws=4_000))
    assert time.process_time() - started < 5.0
    differences = (data["customers"]["CP"] - data["customers"]["CE"]).mean(axis=1)
    half = 1.96 * differences.std(ddof=1) / np.sqrt(12_000)
    assert waterfall.total_ci_high - waterfall.total_ci_low == pytest.approx(2 * half, rel=0.08)
    assert waterfall.total == pytest.approx(differences.mean(), abs=1e-12)


def test_means_of_many_weighted_persons_vary_as_their_draws_do() -> None:
    data = survey({"customers": 2_500, "managers": 40, "front_line": 60}, missing=0.3)
    data["managers"]["ME"][:, 2] = np.nan
    weights = {"customers": np.random.default_rng(4).uniform(0.2, 3.0, 2_500)}
    step = WaterfallStep("E1", "evaluation", later="CP", earlier="CE")
    one = {"customers": data["customers"]}
    many = done(bootstrap_waterfall(one, [step], n_draws=4_000, person_weights=weights))
    few = {"customers": {state: scores[:2_000] for state, scores in data["customers"].items()}}
    drawn = done(
        bootstrap_waterfall(
            few, [step], n_draws=4_000, person_weights={"customers": weights["customers"][:2_000]}
        )
    )
    halves = [answer.total_ci_high - answer.total_ci_low for answer in (many, drawn)]
    assert halves[0] == pytest.approx(halves[1] * np.sqrt(2_000 / 2_500), rel=0.08)
    assert done(bootstrap_waterfall(data, STEPS, n_draws=300)).dimensions == (0, 1, 3, 4, 5, 6, 7, 8)
