"""Wall 1: a manager that raises without a practice scope and only ever sees the scope's own rows."""

from collections.abc import Iterable
from typing import Any, TypeVar

from django.db import models

from practice.exceptions import ScopeError
from practice.scope import require_practice_id

ModelT = TypeVar("ModelT", bound=models.Model)


class ScopedQuerySet(models.QuerySet[ModelT]):
    """A query set whose writes stay inside the open scope."""

    def bulk_create(self, objs: Iterable[ModelT], *args: Any, **kwargs: Any) -> list[ModelT]:
        """Insert rows of the open scope; a row of another practice raises ScopeError and nothing is written."""
        rows = list(objs)
        for row in rows:
            claim_for_scope(row)
        return super().bulk_create(rows, *args, **kwargs)

    def update(self, **kwargs: Any) -> int:
        """Update rows; moving them to another practice is refused."""
        if {"practice", "practice_id"} & kwargs.keys():
            raise ScopeError("A row cannot move to another practice.")
        return super().update(**kwargs)


class ScopedManager(models.Manager[ModelT]):
    """The only manager of tenant models: filtered by the open scope; outside it only `none()` is allowed."""

    use_in_migrations = False

    def get_queryset(self) -> ScopedQuerySet[ModelT]:
        """Return the rows of the open practice scope."""
        practice_id = require_practice_id()
        return ScopedQuerySet(self.model, using=self._db).filter(practice_id=practice_id)

    def none(self) -> ScopedQuerySet[ModelT]:
        """Return the empty query set, allowed everywhere (class attributes of views and forms)."""
        return ScopedQuerySet(self.model, using=self._db).none()


def claim_for_scope(row: Any) -> None:
    """Put a new row into the open scope; raises ScopeError without one, or when the row is another practice's."""
    practice_id = require_practice_id()
    if row.practice_id is None:
        row.practice_id = practice_id
    elif row.practice_id != practice_id:
        raise ScopeError("This row belongs to another practice than the open scope.")
