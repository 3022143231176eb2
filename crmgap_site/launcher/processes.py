"""Children of the launcher: each in its own session, watched, started again slowly, stopped in order."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from crmgap_site.launcher.accounts import Account
from crmgap_site.launcher.errors import LaunchError, StopAskedError
from crmgap_site.launcher.records import RecordFolder, end_processes, group_members

PR_SET_PDEATHSIG = 1
POLL = 0.05
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 30.0
STEADY_SECONDS = 60.0
LOG_LIMIT = 10 * 1024 * 1024


@dataclass(frozen=True)
class Program:
    """What to run: `stops` are the signals to send in turn, each with the seconds to wait for it."""

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log: Path
    word: str
    stops: Sequence[tuple[signal.Signals, float]] = ((signal.SIGTERM, 10.0),)
    account: Account | None = None
    cwd: Path | None = None


@dataclass
class Child:
    """A program that was started, and how often it had to be started again."""

    program: Program
    popen: subprocess.Popen[bytes]
    since: float = field(default_factory=time.monotonic)
    pause: float = FIRST_PAUSE
    due: float | None = None


class StopFlag:
    """Set by SIGINT, SIGTERM or SIGHUP; everything that waits asks it."""

    def __init__(self) -> None:
        self.count = 0

    def install(self) -> None:
        """Let the signals that ask for a stop set this flag."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._set)

    def check(self) -> None:
        """Raise StopAskedError once a stop was asked for."""
        if self.count:
            raise StopAskedError

    def _set(self, _number: int, _frame: object) -> None:
        self.count += 1


class Supervisor:
    """Starts programs, keeps them alive and stops them in the reverse order of their start."""

    def __init__(self, records: RecordFolder, stop: StopFlag, say: Callable[[str], None]) -> None:
        self.records, self.stop, self.say = records, stop, say
        self.children: list[Child] = []

    def start(self, program: Program) -> Child:
        """Start a program and keep it under watch."""
        rotate_log(program.log)
        child = Child(program, spawn(program))
        self._record(child)
        self.children.append(child)
        return child

    def require_running(self) -> None:
        """Raise StopAskedError, or LaunchError with the end of its log when a child has already ended."""
        self.stop.check()
        for child in self.children:
            code = child.popen.poll()
            if code is not None:
                raise LaunchError(
                    f"{child.program.name} ended with {describe_exit(code)} while starting. "
                    f"Its log {child.program.log} ends:\n{log_tail(child.program.log)}"
                )

    def wait_until(self, is_ready: Callable[[], bool], what: str, seconds: float) -> None:
        """Poll until ready; raises LaunchError when a child ends or the time is over."""
        deadline = time.monotonic() + seconds
        while not is_ready():
            self.require_running()
            if time.monotonic() > deadline:
                raise LaunchError(f"{what} did not answer within {seconds:.0f} s. See the logs in var/log.")
            time.sleep(POLL)

    def run_step(self, program: Program, *, failure: str) -> None:
        """Run a program to its end; raises LaunchError with the end of its log when it fails."""
        rotate_log(program.log)
        popen = spawn(program)
        self.records.write(program.name, popen.pid, program.word, signal.SIGTERM)
        try:
            while popen.poll() is None:
                self.stop.check()
                time.sleep(POLL)
        finally:
            stop_process(popen, ((signal.SIGTERM, 10.0),))
            self.records.remove(program.name)
        if popen.returncode:
            raise LaunchError(f"{failure} The log {program.log} ends:\n{log_tail(program.log)}")

    def watch(self) -> None:
        """Return when a stop is asked for; until then start every child that ends again, ever more slowly."""
        while not self.stop.count:
            for child in self.children:
                self._revive(child, time.monotonic())
            time.sleep(POLL * 4)

    def stop_all(self) -> None:
        """Stop all children in reverse order; a second Ctrl-C cuts the waiting short."""
        asked = self.stop.count
        while self.children:
            child = self.children.pop()
            stop_process(child.popen, child.program.stops, lambda: self.stop.count > max(asked, 1))
            self.records.remove(child.program.name)

    def _record(self, child: Child) -> None:
        program = child.program
        self.records.write(program.name, child.popen.pid, program.word, program.stops[0][0])

    def _revive(self, child: Child, now: float) -> None:
        if child.due is not None:
            if now >= child.due:
                child.popen, child.since, child.due = spawn(child.program), now, None
                self._record(child)
            return
        code = child.popen.poll()
        if code is None:
            return
        end_processes(group_members(child.popen.pid), 0.5)
        if now - child.since > STEADY_SECONDS:
            child.pause = FIRST_PAUSE
        self.say(
            f"{child.program.name} ended with {describe_exit(code)}; "
            f"starting it again in {child.pause:.0f} s (log: {child.program.log})"
        )
        child.due, child.pause = now + child.pause, min(child.pause * 2, LONGEST_PAUSE)


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start a program in its own session, its output in its log; on Linux it is told to stop when we die."""
    switch = program.account.switch() if program.account else {}
    try:
        with program.log.open("ab") as log:
            return subprocess.Popen(
                list(program.argv),
                env=dict(program.env),
                cwd=program.cwd,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=end_with_parent(program.stops[0][0]),  # noqa: PLW1509 - the launcher has one thread
                **switch,
            )
    except OSError as error:
        raise LaunchError(f"{program.name} cannot be started: {error}.") from error


def end_with_parent(number: signal.Signals) -> Callable[[], None] | None:
    """Return what a child does first so that the kernel signals it when its parent dies (Linux only)."""
    if not sys.platform.startswith("linux"):
        return None
    prctl = ctypes.CDLL(None, use_errno=True).prctl
    parent = os.getpid()

    def arrange() -> None:
        prctl(PR_SET_PDEATHSIG, int(number), 0, 0, 0)
        if os.getppid() != parent:
            os._exit(1)

    return arrange


def stop_process(
    popen: subprocess.Popen[bytes],
    stops: Sequence[tuple[signal.Signals, float]],
    is_hurried: Callable[[], bool] = lambda: False,
) -> None:
    """Send each signal in turn and wait for its time, then kill what is left of the child's session."""
    for number, seconds in stops:
        if popen.poll() is not None:
            break
        popen.send_signal(number)
        deadline = time.monotonic() + seconds
        while popen.poll() is None and time.monotonic() < deadline and not is_hurried():
            time.sleep(POLL)
    if popen.poll() is None:
        popen.kill()
    popen.wait()
    end_processes(group_members(popen.pid), 0.5)


def describe_exit(code: int) -> str:
    """Return words for a return code of Popen."""
    if code < 0:
        return f"signal {signal.Signals(-code).name}"
    return f"exit code {code}"


def log_tail(log: Path, lines: int = 15) -> str:
    """Return the last lines of a log, indented."""
    text = log.read_text(errors="replace").splitlines() if log.exists() else []
    return "\n".join(f"  {line}" for line in text[-lines:])


def rotate_log(log: Path) -> None:
    """Move a log that has grown over 10 MB aside, keeping one older file."""
    if log.exists() and log.stat().st_size > LOG_LIMIT:
        log.replace(log.with_suffix(".1.log"))
