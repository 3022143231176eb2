"""Named look-ups of the surveys room above a practice: which audiences have mails or dates that are due."""

from datetime import datetime
from uuid import UUID

from django.db import connection


def audiences_with_due_mails(now: datetime) -> list[tuple[UUID, UUID]]:
    """Return (practice, wave audience) with mails to send or to settle."""
    return _audiences("crmgap_due_deliveries", now)


def audiences_with_due_dates(now: datetime) -> list[tuple[UUID, UUID]]:
    """Return (practice, wave audience) whose opening or closing date has come."""
    return _audiences("crmgap_due_audiences", now)


def _audiences(function: str, now: datetime) -> list[tuple[UUID, UUID]]:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT practice_id, wave_audience_id FROM {function}(%s)", [now])  # noqa: S608  own names
        rows: list[tuple[UUID, UUID]] = cursor.fetchall()
    return rows
