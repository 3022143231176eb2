"""Memory of the running parts when nothing is asked of them."""

import psutil

from benchmarks.measure import Measure
from benchmarks.stage import Stage


def measures(stage: Stage) -> list[Measure]:
    """Return the largest process of the web server and of the worker."""
    return [
        Measure("Web process, memory", largest(stage.leader("web")), "MB", 120),
        Measure("Worker process, memory", largest(stage.leader("worker")), "MB", 200),
    ]


def largest(leader: int) -> float:
    """Return the resident memory of the largest process of a part, in MB."""
    first = psutil.Process(leader)
    return max(process.memory_info().rss for process in [first, *first.children(recursive=True)]) / 1e6
