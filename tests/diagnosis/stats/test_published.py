"""From printed means, SDs and n: the figures of the answers, and printed numbers that contradict each other."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.effects import cohens_d
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.printed import Printed, exact, read_printed
from diagnosis.stats.printed_checks import PrintedGroupsRow, check_gap_rows, check_group_rows
from diagnosis.stats.published import (
    ItemGaps,
    PrintedGapRow,
    SummaryGap,
    SummaryWelch,
    gap_from_summary,
    gaps_from_items,
    t_of_interval,
    welch_from_summary,
    zone_gaps,
)
from diagnosis.stats.results import EffectEstimate, GapEstimate, NotEnough

RANDOM = np.random.default_rng(55)


def answers(n: int = 120) -> tuple[np.ndarray, np.ndarray]:
    wish = np.clip(np.round(RANDOM.normal(5.8, 0.9, n), 2), 1, 7)
    got = np.clip(np.round(0.5 * wish + RANDOM.normal(2.2, 0.9, n), 2), 1, 7)
    return got, wish


def row_of(later: np.ndarray, earlier: np.ndarray, decimals: int, **changes: Printed | None) -> PrintedGapRow:
    """Return the row a careful author would print."""
    gap = paired_gap(later, earlier, scale_range=100)
    assert isinstance(gap, GapEstimate)

    def number(value: float) -> Printed:
        printed = read_printed(f"{value:.{decimals}f}", decimals=decimals)
        assert printed is not None
        return printed

    cells: dict[str, Printed | None] = {
        "mean_later": number(gap.mean_later),
        "sd_later": number(gap.sd_later),
        "mean_earlier": number(gap.mean_earlier),
        "sd_earlier": number(gap.sd_earlier),
        "gap": number(gap.estimate),
        "sd_gap": number(gap.se * math.sqrt(gap.n_later)),
        "t": number(gap.t),
        "ci_low": number(gap.ci_low),
        "ci_high": number(gap.ci_high),
        "p_value": read_printed("<0.001") if gap.p_value < 0.001 else number(gap.p_value),
    }
    return PrintedGapRow("row", later.size, **{**cells, **changes})


@pytest.mark.parametrize("left", ["sd_gap", "t", "interval", "correlation"])
def test_every_basis_gives_the_figures_of_the_answers(left: str) -> None:
    got, wish = answers()
    gap = paired_gap(got, wish, scale_range=6)
    assert isinstance(gap, GapEstimate)
    full = row_of(got, wish, 12)
    r = exact(float(stats.pearsonr(got, wish).statistic))
    hidden: dict[str, dict[str, Printed | None]] = {
        "sd_gap": {},
        "t": {"sd_gap": None},
        "interval": {"sd_gap": None, "t": None},
        "correlation": {"sd_gap": None, "t": None, "correlation": r},
    }
    answer = gap_from_summary(row_of(got, wish, 12, **hidden[left]))
    assert isinstance(answer, SummaryGap)
    assert answer.basis == left
    assert (answer.gap, answer.t, answer.ci_low, answer.ci_high, answer.d_z, answer.g_z) == pytest.approx(
        (gap.estimate, gap.t, gap.ci_low, gap.ci_high, gap.d_z, gap.d_z * (1 - 3 / (4 * 119 - 1))), abs=1e-5
    )
    assert answer.implied_r == pytest.approx(r.value, abs=1e-9)
    assert answer.d_av == pytest.approx(
        gap.estimate / math.hypot(gap.sd_later, gap.sd_earlier) * math.sqrt(2)
    )
    assert full.difference == pytest.approx(gap.estimate)


def test_without_a_test_the_answers_are_taken_as_uncorrelated() -> None:
    got, wish = answers()
    nothing = dict.fromkeys(("sd_gap", "t", "ci_low", "ci_high"))
    answer = gap_from_summary(row_of(got, wish, 3, **nothing))
    gap = paired_gap(got, wish, scale_range=6)
    assert isinstance(answer, SummaryGap)
    assert isinstance(gap, GapEstimate)
    assert answer.basis == "uncorrelated"
    assert answer.implied_r == pytest.approx(0)
    assert abs(answer.t) < abs(gap.t)


def test_rows_that_say_too_little_are_refused() -> None:
    assert gap_from_summary(PrintedGapRow("a", 1, gap=exact(1))) == NotEnough("too_few", 1, 2, 1.0)
    assert gap_from_summary(PrintedGapRow("a", 9)) == NotEnough("not_defined", 9, 2)
    assert gap_from_summary(PrintedGapRow("a", 9, gap=exact(1))) == NotEnough("not_defined", 9, 2, 1.0)
    flat = PrintedGapRow("a", 9, gap=exact(1), sd_gap=exact(0))
    assert gap_from_summary(flat) == NotEnough("no_variation", 9, 2, 1.0)
    two = gap_from_summary(PrintedGapRow("a", 2, gap=exact(1), sd_gap=exact(1)))
    assert isinstance(two, SummaryGap)
    assert (two.g_z, two.d_av, two.implied_r) == (None, None, None)
    still = PrintedGapRow("a", 9, gap=exact(0), t=exact(0), sd_later=exact(0), sd_earlier=exact(1))
    answer = gap_from_summary(still)
    assert isinstance(answer, SummaryGap)
    assert answer.implied_r is None


def test_welch_from_summary_is_welch() -> None:
    one, two = RANDOM.normal(5, 1, 30), RANDOM.normal(4.5, 2, 80)
    answer = welch_from_summary((one.mean(), one.std(ddof=1), 30), (two.mean(), two.std(ddof=1), 80))
    gap, size = welch_gap(one, two, scale_range=20), cohens_d(one, two)
    assert isinstance(answer, SummaryWelch)
    assert isinstance(gap, GapEstimate)
    assert isinstance(size, EffectEstimate)
    assert (answer.t, answer.df, answer.p_value, answer.ci_low, answer.d, answer.g) == pytest.approx(
        (gap.t, gap.df, gap.p_value, gap.ci_low, size.effect_size, gap.g)
    )


def test_welch_from_summary_states_what_is_missing() -> None:
    assert welch_from_summary((5, 1, 1), (4, 1, 9)) == NotEnough("too_few", 1, 2, 1)
    assert welch_from_summary((5, 0, 5), (4, 0, 9)) == NotEnough("no_variation", 5, 2, 1)
    with pytest.raises(StatisticsError):
        welch_from_summary((5, -1, 5), (4, 1, 9))


def test_dimensions_from_items() -> None:
    answer = gaps_from_items(["a", "b", "a"], [4, 5, 6], [6, 6, 7])
    assert isinstance(answer, ItemGaps)
    assert (answer.dimensions, answer.later, answer.earlier, answer.gaps) == (
        ("a", "b"),
        (5.0, 5.0),
        (6.5, 6.0),
        (-1.5, -1.0),
    )
    assert (answer.overall_gap, answer.gap_of_dimensions) == pytest.approx((-4 / 3, -1.25))
    assert gaps_from_items([], [], []) == NotEnough("too_few", 0, 1)
    for wrong in ((["a"], [1], [1, 2]), (["a"], [math.nan], [1]), (["a", "b"], [1], [1])):
        with pytest.raises(StatisticsError):
            gaps_from_items(*wrong)


def test_zone_from_means() -> None:
    answer = zone_gaps([5, 6], [7, 6], [6, 5])
    assert answer.adequacy == (1, -1)
    assert answer.superiority == (-1, -1)
    assert answer.position == (0.5, None)
    for wrong in (([1], [1, 2], [1]), ([math.nan], [1], [1])):
        with pytest.raises(StatisticsError):
            zone_gaps(*wrong)


@pytest.mark.parametrize(
    ("text", "value", "rounding"),
    [
        ("4.40", 4.4, 0.005),
        (" -0.1 ", -0.1, 0.05),
        ("\u22122.5", -2.5, 0.05),
        ("12", 12.0, 0.5),
        (".5", 0.5, 0.05),
        ("3.", 3.0, 0.5),
    ],
)
def test_printed_numbers_know_their_rounding(text: str, value: float, rounding: float) -> None:
    number = read_printed(text)
    assert number is not None
    assert (number.value, number.rounding) == pytest.approx((value, rounding))
    assert number.low == pytest.approx(value - rounding)
    assert number.high == pytest.approx(value + rounding)


def test_printed_limits_and_gaps() -> None:
    limit = read_printed("< 0.001")
    assert limit is not None
    assert (limit.low, limit.high) == (0.0, 0.001)
    padded = read_printed("4.4", decimals=2)
    assert padded is not None
    assert padded.rounding == pytest.approx(0.005)
    for empty in ("", " ", "-", "\u2013", "NA", "n/a", "."):
        assert read_printed(empty) is None
    for wrong in ("4,5", "1e5", "4 %", "abc", "1.2.3", "--1"):
        with pytest.raises(StatisticsError, match="decimal point"):
            read_printed(wrong)


@pytest.mark.parametrize("decimals", [1, 2, 3])
@pytest.mark.parametrize("n", [8, 60, 400])
def test_honest_rows_are_never_flagged(decimals: int, n: int) -> None:
    for _ in range(40):
        got, wish = answers(n)
        assert check_gap_rows([row_of(got, wish, decimals)], scale=(1, 7)) == ()
        assert check_gap_rows([row_of(got, wish, decimals, sd_gap=None)], scale=(1, 7)) == ()


@pytest.mark.parametrize(
    ("column", "value", "rule"),
    [
        ("gap", 0.5, "gap_of_means"),
        ("t", -1.0, "t_of_interval"),
        ("t", 30.0, "t_of_interval"),
        ("sd_gap", 9.0, "sd_of_sides"),
        ("p_value", 0.4, "p_of_t"),
        ("ci_low", 3.0, "order_of_interval"),
        ("ci_low", -3.0, "centre_of_interval"),
        ("mean_later", 9.5, "mean_on_scale"),
        ("sd_later", 4.0, "sd_on_scale"),
    ],
)
def test_misprints_are_found(column: str, value: float, rule: str) -> None:
    got, wish = answers()
    row = row_of(got, wish, 2, **{column: Printed(value, 0.005)})
    found = check_gap_rows([row], scale=(1, 7))
    assert (rule, column) in {(flaw.rule, flaw.column) for flaw in found}


def test_a_number_copied_from_another_row_is_named() -> None:
    got, wish = answers()
    right = row_of(got, wish, 2)
    assert right.t is not None
    wrong = row_of(*answers(), 2, t=Printed(right.t.value * 0 - 3.21, 0.005))
    twin = PrintedGapRow("twin", 50, t=Printed(-3.21, 0.005))
    found = check_gap_rows([wrong, twin])
    assert {flaw.repeats for flaw in found if flaw.column == "t"} == {"twin"}
    assert all(flaw.repeats is None for flaw in check_gap_rows([wrong]))


def test_t_that_no_correlation_allows() -> None:
    row = PrintedGapRow(
        "a",
        100,
        mean_later=Printed(4, 0.005),
        sd_later=Printed(1, 0.005),
        mean_earlier=Printed(5, 0.005),
        sd_earlier=Printed(2, 0.005),
        t=Printed(-40, 0.005),
    )
    assert [flaw.rule for flaw in check_gap_rows([row])] == ["sd_of_sides"]
    near = PrintedGapRow(
        "a",
        100,
        gap=Printed(0, 0.5),
        sd_later=Printed(1, 0.005),
        sd_earlier=Printed(1, 0.005),
        t=Printed(-2, 0.005),
    )
    assert check_gap_rows([near]) == ()
    assert (
        check_gap_rows(
            [PrintedGapRow("a", 1, ci_low=exact(1), ci_high=exact(2), t=exact(1), p_value=exact(0.9))]
        )
        == ()
    )
    alone = PrintedGapRow(
        "a", 9, ci_low=exact(1), ci_high=exact(2), sd_later=exact(1), sd_earlier=exact(1), t=exact(3)
    )
    assert check_gap_rows([alone], scale=(1, 7)) == ()


def test_an_interval_without_t_is_checked_for_its_middle() -> None:
    right = PrintedGapRow(
        "a", 50, gap=Printed(-1, 0.05), ci_low=Printed(-1.5, 0.05), ci_high=Printed(-0.5, 0.05)
    )
    assert check_gap_rows([right]) == ()
    wrong = PrintedGapRow(
        "a", 50, gap=Printed(-1, 0.05), ci_low=Printed(-1.9, 0.05), ci_high=Printed(-0.5, 0.05)
    )
    assert [flaw.rule for flaw in check_gap_rows([wrong])] == ["centre_of_interval"]


def group_row(p: str, n: int = 40) -> PrintedGroupsRow:
    return PrintedGroupsRow(
        "g",
        n,
        Printed(4.0, 0.05),
        Printed(1.0, 0.05),
        40,
        Printed(4.5, 0.05),
        Printed(1.1, 0.05),
        read_printed(p),
    )


def test_means_that_whole_answers_cannot_give() -> None:
    def row(text: str, n: int, items: int | None = 1) -> PrintedGapRow:
        return PrintedGapRow("a", n, mean_later=read_printed(text), items=items)

    (flaw,) = check_gap_rows([row("3.45", 12)])
    assert (flaw.rule, flaw.column) == ("mean_of_whole_answers", "mean_later")
    assert (flaw.low, flaw.high) == pytest.approx((41 / 12, 42 / 12))
    assert (
        check_gap_rows([row("3.42", 12), row("3.45", 200), row("3.45", 12, items=None), row("3.45", 0)]) == ()
    )


@given(st.integers(1, 40), st.integers(1, 4), st.integers(0, 400))
def test_means_of_whole_answers_are_possible(n: int, items: int, extra: int) -> None:
    total = n * items + min(extra, 6 * n * items)
    for decimals in (1, 2, 3):
        row = PrintedGapRow(
            "a", n, mean_later=read_printed(f"{total / (n * items):.{decimals}f}"), items=items
        )
        assert check_gap_rows([row]) == ()


def test_printed_p_of_two_groups() -> None:
    assert (
        check_group_rows([group_row("0.037"), group_row("0.06"), group_row("-"), group_row("0.5", n=1)]) == ()
    )
    found = check_group_rows([group_row("0.5"), group_row("<0.001")])
    assert [(flaw.column, flaw.rule) for flaw in found] == [("p_value", "p_of_groups")] * 2


@given(st.floats(-3, 3), st.floats(0.05, 3), st.integers(2, 500))
def test_interval_and_t_belong_together(gap: float, sd: float, n: int) -> None:
    answer = gap_from_summary(PrintedGapRow("a", n, gap=exact(gap), sd_gap=exact(sd)))
    assert isinstance(answer, SummaryGap)
    assert t_of_interval(gap, answer.ci_low, answer.ci_high, n) == pytest.approx(answer.t, abs=1e-6)


def test_interval_without_width_has_no_t() -> None:
    assert t_of_interval(1, 2, 2, 30) is None
    assert t_of_interval(1, 1, 2, 1) is None
