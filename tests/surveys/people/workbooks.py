"""Workbooks for tests, also broken ones: written by openpyxl, then changed part by part."""

import io
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import openpyxl
import xlsxwriter

SHEET = "xl/worksheets/sheet1.xml"
TYPES = "[Content_Types].xml"


def workbook(
    rows: Iterable[Sequence[Any]], *, change: Callable[[openpyxl.Workbook], None] | None = None
) -> bytes:
    """Return a workbook whose first sheet holds the rows."""
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(list(row))
    if change is not None:
        change(book)
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def shared_workbook(rows: Iterable[Sequence[Any]]) -> bytes:
    """Return a workbook that keeps its texts in a part of their own, as spreadsheet programs do."""
    content = io.BytesIO()
    with xlsxwriter.Workbook(content) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return content.getvalue()


def with_parts(content: bytes, parts: Mapping[str, bytes]) -> bytes:
    """Return the workbook with these parts replaced or added."""
    found = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(found, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return found.getvalue()


def part_of(content: bytes, name: str) -> bytes:
    """Return one part of the workbook."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return archive.read(name)


def with_saved_value(content: bytes, cell: str, value: str, kind: str = "str") -> bytes:
    """Return the workbook in which a formula's saved value is this text, as spreadsheet programs write it."""
    sheet = part_of(content, SHEET).decode()
    changed = re.sub(
        rf'<c r="{cell}"[^>]*><f>(.*?)</f><v ?/?>(</v>)?</c>',
        rf'<c r="{cell}" t="{kind}"><f>\1</f><v>{value}</v></c>',
        sheet,
    )
    assert changed != sheet
    return with_parts(content, {SHEET: changed.encode()})
