"""The next wave: the same questions to the same people, made from a wave that is over in one act."""

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import WrongStateError
from practice.models import Member
from practice.permissions import ensure
from surveys.enums import WaveKind
from surveys.models import Recipient, Suppression, Wave, WaveAudience
from surveys.services.launch import CHUNK


def can_measure_again(wave: Wave) -> bool:
    """Tell whether the next wave may be made from this one: it is over and no test."""
    return wave.kind != WaveKind.TEST and wave.closed_at is not None


@transaction.atomic
def create_next_wave(wave: Wave, *, actor: Member | None) -> Wave:
    """Make the wave after this one as a draft: same version of the questionnaire, forms, modes, plan and people.

    People who want no more mail are left out; everybody else gets a new link at the launch, and no answer comes along.
    Asked again before the launch it returns the same draft. Raises WrongStateError while the wave runs, for tests, and
    when a later wave was launched already.
    """
    if actor is not None:
        ensure(actor, "wave.edit")
    locked = Wave.objects.select_for_update(of=("self",)).select_related("engagement").get(pk=wave.pk)
    if locked.kind == WaveKind.TEST:
        raise WrongStateError(_("A test is not measured again. Choose a wave with real answers."))
    later = Wave.objects.filter(engagement=locked.engagement, kind=locked.kind, number__gt=locked.number)
    if (draft := later.order_by("number").last()) is not None:
        if draft.launched_at is None:
            return draft
        raise WrongStateError(_("A later wave was launched already. Measure again from the newest one."))
    if locked.closed_at is None:
        raise WrongStateError(_("This wave is not over. Close it first, then measure again."))
    following = _copy_wave(locked)
    for audience in locked.audiences.all():
        _copy_audience(audience, following)
    audit.record("wave.repeated", following, actor=actor, label=f"{locked.name} → {following.name}")
    return following


def _copy_wave(wave: Wave) -> Wave:
    of_kind = Wave.objects.filter(engagement=wave.engagement, kind=wave.kind)
    number = (of_kind.aggregate(last=Max("number"))["last"] or 0) + 1
    return Wave.objects.create(
        engagement=wave.engagement,
        number=number,
        name=_("Wave %(number)s") % {"number": number},
        kind=wave.kind,
        instrument_code=wave.instrument_code,
        instrument_version=wave.instrument_version,
        instrument=wave.instrument,
        plan=wave.plan,
    )


def _copy_audience(audience: WaveAudience, following: Wave) -> None:
    copy = WaveAudience.objects.create(
        wave=following,
        audience=audience.audience,
        form=audience.form,
        mode=audience.mode,
        offers_profile=audience.offers_profile,
        attribute_plan={name: part for name, part in audience.attribute_plan.items() if name != "values"},
    )
    refusing = Suppression.objects.values("email_key")
    people = Recipient.objects.filter(wave_audience=audience).exclude(email_key__in=refusing)
    kept = ("email", "email_key", "name", "language", "attributes")
    Recipient.objects.bulk_create(
        [Recipient(wave_audience=copy, **row) for row in people.order_by("email_key").values(*kept)],
        batch_size=CHUNK,
    )
