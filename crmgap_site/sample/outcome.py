"""What comes of a wave of the sample: diagnosis, decided findings, a dated plan, and the documents."""

import time
from collections.abc import Callable
from datetime import date, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone

from diagnosis import computing
from diagnosis import services as diagnosing
from diagnosis.enums import ActionState, Decision
from diagnosis.models import Action, Diagnosis, Finding
from practice.enums import JobState
from practice.exceptions import CrmgapError
from practice.models import Member
from practice.scope import practice_scope
from practice.selectors import latest_job
from reports import services as reporting
from reports.enums import ReportKind, ReportState
from reports.models import Report
from surveys.models import Wave

N_ACCEPTED_FINDINGS: Final = 8
N_PLANNED_ACTIONS: Final = 8
DAYS_BY_EFFORT: Final = {1: 42, 2: 84, 3: 140}
FIRST_START_DAYS, DAYS_BETWEEN_STARTS = 14, 10
POLL_SECONDS: Final = 0.3
WORKER_PATIENCE: Final = 20.0

RunJob = Callable[[UUID, UUID], None]


class JobOverdueError(CrmgapError):
    """A job of the sample failed or has not ended in time."""

    code = "sample_job_overdue"


def diagnose(wave: Wave, owner: Member, *, patience: float) -> Diagnosis:
    """Return the finished diagnosis of the closed wave; raises JobOverdueError after `patience` seconds."""
    with practice_scope(owner.practice_id):
        diagnosis = diagnosing.request_diagnosis(wave, actor=owner)
    run: RunJob = computing.compute_diagnosis
    finish_job(owner.practice_id, "diagnosis", diagnosis.pk, run, worker_patience=0.0, patience=patience)
    with practice_scope(owner.practice_id):
        return Diagnosis.objects.get(pk=diagnosis.pk)


def decide(diagnosis: Diagnosis, owner: Member, *, days_ago: int = 0) -> None:
    """Accept the top findings and plan the first actions in one transaction; once decided, do nothing.

    The dates are those of a plan agreed `days_ago` days ago.
    """
    with practice_scope(owner.practice_id):
        findings = Finding.objects.filter(diagnosis=diagnosis)
        if findings.exclude(decision=Decision.PROPOSED).exists():
            return
        for finding in findings.order_by("rank")[:N_ACCEPTED_FINDINGS]:
            diagnosing.decide_finding(finding, decision=Decision.ACCEPTED, actor=owner)
        proposed = Action.objects.filter(diagnosis=diagnosis, state=ActionState.PROPOSED, question="")
        for place, action in enumerate(proposed.order_by("position")[:N_PLANNED_ACTIONS]):
            starts_on, due_on = _dates(place, action.effort, days_ago)
            diagnosing.accept_action(
                action,
                actor=owner,
                owner=action.owner or owner.user.name,
                starts_on=starts_on,
                due_on=due_on,
            )


def carry_out(diagnosis: Diagnosis, owner: Member) -> None:
    """Mark the planned actions of an earlier wave as done, except the last, which is under way."""
    with practice_scope(owner.practice_id):
        planned = list(
            Action.objects.filter(diagnosis=diagnosis, state=ActionState.PLANNED).order_by("position")
        )
        for place, action in enumerate(planned, start=1):
            state = ActionState.DONE if place < len(planned) else ActionState.RUNNING
            diagnosing.update_action(action, actor=owner, state=state)


def _dates(place: int, effort: int, days_ago: int) -> tuple[date, date]:
    agreed_on = timezone.localdate() - timedelta(days=days_ago)
    starts_on = agreed_on + timedelta(days=FIRST_START_DAYS + DAYS_BETWEEN_STARTS * place)
    return starts_on, starts_on + timedelta(days=DAYS_BY_EFFORT[effort])


def request_reports(diagnosis: Diagnosis, owner: Member) -> list[Report]:
    """Return both documents of the diagnosis, asked for once; workers make them."""
    with practice_scope(owner.practice_id):
        usable = Report.objects.filter(diagnosis=diagnosis).exclude(state=ReportState.FAILED)
        found = {report.kind: report for report in usable.order_by("created_at")}
        for kind in ReportKind.values:
            if kind not in found:
                found[kind] = reporting.request_report(diagnosis=diagnosis, kind=kind, actor=owner)
        return [found[kind] for kind in ReportKind.values]


def finish_reports(reports: list[Report], practice_id: UUID, *, patience: float) -> None:
    """Wait until the documents are made; where no worker takes a job, it is done here. Raises JobOverdueError."""
    for report in reports:
        run: RunJob = reporting.make_report
        finish_job(practice_id, "report", report.pk, run, worker_patience=WORKER_PATIENCE, patience=patience)


def finish_job(
    practice_id: UUID, kind: str, object_id: UUID, run: RunJob, *, worker_patience: float, patience: float
) -> None:
    """Wait for the newest job of an object to succeed; one that no worker takes in `worker_patience` s is run here.

    Raises JobOverdueError when it fails, or is not over after `patience` seconds.
    """
    began = time.monotonic()
    while time.monotonic() - began < patience:
        with practice_scope(practice_id, read_only=True):
            job = latest_job(kind, object_id)
        if job is None or job.state == JobState.SUCCEEDED:
            return
        if job.state in {JobState.FAILED, JobState.CANCELLED}:
            break
        if job.state == JobState.QUEUED and time.monotonic() - began >= worker_patience:
            run(practice_id, job.pk)
            continue
        time.sleep(POLL_SECONDS)
    raise JobOverdueError(f"The job {kind!r} of the sample failed or did not end in {patience:.0f} s.")
