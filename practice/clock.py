"""The clock of the database: one for all processes, whose own clocks may be wrong."""

from datetime import datetime

from django.db import connection


def database_now() -> datetime:
    """Return the time at which the database reads this question."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement_timestamp()")
        (now,) = cursor.fetchone()
    return now  # type: ignore[no-any-return]
