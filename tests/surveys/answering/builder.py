"""Launched waves with people and links, made row by row: the tests of answering need no mail."""

from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import Any
from uuid import UUID

from django.utils import timezone

from practice.models import Practice
from practice.scope import practice_scope
from practice.sealing import wrap_key
from surveys import links
from surveys.instruments import Form, load_builtin
from surveys.mixer import MIXING
from surveys.models import LedgerEntry, Recipient, SurveyLink, Wave, WaveAudience
from tests.factories.practice import found_practice, make_engagement

numbers = count(1)


@dataclass
class Launched:
    """A launched audience with the links of its people, in the order of the roster."""

    practice: Practice
    wave_id: UUID
    audience_id: UUID
    tokens: list[str]
    recipient_ids: list[UUID]

    def audience(self) -> WaveAudience:
        """Return the audience as it is now (opens the scope itself)."""
        with practice_scope(self.practice):
            return WaveAudience.objects.select_related("wave").get(pk=self.audience_id)

    def change(self, **fields: Any) -> None:
        """Change the audience."""
        with practice_scope(self.practice):
            WaveAudience.objects.filter(pk=self.audience_id).update(**fields)

    def count(self, model: Any, **filters: Any) -> int:
        """Return the number of rows of the audience."""
        with practice_scope(self.practice):
            return model.objects.filter(wave_audience_id=self.audience_id, **filters).count()


def launch(
    people: int = 1,
    *,
    audience: str = "customers",
    mode: str = "confidential",
    attributes: Any = None,
    kept: tuple[str, ...] = (),
    **fields: Any,
) -> Launched:
    """Found a practice and launch one audience of so many people; `attributes` maps a number to attributes."""
    owner = found_practice(f"Practice {next(numbers)}")
    with practice_scope(owner.practice):
        instrument = load_builtin("die-crm")
        engagement = make_engagement(owner)
        wave = Wave.objects.create(
            engagement=engagement,
            name="Wave 1",
            instrument_code=instrument.code,
            instrument_version=instrument.version,
            instrument=instrument.as_dict(),
            plan={"reminder_days": [4, 9], "close_days": 14},
            launched_at=timezone.now(),
        )
        now = timezone.now()
        row = WaveAudience.objects.create(
            wave=wave,
            audience=audience,
            form=instrument.form_for(audience).code,
            mode=mode,
            kept_attributes=list(kept),
            link_key=links.new_link_key(),
            mixing_key=wrap_key(b"m" * 32, MIXING) if mode == "confidential" else None,
            **{"state": "open", "opens_at": now, "closes_at": now + timedelta(days=14), **fields},
        )
        persons = [
            Recipient(
                wave_audience=row,
                email=f"p{number}@example.org",
                email_key=f"p{number}@example.org",
                name=f"Person {number}",
                attributes=attributes(number) if attributes else {},
            )
            for number in range(people)
        ]
        Recipient.objects.bulk_create(persons)
        tokens = [links.token_for(row, person) for person in persons]
        SurveyLink.objects.bulk_create(
            SurveyLink(wave_audience=row, recipient=person, digest=links.digest_of(token))
            for person, token in zip(persons, tokens, strict=True)
        )
        LedgerEntry.objects.bulk_create(
            LedgerEntry(wave_audience=row, recipient=person) for person in persons
        )
    return Launched(owner.practice, wave.pk, row.pk, tokens, [person.pk for person in persons])


def form_of(audience: str = "customers") -> Form:
    """Return the default form of an audience."""
    return load_builtin("die-crm").form_for(audience)


def full_answers(form: Form, value: int = 5) -> dict[str, list[str]]:
    """Return an answer to every rating of a form, as its fields are posted."""
    return {slot.code: [str(min(max(value, slot.scale.low), slot.scale.high))] for slot in form.slots}
