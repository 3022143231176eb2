"""The self-test on the system's own PostgreSQL and Redis, reached by DATABASE_URL and REDIS_URL.

On Debian 12 these are PostgreSQL 15 and Redis 7. Both are started privately, by an account without rights, in a
temporary folder; the system's services stay as they are.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from crmgap_site.launcher import native
from crmgap_site.launcher.environment import choose_port
from crmgap_site.launcher.places import CHECKOUT, prepare_places
from crmgap_site.launcher.postgres import Postgres, system_binaries
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.testing import remove_places
from crmgap_site.launcher.valkey import Valkey, read_redis_major, system_server

pytestmark = [
    pytest.mark.servers,
    pytest.mark.timeout(900),
    pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning"),
]
SET_BY_TESTS = ("SECRET_KEY", "MASTER_KEY", "MAIL_SINK_DIR", "VAR_DIR")


@dataclass(frozen=True)
class Servers:
    """The environment that points to both servers, and their major versions."""

    environment: dict[str, str]
    postgres_major: int
    redis_major: int


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """Return an empty folder that the server account can reach."""
    parent = CHECKOUT / "var" / "test"
    parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix="s-", dir=parent))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture(scope="module")
def servers(folder: Path) -> Iterator[Servers]:
    """Start both servers privately; a machine without them fails with the line that mends it."""
    native.ensure(native.SERVER_PARTS, folder / "apt.log")
    places = prepare_places(folder / "servers")
    supervisor = Supervisor(RecordFolder(places.run), StopFlag(), print)
    binary = system_server()
    assert binary
    postgres, redis = Postgres(places, folders=system_binaries()), Valkey(places, binary)
    try:
        postgres.start(supervisor)
        redis.start(supervisor)
        environment = postgres.environment() | redis.environment()
        yield Servers(environment, postgres.binaries.major, read_redis_major(binary) or 0)
    finally:
        supervisor.stop_all()
        remove_places(places)


def test_self_test_passes_on_the_servers_of_the_system(
    servers: Servers, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with capsys.disabled():
        sys.stdout.write(f"\nPostgreSQL {servers.postgres_major}, Redis {servers.redis_major}\n")
    if 'VERSION_ID="12"' in Path("/etc/os-release").read_text() and shutil.which("apt-get"):
        assert (servers.postgres_major, servers.redis_major) == (15, 7)
    kept = {name: value for name, value in os.environ.items() if name not in SET_BY_TESTS}
    env = kept | servers.environment
    env |= {"VAR_DIR": str(folder / "site"), "WEB_PROCESSES": "2", "WORKER_PROCESSES": "2"}
    argv = [sys.executable, "-m", "crmgap_site.launcher", "--self-test"]
    port = choose_port(19_000 + os.getpid() % 1_000)
    done = subprocess.run(
        [*argv, "--port", str(port)], cwd=CHECKOUT, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Starting PostgreSQL" not in done.stdout
    assert "Starting Valkey" not in done.stdout
    with psycopg.connect(servers.environment["DATABASE_OWNER_URL"]) as owner:
        answers = owner.execute("SELECT count(*) FROM surveys_response").fetchone()
    assert answers is not None
    assert answers[0] > 40
    refuse_links_in_logs(folder / "site" / "self-test")


def refuse_links_in_logs(var: Path) -> None:
    """Fail when a log of the whole run holds a link that was mailed, or an address that it was mailed to."""
    mails = "".join(path.read_text(errors="replace") for path in (var / "mail").rglob("*") if path.is_file())
    links = set(re.findall(r"/s/([0-9A-Za-z]{22})/", mails.replace("=\n", "")))
    addresses = set(re.findall(r"^To: .*?([\w.+-]+@[\w.-]+)", mails, re.MULTILINE))
    assert len(links) > 40
    assert addresses
    logs = {path.name: path.read_text(errors="replace") for path in (var / "log").iterdir()}
    assert {"web.log", "worker.log", "beat.log"} <= logs.keys()
    found = [(name, secret) for name, text in logs.items() for secret in links | addresses if secret in text]
    assert found == []
