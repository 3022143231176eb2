"""Why a mail waits stands in words at the mail, in the queue, in the field and in the API; nothing is invented."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from practice.clock import database_now
from practice.models import Member, SenderIdentity
from practice.scope import practice_scope
from surveys import turns
from surveys.enums import DeliveryState, HoldReason, Round
from surveys.mail import stopping
from surveys.mail.holds import hold_of_mail, holds_of
from surveys.mail.pace import held_by
from surveys.models import Delivery, MailPace, Recipient, Wave, WaveAudience
from surveys.services import field, queue
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.scripted import Script, scripted_server
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db
Act = Callable[[Wave, Member], object]


@pytest.fixture
def wave(owner_a: Member, settings: Any) -> Wave:
    settings.SMTP_HOST = "127.0.0.1"
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=24)
        return Wave.objects.get(pk=wave.pk)


def customers(wave: Wave) -> WaveAudience:
    return WaveAudience.objects.get(wave=wave, audience="customers")


def bounce_two(wave: Wave, _owner: Member) -> None:
    """Let two of twenty mails bounce; four are still to be sent."""
    rows = list(Delivery.objects.filter(round=Round.INVITATION).values_list("pk", flat=True))[:20]
    Delivery.objects.filter(pk__in=rows).update(state=DeliveryState.SENDING)
    Delivery.objects.filter(pk__in=rows[:2]).update(state=DeliveryState.BOUNCED_HARD)
    Delivery.objects.filter(pk__in=rows[2:]).update(state=DeliveryState.ACCEPTED)
    assert stopping.stop_if_needed(customers(wave))


def unverified(wave: Wave, _owner: Member) -> None:
    sender = SenderIdentity.objects.create(
        kind="smtp", from_name="Alder", from_address="survey@alder.example", host="mail.alder.example"
    )
    Wave.objects.filter(pk=wave.pk).update(sender=sender)


def closed_window(wave: Wave, _owner: Member) -> None:
    """Let mails leave in one minute of the day alone, and not in this one."""
    hour = (database_now().hour + 12) % 24
    window = {"from": f"{hour:02}:00", "until": f"{hour:02}:01", "weekends": True}
    Wave.objects.filter(pk=wave.pk).update(plan={**wave.plan, "window": window})


def server_down(wave: Wave, _owner: Member) -> None:
    WaveAudience.objects.filter(pk=customers(wave).pk).update(
        hold_until=database_now() + timedelta(minutes=1)
    )


def pace_used_up(_wave: Wave, _owner: Member) -> None:
    now = database_now().astimezone(UTC)
    tomorrow = (now + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
    MailPace.objects.create(per_day=20, used={"day": [f"{now:%Y-%m-%d}", 20]}, hold_until=tomorrow)


CASES: dict[str, tuple[Act, str]] = {
    "turn": (lambda _wave, _owner: None, "Waits for its turn; practices send one after the other."),
    "stopped": (bounce_two, "Stopped by itself: 2 of 20 mails bounced (10.0 %)."),
    "paused": (
        lambda wave, owner: field.pause_audience(customers(wave), actor=owner),
        "The audience is paused.",
    ),
    "mails_paused": (
        lambda wave, owner: queue.pause_mails(wave, actor=owner),
        "All mails of the wave are paused.",
    ),
    "sender": (unverified, "This sender is not verified: no mail leaves."),
    "hours": (closed_window, "Outside the hours in which mails leave."),
    "server": (server_down, "The mail server was in trouble; it is tried again soon."),
    "pace": (pace_used_up, "As many mails of the practice have left as may in a day."),
}


@pytest.mark.parametrize("code", CASES)
def test_what_holds_mails_is_said_everywhere(code: str, owner_a: Member, wave: Wave) -> None:
    act, words = CASES[code]
    with practice_scope(owner_a.practice):
        act(wave, owner_a)
        mail = Delivery.objects.filter(round=Round.INVITATION, state=DeliveryState.QUEUED).first()
        assert mail is not None
    browser = Client()
    browser.force_login(owner_a.user)
    base = f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/"
    assert words in browser.get(f"{base}field/mails/?show=waiting").content.decode()
    assert words in browser.get(f"{base}queue/").content.decode()
    assert (words in browser.get(f"{base}field/").content.decode()) is (code != "turn")
    assert f",{code}" in browser.get(f"{base}field/mails/export/?show=waiting").content.decode()
    call = caller(owner_a)
    rows = call("GET", f"waves/{wave.pk}/mails/?state=queued").json()["results"]
    assert {(row["hold"], row["hold_text"]) for row in rows} == {(code, words)}
    assert all((row["hold_until"] is not None) is (code in {"hours", "server", "pace"}) for row in rows)
    queued = call("GET", f"waves/{wave.pk}/queue/").json()
    assert [row["hold"] for row in queued if row["round"] == "invitation"] == [code]
    lasts = code in {"stopped", "paused", "mails_paused", "sender"}
    assert {row["hold"] for row in queued if row["round"] == "reminder_1"} == {code if lasts else ""}


def test_what_concerns_one_mail_goes_before_what_concerns_all(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        rows = list(
            Delivery.objects.filter(round=Round.INVITATION).select_related("recipient", "wave_audience")
        )
        capped, skipped, sent, suppressed, later = rows[:5]
        later.due_at = database_now() + timedelta(hours=1)
        capped.hold, sent.state = HoldReason.CAP, DeliveryState.ACCEPTED
        skipped.recipient.gets_no_more_mail = True
        suppressed.hold, suppressed.state = HoldReason.UNSUBSCRIBED, DeliveryState.SUPPRESSED
        holds, now = holds_of(wave), database_now()
        found = [hold_of_mail(row, holds, now) for row in (capped, skipped, sent, suppressed, later)]
    assert [hold and hold.code for hold in found] == ["cap", "skipped", None, "unsubscribed", None]
    assert found[0] is not None
    assert found[0].until == capped.due_at
    assert found[3] is not None
    assert (found[3].until, found[3].words) == (None, "The person unsubscribed")


def test_the_field_counts_mails_that_wait_for_persons_with_enough(owner_a: Member, wave: Wave) -> None:
    later = timezone.now() + timedelta(days=5)
    with practice_scope(owner_a.practice):
        some = Recipient.objects.filter(wave_audience__wave=wave).values_list("pk", flat=True)[:3]
        Delivery.objects.filter(recipient__in=list(some)).update(hold=HoldReason.CAP, due_at=later)
    browser = Client()
    browser.force_login(owner_a.user)
    page = browser.get(f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/field/").content.decode()
    assert "3 mails wait: these persons got enough mails for now." in page, (
        "reminders would tell who answered"
    )


@pytest.mark.parametrize(
    ("limits", "span"),
    [
        ({"per_hour": 25}, "hour"),
        ({"per_day": 25}, "day"),
        ({"warm_up": True}, "warm_up"),
        ({"warm_up": True, "per_day": 25}, "day"),
    ],
)
def test_the_limit_that_was_reached_is_named(
    limits: dict[str, Any], span: str, owner_a: Member, settings: Any
) -> None:
    with practice_scope(owner_a.practice):
        warm_up = database_now().astimezone(UTC).date() if limits.pop("warm_up", False) else None
        MailPace.objects.create(**limits, warm_up_from=warm_up)
        make_launched_wave(owner_a, customers=60)
        assert held_by(MailPace.objects.get(), database_now()) is None
    with scripted_server(settings, Script()):
        turns.send_in_turns(200)
    with practice_scope(owner_a.practice):
        row = MailPace.objects.get()
        held = held_by(row, database_now())
    assert held == (span, row.hold_until)


def test_at_midnight_the_limit_that_is_used_up_is_named() -> None:
    now = datetime(2026, 5, 4, 23, 59, 30, tzinfo=UTC)
    row = MailPace(
        per_minute=10,
        per_day=500,
        used={"minute": ["2026-05-04T23:59", 10], "day": ["2026-05-04", 80]},
        hold_until=datetime(2026, 5, 5, tzinfo=UTC),
    )
    assert held_by(row, now) == ("minute", row.hold_until)
    assert held_by(row, row.hold_until or now) is None


def test_the_log_costs_the_same_by_api_for_any_number_of_mails(owner_a: Member) -> None:
    call, counts = caller(owner_a), []
    for n in (1, 3):
        with practice_scope(owner_a.practice):
            wave = make_launched_wave(owner_a, customers=n)
        call("GET", f"waves/{wave.pk}/mails/")
        with CaptureQueriesContext(connection) as queries:
            assert len(call("GET", f"waves/{wave.pk}/mails/").json()["results"]) == n
        counts.append(len(queries))
    assert counts[0] == counts[1]
