"""Reads of the reports room."""

from uuid import UUID

from django.db.models import QuerySet

from practice.enums import Role
from practice.models import Engagement, Member
from practice.selectors import get_or_404
from reports.enums import ReportState
from reports.models import Report


def reports_for(member: Member) -> QuerySet[Report]:
    """Return the reports the member may see; a client viewer sees finished ones of the own client."""
    reports = Report.objects.select_related("engagement__client_organisation", "diagnosis")
    if member.role == Role.CLIENT_VIEWER:
        reports = reports.filter(engagement__client_organisation__viewers=member, state=ReportState.SUCCEEDED)
    return reports


def get_report_for(member: Member, public_id: UUID | str) -> Report:
    """Return one report, or 404."""
    report: Report = get_or_404(reports_for(member), public_id)
    return report


def reports_of_engagement(member: Member, engagement: Engagement) -> QuerySet[Report]:
    """Return the reports of an engagement, newest first."""
    return reports_for(member).filter(engagement=engagement)
