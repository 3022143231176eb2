"""Tables of the practice room."""

from practice.models.audit import AuditEntry
from practice.models.base import PracticeForeignKey, PracticeModel
from practice.models.client import ClientOrganisation, Engagement
from practice.models.idempotency import KeptAnswer
from practice.models.invitation import Invitation
from practice.models.job import Job
from practice.models.practice import Member, Practice
from practice.models.sender import SenderIdentity
from practice.models.token import ApiToken
from practice.models.user import User

__all__ = [
    "ApiToken",
    "AuditEntry",
    "ClientOrganisation",
    "Engagement",
    "Invitation",
    "Job",
    "KeptAnswer",
    "Member",
    "Practice",
    "PracticeForeignKey",
    "PracticeModel",
    "SenderIdentity",
    "User",
]
