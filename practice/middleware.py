"""Request id, and the scope of a practice around every portal page and API call."""

import hashlib
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import timedelta
from functools import partial

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from practice import audit, lookups
from practice.api.errors import as_problem, problem_response
from practice.api.idempotency import answer_once
from practice.enums import Role
from practice.models import ApiToken, Member
from practice.scope import practice_scope

PORTAL_PATH = re.compile(r"^/p/(?P<slug>[^/]+)/")
API_PATH = "/api/v1/"
OPEN_API_PATHS = frozenset({"/api/v1/openapi.json"})

GetResponse = Callable[[HttpRequest], HttpResponse]

current_member: ContextVar[Member | None] = ContextVar("crmgap_member", default=None)


class RequestIdMiddleware:
    """Gives every request an id that appears in logs, audit entries and the answer's header."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        token = audit.request_id.set(uuid.uuid4().hex)
        try:
            response = self.get_response(request)
            response["X-Request-Id"] = audit.request_id.get()
            return response
        finally:
            audit.request_id.reset(token)


class LanguageMiddleware:
    """Speaks the language that a signed-in person has chosen; anybody else gets what the browser asks for."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and not request.path_info.startswith(API_PATH):
            chosen = getattr(request.user, "language", "")
            if chosen in dict(settings.LANGUAGES):
                translation.activate(chosen)
                request.LANGUAGE_CODE = chosen
        return self.get_response(request)


class PracticeMiddleware:
    """Opens the practice's transaction and scope around `/p/<slug>/` pages and `/api/v1/` calls; foreign = 404."""

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.member = request.practice = request.api_token = None  # type: ignore[attr-defined]
        portal = PORTAL_PATH.match(request.path_info)
        if portal:
            return self._portal(request, portal["slug"])
        if request.path_info.startswith(API_PATH) and request.path_info not in OPEN_API_PATHS:
            return as_problem(self._api(request))
        return self.get_response(request)

    def _portal(self, request: HttpRequest, slug: str) -> HttpResponse:
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        mine = [found for found in lookups.practices_of_user(request.user.pk) if found.slug == slug]
        if not mine:
            raise Http404
        with practice_scope(mine[0].practice_id):
            member = _member(mine[0].member_id)
            if _lacks_second_factor(member):
                return redirect("mfa_activate_totp")
            return self._answer(request, member, None)

    def _api(self, request: HttpRequest) -> HttpResponse:
        if _is_too_big(request):
            return _too_big()
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        found = None
        if scheme.lower() == "bearer" and secret:
            found = lookups.practice_of_token(hashlib.sha256(secret.strip().encode()).digest())
        if found is None:
            return _unauthorised()
        with practice_scope(found[0]):
            token = ApiToken.objects.select_related("member__user", "member__practice").get(pk=found[1])
            if not (token.member.is_active and token.member.user.is_active):
                return _unauthorised()
            now = timezone.now()
            if token.last_used_at is None or now - token.last_used_at > timedelta(hours=1):
                ApiToken.objects.filter(pk=token.pk).update(last_used_at=now)
            return answer_once(request, token, partial(self._answer, request, token.member, token))

    def _answer(self, request: HttpRequest, member: Member, token: ApiToken | None) -> HttpResponse:
        request.member, request.practice, request.api_token = member, member.practice, token  # type: ignore[attr-defined]
        reset, reset_token = current_member.set(member), audit.acting_token.set(token)
        try:
            response = self.get_response(request)
            if response.status_code == 403:
                audit.record("permission.refused", member, actor=token or member, label=request.path[:200])
            return response
        finally:
            current_member.reset(reset)
            audit.acting_token.reset(reset_token)


def _member(member_id: uuid.UUID) -> Member:
    return Member.objects.select_related("user", "practice", "client_organisation").get(pk=member_id)


def _lacks_second_factor(member: Member) -> bool:
    needed = member.practice.requires_second_factor and member.role in {Role.OWNER, Role.CONSULTANT}
    return needed and not is_mfa_enabled(member.user)


def _unauthorised() -> HttpResponse:
    return problem_response(
        401,
        "not_authenticated",
        _("Send a valid API token in the header: Authorization: Bearer cap_live_…"),
        {"Authorization": _("Missing, unknown, expired or revoked.")},
        **{"WWW-Authenticate": 'Bearer realm="CRMGap"'},
    )


def _is_too_big(request: HttpRequest) -> bool:
    length = request.headers.get("Content-Length", "")
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    return length.isdecimal() and (len(length) > 18 or int(length) > most)


def _too_big() -> HttpResponse:
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE // (1024 * 1024)
    text = _("The request is larger than %(most)d MB. Nothing was read; send less.") % {"most": most}
    return problem_response(413, "too_large", text, {"body": text})
