"""Who may do what: one table of roles, asked by views, endpoints and services alike."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

from practice.enums import Role
from practice.exceptions import NotAllowedError
from practice.models import Member

READ_RESULTS = frozenset({"engagement.read", "client.read", "diagnosis.read", "report.read", "action.read"})
READ_ALL = READ_RESULTS | {"people.read", "field.read", "form.read", "export"}
WORK = READ_ALL | {
    "client.edit",
    "engagement.edit",
    "people.edit",
    "wave.edit",
    "wave.launch",
    "diagnosis.edit",
    "action.edit",
    "report.create",
    "token.manage",
    "mailbox.read",
    "practice.read",
}
PERMISSIONS: dict[str, frozenset[str]] = {
    Role.OWNER: WORK | {"practice.manage", "audit.read"},
    Role.CONSULTANT: WORK,
    Role.ANALYST: READ_ALL,
    Role.CLIENT_VIEWER: READ_RESULTS,
}


def can(member: Member, permission: str) -> bool:
    """Tell whether the member's role includes the permission."""
    return member.is_active and permission in PERMISSIONS.get(member.role, frozenset())


def ensure(member: Member, permission: str) -> None:
    """Raise NotAllowedError unless the member may."""
    if not can(member, permission):
        raise NotAllowedError(_("Your role in this practice does not allow this."))


def require_permission(permission: str) -> Callable[[Callable[..., Any]], Callable[..., HttpResponseBase]]:
    """Decorate a page of the portal: answers 403 when the member's role lacks the permission."""

    def decorate(view: Callable[..., Any]) -> Callable[..., HttpResponseBase]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not can(request.member, permission):  # type: ignore[attr-defined]  # set by PracticeMiddleware
                raise PermissionDenied
            return view(request, *args, **kwargs)  # type: ignore[no-any-return]

        guarded.permission = permission  # type: ignore[attr-defined]  # read by the access test
        return guarded

    return decorate
