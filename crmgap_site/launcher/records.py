"""Who was started: one small file per child, so that a start after a crash stops our own leftovers only."""

import json
import os
import signal
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

CLOCK_TOLERANCE = 2.0  # seconds: psutil derives the start time from the boot time, which may be adjusted


@dataclass(frozen=True)
class Record:
    """One started process: a number may be reused, with start time and a word of its command it is unique."""

    name: str
    pid: int
    started: float
    word: str
    stop_signal: int = signal.SIGTERM
    boot: str = ""

    def process(self) -> psutil.Process | None:
        """Return the living process, or None when it is gone or its number belongs to another."""
        return next((process for process in self.members() if process.pid == self.pid), None)

    def members(self) -> list[psutil.Process]:
        """Return the living processes of the recorded session, also when its first process has ended."""
        if self.boot != boot_name() or self._is_reused():
            return []
        return [process for process in group_members(self.pid) if has_word(process, self.word)]

    def _is_reused(self) -> bool:
        """Tell whether the number belongs to a process that started at another time."""
        try:
            started: float = psutil.Process(self.pid).create_time()
        except psutil.Error:
            return False
        return abs(started - self.started) > CLOCK_TOLERANCE


class RecordFolder:
    """The files `<name>.json` in var/run, written when a child starts and removed when it has ended."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def write(self, name: str, pid: int, word: str, stop_signal: int) -> Record:
        """Record a child that has just been started."""
        try:
            started = psutil.Process(pid).create_time()
        except psutil.Error:
            started = time.time()
        record = Record(
            name=name, pid=pid, started=started, word=word, stop_signal=stop_signal, boot=boot_name()
        )
        fresh = self.folder / f".{name}.json"
        fresh.write_text(json.dumps(asdict(record)))
        fresh.replace(self.folder / f"{name}.json")
        return record

    def remove(self, name: str) -> None:
        """Forget a child that has ended."""
        (self.folder / f"{name}.json").unlink(missing_ok=True)

    def read(self) -> list[Record]:
        """Return the readable records, the most recently started first; a torn file is dropped."""
        records = []
        for path in self.folder.glob("[!.]*.json"):
            try:
                records.append(Record(**json.loads(path.read_text())))
            except (ValueError, TypeError):
                path.unlink(missing_ok=True)
        return sorted(records, key=lambda record: record.started, reverse=True)

    def stop_leftovers(self, patience: float = 10.0) -> list[str]:
        """Stop every recorded process that still lives, with its group, and return their names."""
        stopped = []
        for record in self.read():
            members = record.members()
            for process in members:
                if process.pid == record.pid:
                    process.send_signal(record.stop_signal)
            if members:
                stopped.append(record.name)
                end_processes(members, patience)
            self.remove(record.name)
        return stopped


def boot_name() -> str:
    """Return a name of this run of the machine, empty where the kernel gives none."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def has_word(process: psutil.Process, word: str) -> bool:
    """Tell whether the word occurs in the process's command line."""
    try:
        return any(word in part for part in process.cmdline())
    except psutil.Error:
        return False


def group_members(group: int) -> list[psutil.Process]:
    """Return the living processes of the session that the given process opened."""
    members = []
    for process in psutil.process_iter():
        try:
            if os.getsid(process.pid) == group and process.status() != psutil.STATUS_ZOMBIE:
                members.append(process)
        except (OSError, psutil.Error):
            continue
    return members


def end_processes(processes: Iterable[psutil.Process], patience: float) -> None:
    """Wait for the processes to end by themselves, then kill those that did not."""
    _gone, alive = psutil.wait_procs(list(processes), timeout=patience)
    for process in alive:
        try:
            process.kill()
        except psutil.NoSuchProcess:
            continue
    psutil.wait_procs(alive, timeout=patience)
