"""Second opinions on the gaps as rows for screen, paper and spreadsheets: bootstrap interval and test on ranks."""

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.result import Result
from diagnosis.table import Cell, Table

RANK_TESTS = {
    "wilcoxon": gettext_lazy("Wilcoxon signed rank"),
    "mann_whitney": gettext_lazy("Mann-Whitney"),
}
DELTAS = {
    "wilcoxon": gettext_lazy("Rank biserial correlation"),
    "mann_whitney": gettext_lazy("Cliff’s delta"),
}
OVERALL = ""


def check_of(result: Mapping[str, Any], gap: str, part: str | None) -> dict[str, Any] | None:
    """The check beside a gap or its part as the gap sheet shows it; None where there is none."""
    found = ((result.get("appendix") or {}).get("gaps") or {}).get(gap, {}).get(part or OVERALL)
    return None if found is None else _named(found)


def check_rows(
    result: Mapping[str, Any], part_name: Callable[[str], str], *, overall: bool = True
) -> list[dict[str, Any]]:
    """All checks in the order of the gaps, each with its gap, its part and the t interval it stands beside."""
    checks = (result.get("appendix") or {}).get("gaps") or {}
    rows = []
    for gap in result["gaps"]:
        for part, found in _ordered(checks.get(gap["code"], {})):
            if part == OVERALL and not overall:
                continue
            tested = gap["overall"] if part == OVERALL else gap["dimensions"][part]
            name = part_name(part) if part else _("All dimensions")
            rows.append(
                {**_named(found), "gap": gap["code"], "part": part, "part_name": name, "tested": tested}
            )
    return rows


def disagreement_note(rows: list[dict[str, Any]]) -> str:
    """One sentence: does any rank test fall on the other side of 5 % than the t test."""
    others = [f"{row['gap']} {row['part']}".strip() for row in rows if not row["agrees"]]
    if not others:
        return _("Every test on ranks falls on the same side of 5 % as the t test of its gap.")
    return _("Tests on ranks fall on the other side of 5 %% for: %(gaps)s. Read these with care.") % {
        "gaps": ", ".join(others)
    }


def appendix_table(result: Result, part_name: Callable[[str], str]) -> Table:
    """The checks as a table of the workbook, full precision."""
    header = (
        _("Gap"), _("Dimension"), _("Name"), _("BCa low"), _("BCa high"), _("Test on ranks"), "p", "q",
        _("Effect on ranks"), _("Estimate"), _("CI low"), _("CI high"), _("Agrees with t"),
    )  # fmt: skip
    rows: list[tuple[Cell, ...]] = []
    for gap, parts in (result.appendix.gaps if result.appendix else {}).items():
        for part, one in _ordered(parts):
            rows.append(
                (
                    gap, part, part_name(part) if part else _("Overall"), one.bca_low, one.bca_high,
                    str(RANK_TESTS[one.rank_test]), one.rank_p, one.rank_q, str(DELTAS[one.rank_test]), one.delta,
                    one.delta_low, one.delta_high, _("yes") if one.agrees else _("no"),
                )
            )  # fmt: skip
    return Table(_("Second opinions"), header, tuple(rows))


def _ordered(parts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    """Dimensions first, overall last."""
    return [
        *((part, one) for part, one in parts.items() if part),
        *((p, o) for p, o in parts.items() if not p),
    ]


def _named(found: Mapping[str, Any]) -> dict[str, Any]:
    return {
        **found,
        "test_name": RANK_TESTS[found["rank_test"]],
        "delta_name": DELTAS[found["rank_test"]],
        "bca_span": {"ci_low": found["bca_low"], "ci_high": found["bca_high"], "certainty": ""},
        "bca": None if found["bca_low"] is None else (found["bca_low"], found["bca_high"]),
        "delta_interval": None if found["delta_low"] is None else (found["delta_low"], found["delta_high"]),
    }
