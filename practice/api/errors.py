"""One shape for all API errors: problem details (RFC 9457) with a code and, for wrong input, the name of each field."""

import json
from collections.abc import Mapping
from typing import Any, Final

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.utils.translation import gettext as _
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import set_rollback

from practice.exceptions import CrmgapError
from practice.selectors import NOT_FOUND

PROBLEM: Final = "application/problem+json"
WHOLE_BODY: Final = "body"
OWN_HEADERS: Final = ("Allow", "Retry-After", "WWW-Authenticate")


class InvalidQueryError(CrmgapError):
    """A parameter of the address is wrong; `fields` names it."""

    code = "invalid_query"
    status = 400


def problem(status: int, code: str, detail: str, fields: Mapping[str, str] | None = None) -> dict[str, Any]:
    """Return problem details; `fields` maps each wrong field to one sentence."""
    shown: dict[str, Any] = {"type": "about:blank", "title": detail, "status": status, "code": code}
    shown["detail"] = detail
    if fields:
        shown["fields"] = dict(fields)
    return shown


def problem_response(
    status: int, code: str, detail: str, fields: Mapping[str, str] | None = None, **headers: str
) -> HttpResponse:
    """Return problem details as an answer, for refusals before any endpoint is reached."""
    content = json.dumps(problem(status, code, detail, fields), ensure_ascii=False)
    return HttpResponse(content, status=status, content_type=PROBLEM, headers=headers)


def handle_api_error(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the problem details of an expected error, or None for a real fault."""
    fields: Mapping[str, str] = {}
    if isinstance(error, CrmgapError):
        status, code, detail, fields = error.status, error.code, error.message, error.fields
    elif isinstance(error, Http404 | exceptions.NotFound):
        status, code, detail = 404, "not_found", str(NOT_FOUND)
    elif isinstance(error, PermissionDenied | exceptions.PermissionDenied):
        status, code, detail = 403, "not_allowed", _("Your role in this practice does not allow this.")
    elif isinstance(error, exceptions.ValidationError):
        status, code, detail = 422, "invalid_input", _("Some fields are wrong.")
        fields = flat(error.detail)
    elif isinstance(error, exceptions.APIException):
        status, code, detail = error.status_code, str(error.get_codes()), str(error.detail)
        fields = _field_of(error, detail)
    else:
        return None
    set_rollback()
    return Response(problem(status, code, detail, fields), status=status, content_type=PROBLEM)


def _field_of(error: exceptions.APIException, detail: str) -> dict[str, str]:
    if isinstance(error, exceptions.ParseError):
        return {WHOLE_BODY: detail}
    return {"Content-Type": detail} if isinstance(error, exceptions.UnsupportedMediaType) else {}


def flat(detail: Any, name: str = "") -> dict[str, str]:
    """Return nested errors of fields as one level: `audiences.0` -> a sentence; what fits no field is of `body`."""
    found: dict[str, str] = {}
    if isinstance(detail, Mapping):
        for key, inner in detail.items():
            here = "" if key == "non_field_errors" else str(key)
            found |= flat(inner, ".".join(part for part in (name, here) if part))
    elif isinstance(detail, list) and any(isinstance(inner, Mapping | list) for inner in detail):
        for number, inner in enumerate(detail):
            found |= flat(inner, f"{name}.{number}" if name else str(number)) if inner else {}
    elif isinstance(detail, list):
        found[name or WHOLE_BODY] = " ".join(str(text) for text in detail)
    else:
        found[name or WHOLE_BODY] = str(detail)
    return found


def as_problem(response: HttpResponse) -> HttpResponse:
    """Return an error that no endpoint made - an unknown address, a fault - as problem details; others as they are."""
    status = response.status_code
    if status < 400 or response.headers.get("Content-Type", "").startswith(PROBLEM):
        return response
    code, text = {
        404: ("not_found", str(NOT_FOUND)),
        403: ("not_allowed", _("This is not allowed.")),
        405: ("method_not_allowed", _("This address does not know this method.")),
    }.get(status, ("bad_request", _("The request cannot be read.")))
    if status >= 500:
        code = "server_error"
        text = _("Something went wrong on our side. Nothing was changed; try again, or name the request id.")
    made = problem_response(status, code, text)
    for name in OWN_HEADERS:
        if name in response.headers:
            made[name] = response.headers[name]
    return made
