"""The page on data of a respondent: what is kept, until when, who sees what, whom to ask, and taking it back."""

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.utils import timezone

from practice.models import Practice
from practice.scope import practice_scope
from surveys import answering
from surveys.answering import LinkTarget, Respondent
from surveys.disclosure import MIN_COMMENTS, MIN_GROUP
from surveys.mixer import kept_attributes
from surveys.respondent_pages import brand_of
from surveys.respondent_views import from_cookie, has_expired, respondent_view, unknown_page
from surveys.retention import deletion_date, kept_months
from surveys.withdrawing import RETURNABLE, held, withdraw


@respondent_view
def data_page(request: HttpRequest, token: str) -> HttpResponse:
    """Show the page on data to somebody who comes by the link; a POST takes back what can be taken back."""
    return _answer(request, token, answering.resolve_link(token))


@respondent_view
def own_data_page(request: HttpRequest, ref: str) -> HttpResponse:
    """Show the same page to somebody who has the form open."""
    return _answer(request, *from_cookie(request, ref))


def _answer(request: HttpRequest, token: str, target: LinkTarget | None) -> HttpResponse:
    if target is None:
        return unknown_page()
    is_asked = request.method == "POST" and "withdraw" in request.POST and not has_expired(request)
    is_sure = is_asked and "sure" in request.POST
    with practice_scope(target.practice_id, read_only=not is_sure):
        respondent = answering.load_respondent(target, token, lock="ledger" if is_sure else "")
        if respondent is None:
            return unknown_page()
        answering.speak(respondent)
        is_done = is_sure and withdraw(respondent)
        context = {} if is_done else _context(respondent)
        context |= {"brand": brand_of(respondent), "is_done": is_done, "is_unsure": is_asked and not is_sure}
    context |= {"is_late": is_sure and not is_done, "csrf_token": get_token(request)}
    context["is_expired"] = request.method == "POST" and not is_asked
    status = 403 if context["is_expired"] else 422 if context["is_unsure"] else 200
    return HttpResponse(render_to_string("surveys/data.html", context), status=status)


def _context(respondent: Respondent) -> dict[str, Any]:
    """Return what is kept of this person, as the page says it."""
    audience = respondent.wave_audience
    what = held(respondent)
    practice = Practice.objects.get(pk=audience.practice_id)
    return {
        "mode": audience.mode,
        "held": str(what),
        "can_withdraw": what in RETURNABLE,
        "threshold": MIN_GROUP,
        "min_comments": MIN_COMMENTS,
        "months": kept_months(audience.wave),
        "deleted_on": deletion_date(audience.wave),
        "reply_to": practice.reply_to,
        "closes_at": audience.closes_at,
        "is_over": audience.closes_at is not None and timezone.now() >= audience.closes_at,
        "kept": kept_attributes(audience, respondent.entry.recipient),
    }
