"""Which answers a diagnosis leaves out: by rule alone, with a reason on record, and so that nobody can be computed.

Two diagnoses of the same answers may stand side by side only where they differ by nobody or by five persons at least in
every confidential audience (docs/method.md, "Anonymity and disclosure"). Rows are never left out one by one.
"""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study, is_named
from diagnosis.computing import ensure_released_answers, rules_off_before
from diagnosis.frames import CARELESS, FEW_ANSWERS, OPEN_LINK, Frames, read_frames
from diagnosis.models import Diagnosis
from diagnosis.services import request_diagnosis
from practice import audit
from practice.exceptions import InvalidInputError
from practice.models import Member
from practice.permissions import ensure
from surveys.disclosure import MIN_VARIANT_DIFFERENCE, is_variant_publishable
from surveys.enums import Channel
from surveys.instruments import parse_instrument
from surveys.models import Wave, WaveAudience

RULES: Final[dict[str, str | Promise]] = {
    CARELESS: gettext_lazy(
        "Answered carelessly: at least two of too fast, the same answer throughout, both columns the same"
    ),
    FEW_ANSWERS: gettext_lazy("Left most open: less than half of the core ratings answered"),
    OPEN_LINK: gettext_lazy(
        "Answered by an open link: nobody was invited there, and nobody knows who answered, or how often"
    ),
}
MAX_REASON: Final = 300


def rules_of(wave: Wave) -> dict[str, str | Promise]:
    """The rules there are for a wave: the one about open links only where it has some."""
    has_open_link = WaveAudience.objects.filter(wave=wave, channel=Channel.OPEN).exists()
    return {code: name for code, name in RULES.items() if has_open_link or code != OPEN_LINK}


@transaction.atomic
def apply_rules(wave: Wave, *, rules: Collection[str], reason: str, actor: Member) -> Diagnosis:
    """Leave answers out by these rules and no others, and compute anew; returns the diagnosis asked for.

    Raises InvalidInputError for an unknown rule, a missing reason, or a difference that would point at a few persons,
    and NothingReleasedError where there is nothing to compute from.
    """
    ensure(actor, "diagnosis.edit")
    ensure_released_answers(wave)
    known = rules_of(wave)
    if unknown := set(rules) - known.keys():
        text = _("Unknown: %(rules)s.") % {"rules": ", ".join(sorted(unknown))[:80]}
        raise InvalidInputError(_("There is no such rule."), fields={"rules": text})
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        text = _("Say why, in %(most)s characters at most.") % {"most": MAX_REASON}
        raise InvalidInputError(_("A reason is needed: it stands on record."), fields={"reason": text})
    locked = Wave.objects.select_for_update(no_key=True).get(pk=wave.pk)
    off = sorted(known.keys() - set(rules))
    if off != sorted(locked.rules_off):
        _ensure_nobody_can_be_computed(locked, off)
        locked.rules_off = off
        locked.save(update_fields=["rules_off"])
        audit.record(
            "wave.rules_changed", locked, actor=actor, changed=["rules_off"], label=f"{locked}: {reason}"
        )
    return request_diagnosis(locked, actor)


def _ensure_nobody_can_be_computed(wave: Wave, off: Sequence[str]) -> None:
    """Refuse rules under which a figure beside its twin of an earlier diagnosis would point at a few persons.

    Rules must have been used before, or be fewer than in every diagnosis before: so answers only come in, and figures
    differ by those that came in. Each figure must gain nobody, or five persons at least.
    """
    before = rules_off_before(wave)
    if tuple(off) in before:
        return
    wanted = _counts(wave, read_frames(wave, off))
    for earlier in before:
        if not set(earlier) < set(off):
            text = _(
                "Answers were diagnosed with fewer rules before. Choose rules that were used before, or fewer still."
            )
            raise InvalidInputError(_("Nothing was changed."), fields={"rules": text})
        for audience, counts in _counts(wave, read_frames(wave, earlier)).items():
            told = zip(counts, wanted.get(audience, counts), strict=True)
            if not all(is_variant_publishable(n, n_wanted) for n, n_wanted in told):
                text = _(
                    "A figure of a confidential audience would rest on fewer than %(least)s persons more than in an"
                    " earlier diagnosis: they could be computed from the two."
                ) % {"least": MIN_VARIANT_DIFFERENCE}
                raise InvalidInputError(_("Nothing was changed."), fields={"rules": text})


def _counts(wave: Wave, frames: Frames) -> dict[str, list[int]]:
    """How many used persons each figure rests on: all, every slot, every dimension of every state, by audience."""
    instrument = parse_instrument(wave.instrument, source=f"wave {wave.pk}")
    states = score_states(Study(instrument, frames, random_state=0)).states.values()
    return {
        audience: [
            frame.n_used,
            *np.count_nonzero(~np.isnan(frame.ratings(frame.slots)), axis=0).tolist(),
            *(
                state.n(place)
                for state in states
                if state.audience == audience
                for place in range(len(instrument.dimensions))
            ),
        ]
        for audience, frame in frames.audiences.items()
        if not is_named(frame)
    }
