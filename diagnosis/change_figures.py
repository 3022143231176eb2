"""The change between two waves in words, rows and drawings: the same for the portal and for documents."""

from collections.abc import Mapping
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts.dumbbells import DumbbellRow, Dumbbells, dumbbells
from charts.marks import Certainty
from charts.theme import Theme
from diagnosis.figures import DOCUMENT_WIDTH, Result, gaps_by_code
from diagnosis.words import AUDIENCES, VERDICTS
from surveys.instruments import Instrument

Row = dict[str, Any]
POINTS: Final = "points"


def part_of(result: Result, code: str, dimension: str | None) -> Mapping[str, Any]:
    """Return a gap of a stored result, overall or on one part; empty when the result does not have it."""
    gap = gaps_by_code(result).get(code)
    if gap is None:
        return {}
    found: Mapping[str, Any] = gap["overall"] if dimension is None else gap["dimensions"].get(dimension, {})
    return found


def gap_rows(change: Mapping[str, Any]) -> list[Row]:
    """Return every compared gap overall, with names and words."""
    return [_row(gap, gap["overall"], gap["code"], gap["name"]) for gap in change["gaps"]]


def dimension_rows(change: Mapping[str, Any], instrument: Instrument) -> list[Row]:
    """Return the total gap on every dimension; nothing when it was not compared."""
    gap = _total(change, instrument)
    if gap is None:
        return []
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    return [_row(gap, row, code, names.get(code, code)) for code, row in gap["dimensions"].items()]


def action_rows(change: Mapping[str, Any], instrument: Instrument) -> list[Row]:
    """Return every agreed action of the wave before with the words for what became of its gap."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    units = {gap["code"]: gap["unit"] for gap in change["gaps"]}
    return [
        {
            **action,
            "dimension_name": names.get(action["dimension"], action["dimension"]),
            "decimals": 2 if units.get(action["gap"], POINTS) == POINTS else 0,
            "verdict_word": VERDICTS[action["change"]["verdict"]],
            "driver_text": driver_text(action["change"]),
        }
        for action in change["actions"]
    ]


def _row(gap: Mapping[str, Any], row: Mapping[str, Any], code: str, name: str) -> Row:
    return {
        **row,
        "code": code,
        "label": name,
        "later_state": side_name(gap["later"]),
        "earlier_state": side_name(gap["earlier"]),
        "decimals": 2 if gap["unit"] == POINTS else 0,
        "verdict_word": VERDICTS[row["verdict"]],
        "driver_text": driver_text(row, side_name(gap["later"]), side_name(gap["earlier"])),
    }


def side_name(code: str) -> str:
    """Return a state's code as it is, and the name of an audience."""
    return str(AUDIENCES.get(code, code))


def driver_text(row: Mapping[str, Any], later: str = "", earlier: str = "") -> str:
    """Say which side of a gap moved; "" where the size of the gap did not change."""
    names = {
        "later": later or _("what is received or done"),
        "earlier": earlier or _("what is measured against"),
    }
    texts = {
        "later": _("because %(side)s moved") % {"side": names["later"]},
        "earlier": _("because %(side)s moved, not %(other)s")
        % {"side": names["earlier"], "other": names["later"]},
        "both": _("both sides moved"),
        "open": _("which side moved is not certain"),
    }
    return texts.get(row["driver"], "")


def title(change: Mapping[str, Any]) -> str:
    """Return the message of the comparison: how many gaps closed or shrank, and how many grew."""
    words = [gap["overall"]["verdict"] for gap in change["gaps"]]
    n_better = sum(word in {"closed", "smaller"} for word in words)
    n_larger = words.count("larger")
    if not n_better and not n_larger:
        return _("No gap has demonstrably changed")
    better = ngettext("%(n)s gap is smaller or closed", "%(n)s gaps are smaller or closed", n_better)
    larger = ngettext("%(n)s is larger", "%(n)s are larger", n_larger)
    if not n_larger:
        return (better + _(", none is larger")) % {"n": n_better}
    return f"{better % {'n': n_better}}, {larger % {'n': n_larger}}"


def _total(change: Mapping[str, Any], instrument: Instrument) -> Mapping[str, Any] | None:
    return next((gap for gap in change["gaps"] if gap["code"] == instrument.waterfall.total), None)


def gaps_chart(
    change: Mapping[str, Any], result: Result, *, theme: Theme, uid: str, width: float = DOCUMENT_WIDTH
) -> str:
    """Draw every compared gap in points: hollow then, filled now; "" when there are none."""
    rows = [
        _mark(row, part_of(result, row["code"], None))
        for gap, row in zip(change["gaps"], gap_rows(change), strict=True)
        if gap["unit"] == POINTS
    ]
    return _draw(rows, result, _("Gaps then and now"), theme, uid, width)


def dimensions_chart(
    change: Mapping[str, Any],
    result: Result,
    instrument: Instrument,
    *,
    theme: Theme,
    uid: str,
    width: float = DOCUMENT_WIDTH,
) -> str:
    """Draw the total gap on every dimension, then and now; "" when it was not compared."""
    total = instrument.waterfall.total
    rows = [_mark(row, part_of(result, total, row["code"])) for row in dimension_rows(change, instrument)]
    name = _("%(gap)s on every dimension, then and now") % {"gap": total}
    return _draw(rows, result, name, theme, uid, width)


def _mark(row: Row, now: Mapping[str, Any]) -> DumbbellRow:
    word = str(row["verdict_word"])
    if row["now"] is None:
        return DumbbellRow(row["code"], row["label"], None, None, hidden=row["reason"] or word, word=word)
    return DumbbellRow(
        row["code"],
        row["label"],
        row["before"],
        row["now"],
        now.get("ci_low"),
        now.get("ci_high"),
        gap=row["estimate"],
        gap_ci_low=row["ci_low"],
        gap_ci_high=row["ci_high"],
        certainty=_look(row),
        word=word,
    )


def _look(row: Row) -> Certainty:
    """Colour a change only where its sign says what happened: blue for better, red for worse, of a shortfall."""
    is_better = row["verdict"] in {"closed", "smaller"} and row["estimate"] > 0
    is_worse = row["verdict"] == "larger" and row["estimate"] < 0
    return "clear" if is_better or is_worse else "undecided"


def _draw(rows: list[DumbbellRow], result: Result, name: str, theme: Theme, uid: str, width: float) -> str:
    if not any(row.perception is not None for row in rows):
        return ""
    full = result["scale"]["high"] - result["scale"]["low"]
    shown = [row for row in rows if row.perception is not None]
    data = Dumbbells(
        name,
        "; ".join(f"{row.code} {row.name} {theme.signed(row.gap)} {row.word}" for row in shown),
        tuple(rows),
        _("then"),
        _("now"),
        gap_heading=_("change"),
        interval_heading=_("95 % interval"),
        scale_note=_("gap in points"),
        low=-full,
        high=full,
    )
    return dumbbells(data, theme=theme, uid=uid, width=width)
