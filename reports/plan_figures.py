"""Charts of the action plan: timeline and effort-impact matrix."""

from datetime import date, timedelta

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from charts.plan import (
    EffortImpact,
    MatrixAction,
    Stage,
    Timeline,
    TimelineBar,
    TimelineGroup,
    TimelineMonth,
    effort_impact,
    timeline,
)
from charts.theme import Theme
from diagnosis.words import STAGES
from reports.document import ActionEntry, Document

MONTHS = 12
LETTERS: dict[str, Stage] = {"design": "D", "implementation": "I", "evaluation": "E"}


def plan_charts(document: Document, *, theme: Theme) -> dict[str, str]:
    """Return `matrix` and, when any action has dates, `timeline`."""
    actions = document.actions
    if not actions:
        return {}
    charts = {"matrix": _matrix(actions, theme)}
    if any(action.due_on for action in actions):
        charts["timeline"] = _timeline(document, theme)
    return charts


def _matrix(actions: tuple[ActionEntry, ...], theme: Theme) -> str:
    data = EffortImpact(
        _("Effort and impact"),
        _("Where each action stands by effort and impact; a judgement, not a measurement"),
        tuple(
            MatrixAction(
                action.number,
                action.effort - 1,
                action.impact - 1,
                LETTERS[action.stage],
                action.title,
            )
            for action in actions
        ),
        (_("low"), _("medium"), _("high")),
        _("Effort"),
        _("Impact"),
        _("begin here"),
    )
    return effort_impact(data, theme=theme, uid="ei")


def _months(first: date, last: date) -> tuple[TimelineMonth, ...]:
    months: list[TimelineMonth] = []
    day = first.replace(day=1)
    while day <= last and len(months) < 4 * MONTHS:
        is_new_year = day.month == 1 or not months
        months.append(TimelineMonth(day, date_format(day, "M"), str(day.year) if is_new_year else ""))
        day = (day + timedelta(days=32)).replace(day=1)
    return tuple(months)


def _timeline(document: Document, theme: Theme) -> str:
    dated = [action for action in document.actions if action.due_on]
    first = min(action.starts_on or document.issued_on for action in dated).replace(day=1)
    last = max(action.due_on for action in dated if action.due_on)
    end = (last.replace(day=1) + timedelta(days=32)).replace(day=1)
    groups = []
    for stage, name in STAGES.items():
        bars = tuple(
            TimelineBar(
                action.number,
                action.title,
                action.owner,
                action.starts_on,
                action.due_on,
                LETTERS[action.stage],
            )
            for action in dated
            if action.stage == stage
        )
        if bars:
            groups.append(TimelineGroup(str(name), bars))
    data = Timeline(
        _("Timeline of the actions"),
        _("Start and end of every action, by stage"),
        first,
        end,
        _months(first, end - timedelta(days=1)),
        tuple(groups),
    )
    return timeline(data, theme=theme, uid="tl")
