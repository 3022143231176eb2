"""Before the launch the page says when the first mail leaves, in the client's zone, and "now" only when it does."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.utils import timezone

from practice.models import ClientOrganisation, Member
from practice.scope import practice_scope
from surveys.models import Delivery, Wave
from surveys.services.launch import launch_wave
from surveys.services.plan import update_plan
from tests.factories.surveys import add_people, make_wave
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db
AUCKLAND = ZoneInfo("Pacific/Auckland")


@pytest.fixture
def wave(owner_a: Member, settings: Any) -> Wave:
    settings.SMTP_HOST = "127.0.0.1"
    with practice_scope(owner_a.practice):
        ClientOrganisation.objects.update(time_zone="Pacific/Auckland")
        wave = make_wave(owner_a)
        ClientOrganisation.objects.update(time_zone="Pacific/Auckland")
        for audience, n in (("customers", 9), ("managers", 6)):
            add_people(wave, audience, n)
        return Wave.objects.get(pk=wave.pk)


def start(wave: Wave, owner: Member, audience: str = "") -> datetime:
    """Plan the start for nine o'clock in three days, in Auckland."""
    day = (timezone.now().astimezone(AUCKLAND) + timedelta(days=3)).date()
    starts = datetime.combine(day, time(9))
    with practice_scope(owner.practice):
        update_plan(wave, reminder_days=[4], close_days=14, starts=starts, audience=audience, actor=owner)
    return starts


def page(owner: Member, wave: Wave, more: str = "confirm/") -> str:
    browser = Client()
    browser.force_login(owner.user)
    url = f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/launch/{more}"
    return browser.get(url).content.decode()


def test_a_zone_that_nobody_chose_is_said_before_the_launch(owner_a: Member, wave: Wave) -> None:
    assert "All times are in UTC" not in page(owner_a, wave, "")
    with practice_scope(owner_a.practice):
        ClientOrganisation.objects.update(time_zone="UTC")
    for more in ("", "confirm/"):
        assert "All times are in UTC" in page(owner_a, wave, more)
    assert "Choose the time zone" in page(owner_a, wave, "")
    with practice_scope(owner_a.practice):
        launch_wave(wave=wave, actor=owner_a)
    assert "All times are in UTC" not in page(owner_a, wave, "")


def test_without_a_mail_server_nothing_is_said_to_leave(owner_a: Member, wave: Wave, settings: Any) -> None:
    settings.SMTP_HOST = ""
    html = page(owner_a, wave)
    assert "Mails are queued with this click" in html
    assert "This installation has no mail server" in html
    assert "The first mails leave" not in html


def test_a_start_with_the_launch_is_now(owner_a: Member, wave: Wave) -> None:
    html = page(owner_a, wave)
    assert "Send 15 invitations now?" in html
    assert "The first mails leave with this click" in html
    assert "First mails leave with the launch." in page(owner_a, wave, "")


def test_a_start_in_the_future_is_named_in_the_clients_zone(owner_a: Member, wave: Wave) -> None:
    starts = start(wave, owner_a)
    html = page(owner_a, wave)
    day = f"{starts.day} {starts:%B %Y}, 09:00"
    assert f"Send 15 invitations from {day} on?" in html
    assert f"The first mails leave on {starts:%a} {day}" in html
    assert "Time in Pacific/Auckland; nothing leaves before." in html
    assert "now?" not in html
    assert "with this click" not in html
    assert f"First mails leave on {starts.day} {starts:%B}, 09:00." in page(owner_a, wave, "")


def test_audiences_that_start_later_are_not_counted_as_now(owner_a: Member, wave: Wave) -> None:
    start(wave, owner_a, audience="managers")
    assert "Send 9 of 15 invitations now?" in page(owner_a, wave)


def test_hours_that_are_over_move_the_first_mail(owner_a: Member, wave: Wave) -> None:
    hour = (timezone.now().astimezone(AUCKLAND).hour + 12) % 24
    window = {"from": f"{hour:02}:00", "until": f"{hour:02}:30", "weekends": True}
    with practice_scope(owner_a.practice):
        update_plan(wave, reminder_days=[4], close_days=14, window=window, actor=owner_a)
    html = page(owner_a, wave)
    assert f"{hour:02}:00 on?" in html
    assert "with this click" not in html
    with practice_scope(owner_a.practice):
        assert not Delivery.objects.exists()


def test_the_clients_zone_is_read_and_written_by_api(owner_a: Member, wave: Wave) -> None:
    call = caller(owner_a)
    made = call("POST", "clients/", {"name": "Hafenbank", "time_zone": "Europe/Vienna"}).json()
    assert made["time_zone"] == "Europe/Vienna"
    path = f"clients/{made['id']}/"
    assert call("PATCH", path, {"time_zone": "Asia/Tokyo"}).json()["time_zone"] == "Asia/Tokyo"
    assert call("GET", path).json()["time_zone"] == "Asia/Tokyo"
    wrong = call("PATCH", path, {"time_zone": "Mars/Olympus"})
    assert (wrong.status_code, list(wrong.json()["fields"])) == (422, ["time_zone"])
    assert call("GET", path).json()["time_zone"] == "Asia/Tokyo"
