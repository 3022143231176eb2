"""The database's part of a backup: one consistent dump by the owner role, counted in the same snapshot.

Row-level security is forced on the owner too. Its own policy shows it every row; that this policy is there for every
table is checked first, so that a dump is complete or refused, never silently smaller.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import psycopg
from psycopg import sql

from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.programs import Programs
from practice.rls import APP_ROLE, LOOKUP_RIGHTS, OWNER_ROLE, RESOLVER_ROLE

Row = tuple[Any, ...]
MADE_BY_MIGRATIONS = ("django_migrations", "django_content_type", "auth_permission")
TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') ORDER BY c.relname
"""
HIDDEN_TABLES = """
SELECT c.relname FROM pg_class c
WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND c.relrowsecurity
  AND (c.relforcerowsecurity OR NOT pg_has_role(current_user, c.relowner, 'USAGE'))
  AND (NOT EXISTS (
      SELECT 1 FROM pg_policy p
      WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('*', 'r')
        AND current_user::regrole = ANY(p.polroles) AND pg_get_expr(p.polqual, p.polrelid) = 'true'
  ) OR EXISTS (
      SELECT 1 FROM pg_policy p
      WHERE p.polrelid = c.oid AND NOT p.polpermissive
        AND (current_user::regrole = ANY(p.polroles) OR 0 = ANY(p.polroles))
  ))
ORDER BY c.relname
"""
OTHER_SESSIONS = """
SELECT count(*) FROM pg_stat_activity
WHERE datname = current_database() AND pid <> pg_backend_pid() AND usename IS NOT NULL
"""


@contextmanager
def owner_connection(database: Mapping[str, Any]) -> Iterator[psycopg.Connection[Row]]:
    """Open an autocommit connection of the owner role from one of Django's DATABASES; raises BackupError."""
    named = {
        "host": database["HOST"],
        "port": database["PORT"],
        "user": database["USER"],
        "password": database["PASSWORD"],
        "dbname": database["NAME"],
    }
    given = {name: value for name, value in (named | database.get("OPTIONS", {})).items() if value}
    try:
        connection = psycopg.connect("", autocommit=True, connect_timeout=10, **given)
    except psycopg.OperationalError as error:
        raise BackupError(f"The database of DATABASE_OWNER_URL does not answer: {error}") from error
    with connection:
        connection.execute("SET TIME ZONE 'UTC'")
        yield connection


def server_major(owner: psycopg.Connection[Row]) -> int:
    """Return the server's major version."""
    return owner.info.server_version // 10_000


def require_all_visible(owner: psycopg.Connection[Row]) -> None:
    """Raise BackupError when row-level security hides rows of a table from this role."""
    hidden = [name for (name,) in owner.execute(HIDDEN_TABLES)]
    if hidden:
        raise BackupError(
            f"Row-level security hides rows of {', '.join(hidden)} from the role {owner.info.user}, so a dump "
            f"would not be complete. Nothing was written. DATABASE_OWNER_URL must name {OWNER_ROLE}."
        )


def count_rows(owner: psycopg.Connection[Row]) -> dict[str, int]:
    """Return the number of rows of every table."""
    counts = {}
    for (table,) in owner.execute(TABLES).fetchall():
        found = owner.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(table))).fetchone()
        counts[table] = int(found[0]) if found else 0
    return counts


def applied_migrations(owner: psycopg.Connection[Row]) -> dict[str, list[str]]:
    """Return the names of the applied migrations per app, empty for a database that was never migrated."""
    found: dict[str, list[str]] = {}
    if owner.execute("SELECT to_regclass('public.django_migrations')").fetchone() != (None,):
        for app, name in owner.execute("SELECT app, name FROM django_migrations ORDER BY app, name"):
            found.setdefault(app, []).append(name)
    return found


@contextmanager
def frozen_snapshot(owner: psycopg.Connection[Row]) -> Iterator[str]:
    """Keep one state of the database readable under the yielded name while others go on writing."""
    with owner.transaction():
        owner.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        found = owner.execute("SELECT pg_export_snapshot()").fetchone()
        yield str(found[0]) if found else ""


def dump(programs: Programs, snapshot: str, target: Path) -> None:
    """Write the state of a snapshot to a file in pg_dump's custom format."""
    programs.run(
        [
            "pg_dump",
            "--format=custom",
            "--enable-row-security",
            f"--snapshot={snapshot}",
            "--no-password",
            f"--file={target}",
        ]
    )


def holds_something(owner: psycopg.Connection[Row]) -> bool:
    """Tell whether the database holds more than what migrations write."""
    return any(n for table, n in count_rows(owner).items() if table not in MADE_BY_MIGRATIONS)


def refuse_other_sessions(owner: psycopg.Connection[Row]) -> None:
    """Raise BackupError while web processes or workers are connected."""
    found = owner.execute(OTHER_SESSIONS).fetchone()
    if found and found[0]:
        raise BackupError(
            f"{found[0]} other sessions use the database. Nothing was changed. "
            "Stop the web processes, the workers and beat, then restore."
        )


def load(programs: Programs, dump_file: Path) -> None:
    """Replace the whole content of the database by a dump, in one transaction: all of it or nothing."""
    with TemporaryDirectory(prefix="crmgap-restore-") as folder:
        before, script, after = (Path(folder) / f"{name}.sql" for name in ("before", "script", "after"))
        before.write_text(
            "SET client_min_messages = warning;\nDROP SCHEMA public CASCADE;\nCREATE SCHEMA public;\n"
            f"GRANT USAGE ON SCHEMA public TO {APP_ROLE};\n"
            f"GRANT USAGE, CREATE ON SCHEMA public TO {RESOLVER_ROLE};\n"
        )
        after.write_text(f"{LOOKUP_RIGHTS};\n")
        programs.run(["pg_restore", f"--file={script}", str(dump_file)])
        programs.run(
            ["psql", "-X", "-q", "-w", "-v", "ON_ERROR_STOP=1", "--single-transaction"]
            + [part for file in (before, script, after) for part in ("-f", str(file))]
        )


def named_files(owner: psycopg.Connection[Row]) -> set[str]:
    """Return the storage keys that rows name, in whichever table has a column `storage_key`."""
    tables = owner.execute(
        "SELECT table_name FROM information_schema.columns "
        "WHERE table_schema = 'public' AND column_name = 'storage_key'"
    ).fetchall()
    keys: set[str] = set()
    for (table,) in tables:
        rows = owner.execute(
            sql.SQL("SELECT storage_key FROM {} WHERE storage_key <> ''").format(sql.Identifier(table))
        )
        keys.update(key for (key,) in rows)
    return keys
