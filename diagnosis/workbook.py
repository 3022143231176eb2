"""Tables as an XLSX file: one sheet each, numbers as numbers, no cell that a spreadsheet would run or follow."""

import io
import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from django.utils.translation import gettext as _

from diagnosis.table import Table
from practice.xlsx_file import SAFE

FORBIDDEN: Final = re.compile(r"[\[\]:*?/\\]")
LONGEST_NAME: Final = 31
WIDEST: Final = 60


def workbook_of(about: Sequence[tuple[str, str]], tables: Sequence[Table], *, made_at: datetime) -> bytes:
    """Return an XLSX file: a first sheet of names and values that says what this is, then one sheet per table.

    Numbers keep sixteen digits and are shown with two decimals (whole numbers without). The same content of the same
    moment gives the same bytes.
    """
    import xlsxwriter

    content = io.BytesIO()
    with xlsxwriter.Workbook(content, {"in_memory": True, **SAFE}) as book:
        book.set_properties({"created": made_at.replace(tzinfo=None)})
        bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top"})
        decimals = book.add_format({"num_format": "0.00"})
        sheet = book.add_worksheet(_("About")[:LONGEST_NAME])
        sheet.set_column(0, 0, 24)
        sheet.set_column(1, 1, WIDEST)
        for number, (name, value) in enumerate(about):
            sheet.write_string(number, 0, name, bold)
            sheet.write_string(number, 1, value)
        for number, table in enumerate(tables, start=1):
            sheet = book.add_worksheet(f"{number} {FORBIDDEN.sub(' ', table.name)}"[:LONGEST_NAME])
            sheet.freeze_panes(1, 0)
            for column, title in enumerate(table.header):
                cells = [row[column] for row in table.rows]
                longest = max((len(cell) for cell in cells if isinstance(cell, str)), default=0)
                sheet.set_column(column, column, min(max(longest, len(title), 8), WIDEST) + 2)
                sheet.write_string(0, column, title, bold)
                for line, cell in enumerate(cells, start=1):
                    if isinstance(cell, str):
                        sheet.write_string(line, column, cell)
                    elif isinstance(cell, int):
                        sheet.write_number(line, column, cell)
                    elif cell is not None:
                        sheet.write_number(line, column, cell, decimals)
            sheet.autofilter(0, 0, len(table.rows), len(table.header) - 1)
    return content.getvalue()
