"""Short and pulse forms, the zone of tolerance and direct answers: by hand, hidden where they must be, never zero."""

import numpy as np
import pytest

from diagnosis.analysis import analyse
from diagnosis.result import Mean, Result
from diagnosis.rules.findings import find
from surveys.disclosure import MIN_GROUP
from tests.diagnosis.variants import ALL_PARTS, SIZES, draw_variant, instrument_with, result_of

LOWEST_VALUE = -1000


def column(code: str, variant: str = "standard", *parts: str) -> np.ndarray:
    frame = draw_variant(instrument_with(*parts), variant).audiences["customers"]
    values = frame.packed([code])[0].astype(float)
    values[values < LOWEST_VALUE] = np.nan
    return values


def test_a_pulse_measures_perceptions_and_no_gap_that_needs_wishes() -> None:
    result = result_of("pulse")
    states = {gap.code: gap.overall.certainty for gap in result.gaps}
    for code in ("E1", "D1", "D3"):
        gap = result.gap(code)
        assert gap is not None
        assert states[code] == "not_measured"
        assert gap.overall.estimate is None
        assert all(cell.estimate is None for cell in gap.dimensions.values())
    assert states["E4"] != "not_measured"
    assert states["E3"] != "not_measured"
    assert "CE" not in result.states
    assert result.waterfall is None
    received = result.states["CP"].dimensions["R6"]
    assert received.mean == pytest.approx(np.nanmean(column("CP.R6.1", "pulse")))
    assert any("“What customers expect”; not measured: D1, D3, D4, E1" in note for note in result.notes)


def test_items_a_form_leaves_out_are_not_measured() -> None:
    result = result_of("short")
    for state in ("CE", "CP", "ME", "FD"):
        assert result.items[state]["R1.3"] == Mean(not_measured="Not measured: not asked.")
        assert result.items[state]["R1.2"].mean is not None
    assert any(note.startswith("Customers answered the form") and "R1.3" in note for note in result.notes)
    kinds = {row.kind for row in result.reliability if row.audience == "customers"}
    assert kinds == {"spearman_brown"}


def test_a_short_wave_finds_what_a_standard_one_finds() -> None:
    short, standard = result_of("short"), result_of("standard")
    first, second = short.gap("E1"), standard.gap("E1")
    assert first is not None
    assert second is not None
    assert first.overall.certainty == second.overall.certainty == "clear"
    assert first.overall.estimate == pytest.approx(second.overall.estimate, abs=0.25)


def test_optional_dimensions_are_measured_like_all_others() -> None:
    result = result_of("standard", "personal-bond", "voice")
    gap = result.gap("E1")
    assert gap is not None
    assert list(gap.dimensions)[-2:] == ["R10", "R11"]
    assert gap.dimensions["R11"].estimate == pytest.approx(3.19 - 4.72, abs=0.35)
    assert result.waterfall is not None
    steps = [step.estimate or 0.0 for step in result.waterfall.overall.steps]
    assert sum(steps) == pytest.approx(gap.overall.estimate, abs=1e-9)


def test_an_old_wave_has_no_zone_and_no_direct_answers() -> None:
    result = result_of("standard")
    assert result.zone is None
    assert result.direct is None
    assert {row.code for row in result.outcomes} == {"F1", "Y1", "Y2", "Y3", "Y4", "Y4S", "Y7", "S1"}


def zone_by_hand(dimension: str) -> tuple[float, float, float, int]:
    """Means of lowest, wanted and received over persons who answered all three, written out with numpy."""
    items = [f"{dimension}.{k}" for k in (1, 2, 3)]
    everything = [f"R{d}.{k}" for d in range(1, 10) for k in (1, 2, 3)]
    part = "three-columns"
    low_all = np.column_stack([column(f"CA.{item}", "standard", part) for item in everything])
    high_all = np.column_stack([column(f"CE.{item}", "standard", part) for item in everything])
    both = ~np.isnan(low_all) & ~np.isnan(high_all)
    kept = (both & (low_all > high_all)).sum(axis=1) <= 0.25 * both.sum(axis=1)
    stacks = [
        np.column_stack([column(f"{s}.{i}", "standard", part) for i in items]) for s in ("CA", "CE", "CP")
    ]
    complete = ~np.isnan(np.stack(stacks)).any(axis=0)
    kept &= complete.sum(axis=1) >= 2
    scores = [np.nanmean(np.where(complete, stack, np.nan)[kept], axis=1) for stack in stacks]
    low, high, got = (float(score.mean()) for score in scores)
    return low, high, got, int(kept.sum())


@pytest.mark.parametrize("dimension", ["R3", "R6", "R9"])
def test_zone_of_tolerance_by_hand(dimension: str) -> None:
    zone = result_of("standard", "three-columns").zone
    assert zone is not None
    cell = zone.dimensions[dimension]
    low, high, got, n = zone_by_hand(dimension)
    assert cell.lowest.mean == pytest.approx(low, abs=1e-9)
    assert cell.wanted.mean == pytest.approx(high, abs=1e-9)
    assert cell.received.mean == pytest.approx(got, abs=1e-9)
    assert cell.received.n == n
    assert cell.adequacy.estimate == pytest.approx(got - low, abs=1e-9)
    assert cell.place == pytest.approx((got - low) / (high - low), abs=1e-9)
    assert cell.state == ("critical" if got < low else "inside")


def test_the_zone_of_the_sample_company_is_left_at_recovery() -> None:
    zone = result_of("standard", "three-columns").zone
    assert zone is not None
    assert zone.dimensions["R6"].state == "critical"
    assert zone.dimensions["R6"].adequacy.certainty == "clear"
    assert zone.dimensions["R4"].state == "inside"
    below = zone.dimensions["R6"].below
    assert below is not None
    assert below.ci_low < below.estimate < below.ci_high


def test_the_lowest_level_changes_no_other_figure() -> None:
    plain, with_zone = result_of("standard"), result_of("standard", "three-columns")
    assert [gap.code for gap in plain.gaps] == [gap.code for gap in with_zone.gaps]
    assert set(plain.states) == set(with_zone.states)


def test_few_customers_hide_zone_and_direct_answers() -> None:
    result = result_of("standard", *ALL_PARTS, customers=MIN_GROUP - 1)
    assert result.zone is not None
    assert result.direct is not None
    cells = [result.zone.overall, *result.zone.dimensions.values()]
    assert all(cell.received.mean is None and cell.place is None and cell.below is None for cell in cells)
    assert {cell.adequacy.certainty for cell in cells} <= {"suppressed", "not_measured"}
    assert all(row.mean.mean is None and row.gap is None for row in result.direct.rows)
    assert result.zone.inconsistent is None


def test_shares_of_small_groups_stay_unsaid() -> None:
    zone = result_of("standard", "three-columns", customers=8).zone
    assert zone is not None
    assert zone.overall.below is None


def test_direct_answers_are_means_and_agree_with_the_gaps() -> None:
    direct = result_of("standard", "disconfirmation").direct
    assert direct is not None
    assert [row.dimension for row in direct.rows] == [f"R{k}" for k in range(1, 10)]
    worst = next(row for row in direct.rows if row.dimension == "R6")
    assert worst.mean.mean == pytest.approx(
        np.nanmean(column("Y5.R6", "standard", "disconfirmation")), abs=1e-9
    )
    assert worst.agreement == "agrees"
    assert direct.rank_correlation is not None
    assert direct.rank_correlation > 0.7
    assert (direct.low, direct.high) == (-3, 3)


def test_the_overall_direct_answer_is_an_outcome() -> None:
    result = result_of("standard", "disconfirmation")
    overall = next(row for row in result.outcomes if row.code == "Y5")
    assert overall.k == 1
    assert overall.mean.mean == pytest.approx(
        np.nanmean(column("Y5.0", "standard", "disconfirmation")), abs=1e-9
    )


def test_a_pulse_with_direct_answers_says_which_way_without_a_gap() -> None:
    direct = result_of("pulse", "disconfirmation").direct
    assert direct is not None
    assert all(
        row.mean.mean is not None and row.gap is None and row.agreement == "open" for row in direct.rows
    )
    assert direct.rank_correlation is None


@pytest.mark.parametrize("variant", ["standard", "short", "pulse"])
def test_every_variant_is_stored_and_read_back(variant: str) -> None:
    result = result_of(variant, *ALL_PARTS)
    assert Result.from_json(result.to_json()).to_json() == result.to_json()


def test_nobody_but_managers_breaks_nothing() -> None:
    instrument = instrument_with(*ALL_PARTS)
    result = analyse(instrument, draw_variant(instrument, "short", {"managers": SIZES["managers"]}))
    assert result.zone is None
    assert result.direct is None


def test_a_finding_says_when_customers_get_less_than_they_accept() -> None:
    instrument = instrument_with("three-columns")
    findings = {finding.code: finding for finding in find(result_of("standard", "three-columns"), instrument)}
    assert "This is less than they accept: received less lowest −" in findings["E1.R6"].text
    assert not [
        code for code, one in findings.items() if "less than they accept" in one.text and code == "E1.R4"
    ]
    plain = find(result_of("standard"), instrument_with())
    assert not [one for one in plain if "less than they accept" in one.text]
