"""Named look-ups of the surveys room above a practice: which audiences have mails or dates that are due,
which practice a mail that came back belongs to, and the operator's totals."""

from datetime import datetime
from uuid import UUID

from django.db import connection


def audiences_with_due_mails(*, idle_seconds: int = 0) -> list[tuple[UUID, UUID]]:
    """Return (practice, wave audience) with mails to send or to settle, the practice that waits longest first.

    With `idle_seconds` only of practices whose last turn is so long ago: nobody is sending for them.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id, wave_audience_id FROM crmgap_mail_turns(%s)", [idle_seconds])
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


def audiences_with_due_dates(now: datetime) -> list[tuple[UUID, UUID]]:
    """Return (practice, wave audience) whose opening or closing date has come."""
    return _audiences("crmgap_due_audiences", now)


def practice_of_delivery(delivery_id: UUID) -> UUID | None:
    """Return the practice that a mail belongs to, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id FROM crmgap_practice_of_delivery(%s)", [delivery_id])
        found: tuple[UUID] | None = cursor.fetchone()
    return found[0] if found else None


def practice_of_return_channel(channel_id: UUID) -> UUID | None:
    """Return the practice to which a provider's calls at this address belong, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id FROM crmgap_practice_of_return_channel(%s)", [channel_id])
        found: tuple[UUID] | None = cursor.fetchone()
    return found[0] if found else None


def due_return_mailboxes(before: datetime) -> list[tuple[UUID, UUID]]:
    """Return (practice, return channel) of mailboxes that nobody has looked into since."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id, channel_id FROM crmgap_due_return_mailboxes(%s)", [before])
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


def delivery_totals(now: datetime) -> list[tuple[str, int, float | None]]:
    """Return (state, number, age in seconds of the oldest mail that is due) above all practices."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT state, n, oldest_due FROM crmgap_delivery_totals(%s)", [now])
        rows: list[tuple[str, int, float | None]] = cursor.fetchall()
    return rows


def mixer_totals(now: datetime) -> tuple[int, int]:
    """Return (finished answers that wait to be mixed, audiences not released an hour after closing)."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT waiting, overdue FROM crmgap_mixer_totals(%s)", [now])
        found: tuple[int, int] = cursor.fetchone()
    return found


def waves_with_answers_to_delete(now: datetime) -> list[tuple[UUID, UUID]]:
    """Return (practice, wave) whose answers were to be kept until now."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id, wave_id FROM crmgap_due_deletions(%s)", [now])
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows


def _audiences(function: str, now: datetime) -> list[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT practice_id, wave_audience_id FROM {function}(%s)", [now])  # noqa: S608  own names
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows
