"""The work of a diagnosis job: snapshot, analysis, findings and proposed actions.

Each step commits by itself and may be repeated: the snapshot is found again by its hash, everything after it is
written in one transaction, so a killed worker loses nothing and leaves nothing half done.
"""

from dataclasses import replace
from typing import Any
from uuid import UUID

from django.db.models import Max, Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from diagnosis.analysis import N_STEPS as ANALYSIS_STEPS
from diagnosis.analysis import analyse
from diagnosis.comments import keep_comments
from diagnosis.enums import ActionState, Decision, DiagnosisState
from diagnosis.exceptions import AnswersDeletedError, NothingReleasedError
from diagnosis.frames import pack_frames, read_frames, unpack_frames
from diagnosis.models import Action, Comment, Diagnosis, Finding, Snapshot
from diagnosis.panel import panel_of
from diagnosis.result import Result
from diagnosis.rules.findings import FoundFinding, find
from diagnosis.rules.library import load_library
from diagnosis.rules.recommend import Plan, Recommendation, recommend
from practice import audit, jobs
from practice.models import Job
from practice.scope import practice_scope
from surveys.enums import AudienceState, Mode
from surveys.form_cache import instrument_of
from surveys.models import Response, Wave

SNAPSHOT_DONE = 1
ANALYSIS_DONE = SNAPSHOT_DONE + ANALYSIS_STEPS
N_STEPS = ANALYSIS_DONE + 2


def compute_diagnosis(practice_id: UUID, job_id: UUID) -> None:
    """Run the job of one diagnosis; safe to run twice: a finished diagnosis is left alone."""
    jobs.run(practice_id, job_id, _compute)


def _compute(job: Job, progress: jobs.Progress) -> None:
    try:
        _compute_steps(job, progress)
    except NothingReleasedError:
        _fail(job)
        raise
    except Exception:
        if job.attempts >= jobs.MAX_ATTEMPTS:
            _fail(job)
        raise


def _fail(job: Job) -> None:
    with practice_scope(job.practice_id):
        Diagnosis.objects.filter(pk=job.object_id).exclude(state=DiagnosisState.SUCCEEDED).update(
            state=DiagnosisState.FAILED
        )


def _compute_steps(job: Job, progress: jobs.Progress) -> None:
    progress.show(0, N_STEPS, _("Freezing the answers"))
    with practice_scope(job.practice_id):
        diagnosis = Diagnosis.objects.select_related("wave", "snapshot").get(pk=job.object_id)
        if diagnosis.state == DiagnosisState.SUCCEEDED:
            return
        snapshot = _take_snapshot(diagnosis)
        instrument = instrument_of(diagnosis.wave, diagnosis.language)
    frames = unpack_frames(bytes(snapshot.content))
    with override(diagnosis.language):
        result = analyse(
            instrument,
            frames,
            show=lambda done, _total, what: progress.show(SNAPSHOT_DONE + done, N_STEPS, what),
        )
    with practice_scope(job.practice_id):
        result = replace(result, panel=panel_of(diagnosis, instrument, frames))
    progress.show(ANALYSIS_DONE, N_STEPS, _("Reading the figures"))
    with override(diagnosis.language):
        findings = find(result, instrument)
        plan = recommend(result, instrument, load_library())
    progress.show(ANALYSIS_DONE + 1, N_STEPS, _("Writing findings and actions"))
    with practice_scope(job.practice_id), override(diagnosis.language):
        _store(diagnosis.pk, result, findings, plan)


def _take_snapshot(diagnosis: Diagnosis) -> Snapshot:
    """The snapshot of a diagnosis, taken once; equal answers of a wave share one."""
    Diagnosis.objects.filter(pk=diagnosis.pk).update(state=DiagnosisState.RUNNING)
    if diagnosis.snapshot is not None:
        return diagnosis.snapshot
    content, digest = current_content(diagnosis.wave)
    snapshot, _created = Snapshot.objects.get_or_create(
        wave=diagnosis.wave, content_hash=digest, defaults={"content": content}
    )
    Diagnosis.objects.filter(pk=diagnosis.pk).update(snapshot=snapshot)
    # Held to the end, so that answers being deleted meanwhile either take this copy along or let it not come to be.
    ensure_released_answers(_held(diagnosis.wave_id))
    return snapshot


def _held(wave_id: UUID) -> Wave:
    wave: Wave = Wave.objects.select_for_update(no_key=True, of=("self",)).get(pk=wave_id)
    return wave


def forget_answers(wave: Wave) -> None:
    """Delete what the diagnoses of a wave hold of single answers: frozen answers and comments; figures stay."""
    Comment.objects.filter(diagnosis__wave=wave).delete()
    Diagnosis.objects.filter(wave=wave).update(snapshot=None)
    Snapshot.objects.filter(wave=wave).delete()


def ensure_released_answers(wave: Wave) -> None:
    """Raise NothingReleasedError unless some audience has answers that may be used; AnswersDeletedError when gone."""
    if wave.answers_deleted_at is not None:
        raise AnswersDeletedError(
            _(
                "The answers of this wave were deleted, as promised to those who gave them. Earlier figures stay."
            )
        )
    usable = Q(wave_audience__mode=Mode.NAMED) | Q(wave_audience__state=AudienceState.RELEASED)
    if not Response.objects.filter(usable, wave_audience__wave=wave).exists():
        raise NothingReleasedError(_("No audience with answers is released yet. Close one, then ask again."))


def current_content(wave: Wave) -> tuple[bytes, str]:
    """Content and hash of a snapshot of what is released now; raises NothingReleasedError."""
    ensure_released_answers(wave)
    frames = read_frames(wave)
    if not frames.audiences:
        raise NothingReleasedError(_("No audience with answers is released yet. Close one, then ask again."))
    before = rules_off_before(wave)
    is_second = bool(before) and before[0] != frames.rules_off
    return pack_frames(replace(frames, is_second_reading=is_second))


def rules_off_before(wave: Wave) -> list[tuple[str, ...]]:
    """Rules of exclusion that the finished diagnoses of the wave did not apply, the first first, each set once."""
    finished = Diagnosis.objects.filter(wave=wave, state=DiagnosisState.SUCCEEDED, snapshot__isnull=False)
    contents = finished.order_by("number").values_list("snapshot__content", flat=True)
    return list(dict.fromkeys(unpack_frames(bytes(content)).rules_off for content in contents))


def _store(diagnosis_id: UUID, result: Result, findings: tuple[FoundFinding, ...], plan: Plan) -> None:
    _held(Diagnosis.objects.values_list("wave_id", flat=True).get(pk=diagnosis_id))
    diagnosis = Diagnosis.objects.select_for_update(no_key=True).get(pk=diagnosis_id)
    if diagnosis.state == DiagnosisState.SUCCEEDED:
        return
    rows = Finding.objects.bulk_create([proposed_finding(diagnosis, one) for one in findings])
    proposals = plan.proposals
    Action.objects.bulk_create(
        [proposed_action(diagnosis, one, rows, place) for place, one in enumerate(proposals, start=1)]
    )
    keep_comments(diagnosis)
    diagnosis.result = stored_result(result, plan)
    diagnosis.rules_version = result.rules_version
    diagnosis.state, diagnosis.computed_at = DiagnosisState.SUCCEEDED, timezone.now()
    diagnosis.save(update_fields=["result", "rules_version", "state", "computed_at"])
    audit.record("diagnosis.computed", diagnosis, actor=None)


def stored_result(result: Result, plan: Plan) -> dict[str, Any]:
    """The result as a diagnosis keeps it, with the stages that need no action."""
    return result.to_json() | {
        "sound_stages": [{"stage": stage.stage, "text": stage.text} for stage in plan.sound]
    }


def proposed_finding(diagnosis: Diagnosis, one: FoundFinding) -> Finding:
    """An unsaved finding nobody has decided yet."""
    return Finding(
        diagnosis=diagnosis, rank=one.rank, code=one.code, stage=one.stage, gap=one.gap,
        dimension=one.dimension, headline=one.headline, text=one.text, evidence=dict(one.evidence),
        causes=list(one.causes), certainty=one.certainty, severity=one.severity, priority=one.priority,
        decision=Decision.PROPOSED,
    )  # fmt: skip


def proposed_action(
    diagnosis: Diagnosis, one: Recommendation, findings: list[Finding], position: int
) -> Action:
    """An unsaved action from a recommendation, tied to the finding it answers."""
    entry = one.entry
    return Action(
        engagement_id=diagnosis.engagement_id,
        diagnosis=diagnosis,
        finding=_finding_for(one, findings),
        entry=entry.id,
        stage=one.stage,
        gap=one.gap,
        dimension=one.dimension,
        title=entry.action[:240],
        cause=entry.cause[:240],
        question=one.question[:240],
        owner=entry.owner[:120],
        effort=entry.effort_level,
        impact=entry.impact_level,
        measure=entry.evidence[:300],
        baseline=one.baseline,
        target=one.target,
        basis=list(entry.basis),
        position=position,
        state=ActionState.PROPOSED,
    )


def _finding_for(one: Recommendation, findings: list[Finding]) -> Finding | None:
    """The finding of the same gap and dimension, else of the gap as a whole, else of the dimension, else of the gap."""

    def closeness(found: Finding) -> int:
        same_gap, same_dimension = found.gap == one.gap, found.dimension == one.dimension
        if same_gap and same_dimension:
            return 0
        if same_gap and not found.dimension:
            return 1
        if one.dimension and same_dimension:
            return 2
        return 3 if same_gap else 4

    closest = min(findings, key=lambda found: (closeness(found), found.rank), default=None)
    return closest if closest is not None and closeness(closest) < 4 else None


def next_number(wave: Wave) -> int:
    """Number of the next diagnosis of a wave."""
    highest: int | None = Diagnosis.objects.filter(wave=wave).aggregate(top=Max("number"))["top"]
    return (highest or 0) + 1
