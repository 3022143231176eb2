"""Statements that are written out and prepared on the server, once per connection: for the few every request runs.

Planning one of them anew costs PostgreSQL more than running it. Each text stays in the server's memory as long as the
connection lives, so it must be a constant of the code, never put together from values.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import connection
from django.db.backends.postgresql.base import ServerBindingCursor
from django.db.backends.utils import CursorWrapper


class PreparedCursor(ServerBindingCursor):
    """Prepares whatever it runs; remembers its last statement, which Django shows where statements are recorded."""

    def _send_query_prepared(self, name: bytes, query: Any, *, binary: bool | None = None) -> None:
        self._query = query
        super()._send_query_prepared(name, query, binary=binary)  # type: ignore[misc]


def run(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> CursorWrapper:
    """Run a constant statement with these values and return its cursor; raises what `connection.cursor()` raises."""
    connection.ensure_connection()
    prepared: Any = PreparedCursor
    # Django offers one kind of cursor for all statements of a connection; this is how it makes that one.
    cursor: CursorWrapper = connection._prepare_cursor(prepared(connection.connection))  # type: ignore[attr-defined]
    cursor.execute(statement, values)
    return cursor


def first(statement: str, values: Sequence[Any] | Mapping[str, Any]) -> tuple[Any, ...] | None:
    """Run a constant statement and return its first row, or None."""
    with run(statement, values) as cursor:
        found: tuple[Any, ...] | None = cursor.fetchone()
    return found
