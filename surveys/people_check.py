"""Checking a list of people: guessed columns, clean addresses, one identity each, a reason for every wrong cell."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from email.utils import parseaddr
from typing import Final, Literal

from django.utils.translation import gettext as _

from practice.addresses import AddressError, clean_email, email_key

Status = Literal["ready", "fix", "merged", "suppressed", "left_out"]

EMAIL, NAME, AUDIENCE, LANGUAGE, IGNORE = "email", "name", "audience", "language", "ignore"
ATTRIBUTE: Final = "attribute:"
MAX_NAME: Final = 200
MAX_ATTRIBUTE: Final = 100
SYNONYMS: Final[Mapping[str, frozenset[str]]] = {
    EMAIL: frozenset(
        {"email", "e-mail", "mail", "e-mail address", "email address", "adresse", "courriel", "e_mail"}
    ),
    NAME: frozenset({"name", "full name", "fullname", "display name", "person", "nom", "contact"}),
    AUDIENCE: frozenset({"audience", "group", "role", "who", "gruppe", "groupe", "type"}),
    LANGUAGE: frozenset({"language", "lang", "sprache", "langue", "locale"}),
}
AUDIENCE_WORDS: Final[Mapping[str, frozenset[str]]] = {
    "customers": frozenset({"customers", "customer", "client", "clients", "kunde", "kunden", "client(e)"}),
    "managers": frozenset(
        {"managers", "manager", "management", "executive", "leitung", "führung", "direction"}
    ),
    "front_line": frozenset(
        {"front_line", "front line", "frontline", "staff", "service", "sales", "contact staff", "mitarbeiter"}
    ),
    "crm_team": frozenset({"crm_team", "crm team", "crm", "crm/it", "it", "crm/it team", "marketing"}),
}
LANGUAGE_CODE: Final = re.compile(r"[a-z]{2,3}(-[a-z]{2,6})?")
UNUSABLE: Final = "\x1a"
"""Starts a cell of a workbook without a usable value: a formula with none saved, or an error such as #N/A follows."""


@dataclass(slots=True)
class PreviewRow:
    """One row of the list as it would be imported: values, problems and offered fixes by field, and its status."""

    number: int
    values: dict[str, str]
    attributes: dict[str, str] = field(default_factory=dict)
    problems: dict[str, str] = field(default_factory=dict)
    fixes: dict[str, str] = field(default_factory=dict)
    note: str = ""
    status: Status = "ready"
    email_key: str = ""


def has_control_characters(text: str) -> bool:
    """Tell whether the text has line breaks, NUL or other signs that no name, header or database takes."""
    return any(unicodedata.category(sign) in {"Cc", "Cs", "Zl", "Zp"} for sign in text)


def one_line(text: str) -> str:
    """Return the text with line breaks and other control characters as single blanks."""
    return " ".join("".join(" " if has_control_characters(sign) else sign for sign in text).split())


def clean_text(text: str, limit: int) -> str:
    """Return a name or attribute in one normal form; raises ValueError with the reason."""
    cleaned = unicodedata.normalize("NFC", text).strip()
    if has_control_characters(cleaned):
        raise ValueError(_("There are line breaks or control characters in it."))
    if len(cleaned) > limit:
        raise ValueError(_("It is longer than %(limit)s characters.") % {"limit": limit})
    return cleaned


def audience_of(word: str) -> str | None:
    """Return the audience code a word stands for, or None."""
    wanted = " ".join(word.casefold().replace("_", " ").split())
    for code, words in AUDIENCE_WORDS.items():
        if wanted == code.replace("_", " ") or wanted in words:
            return code
    return None


def guess_mapping(header: Sequence[str], rows: Sequence[Sequence[str]]) -> dict[int, str]:
    """Return column number -> field, guessed from the header's words and, for addresses and audiences, from cells."""
    mapping: dict[int, str] = {}
    for number, name in enumerate(header):
        wanted = " ".join(name.casefold().split())
        found = next((part for part, words in SYNONYMS.items() if wanted in words), None)
        if found and found not in mapping.values():
            mapping[number] = found
    sample = rows[:50]
    if EMAIL not in mapping.values():
        _guess_by_cells(mapping, header, sample, EMAIL, lambda cell: "@" in parseaddr(cell)[1])
    if AUDIENCE not in mapping.values():
        _guess_by_cells(mapping, header, sample, AUDIENCE, lambda cell: audience_of(cell) is not None)
    for number, name in enumerate(header):
        if number not in mapping:
            mapping[number] = f"{ATTRIBUTE}{name[:60]}" if name else IGNORE
    return dict(sorted(mapping.items()))


def _guess_by_cells(mapping: dict[int, str], header: Sequence[str], sample: Sequence[Sequence[str]],
                    part: str, fits: Callable[[str], bool]) -> None:  # fmt: skip
    for number in range(len(header)):
        cells = [row[number] for row in sample if number < len(row) and row[number]]
        if number not in mapping and cells and all(fits(cell) for cell in cells):
            mapping[number] = part
            return


@dataclass(frozen=True, slots=True)
class Known:
    """What the roster knows already: audiences of the wave, people on the roster, addresses not to be mailed."""

    audiences: Sequence[str]
    on_roster: frozenset[tuple[str, str]]
    suppressed: frozenset[str]
    default_language: str = "en"
    default_audience: str = ""


@dataclass(frozen=True, slots=True)
class Edits:
    """What a person changed in the preview, by row number: fields typed anew, and rows left out."""

    typed: Mapping[int, Mapping[str, str]] = field(default_factory=dict)
    left_out: frozenset[int] = frozenset()


def check_rows(
    header: Sequence[str],
    rows: Sequence[Sequence[str]],
    mapping: Mapping[int, str],
    known: Known,
    edits: Edits | None = None,
    *,
    header_row: int = 1,
) -> list[PreviewRow]:
    """Return every row with its values, problems and status; duplicates are merged into the first one.

    Rows are numbered from the header's row on. Blank rows count, so that numbers are those of the spreadsheet, and are
    left out.
    """
    edits = edits or Edits()
    first_seen: dict[tuple[str, str], int] = {}
    checked = []
    for number, cells in enumerate(rows, start=header_row + 1):
        if not any(cells):
            continue
        row = _read_row(number, header, cells, mapping, known, edits.typed.get(number, {}))
        identity = (row.values.get(AUDIENCE, ""), row.email_key)
        if number in edits.left_out:
            row.status, row.note = "left_out", _("left out")
        elif row.problems:
            row.status = "fix"
        elif row.email_key in known.suppressed:
            row.status, row.note = "suppressed", _("asked not to be mailed")
        elif identity in known.on_roster:
            row.status, row.note = "merged", _("on the roster already")
        elif identity in first_seen:
            row.status = "merged"
            row.note = _("same person as row %(number)s") % {"number": first_seen[identity]}
        else:
            first_seen[identity] = number
        checked.append(row)
    return checked


def _read_row(
    number: int,
    header: Sequence[str],
    cells: Sequence[str],
    mapping: Mapping[int, str],
    known: Known,
    typed: Mapping[str, str],
) -> PreviewRow:
    row = PreviewRow(number, {EMAIL: "", NAME: "", AUDIENCE: "", LANGUAGE: known.default_language})
    if not typed and (problem := _wrong_width(header, cells)):
        row.problems[EMAIL] = problem
        address = next((cells[n] for n, part in mapping.items() if part == EMAIL and n < len(cells)), "")
        with suppress(AddressError):
            row.fixes[EMAIL] = clean_email(address)
    for column, part in mapping.items():
        if part == IGNORE:
            continue
        cell = typed.get(part, cells[column] if column < len(cells) else "")
        if cell.startswith(UNUSABLE):
            row.problems[part] = _why_unusable(cell)
            cell = readable(cell)
        if part.startswith(ATTRIBUTE):
            _read_attribute(row, part.removeprefix(ATTRIBUTE), cell)
        else:
            row.values[part] = cell
    row.values.update({part: text for part, text in typed.items() if part in row.values})
    if len(cells) < len(header) and EMAIL not in row.problems and not row.values[EMAIL]:
        row.problems[EMAIL] = _("The row has %(n)s of %(m)s cells.") % {"n": len(cells), "m": len(header)}
    checks = {EMAIL: _check_email, NAME: _check_name, AUDIENCE: _check_audience, LANGUAGE: _check_language}
    for part, check in checks.items():
        if part not in row.problems:
            check(row, known)
    return row


def _wrong_width(header: Sequence[str], cells: Sequence[str]) -> str:
    """Return what is wrong with a row that is wider than the header, or has less than half of its cells."""
    n_cells = max((place for place, cell in enumerate(cells, start=1) if cell), default=0)
    sizes = {"n": n_cells, "m": len(header)}
    if n_cells > len(header):
        return _("The row has %(n)s cells, the header %(m)s. Check for stray separators.") % sizes
    if 2 * len(cells) < len(header):
        return _("The row has %(n)s of %(m)s cells.") % sizes
    return ""


def _why_unusable(cell: str) -> str:
    if error := cell.removeprefix(UNUSABLE):
        return _("The cell shows the error %(error)s. Type the value.") % {"error": error[:20]}
    return _("The cell holds a formula without a saved value. Type the value, or save the workbook again.")


def readable(cell: str) -> str:
    """Return a cell as it may be shown: one without a usable value shows its error, or an equals sign."""
    return (cell.removeprefix(UNUSABLE) or "=") if cell.startswith(UNUSABLE) else cell


def _read_attribute(row: PreviewRow, name: str, cell: str) -> None:
    try:
        value = clean_text(cell, MAX_ATTRIBUTE)
    except ValueError as error:
        row.problems[f"{ATTRIBUTE}{name}"] = str(error)
        value = cell
    if value:
        row.attributes[name] = value


def _check_email(row: PreviewRow, known: Known) -> None:
    try:
        row.values[EMAIL] = clean_email(row.values[EMAIL])
    except AddressError as error:
        row.problems[EMAIL] = str(error)
        guess = "".join(row.values[EMAIL].split()).replace("(at)", "@").replace("[at]", "@").strip("<>;,")
        try:
            row.fixes[EMAIL] = clean_email(guess)
        except AddressError:
            return
    else:
        row.email_key = email_key(row.values[EMAIL])


def _check_name(row: PreviewRow, known: Known) -> None:
    try:
        row.values[NAME] = clean_text(row.values[NAME], MAX_NAME)
    except ValueError as error:
        row.problems[NAME] = str(error)
        row.fixes[NAME] = " ".join(row.values[NAME].split())[:MAX_NAME]


def _check_audience(row: PreviewRow, known: Known) -> None:
    word = row.values[AUDIENCE]
    if not word and len(known.audiences) == 1:
        row.values[AUDIENCE] = known.audiences[0]
        return
    if not word and known.default_audience in known.audiences:
        row.values[AUDIENCE] = known.default_audience
        return
    found = audience_of(word) if word else None
    if found is None or found not in known.audiences:
        row.problems[AUDIENCE] = (
            _("Say who this person is: customers, managers, front line or CRM team.")
            if not word
            else _("“%(word)s” is no audience of this wave.") % {"word": word[:40]}
        )
        return
    row.values[AUDIENCE] = found


def _check_language(row: PreviewRow, known: Known) -> None:
    code = row.values[LANGUAGE].strip().lower() or known.default_language
    if not LANGUAGE_CODE.fullmatch(code):
        row.problems[LANGUAGE] = _("Write a language code such as en.")
        row.fixes[LANGUAGE] = known.default_language
        return
    row.values[LANGUAGE] = code
