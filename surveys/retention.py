"""The promise of the page on data: once the months are over, answers and people of a wave are deleted.

The months are those that people were told, fixed at the launch. Dates decide: a copy of the database from before the
deletion deletes again by itself once it runs. What was computed stays; rooms above delete what they copied from answers
on `answers_deleted`.
"""

import calendar
from collections.abc import Mapping
from datetime import datetime
from typing import Final
from uuid import UUID

from django.db import connection, models
from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.models import Practice
from practice.scope import practice_scope, require_practice_id
from surveys.disclosure import safe_total
from surveys.enums import Mode
from surveys.models import (
    Delivery,
    Draft,
    LedgerEntry,
    PeopleImport,
    Recipient,
    Response,
    ResponseIdentity,
    ResponseImport,
    SpoolEntry,
    SurveyLink,
    Wave,
    WaveAudience,
)
from surveys.signals import answers_deleted

KEPT_WITH_AUDIENCE: Final[tuple[type[models.Model], ...]] = (
    Response,
    SpoolEntry,
    Draft,
    Delivery,
    SurveyLink,
    LedgerEntry,
    Recipient,
    ResponseImport,
)
"""What holds answers or persons, those first that others are not needed for."""
INVITED: Final = "invited"
"""Name under which the totals of an audience keep how many were invited, once nobody of them is there any more."""


def months_promised() -> int:
    """Return for how many months the practice in scope keeps answers of waves that are launched now."""
    practice = Practice.objects.get(pk=require_practice_id())
    return max(1, practice.retention_months)


def kept_months(wave: Wave) -> int:
    """Return for how many months after its end the answers of a wave are kept."""
    return wave.keep_months or months_promised()


def deletion_date(wave: Wave) -> datetime | None:
    """Return when answers and people of a wave are deleted; None until it is over."""
    return None if wave.closed_at is None else add_months(wave.closed_at, kept_months(wave))


def add_months(moment: datetime, months: int) -> datetime:
    """Return the same day and time so many months later; the last day of a month that has no such day."""
    place = moment.month - 1 + months
    year, month = moment.year + place // 12, place % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, calendar.monthrange(year, month)[1]))


def is_deletion_due(wave: Wave, now: datetime) -> bool:
    """Tell whether answers and people of a wave are to be deleted now."""
    date = deletion_date(wave)
    return wave.answers_deleted_at is None and date is not None and now >= date


def delete_answers(practice_id: UUID, wave_id: UUID) -> bool:
    """Delete answers and people of a wave whose time is over; False when it is not, or was done before.

    Each audience goes in a transaction of its own and the wave is marked last: what was interrupted is taken up again.
    """
    with practice_scope(practice_id):
        if not is_deletion_due(Wave.objects.get(pk=wave_id), timezone.now()):
            return False
        audiences = WaveAudience.objects.filter(wave=wave_id).order_by("audience", "channel")
        audience_ids = list(audiences.values_list("pk", flat=True))
    for audience_id in audience_ids:
        with practice_scope(practice_id):
            _empty(WaveAudience.objects.select_for_update(of=("self",)).get(pk=audience_id))
    with practice_scope(practice_id):
        return _finish(wave_id)


def _empty(audience: WaveAudience) -> None:
    """Delete everything about persons in one audience; how many there were stays, and is put on record."""
    counts = _delete_rows(audience)
    n_people, n_answers = counts[Recipient], counts[Response]
    if not any(counts.values()):
        return
    audience.totals = {INVITED: n_people, **audience.totals}
    audience.save(update_fields=["totals"])
    is_named = audience.mode == Mode.NAMED
    shown = n_answers if is_named else safe_total(n_answers)
    told = (
        _("%(people)s people and their answers")
        if shown is None
        else _("%(people)s people, %(answers)s answers")
    )
    label = told % {"people": n_people, "answers": shown}
    audit.record("audience.answers_deleted", audience, actor=None, label=f"{audience}: {label}")


def _delete_rows(audience: WaveAudience) -> Mapping[type[models.Model], int]:
    """Delete the rows of an audience by one statement for each table; returns how many there were."""
    counts: dict[type[models.Model], int] = {}
    ResponseIdentity.objects.filter(response__wave_audience=audience).delete()
    with connection.cursor() as cursor:
        for model in KEPT_WITH_AUDIENCE:
            statement = (
                f"DELETE FROM {model._meta.db_table} "  # noqa: S608  names of our own
                "WHERE practice_id = %s AND wave_audience_id = %s"
            )
            cursor.execute(statement, [require_practice_id(), audience.pk])
            counts[model] = cursor.rowcount
    return counts


def _finish(wave_id: UUID) -> bool:
    """Delete what belongs to the wave as a whole, let the rooms above forget, and mark the wave."""
    wave = Wave.objects.select_for_update(of=("self",)).get(pk=wave_id)
    if wave.answers_deleted_at is not None:
        return False
    PeopleImport.objects.filter(wave=wave).delete()
    answers_deleted.send(sender=Wave, wave=wave)
    wave.answers_deleted_at = timezone.now()
    wave.save(update_fields=["answers_deleted_at"])
    audit.record("wave.answers_deleted", wave, actor=None)
    return True
