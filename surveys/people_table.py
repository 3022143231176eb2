"""A list of people from a CSV file or a workbook, as one table of text with the row numbers people see (pure)."""

import hashlib
from dataclasses import dataclass

from django.utils.translation import gettext as _

from practice.exceptions import InvalidInputError
from surveys.people_check import one_line
from surveys.people_file import check_header, read_csv
from surveys.tables import is_workbook, read_workbook

WORKBOOK = "xlsx"


@dataclass(frozen=True, slots=True)
class PeopleTable:
    """A list as read: header and rows of text (blank rows are empty), encoding, a fingerprint of its bytes.

    `header_row` is the row of the header as spreadsheet programs number it, from 1. A workbook's encoding is "xlsx".
    """

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    encoding: str
    delimiter: str
    content_hash: str
    header_row: int = 1


def read_people_file(content: bytes) -> PeopleTable:
    """Return the table in a CSV or XLSX file; raises InvalidInputError (field `file`) saying what is wrong."""
    if is_workbook(content):
        header_row, lines = read_workbook(content)
        encoding, delimiter = WORKBOOK, ""
        width = len(lines[0])
        lines = [line + ("",) * (width - len(line)) if line else line for line in lines]
    else:
        header_row, lines, encoding, delimiter = read_csv(content)
    header = tuple(map(one_line, lines[0]))
    check_header(header)
    rows = lines[1:]
    if not rows:
        message = _("The file has a header line but no people.")
        raise InvalidInputError(message, fields={"file": message})
    return PeopleTable(
        header, tuple(rows), encoding, delimiter, hashlib.sha256(content).hexdigest(), header_row
    )
