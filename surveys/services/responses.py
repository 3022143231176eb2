"""Answers as rows, one per person, for statistics programs: only where the rules of disclosure allow rows at all.

Confidential audiences leave the platform as tables of groups, never as rows (docs/method.md, "Anonymity and
disclosure"): a row of fifty answers is a fingerprint. Rows exist for named audiences and for answers that the practice
itself collected elsewhere.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Count
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import WrongStateError
from practice.models import Member
from surveys.disclosure import is_publishable
from surveys.enums import AudienceState, Mode
from surveys.instruments import CANNOT_JUDGE, MISSING, NO_STANDARD, NOT_ASKED, Form, parse_instrument
from surveys.models import Response, ResponseIdentity, Wave, WaveAudience

Cell = str | int | float | None
CODES: Final = {
    MISSING: None,
    CANNOT_JUDGE: "cannot judge",
    NO_STANDARD: "no standard",
    NOT_ASKED: "not asked",
}
CHUNK: Final = 2_000


@dataclass(frozen=True, slots=True)
class ResponseRows:
    """A header and the rows below it; empty cells are answers that were not given."""

    header: tuple[str, ...]
    rows: Iterator[list[Cell]]


def why_withheld(audience: WaveAudience, n: int) -> str:
    """Return why the answers of an audience are not handed out as rows, or an empty text when they are."""
    is_own = bool(audience.source)
    is_named = audience.mode == Mode.NAMED
    if not is_named and not is_own:
        return _("Confidential: its answers leave as tables of groups, never as rows of persons.")
    if is_own and audience.state != AudienceState.RELEASED:
        return _("Its answers are not released yet.")
    if n == 0:
        return _("Nobody has answered.")
    if not is_publishable(audience.audience, n, named=is_named):
        return _("Too few answers: one person would be recognised.")
    return ""


def count_by_audience(wave: Wave) -> dict[UUID, int]:
    """Return the number of finished answers by audience id, for those that have any."""
    rows = Response.objects.filter(wave_audience__wave=wave).values_list("wave_audience_id")
    return dict(rows.annotate(n=Count("pk")).order_by())


@transaction.atomic
def export_responses(audience: WaveAudience, *, actor: Member) -> ResponseRows:
    """Return the answers of an audience as rows and put the export on record; raises WrongStateError when withheld."""
    if reason := why_withheld(audience, Response.objects.filter(wave_audience=audience).count()):
        raise WrongStateError(reason)
    audit.record("answers.exported", audience, actor=actor)
    instrument = parse_instrument(audience.wave.instrument, source=f"wave {audience.wave_id}")
    form = instrument.form(audience.form)
    others = [question for page in form.pages for question in page.questions if not question.slots]
    texts = [question.code for question in others if question.kind == "text"]
    choices = [question.code for question in others if question.kind in {"choice", "multi"}]
    is_named, is_weighted = audience.mode == Mode.NAMED, bool(audience.source.get("weighted"))
    header = [
        "response",
        *(["email", "name"] if is_named else []),
        *audience.kept_attributes,
        *(slot.code for slot in form.slots),
        *choices,
        *(texts if is_named else []),
        *(["weight"] if is_weighted else []),
        "flags",
    ]
    rows = _rows(audience, form, choices, texts if is_named else [], is_weighted=is_weighted)
    return ResponseRows(tuple(header), rows)


def _rows(
    audience: WaveAudience, form: Form, choices: list[str], texts: list[str], *, is_weighted: bool
) -> Iterator[list[Cell]]:
    persons = _persons(audience)
    stored = Response.objects.filter(wave_audience=audience).order_by("pk")
    fields = stored.values_list("pk", "scores", "record", "attributes", "flags")
    for number, (pk, scores, record, attributes, flags) in enumerate(fields.iterator(CHUNK), start=1):
        row: list[Cell] = [number]
        if audience.mode == Mode.NAMED:
            row += persons.get(pk, ("", ""))
        row += [attributes.get(name) for name in audience.kept_attributes]
        row += [CODES.get(score, score) for score in scores]
        ticked = record.get("choices", {})
        for code in choices:
            found = ticked.get(code)
            row.append("; ".join(found) if isinstance(found, list) else found)
        if texts:
            written = record.get("texts", {})
            row += [written.get(code) for code in texts]
        if is_weighted:
            row.append(record.get("weight"))
        row.append("; ".join(flags))
        yield row


def _persons(audience: WaveAudience) -> dict[object, tuple[str, str]]:
    if audience.mode != Mode.NAMED:
        return {}
    found = ResponseIdentity.objects.filter(response__wave_audience=audience)
    rows = found.values_list("response_id", "recipient__email", "recipient__name")
    return {response: (email, name) for response, email, name in rows}
