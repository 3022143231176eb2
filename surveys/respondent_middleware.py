"""A short way to respondents' pages: they know no session, no sign-in and no member, so none of that is set up.

Measured: what stands behind this in MIDDLEWARE costs a quarter of a survey page's CPU time.
"""

from collections.abc import Callable
from typing import Any

from csp.constants import HEADER
from csp.utils import build_policy
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest, HttpResponse
from django.middleware.clickjacking import XFrameOptionsMiddleware
from django.middleware.csrf import CsrfViewMiddleware
from django.middleware.locale import LocaleMiddleware
from django.urls import resolve

PREFIX = "/s/"

GetResponse = Callable[[HttpRequest], HttpResponse]


class RespondentMiddleware:
    """Answers `/s/` with the middlewares that matter there: language, CSRF cookie, frames, content security policy.

    The views check the CSRF token themselves, so that a page that was open too long keeps what was typed.
    """

    def __init__(self, get_response: GetResponse):
        self.get_response = get_response
        self.policy = build_policy()
        show: Any = convert_exception_to_response(show_page)
        for middleware in (CsrfViewMiddleware, LocaleMiddleware, XFrameOptionsMiddleware):
            show = convert_exception_to_response(middleware(show))
        self.show: GetResponse = show

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(PREFIX):
            return self.get_response(request)
        response = self.show(request)
        response.headers[HEADER] = self.policy
        response.headers.setdefault("Content-Length", str(len(response.content)))
        return response


def show_page(request: HttpRequest) -> HttpResponse:
    """Call the view of a respondent's address; a hostile Host header is refused as everywhere."""
    request.get_host()
    request.resolver_match = match = resolve(request.path_info)
    response: HttpResponse = match.func(request, *match.args, **match.kwargs)
    return response
