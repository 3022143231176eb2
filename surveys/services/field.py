"""Steering the field: pause, go on, extend, close. Closing cannot be undone."""

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit, jobs
from practice.clock import database_now
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from surveys.enums import AudienceState, Channel, DeliveryState, Round
from surveys.mail import stopping
from surveys.mail.waking import wake_audience
from surveys.models import Delivery, Wave, WaveAudience

RUNNING = {AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED}
UNSENT = [DeliveryState.PLANNED, DeliveryState.QUEUED, DeliveryState.RETRY]


def _channel_of(audience: WaveAudience, *states: str) -> QuerySet[WaveAudience]:
    """Return the open-link channel that goes the way of its audience, where it is in one of these states."""
    return WaveAudience.objects.filter(
        wave=audience.wave_id, audience=audience.audience, channel=Channel.OPEN, state__in=states
    ).exclude(pk=audience.pk)


def _lock(audience: WaveAudience) -> WaveAudience:
    return WaveAudience.objects.select_for_update(of=("self",)).get(pk=audience.pk)


@transaction.atomic
def pause_audience(audience: WaveAudience, *, actor: Member | None) -> WaveAudience:
    """Stop mails and answers for now."""
    locked = _lock(audience)
    if locked.state not in {AudienceState.OPEN, AudienceState.SCHEDULED}:
        raise WrongStateError(_("Only an open audience can be paused."))
    locked.state = AudienceState.PAUSED
    locked.save(update_fields=["state"])
    audit.record("audience.paused", locked, actor=actor)
    for channel in _channel_of(locked, AudienceState.OPEN):
        pause_audience(channel, actor=actor)
    return locked


@transaction.atomic
def resume_audience(audience: WaveAudience, *, actor: Member | None) -> WaveAudience:
    """Go on after a pause; what was due meanwhile is sent.

    After an automatic stop this is the explicit act it needs: the bounces and complaints so far count as seen.
    """
    locked = _lock(audience)
    if locked.state != AudienceState.PAUSED:
        raise WrongStateError(_("Only a paused audience can go on."))
    words = stopping.stop_words(locked)
    is_early = locked.opens_at is not None and locked.opens_at > timezone.now()
    locked.state = AudienceState.SCHEDULED if is_early else AudienceState.OPEN
    locked.stop = stopping.seen_after(locked) if words else locked.stop
    locked.save(update_fields=["state", "stop"])
    label = f"{locked}: {words}" if words else ""
    audit.record("audience.resumed", locked, actor=actor, label=label)
    for channel in _channel_of(locked, AudienceState.PAUSED):
        resume_audience(channel, actor=actor)
    wake_audience(locked)
    return locked


@transaction.atomic
def extend_audience(audience: WaveAudience, *, closes_at: datetime, actor: Member | None) -> WaveAudience:
    """Move the closing date of an audience that still runs."""
    locked = _lock(audience)
    if locked.state not in RUNNING:
        raise WrongStateError(_("This audience is closed for good."))
    if closes_at <= timezone.now():
        raise InvalidInputError(
            _("The closing date must lie in the future."), fields={"closes_on": _("Choose a later day.")}
        )
    locked.closes_at = closes_at
    locked.save(update_fields=["closes_at"])
    audit.record("audience.extended", locked, actor=actor, changed=["closes_at"])
    for channel in _channel_of(locked, *RUNNING):
        extend_audience(channel, closes_at=closes_at, actor=actor)
    return locked


@transaction.atomic
def close_audience(audience: WaveAudience, *, actor: Member | None) -> WaveAudience:
    """Close for good: no mail leaves any more; forms already open may finish within 15 minutes, then it is released.

    Closing a closed audience changes nothing.
    """
    locked = _lock(audience)
    if locked.state in {AudienceState.CLOSED, AudienceState.RELEASED}:
        return locked
    if locked.state not in RUNNING:
        raise WrongStateError(_("This audience was never launched."))
    locked.state = AudienceState.CLOSED
    locked.closes_at = min(locked.closes_at or timezone.now(), timezone.now())
    locked.save(update_fields=["state", "closes_at"])
    unsent = Delivery.objects.filter(wave_audience=locked, state__in=UNSENT).exclude(round=Round.RECEIPT)
    unsent.update(state=DeliveryState.CANCELLED)
    audit.record("audience.closed", locked, actor=actor)
    for channel in _channel_of(locked, *RUNNING):
        close_audience(channel, actor=actor)
    jobs.create("mix", locked.pk)
    return locked


@transaction.atomic
def close_wave(wave: Wave, *, actor: Member | None) -> None:
    """Close every audience of the wave that still runs."""
    for audience in WaveAudience.objects.filter(wave=wave, state__in=RUNNING):
        close_audience(audience, actor=actor)


@transaction.atomic
def advance_audience(wave_audience_id: UUID) -> None:
    """Do what its dates ask for: open a scheduled audience, close one whose closing date has come."""
    audience = WaveAudience.objects.select_for_update(of=("self",)).get(pk=wave_audience_id)
    now = database_now()  # a worker whose clock is wrong must not close an audience early
    if audience.state == AudienceState.SCHEDULED and audience.opens_at and audience.opens_at <= now:
        audience.state = AudienceState.OPEN
        audience.save(update_fields=["state"])
        audit.record("audience.opened", audience, actor=None)
        wake_audience(audience)
    if (
        audience.state in {AudienceState.OPEN, AudienceState.PAUSED}
        and audience.closes_at
        and audience.closes_at <= now
    ):
        close_audience(audience, actor=None)
