"""Reads of the practice room: every object reaches a page or endpoint through one of these, foreign = 404."""

from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import Http404
from django.utils.translation import gettext as _

from practice.enums import Role
from practice.models import ApiToken, AuditEntry, ClientOrganisation, Engagement, Invitation, Job, Member

NOT_FOUND = _("Nothing is here. The address may be mistyped, or the object was removed.")


def get_or_404(queryset: QuerySet[Any], public_id: UUID | str) -> Any:
    """Return the one object of the query set with this id, or raise Http404 with one text for all cases."""
    try:
        key = public_id if isinstance(public_id, UUID) else UUID(str(public_id))
    except ValueError as error:
        raise Http404(NOT_FOUND) from error
    found = queryset.filter(pk=key).first()
    if found is None:
        raise Http404(NOT_FOUND)
    return found


def clients_for(member: Member) -> QuerySet[ClientOrganisation]:
    """Return the client organisations the member may see."""
    clients: QuerySet[ClientOrganisation] = ClientOrganisation.objects.all()
    if member.role == Role.CLIENT_VIEWER:
        clients = clients.filter(viewers=member)
    return clients


def engagements_for(member: Member) -> QuerySet[Engagement]:
    """Return the engagements the member may see, with their client."""
    engagements: QuerySet[Engagement] = Engagement.objects.select_related("client_organisation")
    if member.role == Role.CLIENT_VIEWER:
        engagements = engagements.filter(client_organisation=member.client_organisation_id)
    return engagements


def get_client_for(member: Member, public_id: UUID | str) -> ClientOrganisation:
    """Return one client organisation, or 404."""
    return get_or_404(clients_for(member), public_id)  # type: ignore[no-any-return]


def get_engagement_for(member: Member, public_id: UUID | str) -> Engagement:
    """Return one engagement, or 404."""
    return get_or_404(engagements_for(member), public_id)  # type: ignore[no-any-return]


def members_of_practice() -> QuerySet[Member]:
    """Return the practice's members with their person, by name."""
    return Member.objects.select_related("user", "client_organisation").order_by("user__name", "user__email")


def open_invitations() -> QuerySet[Invitation]:
    """Return the invitations that were neither accepted nor revoked, expired ones included, newest first."""
    return Invitation.objects.filter(accepted_at=None, revoked_at=None).select_related(
        "practice", "invited_by__user", "client_organisation"
    )


def audit_entries() -> QuerySet[AuditEntry]:
    """Return the audit record, newest first."""
    return AuditEntry.objects.all()


def live_tokens_of(member: Member) -> QuerySet[ApiToken]:
    """Return the member's API tokens that were not revoked."""
    return ApiToken.objects.filter(member=member, revoked_at=None)


def latest_job(kind: str, object_id: UUID) -> Job | None:
    """Return the newest job of a kind on an object."""
    return Job.objects.filter(kind=kind, object_id=object_id).order_by("-created_at").first()
