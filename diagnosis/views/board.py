"""The action board: cards in lanes by state or stage, what each should close, and both drawings of the plan."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from charts.theme import SCREEN
from diagnosis import plan_figures
from diagnosis.enums import ActionState
from diagnosis.models import Action
from diagnosis.views.cards import PAGE_WIDTH, Card, drawing
from diagnosis.views.finding_cards import numbers_of
from diagnosis.views.result_cards import STAGE_LETTERS
from diagnosis.words import STAGES

Row = dict[str, Any]
EditUrl = Callable[[Action], str]
POINTS, HUNDREDTHS = "points", "0-100"


@dataclass(frozen=True, slots=True)
class Planned:
    """One action as the charts of the plan read it."""

    number: str
    title: str
    owner: str
    stage: str
    starts_on: date | None
    due_on: date | None
    effort: int
    impact: int


def board_context(
    actions: Iterable[Action],
    *,
    units: Mapping[str, str],
    today: date,
    by: str,
    edit_url: EditUrl,
    may_edit: bool,
) -> dict[str, Any]:
    """Return lanes, targets and drawings; `units` tells the unit of each gap, `by` is "status" or "stage"."""
    rows = list(actions)
    numbers = numbers_of(rows)
    cards = [_card(action, numbers, units, today, edit_url) for action in rows]
    in_plan = [action for action in rows if _is_in_plan(action)]
    return {
        "lanes": _by_stage(cards) if by == "stage" else _by_state(cards, may_edit=may_edit),
        "proposed": [card for card in cards if card["action"].state == ActionState.PROPOSED]
        if may_edit
        else [],
        "targets": _targets(in_plan, numbers, units),
        "matrix": _matrix(in_plan, numbers),
        "timeline": _timeline(in_plan, numbers, today),
        "n_actions": len(in_plan),
        "n_late": sum(card["is_late"] for card in cards),
    }


def _is_in_plan(action: Action) -> bool:
    return action.state not in {ActionState.PROPOSED, ActionState.DROPPED}


def _card(
    action: Action, numbers: Mapping[UUID, str], units: Mapping[str, str], today: date, edit_url: EditUrl
) -> Row:
    is_over = action.state in {ActionState.DONE, ActionState.DROPPED, ActionState.PROPOSED}
    return {
        "action": action,
        "code": numbers.get(action.pk, "") if _is_in_plan(action) else "",
        "stage_letter": STAGE_LETTERS[action.stage],
        "gap_label": " ".join(filter(None, (action.gap, action.dimension))),
        "decimals": 2 if units.get(action.gap, POINTS) == POINTS else 0,
        "is_late": bool(action.due_on and action.due_on < today and not is_over),
        "edit_url": edit_url(action),
    }


def _by_state(cards: list[Row], *, may_edit: bool) -> list[Row]:
    states = (ActionState.PLANNED, ActionState.RUNNING, ActionState.DONE)
    lanes = [_lane(state.label, cards, "state", state) for state in states]
    dropped = _lane(ActionState.DROPPED.label, cards, "state", ActionState.DROPPED)
    return [*lanes, dropped] if may_edit and dropped["cards"] else lanes


def _by_stage(cards: list[Row]) -> list[Row]:
    shown = [card for card in cards if _is_in_plan(card["action"])]
    return [_lane(name, shown, "stage", stage) for stage, name in STAGES.items()]


def _lane(name: Any, cards: list[Row], field: str, value: str) -> Row:
    return {"name": name, "cards": [card for card in cards if getattr(card["action"], field) == value]}


def _targets(actions: list[Action], numbers: Mapping[UUID, str], units: Mapping[str, str]) -> list[Row]:
    """Return one row per gap and dimension with its value, the targets, and the actions that should close it."""
    rows: dict[tuple[str, str], Row] = {}
    for action in actions:
        if action.baseline is None:
            continue
        row = rows.setdefault(
            (action.gap, action.dimension),
            {
                "label": "\N{NO-BREAK SPACE}".join(filter(None, (action.gap, action.dimension))),
                "estimate": action.baseline,
                "target": action.target,
                "decimals": 2 if units.get(action.gap, POINTS) == POINTS else 0,
                "measure": action.measure,
                "codes": [],
            },
        )
        row["codes"].append(numbers[action.pk])
    return list(rows.values())


def _planned(actions: list[Action], numbers: Mapping[UUID, str]) -> list[Planned]:
    return [
        Planned(
            numbers[action.pk], action.title, action.owner, action.stage, action.starts_on, action.due_on,
            action.effort, action.impact,
        )
        for action in actions
    ]  # fmt: skip


def _matrix(actions: list[Action], numbers: Mapping[UUID, str]) -> Card | None:
    if not actions:
        return None
    done = frozenset(numbers[action.pk] for action in actions if action.state == ActionState.DONE)
    svg = plan_figures.matrix_figure(
        _planned(actions, numbers), theme=SCREEN, uid="matrix", link=lambda number: f"#{number}", done=done
    )
    easy = sum(action.effort == 1 and action.impact == 3 for action in actions)
    title = (
        ngettext(
            "%(n)s action gives much for little effort", "%(n)s actions give much for little effort", easy
        )
        % {"n": easy}
        if easy
        else _("Nothing here gives much for little effort")
    )
    return Card(title, "", drawing(svg))


def _timeline(actions: list[Action], numbers: Mapping[UUID, str], today: date) -> Card | None:
    dated = [action for action in actions if action.due_on]
    if not dated:
        return None
    svg = plan_figures.timeline_figure(
        _planned(dated, numbers),
        today=today,
        theme=SCREEN,
        uid="timeline",
        link=lambda number: f"#{number}",
        mark_today=True,
        width=PAGE_WIDTH,
    )
    n_undated = len(actions) - len(dated)
    note = _("Understanding first, then design, the weakest readiness, delivery, visibility.")
    if n_undated:
        more = ngettext("%(n)s action has no dates yet.", "%(n)s actions have no dates yet.", n_undated)
        note += " " + more % {"n": n_undated}
    return Card(_("Timeline"), note, drawing(svg))
