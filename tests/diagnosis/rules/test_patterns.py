"""Every row of the table of patterns, on figures made for it."""

from collections.abc import Mapping

import pytest

from diagnosis.result import (
    Coherence,
    Coverage,
    Gap,
    GapResult,
    GroupResult,
    Readiness,
    Step,
    Steps,
    Waterfall,
)
from diagnosis.rules.patterns import name_patterns
from surveys.instruments import load_builtin

INSTRUMENT = load_builtin("die-crm")
STEPS = ("D1", "D2", "I1", "E4")


def gap(estimate: float, certainty: str = "clear") -> Gap:
    """A tested gap."""
    return Gap(certainty, estimate=estimate)


def named(
    gaps: Mapping[str, Gap],
    *,
    largest: str = "",
    p_largest: float = 0.8,
    rt_rh: float | None = None,
    flag: bool = True,
    segments: tuple[float, float] | None = None,
) -> list[str]:
    """Codes of the patterns named for these overall gaps; gaps not given are undecided at zero."""
    found = {
        definition.code: GapResult(
            definition.code, definition.name, definition.stage, definition.kind, definition.test, "points",
            definition.later, definition.earlier, gaps.get(definition.code, gap(0.0, "undecided")), {},
        )
        for definition in INSTRUMENT.gaps
    }  # fmt: skip
    steps = tuple(
        Step(code, INSTRUMENT.gap(code).stage, -1.0 if code == largest else -0.1, None, None, "clear",
             p_largest if code == largest else 0.0)
        for code in STEPS
    )  # fmt: skip
    waterfall = Waterfall("CE", "CP", "E1", Steps(steps, 6.0, 5.0, -1.0), {}, (), 2000)
    readiness = None
    if rt_rh is not None:
        row = Coherence(("RT", "RH"), None, 60, rt_rh, None, None, None, flag)
        readiness = Readiness({}, {}, (row,), None, None, (), None)
    coverage = None
    if segments is not None:
        groups = tuple(
            GroupResult(
                "region", name, 30, indicative=False, gap=gap(0.0, "none"), total=gap(value), dimensions={}
            )
            for name, value in zip(("North", "South"), segments, strict=True)
        )
        coverage = Coverage(0.5, 60, 0.4, 0.6, 1.0, {}, groups)
    patterns = name_patterns(
        INSTRUMENT, gaps=found, waterfall=waterfall, readiness=readiness, coverage=coverage
    )
    assert all(pattern.why for pattern in patterns)
    return [pattern.code for pattern in patterns]


LOSS = {"E1": gap(-1.2)}


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("not-listening", lambda: named(LOSS | {"D1": gap(-0.9)}, largest="D1")),
        ("knowing-not-deciding", lambda: named(LOSS | {"D1": gap(-0.1, "none")}, largest="D2")),
        ("tool-without-people", lambda: named(LOSS | {"I1": gap(-0.8)}, largest="I1", rt_rh=19.0)),
        ("people-without-tool", lambda: named(LOSS | {"I1": gap(-0.8)}, largest="I1", rt_rh=-19.0)),
        ("standards-on-paper", lambda: named(LOSS | {"I1": gap(-0.8)}, largest="I1", rt_rh=4.0, flag=False)),
        ("unseen-work", lambda: named(LOSS | {"I1": gap(0.1, "undecided")}, largest="E4")),
        ("over-promising", lambda: named(LOSS | {"E2": gap(-0.6, "probable"), "I1": gap(0.0, "none")})),
        ("gold-plating", lambda: named({"E1": gap(0.1, "none"), "D1": gap(0.6)})),
        ("two-profiles", lambda: named({"E1": gap(0.05, "undecided")}, segments=(-0.8, 0.7))),
    ],
)
def test_each_pattern_is_named_for_its_picture(code: str, found: object) -> None:
    assert found() == [code]  # type: ignore[operator]


def test_the_blind_spot_is_added_to_any_pattern() -> None:
    gaps = LOSS | {"D1": gap(-0.9), "E3": gap(0.5, "probable")}
    assert named(gaps, largest="D1") == ["not-listening", "blind-spot"]
    assert named(LOSS | {"E3": gap(0.5, "probable")}) == ["blind-spot"]


@pytest.mark.parametrize(
    "found",
    [
        lambda: named({"E1": gap(-1.2, "hint")}, largest="D1"),
        lambda: named(LOSS, largest="D1", p_largest=0.49),
        lambda: named(LOSS | {"D1": gap(-0.4, "undecided")}, largest="D2"),
        lambda: named(LOSS | {"D1": gap(-0.2, "probable")}, largest="D2"),
        lambda: named(LOSS, largest="I1"),
        lambda: named(LOSS | {"I1": gap(-0.4, "hint")}, largest="E4"),
        lambda: named({"E1": gap(-0.6, "undecided"), "D1": gap(0.6)}),
        lambda: named({"E1": gap(0.05, "none")}, segments=(0.4, 0.7)),
        lambda: named({"E1": Gap("suppressed"), "E3": gap(0.5)}),
        lambda: named({"E1": Gap("not_measured"), "D1": gap(0.6)}),
    ],
)
def test_no_pattern_without_all_its_conditions(found: object) -> None:
    assert found() == []  # type: ignore[operator]
