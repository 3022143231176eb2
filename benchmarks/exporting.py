"""Answers of 10,000 customers as rows in a file."""

import csv
import io

from benchmarks.measure import Measure, own_cpu
from benchmarks.scene import answered_wave
from benchmarks.stage import Stage

ANSWERS = 10_000


def measures(_stage: Stage) -> list[Measure]:
    """Return CPU seconds of both files beside writing as many numbers with the csv module."""
    from practice.scope import practice_scope
    from surveys.models import WaveAudience
    from surveys.response_files import response_file
    from tests.factories.practice import found_practice

    owner = found_practice("Benchmark Rows")
    with practice_scope(owner.practice):
        wave = answered_wave(owner, {"customers": ANSWERS}, people_per_answer=1)
        audience = WaveAudience.objects.select_related("wave").get(wave=wave, audience="customers")
    audience.source = {"weighted": False}  # as if collected elsewhere: confidential rows are never exported
    sizes: dict[str, int] = {}

    def export(file_type: str) -> None:
        with practice_scope(owner.practice):
            sizes[file_type] = len(response_file(audience, file_type, actor=owner).content)

    def plain() -> None:
        csv.writer(io.StringIO()).writerows([[5] * 130] * ANSWERS)

    _wall, limit = own_cpu(plain)
    _wall, as_csv = own_cpu(lambda: export("csv"))
    _wall, as_xlsx = own_cpu(lambda: export("xlsx"))
    beside = "the csv module writing as many cells"
    return [
        Measure("10,000 answers as CSV, CPU", as_csv, "s", 0.6, limit, beside),
        Measure("10,000 answers as XLSX, CPU", as_xlsx, "s", 6, limit, beside),
        Measure("Size of that CSV", sizes["csv"] / 2**20, "MB"),
        Measure("Size of that XLSX", sizes["xlsx"] / 2**20, "MB"),
    ]
