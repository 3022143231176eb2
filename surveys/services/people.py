"""People: an uploaded list waits as a preview, is mapped and fixed there, and enters the roster only when confirmed."""

from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from surveys.enums import ImportState
from surveys.models import PeopleImport, Recipient, Suppression, Wave, WaveAudience
from surveys.people_check import (
    ATTRIBUTE,
    AUDIENCE,
    EMAIL,
    IGNORE,
    LANGUAGE,
    NAME,
    Edits,
    Known,
    PreviewRow,
    check_rows,
    guess_mapping,
    has_control_characters,
    readable,
)
from surveys.people_table import read_people_file
from surveys.services.launch import audiences_taking_people, join_running_plan

LEFT_OUT = "left_out"
FIXED = "fixed"
EVERYBODY = "everybody"
CHUNK = 2_000
MAX_TYPED = 300


@dataclass(frozen=True, slots=True)
class ImportPreview:
    """What an uploaded list would do: counts by status and every row with its problems."""

    n_rows: int
    n_ready: int
    n_to_fix: int
    n_merged: int
    n_suppressed: int
    n_left_out: int
    by_audience: Mapping[str, int]
    rows: list[PreviewRow]


@transaction.atomic
def upload_people(*, wave: Wave, filename: str, content: bytes, actor: Member | None) -> PeopleImport:
    """Read a list and keep it as a preview; nothing enters the roster. Raises InvalidInputError for an unreadable file.

    The same bytes uploaded again while their preview waits return that preview.
    """
    table = read_people_file(content)
    waiting = PeopleImport.objects.filter(
        wave=wave, content_hash=table.content_hash, state=ImportState.PREVIEW
    )
    if (found := waiting.first()) is not None:
        return found
    mapping = guess_mapping(table.header, table.rows)
    upload = PeopleImport.objects.create(
        wave=wave,
        filename=filename.replace("\x00", "")[-200:] or "list.csv",
        encoding=table.encoding,
        delimiter=table.delimiter,
        header_row=table.header_row,
        header=list(table.header),
        rows=[list(row) for row in table.rows],
        mapping={str(number): part for number, part in mapping.items()},
        content_hash=table.content_hash,
        created_by=actor,
    )
    audit.record("import.uploaded", upload, actor=actor)
    return upload


def preview_of(upload: PeopleImport) -> ImportPreview:
    """Return every row of a list as it would be imported now."""
    mapping = {int(number): part for number, part in upload.mapping.items()}
    edits = Edits(
        typed={int(number): values for number, values in upload.result.get(FIXED, {}).items()},
        left_out=frozenset(upload.result.get(LEFT_OUT, [])),
    )
    checked = check_rows(
        upload.header, upload.rows, mapping, _known(upload), edits, header_row=upload.header_row
    )
    status = Counter(row.status for row in checked)
    ready = [row for row in checked if row.status == "ready"]
    return ImportPreview(
        n_rows=len(checked),
        n_ready=len(ready),
        n_to_fix=status["fix"],
        n_merged=status["merged"],
        n_suppressed=status["suppressed"],
        n_left_out=status["left_out"],
        by_audience=dict(Counter(row.values[AUDIENCE] for row in ready)),
        rows=checked,
    )


def audiences_of(upload: PeopleImport) -> list[str]:
    """Return the codes of the audiences that still take people from this list."""
    return [audience.audience for audience in audiences_taking_people(upload.wave)]


def everybody_of(upload: PeopleImport) -> str:
    """Return the audience of every row that names none, or an empty text."""
    return str(upload.result.get(EVERYBODY, ""))


def _known(upload: PeopleImport) -> Known:
    roster = Recipient.objects.filter(wave_audience__wave=upload.wave).values_list(
        "wave_audience__audience", "email_key"
    )
    suppressed = Suppression.objects.values_list("email_key", flat=True)
    return Known(
        audiences_of(upload),
        frozenset(roster),
        frozenset(suppressed),
        default_audience=everybody_of(upload),
        default_language=upload.wave.engagement.client_organisation.language,
    )


def _ensure_preview(upload: PeopleImport) -> PeopleImport:
    locked: PeopleImport = (
        PeopleImport.objects.select_for_update(of=("self",)).select_related("wave").get(pk=upload.pk)
    )
    if locked.state != ImportState.PREVIEW:
        raise WrongStateError(_("This list was imported or discarded already."))
    return locked


@transaction.atomic
def set_mapping(
    upload: PeopleImport, *, mapping: Mapping[int, str], everybody: str | None = None, actor: Member | None
) -> PeopleImport:
    """Say which column holds what; every field but attributes has at most one column.

    `everybody` is the audience of rows that name none: a code, empty for none, or None to leave it.
    """
    locked = _ensure_preview(upload)
    allowed = {EMAIL, NAME, AUDIENCE, LANGUAGE, IGNORE}
    chosen = {**{int(n): part for n, part in locked.mapping.items()}, **mapping}
    for number, part in mapping.items():
        exists = 0 <= number < len(locked.header)
        if not exists or part not in {*allowed, f"{ATTRIBUTE}{locked.header[number][:60]}"}:
            raise InvalidInputError(
                _("This column or field does not exist."),
                fields={f"column-{number}": _("Choose from the list.")},
            )
    for part in allowed - {IGNORE}:
        columns = [number for number, found in chosen.items() if found == part]
        if len(columns) > 1:
            raise InvalidInputError(
                _("Two columns were chosen for the same field."),
                fields={f"column-{columns[-1]}": _("Already chosen for another column.")},
            )
    if everybody is not None:
        if everybody and everybody not in audiences_of(locked):
            message = _("This audience takes no people. Choose from the list.")
            raise InvalidInputError(message, fields={EVERYBODY: message})
        locked.result = {**locked.result, EVERYBODY: everybody}
    locked.mapping = {str(number): part for number, part in sorted(chosen.items())}
    locked.save(update_fields=["mapping", "result"])
    return locked


def fix_row(
    upload: PeopleImport, *, row: int, values: Mapping[str, str], actor: Member | None
) -> PeopleImport:
    """Correct cells of one row of the list (rows are numbered as in the file)."""
    return fix_rows(upload, typed={row: values}, actor=actor)


def leave_out_row(upload: PeopleImport, *, row: int, actor: Member | None) -> PeopleImport:
    """Leave one row of the list out of the import."""
    return fix_rows(upload, left_out=[row], actor=actor)


@transaction.atomic
def fix_rows(
    upload: PeopleImport,
    *,
    typed: Mapping[int, Mapping[str, str]] | None = None,
    left_out: Collection[int] = (),
    taken_back: Collection[int] = (),
    actor: Member | None,
) -> PeopleImport:
    """Correct cells by row and field, leave rows out or take them back: all of it or, after an error, nothing."""
    locked = _ensure_preview(upload)
    fixed = dict(locked.result.get(FIXED, {}))
    for row, values in (typed or {}).items():
        _ensure_row(locked, row)
        _ensure_plain(values)
        texts = {part: value[:MAX_TYPED] for part, value in values.items()}
        fixed[str(row)] = {**fixed.get(str(row), {}), **texts}
    for row in [*left_out, *taken_back]:
        _ensure_row(locked, row)
    out = ({*locked.result.get(LEFT_OUT, [])} | {*left_out}) - {*taken_back}
    locked.result = {**locked.result, FIXED: fixed, LEFT_OUT: sorted(out)}
    locked.save(update_fields=["result"])
    return locked


def _ensure_plain(values: Mapping[str, str]) -> None:
    for part, value in values.items():
        if has_control_characters(value):
            raise InvalidInputError(
                _("There are line breaks or control characters in what you typed."),
                fields={part: _("Type it again on one line.")},
            )


def shown_cell(upload: PeopleImport, row: int, part: str) -> str:
    """Return a cell of the list as the preview offers it for correction: what was typed, or what the file holds."""
    typed: str | None = upload.result.get(FIXED, {}).get(str(row), {}).get(part)
    if typed is not None:
        return typed
    column = next((int(number) for number, found in upload.mapping.items() if found == part), None)
    place = row - upload.header_row - 1
    if column is None or not 0 <= place < len(upload.rows) or column >= len(upload.rows[place]):
        return ""
    return readable(upload.rows[place][column])


def _ensure_row(upload: PeopleImport, row: int) -> None:
    if not upload.header_row < row <= upload.header_row + len(upload.rows):
        raise InvalidInputError(
            _("The list has no such row."), fields={"row": _("Choose a row of the list.")}
        )


@transaction.atomic
def confirm_import(upload: PeopleImport, *, actor: Member | None) -> PeopleImport:
    """Put the ready rows on the roster in one transaction; a second call returns the same import.

    People of an audience that runs already join its plan: link, invitation and the reminders still to come.
    """
    locked: PeopleImport = (
        PeopleImport.objects.select_for_update(of=("self",)).select_related("wave").get(pk=upload.pk)
    )
    if locked.state == ImportState.CONFIRMED:
        return locked
    if locked.state != ImportState.PREVIEW:
        raise WrongStateError(_("This list was discarded. Upload it again."))
    # Launch, closing and release wait until these people are in, or are seen here once they are done.
    locked.wave = Wave.objects.select_for_update(of=("self",)).get(pk=locked.wave_id)
    list(locked.wave.audiences.select_for_update(of=("self",), no_key=True))
    preview = preview_of(locked)
    if not preview.n_ready:
        raise InvalidInputError(
            _("No row of this list can be imported yet. Fix the rows that are marked first.")
            if preview.n_to_fix
            else _("Nobody of this list is new: they are on the roster, opted out earlier or were left out."),
            fields={"rows": _("Nothing is ready.")},
        )
    n_people = _insert_people(locked.wave, preview, actor)
    locked.state = ImportState.CONFIRMED
    locked.result = {
        "imported": n_people,
        "to_fix": preview.n_to_fix,
        "merged": preview.n_merged,
        "suppressed": preview.n_suppressed,
    }
    locked.rows = []
    locked.save(update_fields=["state", "result", "rows"])
    audit.record("import.confirmed", locked, actor=actor, label=f"{locked.filename}: {n_people}")
    return locked


def _insert_people(wave: Wave, preview: ImportPreview, actor: Member | None) -> int:
    audiences = {row.audience: row for row in WaveAudience.invited.filter(wave=wave).select_related("wave")}
    for code, audience in audiences.items():
        people = [
            Recipient(
                wave_audience=audience,
                email=row.values[EMAIL],
                email_key=row.email_key,
                name=row.values[NAME],
                language=row.values[LANGUAGE],
                attributes=row.attributes,
            )
            for row in preview.rows
            if row.status == "ready" and row.values[AUDIENCE] == code
        ]
        if people:
            Recipient.objects.bulk_create(people, batch_size=CHUNK)
            join_running_plan(audience, people, actor=actor)
    return preview.n_ready


@transaction.atomic
def discard_import(upload: PeopleImport, *, actor: Member | None) -> PeopleImport:
    """Throw an unconfirmed list away with its rows."""
    locked = _ensure_preview(upload)
    locked.state, locked.rows, locked.result = ImportState.DISCARDED, [], {}
    locked.save(update_fields=["state", "rows", "result"])
    audit.record("import.discarded", locked, actor=actor)
    return locked
