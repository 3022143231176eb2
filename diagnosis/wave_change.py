"""A diagnosis beside the one of the wave before: the change of every gap, and what became of the agreed actions."""

from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from diagnosis.comparison import Change, Comparison, compare
from diagnosis.enums import ActionState, DiagnosisState
from diagnosis.models import Action, Diagnosis
from diagnosis.panel_result import PanelAudience
from diagnosis.result import SCHEMA, Result
from diagnosis.result_codec import encode
from diagnosis.wave_reasons import (
    MixResult,
    ReturnResult,
    Rollout,
    RolloutResult,
    WavePair,
    mix_results,
    return_result,
    rollout_results,
)
from surveys.enums import Mode

NOT_AGREED = (ActionState.PROPOSED, ActionState.DROPPED)
PANEL_REASONS = {
    "changed": gettext_lazy(
        "The answers of one wave are no longer those its figures rest on: recalculate both, the earlier first."
    ),
    "other_form": gettext_lazy("Asked with another form in the earlier wave: not comparable."),
    "few_hidden": gettext_lazy(
        "Not shown: too few persons here, or too few who answered one of the waves alone, so that their answers could"
        " be worked out."
    ),
    "not_comparable": gettext_lazy("No dimension was asked in the same way in both waves."),
    "too_few": gettext_lazy("Not tested: fewer than two persons."),
    "no_variation": gettext_lazy(
        "Not tested: everybody changed alike, so that there is no spread to test with."
    ),
    "not_defined": gettext_lazy("Not tested: the answers allow no interval."),
}
"""Reasons of panels, leavers and their rows in words."""


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
    """The later diagnosis against the newest finished one of the wave before, and what may have moved its total gap.

    `panel` has a row for every audience of both waves; `rollouts` one for every agreed action that says where.
    """

    later_wave: str
    earlier_wave: str
    later_id: UUID
    earlier_id: UUID
    comparison: Comparison
    actions: tuple[ActionOutcome, ...]
    mix: tuple[MixResult, ...] = ()
    panel: tuple[PanelAudience, ...] = ()
    by_itself: ReturnResult | None = None
    rollouts: tuple[RolloutResult, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """JSON-safe content: names of the waves, gaps, notes, actions, and why the total gap moved."""
        return {
            "later_wave": self.later_wave,
            "earlier_wave": self.earlier_wave,
            "later_id": str(self.later_id),
            "earlier_id": str(self.earlier_id),
            **self.comparison.to_json(),
            "actions": encode(self.actions),
            "mix": encode(self.mix),
            "panel": encode(self.panel),
            "by_itself": encode(self.by_itself),
            "rollouts": encode(self.rollouts),
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
    results = Result.from_json(diagnosis.result), Result.from_json(earlier.result)
    comparison = compare(*results)
    agreed = _agreed_then(earlier)
    found = WaveChange(
        later_wave=diagnosis.wave.name,
        earlier_wave=earlier.wave.name,
        later_id=diagnosis.pk,
        earlier_id=earlier.pk,
        comparison=comparison,
        actions=tuple(_outcome(action, comparison) for action in agreed),
    )
    if not comparison.gaps:
        return found
    found = replace(found, panel=_panel(*results, str(earlier.pk)))
    total = diagnosis.wave.instrument["waterfall"]["total"]
    now, before = (result.gap(total) for result in results)
    change = comparison.at(total)
    if now is None or before is None or change is None or change.verdict == "not_measured":
        return found
    pair = WavePair(*results, now, before)
    return replace(
        found,
        mix=mix_results(pair),
        by_itself=return_result(pair),
        rollouts=rollout_results(pair, _where(agreed)),
    )


def _where(agreed: list[Action]) -> list[Rollout]:
    return [
        Rollout(str(action.pk), action.title, action.rollout_attribute, action.rollout_value)
        for action in agreed
        if action.rollout_attribute
    ]


def _panel(later: Result, earlier: Result, earlier_id: str) -> tuple[PanelAudience, ...]:
    """The panel of every audience that both waves asked, or why it has none, with reasons in words."""
    stored = {}
    is_of_this = later.panel is not None and later.panel.earlier == earlier_id
    if later.panel is not None and is_of_this:
        stored = {one.audience: one for one in later.panel.audiences}
    found = []
    for now in later.audiences:
        before = earlier.audience(now.code)
        if before is None:
            continue
        if now.mode != Mode.NAMED or before.mode != Mode.NAMED:
            reason = _("Answers were confidential: they are never joined from wave to wave.")
        elif now.collected or before.collected:
            reason = _("Answers were collected elsewhere, without a name to join them by.")
        elif now.code in stored:
            found.append(_in_words(stored[now.code]))
            continue
        else:
            reason = _(
                "The waves have not been joined: recalculate the diagnosis, after that of the earlier wave."
            )
        found.append(PanelAudience(now.code, reason))
    return tuple(found)


def _in_words(panel: PanelAudience) -> PanelAudience:
    return replace(
        panel,
        reason=_reason(panel.reason),
        changes=tuple(replace(row, reason=_reason(row.reason)) for row in panel.changes),
        leavers=tuple(replace(row, reason=_reason(row.reason)) for row in panel.leavers),
    )


def _reason(code: str) -> str:
    return str(PANEL_REASONS[code]) if code else ""


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
