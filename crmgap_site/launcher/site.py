"""The site's own steps and processes: migrate, static files, mail sink, web, workers, sample, health."""

import hashlib
import json
import os
import socket
import sys
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from signal import SIGQUIT, SIGTERM
from urllib.parse import urlsplit

from celery import Celery
from kombu.exceptions import OperationalError

from crmgap_site.launcher.environment import is_free, read_count
from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.places import CHECKOUT, Places
from crmgap_site.launcher.processes import Program, Supervisor

QUEUES = "mail,compute,render,default"
HEALTHY_SECONDS = 120.0
APPS = ("crmgap_site", "practice", "surveys", "diagnosis", "reports")


@dataclass(frozen=True)
class Counts:
    """How many processes and threads serve pages, and how many do work in the background."""

    web_processes: int
    web_threads: int
    workers: int

    @classmethod
    def read(cls, environ: Mapping[str, str], workers: int | None = None) -> "Counts":
        """Return the counts from the environment; raises LaunchError for a wrong value."""
        return cls(
            web_processes=read_count(environ, "WEB_PROCESSES", 2, 64),
            web_threads=read_count(environ, "WEB_THREADS", 4, 64),
            workers=workers or read_count(environ, "WORKER_PROCESSES", 2, 64),
        )


class Site:
    """Everything Django: runs with one environment under one supervisor."""

    def __init__(
        self, places: Places, supervisor: Supervisor, env: Mapping[str, str], counts: Counts
    ) -> None:
        self.places, self.supervisor, self.env, self.counts = places, supervisor, env, counts
        self.port = int(env["PORT"])

    def migrate(self) -> None:
        """Bring the database's tables up to date (on the owner connection; the command sees to that)."""
        self._manage("migrate", "--noinput", failure="The database could not be migrated.")

    def collect_static(self) -> None:
        """Collect the static files unless none has changed since the last time."""
        stamp = self.places.run / "static.stamp"
        wanted = static_digest()
        if stamp.exists() and stamp.read_text() == wanted and (self.places.var / "static").exists():
            return
        self._manage("collectstatic", "--noinput", failure="The static files could not be collected.")
        stamp.write_text(wanted)

    def create_sample(self) -> None:
        """Create the sample engagement; the command does nothing when it is there already."""
        self._manage("create_sample", failure="The sample engagement could not be created.")

    def start_mail_sink(self) -> None:
        """Start the recording mail server."""
        argv = [
            "-m",
            "surveys.mail.sink",
            "--dir",
            self.env["MAIL_SINK_DIR"],
            "--port",
            self.env["SMTP_PORT"],
        ]
        self.supervisor.start(self._program("mail-sink", argv, word="surveys.mail.sink"))

    def start_web(self) -> None:
        """Start gunicorn with the settings of `crmgap_site/web_server.py`."""
        argv = ["-m", "gunicorn", "-c", "python:crmgap_site.web_server"]
        argv += ["--workers", str(self.counts.web_processes), "--threads", str(self.counts.web_threads)]
        for address in listen_addresses(self.env, self.port):
            argv += ["--bind", f"[{address}]:{self.port}" if ":" in address else f"{address}:{self.port}"]
        self.supervisor.start(self._program("web", argv, word="gunicorn", patience=12.0))

    def start_workers(self) -> None:
        """Start the Celery worker (warm stop, then cold after 10 s) and beat."""
        argv = ["-m", "celery", "-A", "crmgap_site", "worker", "-Q", QUEUES, "--loglevel", "WARNING"]
        argv += ["--concurrency", str(self.counts.workers), "--prefetch-multiplier", "1"]
        argv += ["--without-gossip", "--without-mingle", "-n", f"crmgap-{self.port}@%h"]
        self.supervisor.start(self._program("worker", argv, word="celery"))
        argv = ["-m", "celery", "-A", "crmgap_site", "beat", "--loglevel", "WARNING", "--pidfile="]
        argv += ["--schedule", str(self.places.run / "beat-schedule")]
        self.supervisor.start(self._program("beat", argv, word="celery"))

    def wait_until_healthy(self) -> None:
        """Wait for 200 from /healthz and for the worker's answer; raises LaunchError when they do not come."""
        self.supervisor.wait_until(self._is_healthy, f"http://localhost:{self.port}/healthz", HEALTHY_SECONDS)
        broker = Celery(broker=self.env["REDIS_URL"].replace("unix://", "redis+socket://", 1))
        try:
            self.supervisor.wait_until(lambda: self._workers_answer(broker), "The worker", HEALTHY_SECONDS)
        finally:
            broker.close()

    def _workers_answer(self, broker: Celery) -> bool:
        name = f"crmgap-{self.port}@{socket.gethostname()}"
        try:
            return bool(broker.control.ping(destination=[name], timeout=0.5, limit=1))
        except OperationalError:
            return False

    def self_test_program(self) -> Program:
        """Return the program that does the main job over HTTP."""
        argv = [sys.executable, "-m", "crmgap_site.selftest", "--base-url", f"http://localhost:{self.port}"]
        program = self._program("self-test", [], word="crmgap_site.selftest")
        return Program(
            program.name, argv, program.env, program.log, program.word, program.stops, cwd=CHECKOUT
        )

    def _is_healthy(self) -> bool:
        address = listen_addresses(self.env, self.port)[0]
        host = f"[{address}]" if ":" in address else address.replace("0.0.0.0", "127.0.0.1")  # noqa: S104
        request = urllib.request.Request(f"http://{host}:{self.port}/healthz")
        request.add_header("Host", urlsplit(self.env["BASE_URL"]).netloc)
        try:
            with urllib.request.urlopen(request, timeout=5) as answer:  # noqa: S310 - always our own http address
                json.load(answer)
                return True
        except (OSError, ValueError, urllib.error.HTTPError):
            return False

    def _manage(self, *argv: str, failure: str) -> None:
        program = self._program(f"manage-{argv[0]}", ["manage.py", *argv], word="manage.py")
        try:
            self.supervisor.run_step(program, failure=failure)
        except LaunchError as error:
            raise wrong_setting(error) from None

    def _program(self, name: str, argv: list[str], *, word: str, patience: float = 10.0) -> Program:
        return Program(
            name=name,
            argv=[sys.executable, *argv],
            env=self.env,
            log=self.places.log / f"{name}.log",
            word=word,
            stops=((SIGTERM, patience), (SIGQUIT, 8.0)),
            cwd=CHECKOUT,
        )


def wrong_setting(error: LaunchError) -> LaunchError:
    """Return the one line about a wrong setting when that is why a command failed, else the error itself."""
    for line in reversed(str(error).splitlines()):
        _, found, message = line.partition("ImproperlyConfigured: ")
        if found:
            return LaunchError(message)
    return error


def listen_addresses(env: Mapping[str, str], port: int) -> list[str]:
    """Return BIND_ADDRESS, or both loopback addresses as far as this machine has them."""
    if env.get("BIND_ADDRESS"):
        return [env["BIND_ADDRESS"].strip("[]")]
    return ["127.0.0.1", "::1"] if is_free(port, "::1") else ["127.0.0.1"]


def static_digest() -> str:
    """Return a digest of names, sizes and times of everything collectstatic would read."""
    digest = hashlib.sha256((CHECKOUT / "requirements.txt").read_bytes())
    for app in APPS:
        for folder, folders, files in os.walk(CHECKOUT / app / "static"):
            folders.sort()
            for name in sorted(files):
                found = (Path(folder) / name).stat()
                digest.update(f"{folder}/{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
