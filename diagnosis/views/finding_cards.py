"""Findings as cards: evidence with intervals, causes to check, actions that fit, and where the decisions stand."""

from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _

from diagnosis.enums import ActionState, Decision
from diagnosis.models import Action, Finding
from diagnosis.views.result_cards import STAGE_LETTERS
from diagnosis.words import STAGES

Row = dict[str, Any]
READABLE = frozenset({"clear", "probable", "hint"})
"""Certainties that say something is there; other steps of the same dimension are left to the sheet."""


def numbers_of(actions: Iterable[Action]) -> dict[UUID, str]:
    """Return A1, A2, … of the agreed actions in plan order, as documents number them; of all while none is agreed."""
    rows = list(actions)
    kept = [action for action in rows if action.state != ActionState.DROPPED]
    agreed = [action for action in kept if action.state != ActionState.PROPOSED]
    return {action.pk: f"A{number}" for number, action in enumerate(agreed or kept, start=1)}


def finding_cards(findings: Iterable[Finding], actions: Iterable[Action]) -> list[Row]:
    """Return the cards of findings; the first one still to decide is open."""
    rows, all_actions = list(findings), list(actions)
    numbers = numbers_of(all_actions)
    by_finding: dict[UUID | None, list[Action]] = {}
    for action in all_actions:
        by_finding.setdefault(action.finding_id, []).append(action)
    largest = max((_number(finding.evidence, "size") for finding in rows), default=0.0)
    weightiest = max((_number(finding.evidence, "importance") for finding in rows), default=0.0)
    to_decide = [finding.pk for finding in rows if finding.decision == Decision.PROPOSED]
    return [
        {
            "finding": finding,
            "stage_letter": STAGE_LETTERS[finding.stage],
            "size": _percent(_number(finding.evidence, "size"), largest),
            "importance": _percent(_number(finding.evidence, "importance"), weightiest),
            "sureness": 100 * _number(finding.evidence, "weight"),
            "priority": 100 * finding.priority,
            "evidence": [
                _evidence(row) for row in finding.evidence.get("gaps", []) if row["certainty"] in READABLE
            ],
            "items": finding.evidence.get("items", []),
            "factors": finding.evidence.get("factors", []),
            "checks": finding.evidence.get("checks", []),
            "actions": [_action(action, numbers) for action in by_finding.get(finding.pk, [])],
            "n_agreed": sum(_is_agreed(action) for action in by_finding.get(finding.pk, [])),
            "is_open": to_decide[:1] == [finding.pk],
        }
        for finding in rows
    ]


def _number(evidence: Mapping[str, Any], key: str) -> float:
    value = evidence.get(key)
    return float(value) if isinstance(value, int | float) else 0.0


def _percent(value: float, most: float) -> float:
    return 100 * value / most if most > 0 else 0.0


def _evidence(row: Mapping[str, Any]) -> Row:
    is_points = row["unit"] == "points"
    label = " ".join(filter(None, (row["gap"], row["dimension"], row.get("group"))))
    same = row["n_later"] == row["n_earlier"]
    persons = str(row["n_later"]) if same else f"{row['n_later']} / {row['n_earlier']}"
    return {
        **row,
        "label": label,
        "decimals": 2 if is_points else 0,
        "interval": "gap" if is_points else "gap0",
        "persons": persons if row["n_later"] is not None else "",
    }


def _is_agreed(action: Action) -> bool:
    return action.state not in {ActionState.PROPOSED, ActionState.DROPPED}


def _action(action: Action, numbers: Mapping[UUID, str]) -> Row:
    return {
        "action": action,
        "pk": action.pk,
        "number": numbers.get(action.pk, ""),
        "is_agreed": _is_agreed(action),
        "effort_label": action.get_effort_display(),
        "impact_label": action.get_impact_display(),
    }


def stage_progress(findings: Iterable[Finding]) -> list[Row]:
    """Return how many findings of each stage are decided."""
    rows = list(findings)
    return [
        {
            "name": name,
            "n": sum(finding.stage == stage for finding in rows),
            "n_decided": sum(
                finding.stage == stage and finding.decision != Decision.PROPOSED for finding in rows
            ),
        }
        for stage, name in STAGES.items()
    ]


def decision_counts(findings: Iterable[Finding]) -> dict[str, int]:
    """Return how many findings there are of each decision, and of all."""
    rows = list(findings)
    counts = {decision: sum(row.decision == decision for row in rows) for decision in Decision.values}
    return counts | {"all": len(rows)}


def no_differences(gap_rows: Iterable[Row]) -> list[Row]:
    """Return the gaps that are proved to be none, or could not be decided: a finding too."""
    return [
        row | {"word": _("no difference") if row["gap"]["certainty"] == "none" else _("undecided")}
        for row in gap_rows
        if row["gap"]["certainty"] in {"none", "undecided"}
    ]
