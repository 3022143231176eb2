"""Run the benchmarks named on the command line, or all; all of them together renew the table of docs/performance.md."""

import argparse
import importlib
import re
import sys
from collections.abc import Sequence

from benchmarks.measure import HEAD, Measure, machine
from benchmarks.stage import running_stage
from crmgap_site.launcher.places import CHECKOUT

NAMES = ("starting", "answering", "sending", "importing", "diagnosing", "exporting", "documents", "portal")
PAGE = CHECKOUT / "docs" / "performance.md"
TABLE = re.compile(r"(?<=<!-- measured -->\n).*?(?=<!-- end -->)", re.DOTALL)


def main() -> int:
    """Measure and print; returns 0."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(NAMES)}")
    names = parser.parse_args().names or list(NAMES)
    found: list[Measure] = []
    with running_stage() as stage:
        for name in names:
            print(f"{name} ...", file=sys.stderr, flush=True)
            found += importlib.import_module(f"benchmarks.{name}").measures(stage)
    table = table_of(found)
    print(table)
    if set(names) == set(NAMES):
        PAGE.write_text(TABLE.sub(lambda _old: table, PAGE.read_text()))
    return 0


def table_of(measures: Sequence[Measure]) -> str:
    """Return the figures of one run as Markdown."""
    rows = "\n".join(measure.row() for measure in measures)
    return f"Measured on {machine()}.\n\n{HEAD}\n{rows}\n"


if __name__ == "__main__":
    sys.exit(main())
