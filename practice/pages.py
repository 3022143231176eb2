"""Small pieces pages share: one page of rows, a service's complaint at its form field, a picture as an answer."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import Http404, HttpRequest, HttpResponse

from practice.exceptions import CrmgapError

PAGE_SIZE = 25
YEAR = 31_536_000
PICTURE_HEADERS = {
    "Content-Disposition": 'inline; filename="logo.png"',
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; sandbox",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def page_of(request: HttpRequest, rows: QuerySet[Any] | Sequence[Any], size: int = PAGE_SIZE) -> Page[Any]:
    """Return the page that `?page=` asks for; out-of-range and nonsense numbers give the nearest page."""
    return Paginator(rows, size).get_page(request.GET.get("page"))


def show_error(form: BaseForm, error: CrmgapError) -> None:
    """Put each named field's complaint at the field, or the message above the form."""
    named = {field: text for field, text in error.fields.items() if field in form.fields}
    for field, text in named.items():
        form.add_error(field, text)
    if not named:
        form.add_error(None, error.message)


def picture_response(content: bytes | None, *, cache: str) -> HttpResponse:
    """Return a stored logo; its name on the way out is always the same, whatever was uploaded."""
    if content is None:
        raise Http404
    return HttpResponse(
        content,
        content_type="image/png",
        headers=PICTURE_HEADERS | {"Cache-Control": f"{cache}, max-age={YEAR}"},
    )
