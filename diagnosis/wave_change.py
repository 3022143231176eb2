"""A diagnosis beside the one of the wave before: the change of every gap, and what became of the agreed actions."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from diagnosis.comparison import Change, Comparison, compare
from diagnosis.enums import ActionState, DiagnosisState
from diagnosis.models import Action, Diagnosis
from diagnosis.result import SCHEMA, Result
from diagnosis.result_codec import encode

NOT_AGREED = (ActionState.PROPOSED, ActionState.DROPPED)


@dataclass(frozen=True, slots=True)
class ActionOutcome:
    """An agreed action of the wave before, with its gap then (`baseline`), the target, and the change found now.

    `is_target_met` compares the new value with the target; None without a target or where the value may not be shown.
    """

    id: str
    title: str
    owner: str
    state: str
    gap: str
    dimension: str
    baseline: float | None
    target: float | None
    is_target_met: bool | None
    change: Change


@dataclass(frozen=True, slots=True)
class WaveChange:
    """The later diagnosis against the newest finished one of the wave before."""

    later_wave: str
    earlier_wave: str
    later_id: UUID
    earlier_id: UUID
    comparison: Comparison
    actions: tuple[ActionOutcome, ...]

    def to_json(self) -> dict[str, Any]:
        """JSON-safe content: names of the waves, gaps, notes, actions."""
        return {
            "later_wave": self.later_wave,
            "earlier_wave": self.earlier_wave,
            "later_id": str(self.later_id),
            "earlier_id": str(self.earlier_id),
            **self.comparison.to_json(),
            "actions": encode(self.actions),
        }


def earlier_diagnosis_of(diagnosis: Diagnosis) -> Diagnosis | None:
    """Return the newest finished diagnosis of the nearest earlier wave of the same kind; None when there is none."""
    wave = diagnosis.wave
    found = Diagnosis.objects.select_related("wave").filter(
        wave__engagement=wave.engagement_id,
        wave__kind=wave.kind,
        wave__number__lt=wave.number,
        state=DiagnosisState.SUCCEEDED,
        result__schema=SCHEMA,
    )
    return found.order_by("-wave__number", "-number").first()


def change_since_earlier_wave(diagnosis: Diagnosis) -> WaveChange | None:
    """Compare a finished diagnosis with the wave before; None for a first wave or a result that cannot be read.

    The caller has made sure that the diagnosis may be seen: both waves belong to the same engagement.
    """
    if diagnosis.state != DiagnosisState.SUCCEEDED or diagnosis.result.get("schema") != SCHEMA:
        return None
    earlier = earlier_diagnosis_of(diagnosis)
    if earlier is None:
        return None
    comparison = compare(Result.from_json(diagnosis.result), Result.from_json(earlier.result))
    return WaveChange(
        later_wave=diagnosis.wave.name,
        earlier_wave=earlier.wave.name,
        later_id=diagnosis.pk,
        earlier_id=earlier.pk,
        comparison=comparison,
        actions=tuple(_outcome(action, comparison) for action in _agreed_then(earlier)),
    )


def _agreed_then(earlier: Diagnosis) -> list[Action]:
    """Return the agreed actions of all diagnoses of that wave, in plan order."""
    found = Action.objects.filter(diagnosis__wave=earlier.wave_id).exclude(state__in=NOT_AGREED)
    return list(found.order_by("diagnosis__number", "position", "id"))


def _outcome(action: Action, comparison: Comparison) -> ActionOutcome:
    change = comparison.at(action.gap, action.dimension) or Change("not_measured")
    return ActionOutcome(
        id=str(action.pk),
        title=action.title,
        owner=action.owner,
        state=action.state,
        gap=action.gap,
        dimension=action.dimension,
        baseline=action.baseline,
        target=action.target,
        is_target_met=_is_met(action.baseline, action.target, change.now),
        change=change,
    )


def _is_met(baseline: float | None, target: float | None, now: float | None) -> bool | None:
    """Tell whether the gap came to its target or beyond, seen from where it was."""
    if target is None or now is None:
        return None
    if baseline is None or baseline == target:
        return abs(now) <= abs(target)
    return now >= target if baseline < target else now <= target
