"""Rows of the surveys room, made by its own services."""

import itertools

from practice.models import Engagement, Member
from surveys.models import Recipient, Wave, WaveAudience
from surveys.services.launch import launch_wave
from surveys.services.waves import create_wave
from tests.factories.practice import make_engagement

numbers = itertools.count(1)


def make_wave(actor: Member, engagement: Engagement | None = None, *, kind: str = "live") -> Wave:
    """Create a wave of die-crm with all four audiences (scope must be open)."""
    return create_wave(engagement=engagement or make_engagement(actor), actor=actor, kind=kind)


def add_people(wave: Wave, audience: str, n: int, **attributes: str) -> list[Recipient]:
    """Put people on the roster of an audience."""
    row = WaveAudience.objects.get(wave=wave, audience=audience)
    people = []
    for _person in range(n):
        email = f"{audience}{next(numbers)}@example.org"
        people.append(
            Recipient(
                wave_audience=row, email=email, email_key=email, name="Ada O'Brien", attributes=attributes
            )
        )
    return Recipient.objects.bulk_create(people)


def make_launched_wave(actor: Member, **people: int) -> Wave:
    """Create and launch a wave with so many people per audience."""
    wave = make_wave(actor)
    for audience, n in (people or {"customers": 12}).items():
        add_people(wave, audience, n)
    return launch_wave(wave=wave, actor=actor)
