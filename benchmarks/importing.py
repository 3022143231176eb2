"""A list of 10,000 people: read, checked, previewed, and written to the roster."""

import csv
import io

from benchmarks.measure import Measure, own_cpu
from benchmarks.scene import people_csv
from benchmarks.stage import Stage

PEOPLE = 10_000


def measures(_stage: Stage) -> list[Measure]:
    """Import a CSV file and return its seconds beside COPY of the same rows."""
    from django.db import connections

    from practice.scope import practice_scope
    from surveys.services.people import confirm_import, preview_of, upload_people
    from tests.factories.practice import found_practice
    from tests.factories.surveys import make_wave

    owner = found_practice("Benchmark Lists")
    content = people_csv(PEOPLE)

    def run() -> None:
        with practice_scope(owner.practice):
            upload = upload_people(wave=wave, filename="people.csv", content=content, actor=owner)
        with practice_scope(owner.practice):
            preview = preview_of(upload)
        if preview.n_ready != PEOPLE:
            raise RuntimeError(f"{preview.n_ready} of {PEOPLE} rows are ready")
        with practice_scope(owner.practice):
            confirm_import(upload, actor=owner)

    def copy() -> None:
        with connections["owner"].cursor() as cursor:
            cursor.execute("CREATE TEMPORARY TABLE listed (a text, b text, c text, d text, e text)")
            with cursor.copy("COPY listed FROM STDIN") as rows:
                for row in csv.reader(io.StringIO(content.decode())):
                    rows.write_row(row)
            cursor.execute("DROP TABLE listed")

    with practice_scope(owner.practice):
        wave = make_wave(owner)
    limit, _cpu = own_cpu(copy)
    wall, _cpu = own_cpu(run)
    return [Measure("Import of 10,000 people (CSV to roster)", wall, "s", 3, limit, "COPY of the rows")]
