"""Leftovers of a crash are found by number, start time and command, and nothing else is touched."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from crmgap_site.launcher.records import RecordFolder, group_members, has_word

SLEEPER = [sys.executable, "-c", "import time; time.sleep(60)"]
DEAF = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("deaf", flush=True)
time.sleep(60)
"""
TWO_SLEEPERS = """
import subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
time.sleep(60)
"""


@pytest.fixture
def records(tmp_path: Path) -> RecordFolder:
    """Return an empty folder of records."""
    return RecordFolder(tmp_path)


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """Return a living process in its own session."""
    process = subprocess.Popen(SLEEPER, start_new_session=True)
    wait_for_command(process.pid, "time.sleep")
    yield process
    process.kill()
    process.wait()


def wait_for_command(pid: int, word: str) -> None:
    """Wait until the command line can be read: for a moment after exec the kernel shows none."""
    deadline = time.monotonic() + 10
    while not has_word(psutil.Process(pid), word) and time.monotonic() < deadline:
        time.sleep(0.01)


def wait_for_members(group: int, number: int) -> None:
    """Wait until the session has so many processes."""
    deadline = time.monotonic() + 10
    while len(group_members(group)) < number and time.monotonic() < deadline:
        time.sleep(0.02)


def test_leftover_is_stopped_and_forgotten(records: RecordFolder, sleeper: subprocess.Popen[bytes]) -> None:
    records.write("worker", sleeper.pid, "time.sleep", signal.SIGTERM)
    assert records.stop_leftovers(5.0) == ["worker"]
    assert not psutil.pid_exists(sleeper.pid)
    assert records.read() == []


def test_leftover_that_ignores_its_signal_is_killed(records: RecordFolder) -> None:
    deaf = subprocess.Popen(
        [sys.executable, "-c", DEAF],
        start_new_session=True,
        stdout=subprocess.PIPE,
    )
    assert deaf.stdout is not None
    assert deaf.stdout.readline() == b"deaf\n"
    records.write("worker", deaf.pid, "time.sleep", signal.SIGTERM)
    assert records.stop_leftovers(0.5) == ["worker"]
    assert not psutil.pid_exists(deaf.pid)
    deaf.wait()
    deaf.stdout.close()


def test_number_used_by_another_process_is_left_alone(
    records: RecordFolder, sleeper: subprocess.Popen[bytes]
) -> None:
    record = records.write("worker", sleeper.pid, "time.sleep", signal.SIGTERM)
    (records.folder / "worker.json").write_text(
        (records.folder / "worker.json").read_text().replace(str(record.started), str(record.started - 60))
    )
    assert records.stop_leftovers(1.0) == []
    assert sleeper.poll() is None


def test_process_with_another_command_is_left_alone(
    records: RecordFolder, sleeper: subprocess.Popen[bytes]
) -> None:
    records.write("postgres", sleeper.pid, "postgres", signal.SIGINT)
    assert records.stop_leftovers(1.0) == []
    assert sleeper.poll() is None


def test_record_of_another_boot_is_dropped(records: RecordFolder, sleeper: subprocess.Popen[bytes]) -> None:
    record = records.write("worker", sleeper.pid, "time.sleep", signal.SIGTERM)
    assert record.process() is not None
    assert replace(record, boot="another").process() is None


def test_children_of_a_dead_process_are_stopped(records: RecordFolder) -> None:
    parent = subprocess.Popen([sys.executable, "-c", TWO_SLEEPERS], start_new_session=True)
    wait_for_members(parent.pid, 2)
    child = next(process for process in group_members(parent.pid) if process.pid != parent.pid)
    wait_for_command(child.pid, "time.sleep")
    records.write("worker", parent.pid, "time.sleep", signal.SIGTERM)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    assert records.stop_leftovers(0.5) == ["worker"]
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


def test_torn_record_is_removed(records: RecordFolder) -> None:
    (records.folder / "web.json").write_text('{"name": "web", "pi')
    assert records.read() == []
    assert not (records.folder / "web.json").exists()
