"""Late answers beside early ones in words and rows for the quality card and the document."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext_lazy

from surveys.instruments import Instrument

VERDICTS = {
    "differs": pgettext_lazy("early and late answers", "differ"),
    "alike": pgettext_lazy("early and late answers", "alike"),
    "open": pgettext_lazy("early and late answers", "open"),
}


def early_late_context(result: Mapping[str, Any], instrument: Instrument) -> dict[str, Any]:
    """Return the sentence and the rows; empty where the answers do not say which came late."""
    found = result.get("early_late")
    if not found:
        return {"early_late": None}
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    states = {state.code: state.short or state.label for state in instrument.states}
    rows = [
        row
        | {
            "dimension_name": names.get(row["dimension"], row["dimension"]),
            "state_name": states.get(row["state"], row["state"]),
            "verdict_name": VERDICTS[row["verdict"]],
        }
        for row in found["rows"]
    ]
    return {"early_late": found | {"rows": rows, "title": _title(rows)}}


def _title(rows: list[dict[str, Any]]) -> str:
    n = sum(row["verdict"] == "differs" for row in rows)
    if n:
        text = ngettext(
            "Late answers differ from early ones on %(n)s of %(all)s figures: those who kept silent may differ too",
            "Late answers differ from early ones on %(n)s of %(all)s figures: those who kept silent may differ too",
            n,
        )
        return text % {"n": n, "all": len(rows)}
    return _("Late answers do not differ from early ones as far as can be told: a good sign, no proof")
