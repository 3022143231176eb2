"""The words of certainty and severity, the same on screen, in documents and in charts (method: 4.6, 1.6)."""

from django.utils.formats import get_format
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from charts.theme import reader_decimal
from surveys.enums import AUDIENCE_NAMES

NARROW_SPACE = "\N{NARROW NO-BREAK SPACE}"

CERTAINTY = {
    "clear": pgettext_lazy("certainty", "clear"),
    "probable": pgettext_lazy("certainty", "probable"),
    "hint": pgettext_lazy("certainty", "hint"),
    "undecided": pgettext_lazy("certainty", "undecided"),
    "none": pgettext_lazy("certainty", "none"),
    "suppressed": pgettext_lazy("certainty", "hidden"),
    "not_measured": pgettext_lazy("certainty", "not measured"),
}
SEVERITY = {
    "minor": pgettext_lazy("severity", "minor"),
    "small": pgettext_lazy("severity", "small"),
    "medium": pgettext_lazy("severity", "medium"),
    "large": pgettext_lazy("severity", "large"),
}
STAGES = {
    "design": _("Design"),
    "implementation": _("Implementation"),
    "evaluation": _("Evaluation"),
}
STAGE_SUBTITLES = {
    "design": _("What we understand and lay down"),
    "implementation": _("What is done every day"),
    "evaluation": _("What customers feel and we believe"),
}
AUDIENCES = AUDIENCE_NAMES
RELIABILITY = {
    "good": pgettext_lazy("reliability", "good"),
    "redundant": pgettext_lazy("reliability", "items nearly the same"),
    "usable_with_care": pgettext_lazy("reliability", "usable with care"),
    "weak": pgettext_lazy("reliability", "weak"),
    "not_enough": pgettext_lazy("reliability", "too few answers"),
}
ZONE_STATES = {
    "critical": _("below what is accepted"),
    "inside": _("inside the zone"),
    "above": _("as wanted or above"),
}
ZONE_SHORT = {"critical": _("below"), "inside": _("inside"), "above": _("above")}
AGREEMENT = {
    "agrees": _("says the same"),
    "differs": _("says something else"),
    "open": _("cannot be compared"),
}
IMPACTS = {
    "delighter": pgettext_lazy("impact", "mostly reward"),
    "satisfier": pgettext_lazy("impact", "more reward"),
    "hybrid": pgettext_lazy("impact", "both alike"),
    "dissatisfier": pgettext_lazy("impact", "more penalty"),
    "frustrator": pgettext_lazy("impact", "mostly penalty"),
}
VERDICTS = {
    "closed": pgettext_lazy("change of a gap", "closed"),
    "smaller": pgettext_lazy("change of a gap", "smaller"),
    "unchanged": pgettext_lazy("change of a gap", "unchanged"),
    "larger": pgettext_lazy("change of a gap", "larger"),
    "undecided": pgettext_lazy("change of a gap", "undecided"),
    "suppressed": pgettext_lazy("change of a gap", "hidden"),
    "not_measured": pgettext_lazy("change of a gap", "not measured"),
}


def in_thousands(number: float) -> str:
    """A whole number with its thousands apart, as the reader's language writes it."""
    apart = str(get_format("THOUSAND_SEPARATOR"))
    return f"{number:,.0f}".replace(",", NARROW_SPACE if apart.isspace() else apart)


def in_reader_signs(text: str) -> str:
    """A number that was written with a decimal point, with the decimal sign of the reader's language."""
    return text.replace(".", reader_decimal())


LEFT_OUT = {
    "careless": pgettext_lazy("left out", "careless"),
    "few_answers": pgettext_lazy("left out", "mostly open"),
}
SHOWN = frozenset({"clear", "probable", "hint", "undecided", "none"})
DECIDED = frozenset({"clear", "probable"})
