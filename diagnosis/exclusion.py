"""Which answers a diagnosis leaves out: by rule alone, with a reason on record, and so that nobody can be computed.

Two diagnoses of the same answers may stand side by side only where they differ by nobody or by five persons at least in
every confidential audience (docs/method.md, "Anonymity and disclosure"). Rows are never left out one by one.
"""

from collections.abc import Collection
from typing import Final

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.enums import DiagnosisState
from diagnosis.frames import CARELESS, FEW_ANSWERS, Frames, read_frames
from diagnosis.models import Diagnosis
from diagnosis.services import request_diagnosis
from practice import audit
from practice.exceptions import InvalidInputError
from practice.models import Member
from practice.permissions import ensure
from surveys.disclosure import MIN_VARIANT_DIFFERENCE, is_variant_publishable
from surveys.enums import Mode
from surveys.models import Wave

RULES: Final[dict[str, str | Promise]] = {
    CARELESS: gettext_lazy(
        "Answered carelessly: at least two of too fast, the same answer throughout, both columns the same"
    ),
    FEW_ANSWERS: gettext_lazy("Left most open: less than half of the core ratings answered"),
}
MAX_REASON: Final = 300


@transaction.atomic
def apply_rules(wave: Wave, *, rules: Collection[str], reason: str, actor: Member) -> Diagnosis:
    """Leave answers out by these rules and no others, and compute anew; returns the diagnosis asked for.

    Raises InvalidInputError for an unknown rule, a missing reason, or a difference that would point at a few persons.
    """
    ensure(actor, "diagnosis.edit")
    if unknown := set(rules) - RULES.keys():
        text = _("Unknown: %(rules)s.") % {"rules": ", ".join(sorted(unknown))[:80]}
        raise InvalidInputError(_("There is no such rule."), fields={"rules": text})
    reason = reason.strip()
    if not reason or len(reason) > MAX_REASON:
        text = _("Say why, in %(most)s characters at most.") % {"most": MAX_REASON}
        raise InvalidInputError(_("A reason is needed: it stands on record."), fields={"reason": text})
    locked = Wave.objects.select_for_update(no_key=True).get(pk=wave.pk)
    off = sorted(RULES.keys() - set(rules))
    if off != sorted(locked.rules_off):
        _ensure_nobody_can_be_computed(locked, read_frames(locked, off))
        locked.rules_off = off
        locked.save(update_fields=["rules_off"])
        audit.record(
            "wave.rules_changed", locked, actor=actor, changed=["rules_off"], label=f"{locked}: {reason}"
        )
    return request_diagnosis(locked, actor)


def _ensure_nobody_can_be_computed(wave: Wave, wanted: Frames) -> None:
    """Compare the answers used with those that any finished diagnosis says it has used."""
    for diagnosis in Diagnosis.objects.filter(wave=wave, state=DiagnosisState.SUCCEEDED):
        for row in diagnosis.result.get("audiences", ()):
            frame = wanted.get(row["code"])
            if frame is None or frame.mode == Mode.NAMED or row["used"] is None:
                continue
            if not is_variant_publishable(row["used"], frame.n_used):
                text = _(
                    "The answers used would differ from those of diagnosis %(number)s by fewer than %(least)s persons"
                    " in a confidential audience: they could be computed from the two."
                ) % {"number": diagnosis.number, "least": MIN_VARIANT_DIFFERENCE}
                raise InvalidInputError(_("Nothing was changed."), fields={"rules": text})
