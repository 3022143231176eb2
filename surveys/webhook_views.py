"""The door for mail providers: no session, no sign-in; a call is believed by its signature alone."""

import logging
from uuid import UUID

from django.core.exceptions import RequestDataTooBig
from django.db import DatabaseError, transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from surveys.services import webhooks

logger = logging.getLogger(__name__)

MAX_BYTES = 2 * 1024 * 1024
TOO_LARGE, LATER = 413, 429


@transaction.non_atomic_requests
@csrf_exempt
@require_POST
def provider_call(request: HttpRequest, channel_id: UUID) -> HttpResponse:
    """Take a provider's call about mails; answers with a status alone, never with what was wrong."""
    try:
        body = request.body
    except (RequestDataTooBig, UnreadablePostError):
        return HttpResponse(status=TOO_LARGE)
    if len(body) > MAX_BYTES:
        return HttpResponse(status=TOO_LARGE)
    try:
        status = webhooks.take_call(channel_id, headers=request.headers, body=body)
    except DatabaseError as error:
        # The provider calls again later; a traceback would carry the call, and with it addresses and signatures.
        logger.warning("a provider's call was not taken: %s", type(error).__name__)
        return HttpResponse(status=LATER)
    return HttpResponse(status=status)
