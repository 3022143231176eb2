"""Reading CSV files: bytes to lines of text, within limits that are said before anything is kept (pure)."""

import csv
import io
from typing import Final

from django.utils.translation import gettext as _

from practice.exceptions import InvalidInputError

MAX_BYTES: Final = 10 * 1024 * 1024
MAX_ROWS: Final = 50_000
MAX_COLUMNS: Final = 200
MAX_COLUMN_NAME: Final = 60
"""Columns are told apart by so many characters of their names."""
DELIMITERS: Final = (",", ";", "\t")
BLANK: Final = ',;\t\r\n "'
BOMS: Final = (
    (b"\xef\xbb\xbf", "utf-8-sig"),
    (b"\xff\xfe", "utf-16"),
    (b"\xfe\xff", "utf-16"),
)


def read_csv(content: bytes) -> tuple[int, list[tuple[str, ...]], str, str]:
    """Return the header's row number (from 1), the lines from the checked header on, encoding and separator.

    Raises InvalidInputError (field `file`) saying what is wrong and what to do.
    """
    if len(content) > MAX_BYTES:
        raise _refused(_("The file is larger than 10 MB. Split it into several lists."))
    if not content.strip():
        raise _refused(_("The file is empty. Export the list again, with one header line."))
    text, encoding = _decode(content)
    if "\x00" in text:
        raise _refused(_("The file's text is damaged. Export it again as UTF-8."))
    try:
        delimiter = _guess_delimiter(text)
        header_row, lines = _read_lines(text, delimiter)
    except csv.Error as error:
        raise _refused(_("The file cannot be read as a table: %(why)s.") % {"why": error}) from error
    if not lines:
        raise _refused(_("The file is empty. Export the list again, with one header line."))
    check_header(lines[0])
    return header_row, lines, encoding, delimiter


def _read_lines(text: str, delimiter: str) -> tuple[int, list[tuple[str, ...]]]:
    """Return the header's number and the cells line by line from it on; blank lines stay, as empty tuples."""
    lines: list[tuple[str, ...]] = []
    n_blank, header_row = 0, 1
    for line in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=False):
        cells = tuple(cell.strip() for cell in line)
        if not any(cells):
            n_blank += bool(lines)
            header_row += not lines
            continue
        if len(lines) + n_blank > MAX_ROWS:
            raise _refused(_("The file has more than 50,000 rows. Split it into several lists."))
        lines += [()] * n_blank
        lines.append(cells)
        n_blank = 0
    return header_row, lines


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(message, fields={"file": message})


def _decode(content: bytes) -> tuple[str, str]:
    for bom, encoding in BOMS:
        if content.startswith(bom):
            try:
                return content.decode(encoding), encoding
            except UnicodeDecodeError as error:
                raise _refused(_("The file's text is damaged. Export it again as UTF-8.")) from error
    if (guessed := _utf16_without_mark(content[:4096])) is not None:
        try:
            return content.decode(guessed), guessed
        except UnicodeDecodeError as error:
            raise _refused(_("The file's text is damaged. Export it again as UTF-8.")) from error
    if b"\x00" in content[:4096]:
        raise _refused(
            _("This is neither a CSV file nor a workbook. Save the list as CSV or XLSX and take that file.")
        )
    for encoding in ("utf-8", "cp1252"):
        try:
            return content.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    raise _refused(_("The file's encoding is not known. Export it again as UTF-8."))


def _utf16_without_mark(sample: bytes) -> str | None:
    """Return the kind of UTF-16 in which every other byte of plain letters is zero, or None."""
    even, odd = sample[::2].count(0), sample[1::2].count(0)
    if not even and 4 * odd > len(sample):
        return "utf-16-le"
    if not odd and 4 * even > len(sample):
        return "utf-16-be"
    return None


def _guess_delimiter(text: str) -> str:
    """Return the separator that splits the first line with words into most cells outside quotes."""
    first = next((line for line in io.StringIO(text, newline=None) if line.strip(BLANK)), "")
    counts = {delimiter: len(next(csv.reader([first], delimiter=delimiter), [])) for delimiter in DELIMITERS}
    return max(DELIMITERS, key=lambda delimiter: counts[delimiter])


def check_header(header: tuple[str, ...]) -> None:
    """Raise InvalidInputError when a header is too wide or names a column twice."""
    if len(header) > MAX_COLUMNS:
        raise _refused(_("The file has more than 200 columns. Keep only those you need."))
    names = [name.casefold()[:MAX_COLUMN_NAME] for name in header if name]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise _refused(_("Two columns have the same name: %(names)s.") % {"names": ", ".join(twice[:5])})
