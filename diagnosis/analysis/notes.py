"""What a reader must know beside the figures, as full sentences."""

from collections.abc import Iterator, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from diagnosis.analysis.scores import ScoreBook
from diagnosis.analysis.study import MOST_PERSONS, Study
from diagnosis.audience_result import AudienceResult
from diagnosis.frames import CARELESS, FEW_ANSWERS, OPEN_LINK
from diagnosis.result import Waterfall
from diagnosis.words import in_thousands
from surveys.disclosure import INDICATIVE_STAFF


def notes_on(
    book: ScoreBook,
    audiences: Sequence[AudienceResult],
    waterfall: Waterfall | None,
    *,
    is_sampled: bool = False,
) -> Iterator[str]:
    """Notes on rounding, items left out, whose standard counts, small audiences and what was not asked."""
    study = book.study
    if waterfall:
        yield _(
            "Figures are printed with two decimals and never adjusted; printed steps may differ from the printed"
            " total by rounding."
        )
        yield _("The steps are arithmetic: they show where a difference arises, not what causes it.")
    yield from _notes_on_selection(study, is_sampled=is_sampled)
    left_out = [entry.item for entry in book.without_standard if entry.left_out]
    if left_out:
        yield ngettext(
            "Most managers say that no standard exists for item %(items)s; it is left out of all steps.",
            "Most managers say that no standard exists for items %(items)s; they are left out of all steps.",
            len(left_out),
        ) % {"items": ", ".join(left_out)}
    for state in study.instrument.states:
        if state.no_standard and state.code in book.states:
            audience = book.states[state.code].audience
            if audience != state.audiences[0]:
                yield _(
                    "Managers were not asked about standards; the standard is the one of: %(audience)s."
                ) % {"audience": study.instrument.audience(audience).name}
    n_dimensions = len(study.instrument.dimensions)
    if 0 < len(book.common) < n_dimensions:
        names = [study.instrument.dimensions[index].code for index in book.common]
        yield _("Overall figures rest on the dimensions that every group has: %(names)s.") % {
            "names": ", ".join(names)
        }
    if any(study.weights(row.code) is not None for row in audiences):
        yield _(
            "Means, gaps and reliabilities are weighted with the weights that came with the answers; profile fit and"
            " counts are not, and no permutation test is made with weights."
        )
    for row in audiences:
        yield from _notes_on_audience(row)
        yield from _notes_on_form(book, row)
        yield from _notes_on_scales(book, row)
    asked = {row.code for row in audiences}
    for other in study.instrument.audiences:
        if other.code not in asked:
            yield _(
                "%(audience)s: not asked, or not closed yet; gaps that need this group are not measured."
            ) % {"audience": other.name}


def _notes_on_selection(study: Study, *, is_sampled: bool) -> Iterator[str]:
    """Whose answers the figures rest on, where it is not everybody's by the usual rules."""
    if off := [rule for rule in study.frames.rules_off if rule != OPEN_LINK]:
        words = {CARELESS: _("careless answers"), FEW_ANSWERS: _("answers left mostly open")}
        yield _("By decision of the practice no answers were left out as: %(rules)s.") % {
            "rules": ", ".join(words.get(rule, rule) for rule in off)
        }
    if is_sampled:
        yield _(
            "Drivers, profiles, the quality of the scales and second opinions rest on a random %(most)s persons of each"
            " larger group; means, gaps and reliabilities rest on everybody."
        ) % {"most": in_thousands(MOST_PERSONS)}


def _notes_on_form(book: ScoreBook, row: AudienceResult) -> Iterator[str]:
    """Which statements the form of an audience leaves out, and which gaps that makes unmeasurable."""
    study = book.study
    frame = study.frame(row.code)
    if frame is None or frame.is_collected:
        return
    form = study.instrument.form(frame.form)
    asked = {slot.item for slot in form.slots if slot.state in form.states}
    left_out = [item.code for item in study.instrument.items if item.code not in asked]
    if left_out:
        yield _("%(audience)s answered the form “%(form)s”, which does not ask: %(items)s.") % {
            "audience": row.name,
            "form": form.title,
            "items": ", ".join(left_out),
        }
    states = [
        state
        for state in study.instrument.states
        if row.code in state.audiences and not state.optional and state.code not in form.states
    ]
    for state in states:
        gaps = [gap.code for gap in study.instrument.gaps if state.code in (gap.later, gap.earlier)]
        yield _("The form “%(form)s” does not ask “%(state)s”; not measured: %(gaps)s.") % {
            "form": form.title,
            "state": state.label,
            "gaps": ", ".join(gaps),
        }


def _notes_on_scales(book: ScoreBook, row: AudienceResult) -> Iterator[str]:
    """The straight lines by which a file's numbers were put on the scales of the instrument, each once."""
    frame = book.study.frame(row.code)
    for line in dict.fromkeys(frame.conversions.values() if frame else ()):
        values = {
            "audience": row.name,
            "from_low": line.from_low,
            "from_high": line.from_high,
            "low": line.low,
            "high": line.high,
            "formula": f"{line.low} + (x − {line.from_low}) × {line.high - line.low}"
            f" / {line.from_high - line.from_low}",
        }
        yield (
            _(
                "%(audience)s: answers from %(from_low)s to %(from_high)s were put on %(low)s to %(high)s in a straight"
                " line: %(formula)s."
            )
            % values
        )


def _notes_on_open_link(row: AudienceResult) -> Iterator[str]:
    if row.open_link is None:
        return
    if row.open_link.included:
        text = _(
            "%(audience)s: answers by an open link are part of the figures. Nobody was invited there, nobody knows who"
            " answered or how often, so they may stand for others than the invited do."
        )
    else:
        text = _("%(audience)s: answers by an open link are left out of every figure.")
    yield text % {"audience": row.name}


def _notes_on_audience(row: AudienceResult) -> Iterator[str]:
    yield from _notes_on_open_link(row)
    if row.collected:
        yield _("%(audience)s: answers collected elsewhere; who was invited is not known.") % {
            "audience": row.name
        }
    if row.effective_n is not None:
        yield _("%(audience)s: weighted answers; effective number %(n)s.") % {
            "audience": row.name,
            "n": f"{row.effective_n:.0f}",
        }
    if row.suppressed:
        yield _("%(audience)s: too few answers to show anything.") % {"audience": row.name}
    elif row.code == "managers" and row.used is not None and row.used < INDICATIVE_STAFF:
        yield _("With so few managers “no difference” can hardly be proved; read “undecided” as open.")
