"""Titles of the views that only some waves have: each says its main figure in words, with its certainty."""

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts.theme import PAPER
from diagnosis.figures import Result, state_mean
from diagnosis.words import DECIDED
from surveys.instruments import Instrument


def zone_title(result: Result, instrument: Instrument) -> str:
    """Say where customers surely get less than they accept."""
    names = {dimension.code: dimension.name for dimension in instrument.dimensions}
    proved = sorted(
        (cell["adequacy"]["estimate"], code)
        for code, cell in result["zone"]["dimensions"].items()
        if cell["state"] == "critical" and cell["adequacy"]["certainty"] in DECIDED
    )
    if not proved:
        return _("No dimension is proved to lie below what customers accept")
    text = ngettext(
        "%(first)s lies below what customers accept",
        "%(n)s dimensions lie below what customers accept, first of all: %(first)s",
        len(proved),
    )
    return text % {"n": len(proved), "first": names[proved[0][1]]}


def direct_title(result: Result) -> str:
    """Say on how many dimensions the direct answers and the gaps tell the same."""
    rows = [row for row in result["direct"]["rows"] if row["agreement"] != "open"]
    if not rows:
        return _("Asked directly: how what customers get compares with what they wanted")
    agreeing = sum(row["agreement"] == "agrees" for row in rows)
    return _("Asked directly, customers say the same as the gaps on %(n)s of %(total)s dimensions") % {
        "n": agreeing,
        "total": len(rows),
    }


def received_title(result: Result, instrument: Instrument) -> str:
    """Say how customers rate what they get, where what they want was not asked."""
    mean = state_mean(result, instrument.waterfall.end).get("mean")
    if mean is None:
        return _("What customers get")
    return _(
        "Customers rate what they get at %(mean)s on a scale up to %(high)s; what they want was not asked"
    ) % {
        "mean": PAPER.number(mean, 1),
        "high": f"{result['scale']['high']:g}",
    }
