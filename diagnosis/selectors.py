"""Reads of the diagnosis room; client viewers see finished diagnoses of their own client and what was decided."""

from uuid import UUID

from django.db.models import QuerySet

from diagnosis.enums import ActionState, Decision, DiagnosisState
from diagnosis.models import Action, Diagnosis, Finding
from practice.enums import Role
from practice.models import Engagement, Member
from practice.selectors import get_or_404


def diagnoses_for(member: Member) -> QuerySet[Diagnosis]:
    """Return the diagnoses the member may see, newest first, with wave and client."""
    found: QuerySet[Diagnosis] = Diagnosis.objects.select_related(
        "engagement__client_organisation", "wave"
    ).order_by("-created_at", "-number")
    if member.role == Role.CLIENT_VIEWER:
        found = found.filter(
            engagement__client_organisation=member.client_organisation_id, state=DiagnosisState.SUCCEEDED
        )
    return found


def get_diagnosis_for(member: Member, public_id: UUID | str) -> Diagnosis:
    """Return one diagnosis, or 404."""
    diagnosis: Diagnosis = get_or_404(diagnoses_for(member), public_id)
    return diagnosis


def latest_diagnosis_for(member: Member, engagement: Engagement) -> Diagnosis | None:
    """Return the newest diagnosis of an engagement's newest wave the member may see, finished ones first.

    An earlier wave that is computed anew does not take the place of a later one.
    """
    found = diagnoses_for(member).filter(engagement=engagement)
    found = found.order_by("-wave__number", "-created_at", "-number")
    return found.filter(state=DiagnosisState.SUCCEEDED).first() or found.first()


def findings_for(member: Member, diagnosis: Diagnosis | None = None) -> QuerySet[Finding]:
    """Return findings in rank order, of one diagnosis or all; a client viewer sees accepted ones."""
    found: QuerySet[Finding] = Finding.objects.select_related("diagnosis").order_by("diagnosis_id", "rank")
    if diagnosis is not None:
        found = found.filter(diagnosis=diagnosis)
    if member.role == Role.CLIENT_VIEWER:
        found = found.filter(
            diagnosis__engagement__client_organisation=member.client_organisation_id,
            diagnosis__state=DiagnosisState.SUCCEEDED,
            decision=Decision.ACCEPTED,
        )
    return found


def get_finding_for(member: Member, public_id: UUID | str) -> Finding:
    """Return one finding, or 404."""
    finding: Finding = get_or_404(findings_for(member), public_id)
    return finding


def actions_for(
    member: Member, *, engagement: Engagement | None = None, diagnosis: Diagnosis | None = None
) -> QuerySet[Action]:
    """Return actions in plan order with their finding; a client viewer sees those in the plan."""
    found: QuerySet[Action] = Action.objects.select_related("finding", "diagnosis").order_by(
        "diagnosis_id", "position", "id"
    )
    if engagement is not None:
        found = found.filter(engagement=engagement)
    if diagnosis is not None:
        found = found.filter(diagnosis=diagnosis)
    if member.role == Role.CLIENT_VIEWER:
        found = found.filter(engagement__client_organisation=member.client_organisation_id).exclude(
            state__in=[ActionState.PROPOSED, ActionState.DROPPED]
        )
    return found


def get_action_for(member: Member, public_id: UUID | str) -> Action:
    """Return one action, or 404."""
    action: Action = get_or_404(actions_for(member), public_id)
    return action
