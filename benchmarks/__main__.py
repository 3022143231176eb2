"""Run the benchmarks named on the command line, or all; with all, write docs/performance.md."""

import argparse
import importlib
import sys

from benchmarks.measure import HEAD, Measure, machine
from benchmarks.stage import running_stage

NAMES = ("answering", "sending", "importing", "diagnosing", "documents", "portal", "starting")


def main() -> int:
    """Measure and print; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or list(NAMES)
    found: list[Measure] = []
    with running_stage() as stage:
        for name in names:
            found += importlib.import_module(f"benchmarks.{name}").measures(stage)
    print(f"{machine()}\n\n{HEAD}")
    for measure in found:
        print(measure.row())
    return 0


if __name__ == "__main__":
    sys.exit(main())
