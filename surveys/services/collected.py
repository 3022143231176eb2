"""Responses collected elsewhere: an uploaded table waits as a preview and becomes released responses when confirmed."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from practice.permissions import ensure
from surveys.answers_file import (
    WEIGHT,
    AnswersTable,
    CheckedAnswers,
    Options,
    check_answers,
    check_columns,
    check_options,
    conversions_of,
    guess_columns,
    read_answers_file,
)
from surveys.disclosure import safe_total
from surveys.enums import AudienceState, Channel, ImportState, Mode
from surveys.form_cache import instrument_of
from surveys.instruments import Form, Instrument
from surveys.models import Response, ResponseImport, Wave, WaveAudience
from surveys.people_check import IGNORE
from surveys.quality import flag_response
from surveys.retention import months_promised
from surveys.signals import wave_closed

CHUNK = 1_000
MAX_LISTED = 100
UNFINISHED = (
    AudienceState.DRAFT,
    AudienceState.SCHEDULED,
    AudienceState.OPEN,
    AudienceState.PAUSED,
    AudienceState.CLOSED,
)


def takes_answers(audience: WaveAudience) -> bool:
    """Tell whether answers collected elsewhere may enter: nobody is asked here, or they replace earlier ones."""
    return audience.state == AudienceState.DRAFT or bool(audience.source)


def shown_count(audience: WaveAudience) -> int | None:
    """Return how many answers were taken over; None when asked here, or so few that their number stays unsaid."""
    return safe_total(audience.totals.get("finished") or 0) if audience.source else None


def _ensure_takes(audience: WaveAudience) -> None:
    if audience.wave.answers_deleted_at is not None:
        raise WrongStateError(
            _("The answers of this wave were deleted, as promised. New ones need a wave of their own.")
        )
    if not takes_answers(audience):
        raise WrongStateError(
            _("This audience is asked here already. Answers collected elsewhere need a wave of their own.")
        )
    if WaveAudience.objects.filter(
        wave=audience.wave_id, audience=audience.audience, channel=Channel.OPEN
    ).exists():
        raise WrongStateError(
            _("This audience has an open link. Answers collected elsewhere need a wave of their own.")
        )


@transaction.atomic
def upload_answers(
    *, audience: WaveAudience, filename: str, content: bytes, actor: Member | None
) -> ResponseImport:
    """Read a file and keep it as a preview; nothing becomes a response. Raises InvalidInputError when unreadable.

    Columns are guessed by name, first as they were mapped in this engagement before. The same bytes uploaded again
    while their preview waits return that preview.
    """
    _may(actor)
    _ensure_takes(audience)
    table = read_answers_file(content)
    waiting = ResponseImport.objects.filter(
        wave_audience=audience, content_hash=table.content_hash, state=ImportState.PREVIEW
    )
    if (found := waiting.first()) is not None:
        return found
    instrument, form = instrument_and_form(audience)
    columns, options = saved_mapping(audience)
    mapping = guess_columns(table.header, form, instrument, columns)
    upload = ResponseImport.objects.create(
        wave_audience=audience,
        filename=filename.replace("\x00", "")[-200:] or "answers.csv",
        header=list(table.header),
        rows=[list(row) for row in table.rows],
        mapping=_text_keys(mapping),
        options=options.to_json(),
        content_hash=table.content_hash,
        created_by=actor,
    )
    audit.record("answers.uploaded", upload, actor=actor)
    return upload


def instrument_and_form(audience: WaveAudience) -> tuple[Instrument, Form]:
    """Return what an audience is asked, read anew, in the reader's language; the form of a draft may still change."""
    instrument = instrument_of(audience.wave, get_language() or "")
    return instrument, instrument.form(audience.form)


def _may(actor: Member | None) -> None:
    if actor is not None:
        ensure(actor, "wave.edit")


def _text_keys(mapping: Mapping[int, str]) -> dict[str, str]:
    return {str(number): target for number, target in sorted(mapping.items())}


def saved_mapping(audience: WaveAudience) -> tuple[dict[str, str], Options]:
    """Return header -> target and options of the last file confirmed for this engagement, instrument and audience."""
    earlier = ResponseImport.objects.filter(
        wave_audience__wave__engagement=audience.wave.engagement_id,
        wave_audience__wave__instrument_code=audience.wave.instrument_code,
        wave_audience__audience=audience.audience,
        state=ImportState.CONFIRMED,
    )
    last = earlier.defer("rows").first()
    if last is None:
        return {}, Options()
    columns = {
        last.header[int(number)]: target
        for number, target in last.mapping.items()
        if int(number) < len(last.header)
    }
    return columns, Options.from_json(last.options)


def mapping_of(upload: ResponseImport) -> dict[int, str]:
    """Return column number -> target."""
    return {int(number): target for number, target in upload.mapping.items()}


def check_upload(upload: ResponseImport, form: Form) -> CheckedAnswers:
    """Return what an upload would bring, with every problem."""
    options = Options.from_json(upload.options)
    return check_answers(upload.header, upload.rows, mapping_of(upload), options, form)


def _ensure_preview(upload: ResponseImport) -> ResponseImport:
    locked: ResponseImport = ResponseImport.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if locked.state != ImportState.PREVIEW:
        raise WrongStateError(_("These answers were taken over or discarded already."))
    return locked


@transaction.atomic
def set_columns(
    upload: ResponseImport,
    *,
    mapping: Mapping[int, str],
    options: Options | None = None,
    actor: Member | None,
) -> ResponseImport:
    """Say which column holds what and how the file writes answers; raises InvalidInputError naming the column."""
    _may(actor)
    locked = _ensure_preview(upload)
    _instrument, form = instrument_and_form(locked.wave_audience)
    chosen = {**mapping_of(locked), **mapping}
    check_columns(chosen, locked.header, form)
    if WEIGHT in chosen.values() and locked.wave_audience.audience != "customers":
        column = next(number for number, target in chosen.items() if target == WEIGHT)
        raise InvalidInputError(
            _("Only answers of customers can have weights; staff are asked as a whole."),
            fields={f"column-{column}": _("Leave this column out.")},
        )
    locked.mapping = _text_keys(chosen)
    if options is not None:
        check_options(options, form)
        locked.options = options.to_json()
    locked.save(update_fields=["mapping", "options"])
    return locked


@transaction.atomic
def confirm_answers(upload: ResponseImport, *, actor: Member | None) -> ResponseImport:
    """Make the rows released responses of their audience, all or none; a second call returns the same import.

    Answers taken over earlier for the audience are replaced. When no audience of the wave is left to be asked, the
    wave is closed and `wave_closed` is sent. Raises InvalidInputError naming row and column of what is wrong.
    """
    _may(actor)
    wave = Wave.objects.select_for_update(of=("self",)).get(audiences=upload.wave_audience_id)
    audience = WaveAudience.objects.select_for_update(of=("self",)).get(pk=upload.wave_audience_id)
    locked: ResponseImport = ResponseImport.objects.select_for_update(of=("self",)).get(pk=upload.pk)
    if locked.state == ImportState.CONFIRMED:
        return locked
    locked = _ensure_preview(locked)
    _ensure_takes(audience)
    _instrument, form = instrument_and_form(audience)
    checked = check_upload(locked, form)
    ensure_complete(checked, locked)
    Response.objects.filter(wave_audience=audience).delete()
    Response.objects.bulk_create(
        [_response(audience, form, checked, place) for place in range(len(checked.scores))], batch_size=CHUNK
    )
    _mark_collected(audience, locked, checked, form)
    locked.state, locked.rows = ImportState.CONFIRMED, []
    locked.result = {"n": len(checked.scores), "n_empty": checked.n_empty, "kept": checked.kept}
    locked.save(update_fields=["state", "rows", "result"])
    audit.record(
        "answers.taken_over", audience, actor=actor, label=f"{locked.filename}: {len(checked.scores)}"
    )
    _close_when_complete(wave)
    return locked


def ensure_complete(checked: CheckedAnswers, upload: ResponseImport) -> None:
    """Raise InvalidInputError unless some rating is mapped, some row has one, and no cell is wrong."""
    if not checked.columns:
        raise InvalidInputError(
            _("No column holds a rating yet. Say which column answers which question."),
            fields={"columns": _("Choose at least one question.")},
        )
    if checked.problems:
        named = {
            _("row %(row)s, column %(column)s") % {"row": problem.row, "column": problem.column}: (
                f"“{problem.cell}”: {problem.text}" if problem.cell else problem.text
            )
            for problem in checked.problems[:MAX_LISTED]
        }
        n = len(checked.problems)
        raise InvalidInputError(
            ngettext(
                "%(n)s cell cannot be taken over. Nothing was kept.",
                "%(n)s cells cannot be taken over. Nothing was kept.",
                n,
            )
            % {"n": n},
            fields=named,
        )
    if not checked.scores:
        raise InvalidInputError(
            _("No row of %(file)s holds a rating.") % {"file": upload.filename},
            fields={"rows": _("Nothing to take over.")},
        )


def _response(audience: WaveAudience, form: Form, checked: CheckedAnswers, place: int) -> Response:
    record: dict[str, Any] = {"choices": {}, "texts": {}}
    if checked.weights:
        record["weight"] = checked.weights[place]
    return Response(
        wave_audience=audience,
        scores=checked.scores[place],
        record=record,
        attributes=checked.attributes[place],
        flags=flag_response(form, checked.scores[place], seconds=None),
    )


def _mark_collected(
    audience: WaveAudience, upload: ResponseImport, checked: CheckedAnswers, form: Form
) -> None:
    mapping, options, now = mapping_of(upload), Options.from_json(upload.options), timezone.now()
    mapped = set(mapping.values())
    audience.source = {
        "filename": upload.filename,
        "content_hash": upload.content_hash,
        "taken_over_at": now.isoformat(),
        "slots": [slot.code for slot in form.slots if slot.code in mapped],
        "weighted": bool(checked.weights),
        "conversions": conversions_of(options, mapping, form),
        "columns": {upload.header[n]: target for n, target in mapping.items() if target != IGNORE},
        "options": options.to_json(),
        "n_empty": checked.n_empty,
    }
    audience.mode, audience.state = Mode.CONFIDENTIAL, AudienceState.RELEASED
    audience.opens_at, audience.closes_at = audience.opens_at or now, now
    audience.kept_attributes = checked.kept
    audience.link_key = audience.mixing_key = None
    audience.totals, audience.totals_at = {"finished": len(checked.scores)}, now
    audience.save()


def _close_when_complete(wave: Wave) -> None:
    if WaveAudience.objects.filter(wave=wave, state__in=UNFINISHED).exists():
        return
    now = timezone.now()
    wave.launched_at, wave.closed_at = wave.launched_at or now, wave.closed_at or now
    wave.keep_months = wave.keep_months or months_promised()
    wave.save(update_fields=["launched_at", "closed_at", "keep_months"])
    wave_closed.send(sender=Wave, wave=wave)


@transaction.atomic
def discard_answers(upload: ResponseImport, *, actor: Member | None) -> ResponseImport:
    """Throw an unconfirmed upload away with its rows."""
    _may(actor)
    locked = _ensure_preview(upload)
    locked.state, locked.rows, locked.result = ImportState.DISCARDED, [], {}
    locked.save(update_fields=["state", "rows", "result"])
    audit.record("answers.discarded", locked, actor=actor)
    return locked


@transaction.atomic
def take_over(
    *,
    audience: WaveAudience,
    filename: str,
    content: bytes,
    columns: Mapping[str, str] | None,
    options: Options | None,
    actor: Member | None,
) -> ResponseImport:
    """Read, map and confirm a file in one step, all or nothing; `columns` is header -> target, None = guessed.

    Raises InvalidInputError naming the row and column, or the column, of what is wrong.
    """
    upload = upload_answers(audience=audience, filename=filename, content=content, actor=actor)
    mapping = mapping_of(upload)
    if columns is not None:
        unknown = [name for name in columns if name not in upload.header]
        if unknown:
            raise InvalidInputError(
                _("The file has no column %(names)s.") % {"names": ", ".join(unknown)[:200]},
                fields={f"columns.{name}": _("No such column.") for name in unknown},
            )
        mapping = {number: columns.get(name, IGNORE) for number, name in enumerate(upload.header)}
    set_columns(upload, mapping=mapping, options=options, actor=actor)
    return confirm_answers(upload, actor=actor)


def sample_cells(table: AnswersTable | ResponseImport, column: int, n: int = 3) -> list[str]:
    """Return the first different cells of a column, for a look at what it holds."""
    found: list[str] = []
    for row in table.rows:
        cell = row[column] if column < len(row) else ""
        if cell and cell not in found:
            found.append(cell)
            if len(found) == n:
                break
    return found
