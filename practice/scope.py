"""The one door to a practice's rows: opens or joins a transaction, sets wall 2's variable and wall 1's scope."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, Protocol
from uuid import UUID

from django.db import connection, transaction

from practice import statements
from practice.exceptions import ScopeError


class HasKey(Protocol):
    """A row with a primary key, such as a practice."""

    pk: Any


_current: ContextVar[UUID | None] = ContextVar("crmgap_practice", default=None)


def current_practice_id() -> UUID | None:
    """Return the practice whose scope is open, or None."""
    return _current.get()


def require_practice_id() -> UUID:
    """Return the practice whose scope is open; raises ScopeError outside any scope."""
    practice_id = _current.get()
    if practice_id is None:
        raise ScopeError("No practice scope is open. Use practice_scope(practice).")
    return practice_id


SET_PRACTICE: Final = "SELECT set_config('app.practice', %s, true)"
SET_READ_ONLY: Final = f"{SET_PRACTICE}, set_config('transaction_read_only', 'on', true)"


def _set_variable(value: str, statement: str = SET_PRACTICE) -> None:
    statements.first(statement, [value])


@contextmanager
def practice_scope(practice: HasKey | UUID, *, read_only: bool = False) -> Iterator[UUID]:
    """Open the scope of one practice around a block, in a transaction; nested scopes must be the same practice.

    `read_only` makes PostgreSQL refuse every write in the block; it only takes effect for the outermost scope.
    """
    practice_id: UUID = practice if isinstance(practice, UUID) else practice.pk
    outer = _current.get()
    if outer is not None and outer != practice_id:
        raise ScopeError("A scope of another practice is already open.")
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if outer is None:
            _set_variable(str(practice_id), SET_READ_ONLY if read_only and is_outermost else SET_PRACTICE)
        token = _current.set(practice_id)
        try:
            yield practice_id
        finally:
            _current.reset(token)
        if outer is None and not is_outermost and not connection.needs_rollback:
            _set_variable("")
