"""Token sign-in of the API: the middleware resolved the token and opened the scope; this hands the member to DRF."""

from typing import Any

from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request


class TokenAuthentication(BaseAuthentication):
    """Takes the member that PracticeMiddleware found; cookies are never looked at."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return (user, token) of the resolved bearer token."""
        member = getattr(request._request, "member", None)
        if member is None:
            return None
        return member.user, request._request.api_token  # type: ignore[attr-defined]

    def authenticate_header(self, request: Request) -> str:
        """Return the challenge of a 401 answer."""
        return 'Bearer realm="CRMGap"'
