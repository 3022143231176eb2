"""From a diagnosis and a plan to a frozen document: everything a PDF says, and nothing that could change later."""

import base64
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from typing import Any

from django.utils import timezone
from django.utils.text import Truncator
from django.utils.translation import get_language

from diagnosis.comments import PRINTED, voices
from diagnosis.enums import ActionState, Decision
from diagnosis.models import Action, Comment, Diagnosis, Finding
from diagnosis.retelling import retell
from diagnosis.wave_change import change_since_earlier_wave
from practice import logos
from practice.accent import accent_of
from practice.models import Engagement
from reports.enums import ReportKind
from reports.models import Report
from surveys.instruments import in_language

LONGEST_COMMENT = 600
"""A longer comment is printed with an ellipsis at its end; the page of comments has all of it."""


@dataclass(frozen=True, slots=True)
class FindingEntry:
    """One finding as printed, with its number in the document."""

    number: str
    stage: str
    gap: str
    dimension: str
    headline: str
    text: str
    evidence: Mapping[str, Any]
    causes: tuple[str, ...]
    certainty: str
    severity: str
    priority: float
    is_accepted: bool
    note: str
    actions: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ActionEntry:
    """One action as printed: what is known, what is done, how it is proved."""

    number: str
    stage: str
    gap: str
    dimension: str
    title: str
    cause: str
    question: str
    owner: str
    starts_on: date | None
    due_on: date | None
    effort: int
    impact: int
    measure: str
    baseline: float | None
    target: float | None
    findings: tuple[str, ...]
    basis: tuple[str, ...]
    is_agreed: bool


@dataclass(frozen=True, slots=True)
class VoiceEntry:
    """Comments of one audience to one question as printed; `few`: too few answered for any to be shown."""

    audience: str
    question: str
    n: int
    texts: tuple[str, ...]
    few: bool


@dataclass(frozen=True, slots=True)
class Document:
    """A frozen document; `result` is the diagnosis as stored, `instrument` the questionnaire it was asked with."""

    kind: str
    title: str
    client: str
    practice: str
    accent: str
    question: str
    engagement: str
    wave: str
    is_sample: bool
    issued_on: date
    language: str
    computed_on: date
    diagnosis_number: int
    snapshot_hash: str
    summary: str
    instrument: Mapping[str, Any]
    result: Mapping[str, Any]
    findings: tuple[FindingEntry, ...]
    actions: tuple[ActionEntry, ...]
    is_simulated: bool = False
    logos: Mapping[str, str] = field(default_factory=dict)
    """Base64 of the PNGs on the cover, under the names `practice` and `client`."""
    change: Mapping[str, Any] | None = None
    """What has changed since the wave before (diagnosis/wave_change.py); None for a first wave."""
    voices: tuple[VoiceEntry, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return JSON-safe content."""
        content: dict[str, Any] = _json(asdict(self))
        return content


def _json(value: Any) -> Any:
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {key: _json(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [_json(entry) for entry in value]
    return value


def build_document(report: Report) -> Document:
    """Freeze what the report will say in its language, which is the active one.

    Rejected findings and dropped actions are left out.
    """
    diagnosis = report.diagnosis
    engagement = report.engagement
    findings = list(
        Finding.objects.filter(diagnosis=diagnosis).exclude(decision=Decision.REJECTED).order_by("rank")
    )
    actions = list(_actions(report))
    told = retell(diagnosis, findings, actions, report.language)
    document = freeze_document(report.kind, diagnosis, engagement, told.findings, told.actions)
    found = change_since_earlier_wave(diagnosis)
    return replace(
        document,
        result=told.result,
        change=found.to_json() if found else None,
        voices=_voices(diagnosis),
    )


def _voices(diagnosis: Diagnosis) -> tuple[VoiceEntry, ...]:
    """Return the comments to print: picked ones, or the first of a question where none is picked."""
    comments = list(Comment.objects.filter(diagnosis=diagnosis))
    return tuple(
        VoiceEntry(
            audience=voice.audience_name,
            question=voice.question_text,
            n=voice.n,
            texts=tuple(
                Truncator(one.text).chars(LONGEST_COMMENT) for one in voice.picked_first(PRINTED).comments
            ),
            few=voice.few,
        )
        for voice in voices(diagnosis, comments)
    )


def freeze_document(
    kind: str,
    diagnosis: Diagnosis,
    engagement: Engagement,
    findings: Sequence[Finding],
    actions: Sequence[Action],
    *,
    is_simulated: bool = False,
) -> Document:
    """The document that says these findings and actions; `is_simulated`: no person gave the answers."""
    wave = diagnosis.wave
    action_numbers = {action.pk: f"A{number}" for number, action in enumerate(actions, start=1)}
    finding_numbers = {finding.pk: f"F{number}" for number, finding in enumerate(findings, start=1)}
    return Document(
        kind=kind,
        title=str(ReportKind(kind).label),
        client=engagement.client_organisation.name,
        practice=engagement.practice.name,
        accent=accent_of(engagement.practice.accent_colour).light,
        question=engagement.question,
        engagement=engagement.name,
        wave=wave.name,
        is_sample=is_simulated or wave.kind != "live",
        issued_on=timezone.localdate(),
        language=get_language() or "en",
        computed_on=timezone.localdate(diagnosis.computed_at),
        diagnosis_number=diagnosis.number,
        snapshot_hash=diagnosis.snapshot.content_hash if diagnosis.snapshot else "",
        summary=diagnosis.summary,
        instrument=in_language(wave.instrument, get_language() or ""),
        result=diagnosis.result,
        findings=tuple(
            FindingEntry(
                number=finding_numbers[finding.pk],
                stage=finding.stage,
                gap=finding.gap,
                dimension=finding.dimension,
                headline=finding.headline,
                text=finding.text,
                evidence=finding.evidence,
                causes=tuple(finding.causes),
                certainty=finding.certainty,
                severity=finding.severity,
                priority=finding.priority,
                is_accepted=finding.decision == Decision.ACCEPTED,
                note=finding.note,
                actions=tuple(
                    number for pk, number in action_numbers.items() if _serves(actions, pk) == finding.pk
                ),
            )
            for finding in findings
        ),
        actions=tuple(
            ActionEntry(
                number=action_numbers[action.pk],
                stage=action.stage,
                gap=action.gap,
                dimension=action.dimension,
                title=action.title,
                cause=action.cause,
                question=action.question,
                owner=action.owner,
                starts_on=action.starts_on,
                due_on=action.due_on,
                effort=action.effort,
                impact=action.impact,
                measure=action.measure,
                baseline=action.baseline,
                target=action.target,
                findings=(finding_numbers[action.finding_id],)
                if action.finding_id in finding_numbers
                else (),
                basis=tuple(action.basis),
                is_agreed=action.state != ActionState.PROPOSED,
            )
            for action in actions
        ),
        is_simulated=is_simulated,
        logos=_logos(engagement),
    )


def _logos(engagement: Engagement) -> dict[str, str]:
    owners: dict[str, logos.Branded] = {
        "practice": engagement.practice,
        "client": engagement.client_organisation,
    }
    files = {
        name: logos.read_file(engagement.practice_id, owner.logo_id)
        for name, owner in owners.items()
        if owner.logo_id
    }
    return {name: base64.b64encode(content).decode() for name, content in files.items() if content}


def _serves(actions: Sequence[Action], pk: Any) -> Any:
    return next(action.finding_id for action in actions if action.pk == pk)


def _actions(report: Report) -> list[Action]:
    """Return the agreed actions; while none is agreed yet, the proposed ones."""
    of_plan = Action.objects.filter(diagnosis=report.diagnosis).exclude(state=ActionState.DROPPED)
    agreed = of_plan.exclude(state=ActionState.PROPOSED)
    return list(agreed if agreed.exists() else of_plan)
