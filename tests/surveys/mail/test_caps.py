"""Not more than so many mails to one person in seven days: the rest waits, says why, and goes out when it may."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, HoldReason
from surveys.mail import sending
from surveys.models import Delivery, Recipient, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.surveys import make_wave
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db


def ask(owner: Member, email: str, *, kind: str = "live", audience: str = "customers") -> WaveAudience:
    """Launch a wave of an engagement of its own for one person; all three mails are due at once."""
    wave = make_wave(owner, kind=kind)
    row = WaveAudience.objects.get(wave=wave, audience=audience)
    Recipient.objects.create(wave_audience=row, email=email, email_key=email.casefold())
    launch_wave(wave=wave, actor=owner)
    Delivery.objects.filter(wave_audience=row).update(due_at=timezone.now())
    return row


def waiting(owner: Member) -> list[Delivery]:
    with practice_scope(owner.practice):
        return list(Delivery.objects.filter(hold=HoldReason.CAP).order_by("due_at"))


def send(owner: Member, *audiences: WaveAudience) -> int:
    return sum(sending.send_due(owner.practice_id, audience.pk) for audience in audiences)


def test_the_fifth_mail_of_a_week_waits_and_is_not_lost(owner_a: Member, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        first, second = ask(owner_a, "Ann@example.org"), ask(owner_a, "ann@Example.org".lower())
    with scripted_server(settings, Script()) as script:
        assert send(owner_a, first, second) == 4
        held = waiting(owner_a)
        assert [row.state for row in held] == [DeliveryState.PLANNED] * 2
        assert all(timedelta(days=6) < row.due_at - timezone.now() <= timedelta(days=7) for row in held)
        assert held[0].get_hold_display().startswith("Enough mails")
        assert send(owner_a, first, second) == 0
        with practice_scope(owner_a.practice):
            Delivery.objects.exclude(accepted_at=None).update(accepted_at=timezone.now() - timedelta(days=8))
            Delivery.objects.filter(hold=HoldReason.CAP).update(due_at=timezone.now())
        assert send(owner_a, first, second) == 2
        assert len(script.mails) == 6
    assert waiting(owner_a) == []


def test_one_batch_counts_its_own_mails(owner_a: Member, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        owner_a.practice.mails_per_week = 1
        owner_a.practice.save()
        row = ask(owner_a, "ann@example.org")
    with scripted_server(settings, Script()):
        assert send(owner_a, row) == 1
    assert len(waiting(owner_a)) == 2


def test_a_mail_on_its_way_counts(owner_a: Member, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        owner_a.practice.mails_per_week = 3
        owner_a.practice.save()
        first, second = ask(owner_a, "ann@example.org"), ask(owner_a, "ann@example.org")
        claimed = sending.claim_batch(first.pk)
    assert claimed is not None
    assert len(claimed) == 3
    with scripted_server(settings, Script()):
        assert send(owner_a, second) == 0
    assert len(waiting(owner_a)) == 3


def test_others_and_other_practices_do_not_count(owner_a: Member, owner_b: Member, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        mine = [ask(owner_a, "ann@example.org"), ask(owner_a, "bob@example.org")]
    with practice_scope(owner_b.practice):
        theirs = ask(owner_b, "ann@example.org")
    with scripted_server(settings, Script()):
        assert send(owner_a, *mine) == 6
        assert send(owner_b, theirs) == 3


def test_tests_are_neither_held_nor_counted(owner_a: Member, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        tests = [ask(owner_a, "ann@example.org", kind="test") for _time in range(2)]
        live = ask(owner_a, "ann@example.org")
    with scripted_server(settings, Script()):
        assert send(owner_a, *tests) == 6
        assert send(owner_a, live) == 3
