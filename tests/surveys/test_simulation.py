"""Drawn companies have the gaps they were told to have, and look like real answers."""

import time
from dataclasses import replace

import numpy as np
import pytest

from surveys.instruments import (
    CANNOT_JUDGE,
    MISSING,
    NO_STANDARD,
    Form,
    builtin_components,
    load_builtin,
)
from surveys.simulation import (
    NO_GAP_TRUTH,
    SAMPLE_TRUTH,
    CompanyTruth,
    SimulatedResponse,
    draw_responses,
    expected_recorded_means,
    posted_fields,
    true_means,
)

INSTRUMENT = load_builtin("die-crm")
FORMS = [form.code for form in INSTRUMENT.forms]
STANDARD = [plan.code for plan in INSTRUMENT.definition.forms if plan.default]
WHOLE = load_builtin("die-crm", frozenset(part.code for part in builtin_components("die-crm")))
LOWEST_VALUE = -1000


def attentive_rows(responses: list[SimulatedResponse]) -> np.ndarray:
    rows = np.array([response.scores for response in responses if not response.careless], dtype=float)
    rows[rows < LOWEST_VALUE] = np.nan
    return rows


def mean_of_state(form: Form, means: dict[str, float], state: str) -> float:
    return float(np.mean([means[slot.code] for slot in form.slots if slot.state == state]))


@pytest.mark.parametrize("code", FORMS)
def test_every_response_passes_the_form(code: str) -> None:
    form = INSTRUMENT.form(code)
    for response in draw_responses(form, SAMPLE_TRUTH, 60, 1):
        row = form.blank_scores()
        for page in form.pages:
            answers = form.validate_answers(page, posted_fields(page, response))
            assert not answers.problems
            for name, score in answers.scores.items():
                row[form.slot_index[name]] = score
            assert all(response.choices.get(key, []) == value for key, value in answers.choices.items())
            assert all(response.texts.get(key, "") == value for key, value in answers.texts.items())
        assert row == response.scores


def test_same_seed_same_answers() -> None:
    form = INSTRUMENT.form_for("managers")
    assert draw_responses(form, SAMPLE_TRUTH, 20, 7) == draw_responses(form, SAMPLE_TRUTH, 20, 7)
    assert draw_responses(form, SAMPLE_TRUTH, 20, 7) != draw_responses(form, SAMPLE_TRUTH, 20, 8)


@pytest.mark.parametrize("truth", [SAMPLE_TRUTH, NO_GAP_TRUTH])
@pytest.mark.parametrize("code", FORMS)
def test_recorded_means_are_the_true_means(code: str, truth: CompanyTruth) -> None:
    form = INSTRUMENT.form(code)
    told, drawn = true_means(form, truth), expected_recorded_means(form, truth, 200_000, 3)
    for slot in form.slots:
        assert drawn[slot.code] == pytest.approx(told[slot.code], abs=0.004 * slot.scale.span)


def test_sample_company_has_the_gaps_of_its_story() -> None:
    means: dict[str, float] = {}
    for form in map(INSTRUMENT.form, STANDARD):
        told = true_means(form, SAMPLE_TRUTH)
        means |= {state: mean_of_state(form, told, state) for state in form.states}
    assert means["CP"] - means["CE"] == pytest.approx(-1.2, abs=0.05)
    steps = {
        "D1": means["ME"] - means["CE"],
        "D2": means["DS"] - means["ME"],
        "I1": means["FD"] - means["DS"],
        "E4": means["CP"] - means["FD"],
    }
    assert sum(steps.values()) == pytest.approx(means["CP"] - means["CE"])
    assert min(steps, key=steps.__getitem__) == "I1"
    assert means["MP"] - means["CP"] > 0.3


def test_sample_company_is_a_tool_without_people() -> None:
    for audience in ("managers", "front_line", "crm_team"):
        factors = SAMPLE_TRUTH.readiness[audience]
        technology = np.mean([factors[f"T{k}"] for k in range(1, 6)])
        people = np.mean([factors[f"H{k}"] for k in range(1, 6)])
        assert (technology - people) / 6 * 100 >= (8 if audience == "managers" else 15)


def test_company_without_gaps_has_equal_means_everywhere() -> None:
    for form in INSTRUMENT.forms:
        told = true_means(form, NO_GAP_TRUTH)
        assert {round(told[slot.code], 9) for slot in form.slots if slot.state not in ("", "RA")} == {4.8}
        assert {told[slot.code] for slot in form.slots if slot.state == "RA"} <= {4.6}


@pytest.mark.parametrize("code", FORMS)
def test_every_component_has_a_truth(code: str) -> None:
    form = WHOLE.form(code)
    assert len(draw_responses(form, SAMPLE_TRUTH, 3, 1)[0].scores) == form.n_ratings
    told = true_means(form, SAMPLE_TRUTH)
    if "CA.R1.1" in told:
        assert told["CA.R1.1"] < told["CP.R1.1"] < told["CE.R1.1"]
        assert told["Y5.R6"] < told["Y5.R7"] < 0


@pytest.mark.parametrize("code", STANDARD)
def test_scales_are_about_as_reliable_as_real_ones(code: str) -> None:
    form = INSTRUMENT.form(code)
    rows = attentive_rows(draw_responses(form, SAMPLE_TRUTH, 3000, 2))
    for state in form.states:
        for dimension in INSTRUMENT.dimensions:
            items = rows[:, [form.slot_index[f"{state}.{item.code}"] for item in dimension.items]]
            items = items[~np.isnan(items).any(axis=1)]
            total = items.sum(axis=1).var(ddof=1)
            reliability = 1.5 * (1 - items.var(axis=0, ddof=1).sum() / total)
            assert 0.70 <= reliability <= 0.88


def test_expectations_press_against_the_top_of_the_scale() -> None:
    form = INSTRUMENT.form_for("customers")
    rows = attentive_rows(draw_responses(form, SAMPLE_TRUTH, 3000, 2))
    wanted = rows[:, form.slot_index["CE.R3.1"]]
    received = rows[:, form.slot_index["CP.R3.1"]]
    assert np.nanmean(wanted == 7) > 0.4
    assert np.nanstd(wanted) < np.nanstd(received)


def test_satisfied_customers_perceive_more() -> None:
    form = INSTRUMENT.form_for("customers")
    rows = attentive_rows(draw_responses(form, SAMPLE_TRUTH, 3000, 2))
    received = np.nanmean(rows[:, [slot.index for slot in form.slots if slot.state == "CP"]], axis=1)
    satisfied = np.nanmean(rows[:, [slot.index for slot in form.slots if slot.group == "Y1"]], axis=1)
    assert np.corrcoef(received, satisfied)[0, 1] > 0.4


def test_answers_left_out_have_their_rates() -> None:
    customers = INSTRUMENT.form_for("customers")
    drawn = [r for r in draw_responses(customers, SAMPLE_TRUTH, 4000, 5) if not r.careless]
    recovery = [response.scores[customers.slot_index["CP.R6.1"]] for response in drawn]
    assert np.mean(np.array(recovery) == CANNOT_JUDGE) == pytest.approx(0.21, abs=0.03)
    assert np.mean(np.array(recovery) == MISSING) == pytest.approx(0.012, abs=0.008)
    team = INSTRUMENT.form_for("crm_team")
    standards = np.array([response.scores for response in draw_responses(team, SAMPLE_TRUTH, 2000, 5)])
    assert np.mean(standards[:, list(team.core_slots)] == NO_STANDARD) == pytest.approx(0.06, abs=0.01)
    clean = draw_responses(customers, NO_GAP_TRUTH, 200, 5)
    assert min(min(response.scores) for response in clean) >= -3


def test_careless_persons_answer_in_a_straight_line() -> None:
    form = INSTRUMENT.form_for("customers")
    drawn = draw_responses(form, replace(SAMPLE_TRUTH, careless_share=0.1), 2000, 5)
    careless = [response for response in drawn if response.careless]
    assert len(careless) == pytest.approx(200, abs=50)
    for response in careless:
        assert len({response.scores[index] for index in form.core_slots}) == 1
        assert not response.texts


def test_importance_follows_its_weights() -> None:
    form = INSTRUMENT.form_for("customers")
    ticks = [
        tick for response in draw_responses(form, SAMPLE_TRUTH, 2000, 5) for tick in response.choices["Y8"]
    ]
    assert len(ticks) == 3 * 2000
    assert ticks.count("R6") > ticks.count("R8") > ticks.count("R5")


def test_ten_thousand_customers_take_less_than_two_seconds() -> None:
    form = INSTRUMENT.form_for("customers")
    began = time.process_time()
    assert len(draw_responses(form, SAMPLE_TRUTH, 10_000, 1)) == 10_000
    assert time.process_time() - began < 2


def test_a_truth_that_lacks_a_state_is_refused() -> None:
    with pytest.raises(ValueError, match="the truth says nothing about CE in R1"):
        draw_responses(INSTRUMENT.form_for("customers"), CompanyTruth(means={}, readiness={}), 5, 1)
    with pytest.raises(ValueError, match="careless_share must be from 0 to 1"):
        replace(SAMPLE_TRUTH, careless_share=2)
