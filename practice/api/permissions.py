"""Permission classes of the API: a token can do what its member's role can, within its own scopes."""

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from practice.exceptions import NotAllowedError
from practice.models import ApiToken
from practice.permissions import can

if TYPE_CHECKING:
    from rest_framework.views import APIView


class MissingScopeError(NotAllowedError):
    """The token lacks the scope of this endpoint."""

    code = "missing_scope"


class IsTokenOfPractice(BasePermission):
    """Needs a resolved token; views name `read_permission`, `write_permission`, `read_scope` and `write_scope`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Tell whether the member's role includes what the view asks for; raises MissingScopeError."""
        member = getattr(request._request, "member", None)
        if member is None:
            return False
        kind = "read" if request.method in SAFE_METHODS else "write"
        if not can(member, getattr(view, f"{kind}_permission")):
            return False
        ensure_scope(request, getattr(view, f"{kind}_scope"))
        return True


def token_of(request: Request) -> ApiToken:
    """Return the token the call carries."""
    token: ApiToken = request._request.api_token  # type: ignore[attr-defined]  # set by PracticeMiddleware
    return token


def ensure_scope(request: Request, scope: str) -> None:
    """Raise MissingScopeError unless the token has the scope."""
    if scope not in token_of(request).scopes:
        text = _("This token may not do this: it lacks the scope %(scope)s. Make one that has it.")
        raise MissingScopeError(
            text % {"scope": scope}, fields={"Authorization": _("Missing: %(scope)s.") % {"scope": scope}}
        )
