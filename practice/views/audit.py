"""The audit record: read, filtered, exported; nobody can change it."""

from datetime import UTC, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from practice.audit_words import field_words, object_words, verb_words
from practice.csv_file import csv_response
from practice.forms import AuditFilterForm
from practice.models import AuditEntry
from practice.pages import page_of
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import audit_entries, members_of_practice

MOST_EXPORTED = 50_000


@require_safe
@require_permission("audit.read")
def settings_audit(request: PracticeRequest, slug: str) -> HttpResponse:
    """Show the audit record, newest first, filtered by person, act, object and day."""
    form = _filter_form(request)
    page = page_of(request, _matching(form))
    page.object_list = [_row(entry) for entry in page.object_list]
    context = {"section": "audit", "form": form, "page": page, "is_filtered": any(_wanted(form).values())}
    return render(request, "practice/settings_audit.html", context, status=422 if form.errors else 200)


@require_safe
@require_permission("audit.read")
def audit_export(request: PracticeRequest, slug: str) -> HttpResponse:
    """Send what the filter shows as CSV, the newest 50,000 entries at most."""
    header = [
        _("When (UTC)"), _("Who"), _("Kind of actor"), _("Did"), _("Code"), _("Object"), _("Kind of object"),
        _("Object id"), _("Fields"), _("Request"), _("Hash"),
    ]  # fmt: skip
    entries = _matching(_filter_form(request))[:MOST_EXPORTED]
    rows = (_csv_row(entry) for entry in entries.iterator(chunk_size=2000))
    return csv_response(f"audit-{request.practice.slug}.csv", header, rows)


def _filter_form(request: PracticeRequest) -> AuditFilterForm:
    return AuditFilterForm(request.GET, members=members_of_practice())


def _wanted(form: AuditFilterForm) -> dict[str, Any]:
    return form.cleaned_data if form.is_valid() else {}


def _matching(form: AuditFilterForm) -> QuerySet[AuditEntry]:
    """Return the entries the form asks for; none while the form has an error."""
    if not form.is_valid():
        return AuditEntry.objects.none()
    wanted, entries = form.cleaned_data, audit_entries()
    kind, _colon, actor_id = wanted["actor"].partition(":")
    if kind:
        entries = entries.filter(actor_kind=kind)
    if actor_id:
        entries = entries.filter(actor_id=actor_id)
    if wanted["verb"]:
        entries = entries.filter(verb=wanted["verb"])
    if wanted["kind"]:
        entries = entries.filter(object_type=wanted["kind"])
    if wanted["since"]:
        entries = entries.filter(at__gte=datetime.combine(wanted["since"], time.min, UTC))
    if wanted["until"]:
        entries = entries.filter(at__lt=datetime.combine(wanted["until"], time.min, UTC) + timedelta(days=1))
    return entries


def _row(entry: AuditEntry) -> dict[str, Any]:
    return {
        "at": entry.at,
        "who": entry.actor_label or entry.actor_kind,
        "is_token": entry.actor_kind == "token",
        "did": verb_words(entry.verb),
        "code": entry.verb,
        "what": entry.object_label or entry.object_id,
        "kind": object_words(entry.object_type),
        "fields": [field_words(entry.object_type, name) for name in entry.changed],
    }


def _csv_row(entry: AuditEntry) -> list[str]:
    row = _row(entry)
    return [
        entry.at.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S"),
        row["who"],
        entry.actor_kind,
        row["did"],
        entry.verb,
        row["what"],
        row["kind"],
        entry.object_id,
        ", ".join(row["fields"]),
        entry.request_id,
        entry.hash,
    ]
