"""CSV downloads that no spreadsheet takes for formulas."""

import csv
import io
from collections.abc import Iterable, Sequence
from typing import Final

from django.http import HttpResponse

TRIGGERS: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "＝", "＋", "－", "＠")
"""What makes a spreadsheet run a cell (OWASP, CSV injection); the wide forms count in East Asian editions."""
BLANKS: Final = " \N{NO-BREAK SPACE}"


def harmless(cell: object) -> str:
    """Return a cell's text; text that a spreadsheet would run gets a leading apostrophe (OWASP, CSV injection)."""
    if not isinstance(cell, str):
        return "" if cell is None else str(cell)
    starts = [cell, *cell.replace("\r", "\n").split("\n")]
    return f"'{cell}" if any(start.lstrip(BLANKS).startswith(TRIGGERS) for start in starts) else cell


def csv_response(name: str, header: Sequence[str], rows: Iterable[Sequence[object]]) -> HttpResponse:
    """Return a CSV download in UTF-8 with a byte order mark; texts are made harmless, numbers stay numbers."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow([harmless(cell) for cell in header])
    writer.writerows([cell if type(cell) is int else harmless(cell) for cell in row] for row in rows)
    return HttpResponse(
        "\ufeff" + text.getvalue(),
        content_type="text/csv; charset=utf-8",
        headers={
            "Content-Disposition": f'attachment; filename="{name}"',
            "Cache-Control": "no-store",
            "X-Content-Type-Options": "nosniff",
        },
    )
