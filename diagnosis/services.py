"""Writes of the diagnosis room: asking for a diagnosis, deciding findings, planning actions; guarded and audited."""

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

from django.db import transaction
from django.utils.translation import gettext as _

from diagnosis.computing import current_content, ensure_released_answers, next_number
from diagnosis.enums import ActionState, CommentChoice, Decision, DiagnosisState
from diagnosis.models import Action, Comment, Diagnosis, Finding
from diagnosis.panel import is_panel_current
from diagnosis.rules.library import library_in
from diagnosis.rules.version import RULES_VERSION
from practice import audit, jobs
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import Member
from practice.permissions import ensure
from practice.selectors import latest_job
from surveys.enums import WaveKind
from surveys.models import Wave

KIND: Final = "diagnosis"
EDITABLE: Final = frozenset(
    {
        "title",
        "cause",
        "owner",
        "starts_on",
        "due_on",
        "effort",
        "impact",
        "measure",
        "target",
        "state",
        "rollout_attribute",
        "rollout_value",
    }
)
OPEN_STATES: Final = (DiagnosisState.QUEUED, DiagnosisState.RUNNING)


@transaction.atomic
def request_diagnosis(wave: Wave, actor: Member | None) -> Diagnosis:
    """Ask for a diagnosis of what a wave has released; it is computed in the background.

    Asking again while one waits or runs returns that one and wakes its worker; asking again without new answers or
    rules returns the finished one. Raises NothingReleasedError when there is nothing to compute from, and
    WrongStateError for test waves.
    """
    if actor is not None:
        ensure(actor, "diagnosis.edit")
    if wave.kind == WaveKind.TEST:
        raise WrongStateError(_("Test answers are never diagnosed."))
    Wave.objects.select_for_update(no_key=True).get(pk=wave.pk)
    latest = Diagnosis.objects.filter(wave=wave).select_related("snapshot", "wave").first()
    if latest is not None and latest.state in OPEN_STATES:
        jobs.create(KIND, latest.pk)
        return latest
    ensure_released_answers(wave)
    language = wave.engagement.client_organisation.language
    if latest is not None and latest.language == language and _is_current(latest):
        return latest
    diagnosis = Diagnosis.objects.create(
        engagement_id=wave.engagement_id,
        wave=wave,
        number=next_number(wave),
        language=language,
        requested_by=actor,
    )
    jobs.create(KIND, diagnosis.pk)
    audit.record("diagnosis.requested", diagnosis, actor=actor)
    return diagnosis


def _is_current(diagnosis: Diagnosis) -> bool:
    """Tell whether a finished diagnosis rests on just the answers and rules of today."""
    if diagnosis.state != DiagnosisState.SUCCEEDED or diagnosis.snapshot is None:
        return False
    _content, digest = current_content(diagnosis.wave)
    is_same = (diagnosis.snapshot.content_hash, diagnosis.rules_version) == (digest, RULES_VERSION)
    return is_same and is_panel_current(diagnosis)


@transaction.atomic
def retry_diagnosis(diagnosis: Diagnosis, *, actor: Member) -> Diagnosis:
    """Start a failed diagnosis again. Raises WrongStateError for one that did not fail."""
    ensure(actor, "diagnosis.edit")
    locked = Diagnosis.objects.select_for_update(no_key=True).get(pk=diagnosis.pk)
    job = latest_job(KIND, locked.pk)
    is_dead = locked.state in OPEN_STATES and (job is None or not job.is_active)
    if locked.state != DiagnosisState.FAILED and not is_dead:
        raise WrongStateError(_("Only a failed diagnosis can be started again."))
    locked.state = DiagnosisState.QUEUED
    locked.save(update_fields=["state"])
    jobs.create(KIND, locked.pk)
    audit.record("diagnosis.restarted", locked, actor=actor)
    return locked


@transaction.atomic
def write_summary(diagnosis: Diagnosis, *, text: str, actor: Member) -> Diagnosis:
    """Keep the consultant's own summary of a diagnosis."""
    ensure(actor, "diagnosis.edit")
    _change(diagnosis, {"summary": text.strip()}, "diagnosis.summarised", actor)
    return diagnosis


@transaction.atomic
def decide_finding(
    finding: Finding,
    *,
    decision: str,
    actor: Member,
    headline: str | None = None,
    text: str | None = None,
    note: str | None = None,
) -> Finding:
    """Accept, reject or put back a finding; headline, text and note may be edited with it.

    Figures and the word of certainty follow from the answers and cannot be changed. Raises InvalidInputError.
    """
    ensure(actor, "diagnosis.edit")
    locked = Finding.objects.select_for_update(no_key=True).get(pk=finding.pk)
    if decision not in Decision.values:
        raise InvalidInputError(_("Choose accept or reject."), fields={"decision": _("Unknown decision.")})
    wanted: dict[str, Any] = {"decision": decision}
    for name, value in (("headline", headline), ("text", text), ("note", note)):
        if value is not None:
            wanted[name] = value.strip()
    if not wanted.get("headline", locked.headline):
        raise InvalidInputError(_("A finding needs a headline."), fields={"headline": _("Write a headline.")})
    _check_texts(locked, wanted)
    _change(locked, wanted, f"finding.{decision}", actor)
    return locked


@transaction.atomic
def choose_comment(comment: Comment, *, choice: str, actor: Member) -> Comment:
    """Pick a comment for documents and the client, hide it everywhere, or put it back. Raises InvalidInputError.

    Its text is the writer's and cannot be changed.
    """
    ensure(actor, "diagnosis.edit")
    if choice not in CommentChoice.values:
        raise InvalidInputError(_("Choose pick or hide."), fields={"choice": _("Unknown choice.")})
    locked = Comment.objects.select_for_update(no_key=True).get(pk=comment.pk)
    _change(locked, {"choice": choice}, f"comment.{choice}", actor)
    return locked


@transaction.atomic
def accept_action(action: Action, *, actor: Member, **fields: Any) -> Action:
    """Take a proposed action into the plan, with owner and dates if given. Raises WrongStateError when it is there."""
    ensure(actor, "action.edit")
    locked = Action.objects.select_for_update(no_key=True).get(pk=action.pk)
    if locked.state not in {ActionState.PROPOSED, ActionState.DROPPED}:
        raise WrongStateError(_("This action is in the plan already."))
    wanted = _checked_fields(locked, fields) | {"state": ActionState.PLANNED}
    _change(locked, wanted, "action.accepted", actor)
    return locked


@transaction.atomic
def drop_action(action: Action, *, actor: Member) -> Action:
    """Take an action out of the plan; it stays on record and can be accepted again."""
    ensure(actor, "action.edit")
    locked = Action.objects.select_for_update(no_key=True).get(pk=action.pk)
    _change(locked, {"state": ActionState.DROPPED}, "action.dropped", actor)
    return locked


@transaction.atomic
def update_action(action: Action, *, actor: Member, **fields: Any) -> Action:
    """Change an action's text, owner, dates, measure, target or state. Raises InvalidInputError."""
    ensure(actor, "action.edit")
    locked = Action.objects.select_for_update(no_key=True).get(pk=action.pk)
    _change(locked, _checked_fields(locked, fields), "action.updated", actor)
    return locked


@transaction.atomic
def plan_action(
    diagnosis: Diagnosis,
    *,
    gap: str,
    title: str,
    actor: Member,
    entry: str = "",
    finding: Finding | None = None,
    dimension: str = "",
    **fields: Any,
) -> Action:
    """Add an action of the consultant's own, or an entry of the library, to the plan of a diagnosis.

    It stores gap, dimension, the gap's value in this diagnosis and the diagnosis itself. Raises InvalidInputError.
    """
    ensure(actor, "action.edit")
    found = next((row for row in diagnosis.result.get("gaps", ()) if row["code"] == gap), None)
    if found is None:
        raise InvalidInputError(
            _("Choose the gap the action should close."), fields={"gap": _("Unknown gap.")}
        )
    measured = found["dimensions"].get(dimension) if dimension else found["overall"]
    if measured is None:
        raise InvalidInputError(
            _("This gap has no such dimension."), fields={"dimension": _("Unknown dimension.")}
        )
    action = Action(
        engagement_id=diagnosis.engagement_id,
        diagnosis=diagnosis,
        finding=finding,
        stage=found["stage"],
        gap=gap,
        dimension=dimension,
        title=title.strip(),
        baseline=measured["estimate"],
        effort=2,
        impact=2,
        position=Action.objects.filter(diagnosis=diagnosis).count() + 1,
        state=ActionState.PLANNED,
    )
    _fill_from_library(action, entry)
    for name, value in _checked_fields(action, fields).items():
        setattr(action, name, value)
    if not action.title:
        raise InvalidInputError(_("An action needs a title."), fields={"title": _("Say what is to be done.")})
    _check_texts(action, {"title": action.title})
    action.save()
    audit.record("action.planned", action, actor=actor)
    return action


def _fill_from_library(action: Action, entry_id: str) -> None:
    if not entry_id:
        return
    entry = next((one for one in library_in(action.diagnosis.language) if one.id == entry_id), None)
    if entry is None:
        raise InvalidInputError(_("This entry is not in the library."), fields={"entry": _("Unknown entry.")})
    action.entry, action.cause, action.owner = entry.id, entry.cause[:240], entry.owner[:120]
    action.measure, action.basis = entry.evidence[:300], list(entry.basis)
    action.effort, action.impact = entry.effort_level, entry.impact_level
    action.title = action.title or entry.action[:240]


def _checked_fields(action: Action, fields: dict[str, Any]) -> dict[str, Any]:
    unknown = set(fields) - EDITABLE
    if unknown:
        raise InvalidInputError(
            _("This cannot be changed."), fields={name: _("Cannot be changed.") for name in sorted(unknown)}
        )
    wanted: dict[str, Any] = {
        name: value.strip() if isinstance(value, str) else value for name, value in fields.items()
    }
    if "state" in wanted and wanted["state"] not in ActionState.values:
        raise InvalidInputError(_("Choose a state."), fields={"state": _("Unknown state.")})
    if "title" in wanted and not wanted["title"]:
        raise InvalidInputError(_("An action needs a title."), fields={"title": _("Say what is to be done.")})
    starts: date | None = wanted.get("starts_on", action.starts_on)
    due: date | None = wanted.get("due_on", action.due_on)
    if starts and due and due < starts:
        raise InvalidInputError(
            _("The action is due before it starts."), fields={"due_on": _("Choose a later day.")}
        )
    _check_texts(action, wanted)
    _check_rollout(action, wanted)
    return wanted


def customer_groups(result: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Attribute and value of every group of customers that a stored result names."""
    coverage = result.get("coverage") or {}
    return [(group["attribute"], group["value"]) for group in coverage.get("attributes", ())]


def _check_rollout(action: Action, wanted: dict[str, Any]) -> None:
    """Where an action was rolled out is a group of customers that its diagnosis knows by an attribute, or nothing."""
    if not {"rollout_attribute", "rollout_value"} & wanted.keys():
        return
    place = tuple(
        str(wanted.get(name, getattr(action, name))) for name in ("rollout_attribute", "rollout_value")
    )
    if place not in {("", ""), *customer_groups(action.diagnosis.result)}:
        raise InvalidInputError(
            _("Choose a group of customers that the diagnosis knows."),
            fields={"rollout_value": _("Unknown group.")},
        )


def _check_texts(row: Action | Finding, wanted: dict[str, Any]) -> None:
    for name, value in wanted.items():
        if isinstance(value, str) and "\x00" in value:
            raise InvalidInputError(
                _("The text holds a character that cannot be kept. Please write it anew."),
                fields={name: _("Write it anew.")},
            )
        limit = row._meta.get_field(name).max_length  # type: ignore[union-attr]  # columns only
        if isinstance(value, str) and limit and len(value) > limit:
            text = _("At most %(limit)d characters.") % {"limit": limit}
            raise InvalidInputError(_("The text is too long."), fields={name: text})


def _change(row: Any, wanted: dict[str, Any], verb: str, actor: Member) -> None:
    changed = [name for name, value in wanted.items() if getattr(row, name) != value]
    if not changed:
        return
    for name in changed:
        setattr(row, name, wanted[name])
    row.save(update_fields=changed)
    audit.record(verb, row, actor=actor, changed=changed)
