"""The suppression list of a practice: who is not mailed and why; searched, added to, lifted, exported."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from practice.csv_file import csv_response
from practice.exceptions import CrmgapError
from practice.pages import page_of, show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys.enums import SuppressionSource
from surveys.forms import ReasonForm, SuppressionForm
from surveys.models import Suppression
from surveys.services import suppressions


def _rows(request: PracticeRequest) -> tuple[QuerySet[Suppression], dict[str, str]]:
    given = {name: request.GET.get(name, "").replace("\x00", "").strip() for name in ("q", "source")}
    rows: QuerySet[Suppression] = Suppression.objects.order_by("-created_at", "email_key")
    if given["q"]:
        found = rows.filter(email_key__icontains=given["q"].casefold())
        rows = found | rows.filter(reason__icontains=given["q"])
    if given["source"] in SuppressionSource.values:
        rows = rows.filter(source=given["source"])
    return rows, given


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("people.edit")
def suppression_list(request: PracticeRequest, slug: str) -> HttpResponse:
    """List the addresses that are not mailed; a POST adds one."""
    form = SuppressionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            is_new = suppressions.add_by_hand(actor=request.member, **form.cleaned_data)
        except CrmgapError as error:
            show_error(form, error)
        else:
            said = _("Added. Nothing more is sent there.") if is_new else _("The address was on the list.")
            messages.success(request, said)
            return redirect("surveys:suppressions", slug=slug)
    return _page(request, form, status=422 if form.errors else 200)


def _page(request: PracticeRequest, form: SuppressionForm, status: int = 200, **more: Any) -> HttpResponse:
    rows, given = _rows(request)
    context = {
        "section": "suppressions",
        "page": page_of(request, rows),
        "form": form,
        "query": given["q"],
        "source": given["source"],
        "sources": SuppressionSource.choices,
        **more,
    }
    return render(request, "surveys/suppression_list.html", context, status=status)


@require_safe
@require_permission("people.edit")
def suppression_csv(request: PracticeRequest, slug: str) -> HttpResponse:
    """Download the list as it is narrowed."""
    rows, _given = _rows(request)
    lines = [
        [row.email_key, row.source, row.reason, row.created_at.date().isoformat()] for row in rows.iterator()
    ]
    return csv_response("suppression-list.csv", ["email", "source", "reason", "since"], lines)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("people.edit")
def suppression_lift(request: PracticeRequest, slug: str, suppression_id: UUID) -> HttpResponse:
    """Ask why an address may be mailed again, and take it off the list."""
    row: Suppression = get_or_404(Suppression.objects.all(), suppression_id)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            suppressions.lift(row, reason=form.cleaned_data["reason"], actor=request.member)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The address may be mailed again."))
            return redirect("surveys:suppressions", slug=slug)
    context = {"section": "suppressions", "row": row, "form": form}
    return render(request, "surveys/suppression_lift.html", context, status=422 if form.errors else 200)
