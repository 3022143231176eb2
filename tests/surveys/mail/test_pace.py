"""Pace: limits per minute, hour and day hold for all workers; warm-up; nobody waits for another practice's mails."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from practice.models import Member
from practice.scope import practice_scope
from surveys import lookups, turns
from surveys.mail import pace
from surveys.models import MailPace, WaveAudience
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 5, 4, 12, 0, 30, tzinfo=UTC)


def limit(owner: Member, **limits: Any) -> None:
    with practice_scope(owner.practice):
        MailPace.objects.create(**limits)


def launch(owner: Member, **people: int) -> None:
    with practice_scope(owner.practice):
        make_launched_wave(owner, **people)


def row_of(owner: Member) -> MailPace:
    with practice_scope(owner.practice):
        return MailPace.objects.get()


@pytest.mark.parametrize("span", ["per_hour", "per_day"])
def test_a_limit_holds_the_rest_until_the_next_span(span: str, owner_a: Member, settings: Any) -> None:
    limit(owner_a, **{span: 25})
    launch(owner_a, customers=60)
    with scripted_server(settings, Script()) as server:
        assert not turns.send_in_turns(200)
        assert len(server.mails) == 25
        held = row_of(owner_a).hold_until
        assert held is not None
        assert held > timezone.now()
        assert lookups.audiences_with_due_mails() == []
        with practice_scope(owner_a.practice):
            MailPace.objects.update(used={}, hold_until=timezone.now())  # the next span has begun
        turns.send_in_turns(200)
    assert len(server.mails) == 50


def test_what_was_taken_and_not_needed_is_given_back(owner_a: Member, settings: Any) -> None:
    limit(owner_a, per_day=25)
    launch(owner_a, customers=6)
    launch(owner_a, customers=6)
    with scripted_server(settings, Script()) as server:
        turns.send_in_turns(200)
    assert len(server.mails) == 12
    assert row_of(owner_a).used["day"][1] == 12


def test_the_warm_up_doubles_every_day_and_ends() -> None:
    row = MailPace(warm_up_from=NOON.date(), per_day=1_000)
    allowed = [pace.limits_on(row, NOON + timedelta(days=day))["day"] for day in range(10)]
    assert allowed == [50, 100, 200, 400, 800, 1_000, 1_000, 1_000, 1_000, 1_000]
    unlimited = MailPace(warm_up_from=NOON.date())
    assert pace.limits_on(unlimited, NOON + timedelta(days=8)) == {"day": 12_800}
    assert pace.limits_on(unlimited, NOON + timedelta(days=9)) == {}


def test_spans_end_with_the_calendar() -> None:
    assert pace.next_of("minute", NOON) == datetime(2026, 5, 4, 12, 1, tzinfo=UTC)
    assert pace.next_of("hour", NOON) == datetime(2026, 5, 4, 13, tzinfo=UTC)
    assert pace.next_of("day", NOON) == datetime(2026, 5, 5, tzinfo=UTC)


def test_the_practice_that_waited_longest_sends_next(
    owner_a: Member, owner_b: Member, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "TURN", 20)
    launch(owner_a, customers=100)
    with scripted_server(settings, Script()) as server:
        assert turns.send_in_turns(40)
        launch(owner_b, customers=20)
        server.mails.clear()
        assert turns.send_in_turns(40)
    theirs = [address for address, mail in server.mails if b"Birch" in mail]
    assert len(theirs) == 20
    assert len(server.mails) == 40
    assert b"Birch" in server.mails[0][1]


def test_a_practice_that_has_a_turn_now_is_not_woken_up_again(owner_a: Member, owner_b: Member) -> None:
    launch(owner_a, customers=5)
    launch(owner_b, customers=5)
    with practice_scope(owner_a.practice):
        pace.begin_turn()
    idle = {practice_id for practice_id, _audience in lookups.audiences_with_due_mails(idle_seconds=20)}
    assert idle == {owner_b.practice_id}
    assert len(lookups.audiences_with_due_mails()) == 2


def test_an_audience_whose_server_is_in_trouble_is_held_for_a_minute_and_holds_nobody_else(
    owner_a: Member, owner_b: Member, settings: Any
) -> None:
    launch(owner_a, customers=30)
    with scripted_server(settings, Script(sender="451 4.3.0 try later")):
        assert not turns.send_in_turns(200)
    with practice_scope(owner_a.practice):
        held = WaveAudience.objects.get(audience="customers").hold_until
    assert held is not None
    assert timedelta(seconds=50) < held - timezone.now() <= timedelta(seconds=60)
    launch(owner_a, customers=5)
    launch(owner_b, customers=5)
    with scripted_server(settings, Script()) as server:
        assert not turns.send_in_turns(200)
    assert len(server.mails) == 10


def test_mails_wait_for_the_hours_in_which_they_may_leave(owner_a: Member, settings: Any) -> None:
    launch(owner_a, customers=5)
    now = timezone.now()
    closed = {"from": (now + timedelta(hours=2)).strftime("%H:00"), "until": "23:59", "weekends": True}
    if now.hour >= 21:
        closed = {"from": "00:00", "until": "00:01", "weekends": True}
    with practice_scope(owner_a.practice):
        audience = WaveAudience.objects.get(audience="customers")
        audience.wave.plan = {**audience.wave.plan, "window": closed}
        audience.wave.save()
    with scripted_server(settings, Script()) as server:
        turns.send_in_turns(200)
        assert server.mails == []
        assert lookups.audiences_with_due_mails() == []
        with practice_scope(owner_a.practice):
            audience.refresh_from_db()
            assert audience.hold_until is not None
            assert audience.hold_until > now
            WaveAudience.objects.update(hold_until=None)
            audience.wave.plan = {
                **audience.wave.plan, "window": {"from": "00:00", "until": "23:59:59.999999", "weekends": True}
            }  # fmt: skip
            audience.wave.save()
        turns.send_in_turns(200)
    assert len(server.mails) == 5
