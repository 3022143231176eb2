"""Real processes for the fault tests: the sink, sending workers, Celery, and a broker of its own."""

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings

ROOT = Path(__file__).resolve().parents[3]
WORKER = """
import os
import time
from datetime import timedelta
import django
django.setup()
from django.utils import timezone
from surveys import turns
from surveys.mail import sending, smtp
if offset := float(os.environ.get("CLOCK_OFFSET", "0")):
    real_now, real_time = timezone.now, time.time
    timezone.now = lambda: real_now() + timedelta(seconds=offset)
    time.time = lambda: real_time() + offset
if scale := float(os.environ.get("TIME_SCALE", "0")):
    sending.BACK_OFF = tuple(wait * scale for wait in sending.BACK_OFF)
    sending.SERVER_BACK_OFF = tuple(wait * scale for wait in sending.SERVER_BACK_OFF)
    smtp.SHORTEST_WAIT = 1
parent = os.getppid()
while os.getppid() == parent:
    if not turns.send_in_turns(200):
        time.sleep(0.05)
"""
"""A sending worker; its clock can be wrong, and its waits can be shorter by a factor."""


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def database_url(alias: str) -> str:
    """Return the URL of the test database as a role of settings."""
    found: Mapping[str, Any] = settings.DATABASES[alias]
    where = f"host={found['HOST']}&port={found['PORT'] or 5432}"
    return f"postgresql://{found['USER']}:{found['PASSWORD']}@/{found['NAME']}?{where}"


def environment(**more: str) -> dict[str, str]:
    """Return the environment of a process that works on the test database."""
    return {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "crmgap_site.settings",
        "DATABASE_URL": database_url("default"),
        "DATABASE_OWNER_URL": database_url("owner"),
        "SMTP_HOST": "127.0.0.1",
        "MAIL_LEASE_SECONDS": "1",
        "MAIL_UNCERTAIN_SECONDS": "1",
        "LOG_LEVEL": "WARNING",
        **more,
    }


@contextmanager
def running(*arguments: str, env: Mapping[str, str] | None = None) -> Iterator[subprocess.Popen[bytes]]:
    """Run a program of ours and kill it at the end."""
    process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT, env=env, start_new_session=True)
    try:
        yield process
    finally:
        kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill -9 a process with its children."""
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def recording_sink(folder: Path) -> Iterator[int]:
    """Run the recording sink and yield its port."""
    port = free_port()
    with running("-m", "surveys.mail.sink", "--dir", str(folder), "--port", str(port)):
        wait_until(lambda: can_connect(port), seconds=15)
        yield port


def can_connect(port: int) -> bool:
    """Tell whether somebody listens on the port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def wait_until(is_true: Callable[[], bool], *, seconds: float) -> None:
    """Wait until a condition holds; fail after so many seconds."""
    end = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < end, f"not true within {seconds} s"
        time.sleep(0.02)


def start_worker(env: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start one sending worker."""
    return subprocess.Popen([sys.executable, "-c", WORKER], cwd=ROOT, env=env, start_new_session=True)


class Supervised:
    """A program that is started again when it dies, as the launcher and every service manager do."""

    def __init__(self, *arguments: str, env: Mapping[str, str], log: Path):
        self.arguments, self.env, self.log = arguments, env, log
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, *self.arguments],
                cwd=ROOT,
                env=self.env,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def tend(self) -> None:
        """Start the program again if it died."""
        if self.process.poll() is not None:
            self.process = self._start()

    def stop(self) -> None:
        """End the program for good."""
        kill(self.process)
