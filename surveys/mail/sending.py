"""Sending by claimed rows: commit "sending", hand the mail over, commit what became of it; ask before repeating.

A worker that dies between the two commits leaves a lease behind. When it is over, the next hop is asked: an accepted
mail is never sent again, an unknown one is, and where the hop cannot say the mail is listed as uncertain and, after a
while, sent once more with the same Message-ID and the same bytes.
"""

import logging
import time
from collections.abc import Sequence
from datetime import timedelta
from email.errors import MessageError
from functools import cache
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.db.models.expressions import CombinedExpression
from django.db.models.functions import Now

from practice.clock import database_now
from practice.enums import SenderKind
from practice.mail import one_line
from practice.scope import practice_scope
from surveys.barred import barred_among
from surveys.enums import ASKING, AudienceState, DeliveryState, HoldReason, Round, WaveKind
from surveys.form_cache import is_form_cached
from surveys.mail import outcomes, pace, return_path
from surveys.mail.caps import beyond_cap
from surveys.mail.message import mail_bytes, message_id_of
from surveys.mail.next_hop import Fate, NextHop
from surveys.mail.senders import Route, can_send, next_hop_for, route_for, sender_for
from surveys.mail.smtp import Answer, Outcome
from surveys.mail.states import UNSENT
from surveys.models import Delivery, LedgerEntry, Recipient, Suppression, WaveAudience
from surveys.plan import plan_for

logger = logging.getLogger(__name__)

BATCH = 20
BACK_OFF = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 480))
MAX_REFUSALS = 6
"""So often a server may say "later" to one mail, over about eleven hours; then it has bounced for now."""
LEASE = """
UPDATE surveys_delivery d
SET state = 'sending', attempts = d.attempts + 1, message_id = v.message_id, hold = '',
    lease_until = statement_timestamp() + make_interval(secs => %s)
FROM unnest(%s::uuid[], %s::text[]) AS v (id, message_id) WHERE d.id = v.id
"""
SERVER_BACK_OFF = (timedelta(minutes=1), timedelta(minutes=3))
"""A server in trouble is nobody's address: it is tried again soon, so that mails flow minutes after it is back."""
RECORD = """
UPDATE surveys_delivery
SET state = %s, reply = %s, refusals = %s, lease_until = statement_timestamp() + make_interval(secs => %s),
    accepted_at = CASE WHEN %s = 'accepted' THEN statement_timestamp() ELSE accepted_at END
WHERE id = %s AND state = 'sending' AND attempts = %s
"""
OVER = (AudienceState.CLOSED, AudienceState.RELEASED)


def send_due(
    practice_id: UUID, wave_audience_id: UUID, *, next_hop: NextHop | None = None, share: int | None = None
) -> int:
    """Settle what dead workers left, then send what is due for one audience; returns mails accepted.

    Several workers may do this for one audience at once. The call ends when nothing is due, after a batch with which
    `share` mails were accepted, or when the server cannot be reached; in the last case the sweep tries again.
    """
    with practice_scope(practice_id):
        identity = _load_audience(wave_audience_id).wave.sender
    settle_left_over(practice_id, wave_audience_id, next_hop or next_hop_for(identity))
    if not can_send(identity):
        _say_that_mails_stay()
        return 0
    with route_for(identity) as line:
        return send_share(practice_id, wave_audience_id, line, share=share)


def send_share(practice_id: UUID, wave_audience_id: UUID, line: Route, *, share: int | None = None) -> int:
    """Send what is due for one audience over an open connection; returns mails accepted."""
    accepted = 0
    while share is None or accepted < share:
        held_since = time.monotonic()
        with practice_scope(practice_id):
            batch = claim_batch(wave_audience_id)
        if batch is None:
            return accepted
        for number, delivery in enumerate(batch):
            outcome = _send_one(practice_id, delivery, line, held_since)
            accepted += outcome is not None and outcome.answer == Answer.ACCEPTED
            if outcome is not None and outcome.answer in {Answer.NO_SERVER, Answer.HANGS}:
                for waiting in batch[number + 1 :]:
                    _retry_later(practice_id, waiting, outcome.reply, SERVER_BACK_OFF, waiting.attempts)
                with practice_scope(practice_id):
                    mine = WaveAudience.objects.filter(pk=wave_audience_id)
                    mine.update(hold_until=Now() + SERVER_BACK_OFF[0])
                return accepted
    return accepted


@cache
def _say_that_mails_stay() -> None:
    logger.warning("no mail server is configured, or a sender is not verified: mails stay queued")


def _lease() -> CombinedExpression:
    """Return the end of a lease that begins now, by the clock of the database: workers' clocks may be wrong."""
    return Now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def claim_batch(wave_audience_id: UUID) -> list[Delivery] | None:
    """Claim up to 20 due mails under a lease; None when nothing is due, or the audience does not send now.

    The mails come with their audience, wave, client, practice and recipient loaded. What a worker put back after the
    audience was closed is cancelled here; receipts leave then as before.
    """
    audience = _load_audience(wave_audience_id)
    if audience.state in OVER:
        unsent = Delivery.objects.filter(wave_audience=wave_audience_id, state__in=UNSENT)
        unsent.exclude(round=Round.RECEIPT).update(state=DeliveryState.CANCELLED, lease_until=None)
    elif audience.state != AudienceState.OPEN:
        return None
    if audience.mails_paused or _is_held(audience):
        return None
    most = pace.take(BATCH)
    rows = _lock_due(wave_audience_id, most) if most else []
    if not rows:
        pace.give_back(most)
        return None
    people = Recipient.objects.in_bulk([row.recipient_id for row in rows])
    for row in rows:
        row.wave_audience, row.recipient = audience, people[row.recipient_id]
    claimed = _without_unwanted(rows)
    pace.give_back(most - len(claimed))
    return claimed


def _is_held(audience: WaveAudience) -> bool:
    """Tell whether mails of the audience wait: its server was in trouble, or the hours in which they leave are over."""
    now = database_now()
    if audience.hold_until is not None and audience.hold_until > now:
        return True
    window = plan_for(audience.wave.plan, audience.audience).window
    if window is None or audience.wave.kind == WaveKind.TEST:  # test mails leave at any hour
        return False
    opens = window.next_open(now, audience.wave.engagement.client_organisation.zone)
    if opens > now:
        WaveAudience.objects.filter(pk=audience.pk).update(hold_until=opens)
    return opens > now


def _lock_due(wave_audience_id: UUID, most: int) -> list[Delivery]:
    due = Q(state__in=[DeliveryState.PLANNED, DeliveryState.QUEUED]) | Q(
        state=DeliveryState.RETRY, lease_until__lte=Now()
    )
    return list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .filter(due, wave_audience=wave_audience_id, due_at__lte=Now())
        .order_by("due_at")[:most]
    )


def _load_audience(wave_audience_id: UUID) -> WaveAudience:
    """Return the audience with what a mail says, locked, so that no text changes between reading and leasing.

    The wave's long instrument is read only when its form is not known yet.
    """
    audiences = WaveAudience.objects.select_for_update(of=("self",), no_key=True).select_related(
        "practice", "wave__sender", "wave__engagement__client_organisation"
    )
    if is_form_cached(wave_audience_id):
        audiences = audiences.defer("wave__instrument")
    audience: WaveAudience = audiences.get(pk=wave_audience_id)
    return audience


def _without_unwanted(rows: Sequence[Delivery]) -> list[Delivery]:
    """Cancel reminders to people who answered, hold back suppressed addresses and what is too many, lease the rest."""
    ledger = LedgerEntry.objects.filter(recipient__in=[row.recipient_id for row in rows], submitted=True)
    answered = set(ledger.values_list("recipient_id", flat=True))
    reasons = _reasons_against([row.recipient.email_key for row in rows])
    suppressed, cancelled, claimed = [], [], []
    for row in rows:
        if row.recipient.email_key in reasons:
            row.hold = reasons[row.recipient.email_key]
            suppressed.append(row)
        elif _is_skipped(row) or (_reminds(row) and row.recipient_id in answered):
            cancelled.append(row)
        else:
            claimed.append(row)
    for row in suppressed:
        _rows([row]).update(state=DeliveryState.SUPPRESSED, hold=row.hold, lease_until=None)
    _rows(cancelled).update(state=DeliveryState.CANCELLED, hold="", lease_until=None)
    allowed = _hold_back_beyond_cap(claimed)
    _lease_rows(allowed)
    return allowed


def _reasons_against(email_keys: Sequence[str]) -> dict[str, str]:
    """Return why each of these addresses is not mailed; those that may be mailed are not in it."""
    refusing = Suppression.objects.filter(email_key__in=email_keys).values_list("email_key", "source")
    return dict.fromkeys(barred_among(email_keys), HoldReason.EVERYWHERE) | dict(refusing)


def _hold_back_beyond_cap(rows: Sequence[Delivery]) -> list[Delivery]:
    """Move mails that are one too many for a person to the day when they are not; returns the others."""
    is_test = bool(rows) and rows[0].wave_audience.wave.kind == WaveKind.TEST
    most = rows[0].wave_audience.practice.mails_per_week if rows else 0
    waiting = {} if is_test else beyond_cap([row for row in rows if row.round in ASKING], most)
    for row in rows:
        if row.pk in waiting:
            when = waiting[row.pk]
            moved = {"lease_until": when} if row.state == DeliveryState.RETRY else {"due_at": when}
            _rows([row]).update(hold=HoldReason.CAP, **moved)
    return [row for row in rows if row.pk not in waiting]


def _reminds(row: Delivery) -> bool:
    """Tell whether a mail is only for those who have not answered."""
    return row.round not in {Round.INVITATION, Round.RECEIPT}


def _is_skipped(row: Delivery) -> bool:
    """Tell whether somebody decided that this round, or this person's further mails, are left out."""
    return row.recipient.gets_no_more_mail or bool(row.wave_audience.rounds.get(row.round, {}).get("skipped"))


def _lease_rows(rows: Sequence[Delivery]) -> None:
    """Mark rows as being sent, under a lease; each gets its Message-ID with its first attempt."""
    if not rows:
        return
    for row in rows:
        row.state, row.attempts = DeliveryState.SENDING, row.attempts + 1
        row.message_id = row.message_id or message_id_of(row)
    with connection.cursor() as cursor:
        cursor.execute(
            LEASE, [settings.MAIL_LEASE_SECONDS, [row.pk for row in rows], [row.message_id for row in rows]]
        )


def _rows(rows: Sequence[Delivery]) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk__in=[row.pk for row in rows])


def _send_one(practice_id: UUID, delivery: Delivery, line: Route, held_since: float) -> Outcome | None:
    """Send one claimed mail and record the outcome; None when somebody else settled it meanwhile."""
    if not _is_still_ours(practice_id, delivery, held_since):
        return None
    try:
        content = mail_bytes(delivery)
    except (ValueError, LookupError, MessageError) as error:
        logger.warning("mail cannot be built id=%s error=%s", delivery.pk, type(error).__name__)
        outcome = Outcome(Answer.REJECTED, f"not sent: {type(error).__name__}")
    else:
        outcome = line.hand_over(_envelope_sender(delivery), delivery.recipient.email, content)
    _record_outcome(practice_id, delivery, outcome)
    return outcome


def _record_outcome(practice_id: UUID, delivery: Delivery, outcome: Outcome) -> None:
    if outcome.answer == Answer.LATER:
        delivery.refusals += 1
    if outcome.answer == Answer.ACCEPTED:
        _record(practice_id, delivery, outcome.reply, state=DeliveryState.ACCEPTED)
    elif outcome.answer == Answer.REFUSED:
        _record_bounce(practice_id, delivery, outcome.reply, DeliveryState.BOUNCED_HARD)
    elif outcome.answer == Answer.REJECTED or delivery.refusals >= MAX_REFUSALS:
        _record_bounce(practice_id, delivery, outcome.reply, DeliveryState.BOUNCED_SOFT)
    elif outcome.answer in {Answer.UNKNOWN, Answer.HANGS}:
        # The server may be keeping the mail right now: the next hop is asked when this lease is over.
        seconds = float(settings.MAIL_LEASE_SECONDS)
        _record(practice_id, delivery, outcome.reply, state=DeliveryState.SENDING, seconds=seconds)
    elif outcome.answer == Answer.LATER:
        _retry_later(practice_id, delivery, outcome.reply, BACK_OFF, delivery.refusals)
    else:
        _retry_later(practice_id, delivery, outcome.reply, SERVER_BACK_OFF, delivery.attempts)


def _record_bounce(practice_id: UUID, delivery: Delivery, reply: str, state: DeliveryState) -> None:
    """Write that a mail bounced with everything that follows from it, in one transaction."""
    with practice_scope(practice_id):
        outcomes.lock_audience(delivery.wave_audience_id)
        if _of_attempt(delivery).update(
            state=state, reply=one_line(reply)[:300], lease_until=None, refusals=delivery.refusals
        ):
            outcomes.draw_consequences(delivery, state)


def _envelope_sender(delivery: Delivery) -> str:
    """Return where undeliverable mail goes: to our own mailbox, unless another server sends, which may refuse that."""
    audience = delivery.wave_audience
    identity = audience.wave.sender
    is_ours = identity is None or identity.kind == SenderKind.INSTALLATION
    returned = return_path.sender_for(delivery) if is_ours else ""
    return returned or sender_for(audience.practice, identity).address.addr_spec


def _is_still_ours(practice_id: UUID, delivery: Delivery, held_since: float) -> bool:
    """Renew a lease of which more than a quarter has passed; False when the mail is not ours or not wanted any more."""
    if time.monotonic() - held_since < settings.MAIL_LEASE_SECONDS * 0.25:
        return True
    with practice_scope(practice_id):
        answered = LedgerEntry.objects.filter(recipient=delivery.recipient_id, submitted=True)
        if _reminds(delivery) and answered.exists():
            _of_attempt(delivery).update(state=DeliveryState.CANCELLED, lease_until=None)
            return False
        return bool(_of_attempt(delivery).update(lease_until=_lease()))


def _retry_later(
    practice_id: UUID, delivery: Delivery, reply: str, waits: Sequence[timedelta], n_tries: int
) -> None:
    wait = waits[min(n_tries, len(waits)) - 1]
    _record(practice_id, delivery, reply, state=DeliveryState.RETRY, seconds=wait.total_seconds())


def _record(
    practice_id: UUID, delivery: Delivery, reply: str, *, state: str, seconds: float | None = None
) -> None:
    """Write the outcome, and for how long it stands, unless somebody else settled this attempt meanwhile."""
    words, refusals = one_line(reply)[:300], delivery.refusals
    with practice_scope(practice_id), connection.cursor() as cursor:
        cursor.execute(RECORD, [state, words, refusals, seconds, state, delivery.pk, delivery.attempts])


def _of_attempt(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, attempts=delivery.attempts)


def settle_left_over(practice_id: UUID, wave_audience_id: UUID, hop: NextHop) -> None:
    """Ask the next hop about mails whose lease is over and about uncertain ones whose time has come."""
    rows = True
    while rows:
        with practice_scope(practice_id):
            rows = _settle_batch(wave_audience_id, hop)


def _settle_batch(wave_audience_id: UUID, hop: NextHop) -> bool:
    """Settle up to 20 mails; False when there were none."""
    rows = list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            wave_audience=wave_audience_id,
            state__in=[DeliveryState.SENDING, DeliveryState.UNCERTAIN],
            lease_until__lt=Now(),
        )[:BATCH]
    )
    if not rows:
        return False
    is_over = WaveAudience.objects.filter(pk=wave_audience_id, state__in=OVER).exists()
    for row in rows:
        _apply_fate(row, hop.find(row.message_id), is_over=is_over and row.round != Round.RECEIPT)
    return True


def _apply_fate(row: Delivery, fate: Fate, *, is_over: bool) -> None:
    if fate == Fate.ACCEPTED:
        row.state, row.lease_until = DeliveryState.ACCEPTED, None
        row.reply = row.reply or "found at the next hop"
        row.accepted_at = Now()
    elif fate == Fate.UNKNOWN or row.state == DeliveryState.UNCERTAIN:
        row.state = DeliveryState.CANCELLED if is_over else DeliveryState.QUEUED
        row.lease_until = None
    else:
        row.state, row.was_uncertain = DeliveryState.UNCERTAIN, True
        row.lease_until = Now() + timedelta(seconds=settings.MAIL_UNCERTAIN_SECONDS)
    row.save(update_fields=["state", "lease_until", "reply", "was_uncertain", "accepted_at"])
