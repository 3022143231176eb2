"""Pages of respondents: no session, no sign-in; the link is resolved first, then the practice's scope is opened.

GET and HEAD run in read-only transactions. Only a POST from one of our own forms writes.
"""

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware, get_token
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from practice import logos, lookups
from practice.pages import picture_response
from practice.scope import practice_scope
from surveys import answering, limits, links, open_visits
from surveys.answering import Door, LinkTarget, Respondent
from surveys.enums import WaveKind
from surveys.form_cache import brand_for
from surveys.mail.waking import wake_audience
from surveys.models import Recipient
from surveys.page_skeletons import render_kept
from surveys.respondent_pages import (
    CSRF_FIELD,
    RECEIPT_FIELD,
    brand_of,
    landing_context,
    profile_of,
    render_page,
    render_page_with_problems,
)
from surveys.respondent_rows import OpenDoor
from surveys.services import suppressions

BRAND_OF_PERSON = ("wave_audience__practice", "wave_audience__wave__engagement__client_organisation")
BUTTONS = frozenset({CSRF_FIELD, RECEIPT_FIELD, "start", "next", "back", "finish", "enter", "language"})
KEPT_DAYS = 180
RETURN_SECONDS = 15
REF_LENGTH = 8
HEADERS = {
    # "no-referrer" would make browsers post our own forms with "Origin: null", which the CSRF check must refuse.
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
    "X-Robots-Tag": "noindex, nofollow",
}

View = Callable[..., HttpResponse]


def respondent_view(view: View) -> View:
    """Mark a view as a respondent's: own transactions, own CSRF answer, headers that keep the link private."""

    @wraps(view)
    def answer(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        with translation.override(translation.get_language()):  # whatever the view activates ends with it
            response = view(request, **kwargs)
            response["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
        for name, value in HEADERS.items():
            response[name] = value
        return response

    methods = require_http_methods(["GET", "HEAD", "POST"])
    guarded: View = transaction.non_atomic_requests(csrf_exempt(methods(answer)))
    return guarded


class _CsrfCheck(CsrfViewMiddleware):
    """Says whether a request would be refused, so that a page can keep what was typed."""

    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def has_expired(request: HttpRequest) -> bool:
    """Tell whether a POST comes from a page of ours that was open for too long, or from somewhere else."""
    check = _CsrfCheck(lambda _request: HttpResponse())
    check.process_request(request)
    return check.process_view(request, None, (), {}) is not None  # type: ignore[arg-type]


def ref_of(token: str) -> str:
    """Return the short name of a link for URLs and cookies; it does not lead back to the link."""
    return hashlib.sha256(b"ref" + token.encode()).hexdigest()[:REF_LENGTH]


def cookie_name(ref: str) -> str:
    """Return the name of the cookie that carries the link of this survey."""
    return f"__Host-s-{ref}" if settings.IS_HTTPS else f"s-{ref}"


@respondent_view
def landing(request: HttpRequest, token: str) -> HttpResponse:
    """Show who asks and why; Start (a POST) moves the token from the address into a cookie and opens the form."""
    target = answering.resolve_link(token)
    if target is None:
        return unknown_page()
    is_start = request.method == "POST" and "start" in request.POST and not has_expired(request)
    now = timezone.now()
    with practice_scope(target.practice_id, read_only=not is_start):
        respondent = answering.load_respondent(target, token, lock="draft" if is_start else "")
        if respondent is None:
            return unknown_page()
        answering.speak(respondent, _wished_language(request))
        door = respondent.door(now)
        if is_start and door == Door.OPEN:
            answering.open_form(respondent, now)
        context, own = landing_context(respondent), {"privacy_url": _data_url(request, respondent)}
    if door != Door.OPEN:
        return _state_page(request, respondent, door)
    if is_start:
        return _enter(request, respondent)
    own |= {name: context.pop(name) for name in ("headline", "intro")} | {"csrf_token": get_token(request)}
    status = 403 if request.method == "POST" else 200
    return HttpResponse(render_kept("surveys/landing.html", context, own), status=status)


def _wished_language(request: HttpRequest) -> str:
    """Return the language that the person has just asked for; a GET only shows it, a POST keeps it."""
    return (request.POST if request.method == "POST" else request.GET).get("language", "")


def _enter(request: HttpRequest, respondent: Respondent) -> HttpResponse:
    ref = ref_of(respondent.token)
    response = _go_on(request, respondent, ref)
    response.set_cookie(
        cookie_name(ref), respondent.token, httponly=True, samesite="Lax", secure=settings.IS_HTTPS
    )
    return response


def _position(respondent: Respondent) -> int:
    position = respondent.draft.position if respondent.draft is not None else 0
    return min(max(position, 0), len(respondent.pages) - 1)


def _see_page(respondent: Respondent, ref: str) -> HttpResponse:
    response = redirect("respondent:page", ref=ref, number=_position(respondent) + 1)
    response.status_code = 303
    return response


def _go_on(request: HttpRequest, respondent: Respondent, ref: str) -> HttpResponse:
    """Lead to the next page; the survey's own script, which says so, gets the page itself and its address."""
    if request.headers.get("X-Survey") != "page":
        return _see_page(respondent, ref)
    number = _position(respondent)
    address = reverse("respondent:page", kwargs={"ref": ref, "number": number + 1})
    html = render_page(respondent, number, get_token(request))
    return HttpResponse(html, headers={"X-Survey-Page": address})


@respondent_view
def resume(request: HttpRequest, ref: str) -> HttpResponse:
    """Lead to the page where the person stopped."""
    token, target = from_cookie(request, ref)
    if target is None:
        return unknown_page()
    with practice_scope(target.practice_id, read_only=True):
        respondent = answering.load_respondent(target, token)
        if respondent is None:
            return unknown_page()
        answering.speak(respondent)
        door = respondent.door(timezone.now())
        return _see_page(respondent, ref) if door == Door.OPEN else _state_page(request, respondent, door)


@respondent_view
def page(request: HttpRequest, ref: str, number: int) -> HttpResponse:
    """Show one page of the form; a POST keeps its answers and goes on, back, or finishes."""
    token, target = from_cookie(request, ref)
    if target is None:
        return unknown_page()
    if request.method == "POST":
        return _post_page(request, ref, number - 1, token, target)
    with practice_scope(target.practice_id, read_only=True):
        respondent = answering.load_respondent(target, token)
        if respondent is None:
            return unknown_page()
        answering.speak(respondent)
        door = respondent.door(timezone.now())
        if door != Door.OPEN:
            return _state_page(request, respondent, door)
        if not respondent.is_page_shown(number - 1):
            return _see_page(respondent, ref)
        return HttpResponse(render_page(respondent, number - 1, get_token(request)))


def _post_page(request: HttpRequest, ref: str, number: int, token: str, target: LinkTarget) -> HttpResponse:
    posted = {name: values for name, values in _posted(request).items() if name not in BUTTONS}
    ticked = {name: values for name, values in _posted(request).items() if name == RECEIPT_FIELD}
    is_late = has_expired(request)
    is_finish = ("finish" in request.POST or request.POST.get("enter") == "finish") and not is_late
    now = timezone.now()
    with practice_scope(target.practice_id, read_only=is_late):
        lock = "" if is_late else "ledger" if is_finish else "draft"
        respondent = answering.load_respondent(target, token, lock=lock)
        if respondent is None:
            return unknown_page()
        answering.speak(respondent)
        door = respondent.door(now)
        may_save = door == Door.OPEN or (door == Door.PAUSED and respondent.has_stored_draft)
        if not may_save or not respondent.is_page_shown(number):
            return _state_page(request, respondent, door) if door != Door.OPEN else _see_page(respondent, ref)
        if is_late:
            html = render_page_with_problems(
                respondent, number, get_token(request), posted | ticked, {}, has_expired=True
            )
            return HttpResponse(html, status=403)
        is_autosave = request.headers.get("X-Survey") == "save"
        position = (
            _position(respondent) if is_autosave else _next_position(request, number, len(respondent.pages))
        )
        answers = answering.take_page(respondent, number, posted, now=now, position=position)
        answering.speak(respondent, _wished_language(request))
        if is_finish and door == Door.OPEN and not answers.problems:
            if answering.finish(respondent, wants_receipt=bool(ticked)) and ticked:
                wake_audience(respondent.wave_audience)
            is_shared = respondent.is_at_kiosk
            return _kiosk_thanks(respondent, ref) if is_shared else _thanks(request, respondent)
        answering.save_draft(respondent)
    if is_autosave:
        return HttpResponse(status=204)
    if door == Door.PAUSED:
        return _state_page(request, respondent, door)
    if answers.problems:
        html = render_page_with_problems(
            respondent, number, get_token(request), posted | ticked, answers.problems
        )
        return HttpResponse(html, status=422)
    return _go_on(request, respondent, ref)


def _next_position(request: HttpRequest, number: int, total: int) -> int:
    """Return the page to show after this one (0-based): the same one when only the language changes."""
    if "language" in request.POST:
        return number
    return max(number - 1, 0) if "back" in request.POST else min(number + 1, total - 1)


@respondent_view
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """Ask whether a person wants no more mails; a POST says so, from the page's button or from a mail program.

    A mail program posts without cookie, CSRF token or Referer (RFC 8058) and follows no redirect; the link itself is
    the permission.
    """
    found = links.unsubscribe_target(token)
    if found is None:
        return unknown_page()
    practice_id, recipient_id = found
    is_done = request.method == "POST"
    with practice_scope(practice_id, read_only=not is_done):
        person = Recipient.objects.filter(pk=recipient_id).select_related(*BRAND_OF_PERSON).first()
        if person is None:
            return unknown_page()
        audience = person.wave_audience
        is_test = audience.wave.kind == WaveKind.TEST
        if is_done and not is_test:
            suppressions.unsubscribe(person)
        brand = brand_for(audience.wave.engagement.client_organisation, audience.practice)
        brand = brand._replace(is_test=is_test)
    if is_done:
        return HttpResponse(render_to_string("surveys/state.html", {"state": "opted_out", "brand": brand}))
    return HttpResponse(render_to_string("surveys/opt_out.html", {"brand": brand}))


@respondent_view
def unknown(request: HttpRequest) -> HttpResponse:
    """Answer every other address under /s/ like an unknown link, with the same work."""
    answering.resolve_link("")
    return unknown_page()


@require_safe
def logo(request: HttpRequest, logo_id: UUID) -> HttpResponse:
    """Send a logo that survey pages show: the picture and nothing else; the same answer for every unknown one."""
    practice_id = lookups.practice_of_logo(logo_id)
    content = logos.read_file(practice_id, logo_id) if practice_id else None
    if content is None:
        return unknown_page()
    return picture_response(content, cache="public")


def _posted(request: HttpRequest) -> dict[str, list[str]]:
    return {str(name): [str(value) for value in values] for name, values in request.POST.lists()}


def from_cookie(request: HttpRequest, ref: str) -> tuple[str, LinkTarget | None]:
    """Return the token that the cookie of a survey carries, and where it leads."""
    token = request.COOKIES.get(cookie_name(ref), "")
    target = answering.resolve_link(token)
    return token, target if token and ref_of(token) == ref else None


def unknown_page() -> HttpResponse:
    """Return the one page of unknown, malformed and revoked links."""
    return HttpResponse(render_to_string("surveys/state.html", {"state": "unknown"}), status=404)


def _data_url(request: HttpRequest, respondent: Respondent) -> str:
    """Return the address of the page on data: by the link where the request came by it, else by the cookie.

    A visit that has not begun has none.
    """
    if not respondent.token:
        return ""
    by_cookie = reverse("respondent:own_data", kwargs={"ref": ref_of(respondent.token)})
    if request.path_info.startswith(by_cookie.removesuffix("data/")):
        return by_cookie
    return reverse("respondent:data", kwargs={"token": respondent.token})


def _state_page(request: HttpRequest, respondent: Respondent, door: Door) -> HttpResponse:
    context = {
        "data_url": _data_url(request, respondent),
        "state": str(door),
        "brand": brand_of(respondent),
        "opens_at": respondent.wave_audience.opens_at,
    }
    return HttpResponse(render_to_string("surveys/state.html", context))


def _thanks(request: HttpRequest, respondent: Respondent) -> HttpResponse:
    audience = respondent.wave_audience
    context = {
        "brand": brand_of(respondent),
        "mode": audience.mode,
        "closes_at": audience.closes_at,
    }
    own = {"data_url": _data_url(request, respondent), "profile": profile_of(respondent)}
    return HttpResponse(render_kept("surveys/done.html", context, own))


@respondent_view
def open_landing(request: HttpRequest, token: str) -> HttpResponse:
    """Show who asks everybody with this address; Start (a POST) begins a visit, or goes on with this browser's own."""
    target = answering.resolve_open_link(token)
    if target is None:
        return unknown_page()
    is_start = request.method == "POST" and "start" in request.POST and not has_expired(request)
    now, error, wait = timezone.now(), "", 0
    with practice_scope(target.practice_id, read_only=not is_start):
        found = open_visits.load_visit(target, token, request.COOKIES.get(_kept_name(token), ""))
        if found is None or (opened := found[0].open_door) is None:
            return unknown_page()
        visit, device = found
        answering.speak(visit, _wished_language(request))
        door = open_visits.door_of(visit, now)
        if is_start and door == Door.OPEN:
            is_new = device != open_visits.Device.STARTED
            error = _code_problem(request, opened) if is_new else ""
            wait = limits.seconds_until_next_visit(request, opened.link_id) if is_new and not error else 0
            if not error and not wait:
                open_visits.begin_visit(visit, token, device, now)
                if is_new:
                    limits.note_visit(request, opened.link_id)
        context = landing_context(visit)
    if door != Door.OPEN:
        return _state_page(request, visit, door)
    if wait:
        return _busy_page(visit, wait)
    if is_start and not error:
        return _enter_visit(request, visit)
    context |= {
        "device": device,
        "is_kiosk": opened.is_kiosk,
        "asks_code": opened.access_code is not None and device != open_visits.Device.STARTED,
        "error": error,
        "csrf_token": get_token(request),
    }
    status = {"": 403 if request.method == "POST" else 200, "wrong": 422, "blocked": 429}[error]
    return HttpResponse(render_to_string("surveys/open_landing.html", context), status=status)


def _busy_page(visit: Respondent, wait: int) -> HttpResponse:
    """Ask to come back later where very many visits have begun from one network; nothing is locked."""
    context = {"state": "busy", "brand": brand_of(visit), "wait_minutes": -(-wait // 60)}
    html = render_to_string("surveys/state.html", context)
    return HttpResponse(html, status=429, headers={"Retry-After": str(wait)})


def _code_problem(request: HttpRequest, door: OpenDoor) -> str:
    """Return what is wrong with the access code given: nothing, "wrong", or "blocked" after many wrong ones."""
    if door.access_code is None:
        return ""
    if limits.is_blocked(request, door.link_id):
        return "blocked"
    if open_visits.is_right_code(door, request.POST.get("code", "")):
        return ""
    limits.note_failure(request, door.link_id)
    return "wrong"


def _enter_visit(request: HttpRequest, visit: Respondent) -> HttpResponse:
    response = _enter(request, visit)
    if not visit.is_at_kiosk:
        response.set_cookie(
            _kept_name(links.link_of_visit(visit.token)),
            visit.token,
            max_age=KEPT_DAYS * 86_400,
            httponly=True,
            samesite="Lax",
            secure=settings.IS_HTTPS,
        )
    return response


def _kept_name(open_token: str) -> str:
    """Return the name of the cookie in which a browser keeps its last visit by an open link."""
    return cookie_name(f"o-{ref_of(open_token)}")


def _kiosk_thanks(respondent: Respondent, ref: str) -> HttpResponse:
    """Thank, forget the visit and lead to the first page for the next person, also without a click or a script."""
    link = links.link_of_visit(respondent.token)
    address = reverse("respondent:open_landing", kwargs={"token": link})
    context = {"brand": brand_of(respondent), "return_url": address, "return_seconds": RETURN_SECONDS}
    response = HttpResponse(render_to_string("surveys/kiosk_done.html", context))
    response["Refresh"] = f"{RETURN_SECONDS}; url={address}"
    _forget(response, cookie_name(ref))
    return response


@respondent_view
def kiosk_reset(request: HttpRequest, token: str) -> HttpResponse:
    """Forget every visit this device has begun and show the first page again: nobody reads on where another stopped."""
    response = redirect("respondent:open_landing", token=token)
    for name in request.COOKIES:
        if name.startswith(cookie_name("")):
            _forget(response, name)
    return response


def _forget(response: HttpResponse, name: str) -> None:
    response.set_cookie(name, "", max_age=0, httponly=True, samesite="Lax", secure=settings.IS_HTTPS)
