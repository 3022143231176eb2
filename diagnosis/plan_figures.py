"""Charts of the action plan for the portal and for documents: timeline and effort-impact matrix."""

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from typing import Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from charts.plan import (
    EffortImpact,
    MatrixAction,
    Stage,
    Timeline,
    TimelineBar,
    TimelineGroup,
    TimelineMarker,
    TimelineMonth,
    effort_impact,
    timeline,
)
from charts.theme import Theme
from diagnosis.figures import DOCUMENT_WIDTH
from diagnosis.words import STAGES

MONTHS = 12
LETTERS: dict[str, Stage] = {"design": "D", "implementation": "I", "evaluation": "E"}


class PlannedAction(Protocol):
    """What the charts need of an action."""

    @property
    def number(self) -> str: ...
    @property
    def title(self) -> str: ...
    @property
    def owner(self) -> str: ...
    @property
    def stage(self) -> str: ...
    @property
    def starts_on(self) -> date | None: ...
    @property
    def due_on(self) -> date | None: ...
    @property
    def effort(self) -> int: ...
    @property
    def impact(self) -> int: ...


Link = Callable[[str], str | None]


def no_link(_number: str) -> str | None:
    """Marks without links, for documents."""
    return None


def plan_charts(actions: Sequence[PlannedAction], *, today: date, theme: Theme) -> dict[str, str]:
    """Return `matrix` and, when any action has dates, `timeline`."""
    if not actions:
        return {}
    charts = {"matrix": matrix_figure(actions, theme=theme, uid="ei")}
    if any(action.due_on for action in actions):
        charts["timeline"] = timeline_figure(actions, today=today, theme=theme, uid="tl")
    return charts


def matrix_figure(
    actions: Sequence[PlannedAction],
    *,
    theme: Theme,
    uid: str,
    link: Link = no_link,
    done: frozenset[str] = frozenset(),
) -> str:
    """Draw where each action stands by effort and impact; `done` are numbers of finished actions."""
    data = EffortImpact(
        _("Effort and impact"),
        _("Where each action stands by effort and impact; a judgement, not a measurement"),
        tuple(
            MatrixAction(
                action.number, action.effort - 1, action.impact - 1, LETTERS[action.stage], action.title,
                action.number in done, link(action.number),
            )
            for action in actions
        ),
        (_("low"), _("medium"), _("high")),
        _("Effort"),
        _("Impact"),
        _("begin here"),
    )  # fmt: skip
    return effort_impact(data, theme=theme, uid=uid)


def _months(first: date, last: date) -> tuple[TimelineMonth, ...]:
    months: list[TimelineMonth] = []
    day = first.replace(day=1)
    while day <= last and len(months) < 4 * MONTHS:
        is_new_year = day.month == 1 or not months
        months.append(TimelineMonth(day, date_format(day, "M"), str(day.year) if is_new_year else ""))
        day = (day + timedelta(days=32)).replace(day=1)
    return tuple(months)


def timeline_figure(
    actions: Sequence[PlannedAction],
    *,
    today: date,
    theme: Theme,
    uid: str,
    link: Link = no_link,
    mark_today: bool = False,
    width: float = DOCUMENT_WIDTH,
) -> str:
    """Draw start and end of the actions that have an end, by stage; `today` stands for a missing start."""
    dated = [action for action in actions if action.due_on]
    first = min(action.starts_on or today for action in dated).replace(day=1)
    last = max(action.due_on for action in dated if action.due_on)
    end = (max(first, last).replace(day=1) + timedelta(days=32)).replace(day=1)
    groups = []
    for stage, name in STAGES.items():
        bars = tuple(
            TimelineBar(
                action.number, action.title, action.owner, action.starts_on, action.due_on,
                LETTERS[action.stage], href=link(action.number),
            )
            for action in dated
            if action.stage == stage
        )  # fmt: skip
        if bars:
            groups.append(TimelineGroup(str(name), bars))
    markers = (TimelineMarker(today, _("Today")),) if mark_today and first <= today < end else ()
    data = Timeline(
        _("Timeline of the actions"),
        _("Start and end of every action, by stage"),
        first,
        end,
        _months(first, end - timedelta(days=1)),
        tuple(groups),
        markers,
    )
    return timeline(data, theme=theme, uid=uid, width=width)
