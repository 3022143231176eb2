"""Waves: one round of asking with a frozen instrument and its audiences."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Engagement, Member
from surveys.disclosure import CUSTOMERS
from surveys.enums import AudienceState, Mode, WaveKind
from surveys.instruments import Instrument, InstrumentError, load_builtin
from surveys.models import Wave, WaveAudience

DEFAULT_PLAN: Mapping[str, Any] = {"reminder_days": [4, 9], "close_days": 14}
NAMEABLE = frozenset({"customers", "managers"})


@transaction.atomic
def create_wave(
    *,
    engagement: Engagement,
    actor: Member | None,
    instrument_code: str = "die-crm",
    audiences: Sequence[str] = ("customers", "managers", "front_line", "crm_team"),
    kind: str = WaveKind.LIVE,
    name: str = "",
    forms: Mapping[str, str] | None = None,
    components: Collection[str] = (),
) -> Wave:
    """Make a wave with a frozen copy of the instrument and one confidential audience per code.

    `forms` chooses a form by audience (the others get their default), `components` the optional parts to switch on.
    """
    instrument = _tailored(instrument_code, components)
    _ensure_asked(forms or {}, audiences)
    try:
        chosen = {code: _form_code(instrument, code, (forms or {}).get(code)) for code in audiences}
    except LookupError as error:
        raise InvalidInputError(
            _("This instrument or audience does not exist."), fields={"audiences": str(error)[:200]}
        ) from error
    if not chosen:
        raise InvalidInputError(
            _("Choose at least one audience."), fields={"audiences": _("Choose at least one.")}
        )
    of_kind = Wave.objects.filter(engagement=engagement, kind=kind)
    number = (of_kind.aggregate(last=Max("number"))["last"] or 0) + 1
    wave = Wave.objects.create(
        engagement=engagement,
        number=number,
        name=name or _("Wave %(number)s") % {"number": number},
        kind=kind,
        instrument_code=instrument.code,
        instrument_version=instrument.version,
        instrument=instrument.as_dict(),
        plan=dict(DEFAULT_PLAN),
    )
    WaveAudience.objects.bulk_create(
        [
            WaveAudience(wave=wave, audience=code, form=form, offers_profile=code == CUSTOMERS)
            for code, form in chosen.items()
        ]
    )
    audit.record("wave.created", wave, actor=actor)
    return wave


def _tailored(code: str, components: Collection[str]) -> Instrument:
    try:
        load_builtin(code)
    except InstrumentError as error:
        raise InvalidInputError(
            _("This instrument or audience does not exist."), fields={"audiences": str(error)[:200]}
        ) from error
    try:
        return load_builtin(code, frozenset(components))
    except InstrumentError as error:
        raise InvalidInputError(
            _("This questionnaire has no such part."), fields={"components": str(error)[:200]}
        ) from error


def _ensure_asked(forms: Mapping[str, str], audiences: Collection[str]) -> None:
    """Refuse a form for an audience that the wave does not ask."""
    unknown = sorted(set(forms) - set(audiences))
    if unknown:
        raise InvalidInputError(
            _("This audience is not asked in the wave."), fields={"forms": ", ".join(unknown)[:200]}
        )


def _form_code(instrument: Instrument, audience: str, wanted: str | None) -> str:
    """Return the form an audience gets; LookupError for an unknown audience."""
    forms = [form.code for form in instrument.forms_for(audience)]
    if not forms:
        raise KeyError(audience)
    if wanted is None:
        return forms[0]
    if wanted not in forms:
        raise InvalidInputError(
            _("This audience has no such form."),
            fields={
                "forms": _("%(audience)s: choose one of %(forms)s.")
                % {"audience": audience, "forms": ", ".join(forms)}
            },
        )
    return wanted


@transaction.atomic
def change_forms(
    wave: Wave, *, forms: Mapping[str, str], components: Collection[str], actor: Member | None
) -> Wave:
    """Choose the form of each audience and the optional parts anew; possible until the launch.

    Audiences not named in `forms` keep theirs. Raises WrongStateError after the launch, when answers collected
    elsewhere rest on the forms, or when the wave's version of the questionnaire is not the present one.
    """
    locked = Wave.objects.select_for_update(of=("self",)).get(pk=wave.pk)
    if locked.launched_at is not None:
        raise WrongStateError(_("The wave is launched: its forms cannot change any more."))
    audiences = list(WaveAudience.objects.select_for_update(of=("self",)).filter(wave=locked))
    if any(row.source for row in audiences):
        raise WrongStateError(_("Answers collected elsewhere rest on these forms, so they cannot change."))
    instrument = _tailored(locked.instrument_code, components)
    _ensure_asked(forms, [row.audience for row in audiences])
    if instrument.version != locked.instrument_version:
        raise WrongStateError(_("This wave keeps its older version of the questionnaire, as it was."))
    for row in audiences:
        row.form = _form_code(instrument, row.audience, forms.get(row.audience, row.form))
        row.save(update_fields=["form"])
    locked.instrument = instrument.as_dict()
    locked.save(update_fields=["instrument"])
    audit.record("wave.forms_changed", locked, actor=actor, changed=["forms"])
    return locked


@transaction.atomic
def set_audience_mode(audience: WaveAudience, *, mode: str, actor: Member | None) -> WaveAudience:
    """Choose confidential or named before launch; staff audiences are always confidential."""
    if mode not in Mode.values:
        raise InvalidInputError(_("This mode does not exist."), fields={"mode": _("confidential or named")})
    audience = WaveAudience.objects.select_for_update(of=("self",)).get(pk=audience.pk)
    if audience.state != AudienceState.DRAFT:
        raise WrongStateError(_("The mode is fixed once the audience is launched."))
    if mode == Mode.NAMED and audience.audience not in NAMEABLE:
        raise InvalidInputError(
            _("Only customers and managers can be asked by name."),
            fields={"mode": _("Front line and CRM team are always confidential.")},
        )
    audience.mode = mode
    audience.save(update_fields=["mode"])
    audit.record("audience.mode_set", audience, actor=actor, changed=["mode"])
    return audience


@transaction.atomic
def offer_profile(audience: WaveAudience, *, offered: bool, actor: Member | None) -> WaveAudience:
    """Say whether people of an audience see the profile of their own answers when they have finished."""
    audience = WaveAudience.objects.select_for_update(of=("self",)).get(pk=audience.pk)
    if audience.state == AudienceState.RELEASED:
        raise WrongStateError(_("This audience is over: nobody answers any more."))
    if audience.offers_profile != offered:
        audience.offers_profile = offered
        audience.save(update_fields=["offers_profile"])
        audit.record("audience.profile_offered", audience, actor=actor, changed=["offers_profile"])
    return audience
