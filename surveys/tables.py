"""Workbooks as text: the first sheet with cells of an XLSX file, read within limits and without its formulas (pure)."""

import io
import zipfile
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any, Final

import openpyxl
from django.utils.translation import gettext as _
from openpyxl.utils.exceptions import InvalidFileException

from practice.exceptions import InvalidInputError
from surveys.people_file import MAX_BYTES, MAX_COLUMNS, MAX_ROWS

SIGNATURE: Final = b"PK\x03\x04"
MAX_UNPACKED: Final = 20 * MAX_BYTES
"""A workbook that unpacks to more than this is refused before it is read."""


def is_workbook(content: bytes) -> bool:
    """Tell whether the bytes look like an XLSX file."""
    return content.startswith(SIGNATURE)


def read_workbook(content: bytes) -> list[tuple[str, ...]]:
    """Return the rows of the first sheet that has cells, as text; blank rows between others are empty tuples.

    Numbers without a fraction lose it ("7", not "7.0"), days are written 2026-03-31, formulas count with the value that
    was saved. Raises InvalidInputError (field `file`) for a damaged, locked, oversized or empty workbook.
    """
    if len(content) > MAX_BYTES:
        raise _refused(_("The file is larger than 10 MB. Split it into several files."))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if sum(entry.file_size for entry in archive.infolist()) > MAX_UNPACKED:
                raise _refused(_("The workbook is too large when unpacked. Save the sheet as CSV."))
        book = openpyxl.load_workbook(io.BytesIO(content), read_only=True, data_only=True)
        for sheet in book.worksheets:
            sheet.reset_dimensions()
            rows = _rows(sheet.iter_rows(values_only=True))
            if rows:
                return rows
    except InvalidInputError:
        raise
    except (zipfile.BadZipFile, InvalidFileException, KeyError, ValueError, OSError, EOFError) as error:
        raise _refused(
            _("This is no workbook that can be read. Save it as XLSX without a password, or as CSV.")
        ) from error
    except (
        Exception
    ) as error:  # a crafted archive may break the parser anywhere; the upload is refused, not the page
        raise _refused(_("The workbook is damaged. Save it anew as XLSX, or as CSV.")) from error
    raise _refused(_("The file is empty. Export it again, with one header line."))


def _rows(cells: Iterable[tuple[Any, ...]]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    n_blank = 0
    for values in cells:
        row = [_text(value) for value in values]
        while row and not row[-1]:
            row.pop()
        if not row:
            n_blank += bool(rows)
            continue
        if len(rows) + n_blank > MAX_ROWS:
            raise _refused(_("The file has more than 50,000 rows. Split it into several files."))
        if len(row) > MAX_COLUMNS:
            raise _refused(_("The file has more than 200 columns. Keep only those you need."))
        rows += [()] * n_blank
        rows.append(tuple(row))
        n_blank = 0
    return rows


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value).replace("\x00", "").strip()


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(message, fields={"file": message})
