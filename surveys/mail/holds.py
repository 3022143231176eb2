"""Why mails wait, in words: what holds an audience, its practice or its sender, and what holds one mail."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db.models import Count
from django.utils.translation import gettext as _

from practice.clock import database_now
from surveys.enums import AudienceState, DeliveryState, HoldReason, WaveKind
from surveys.mail import pace, stopping
from surveys.mail.senders import concerns_about, identity_for
from surveys.mail.states import SHOWN_PER_PERSON, UNSENT
from surveys.models import Delivery, MailPace, Wave, WaveAudience
from surveys.plan import plan_for

RUNS: Final = (AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED)
LASTING: Final = frozenset({"stopped", "paused", "mails_paused", "sender", "skipped"})
"""Holds that end only when somebody acts; the others concern mails that are due and end by themselves."""


@dataclass(frozen=True, slots=True)
class Hold:
    """Why a mail was not, or not yet, sent: a code, its words, and when it ends by itself, if it does."""

    code: str
    words: str
    until: datetime | None = None

    @property
    def lasts(self) -> bool:
        """True when somebody has to act before mails leave."""
        return self.code in LASTING


def holds_of(wave: Wave, audiences: Iterable[WaveAudience] | None = None) -> dict[UUID, Hold]:
    """Return what holds the mails of each running audience of a wave back; with nothing else it is their turn."""
    rows = wave.audiences.all() if audiences is None else audiences
    running = [row for row in rows if row.state in RUNS]
    if not running:
        return {}
    now = database_now()
    shared = _hold_of_sender(wave) or _hold_of_pace(now)
    return {row.pk: _hold_of_audience(wave, row, shared, now) for row in running}


def _hold_of_sender(wave: Wave) -> Hold | None:
    stops = [concern.words for concern in concerns_about(identity_for(wave)) if concern.stops]
    return Hold("sender", " ".join(stops)) if stops else None


def _hold_of_pace(now: datetime) -> Hold | None:
    row = MailPace.objects.first()
    held = pace.held_by(row, now) if row is not None else None
    if held is None:
        return None
    words = {
        "minute": _("As many mails of the practice have left as may in a minute."),
        "hour": _("As many mails of the practice have left as may in an hour."),
        "day": _("As many mails of the practice have left as may in a day."),
        "warm_up": _("As many mails have left as the warm-up of the sender allows today."),
    }
    return Hold("pace", words[held[0]], held[1])


def _hold_of_audience(wave: Wave, row: WaveAudience, shared: Hold | None, now: datetime) -> Hold:
    if stopping.is_stopped(row):
        return Hold("stopped", _("Stopped by itself: %(why)s.") % {"why": stopping.stop_words(row)})
    if row.state == AudienceState.PAUSED:
        return Hold("paused", _("The audience is paused."))
    if row.mails_paused:
        return Hold("mails_paused", _("All mails of the wave are paused."))
    if shared is not None and shared.lasts:
        return shared
    window = None if wave.kind == WaveKind.TEST else plan_for(wave.plan, row.audience).window
    opens = window.next_open(now, wave.engagement.client_organisation.zone) if window else now
    if opens > now:
        return Hold("hours", _("Outside the hours in which mails leave."), opens)
    if row.hold_until is not None and row.hold_until > now:
        return Hold("server", _("The mail server was in trouble; it is tried again soon."), row.hold_until)
    return shared or Hold("turn", _("Waits for its turn; practices send one after the other."))


def hold_of_mail(mail: Delivery, holds: Mapping[UUID, Hold], now: datetime) -> Hold | None:
    """Return why one mail was not, or not yet, sent; None when it was, or is not due yet. It comes with its recipient
    and audience."""
    if mail.hold:
        is_later = mail.hold == HoldReason.CAP and mail.state in UNSENT
        return Hold(mail.hold, str(mail.get_hold_display()), mail.due_at if is_later else None)
    if mail.state not in UNSENT:
        return None
    if mail.recipient.gets_no_more_mail:
        return Hold("skipped", _("Somebody decided that this person gets no further mail."))
    if mail.wave_audience.rounds.get(mail.round, {}).get("skipped"):
        return Hold("skipped", _("Somebody decided that this round is skipped."))
    found = holds.get(mail.wave_audience_id)
    is_due = mail.state != DeliveryState.RETRY and mail.due_at <= now
    return found if found is not None and (found.lasts or is_due) else None


def n_held_by_cap(wave: Wave) -> dict[UUID, int]:
    """Return how many mails of each audience wait since their persons got enough; never those that tell of answers."""
    rows = Delivery.objects.filter(
        SHOWN_PER_PERSON, wave_audience__wave=wave, hold=HoldReason.CAP, state__in=UNSENT
    )
    counted = rows.values("wave_audience").order_by().annotate(n=Count("pk"))
    return {row["wave_audience"]: row["n"] for row in counted}
