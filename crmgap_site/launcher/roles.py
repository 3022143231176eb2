"""The three database roles and their rights as SQL that may be run again, for embedded and managed servers.

`python -m crmgap_site.launcher.roles` prints a psql script for the administrator of a managed PostgreSQL; with
`--apply` it does the same itself.
"""

import argparse
import os
import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import psycopg
from psycopg import Connection, sql

from crmgap_site.launcher.errors import LaunchError

PLAIN_NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
OWNER, APP, RESOLVER, DATABASE = "crmgap_owner", "crmgap_app", "crmgap_resolver", "crmgap"


@dataclass(frozen=True)
class Bootstrap:
    """SQL: `cluster` for any database, `create` when ours is missing (`exists`), `database` inside ours."""

    cluster: str
    exists: str
    create: str
    database: str


def plain_name(name: str) -> str:
    """Return the name when it needs no quoting in SQL; raises ValueError otherwise."""
    if not PLAIN_NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain SQL name (a-z, 0-9 and _, at most 63 characters).")
    return name


def bootstrap_sql(
    owner: str = OWNER,
    app: str = APP,
    resolver: str = RESOLVER,
    database: str = DATABASE,
    *,
    owner_creates_databases: bool = False,
) -> Bootstrap:
    """Return the SQL that makes the roles, the database and their rights; PostgreSQL 15 or newer.

    The owner migrates, the app role works under row-level security, the resolver owns the look-up functions.
    No role inherits from another, because policies are inherited; the owner may only *become* the resolver
    (SET, from PostgreSQL 16) so that a migration can hand a function over to it.
    """
    creates = "CREATEDB" if owner_creates_databases else "NOCREATEDB"
    o, a, r, d = (plain_name(name) for name in (owner, app, resolver, database))
    wanted = (
        (o, f"LOGIN NOINHERIT {creates}"),
        (a, "LOGIN NOINHERIT NOCREATEDB"),
        (r, "NOLOGIN NOINHERIT NOCREATEDB"),
    )
    roles = "\n".join(_role(name, rights) for name, rights in wanted)
    cluster = f"""{roles}
DO $$ BEGIN
  IF current_setting('server_version_num')::int >= 160000 THEN
    EXECUTE 'GRANT {r} TO {o} WITH ADMIN FALSE, INHERIT FALSE, SET TRUE';
  ELSE
    EXECUTE 'GRANT {r} TO {o}';
  END IF;
  IF NOT (SELECT rolsuper FROM pg_roles WHERE rolname = current_user) THEN
    EXECUTE 'GRANT {o} TO CURRENT_USER';
  END IF;
END $$;
"""  # noqa: S608 - names are checked by plain_name
    inside = f"""ALTER SCHEMA public OWNER TO {o};
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO {a};
GRANT USAGE, CREATE ON SCHEMA public TO {r};
ALTER DEFAULT PRIVILEGES FOR ROLE {o} IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO {a};
ALTER DEFAULT PRIVILEGES FOR ROLE {o} IN SCHEMA public GRANT USAGE ON SEQUENCES TO {a};
"""
    return Bootstrap(
        cluster=cluster,
        exists=f"SELECT 1 FROM pg_database WHERE datname = '{d}'",  # noqa: S608 - checked by plain_name
        create=f"CREATE DATABASE {d} OWNER {o} ENCODING 'UTF8' TEMPLATE template0",
        database=f"REVOKE ALL ON DATABASE {d} FROM PUBLIC;\nGRANT CONNECT ON DATABASE {d} TO {a};\n{inside}",
    )


def _role(name: str, rights: str) -> str:
    return f"""DO $$ BEGIN
  IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}') THEN
    CREATE ROLE {name} {rights};
  ELSIF EXISTS (SELECT 1 FROM pg_roles WHERE rolname = '{name}' AND (rolsuper OR rolbypassrls)) THEN
    RAISE EXCEPTION 'The role {name} must be neither a superuser nor BYPASSRLS.';
  END IF;
END $$;
ALTER ROLE {name} {rights};"""  # noqa: S608 - names are checked by plain_name


def apply_bootstrap(admin: Connection[tuple[object, ...]], bootstrap: Bootstrap) -> bool:
    """Make the roles and, when it is missing, the database; returns True when it was created.

    `admin` is an autocommit connection to another database; `bootstrap.database` is left to the caller.
    """
    admin.execute(bootstrap.cluster.encode())
    if admin.execute(bootstrap.exists.encode()).fetchone():
        return False
    admin.execute(bootstrap.create.encode())
    return True


def psql_script(bootstrap: Bootstrap, database: str, owner: str, app: str) -> str:
    """Return the whole bootstrap as a psql script that may be run again."""
    create = sql.Literal(bootstrap.create).as_string(None).strip()
    return f"""-- Run with psql as an administrator (superuser, or CREATEROLE and CREATEDB). May be run again.
-- Afterwards give both login roles a password:  \\password {owner}   and   \\password {app}
\\set ON_ERROR_STOP on
{bootstrap.cluster}
SELECT {create} WHERE NOT EXISTS ({bootstrap.exists}) \\gexec
\\connect {database}
{bootstrap.database}"""


def apply_everything(admin_url: str, bootstrap: Bootstrap, database: str, urls: Mapping[str, str]) -> None:
    """Make roles, database and rights as the administrator, and set the passwords of the two login roles.

    `urls` maps the role that must be named in it to its URL; raises LaunchError when it names another role or database.
    """
    passwords = {role: checked_password(url, role, database) for role, url in urls.items()}
    try:
        with psycopg.connect(admin_url, autocommit=True, connect_timeout=10) as admin:
            apply_bootstrap(admin, bootstrap)
            for role, password in passwords.items():
                sealed = admin.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
                admin.execute(
                    sql.SQL("ALTER ROLE {} PASSWORD {}").format(
                        sql.Identifier(role), sql.Literal(sealed.decode())
                    )
                )
        with psycopg.connect(admin_url, dbname=database, autocommit=True, connect_timeout=10) as admin:
            admin.execute(bootstrap.database.encode())
    except psycopg.Error as error:
        raise LaunchError(f"The roles could not be made: {error}") from error


def checked_password(url: str, role: str, database: str) -> str:
    """Return the password in a role's URL; raises LaunchError when it is not that role's, or has none."""
    parts = urlsplit(url)
    if unquote(parts.username or "") != role or unquote(parts.path.lstrip("/")) != database:
        raise LaunchError(f"The URL of {role} must name that role and the database {database}.")
    if not parts.password:
        raise LaunchError(f"The URL of {role} holds no password.")
    return unquote(parts.password)


def main() -> int:
    """Print the script, or apply it."""
    parser = argparse.ArgumentParser(
        description="Print the SQL that prepares a managed PostgreSQL for CRMGap."
    )
    parser.add_argument("--owner", default=OWNER)
    parser.add_argument("--app", default=APP)
    parser.add_argument("--resolver", default=RESOLVER)
    parser.add_argument("--database", default=DATABASE)
    parser.add_argument(
        "--apply",
        action="store_true",
        help="do it as ADMIN_DATABASE_URL, with the passwords of DATABASE_URL and DATABASE_OWNER_URL",
    )
    names = parser.parse_args()
    bootstrap = bootstrap_sql(names.owner, names.app, names.resolver, names.database)
    if not names.apply:
        print(psql_script(bootstrap, names.database, names.owner, names.app))
        return 0
    try:
        urls = {
            names.app: os.environ.get("DATABASE_URL", ""),
            names.owner: os.environ.get("DATABASE_OWNER_URL", ""),
        }
        apply_everything(os.environ.get("ADMIN_DATABASE_URL", ""), bootstrap, names.database, urls)
    except LaunchError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"Roles {names.owner}, {names.app}, {names.resolver} and database {names.database} are ready.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
