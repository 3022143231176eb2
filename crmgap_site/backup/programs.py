"""PostgreSQL's own programs for dumps: of the server's version, from the virtual environment or the system."""

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from crmgap_site.backup.errors import BackupError
from crmgap_site.launcher.postgres import wheel_binaries

PROGRAMS = ("pg_dump", "pg_restore", "psql")
LIBPQ = {"HOST": "PGHOST", "PORT": "PGPORT", "USER": "PGUSER", "PASSWORD": "PGPASSWORD", "NAME": "PGDATABASE"}


@dataclass(frozen=True)
class Programs:
    """A folder with pg_dump, pg_restore and psql of one major version, and how they reach the database."""

    folder: Path
    environment: Mapping[str, str]

    def run(self, argv: Sequence[str], *, stdin: IO[bytes] | None = None) -> None:
        """Run one program to its end; raises BackupError with the last line it said."""
        done = subprocess.run(  # noqa: S603 - programs of PostgreSQL with arguments of our own
            [str(self.folder / argv[0]), *argv[1:]],
            env=dict(self.environment),
            stdin=stdin or subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            check=False,
        )
        if done.returncode:
            raise BackupError(f"{argv[0]} failed: {_first_error(done.stderr)}")


def _first_error(said: bytes) -> str:
    lines = said.decode(errors="replace").strip().splitlines()
    return next((line for line in lines if "error" in line.lower()), lines[-1] if lines else "no message")


def program_folders() -> list[Path]:
    """Return the folders that may hold the programs: of the wheel, of Debian, on PATH."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    on_path = shutil.which("pg_dump")
    return [*wheel_binaries(), *debian, *([Path(on_path).parent] if on_path else [])]


def read_dump_major(folder: Path) -> int | None:
    """Return the major version of a folder's pg_dump; None when one of the programs is missing or does not run."""
    if not all((folder / name).exists() for name in PROGRAMS):
        return None
    done = subprocess.run(  # noqa: S603 - a version question
        [str(folder / "pg_dump"), "--version"], capture_output=True, text=True, check=False
    )
    version = re.search(r"\) (\d+)", done.stdout)
    return int(version.group(1)) if version and not done.returncode else None


def find_programs(
    database: Mapping[str, Any], server_major: int, folders: Sequence[Path] | None = None
) -> Programs:
    """Return the programs of exactly the server's major version; raises BackupError with the line that mends it.

    `database` is one of Django's DATABASES. A newer pg_dump would write settings that the older server refuses.
    """
    for folder in program_folders() if folders is None else folders:
        if read_dump_major(folder) == server_major:
            return Programs(folder, libpq_environment(database))
    raise BackupError(
        f"pg_dump, pg_restore and psql of PostgreSQL {server_major} (the server's version) are missing. "
        f"Install them, for example: apt-get install postgresql-client-{server_major}"
    )


def libpq_environment(database: Mapping[str, Any]) -> dict[str, str]:
    """Return the environment in which PostgreSQL's programs reach a database; the password is in no argument."""
    named = {variable: str(database[name]) for name, variable in LIBPQ.items() if database.get(name)}
    options = {f"PG{name.upper()}": str(value) for name, value in database.get("OPTIONS", {}).items()}
    known = {name: value for name, value in options.items() if name.startswith("PGSSL")}
    kept = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "PGCONNECT_TIMEOUT": "10"}
    return kept | known | named
