"""Permission classes of the API: a token can do what its member's role can."""

from typing import TYPE_CHECKING

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from practice.permissions import can

if TYPE_CHECKING:
    from rest_framework.views import APIView


class IsTokenOfPractice(BasePermission):
    """Needs a resolved token; views name `read_permission` and `write_permission`."""

    def has_permission(self, request: Request, view: "APIView") -> bool:
        """Tell whether the member's role includes what the view asks for."""
        member = getattr(request._request, "member", None)
        if member is None:
            return False
        kind = "read_permission" if request.method in SAFE_METHODS else "write_permission"
        return can(member, getattr(view, kind))
