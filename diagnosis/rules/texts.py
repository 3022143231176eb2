"""Figures inside sentences: signed points with a true minus, intervals, words of certainty and their weights."""

from django.utils.translation import gettext as _

from diagnosis.result import Gap
from diagnosis.stats.certainty import CERTAINTY_WEIGHT
from diagnosis.words import CERTAINTY, in_reader_signs

_WEIGHTS: dict[str, float] = {str(word): weight for word, weight in CERTAINTY_WEIGHT.items()}


def weight_of(certainty: str) -> float:
    """Weight of a word of certainty: 1 clear, .7 probable, .4 hint, else 0."""
    return _WEIGHTS.get(certainty, 0.0)


def signed(value: float, *, unit: str = "points") -> str:
    """A difference with its sign: two decimals in points, none on 0-100."""
    text = f"{value:+.0f}" if unit == "0-100" else f"{value:+.2f}"
    return in_reader_signs(text.replace("-", "−") if text.strip("+-0.") else text[1:])


def plain(value: float, *, unit: str = "points") -> str:
    """A size without sign."""
    return in_reader_signs(f"{abs(value):.0f}" if unit == "0-100" else f"{abs(value):.2f}")


def gap_text(label: str, gap: Gap, *, unit: str = "points") -> str:
    """One gap as evidence: label, estimate, interval, word, persons on both sides."""
    if gap.estimate is None:
        return f"{label}: {CERTAINTY[gap.certainty]}"
    interval = ""
    if gap.ci_low is not None and gap.ci_high is not None:
        interval = f" [{signed(gap.ci_low, unit=unit)}; {signed(gap.ci_high, unit=unit)}]"
    persons = str(gap.n_later) if gap.n_later == gap.n_earlier else f"{gap.n_later}/{gap.n_earlier}"
    return _("%(label)s %(estimate)s%(interval)s %(word)s, n %(persons)s") % {
        "label": label,
        "estimate": signed(gap.estimate, unit=unit),
        "interval": interval,
        "word": CERTAINTY[gap.certainty],
        "persons": persons,
    }


def sentence(text: str) -> str:
    """The text without its full stop, to be continued."""
    return text.rstrip().removesuffix(".")
