"""Dates of a plan: days of the client's calendar, whatever clocks do; the hours in which mails may leave."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from surveys.enums import Round
from surveys.plan import AudiencePlan, Window, at_local, dates_of, plan_for

VIENNA, NEW_YORK, APIA = ZoneInfo("Europe/Vienna"), ZoneInfo("America/New_York"), ZoneInfo("Pacific/Apia")
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
PLAN = {"reminder_days": [4, 9], "close_days": 14}
OFFICE = Window(time(8), time(18))


def local(moment: datetime, zone: ZoneInfo) -> str:
    return moment.astimezone(zone).strftime("%a %d %b %H:%M")


def plan(**more: object) -> AudiencePlan:
    return plan_for({**PLAN, **more}, "customers")


@pytest.mark.parametrize(
    ("zone", "starts", "reminder", "hours"),
    [
        (VIENNA, "2026-03-26T08:30", "Mon 30 Mar 08:30", 95),  # summer time begins on the 29th: an hour less
        (VIENNA, "2026-10-22T08:30", "Mon 26 Oct 08:30", 97),  # winter time begins on the 25th: an hour more
        (NEW_YORK, "2026-03-05T23:30", "Mon 09 Mar 23:30", 95),
        (APIA, "2026-03-02T09:00", "Fri 06 Mar 09:00", 96),
    ],
)
def test_nine_o_clock_stays_nine_o_clock(zone: ZoneInfo, starts: str, reminder: str, hours: int) -> None:
    dates = dates_of(plan(starts=starts), zone, now=LONG_AGO)
    first, second = dates.rounds[Round.INVITATION], dates.rounds[Round.REMINDER_1]
    assert local(second, zone) == reminder
    assert (second - first).total_seconds() == hours * 3600
    assert local(dates.closes_at, zone)[-5:] == starts[-5:]


def test_an_hour_that_does_not_exist_or_comes_twice_is_one_moment() -> None:
    missing = at_local(date(2026, 3, 29), time(2, 30), VIENNA)
    assert local(missing, VIENNA) == "Sun 29 Mar 03:30"
    twice = at_local(date(2026, 10, 25), time(2, 30), VIENNA)
    assert twice == datetime(2026, 10, 25, 0, 30, tzinfo=UTC)


def test_times_of_their_own_for_reminders_and_closing_and_a_final_one() -> None:
    dates = dates_of(
        plan(starts="2026-03-02T08:30", reminder_time="09:00", close_time="18:00", final_day=12),
        VIENNA,
        now=LONG_AGO,
    )
    shown = {code: local(moment, VIENNA) for code, moment in dates.rounds.items()}
    assert shown == {
        Round.INVITATION: "Mon 02 Mar 08:30",
        Round.REMINDER_1: "Fri 06 Mar 09:00",
        Round.REMINDER_2: "Wed 11 Mar 09:00",
        Round.FINAL: "Sat 14 Mar 09:00",
    }
    assert local(dates.closes_at, VIENNA) == "Mon 16 Mar 18:00"


def test_a_start_that_is_past_is_now_and_one_audience_may_differ() -> None:
    now = datetime(2026, 5, 4, 12, tzinfo=UTC)
    assert dates_of(plan(starts="2026-03-02T08:30"), VIENNA, now=now).opens_at == now
    own = plan_for({**PLAN, "audiences": {"managers": {"reminder_days": [2], "close_days": 5}}}, "managers")
    assert (own.reminder_days, own.close_days) == ((2,), 5)
    assert plan(audiences={"managers": {"close_days": 5}}).close_days == 14


@pytest.mark.parametrize(
    ("moment", "opens"),
    [
        ("2026-03-06T09:00", "Fri 06 Mar 09:00"),
        ("2026-03-06T07:59", "Fri 06 Mar 08:00"),
        ("2026-03-06T18:00", "Mon 09 Mar 08:00"),
        ("2026-03-07T12:00", "Mon 09 Mar 08:00"),
        ("2026-03-27T19:00", "Mon 30 Mar 08:00"),  # over the change to summer time
    ],
)
def test_mails_leave_in_the_window_alone(moment: str, opens: str) -> None:
    asked = datetime.fromisoformat(moment).replace(tzinfo=VIENNA)
    found = OFFICE.next_open(asked, VIENNA)
    assert local(found, VIENNA) == opens
    assert OFFICE.next_open(found, VIENNA) == found


def test_rounds_move_into_the_window_and_one_after_closing_is_left_out() -> None:
    window = {"from": "08:00", "until": "18:00", "weekends": False}
    dates = dates_of(
        plan(starts="2026-03-03T20:00", final_day=13, window=window, close_days=14, close_time="07:00"),
        VIENNA,
        now=LONG_AGO,
    )
    shown = {code: local(moment, VIENNA) for code, moment in dates.rounds.items()}
    assert shown[Round.INVITATION] == "Wed 04 Mar 08:00"
    assert shown[Round.REMINDER_1] == "Mon 09 Mar 08:00"
    assert (
        Round.FINAL not in shown
    )  # Monday 16 March at 20:00 would become the 17th at 8:00, after closing at 7:00
    assert local(dates.opens_at, VIENNA) == "Tue 03 Mar 20:00"
