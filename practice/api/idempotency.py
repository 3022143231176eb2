"""Idempotency-Key: a POST that is sent again gets the answer of the first one, and nothing is done twice.

An answer is kept for a day, per token and key. Only calls that succeeded are kept: a refused call has changed nothing
and may be sent again, corrected, with the same key.
"""

import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

from django.db import connection
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _

from practice.api.errors import problem_response
from practice.models import ApiToken, KeptAnswer

HEADER: Final = "Idempotency-Key"
KEY: Final = re.compile(r"[\x21-\x7e]{1,100}")
KEPT_FOR: Final = timedelta(hours=24)
LOCK_NUMBER: Final = 12
SECRETS: Final = "/api/v1/tokens/"


def answer_once(request: HttpRequest, token: ApiToken, answer: Callable[[], HttpResponse]) -> HttpResponse:
    """Return the kept answer of the same call, or the answer of this one (scope and transaction must be open)."""
    key = request.headers.get(HEADER)
    if request.method != "POST" or key is None:
        return answer()
    if not KEY.fullmatch(key):
        return _refused(400, "invalid_header", _("A key has 1 to 100 visible ASCII characters."))
    if request.path_info.startswith(SECRETS):
        return _refused(400, "invalid_header", _("Not taken here: a secret is never kept."))
    if not _hold(token, key):
        return _refused(
            409, "in_progress", _("The first call with this key is still running."), **{"Retry-After": "1"}
        )
    asked = _digest(request)
    KeptAnswer.objects.filter(created_at__lt=timezone.now() - KEPT_FOR).delete()
    if (kept := KeptAnswer.objects.filter(token=token, key=key).first()) is not None:
        if bytes(kept.asked) != asked:
            return _refused(
                422, "key_reused", _("This key was sent with another call. Take a new key for each call.")
            )
        again = HttpResponse(bytes(kept.content), status=kept.status, content_type=kept.content_type)
        again["Idempotent-Replayed"] = "true"
        return again
    response = answer()
    if response.status_code < 300 and not response.streaming:
        KeptAnswer.objects.create(
            token=token,
            key=key,
            asked=asked,
            status=response.status_code,
            content_type=response.headers.get("Content-Type", "")[:80],
            content=response.content,
        )
    return response


def _hold(token: ApiToken, key: str) -> bool:
    """Tell whether this transaction is the only one at work on the key; it lets go when it ends."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(%s, %s))", [f"{token.pk} {key}", LOCK_NUMBER]
        )
        (held,) = cursor.fetchone()
    return bool(held)


def _digest(request: HttpRequest) -> bytes:
    """Return what identifies the call; the boundary between parts of an upload differs from call to call."""
    kind, _semicolon, boundary = request.headers.get("Content-Type", "").partition("boundary=")
    body = request.body
    if boundary and kind.startswith("multipart/"):
        body = body.replace(boundary.strip('"').encode(), b"")
    head = f"{request.get_full_path()}\n{kind}\n".encode()
    return hashlib.sha256(head + body).digest()


def _refused(status: int, code: str, text: str, **headers: str) -> HttpResponse:
    return problem_response(status, code, text, {HEADER: text}, **headers)


def describe_header(result: dict[str, Any], **_more: Any) -> dict[str, Any]:
    """Name the header at every POST of the OpenAPI document that takes it."""
    parameter = {
        "in": "header",
        "name": HEADER,
        "required": False,
        "schema": {"type": "string", "minLength": 1, "maxLength": 100},
        "description": "Send the same key again after a lost answer: nothing is done twice. Kept for 24 hours.",
    }
    for path, operations in result["paths"].items():
        if "post" in operations and not path.startswith(SECRETS):
            operations["post"].setdefault("parameters", []).append(parameter)
    return result
