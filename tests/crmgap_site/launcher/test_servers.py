"""The embedded servers start, survive being killed, and recover from the lock of a number used by another program."""

import os
import time
from pathlib import Path

import psycopg
import pytest

from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import Places
from crmgap_site.launcher.postgres import Postgres, choose_binaries, processes_on, wheel_binaries
from crmgap_site.launcher.processes import Supervisor
from crmgap_site.launcher.valkey import Valkey

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def fetch(url: str, query: str) -> list[tuple[object, ...]]:
    """Return the rows of a query."""
    with psycopg.connect(url, autocommit=True) as connection:
        cursor = connection.execute(query.encode())
        return cursor.fetchall() if cursor.description else []


def test_postgres_keeps_what_was_committed_before_a_kill(places: Places, supervisor: Supervisor) -> None:
    postgres = Postgres(places)
    postgres.start(supervisor)
    owner = postgres.environment()["DATABASE_OWNER_URL"]
    assert fetch(owner, "SHOW fsync") == [("on",)]
    assert fetch(owner, "SHOW timezone") == [("UTC",)]
    assert fetch(owner, "SHOW server_encoding") == [("UTF8",)]
    fetch(owner, "CREATE TABLE kept AS SELECT 1 AS n")
    killed = supervisor.children.pop().popen
    killed.kill()
    killed.wait()
    lock = postgres.data / "postmaster.pid"
    lock.write_text(lock.read_text().replace(str(killed.pid), str(os.getpid()), 1))
    Postgres(places).start(supervisor)
    assert fetch(owner, "SELECT n FROM kept") == [(1,)]


def test_second_server_of_a_lost_record_is_ended(places: Places, supervisor: Supervisor) -> None:
    postgres = Postgres(places, is_forgetful=True)
    postgres.start(supervisor)
    lost = supervisor.children.pop()
    supervisor.records.remove("postgres")
    Postgres(places, is_forgetful=True).start(supervisor)
    assert lost.popen.wait(10) == 0
    assert processes_on(postgres.data)


def test_servers_run_under_the_server_account(places: Places, supervisor: Supervisor) -> None:
    postgres, valkey = Postgres(places, is_forgetful=True), Valkey(places)
    postgres.start(supervisor)
    valkey.start(supervisor)
    assert valkey.answers()
    for child in supervisor.children:
        assert Path(f"/proc/{child.popen.pid}").stat().st_uid == places.account.uid
        assert "SECRET_KEY" not in child.program.env
    supervisor.stop_all()
    time.sleep(0.1)
    assert not valkey.answers()
    assert processes_on(postgres.data) == []


def test_newest_version_of_the_wheel_is_chosen(tmp_path: Path) -> None:
    assert choose_binaries(tmp_path).major >= 16


def test_data_of_an_older_version_keeps_its_server(tmp_path: Path) -> None:
    majors = {choose_binaries(tmp_path, [folder]).major for folder in wheel_binaries()}
    for major in majors:
        (tmp_path / "PG_VERSION").write_text(f"{major}\n")
        assert choose_binaries(tmp_path).major == major


def test_data_of_an_unknown_version_is_refused(tmp_path: Path) -> None:
    (tmp_path / "PG_VERSION").write_text("99\n")
    with pytest.raises(LaunchError, match="No PostgreSQL 99"):
        choose_binaries(tmp_path)


def test_without_any_server_one_line_says_so(tmp_path: Path) -> None:
    with pytest.raises(LaunchError, match="No PostgreSQL 15 or newer"):
        choose_binaries(tmp_path, [])
