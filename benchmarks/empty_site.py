"""Run `benchmarks/hello.py` on the same server as the product: what a request costs at the least."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager

PATIENCE_SECONDS = 20.0


@contextmanager
def empty_site() -> Iterator[tuple[str, int]]:
    """Run it with as many processes and threads as the product has; give its address and its first process."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    argv = [
        "-m",
        "gunicorn",
        "benchmarks.hello:application",
        "--bind",
        f"127.0.0.1:{port}",
        "--log-level",
        "error",
    ]
    size = ["--worker-class", "gthread", "--workers", "2", "--threads", "4"]
    process = subprocess.Popen([sys.executable, *argv, *size])
    try:
        _wait_for(port)
        yield f"http://127.0.0.1:{port}", process.pid
    finally:
        process.terminate()
        process.wait()


def _wait_for(port: int) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1.0).close()
        except OSError:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return
