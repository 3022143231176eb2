"""Steering the mails to come: pause them all, skip or move one round, skip one person; all of it can be undone."""

from collections.abc import Iterable
from datetime import date, datetime

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.mail.waking import wake_audience
from surveys.models import Delivery, MailPace, Recipient, Wave, WaveAudience
from surveys.services.field import RUNNING

WAITING = (DeliveryState.PLANNED, DeliveryState.QUEUED)


def _running(wave: Wave) -> list[WaveAudience]:
    return list(wave.audiences.select_for_update(of=("self",)).filter(state__in=RUNNING))


@transaction.atomic
def pause_mails(wave: Wave, *, actor: Member | None) -> None:
    """Let no mail of the wave leave for now; links go on working and dates stand."""
    _set_paused(_running(wave), paused=True, actor=actor)


@transaction.atomic
def resume_mails(wave: Wave, *, actor: Member | None) -> None:
    """Let mails leave again; what became due meanwhile leaves now."""
    audiences = _running(wave)
    _set_paused(audiences, paused=False, actor=actor)
    for audience in audiences:
        wake_audience(audience)


def _set_paused(audiences: Iterable[WaveAudience], *, paused: bool, actor: Member | None) -> None:
    changed = [audience for audience in audiences if audience.mails_paused != paused]
    for audience in changed:
        audience.mails_paused = paused
        audience.save(update_fields=["mails_paused"])
        audit.record("mails.paused" if paused else "mails.resumed", audience, actor=actor)


@transaction.atomic
def skip_round(
    audience: WaveAudience, *, round_code: str, actor: Member | None, skip: bool = True
) -> WaveAudience:
    """Leave out a round of reminders, or take it up again before its time; invitations are never skipped."""
    locked = _lock_running(audience)
    if round_code == Round.INVITATION:
        raise WrongStateError(_("Nobody could answer without an invitation. Pause the mails instead."))
    _ensure_to_come(locked, round_code)
    row = locked.rounds.get(round_code, {})
    locked.rounds = {**locked.rounds, round_code: {**row, "skipped": skip}}
    locked.save(update_fields=["rounds"])
    audit.record("round.skipped" if skip else "round.restored", locked, actor=actor, changed=[round_code])
    return locked


@transaction.atomic
def move_round(
    audience: WaveAudience, *, round_code: str, at: datetime, actor: Member | None
) -> WaveAudience:
    """Let the mails of a round that wait leave at another time, before the audience closes."""
    locked = _lock_running(audience)
    _ensure_to_come(locked, round_code)
    if at <= timezone.now():
        raise InvalidInputError(
            _("The round cannot move there."), fields={"at": _("Choose a time in the future.")}
        )
    if locked.closes_at and at >= locked.closes_at:
        raise InvalidInputError(
            _("The round cannot move there."),
            fields={"at": _("The audience is closed by then. Extend it first.")},
        )
    rows = Delivery.objects.filter(wave_audience=locked, round=round_code, state__in=WAITING)
    rows.update(due_at=at)
    row = locked.rounds.get(round_code, {})
    locked.rounds = {**locked.rounds, round_code: {**row, "at": at.isoformat()}}
    if round_code == Round.INVITATION and locked.state == AudienceState.SCHEDULED:
        locked.opens_at = at
    locked.hold_until = None
    locked.save(update_fields=["rounds", "opens_at", "hold_until"])
    audit.record("round.moved", locked, actor=actor, changed=[round_code])
    return locked


@transaction.atomic
def skip_person(person: Recipient, *, actor: Member | None, skip: bool = True) -> None:
    """Send a person nothing more in this wave, or go on; says nothing about whether an answer came."""
    Recipient.objects.filter(pk=person.pk).update(gets_no_more_mail=skip)
    audit.record("person.skipped" if skip else "person.unskipped", person.wave_audience, actor=actor)


def _lock_running(audience: WaveAudience) -> WaveAudience:
    locked = WaveAudience.objects.select_for_update(of=("self",)).get(pk=audience.pk)
    if locked.state not in RUNNING:
        raise WrongStateError(_("This audience does not run; no mail of it is to come."))
    return locked


def _ensure_to_come(audience: WaveAudience, round_code: str) -> None:
    rows = Delivery.objects.filter(wave_audience=audience, round=round_code, state__in=WAITING)
    if not rows.exists():
        raise WrongStateError(_("No mail of this round is to come any more."))


@transaction.atomic
def set_pace(
    *,
    actor: Member,
    per_minute: int | None,
    per_hour: int | None,
    per_day: int | None,
    warm_up_from: date | None,
) -> MailPace:
    """Limit how fast mails of the practice leave; None = no limit. A hold by an old limit is lifted."""
    MailPace.objects.bulk_create([MailPace()], ignore_conflicts=True)
    pace = MailPace.objects.select_for_update().get()
    wanted = {
        "per_minute": per_minute,
        "per_hour": per_hour,
        "per_day": per_day,
        "warm_up_from": warm_up_from,
    }
    changed = [name for name, value in wanted.items() if getattr(pace, name) != value]
    if changed:
        for name in changed:
            setattr(pace, name, wanted[name])
        pace.hold_until = None
        pace.save(update_fields=[*changed, "hold_until"])
        audit.record("mails.paced", pace, actor=actor, changed=changed)
    return pace
