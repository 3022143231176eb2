"""A file of answers collected elsewhere: its columns on the slots of a form, its cells as checked values (pure).

A column holds one slot, the weights, an attribute to compare by, or nothing that is taken over. Whatever is wrong is
listed with row and column; names, addresses and open texts are never taken over.
"""

import hashlib
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from django.utils.translation import gettext as _

from practice.exceptions import InvalidInputError
from surveys.attributes import keep_attributes
from surveys.instruments import CANNOT_JUDGE, MISSING, Form, Instrument, Item, Slot
from surveys.people_check import ATTRIBUTE, EMAIL, IGNORE, MAX_ATTRIBUTE, NAME, SYNONYMS, UNUSABLE, clean_text
from surveys.people_file import check_header, read_csv
from surveys.tables import is_workbook, read_workbook

WEIGHT: Final = "weight"
WEIGHT_NAMES: Final = frozenset({"weight", "weights", "gewicht", "poids", "wt", "pond"})
MISSING_WORDS: Final = frozenset({"", "na", "n/a", "nan", ".", "-", "#null!", "null"})
MAX_WEIGHT: Final = 1e6
NUMBER: Final = re.compile(r"[+-]?[0-9]{1,6}([.,]0+)?")
DECIMAL: Final = re.compile(r"[0-9]{1,9}([.,][0-9]{1,12})?(e[+-]?[0-9]{1,2})?", re.IGNORECASE)
CODE: Final = re.compile(r"\S{1,20}")
MAX_CODES: Final = 20


@dataclass(frozen=True, slots=True)
class AnswersTable:
    """A file as read: header (names may be empty), rows of text, a fingerprint of its bytes."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    content_hash: str


@dataclass(frozen=True, slots=True)
class Options:
    """How the file writes answers: codes for missing and for "cannot judge", and per scale its ends in the file."""

    missing: tuple[str, ...] = ()
    cannot_judge: tuple[str, ...] = ()
    scales: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def to_json(self) -> dict[str, object]:
        """Return JSON-safe content."""
        return {
            "missing": list(self.missing),
            "cannot_judge": list(self.cannot_judge),
            "scales": {code: list(ends) for code, ends in self.scales.items()},
        }

    @classmethod
    def from_json(cls, content: Mapping[str, object]) -> "Options":
        """Read what `to_json` wrote."""
        scales: Mapping[str, Sequence[int]] = content.get("scales", {})  # type: ignore[assignment]  # own JSON
        return cls(
            tuple(content.get("missing", ())),  # type: ignore[arg-type]  # own JSON
            tuple(content.get("cannot_judge", ())),  # type: ignore[arg-type]  # own JSON
            {code: (ends[0], ends[1]) for code, ends in scales.items()},
        )


@dataclass(frozen=True, slots=True)
class Problem:
    """One cell that cannot be taken over; `row` as in the file (the header is row 1)."""

    row: int
    column: str
    cell: str
    text: str


@dataclass(frozen=True, slots=True)
class ColumnSummary:
    """What a mapped slot's column holds: numbers found, lowest and highest, cells with a problem."""

    n: int
    low: int | None
    high: int | None
    n_problems: int


@dataclass(frozen=True)
class CheckedAnswers:
    """Rows that would become responses: packed scores in the form's order, attributes, weights; and what is wrong.

    `n_empty` rows hold no rating and are left out. `kept` are the attributes that leave every joint cell at five or
    more; the others are dropped.
    """

    scores: list[list[int]]
    attributes: list[dict[str, str]]
    weights: list[float]
    problems: list[Problem]
    columns: Mapping[int, ColumnSummary]
    kept: list[str]
    n_empty: int


def read_answers_file(content: bytes) -> AnswersTable:
    """Return the table in a CSV or XLSX file; raises InvalidInputError (field `file`) saying what is wrong."""
    if is_workbook(content):
        first, found = read_workbook(content)
        lines = [_usable(number, cells) for number, cells in enumerate(found, start=first)]
        check_header(lines[0])
    else:
        _first, lines, _encoding, _delimiter = read_csv(content)
    header, *rows = lines
    if not any(rows):
        message = _("The file has a header line but no answers.")
        raise InvalidInputError(message, fields={"file": message})
    return AnswersTable(header, tuple(rows), hashlib.sha256(content).hexdigest())


def _usable(number: int, cells: tuple[str, ...]) -> tuple[str, ...]:
    """Return a row with errors such as #N/A as text; refuse a formula whose value was never saved."""
    if UNUSABLE in cells:
        message = _(
            "Row %(row)s holds a formula without a saved value. Open the workbook, save it and take it again."
        ) % {"row": number}
        raise InvalidInputError(message, fields={"file": message})
    return tuple(cell.removeprefix(UNUSABLE) for cell in cells)


def _plain(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def names_of_slots(form: Form, instrument: Instrument) -> dict[str, str]:
    """Return plain names that stand for exactly one slot of the form: its code, item, known column names, wording."""
    items: dict[str, Item] = {item.code: item for item in instrument.items}
    items |= {item.code: item for pillar in instrument.pillars for item in pillar.items}
    items |= {item.code: item for block in instrument.blocks for item in block.items}
    wording = instrument.audience(form.audience).wording
    codes = {_plain(slot.code): slot.code for slot in form.slots}
    further = Counter[tuple[str, str]]()
    for slot in form.slots:
        item = items[slot.item]
        for name in {_plain(name) for name in (item.code, *item.columns, item.wordings.get(wording, ""))}:
            further[name, slot.code] += 1
    uses = Counter(name for name, _code in further)
    return {name: code for name, code in further if uses[name] == 1} | codes


def guess_columns(
    header: Sequence[str], form: Form, instrument: Instrument, saved: Mapping[str, str] | None = None
) -> dict[int, str]:
    """Return column number -> what it holds: as saved for the same name, else by its name; nothing twice."""
    names = names_of_slots(form, instrument)
    saved = saved or {}
    mapping: dict[int, str] = {}
    for number, name in enumerate(header):
        plain = _plain(name)
        target = saved.get(name) or names.get(plain) or (WEIGHT if plain in WEIGHT_NAMES else IGNORE)
        is_known = (
            target in {WEIGHT, IGNORE} or target in form.slot_index or target == f"{ATTRIBUTE}{name[:60]}"
        )
        is_taken = target != IGNORE and target in mapping.values()
        mapping[number] = target if is_known and name and not is_taken else IGNORE
    return mapping


def check_columns(mapping: Mapping[int, str], header: Sequence[str], form: Form) -> None:
    """Raise InvalidInputError (field `column-N`) for a column or target that does not exist, or one chosen twice."""
    seen: set[str] = set()
    for number, target in sorted(mapping.items()):
        key = f"column-{number}"
        if not 0 <= number < len(header):
            raise InvalidInputError(
                _("The file has no such column."), fields={key: _("Choose from the list.")}
            )
        name = header[number]
        own = f"{ATTRIBUTE}{name[:60]}" if name else IGNORE
        if target not in {WEIGHT, IGNORE, own} and target not in form.slot_index:
            raise InvalidInputError(
                _("“%(target)s” is nothing a column can hold here.") % {"target": target[:60]},
                fields={key: _("Choose from the list.")},
            )
        if target == own != IGNORE and _names_persons(name):
            raise InvalidInputError(
                _("Column “%(name)s” names persons; persons are never taken over.") % {"name": name},
                fields={key: _("Leave this column out.")},
            )
        if target != IGNORE and target in seen:
            raise InvalidInputError(
                _("Two columns were chosen for the same question: %(target)s.") % {"target": target},
                fields={key: _("Already chosen for another column.")},
            )
        seen.add(target)


def _names_persons(name: str) -> bool:
    return " ".join(name.casefold().split()) in SYNONYMS[EMAIL] | SYNONYMS[NAME]


def scales_used(mapping: Mapping[int, str], form: Form) -> list[str]:
    """Return the codes of the scales of the mapped slots, in the order of the form."""
    mapped = set(mapping.values())
    return list(dict.fromkeys(slot.scale.code for slot in form.slots if slot.code in mapped))


def check_options(options: Options, form: Form) -> None:
    """Raise InvalidInputError for ends of a scale that are equal or out of bounds, and for codes that are no codes."""
    known = {slot.scale.code for slot in form.slots}
    for code, (low, high) in options.scales.items():
        if code not in known or low == high or max(abs(low), abs(high)) > 30_000:
            raise InvalidInputError(
                _("The ends of a scale must be two different whole numbers."),
                fields={f"scale-{code}": _("Give the lowest and the highest answer.")},
            )
    for name, codes in (("missing", options.missing), ("cannot_judge", options.cannot_judge)):
        if len(codes) > MAX_CODES or not all(CODE.fullmatch(code) for code in codes):
            raise InvalidInputError(
                _("Codes are words or numbers without blanks, at most 20."),
                fields={name: _("Separate the codes by commas.")},
            )


def conversions_of(
    options: Options, mapping: Mapping[int, str], form: Form
) -> dict[str, tuple[int, int, int, int]]:
    """Return (file's low, file's high, low, high) of every mapped slot whose file uses other ends than its scale."""
    found = {}
    mapped = set(mapping.values())
    for slot in form.slots:
        ends = options.scales.get(slot.scale.code)
        if slot.code in mapped and ends and ends != (slot.scale.low, slot.scale.high):
            found[slot.code] = (*ends, slot.scale.low, slot.scale.high)
    return found


@dataclass(slots=True)
class _Cell:
    """What a text in a column means: packed value, what is wrong with it, the number it is, how often it occurs."""

    value: int
    problem: str = ""
    number: int | None = None
    n: int = 0


class _Checker:
    """Reads the cells of one file and keeps what is wrong."""

    def __init__(self, header: Sequence[str], form: Form, options: Options):
        self.header = header
        self.form = form
        self.options = options
        self.missing = MISSING_WORDS | {code.casefold() for code in options.missing}
        self.cannot_judge = {code.casefold() for code in options.cannot_judge}
        self.problems: list[Problem] = []
        self.read: dict[int, dict[str, _Cell]] = {}

    def note(self, row: int, column: int, cell: str, text: str) -> None:
        """Keep a problem."""
        name = self.header[column] or _("column %(number)s") % {"number": column + 1}
        self.problems.append(Problem(row, name, cell[:40], text))

    def rating(self, row: int, column: int, cell: str, slot: Slot) -> int:
        """Return a rating as the file gives it, or the code of no value; cells repeat, so each is read once."""
        known = self.read.setdefault(column, {})
        found = known.get(cell)
        if found is None:
            found = known[cell] = self._read_rating(cell, slot)
        found.n += 1
        if found.problem:
            self.note(row, column, cell, found.problem)
        return found.value

    def _read_rating(self, cell: str, slot: Slot) -> "_Cell":
        word = cell.casefold()
        if word in self.missing:
            return _Cell(MISSING)
        if word in self.cannot_judge:
            return _Cell(CANNOT_JUDGE if slot.cannot_judge else MISSING)
        if not NUMBER.fullmatch(cell):
            return _Cell(MISSING, _("not a whole number; add it to the codes for no answer if it is one"))
        number = int(re.split(r"[.,]", cell)[0])
        low, high = sorted(self.options.scales.get(slot.scale.code, (slot.scale.low, slot.scale.high)))
        if low <= number <= high:
            return _Cell(number, number=number)
        text = _("outside %(low)s to %(high)s") % {"low": low, "high": high}
        return _Cell(MISSING, text, number=number)

    def weight(self, row: int, column: int, cell: str) -> float:
        """Return a weight above 0."""
        value = float(cell.replace(",", ".")) if DECIMAL.fullmatch(cell) else 0.0
        if not 0.0 < value <= MAX_WEIGHT:
            self.note(row, column, cell, _("a weight must be a number above 0"))
            return 1.0
        return value

    def attribute(self, row: int, column: int, cell: str) -> str:
        """Return a cleaned attribute, "" for none."""
        if cell.casefold() in self.missing:
            return ""
        try:
            value = clean_text(cell, MAX_ATTRIBUTE)
        except ValueError as error:
            self.note(row, column, cell, str(error))
            return ""
        if "@" in value:
            self.note(row, column, "…@…", _("looks like an address; persons are never taken over"))
            return ""
        return value


def check_answers(
    header: Sequence[str],
    rows: Iterable[Sequence[str]],
    mapping: Mapping[int, str],
    options: Options,
    form: Form,
) -> CheckedAnswers:
    """Read every row by the mapping; a row without any rating is counted and left out, a wrong cell is named."""
    checker = _Checker(header, form, options)
    slots = {number: form.slots[form.slot_index[t]] for number, t in mapping.items() if t in form.slot_index}
    others = {n: t for n, t in mapping.items() if t == WEIGHT or t.startswith(ATTRIBUTE)}
    scores: list[list[int]] = []
    attributes: list[dict[str, str]] = []
    weights: list[float] = []
    n_empty = 0
    for number, cells in enumerate(rows, start=2):
        if not any(cells):
            continue
        if len(cells) > len(header):
            text = _("the row has %(n)s cells, the header %(m)s") % {"n": len(cells), "m": len(header)}
            checker.problems.append(Problem(number, "–", "", text))
            continue
        at = {column: cells[column] if column < len(cells) else "" for column in (*slots, *others)}
        n_before = len(checker.problems)
        packed = form.blank_scores()
        for column, slot in slots.items():
            packed[slot.index] = checker.rating(number, column, at[column], slot)
        if all(value == MISSING for value in packed) and len(checker.problems) == n_before:
            n_empty += 1
            continue
        scores.append(packed)
        person: dict[str, str] = {}
        for column, target in others.items():
            if target == WEIGHT:
                weights.append(checker.weight(number, column, at[column]))
            elif value := checker.attribute(number, column, at[column]):
                person[target.removeprefix(ATTRIBUTE)] = value
        attributes.append(person)
    kept = keep_attributes(attributes)
    return CheckedAnswers(
        scores,
        [{name: person[name] for name in kept if name in person} for person in attributes],
        weights,
        checker.problems,
        _summaries(checker, slots),
        kept,
        n_empty,
    )


def _summaries(checker: _Checker, slots: Mapping[int, Slot]) -> dict[int, ColumnSummary]:
    found = {}
    for column in slots:
        cells = list(checker.read.get(column, {}).values())
        numbers = [cell.number for cell in cells if cell.number is not None]
        found[column] = ColumnSummary(
            n=sum(cell.n for cell in cells if cell.number is not None),
            low=min(numbers, default=None),
            high=max(numbers, default=None),
            n_problems=sum(cell.n for cell in cells if cell.problem),
        )
    return found
