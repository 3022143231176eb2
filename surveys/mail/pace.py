"""How fast a practice sends: limits per minute, hour and day, and a warm-up.

All of it goes by the clock of the database and by its calendar minutes, hours and days in UTC, so that a limit holds
for all workers together. The row is locked while a batch is claimed.
"""

from datetime import UTC, datetime, timedelta

from django.db.models.functions import Now

from surveys.models import MailPace

WARM_UP_FIRST = 50
WARM_UP_DAYS = 9
"""50 mails on the first day, twice as many on each following one; after 9 days (12,800) the ramp is over."""
SPANS = {
    "minute": ("%Y-%m-%dT%H:%M", timedelta(minutes=1)),
    "hour": ("%Y-%m-%dT%H", timedelta(hours=1)),
    "day": ("%Y-%m-%d", timedelta(days=1)),
}


def begin_turn() -> None:
    """Note that the open practice's mails have their turn now."""
    if not MailPace.objects.update(turn_at=Now()):
        MailPace.objects.bulk_create([MailPace()], ignore_conflicts=True)
        MailPace.objects.update(turn_at=Now())


def take(most: int) -> int:
    """Return how many mails may be handed over now, at most `most`; they count as used from here on.

    0 means that the practice is held until the next minute, hour or day begins.
    """
    pace = MailPace.objects.annotate(now=Now()).first()
    if pace is None:
        return most
    if pace.hold_until is not None and pace.hold_until > pace.now:
        return 0
    if not limits_on(pace, pace.now):
        return most
    pace = MailPace.objects.select_for_update().annotate(now=Now()).get(pk=pace.pk)
    allowed = most
    for span, limit in limits_on(pace, pace.now).items():
        left = max(limit - _used(pace, span, pace.now), 0)
        if left == 0:
            pace.hold_until = next_of(span, pace.now)
        allowed = min(allowed, left)
    if allowed:
        pace.used = {span: [_name(span, pace.now), _used(pace, span, pace.now) + allowed] for span in SPANS}
    pace.save(update_fields=["used", "hold_until"])
    return allowed


def give_back(n: int) -> None:
    """Return mails that were taken and not needed."""
    pace = MailPace.objects.select_for_update().annotate(now=Now()).first()
    if n and pace is not None and limits_on(pace, pace.now):
        pace.used = {span: [_name(span, pace.now), max(_used(pace, span, pace.now) - n, 0)] for span in SPANS}
        pace.save(update_fields=["used"])


def limits_on(pace: MailPace, now: datetime) -> dict[str, int]:
    """Return the limits that hold now by span."""
    limits = {"minute": pace.per_minute, "hour": pace.per_hour, "day": pace.per_day}
    ramp = warm_up_limit(pace, now)
    if ramp is not None:
        limits["day"] = min(ramp, pace.per_day or ramp)
    return {span: limit for span, limit in limits.items() if limit is not None}


def held_by(pace: MailPace, now: datetime) -> tuple[str, datetime] | None:
    """Return what holds the practice's mails back (a span, or `warm_up`) and until when; None when nothing does."""
    if pace.hold_until is None or pace.hold_until <= now:
        return None
    limits = limits_on(pace, now)
    ends_then = [span for span in limits if next_of(span, now) == pace.hold_until]
    used_up = (
        [span for span in ends_then if _used(pace, span, now) >= limits[span]] or ends_then or ["minute"]
    )
    ramp = warm_up_limit(pace, now)
    is_ramp = used_up[-1] == "day" and ramp is not None and ramp <= (pace.per_day or ramp)
    return ("warm_up" if is_ramp else used_up[-1]), pace.hold_until


def warm_up_limit(pace: MailPace, now: datetime) -> int | None:
    """Return how many mails the warm-up allows today; None when there is none, or it is over."""
    if pace.warm_up_from is None:
        return None
    day = max((now.astimezone(UTC).date() - pace.warm_up_from).days, 0)
    return WARM_UP_FIRST * 2**day if day < WARM_UP_DAYS else None


def next_of(span: str, now: datetime) -> datetime:
    """Return when the next minute, hour or day begins."""
    form, length = SPANS[span]
    return datetime.strptime(now.astimezone(UTC).strftime(form), form).replace(tzinfo=UTC) + length


def _name(span: str, now: datetime) -> str:
    return now.astimezone(UTC).strftime(SPANS[span][0])


def _used(pace: MailPace, span: str, now: datetime) -> int:
    name, used = pace.used.get(span, ("", 0))
    return int(used) if name == _name(span, now) else 0
