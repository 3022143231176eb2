"""Rows in the numbers of a busy practice, written in bulk: people who wait, answers that are released."""

from collections.abc import Sequence
from datetime import timedelta

import numpy as np
from django.utils import timezone

from practice.models import Engagement, Member
from surveys.enums import AudienceState, Mode
from surveys.instruments import load_builtin
from surveys.models import LedgerEntry, Recipient, Response, Wave, WaveAudience
from surveys.simulation import SAMPLE_TRUTH, draw_responses
from tests.factories.surveys import make_wave

CHUNK = 2_000


def answered_wave(
    owner: Member,
    answers: dict[str, int],
    engagement: Engagement | None = None,
    people_per_answer: float = 1.6,
) -> Wave:
    """Return a released wave whose audiences have so many finished answers (the practice's scope must be open)."""
    wave = make_wave(owner, engagement)
    now = timezone.now()
    wave.launched_at = now - timedelta(days=20)
    wave.save(update_fields=["launched_at"])
    for place, (code, n) in enumerate(answers.items()):
        audience = WaveAudience.objects.get(wave=wave, audience=code)
        invite(audience, round(n * people_per_answer), submitted=n)
        respond(audience, n, seed=place)
        audience.state = AudienceState.RELEASED
        audience.opens_at, audience.closes_at = now - timedelta(days=20), now - timedelta(days=6)
        audience.mode = Mode.CONFIDENTIAL
        audience.save()
    return wave


def invite(audience: WaveAudience, n: int, *, submitted: int = 0) -> None:
    """Put people on the roster of an audience, of whom the first have answered."""
    people = [
        Recipient(
            wave_audience=audience,
            email=f"{audience.pk.hex[:8]}-{number}@example.org",
            email_key=f"{audience.pk.hex[:8]}-{number}@example.org",
            name=f"Person {number}",
            attributes={"Branch": f"Branch {number % 12}"},
        )
        for number in range(n)
    ]
    Recipient.objects.bulk_create(people, batch_size=CHUNK)
    entries = [
        LedgerEntry(wave_audience=audience, recipient=person, submitted=number < submitted)
        for number, person in enumerate(people)
    ]
    LedgerEntry.objects.bulk_create(entries, batch_size=CHUNK)


def respond(audience: WaveAudience, n: int, seed: int) -> None:
    """Give an audience so many drawn answers."""
    form = load_builtin("die-crm").form(audience.form)
    for start in range(0, n, CHUNK):
        drawn = draw_responses(
            form, SAMPLE_TRUTH, min(CHUNK, n - start), np.random.default_rng([seed, start])
        )
        Response.objects.bulk_create(
            [
                Response(
                    wave_audience=audience,
                    scores=person.scores,
                    record={"choices": person.choices, "texts": person.texts},
                    attributes={"Branch": f"Branch {number % 12}"},
                )
                for number, person in enumerate(drawn)
            ]
        )


def people_csv(n: int) -> bytes:
    """Return a list of people as a client sends it."""
    lines: Sequence[str] = [
        f"Person {number},person{number}@client{number % 50}.example,customers,Branch {number % 40},en"
        for number in range(n)
    ]
    return ("Name,E-mail,Audience,Branch,Language\r\n" + "\r\n".join(lines) + "\r\n").encode()
