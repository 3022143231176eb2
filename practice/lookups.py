"""The named look-ups above a practice: narrow functions of the resolver role that return ids, never personal data."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection


@dataclass(frozen=True, slots=True)
class PracticeOfUser:
    """One practice a person belongs to."""

    practice_id: UUID
    member_id: UUID
    slug: str
    name: str


@dataclass(frozen=True, slots=True)
class DueJob:
    """A job that waits for a worker."""

    practice_id: UUID
    job_id: UUID
    kind: str


def practices_of_user(user_id: int) -> list[PracticeOfUser]:
    """Return the practices in which the person is an active member, by name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crmgap_practices_of_user(%s)", [user_id])
        return [PracticeOfUser(*row) for row in cursor.fetchall()]


def practice_of_token(digest: bytes) -> tuple[UUID, UUID] | None:
    """Return (practice id, token id) of a live API token's SHA-256, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crmgap_practice_of_token(%s)", [digest])
        found: tuple[UUID, UUID] | None = cursor.fetchone()
        return found


def practice_of_invitation(digest: bytes) -> tuple[UUID, UUID] | None:
    """Return (practice id, invitation id) of an open invitation's SHA-256, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crmgap_practice_of_invitation(%s)", [digest])
        found: tuple[UUID, UUID] | None = cursor.fetchone()
        return found


def practice_of_logo(logo_id: UUID) -> UUID | None:
    """Return the practice that uses a logo for itself or for a client organisation, or None."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crmgap_practice_of_logo(%s)", [logo_id])
        found = cursor.fetchone()
        return found[0] if found else None


def due_jobs(now: datetime, limit: int = 200) -> list[DueJob]:
    """Return jobs that are queued or whose lease is over."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crmgap_due_jobs(%s, %s)", [now, limit])
        return [DueJob(*row) for row in cursor.fetchall()]


@dataclass(frozen=True, slots=True)
class JobTotal:
    """How many jobs of a kind are in a state; `oldest_due` is the age in seconds of the oldest that waits, or None."""

    kind: str
    state: str
    n: int
    oldest_due: float | None


def job_totals(now: datetime) -> list[JobTotal]:
    """Return the totals of jobs above all practices."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT * FROM crmgap_job_totals(%s)", [now])
        return [JobTotal(*row) for row in cursor.fetchall()]
