"""Private servers for one test run: PostgreSQL without fsync and Valkey, in a folder removed afterwards.

`python -m crmgap_site.launcher.testing COMMAND...` runs a command against such servers.
"""

import base64
import os
import secrets
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from crmgap_site.launcher.accounts import server_account
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import CHECKOUT, Places, prepare_places
from crmgap_site.launcher.postgres import Postgres
from crmgap_site.launcher.processes import StopFlag, Supervisor
from crmgap_site.launcher.records import RecordFolder
from crmgap_site.launcher.valkey import Valkey

TEST_FOLDER = CHECKOUT / "var" / "test"


@contextmanager
def private_servers(folder: Path = TEST_FOLDER) -> Iterator[dict[str, str]]:
    """Start both servers and yield the variables a test process needs; stops and removes them at the end.

    The owner role may create databases; `template1` carries the rights, so every test database has them.
    """
    remove_abandoned(folder)
    places = prepare_places(folder / f"run-{os.getpid()}", server_account())
    (places.var / "static").mkdir(exist_ok=True)  # collected nowhere; WhiteNoise warns when it is missing
    supervisor = Supervisor(RecordFolder(places.run), StopFlag(), print)
    postgres, valkey = Postgres(places, is_forgetful=True), Valkey(places)
    try:
        postgres.start(supervisor)
        valkey.start(supervisor)
        yield test_environment(places) | postgres.environment() | valkey.environment()
    finally:
        supervisor.stop_all()
        remove_places(places)


def test_environment(places: Places) -> dict[str, str]:
    """Return keys made for this run alone, and folders inside its own."""
    return {
        "VAR_DIR": str(places.var),
        "SECRET_KEY": secrets.token_urlsafe(50),
        "MASTER_KEY": base64.urlsafe_b64encode(secrets.token_bytes(32)).decode(),
        "MAIL_SINK_DIR": str(places.mail),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        "PYTHONPATH": str(CHECKOUT),
    }


def remove_abandoned(folder: Path) -> None:
    """Stop and remove the servers of test runs whose process was killed."""
    for var in folder.glob("run-*"):
        number = var.name.removeprefix("run-")
        if not number.isdigit() or psutil.pid_exists(int(number)):
            continue
        RecordFolder(var / "run").stop_leftovers(2.0)
        remove_places(prepare_places(var))


def remove_places(places: Places) -> None:
    """Remove the folders of a test run."""
    for folder in (places.sockets, places.servers, places.var):
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Run the given command with the servers' variables and return its exit code."""
    if len(sys.argv) < 2:
        print("Usage: python -m crmgap_site.launcher.testing COMMAND [ARGUMENT...]", file=sys.stderr)
        return 2
    try:
        with private_servers() as variables, suppress(KeyboardInterrupt):
            return subprocess.run(sys.argv[1:], env=os.environ | variables, check=False).returncode
    except LaunchError as error:
        print(error, file=sys.stderr)
    return 1


if __name__ == "__main__":
    raise SystemExit(main())
