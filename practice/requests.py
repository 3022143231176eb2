"""The request that portal views receive: PracticeMiddleware has put the member and the practice on it."""

from django.http import HttpRequest
from django_htmx.middleware import HtmxDetails

from practice.models import ApiToken, Member, Practice


class PracticeRequest(HttpRequest):
    """A request inside a practice's scope."""

    member: Member
    practice: Practice
    api_token: ApiToken | None
    htmx: HtmxDetails
