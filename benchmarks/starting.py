"""How long the site takes from its start to healthy, and the memory of its parts when nothing is asked of them."""

import psutil

from benchmarks.measure import Measure
from benchmarks.stage import Stage


def measures(stage: Stage) -> list[Measure]:
    """Return the start of the site, and the largest process of the web server and of the worker."""
    return [
        Measure("Site from start to healthy, servers running", stage.trial.seconds_to_healthy, "s", 10),
        Measure("Web process, memory", largest(stage.leader("web")), "MB", 120),
        Measure("Worker process, memory", largest(stage.leader("worker")), "MB", 200),
    ]


def largest(leader: int) -> float:
    """Return the resident memory of the largest process of a part, in MB."""
    first = psutil.Process(leader)
    return max(process.memory_info().rss for process in [first, *first.children(recursive=True)]) / 1e6
