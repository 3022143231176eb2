"""Sending by claimed rows: commit "sending", hand the mail over, commit what became of it; ask before repeating.

A worker that dies between the two commits leaves a lease behind. When it is over, the next hop is asked: an accepted
mail is never sent again, an unknown one is, and where the hop cannot say the mail is listed as uncertain and, after a
while, sent once more with the same Message-ID and the same bytes.
"""

import logging
import smtplib
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils import timezone

from practice.scope import practice_scope
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.mail.message import build_message, message_id_of
from surveys.mail.next_hop import Fate, NextHop, configured_next_hop
from surveys.models import Delivery, LedgerEntry, Suppression, WaveAudience

logger = logging.getLogger(__name__)

BATCH = 20
TIMEOUT_SECONDS = 30
BACK_OFF = (timedelta(minutes=1), timedelta(minutes=5), timedelta(minutes=30), timedelta(hours=2))
RELATED = (
    "recipient",
    "wave_audience__wave__practice",
    "wave_audience__wave__engagement__client_organisation",
)


def send_due(practice_id: UUID, wave_audience_id: UUID, *, next_hop: NextHop | None = None) -> int:
    """Settle what dead workers left, then send everything that is due for one audience; returns mails accepted."""
    hop = next_hop or configured_next_hop()
    settle_left_over(practice_id, wave_audience_id, hop)
    if not settings.SMTP_HOST:
        logger.info("no mail server is configured: mails stay queued")
        return 0
    accepted = 0
    with Connection() as connection:
        while True:
            with practice_scope(practice_id):
                batch = claim_batch(wave_audience_id)
            if batch is None:
                return accepted
            for delivery in batch:
                accepted += _send_one(practice_id, delivery, connection, hop)


def _lease() -> datetime:
    return timezone.now() + timedelta(seconds=settings.MAIL_LEASE_SECONDS)


def claim_batch(wave_audience_id: UUID) -> list[Delivery] | None:
    """Claim up to 20 due mails under a lease; None when nothing is due, or the audience does not send now."""
    audience = WaveAudience.objects.get(pk=wave_audience_id)
    if audience.state != AudienceState.OPEN:
        return None
    now = timezone.now()
    due = Q(state__in=[DeliveryState.PLANNED, DeliveryState.QUEUED], due_at__lte=now) | Q(
        state=DeliveryState.RETRY, lease_until__lte=now
    )
    rows = list(
        Delivery.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related(*RELATED)
        .filter(due, wave_audience=wave_audience_id)
        .order_by("due_at", "id")[:BATCH]
    )
    if not rows:
        return None
    return _without_unwanted(rows)


def _without_unwanted(rows: Sequence[Delivery]) -> list[Delivery]:
    """Cancel reminders to people who answered, hold back suppressed addresses, lease the rest."""
    people = [row.recipient_id for row in rows]
    answered = set(
        LedgerEntry.objects.filter(recipient__in=people, submitted=True).values_list(
            "recipient_id", flat=True
        )
    )
    keys = [row.recipient.email_key for row in rows]
    unwanted = set(Suppression.objects.filter(email_key__in=keys).values_list("email_key", flat=True))
    claimed, lease = [], _lease()
    for row in rows:
        row.lease_until = None
        if row.recipient.email_key in unwanted:
            row.state = DeliveryState.SUPPRESSED
        elif row.round != Round.INVITATION and row.recipient_id in answered:
            row.state = DeliveryState.CANCELLED
        else:
            row.state, row.lease_until = DeliveryState.SENDING, lease
            row.attempts += 1
            row.message_id = message_id_of(row)
            claimed.append(row)
    Delivery.objects.bulk_update(rows, ["state", "lease_until", "attempts", "message_id"])
    return claimed


class Connection:
    """One SMTP connection, opened when first needed and opened anew after a failure."""

    def __init__(self) -> None:
        self._smtp: smtplib.SMTP | None = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(self, *_error: object) -> None:
        self.drop()

    def smtp(self) -> smtplib.SMTP:
        """Return the open connection; raises OSError or SMTPException when there is none to be had."""
        if self._smtp is None:
            smtp = smtplib.SMTP(settings.SMTP_HOST, settings.SMTP_PORT, timeout=TIMEOUT_SECONDS)
            if settings.SMTP_STARTTLS:
                smtp.starttls()
            if settings.SMTP_USER:
                smtp.login(settings.SMTP_USER, settings.SMTP_PASSWORD)
            self._smtp = smtp
        return self._smtp

    def drop(self) -> None:
        """Close the connection."""
        if self._smtp is not None:
            with suppress(smtplib.SMTPException, OSError):
                self._smtp.quit()
            self._smtp = None


def _send_one(practice_id: UUID, delivery: Delivery, connection: Connection, hop: NextHop) -> int:
    try:
        message = build_message(delivery)
    except (ValueError, LookupError) as error:
        logger.warning("mail cannot be built id=%s error=%s", delivery.pk, type(error).__name__)
        _record(practice_id, delivery, DeliveryState.BOUNCED_HARD, reply=f"not sent: {type(error).__name__}")
        return 0
    try:
        smtp = connection.smtp()
    except (smtplib.SMTPException, OSError) as error:
        connection.drop()
        _retry_later(practice_id, delivery, f"no connection: {type(error).__name__}")
        return 0
    try:
        smtp.send_message(message)
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        _refused(practice_id, delivery, code, reply)
    except smtplib.SMTPResponseException as error:
        _refused(practice_id, delivery, error.smtp_code, error.smtp_error)
        connection.drop()
    except (smtplib.SMTPException, OSError) as error:
        connection.drop()
        _settle(practice_id, delivery, hop, reply=f"connection lost: {type(error).__name__}")
    else:
        return _record(practice_id, delivery, DeliveryState.ACCEPTED, reply="250")
    return 0


def _refused(practice_id: UUID, delivery: Delivery, code: int, reply: bytes | str) -> None:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    if 400 <= code < 500:
        _retry_later(practice_id, delivery, f"{code} {text}")
    else:
        _record(practice_id, delivery, DeliveryState.BOUNCED_HARD, reply=f"{code} {text}")


def _retry_later(practice_id: UUID, delivery: Delivery, reply: str) -> None:
    wait = BACK_OFF[min(delivery.attempts, len(BACK_OFF)) - 1]
    _record(practice_id, delivery, DeliveryState.RETRY, reply=reply, lease_until=timezone.now() + wait)


def _record(
    practice_id: UUID, delivery: Delivery, state: str, *, reply: str = "", lease_until: datetime | None = None
) -> int:
    """Write the outcome unless somebody else settled this attempt meanwhile; returns the rows changed."""
    with practice_scope(practice_id):
        return _of_attempt(delivery).update(state=state, reply=reply[:300], lease_until=lease_until)


def _of_attempt(delivery: Delivery) -> QuerySet[Delivery]:
    return Delivery.objects.filter(pk=delivery.pk, state=DeliveryState.SENDING, attempts=delivery.attempts)


def settle_left_over(practice_id: UUID, wave_audience_id: UUID, hop: NextHop) -> None:
    """Ask the next hop about mails whose worker died and about uncertain ones whose time has come."""
    while True:
        now = timezone.now()
        with practice_scope(practice_id):
            rows = list(
                Delivery.objects.select_for_update(skip_locked=True, of=("self",)).filter(
                    wave_audience=wave_audience_id,
                    state__in=[DeliveryState.SENDING, DeliveryState.UNCERTAIN],
                    lease_until__lt=now,
                )[:BATCH]
            )
            for row in rows:
                _apply_fate(row, hop.find(row.message_id))
        if not rows:
            return


def _settle(practice_id: UUID, delivery: Delivery, hop: NextHop, *, reply: str) -> None:
    """Decide about one mail whose connection broke after it was handed over."""
    with practice_scope(practice_id):
        row = _of_attempt(delivery).select_for_update().first()
        if row is not None:
            row.reply = reply[:300]
            _apply_fate(row, hop.find(row.message_id))


def _apply_fate(row: Delivery, fate: Fate) -> None:
    if fate == Fate.ACCEPTED:
        row.state, row.lease_until = DeliveryState.ACCEPTED, None
        row.reply = row.reply or "found at the next hop"
    elif fate == Fate.UNKNOWN or row.state == DeliveryState.UNCERTAIN:
        row.state, row.lease_until = DeliveryState.QUEUED, None
    else:
        row.state, row.was_uncertain = DeliveryState.UNCERTAIN, True
        row.lease_until = timezone.now() + timedelta(seconds=settings.MAIL_UNCERTAIN_SECONDS)
    row.save(update_fields=["state", "lease_until", "reply", "was_uncertain"])
