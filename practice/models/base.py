"""PracticeModel: the base of every tenant table; both walls are raised by its metaclass, so nobody can forget them."""

import uuid
from typing import Any, TypeVar

from django.db import models
from django.db.models.base import ModelBase

from practice.managers import ScopedManager, claim_for_scope
from practice.rls import PracticeForeignKey as PracticeForeignKeyConstraint
from practice.rls import PracticePolicy

_ST = TypeVar("_ST")
_GT = TypeVar("_GT")


class PracticeForeignKey(models.ForeignKey[_ST, _GT]):
    """A foreign key between tenant tables: the database holds it together with the practice (composite key)."""

    def __init__(self, *args: Any, **kwargs: Any):
        kwargs["db_constraint"] = False
        super().__init__(*args, **kwargs)


class PracticeModelBase(ModelBase):
    """Adds to each concrete tenant model: unique (practice, id), the policies, one composite key per reference."""

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any], **kwargs: Any) -> Any:
        meta = attrs.get("Meta")
        if meta is not None and getattr(meta, "abstract", False):
            return super().__new__(mcs, name, bases, attrs, **kwargs)
        label = attrs["__module__"].split(".")[0]
        if label == "__fake__":
            return super().__new__(mcs, name, bases, attrs, **kwargs)
        table = f"{label}_{name.lower()}"
        walls: list[models.BaseConstraint] = [
            models.UniqueConstraint(fields=["practice", "id"], name=f"{table}_practice_id"),
            PracticePolicy(name=f"{table}_policy"),
        ]
        for field, value in attrs.items():
            if isinstance(value, PracticeForeignKey):
                walls.append(_composite_key(table, label, field, value))
        own = list(getattr(meta, "constraints", []))
        attrs["Meta"] = type(
            "Meta", (meta,) if meta else (), {"constraints": [*own, *walls], "base_manager_name": "objects"}
        )
        return super().__new__(mcs, name, bases, attrs, **kwargs)


def _composite_key(table: str, label: str, field: str, value: Any) -> PracticeForeignKeyConstraint:
    to = value.remote_field.model
    target = to if isinstance(to, str) else to._meta.label
    if "." not in target:
        target = f"{label}.{target}"
    return PracticeForeignKeyConstraint(name=f"{table}_{field}_fk"[:60], field=field, to=target)


class PracticeModel(models.Model, metaclass=PracticeModelBase):
    """A row of one practice: UUID key (also its public id), practice, scoped manager."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    practice = models.ForeignKey(
        "practice.Practice", on_delete=models.CASCADE, related_name="+", editable=False, db_index=False
    )

    objects = ScopedManager()

    class Meta:
        abstract = True
        base_manager_name = "objects"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Write the row; it must belong to the open scope."""
        claim_for_scope(self)
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        """Delete the row; it must belong to the open scope."""
        claim_for_scope(self)
        return super().delete(*args, **kwargs)
