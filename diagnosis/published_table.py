"""A table from paper or from a client, as CSV or XLSX: its columns guessed by their names, its numbers as printed.

Every cell that is no number is reported with its row and column; nothing is guessed at and nothing is kept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.printed import Printed, decimals_of, read_printed
from practice.exceptions import InvalidInputError
from surveys.people_file import check_header, read_csv
from surveys.tables import is_workbook, read_workbook

MOST_ROWS: Final = 200
MOST_PROBLEMS: Final = 20
MOST_PERSONS: Final = 10_000_000
NAME: Final = "name"
COUNTS: Final = ("n", "n_later", "n_earlier", "items")
FIELDS: Final[Mapping[str, Any]] = {
    NAME: gettext_lazy("Name of the row"),
    "group": gettext_lazy("Dimension of an item"),
    "n": gettext_lazy("Persons"),
    "n_later": gettext_lazy("Persons of the first group"),
    "n_earlier": gettext_lazy("Persons of the second group"),
    "items": gettext_lazy("Statements behind a mean"),
    "mean_later": gettext_lazy("Mean received (first)"),
    "sd_later": gettext_lazy("SD received (first)"),
    "mean_earlier": gettext_lazy("Mean expected (second)"),
    "sd_earlier": gettext_lazy("SD expected (second)"),
    "minimum": gettext_lazy("Lowest accepted mean"),
    "gap": gettext_lazy("Printed gap"),
    "sd_gap": gettext_lazy("SD of the gap"),
    "correlation": gettext_lazy("Correlation"),
    "t": "t",
    "ci_low": gettext_lazy("Interval from"),
    "ci_high": gettext_lazy("Interval to"),
    "p_value": "p",
}
NAMES: Final[Mapping[str, frozenset[str]]] = {
    NAME: frozenset(
        {"name", "row", "measure", "scale", "item", "statement", "dimension", "institution", "factor"}
    ),
    "n": frozenset({"n", "persons", "respondents", "samplesize"}),
    "n_later": frozenset({"nlater", "n1", "nfirst", "nperception", "nreceived"}),
    "n_earlier": frozenset({"nearlier", "n2", "nsecond", "nexpectation", "nexpected"}),
    "items": frozenset({"items", "statements", "nitems", "k"}),
    "mean_later": frozenset(
        {
            "meanlater",
            "meanperception",
            "perception",
            "perceived",
            "received",
            "meanperceived",
            "meanreceived",
            "meanp",
            "mean1",
            "p",
        }
    ),
    "sd_later": frozenset({"sdlater", "sdperception", "sdperceived", "sdreceived", "sd1", "sdp"}),
    "mean_earlier": frozenset(
        {
            "meanearlier",
            "meanexpectation",
            "expectation",
            "expected",
            "desired",
            "meanexpected",
            "meandesired",
            "meane",
            "mean2",
            "e",
        }
    ),
    "sd_earlier": frozenset({"sdearlier", "sdexpectation", "sdexpected", "sddesired", "sd2", "sde"}),
    "minimum": frozenset({"minimum", "lowest", "adequate", "meanminimum"}),
    "gap": frozenset(
        {"gap", "difference", "meangap", "meangappminuse", "gapscore", "gappublished", "meandifference"}
    ),
    "sd_gap": frozenset({"sdgap", "sddifference", "sdofthegap"}),
    "correlation": frozenset({"r", "correlation"}),
    "t": frozenset({"t", "tvalue"}),
    "ci_low": frozenset({"cilow", "lower", "cilower", "intervalfrom", "ci95low"}),
    "ci_high": frozenset({"cihigh", "upper", "ciupper", "intervalto", "ci95high"}),
    "p_value": frozenset({"pvalue", "sig", "significance", "ppublished", "probability"}),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """One problem: the row as in the file (the header is row 1), the column's name, the cell, what is wrong."""

    row: int
    column: str
    cell: str
    text: str


@dataclass(frozen=True, slots=True)
class PrintedRow:
    """One row: its name, the dimension of an item ("" for none), counts and printed numbers by field."""

    number: int
    name: str
    group: str
    counts: Mapping[str, int]
    numbers: Mapping[str, Printed]


@dataclass(frozen=True, slots=True)
class PublishedTable:
    """What a table says: `columns` as read (field -> name in the file), names of columns left aside, problems."""

    columns: Mapping[str, str]
    ignored: tuple[str, ...]
    rows: tuple[PrintedRow, ...]
    problems: tuple[Cell, ...]

    @property
    def is_groups(self) -> bool:
        """Tell whether the table compares two groups of persons instead of two answers of the same ones."""
        return "n_later" in self.columns and "n_earlier" in self.columns


def read_published_table(content: bytes, *, n: int | None = None) -> PublishedTable:
    """Read a table; n: persons of every row where the table has no column for them.

    Raises InvalidInputError (field `file`) when it is no table, has no usable columns or too many rows.
    """
    if is_workbook(content):
        first, lines = read_workbook(content)
        delimiter = ";"
        check_header(lines[0])
    else:
        first, lines, _encoding, delimiter = read_csv(content)
    header, *rows = lines
    if len(rows) > MOST_ROWS:
        raise _refused(_("The table has more than %(n)s rows. Take the part you need.") % {"n": MOST_ROWS})
    places = guess_columns(header)
    _check_columns(places)
    reader = _Reader(header, places, has_comma=delimiter != ",", rows=rows)
    found = tuple(
        row
        for number, cells in enumerate(rows, start=first + 1)
        if (row := reader.row(number, cells, n)) is not None
    )
    if not found and not reader.problems:
        raise _refused(_("The table has a header line and no rows."))
    columns = {field: header[place] for field, place in places.items()}
    ignored = tuple(name for place, name in enumerate(header) if name and place not in places.values())
    return PublishedTable(columns, ignored, found, tuple(reader.problems[:MOST_PROBLEMS]))


def guess_columns(header: Sequence[str]) -> dict[str, int]:
    """Place of each known field by its name; with `dimension` and `item` both, the item is the name of the row."""
    plain = ["".join(sign for sign in name.casefold() if sign.isalnum()) for name in header]
    places: dict[str, int] = {}
    for field, names in NAMES.items():
        for place, name in enumerate(plain):
            if name in names:
                places.setdefault(field, place)
    if "p_value" not in places and "p" in plain and plain.index("p") != places.get("mean_later"):
        places["p_value"] = plain.index("p")
    if "p" in plain and places.get("mean_later") == plain.index("p") and "e" not in plain:
        places["p_value"] = places.pop("mean_later")
    if "dimension" in plain and "item" in plain:
        places[NAME], places["group"] = plain.index("item"), plain.index("dimension")
    return places


def _check_columns(places: Mapping[str, int]) -> None:
    if "mean_later" in places and "mean_earlier" in places:
        return
    if "gap" in places:
        return
    raise _refused(
        _(
            "The table needs columns for both means, such as mean_perception and mean_expectation, or one for the gap."
        )
    )


def _refused(message: str) -> InvalidInputError:
    return InvalidInputError(message, fields={"file": message})


class _Reader:
    """Reads the rows of one table and keeps what is wrong."""

    def __init__(
        self,
        header: Sequence[str],
        places: Mapping[str, int],
        *,
        has_comma: bool,
        rows: Sequence[Sequence[str]],
    ) -> None:
        self.header = header
        self.places = places
        self.has_comma = has_comma
        self.problems: list[Cell] = []
        self.decimals = {
            field: max((decimals_of(self._cell(row, field)) for row in rows), default=0)
            for field in places
            if field not in (NAME, "group", *COUNTS)
        }

    def row(self, number: int, cells: Sequence[str], n: int | None) -> PrintedRow | None:
        """Read one row; None when it is empty."""
        if not any(cells):
            return None
        counts = {
            field: count for field in COUNTS if (count := self._count(number, cells, field)) is not None
        }
        if n is not None:
            counts.setdefault("n", n)
        numbers = {
            field: found
            for field in self.decimals
            if (found := self._number(number, cells, field)) is not None
        }
        for field in ("sd_later", "sd_earlier", "sd_gap"):
            if field in numbers and numbers[field].value < 0:
                self._note(number, cells, field, _("a standard deviation cannot be below 0"))
                del numbers[field]
        name = self._cell(cells, NAME) or _("Row %(number)s") % {"number": number}
        return PrintedRow(number, name[:120], self._cell(cells, "group")[:120], counts, numbers)

    def _cell(self, cells: Sequence[str], field: str) -> str:
        place = self.places.get(field, -1)
        text = cells[place].strip() if 0 <= place < len(cells) else ""
        return text.replace(",", ".") if self.has_comma and field not in (NAME, "group") else text

    def _note(self, number: int, cells: Sequence[str], field: str, text: str) -> None:
        self.problems.append(
            Cell(number, self.header[self.places[field]], cells[self.places[field]][:40], text)
        )

    def _number(self, number: int, cells: Sequence[str], field: str) -> Printed | None:
        text = self._cell(cells, field).rstrip("*").strip()
        try:
            return read_printed(text, decimals=self.decimals[field])
        except StatisticsError:
            self._note(number, cells, field, _("not a number; write it with a decimal point, such as 4.25"))
            return None

    def _count(self, number: int, cells: Sequence[str], field: str) -> int | None:
        text = self._cell(cells, field)
        if not text:
            return None
        if text.isdecimal() and 1 <= int(text) <= MOST_PERSONS:
            return int(text)
        self._note(number, cells, field, _("not a count; write a whole number such as 386"))
        return None
