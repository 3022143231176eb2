"""Small pieces every list page shares: one page of rows, and a service's complaint put at its form field."""

from collections.abc import Sequence
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet
from django.forms import BaseForm
from django.http import HttpRequest

from practice.exceptions import CrmgapError

PAGE_SIZE = 25


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
