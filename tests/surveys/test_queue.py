"""The queue of future mails: counted by day, round and audience; paused, skipped, moved; nobody's answer shows."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from practice.enums import Role
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, ClientOrganisation, Member
from practice.scope import practice_scope
from surveys import lookups
from surveys.enums import AudienceState, DeliveryState, Mode, Round
from surveys.mail import sending
from surveys.mail_queue import queue_of
from surveys.models import Delivery, LedgerEntry, Recipient, Wave, WaveAudience
from surveys.services import field, queue
from surveys.services.launch import join_running_plan, launch_wave
from surveys.services.plan import update_plan
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_launched_wave, make_wave
from tests.surveys.mail.scripted import Script, scripted_server
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db
VIENNA = ZoneInfo("Europe/Vienna")


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        return make_launched_wave(owner_a, customers=7, managers=6)


def audience_of(wave: Wave, code: str = "customers") -> WaveAudience:
    return WaveAudience.objects.get(wave=wave, audience=code)


def rounds_of(wave: Wave) -> list[tuple[str, str, int | None]]:
    return [(item.round, item.audience.audience, item.n) for item in queue_of(Wave.objects.get(pk=wave.pk))]


def make_due(round_code: str) -> None:
    Delivery.objects.filter(round=round_code).update(due_at=timezone.now() - timedelta(seconds=1))


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(owner: Member, wave: Wave, more: str = "") -> str:
    return f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/queue/{more}"


def test_mails_to_come_are_counted_by_round_and_audience(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        assert rounds_of(wave) == [
            ("invitation", "customers", 7), ("invitation", "managers", 6),
            ("reminder_1", "customers", 7), ("reminder_1", "managers", 6),
            ("reminder_2", "customers", 7), ("reminder_2", "managers", 6),
        ]  # fmt: skip


def test_days_are_those_of_the_client(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        ClientOrganisation.objects.update(time_zone="Pacific/Auckland")
        add_people(wave, "customers", 5)
        wave = Wave.objects.get(pk=wave.pk)
        launch_wave(wave=wave, actor=owner_a, opens_at=datetime(2027, 3, 1, 20, tzinfo=UTC))
        days = [item.day.isoformat() for item in queue_of(Wave.objects.get(pk=wave.pk))]
    assert days == ["2027-03-02", "2027-03-06", "2027-03-11"]


def test_a_due_reminder_tells_no_number_of_who_has_not_answered(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        make_due(Round.REMINDER_1)
        LedgerEntry.objects.filter(wave_audience__audience="customers").update(submitted=True)
        shown = {row[:2]: row[2] for row in rounds_of(wave)}
        assert shown["reminder_1", "customers"] is None
        assert shown["reminder_2", "customers"] == 7
        assert audience_of(wave).mode == Mode.CONFIDENTIAL


def test_paused_mails_wait_and_leave_when_it_goes_on(owner_a: Member, wave: Wave, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        queue.pause_mails(wave, actor=owner_a)
        queue.pause_mails(wave, actor=owner_a)
        audience = audience_of(wave)
        assert audience.state == AudienceState.OPEN
        assert AuditEntry.objects.filter(verb="mails.paused").count() == 2
    assert lookups.audiences_with_due_mails() == []
    with scripted_server(settings, Script()) as server:
        assert sending.send_due(owner_a.practice_id, audience.pk) == 0
        with practice_scope(owner_a.practice):
            queue.resume_mails(wave, actor=owner_a)
        assert sending.send_due(owner_a.practice_id, audience.pk) == 7
    assert len(server.mails) == 7


def test_a_skipped_round_does_not_leave_and_can_be_taken_up_again(
    owner_a: Member, wave: Wave, settings: Any
) -> None:
    with practice_scope(owner_a.practice):
        audience = audience_of(wave)
        queue.skip_round(audience, round_code=Round.REMINDER_1, actor=owner_a)
        queue.skip_round(audience, round_code=Round.REMINDER_2, actor=owner_a)
        queue.skip_round(audience, round_code=Round.REMINDER_2, actor=owner_a, skip=False)
        with pytest.raises(WrongStateError):
            queue.skip_round(audience, round_code=Round.INVITATION, actor=owner_a)
        with pytest.raises(WrongStateError):
            queue.skip_round(audience, round_code=Round.FINAL, actor=owner_a)
        make_due(Round.REMINDER_1)
        make_due(Round.REMINDER_2)
    with scripted_server(settings, Script()):
        assert sending.send_due(owner_a.practice_id, audience.pk) == 14
    with practice_scope(owner_a.practice):
        mine = Delivery.objects.filter(wave_audience=audience)
        found = set(mine.filter(round=Round.REMINDER_1).values_list("state", flat=True))
        assert found == {DeliveryState.CANCELLED}
        found = set(mine.filter(round=Round.REMINDER_2).values_list("state", flat=True))
        assert found == {DeliveryState.ACCEPTED}


def test_a_moved_round_leaves_then_and_late_people_join_it(owner_a: Member, wave: Wave) -> None:
    later = timezone.now() + timedelta(days=6)
    with practice_scope(owner_a.practice):
        audience = audience_of(wave)
        queue.move_round(audience, round_code=Round.REMINDER_1, at=later, actor=owner_a)
        for wrong in (timezone.now(), timezone.now() + timedelta(days=20)):
            with pytest.raises(InvalidInputError):
                queue.move_round(audience, round_code=Round.REMINDER_1, at=wrong, actor=owner_a)
        audience = audience_of(wave)
        late = add_people(wave, "customers", 1)
        join_running_plan(audience, late, actor=owner_a)
        mine = Delivery.objects.filter(wave_audience=audience, round=Round.REMINDER_1)
        assert set(mine.values_list("due_at", flat=True)) == {later}
        assert mine.count() == 8
        assert Delivery.objects.filter(recipient=late[0].pk).count() == 3


def test_a_scheduled_start_moves_with_its_invitations(owner_a: Member) -> None:
    start = timezone.now() + timedelta(days=2)
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 5)
        launch_wave(wave=wave, actor=owner_a, opens_at=start)
        audience = audience_of(wave)
        assert audience.state == AudienceState.SCHEDULED
        earlier = timezone.now() + timedelta(days=1)
        queue.move_round(audience, round_code=Round.INVITATION, at=earlier, actor=owner_a)
        assert audience_of(wave).opens_at == earlier
        assert field.pause_audience(audience, actor=owner_a).state == AudienceState.PAUSED
        assert field.resume_audience(audience, actor=owner_a).state == AudienceState.SCHEDULED


def test_one_persons_mails_are_skipped_and_taken_up_again(owner_a: Member, wave: Wave, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        one, other = Recipient.objects.filter(wave_audience__wave=wave)[:2]
        queue.skip_person(one, actor=owner_a)
        queue.skip_person(other, actor=owner_a)
        queue.skip_person(other, actor=owner_a, skip=False)
        assert ("invitation", "customers", 6) in rounds_of(wave)
        audience = audience_of(wave)
    with scripted_server(settings, Script()) as server:
        assert sending.send_due(owner_a.practice_id, audience.pk) == 6
    assert one.email not in {address for address, _mail in server.mails}
    assert other.email in {address for address, _mail in server.mails}


def test_plan_of_the_clients_day_and_hour_reaches_the_rows(owner_a: Member) -> None:
    day = (
        (timezone.now() + timedelta(days=3))
        .astimezone(VIENNA)
        .replace(hour=8, minute=30, second=0, microsecond=0)
    )
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        ClientOrganisation.objects.update(time_zone="Europe/Vienna")
        wave = Wave.objects.get(pk=wave.pk)
        add_people(wave, "customers", 5)
        add_people(wave, "managers", 5)
        common: dict[str, Any] = {"reminder_days": [4, 9], "close_days": 14, "actor": owner_a}
        update_plan(wave, **common, final_day=12, starts=day.replace(tzinfo=None))
        update_plan(wave, reminder_days=[2], close_days=5, audience="managers", actor=owner_a)
        launch_wave(wave=Wave.objects.get(pk=wave.pk), actor=owner_a)
        rows = Delivery.objects.filter(wave_audience__audience="customers").order_by("due_at")
        found = {row.round: row.due_at.astimezone(VIENNA).strftime("%H:%M") for row in rows}
        assert found == {
            "invitation": "08:30",
            "reminder_1": "08:30",
            "reminder_2": "08:30",
            "final": "08:30",
        }
        assert set(
            Delivery.objects.filter(wave_audience__audience="managers").values_list("round", flat=True)
        ) == {"invitation", "reminder_1"}
        assert audience_of(wave).state == AudienceState.SCHEDULED
        assert audience_of(wave, "managers").state == AudienceState.OPEN


def test_the_page_steers(owner_a: Member, wave: Wave) -> None:
    browser = signed_in(owner_a)
    page = browser.get(url(owner_a, wave)).content.decode()
    assert "Customers: to at most 7 people" in page
    with practice_scope(owner_a.practice):
        audience = audience_of(wave)
        person = Recipient.objects.filter(wave_audience=audience)[0]
    rounds = url(owner_a, wave, f"{audience.pk}/reminder_1/")
    for act, fields in (
        (url(owner_a, wave, "pause/"), {}), (url(owner_a, wave, "resume/"), {}),
        (f"{rounds}skip/", {}), (f"{rounds}restore/", {}),
        (f"{rounds}move/", {"day": "2001-01-01", "clock": "09:00"}), (f"{rounds}move/", {"day": "soon"}),
        (f"{rounds}move/", {"day": (timezone.now() + timedelta(days=5)).date().isoformat(), "clock": "09:00"}),
        (url(owner_a, wave, f"people/{person.pk}/skip/"), {}),
    ):  # fmt: skip
        assert browser.post(act, fields).status_code == 302, act
    page = browser.get(url(owner_a, wave, f"?q={person.email}")).content.decode()
    assert "no further mails" in page
    assert "09:00" in page
    assert browser.post(url(owner_a, wave, f"people/{person.pk}/restore/")).status_code == 302
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    reader = signed_in(analyst)
    assert "Pause all mails" not in reader.get(url(owner_a, wave)).content.decode()
    assert reader.post(url(owner_a, wave, "pause/")).status_code == 403


def test_the_page_costs_the_same_for_every_size(owner_a: Member) -> None:
    counts = set()
    browser = signed_in(owner_a)
    for people in ({"customers": 1}, {"customers": 12, "managers": 6, "front_line": 8, "crm_team": 5}):
        with practice_scope(owner_a.practice):
            wave = make_launched_wave(owner_a, **people)
        with CaptureQueriesContext(connection) as queries:
            browser.get(url(owner_a, wave, "?q=example"))
        counts.add(len(queries))
    assert len(counts) == 1


def test_plan_and_queue_by_api(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    with practice_scope(owner_a.practice):
        draft = make_wave(owner_a)
        audience = audience_of(wave)
        person = Recipient.objects.filter(wave_audience=audience)[0]
    body = {"reminder_days": [3], "final_day": 8, "close_days": 10, "reminder_time": "09:00",
            "window": {"window_from": "08:00", "window_until": "18:00", "weekends": False}}  # fmt: skip
    kept = call("PUT", f"waves/{draft.pk}/plan/", body).json()
    assert kept["all"]["window"] == body["window"]
    assert call("PUT", f"waves/{draft.pk}/plan/?audience=managers", body).json()["audiences"].keys() == {
        "managers"
    }
    assert call("PUT", f"waves/{wave.pk}/plan/", body).status_code == 409
    for wrong in ({"final_day": 2}, {"starts": "soon"}, {"starts": "2001-01-01T08:00"}, {"close_days": 0}):
        assert call("PUT", f"waves/{draft.pk}/plan/", {**body, **wrong}).status_code == 422, wrong
    assert len(call("GET", f"waves/{wave.pk}/queue/").json()) == 6
    assert all(row["is_paused"] for row in call("POST", f"waves/{wave.pk}/queue/pause/").json())
    assert not any(row["is_paused"] for row in call("POST", f"waves/{wave.pk}/queue/resume/").json())
    rounds = f"audiences/{audience.pk}/rounds/reminder_1/"
    assert sum(row["is_skipped"] for row in call("POST", f"{rounds}skip/").json()) == 1
    assert sum(row["is_skipped"] for row in call("POST", f"{rounds}restore/").json()) == 0
    later = (timezone.now() + timedelta(days=5)).isoformat()
    assert call("POST", f"{rounds}move/", {"at": later}).status_code == 200
    assert call("POST", f"{rounds}move/", {"at": "2001-01-01T00:00:00Z"}).status_code == 422
    for act in ("skip", "restore"):
        assert call("POST", f"waves/{wave.pk}/people/{person.pk}/mails/{act}/").status_code == 204


def test_the_pace_of_a_practice_is_set_by_its_owner(owner_a: Member) -> None:
    browser, page = signed_in(owner_a), f"/p/{owner_a.practice.slug}/settings/mail/pace/"
    assert browser.post(page, {"per_minute": "0"}).status_code == 422
    assert browser.post(page, {"per_minute": "60", "warm_up_from": "2026-05-04"}).status_code == 302
    assert 'value="60"' in browser.get(page).content.decode()
    with practice_scope(owner_a.practice):
        assert AuditEntry.objects.filter(verb="mails.paced").count() == 1
        consultant = make_member(owner_a, Role.CONSULTANT)
    assert signed_in(consultant).get(page).status_code == 403
