"""From a published table to its gap table: figures, the reason where there are none, contradictions in words."""

from collections.abc import Sequence
from math import isfinite
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.published_table import FIELDS, PrintedRow, PublishedTable
from diagnosis.stats.certainty import benjamini_hochberg
from diagnosis.stats.printed import Printed
from diagnosis.stats.printed_checks import (
    Inconsistency,
    PrintedGroupsRow,
    check_gap_rows,
    check_group_rows,
)
from diagnosis.stats.published import (
    ItemGaps,
    PrintedGapRow,
    SummaryGap,
    SummaryWelch,
    gap_from_summary,
    gaps_from_items,
    welch_from_summary,
    zone_gaps,
)
from diagnosis.stats.results import NotEnough

BASES: Final = {
    "sd_gap": gettext_lazy("printed SD of the gap"),
    "correlation": gettext_lazy("both SDs and the correlation"),
    "t": gettext_lazy("printed t"),
    "interval": gettext_lazy("printed interval"),
    "uncorrelated": gettext_lazy("both SDs, taken as uncorrelated: t is too small, the interval too wide"),
}
RULES: Final = {
    "gap_of_means": gettext_lazy("the two means"),
    "centre_of_interval": gettext_lazy("the gap, which lies in the middle of its interval"),
    "order_of_interval": gettext_lazy("the other end of the interval"),
    "t_of_interval": gettext_lazy("the gap and its interval"),
    "t_of_sd": gettext_lazy("the gap and its SD"),
    "sd_of_sides": gettext_lazy("the SDs of both sides"),
    "p_of_t": gettext_lazy("t and the number of persons"),
    "p_of_groups": gettext_lazy("means, SDs and numbers (Welch’s t test)"),
    "mean_on_scale": gettext_lazy("the ends of the scale"),
    "sd_on_scale": gettext_lazy("the mean and the ends of the scale"),
    "mean_of_whole_answers": gettext_lazy("whole answers of so many persons"),
}

Row = dict[str, Any]


def published_context(table: PublishedTable, *, scale: tuple[float, float] | None) -> dict[str, Any]:
    """Return rows, contradictions and, where the table has them, dimensions of items and places in the zone."""
    if table.is_groups:
        rows, flaws = _groups(table.rows)
    else:
        rows, flaws = _pairs(table.rows, scale)
    tested = [row["p"] if row["p"] is not None else float("nan") for row in rows]
    for row, q in zip(rows, benjamini_hochberg(tested), strict=True):
        row["q"] = float(q) if row["p"] is not None else None
    flawed = {flaw.row for flaw in flaws}
    for row in rows:
        row["is_flawed"] = row["name"] in flawed
    return {
        "rows": rows,
        "flaws": [_in_words(flaw, table) for flaw in flaws],
        "is_groups": table.is_groups,
        "items": _dimensions(table.rows),
        "zone": _zone(table.rows),
    }


def _value(row: PrintedRow, field: str) -> float | None:
    number = row.numbers.get(field)
    return None if number is None else number.value


def _pairs(
    rows: Sequence[PrintedRow], scale: tuple[float, float] | None
) -> tuple[list[Row], list[Inconsistency]]:
    fields = (
        "mean_later", "sd_later", "mean_earlier", "sd_earlier", "gap", "sd_gap", "correlation", "t", "ci_low",
        "ci_high", "p_value",
    )  # fmt: skip
    printed = [
        PrintedGapRow(
            row.name,
            row.counts.get("n", 0),
            **{field: row.numbers.get(field) for field in fields},
            items=row.counts.get("items"),
        )
        for row in rows
    ]
    answers = []
    for row, one in zip(rows, printed, strict=True):
        found = gap_from_summary(one)
        answers.append(
            _start(row, row.counts.get("n"))
            | {
                "gap": found.gap if isinstance(found, SummaryGap) else found.estimate,
                "ci_low": getattr(found, "ci_low", None),
                "ci_high": getattr(found, "ci_high", None),
                "t": getattr(found, "t", None),
                "df": getattr(found, "df", None),
                "p": getattr(found, "p_value", None),
                "effect": getattr(found, "d_z", None),
                "effect_2": getattr(found, "d_av", None),
                "implied_r": getattr(found, "implied_r", None),
                "basis": BASES[found.basis] if isinstance(found, SummaryGap) else "",
                "reason": "" if isinstance(found, SummaryGap) else _why(found, one),
            }
        )
    return answers, list(check_gap_rows([one for one in printed if one.n], scale=scale))


def _groups(rows: Sequence[PrintedRow]) -> tuple[list[Row], list[Inconsistency]]:
    answers, checkable = [], []
    for row in rows:
        n_later, n_earlier = row.counts.get("n_later"), row.counts.get("n_earlier")
        numbers = [row.numbers.get(f) for f in ("mean_later", "sd_later", "mean_earlier", "sd_earlier")]
        answer = _start(row, None) | {"n_later": n_later, "n_earlier": n_earlier}
        sides = [number for number in numbers if number is not None]
        found: SummaryWelch | NotEnough | None = None
        if len(sides) == len(numbers) and n_later and n_earlier:
            one, sd1, two, sd2 = sides
            found = welch_from_summary((one.value, sd1.value, n_later), (two.value, sd2.value, n_earlier))
            p_value = row.numbers.get("p_value")
            checkable.append(PrintedGroupsRow(row.name, n_later, one, sd1, n_earlier, two, sd2, p_value))
        welch = found if isinstance(found, SummaryWelch) else None
        answers.append(
            answer
            | {
                "gap": welch.difference if welch else _plain_gap(row),
                "ci_low": welch.ci_low if welch else None,
                "ci_high": welch.ci_high if welch else None,
                "t": welch.t if welch else None,
                "df": welch.df if welch else None,
                "p": welch.p_value if welch else None,
                "effect": welch.d if welch else None,
                "effect_2": welch.g if welch else None,
                "reason": ""
                if welch
                else _("not tested: needs mean, SD and number (2 and more) of both groups"),
            }
        )
    return answers, list(check_group_rows(checkable))


def _plain_gap(row: PrintedRow) -> float | None:
    later, earlier = _value(row, "mean_later"), _value(row, "mean_earlier")
    return _value(row, "gap") if later is None or earlier is None else later - earlier


def _start(row: PrintedRow, n: int | None) -> Row:
    return {
        "number": row.number,
        "name": row.name,
        "n": n,
        "later": _value(row, "mean_later"),
        "earlier": _value(row, "mean_earlier"),
        "printed_gap": _value(row, "gap"),
    }


def _why(found: NotEnough, row: PrintedGapRow) -> str:
    if found.estimate is None:
        return _("no gap: needs both means, or the gap itself")
    if row.n < 2:
        return _("not tested: the number of persons is missing or below 2")
    if found.reason == "no_variation":
        return _("not tested: the printed figures leave no spread")
    return _("not tested: needs the SDs, t, or the interval")


def _in_words(flaw: Inconsistency, table: PublishedTable) -> Row:
    """A contradiction as a sentence that names row, column, what is printed and what the rest of the row allows."""
    names = {"row": flaw.row, "column": table.columns.get(flaw.column, str(FIELDS[flaw.column]))}
    held = next((row.numbers.get(flaw.column) for row in table.rows if row.name == flaw.row), None)
    digits = _digits(held)
    low, high = (_written(limit, digits) if isfinite(limit) else "" for limit in (flaw.low, flaw.high))
    if flaw.rule == "mean_of_whole_answers":
        allowed = _("%(low)s or %(high)s") % {"low": low, "high": high}
    elif low and high:
        allowed = _("%(low)s to %(high)s") % {"low": low, "high": high}
    else:
        allowed = _("at most %(high)s") % {"high": high} if high else _("at least %(low)s") % {"low": low}
    texts = names | {
        "printed": _written(flaw.printed, digits - 1),
        "allowed": allowed,
        "rule": RULES[flaw.rule],
    }
    text = (
        _("Row “%(row)s”, column “%(column)s”: printed is %(printed)s; by %(rule)s it could be %(allowed)s.")
        % texts
    )
    if flaw.repeats is not None:
        text += " " + _("The same number stands in row “%(other)s”: perhaps it was copied.") % {
            "other": flaw.repeats
        }
    return {"row": flaw.row, "column": flaw.column, "text": text}


def _written(value: float, digits: int) -> str:
    return f"{value:.{digits}f}".replace("-", "\u2212")


def _digits(printed: Printed | None) -> int:
    """Decimals to write the allowed range with: one more than printed."""
    digits = 1
    while printed is not None and printed.rounding < 0.6 * 10.0**-digits and digits < 6:
        digits += 1
    return digits


def _dimensions(rows: Sequence[PrintedRow]) -> list[Row]:
    """Dimension means from item means, where the table names the dimension of each item."""
    used = [row for row in rows if row.group and {"mean_later", "mean_earlier"} <= row.numbers.keys()]
    if len({row.group for row in used}) in {0, len(used)}:
        return []
    found = gaps_from_items(
        [row.group for row in used],
        [row.numbers["mean_later"].value for row in used],
        [row.numbers["mean_earlier"].value for row in used],
    )
    if not isinstance(found, ItemGaps):
        return []
    answers = [
        {"name": name, "later": later, "earlier": earlier, "gap": gap}
        for name, later, earlier, gap in zip(
            found.dimensions, found.later, found.earlier, found.gaps, strict=True
        )
    ]
    whole = {"later": found.overall_later, "earlier": found.overall_earlier, "gap": found.overall_gap}
    return [*answers, {"name": _("All items"), **whole}]


def _zone(rows: Sequence[PrintedRow]) -> list[Row]:
    """Adequacy and place in the zone of tolerance, where the table prints the lowest accepted mean."""
    needed = {"minimum", "mean_earlier", "mean_later"}
    used = [row for row in rows if needed <= row.numbers.keys()]
    columns = [
        [row.numbers[field].value for row in used] for field in ("minimum", "mean_earlier", "mean_later")
    ]
    found = zone_gaps(*columns)
    parts = zip(used, found.adequacy, found.superiority, found.position, strict=True)
    return [
        {"name": row.name, "adequacy": adequacy, "superiority": superiority, "position": position}
        for row, adequacy, superiority, position in parts
    ]
