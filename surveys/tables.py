"""Workbooks as text: the first visible sheet of an XLSX file, read within limits and without its formulas (pure)."""

import io
import re
import warnings
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time, timedelta
from typing import IO, Any, Final

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import iterparse
from django.utils.translation import gettext as _

from practice.exceptions import InvalidInputError
from surveys.people_check import UNUSABLE
from surveys.people_file import MAX_BYTES, MAX_COLUMNS, MAX_ROWS

ZIP: Final = b"PK\x03\x04"
COMPOUND: Final = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
"""What old XLS files and password-protected XLSX files start with."""
MAX_MEMBERS: Final = 1_000
MAX_UNPACKED: Final = 10 * MAX_BYTES
MAX_RATIO: Final = 150
RATIO_FROM: Final = 1024 * 1024
"""Only members that unpack to more than this many bytes are held to the ratio."""
CONTENT_TYPES: Final = "[Content_Types].xml"
SMALL_PARTS: Final = re.compile(r"\[Content_Types\]\.xml|docProps/.*\.xml|xl/(workbook|styles)\.xml|.*\.rels")
CHUNK: Final = 1024 * 1024


def is_workbook(content: bytes) -> bool:
    """Tell whether the bytes look like a file of a spreadsheet program: zipped, or in the old binary format."""
    return content.startswith((ZIP, COMPOUND))


def read_workbook(content: bytes) -> tuple[int, list[tuple[str, ...]]]:
    """Return the number of the first row with cells and the rows from it on, as text; blank rows are empty tuples.

    Only the first visible sheet is read. Numbers without a fraction lose it ("7", not "7.0"), days are written
    2026-03-31, formulas count with the value that was saved; cells without a usable value start with UNUSABLE. Raises
    InvalidInputError (field `file`) for a damaged, locked, oversized or empty workbook and for one with macros.
    """
    from openpyxl.utils.exceptions import (
        InvalidFileException,
    )  # the web process holds the library once it reads a file

    if len(content) > MAX_BYTES:
        raise _refused(_("The file is larger than 10 MB. Split it into several files."))
    if content.startswith(COMPOUND):
        raise _refused(_why_compound(content))
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about features of the workbook that are not read
            _check_archive(archive)
            return _first_visible_sheet(archive, content)
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


def _why_compound(content: bytes) -> str:
    if "EncryptedPackage".encode("utf-16-le") in content:
        return _("The workbook is protected by a password. Save it without one, or as CSV.")
    return _("This is a file in an old format (XLS). Save it as XLSX or CSV.")


def _check_archive(archive: zipfile.ZipFile) -> None:
    """Refuse an archive by its table of contents, before anything large in it is unpacked."""
    members = archive.infolist()
    if len(members) > MAX_MEMBERS:
        raise _refused(_("The workbook consists of too many parts. Save the sheet as CSV."))
    if any(member.flag_bits & 1 for member in members):
        raise _refused(_("The workbook is protected by a password. Save it without one, or as CSV."))
    if sum(member.file_size for member in members) > MAX_UNPACKED or any(
        member.file_size > RATIO_FROM and member.file_size > MAX_RATIO * member.compress_size
        for member in members
    ):
        raise _refused(_("The workbook is too large when unpacked. Save the sheet as CSV."))
    names = {member.filename for member in members}
    if CONTENT_TYPES not in names:
        raise _refused(_("This archive is no workbook. Save the list as XLSX or CSV."))
    types = archive.read(CONTENT_TYPES).lower()
    if b"macroenabled" in types or any(name.lower().endswith("vbaproject.bin") for name in names):
        raise _refused(_("The workbook holds macros (XLSM). Save it as XLSX or CSV."))
    if b"sheet.binary" in types:
        raise _refused(_("This is a binary workbook (XLSB). Save it as XLSX or CSV."))
    for member in members:
        if SMALL_PARTS.fullmatch(member.filename):
            _check_part(archive, member)


def _check_part(archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
    """Refuse a part with entities of its own; sheets and texts are read by the same guarded parser later."""
    try:
        with archive.open(member) as part:
            for _event, element in iterparse(part, forbid_dtd=True):
                element.clear()
    except DefusedXmlException as error:
        raise _refused(_("The workbook is damaged. Save it anew as XLSX, or as CSV.")) from error


def _first_visible_sheet(archive: zipfile.ZipFile, content: bytes) -> tuple[int, list[tuple[str, ...]]]:
    from openpyxl import load_workbook

    from surveys.saved_values import SavedValues

    book = load_workbook(io.BytesIO(content), read_only=True, data_only=True)
    sheet = next((sheet for sheet in book.worksheets if sheet.sheet_state == "visible"), None)
    if sheet is None:
        raise _refused(_("The workbook has no visible sheet."))
    path = sheet._worksheet_path  # type: ignore[attr-defined]  # a sheet opened for reading only
    with archive.open(path) as source:
        _check_number_of_rows(source)
    with archive.open(path) as source:
        parser = SavedValues(
            source,
            sheet._shared_strings,  # type: ignore[attr-defined]  # a sheet opened for reading only
            data_only=True,
            epoch=book.epoch,
            date_formats=book._date_formats,  # type: ignore[attr-defined]  # set by the reader
            timedelta_formats=book._timedelta_formats,  # type: ignore[attr-defined]  # set by the reader
        )
        first_row, rows = _rows(parser.parse())
    if not rows:
        raise _refused(
            _("The sheet “%(name)s” is empty. Only the first visible sheet is read; put the list there.")
            % {"name": str(sheet.title)[:40]}
        )
    if any(name.startswith(UNUSABLE) for name in rows[0]):
        raise _refused(_("A column's name is a formula without a saved value. Type the names in the header."))
    return first_row, rows


def _check_number_of_rows(source: IO[bytes]) -> None:
    """Refuse a sheet with far too many filled rows by a look at its bytes, long before it is parsed."""
    n_rows, rest = 0, b""
    while chunk := source.read(CHUNK):
        pieces = (rest + chunk).split(b"<row")
        rest = pieces.pop()
        if len(rest) > CHUNK:
            rest = rest[-len(b"<row") :]
        n_rows += sum(map(_holds_text, pieces))
        if n_rows + _holds_text(rest) > MAX_ROWS + 1:
            raise _too_many_rows()


def _holds_text(piece: bytes) -> bool:
    return b"<v>" in piece or b"<t>" in piece or b"<t " in piece


def _rows(numbered: Iterable[tuple[int, list[dict[str, Any]]]]) -> tuple[int, list[tuple[str, ...]]]:
    rows: list[tuple[str, ...]] = []
    first_row = 0
    for number, cells in _filled(numbered):
        first_row = first_row or number
        n_blank = number - first_row - len(rows)
        if n_blank < 0:
            raise ValueError("rows are out of order")
        if len(rows) + n_blank > MAX_ROWS:
            raise _too_many_rows()
        rows += [()] * n_blank
        rows.append(cells)
    return first_row, rows


def _filled(
    numbered: Iterable[tuple[int, list[dict[str, Any]]]],
) -> Iterator[tuple[int, tuple[str, ...]]]:
    """Yield row number and texts of the rows that hold text; cells that are only formatted count as empty."""
    for number, cells in numbered:
        texts = {cell["column"]: text for cell in cells if (text := _text(cell["value"]))}
        if not texts:
            continue
        if max(texts) > MAX_COLUMNS:
            raise _refused(_("The file has more than 200 columns. Keep only those you need."))
        yield number, tuple(texts.get(column, "") for column in range(1, max(texts) + 1))


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 1e15 else f"{value:.15g}"
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else value.isoformat(timespec="seconds")
    if isinstance(value, date | time):
        return value.isoformat()
    if isinstance(value, timedelta):
        return str(value)
    return str(value).replace("\x00", "").strip()


def _too_many_rows() -> InvalidInputError:
    return _refused(_("The file has more than 50,000 rows. Split it into several files."))


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(message, fields={"file": message})
