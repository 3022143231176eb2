"""One measured figure with its limit and budget, and the page that lists them all."""

import os
import platform
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import psutil


@dataclass(frozen=True)
class Measure:
    """A cost or a rate: `budget` is a bound above, or below when `is_rate`; `limit` was measured in the same run.

    `limit_there` is the same limit on the machine for which the budget was set.
    """

    work: str
    value: float
    unit: str
    budget: float | None = None
    limit: float | None = None
    limit_of: str = ""
    is_rate: bool = False
    limit_there: float | None = None

    @property
    def verdict(self) -> str:
        """How the value stands to its budget, as a factor; beside it the same at the speed of the budget's machine."""
        if self.budget is None:
            return ""
        factor = self.budget / self.value if self.is_rate else self.value / self.budget
        if factor <= 1 or not self.limit or not self.limit_there:
            return judged(factor)
        slower = self.limit_there / self.limit if self.is_rate else self.limit / self.limit_there
        return f"{judged(factor)}; at equal speed {judged(factor / slower)}"

    def row(self) -> str:
        """Return the row of the table."""
        bound = "" if self.budget is None else f"{'≥' if self.is_rate else '≤'} {number(self.budget)}"
        limit = "" if self.limit is None else f"{number(self.limit)} ({self.limit_of})"
        ratio = ""
        if self.limit:
            ratio = number(self.limit / self.value if self.is_rate else self.value / self.limit)
        return f"| {self.work} | {number(self.value)} {self.unit} | {bound} | {self.verdict} | {limit} | {ratio} |"


HEAD = """| Work | Measured | Budget | Against budget | Limit measured beside it | Times the limit |
|---|---|---|---|---|---|"""


def judged(factor: float) -> str:
    """Return a factor against a budget in words."""
    return "within" if factor <= 1 else f"{factor:.1f} x over"


def number(value: float) -> str:
    """Return a figure with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}"


def machine() -> str:
    """Return one line about where this was measured."""
    memory = psutil.virtual_memory().total / 2**30
    return (
        f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}"
    )


def cpu_seconds(leaders: Iterable[int]) -> float:
    """Return user and system seconds of these processes and everything they started, ended children included."""
    total = 0.0
    for leader in leaders:
        first = psutil.Process(leader)
        for process in [first, *first.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total


@dataclass
class Spent:
    """Seconds of wall time and of CPU time of a block."""

    wall: float = 0.0
    cpu: dict[str, float] = field(default_factory=dict)


@contextmanager
def watched(**leaders: int) -> Iterator[Spent]:
    """Measure a block: wall time, and the CPU time of each named session."""
    spent = Spent()
    before = {name: cpu_seconds([pid]) for name, pid in leaders.items()}
    began = time.perf_counter()
    yield spent
    spent.wall = time.perf_counter() - began
    spent.cpu = {name: cpu_seconds([pid]) - before[name] for name, pid in leaders.items()}


def own_cpu(work: Callable[[], object]) -> tuple[float, float]:
    """Run work in this process and return its wall and CPU seconds."""
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu
