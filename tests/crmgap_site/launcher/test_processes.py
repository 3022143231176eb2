"""Children come back when they die, stop in reverse order, and do not outlive a killed launcher."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from crmgap_site.launcher.errors import LaunchError, StopAskedError
from crmgap_site.launcher.places import CHECKOUT, Places
from crmgap_site.launcher.processes import Program, Supervisor, describe_exit, rotate_log

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
ORPHAN = """
import os, signal, sys
from pathlib import Path
from crmgap_site.launcher.processes import Program, spawn
log = Path(sys.argv[1])
argv = [sys.executable, "-c", "import time; time.sleep(60)"]
child = spawn(Program("child", argv, dict(os.environ), log, "time.sleep"))
print(child.pid, flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def program(places: Places, name: str, code: str) -> Program:
    """Return a small Python program under watch."""
    return Program(name, [sys.executable, "-c", code], {}, places.log / f"{name}.log", "-c")


def wait_for(is_true: Callable[[], bool], seconds: float = 10.0) -> bool:
    """Wait until the condition holds; returns whether it did in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def test_children_stop_in_reverse_order(places: Places, supervisor: Supervisor) -> None:
    order = places.log / "order"
    code = (
        "import signal, sys, time; from pathlib import Path\n"
        "def end(*_):\n    file = open({order!r}, 'a'); file.write({name!r} + ' '); file.close(); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, end); print('up', flush=True); time.sleep(60)"
    )
    for name in ("first", "second", "third"):
        supervisor.start(program(places, name, code.format(order=str(order), name=name)))
        assert wait_for(lambda name=name: "up" in (places.log / f"{name}.log").read_text())  # type: ignore[misc]
    supervisor.stop_all()
    assert order.read_text() == "third second first "
    assert list(places.run.glob("*.json")) == []


def test_dead_child_is_started_again(places: Places, supervisor: Supervisor, said: list[str]) -> None:
    child = supervisor.start(program(places, "worker", "import time; time.sleep(60)"))
    first = child.popen.pid
    child.popen.kill()

    def stop_when_back() -> None:
        wait_for(lambda: child.popen.pid != first)
        supervisor.stop.count = 1

    watcher = threading.Thread(target=stop_when_back)
    watcher.start()
    supervisor.watch()
    watcher.join()
    assert child.popen.poll() is None
    assert said == [
        f"worker ended with signal SIGKILL; starting it again in 1 s (log: {places.log / 'worker.log'})"
    ]


def test_child_that_ends_while_starting_is_named_with_its_log(places: Places, supervisor: Supervisor) -> None:
    supervisor.start(program(places, "web", "raise SystemExit('no such setting')"))
    with pytest.raises(LaunchError, match=r"web ended with exit code 1 while starting[\s\S]*no such setting"):
        supervisor.wait_until(lambda: False, "web", 10.0)


def test_stop_ends_a_running_step(places: Places, supervisor: Supervisor) -> None:
    timer = threading.Timer(0.5, lambda: setattr(supervisor.stop, "count", 1))
    timer.start()
    with pytest.raises(StopAskedError):
        supervisor.run_step(program(places, "step", "import time; time.sleep(60)"), failure="failed")
    timer.join()
    assert list(places.run.glob("*.json")) == []


@pytest.mark.skipif(
    not sys.platform.startswith("linux"), reason="only Linux signals the children of a dead parent"
)
def test_child_ends_when_the_launcher_is_killed(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", ORPHAN, str(tmp_path / "child.log")],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    number = int(done.stdout)

    def is_gone() -> bool:
        return not psutil.pid_exists(number) or psutil.Process(number).status() == psutil.STATUS_ZOMBIE

    assert wait_for(is_gone)


def test_exit_is_described_in_words() -> None:
    assert describe_exit(-9) == "signal SIGKILL"
    assert describe_exit(3) == "exit code 3"


def test_log_over_the_limit_is_moved_aside(tmp_path: Path) -> None:
    log = tmp_path / "web.log"
    log.write_bytes(b"x" * (10 * 1024 * 1024 + 1))
    rotate_log(log)
    assert not log.exists()
    assert (tmp_path / "web.1.log").exists()
