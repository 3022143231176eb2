"""The real web server on the test database: gunicorn with the site's own settings, asked by raw requests."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from crmgap_site.launcher.environment import choose_port
from crmgap_site.launcher.places import CHECKOUT
from crmgap_site.launcher.site import static_digest

LONGEST_WAIT = 60.0
STATIC = CHECKOUT / "var" / "test" / f"static-{static_digest()[:12]}"


def collect_static(env: dict[str, str]) -> None:
    """Collect the static files as an installation does, once until one of them changes."""
    if not (STATIC / "staticfiles.json").exists():
        collect = [sys.executable, "manage.py", "collectstatic", "--noinput", "-v0"]
        subprocess.run(collect, cwd=CHECKOUT, env=env, check=True)


class Site:
    """gunicorn with the site's own settings on a free port, its output in a file."""

    def __init__(self, folder: Path, **more: str):
        self.port, self.log = choose_port(18_000 + os.getpid() % 1_000), folder / "web.log"
        database = settings.DATABASES["default"]["NAME"]
        url = re.sub(r"@([^/]*)/[^?]*", rf"@\1/{database}", os.environ["DATABASE_URL"])
        env = os.environ | {
            "DATABASE_URL": url,
            "WEB_BIND": f"127.0.0.1:{self.port}",
            "WEB_PROCESSES": "1",
            "LOG_LEVEL": "INFO",
            "DJANGO_SETTINGS_MODULE": "crmgap_site.settings",
            "VAR_DIR": str(folder),
            "STATIC_DIR": str(STATIC),
            **more,
        }
        collect_static(env)
        with self.log.open("wb") as out:
            argv = [sys.executable, "-m", "gunicorn", "-c", "python:crmgap_site.web_server"]
            self.process = subprocess.Popen(argv, cwd=CHECKOUT, env=env, stdout=out, stderr=out)

    def wait(self) -> None:
        """Return once it listens."""
        deadline = time.monotonic() + LONGEST_WAIT
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        pytest.fail(self.log.read_text())

    def stop(self) -> None:
        """End it in order."""
        self.process.terminate()
        self.process.wait(30)

    def send(
        self, method: str, path: str, body: str = "", *, version: str = "HTTP/1.1", **headers: str
    ) -> str:
        """Send one raw request and return the whole answer."""
        content = body.encode()
        given = {"Host": "localhost", "Connection": "close", "Content-Length": str(len(content))}
        if body and "Content_Type" not in headers:
            given["Content-Type"] = "application/x-www-form-urlencoded"
        given |= {name.replace("_", "-"): value for name, value in headers.items()}
        lines = [f"{method} {path} {version}", *(f"{name}: {value}" for name, value in given.items())]
        with socket.create_connection(("127.0.0.1", self.port), 30) as line:
            line.sendall("\r\n".join(lines).encode() + b"\r\n\r\n" + content)
            answer = b""
            while received := line.recv(65536):
                answer += received
        return answer.decode(errors="replace")


def status(answer: str) -> int:
    """Return the status of a raw answer."""
    return int(answer.split(" ", 2)[1])
