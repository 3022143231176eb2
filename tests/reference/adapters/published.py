"""From printed summaries: means, standard deviations and numbers of tables in the literature."""

import csv
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from diagnosis.stats.printed import Printed, read_printed
from diagnosis.stats.printed_checks import check_gap_rows
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
from tests.reference.adapters.reading import Answer
from tests.reference.case import Case


def _rows(case: Case) -> list[dict[str, str]]:
    with (case.folder / case.options["file"]).open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _printed(text: str) -> Printed:
    number = read_printed(text)
    assert number is not None, text
    return number


def _value(text: str) -> float:
    return _printed(text).value


def _summary(row: PrintedGapRow) -> dict[str, Any]:
    answer = gap_from_summary(row)
    assert isinstance(answer, SummaryGap)
    return {
        "gap": answer.gap,
        "sd_diff": answer.sd_difference,
        "se": answer.se,
        "t": answer.t,
        "df": answer.df,
        "p": answer.p_value,
        "ci": [answer.ci_low, answer.ci_high],
        "d_z": answer.d_z,
        "g_z": answer.g_z,
        "d_av": answer.d_av,
        "implied_r": answer.implied_r,
    }


def _gap_table(case: Case) -> Answer:
    rows = _rows(case)
    if "mean_perception" not in rows[0]:
        return _from_differences(case, rows)
    table = [
        PrintedGapRow(
            name=row["dimension"],
            n=int(row["n"]),
            mean_later=_printed(row["mean_perception"]),
            sd_later=_printed(row["sd_perception"]),
            mean_earlier=_printed(row["mean_expectation"]),
            sd_earlier=_printed(row["sd_expectation"]),
            gap=_printed(row["mean_gap_P_minus_E"]),
            t=_printed(row["t"]),
            ci_low=_printed(row["ci_low"]),
            ci_high=_printed(row["ci_high"]),
            p_value=read_printed(row["p"]),
        )
        for row in rows
    ]
    off = {flaw.row for flaw in check_gap_rows(table) if flaw.rule == "t_of_interval"}
    answers = {}
    for row in table:
        assert row.gap is not None
        assert row.t is not None
        assert row.ci_low is not None
        assert row.ci_high is not None
        limits = (row.ci_low.value, row.ci_high.value)
        answers[row.name] = {
            **_summary(row),
            "published": {"gap": row.gap.value, "ci": list(limits), "t": row.t.value},
            "t_implied_by_published_ci": t_of_interval(row.gap.value, *limits, row.n),
            "t_and_ci_consistent": row.name not in off,
        }
    return answers


def _from_differences(case: Case, rows: list[dict[str, str]]) -> Answer:
    group, word = case.options["group"], case.options["rows"]
    return {
        row["measure"]: _summary(
            PrintedGapRow(
                name=row["measure"],
                n=int(row[f"n_{group}"]),
                gap=_printed(row[f"mean_{group}"]),
                sd_gap=_printed(row[f"sd_{group}"]),
            )
        )
        for row in rows
        if row["measure"].endswith(word)
    }


def _welch(case: Case) -> Answer:
    rows = _rows(case)
    names = [name.removeprefix("mean_") for name in rows[0] if name.startswith("mean_")]
    answers = {}
    for row in rows:
        sides = [
            (_value(row[f"mean_{name}"]), _value(row[f"sd_{name}"]), int(row[f"n_{name}"])) for name in names
        ]
        answer = welch_from_summary(sides[0], sides[1])
        assert isinstance(answer, SummaryWelch)
        answers[row["measure"]] = {
            "diff": answer.difference,
            "t": answer.t,
            "df": answer.df,
            "p": answer.p_value,
            "ci": [answer.ci_low, answer.ci_high],
            "d": answer.d,
            "published_p": _value(row["p_published"]),
        }
    return answers


def _items(case: Case) -> Answer:
    rows = [row for row in _rows(case) if row["item"].isdigit()]
    later, earlier = ([_value(row[f"mean_{side}"]) for row in rows] for side in ("perception", "expectation"))
    answer = gaps_from_items([row["dimension"] for row in rows], later, earlier)
    assert isinstance(answer, ItemGaps)
    printed = np.array([_value(row["gap_published"]) for row in rows])
    return {
        "dimensions": {
            name: {"P": answer.later[place], "E": answer.earlier[place], "gap": answer.gaps[place]}
            for place, name in enumerate(answer.dimensions)
        },
        "overall_items": {
            "P": answer.overall_later,
            "E": answer.overall_earlier,
            "gap": answer.overall_gap,
        },
        "overall_of_dimensions": answer.gap_of_dimensions,
        "max_abs_item_gap_rounding": np.abs(np.subtract(later, earlier) - printed).max(),
    }


def _libqual(case: Case) -> Answer:
    rows = _rows(case)
    columns = {name: [_value(row[name]) for row in rows] for name in ("minimum", "desired", "perceived")}
    answer = zone_gaps(**columns)
    off = [
        np.abs(np.subtract(gaps, [_value(row[f"{name}_gap_published"]) for row in rows])).max()
        for name, gaps in (("adequacy", answer.adequacy), ("superiority", answer.superiority))
    ]
    institutions = [row["institution"] for row in rows]
    members = [place for place, name in enumerate(institutions) if name != "MEAN"]
    return {
        "institution": institutions,
        "adequacy": list(answer.adequacy),
        "superiority": list(answer.superiority),
        "position": list(answer.position),
        "max_abs_diff_published": max(off),
        "mean_row_check": [np.mean([column[place] for place in members]) for column in columns.values()],
    }


ADAPTERS: Mapping[str, Callable[[Case], Answer]] = {
    "dimension_gap_from_items": _items,
    "gap_table_from_summary": _gap_table,
    "libqual_gaps": _libqual,
    "welch_t_from_summary": _welch,
}
