"""The launch plan as it stands in a wave: dates in the client's time zone, counted in days of the calendar there.

`Wave.plan` holds `reminder_days`, `final_day`, `close_days`, `starts` (local, ISO, "" = with the launch),
`reminder_time` and `close_time` (local, "" = the time of the start), `window` ({"from", "until", "weekends"} or None),
and under `audiences` what differs for one audience. Days are days of the calendar: nine o'clock stays nine o'clock when
clocks change.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from surveys.enums import Round

SATURDAY = 5
PLAN_KEYS = ("reminder_days", "final_day", "close_days", "starts", "reminder_time", "close_time", "window")


@dataclass(frozen=True, slots=True)
class Window:
    """When mails may leave: between two times of the day, and on weekends or not."""

    opens: time
    closes: time
    with_weekends: bool = False

    def next_open(self, moment: datetime, zone: ZoneInfo) -> datetime:
        """Return the moment itself if mails may leave then, otherwise the next one at which they may."""
        local = moment.astimezone(zone)
        if self._takes(local.date()) and self.opens <= local.time() < self.closes:
            return moment
        day = local.date() + timedelta(days=int(local.time() >= self.opens))
        while not self._takes(day):
            day += timedelta(days=1)
        return at_local(day, self.opens, zone)

    def _takes(self, day: date) -> bool:
        return self.with_weekends or day.weekday() < SATURDAY


@dataclass(frozen=True, slots=True)
class AudiencePlan:
    """What is planned for one audience; days count from the start."""

    reminder_days: tuple[int, ...]
    final_day: int | None
    close_days: int
    starts: datetime | None
    """Local and without a zone; None = with the launch."""
    reminder_time: time | None
    close_time: time | None
    window: Window | None


@dataclass(frozen=True, slots=True)
class Dates:
    """When the mails of each round leave and when the audience closes, as moments."""

    opens_at: datetime
    closes_at: datetime
    rounds: Mapping[str, datetime]


def plan_for(plan: Mapping[str, Any], audience: str) -> AudiencePlan:
    """Return what a wave's plan says for one audience."""
    own = {**plan, **plan.get("audiences", {}).get(audience, {})}
    window = own.get("window")
    return AudiencePlan(
        reminder_days=tuple(own["reminder_days"]),
        final_day=own.get("final_day"),
        close_days=own["close_days"],
        starts=datetime.fromisoformat(own["starts"]) if own.get("starts") else None,
        reminder_time=_time(own.get("reminder_time")),
        close_time=_time(own.get("close_time")),
        window=Window(_time_of(window["from"]), _time_of(window["until"]), bool(window.get("weekends")))
        if window
        else None,
    )


def dates_of(plan: AudiencePlan, zone: ZoneInfo, *, now: datetime, start: datetime | None = None) -> Dates:
    """Return the dates of an audience that is launched now, or at `start`; a start that is past is now."""
    if start is None and plan.starts is not None:
        start = at_local(plan.starts.date(), plan.starts.time(), zone)
    opens_at = max(start or now, now)
    local = opens_at.astimezone(zone)
    first_day, clock = local.date(), local.time()

    def after(days: int, at: time | None) -> datetime:
        return at_local(first_day + timedelta(days=days), at or clock, zone)

    days = dict(zip((Round.REMINDER_1, Round.REMINDER_2, Round.FINAL), plan.reminder_days, strict=False))
    if plan.final_day is not None:
        days[Round.FINAL] = plan.final_day
    rounds = {Round.INVITATION: opens_at} | {
        code: after(number, plan.reminder_time) for code, number in days.items()
    }
    if plan.window:
        rounds = {code: plan.window.next_open(moment, zone) for code, moment in rounds.items()}
    closes_at = after(plan.close_days, plan.close_time)
    in_time = {
        str(code): moment for code, moment in rounds.items() if code == Round.INVITATION or moment < closes_at
    }
    return Dates(opens_at, closes_at, in_time)


def at_local(day: date, clock: time, zone: ZoneInfo) -> datetime:
    """Return a local time as a moment in UTC.

    An hour that clocks leave out counts from before the change, so it becomes the hour after; one that comes twice is
    the first of the two.
    """
    return datetime.combine(day, clock, tzinfo=zone).astimezone(UTC)


def _time(text: str | None) -> time | None:
    return _time_of(text) if text else None


def _time_of(text: str) -> time:
    return time.fromisoformat(text)
