"""Numbers have a sign, a true minus and the reader's decimal sign; texts are measured, cut and wrapped."""

import pytest

from charts.steps import EndState, Waterfall, WaterfallStep, step_levels
from charts.text import fit_text, text_width, wrap_text
from charts.theme import PAPER, SCREEN


def test_gaps_are_signed_with_two_decimals() -> None:
    assert [PAPER.signed(v) for v in (-1.321, 0.5, 0.0, -0.001, None)] == [
        "−1.32",
        "+0.50",
        "±0.00",
        "±0.00",
        "–",
    ]
    assert PAPER.localised(decimal=",").signed(-0.5) == "−0,50"


def test_levels_never_show_minus_zero() -> None:
    assert PAPER.number(-0.001) == "0.00"
    assert PAPER.number(-12.0, 0) == "−12"
    assert PAPER.number(float("nan")) == "–"


def test_percent_follows_the_language() -> None:
    assert PAPER.percent(0.414) == "41\u00a0%"
    assert PAPER.localised(decimal=".", percent_sign="%").percent(0.414) == "41%"


def test_branding_changes_paper_only() -> None:
    assert PAPER.branded(accent="#123456").paint("accent") == ' fill="#123456"'
    assert PAPER.paint("accent") != ' fill="#123456"'
    assert SCREEN.branded(accent="#123456") is SCREEN


def test_width_grows_with_weight_and_wide_characters() -> None:
    assert text_width("Hello", 10) < text_width("Hello", 10, bold=True)
    assert text_width("客户", 10) == pytest.approx(20)
    assert text_width("a\u0301", 10) == pytest.approx(text_width("a", 10))
    assert text_width("é", 10) == pytest.approx(text_width("e", 10))


def test_fit_cuts_with_an_ellipsis() -> None:
    assert fit_text("short", 100, 8) == "short"
    cut = fit_text("Leistungserbringung im Kundendienst", 60, 8)
    assert cut.endswith("…")
    assert text_width(cut, 8) <= 60
    assert fit_text("anything", 1, 8) == "…"


def test_wrap_keeps_words_and_breaks_long_ones() -> None:
    assert wrap_text("believed by managers", 45, 6.4) == ("believed by", "managers")
    lines = wrap_text("Kundendatenschutzgrundverordnung", 60, 8, max_lines=5)
    assert "".join(line.rstrip("-") for line in lines) == "Kundendatenschutzgrundverordnung"
    assert all(text_width(line, 8) <= 60 for line in lines)
    assert wrap_text("Daten\u00adschutz", 30, 8) == ("Daten-", "schutz")
    assert len(wrap_text("客户关系管理差距分析" * 5, 60, 8, max_lines=2)) == 2
    assert wrap_text("", 60, 8) == ()


def test_levels_close_from_both_ends_around_a_missing_step() -> None:
    steps = (
        WaterfallStep("D1", "", -0.5, "clear"),
        WaterfallStep("D2", "", None, "suppressed"),
        WaterfallStep("I1", "", -1.0, "clear"),
    )
    data = Waterfall("", "", EndState("", 6.0), steps, EndState("", 4.0))
    assert step_levels(data) == [(6.0, 5.5), (5.5, 5.0), (5.0, 4.0)]
