"""Shares of the highest answers and the net promoter score as rows for screen, paper and spreadsheets."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _

from diagnosis.result import Result
from diagnosis.table import Cell, Table
from diagnosis.words import AUDIENCES
from surveys.instruments import Instrument


def _texts(instrument: Instrument) -> dict[str, str]:
    """Wording of every further question by its code, the company's name left open."""
    texts = {}
    for block in instrument.blocks:
        for item in block.items:
            text = next(iter(item.wordings.values())).replace("{company}", _("the company"))
            texts[item.code] = text[:1].upper() + text[1:]
    return texts


def shares_title(result: Mapping[str, Any]) -> str:
    """The message of the shares: whether promoters or detractors prevail, where that is known and certain."""
    rows = (result.get("shares") or {}).get("recommendation", ())
    scores = [row for row in rows if row["ci_low"] is not None]
    if not scores:
        return _("How many gave one of the two highest answers")
    if scores[0]["ci_low"] > 0:
        return _("More customers recommend the company warmly than hold back")
    if scores[0]["ci_high"] < 0:
        return _("Fewer customers recommend the company warmly than hold back")
    return _("About as many customers recommend the company warmly as hold back")


def top_box_rows(result: Mapping[str, Any], instrument: Instrument) -> list[dict[str, Any]]:
    """Rows of the shares of the highest answers, in the order of the questionnaire; none in older results."""
    texts, names = _texts(instrument), {block.code: block.name for block in instrument.blocks}
    return [
        row
        | {
            "text": texts.get(row["item"], row["item"]),
            "name": names.get(row["block"], row["block"]),
            "audience_name": AUDIENCES.get(row["audience"], row["audience"]),
            "points": f"{row['from_point']} – {row['high']}",
        }
        for row in (result.get("shares") or {}).get("top_boxes", ())
    ]


def recommendation_rows(result: Mapping[str, Any], instrument: Instrument) -> list[dict[str, Any]]:
    """Rows of the net promoter score; none where nobody was asked from 0 to 10."""
    texts = _texts(instrument)
    return [
        row
        | {
            "text": texts.get(row["item"], row["item"]),
            "audience_name": AUDIENCES.get(row["audience"], row["audience"]),
        }
        for row in (result.get("shares") or {}).get("recommendation", ())
    ]


def shares_tables(result: Result, instrument: Instrument) -> list[Table]:
    """Both as tables of the workbook, full precision."""
    texts = _texts(instrument)
    boxes: list[tuple[Cell, ...]] = []
    scores: list[tuple[Cell, ...]] = []
    for box in result.shares.top_boxes if result.shares else ():
        note = box.reason or (_("indicative") if box.indicative else "")
        boxes.append(
            (
                box.block, box.item, texts.get(box.item, ""), str(AUDIENCES.get(box.audience, box.audience)),
                box.low, box.high, box.from_point, box.n, box.share, box.ci_low, box.ci_high, note,
            )
        )  # fmt: skip
    for one in result.shares.recommendation if result.shares else ():
        note = one.reason or (_("indicative") if one.indicative else "")
        scores.append(
            (
                one.item, texts.get(one.item, ""), str(AUDIENCES.get(one.audience, one.audience)), one.n, one.score,
                one.ci_low, one.ci_high, one.promoters, one.passives, one.detractors, note,
            )
        )  # fmt: skip
    box_header = (
        _("Construct"), _("Item"), _("Statement"), _("Audience"), _("Scale from"), _("to"), _("Share from point"), "n",
        _("Share"), _("CI low"), _("CI high"), _("Note"),
    )  # fmt: skip
    score_header = (
        _("Item"), _("Statement"), _("Audience"), "n", _("Net promoter score"), _("CI low"), _("CI high"),
        _("Promoters (9-10)"), _("Passives (7-8)"), _("Detractors (0-6)"), _("Note"),
    )  # fmt: skip
    return [
        Table(_("Highest answers"), box_header, tuple(boxes)),
        Table(_("Net promoter score"), score_header, tuple(scores)),
    ]
