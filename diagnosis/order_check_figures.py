"""The order check in words and rows for the quality card and the document."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.early_late_figures import VERDICTS
from diagnosis.words import AUDIENCES
from surveys.instruments import Instrument


def order_check_context(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    """Return a sentence and the rows for each audience with two orders of pages; none where there was one order."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    states = {state.code: state.short or state.label for state in instrument.states}
    checks = []
    for found in result.get("order_checks", ()):
        rows = [
            row | {"code": row["outcome"], "part_name": row["name"], "state_name": _("Construct")}
            for row in found["outcomes"]
        ]
        rows += [
            row
            | {
                "code": row["dimension"],
                "part_name": names.get(row["dimension"], row["dimension"]),
                "state_name": states.get(row["state"], row["state"]),
            }
            for row in found["rows"]
        ]
        for row in rows:
            row["verdict_name"] = VERDICTS[row["verdict"]]
        audience = str(AUDIENCES.get(found["audience"], found["audience"]))
        checks.append(found | {"rows": rows, "title": _title(rows), "audience_name": audience})
    return {"order_checks": checks}


def _title(rows: list[dict[str, Any]]) -> str:
    n = sum(row["verdict"] == "differs" for row in rows)
    if n:
        text = ngettext(
            "The order of the pages moved %(n)s of %(all)s figures: read links between ratings and outcomes with care",
            "The order of the pages moved %(n)s of %(all)s figures: read links between ratings and outcomes with care",
            n,
        )
        return text % {"n": n, "all": len(rows)}
    return _("The order of the pages made no difference that can be told")
