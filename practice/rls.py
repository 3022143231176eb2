"""Wall 2 as model constraints: row-level security policies and composite foreign keys that migrations know."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import models
from django.db.backends.ddl_references import Statement

APP_ROLE = "crmgap_app"
OWNER_ROLE = "crmgap_owner"
RESOLVER_ROLE = "crmgap_resolver"
LOOKUP_RIGHTS = f"""
DO $rights$ DECLARE look record; BEGIN
  FOR look IN SELECT p.oid::regprocedure AS signature FROM pg_proc p
    WHERE p.pronamespace = 'public'::regnamespace AND p.proowner = '{RESOLVER_ROLE}'::regrole
  LOOP
    EXECUTE 'SET LOCAL ROLE {RESOLVER_ROLE}';
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', look.signature);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO {APP_ROLE}', look.signature);
    EXECUTE 'RESET ROLE';
  END LOOP;
END $rights$
"""  # noqa: S608 - names of our own
"""Gives every named look-up to the app role alone; run by the owner role, which may become the resolver."""
CURRENT_PRACTICE = "(SELECT NULLIF(current_setting('app.practice', true), '')::uuid)"


class _SqlConstraint(models.BaseConstraint):
    """A constraint made of plain SQL on PostgreSQL, checked by the database only."""

    def constraint_sql(self, model: type[models.Model] | None, schema_editor: Any) -> None:  # type: ignore[override]
        """Inline form used by CREATE TABLE: run at the end of the migration instead."""
        sql = self.create_sql(model, schema_editor)
        if sql:
            schema_editor.deferred_sql.append(sql)

    def validate(self, *args: Any, **kwargs: Any) -> None:
        """Nothing to validate in Python: the database holds the rule."""

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _SqlConstraint) and self.deconstruct() == other.deconstruct()

    def __hash__(self) -> int:
        return hash(self.name)


class PracticePolicy(_SqlConstraint):
    """ENABLE + FORCE row-level security with one policy per role; `column` holds the practice's id."""

    def __init__(self, *, name: str, column: str = "practice_id"):
        super().__init__(name=name)
        self.column = column

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the statements that raise the wall around the model's table."""
        rule = f'"{self.column}" = {CURRENT_PRACTICE}'
        return Statement(
            "ALTER TABLE %(table)s ENABLE ROW LEVEL SECURITY; ALTER TABLE %(table)s FORCE ROW LEVEL SECURITY; "
            f"CREATE POLICY {self.name}_app ON %(table)s TO {APP_ROLE} USING ({rule}) WITH CHECK ({rule}); "
            f"CREATE POLICY {self.name}_owner ON %(table)s TO {OWNER_ROLE} USING (true) WITH CHECK (true)",
            table=f'"{model._meta.db_table}"',
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the statements that take the wall down again (reversed migrations only)."""
        return Statement(
            f"DROP POLICY {self.name}_app ON %(table)s; DROP POLICY {self.name}_owner ON %(table)s; "
            "ALTER TABLE %(table)s DISABLE ROW LEVEL SECURITY",
            table=f'"{model._meta.db_table}"',
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return what a migration needs to write this constraint down."""
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "column": self.column}


class PracticeForeignKey(_SqlConstraint):
    """FOREIGN KEY (practice_id, x_id) REFERENCES parent (practice_id, id): a child cannot point across practices."""

    def __init__(self, *, name: str, field: str, to: str):
        super().__init__(name=name)
        self.field = field
        self.to = to

    def create_sql(self, model: Any, schema_editor: Any) -> Any:
        """Queue the ALTER TABLE for the end of the migration, when the parent's unique (practice, id) exists."""
        parent = model._meta.apps.get_model(self.to)._meta.db_table
        column = model._meta.get_field(self.field).column
        schema_editor.deferred_sql.append(
            Statement(
                f'ALTER TABLE %(table)s ADD CONSTRAINT "{self.name}" FOREIGN KEY ("practice_id", "{column}") '
                f'REFERENCES "{parent}" ("practice_id", "id") DEFERRABLE INITIALLY DEFERRED',
                table=f'"{model._meta.db_table}"',
            )
        )

    def remove_sql(self, model: Any, schema_editor: Any) -> Any:
        """Return the ALTER TABLE that drops the composite key."""
        return Statement(
            f'ALTER TABLE %(table)s DROP CONSTRAINT "{self.name}"', table=f'"{model._meta.db_table}"'
        )

    def deconstruct(self) -> tuple[str, tuple[Any, ...], dict[str, Any]]:
        """Return what a migration needs to write this constraint down."""
        path, args, kwargs = super().deconstruct()
        return path, tuple(args), {**kwargs, "field": self.field, "to": self.to}


def lookup_sql(
    name: str, *, arguments: str, returns: str, body: str, reads: Mapping[str, Sequence[str]]
) -> tuple[str, str]:
    """Return (forward, backward) SQL of one named look-up owned by the resolver role.

    `reads` names the tables and the columns it may see; it gets a SELECT policy and a column grant on these alone.
    """
    grants = "".join(
        f"GRANT SELECT ({', '.join(columns)}) ON {table} TO {RESOLVER_ROLE}; "
        f"DROP POLICY IF EXISTS {table}_resolver ON {table}; "
        f"CREATE POLICY {table}_resolver ON {table} FOR SELECT TO {RESOLVER_ROLE} USING (true); "
        for table, columns in reads.items()
    )
    signature = f"{name}({', '.join(part.split(' ', 1)[1] for part in arguments.split(', ') if part)})"
    forward = (
        f"{grants}CREATE FUNCTION {name}({arguments}) RETURNS TABLE ({returns}) LANGUAGE sql STABLE "
        f"SECURITY DEFINER SET search_path = public, pg_temp AS $look${body}$look$; "
        f"REVOKE ALL ON FUNCTION {signature} FROM PUBLIC; GRANT EXECUTE ON FUNCTION {signature} TO {APP_ROLE}; "
        f"ALTER FUNCTION {signature} OWNER TO {RESOLVER_ROLE}"  # last: afterwards the owner role may grant nothing
    )
    return forward, f"DROP FUNCTION {signature}"
