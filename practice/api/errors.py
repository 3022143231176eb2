"""One handler for all API errors: problem details (RFC 9457) with a code and the names of wrong fields."""

from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from practice.exceptions import CrmgapError
from practice.selectors import NOT_FOUND


def handle_api_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem details of an expected error, or None for a real fault."""
    fields: Any = {}
    if isinstance(error, CrmgapError):
        status, code, detail, fields = error.status, error.code, error.message, error.fields
    elif isinstance(error, Http404 | exceptions.NotFound):
        status, code, detail = 404, "not_found", str(NOT_FOUND)
    elif isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        status, code, detail = 403, "not_allowed", _("Your role in this practice does not allow this.")
    elif isinstance(error, exceptions.ValidationError):
        status, code, detail, fields = 422, "invalid_input", _("Some fields are wrong."), error.detail
    elif isinstance(error, exceptions.APIException):
        status, code, detail = error.status_code, str(error.get_codes()), str(error.detail)
    else:
        return None
    set_rollback()
    problem = {"type": "about:blank", "title": detail, "status": status, "code": code, "detail": detail}
    if fields:
        problem["fields"] = fields
    return Response(problem, status=status, content_type="application/problem+json")
