"""Pages of people: the roster, an uploaded list as a preview, and its confirmation."""

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from practice.csv_file import csv_response
from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import page_of, show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_engagement_for, get_or_404
from surveys import selectors
from surveys.directory import opt_outs_of
from surveys.disclosure import MIN_GROUP
from surveys.enums import ImportState
from surveys.forms import UploadForm
from surveys.models import PeopleImport, Wave
from surveys.people_check import ATTRIBUTE, AUDIENCE, EMAIL, IGNORE, LANGUAGE, NAME, PreviewRow
from surveys.services import people
from surveys.services.waves import create_wave
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience

TABS = ("fix", "merged", "suppressed", "left_out", "ready")
CELL = "cell-"
N_COLUMNS = 4


@require_safe
@require_permission("people.read")
def people_list(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the roster of the newest wave, searchable, with the import at the top."""
    engagement = get_engagement_for(request.member, engagement_id)
    wave = selectors.latest_wave_of(engagement)
    if wave is None:
        return _page_without_wave(request, engagement)
    return _people_page(request, engagement, wave, UploadForm())


def _page_without_wave(request: PracticeRequest, engagement: Engagement) -> HttpResponse:
    """Offer the first wave to an engagement that has none (opened through the API)."""
    url = reverse(
        "surveys:wave_create", kwargs={"slug": request.practice.slug, "engagement_id": engagement.pk}
    )
    context = {
        "engagement": engagement,
        "step": "people",
        "page": page_of(request, []),
        "next_action": {
            "note": _("No wave is planned yet"),
            "label": _("Plan the first wave"),
            "url": url,
            "post": True,
        },
    }
    return render(request, "surveys/people.html", context)


@require_POST
@require_permission("wave.edit")
def wave_create(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Plan the first wave of an engagement, with all four audiences; pressing twice plans one."""
    engagement = get_engagement_for(request.member, engagement_id)
    if selectors.latest_wave_of(engagement) is None:
        create_wave(engagement=engagement, actor=request.member)
    return redirect("surveys:people", slug=slug, engagement_id=engagement.pk)


def _people_page(
    request: PracticeRequest, engagement: Engagement, wave: Wave, form: UploadForm, status: int = 200
) -> HttpResponse:
    query = request.GET.get("q", "").replace("\x00", "").strip()
    audience = request.GET.get("audience", "").replace("\x00", "")
    roster = selectors.people_of_wave(wave)
    if query:
        roster = roster.filter(name__icontains=query) | roster.filter(email_key__icontains=query.casefold())
    if audience:
        roster = roster.filter(wave_audience__audience=audience)
    page = page_of(request, roster)
    refusing = opt_outs_of(person.email_key for person in page.object_list)
    page.object_list = [
        {
            "recipient": person,
            "audience_name": name_of_audience(person.wave_audience.audience),
            "is_opted_out": person.email_key in refusing,
        }
        for person in page.object_list
    ]
    counts = selectors.people_by_audience(wave)
    waiting = PeopleImport.objects.filter(wave=wave, state=ImportState.PREVIEW).first()
    slug = engagement.practice.slug
    may_edit = can(request.member, "people.edit") and wave.closed_at is None
    context = {
        "engagement": engagement,
        "step": "people",
        "wave": wave,
        "upload_form": form if may_edit else None,
        "open_import": waiting
        and may_edit
        and {
            "filename": waiting.filename,
            "n_rows": sum(map(bool, waiting.rows)),
            "url": _import_url(slug, waiting),
        },
        "audiences": _audience_rows(request, engagement, wave, counts),
        "page": page,
        "audience": audience,
        "query": query,
        "n_people": sum(counts.values()),
        "csv_url": reverse("surveys:people_csv", kwargs={"slug": slug, "engagement_id": engagement.pk}),
        "next_action": _next(request, engagement, sum(counts.values())) if wave.launched_at is None else None,
    }
    return render(request, "surveys/people.html", context, status=status)


def _audience_rows(
    request: PracticeRequest, engagement: Engagement, wave: Wave, counts: dict[str, int]
) -> list[dict[str, Any]]:
    slug = engagement.practice.slug
    rows = [
        {
            "code": row.audience,
            "name": name_of_audience(row.audience),
            "mode": row.mode,
            "n_people": counts[row.audience],
            "will_show": counts[row.audience] >= MIN_GROUP or row.mode == "named",
            "preview_url": reverse(
                "surveys:form_preview",
                kwargs={"slug": slug, "engagement_id": engagement.pk, "audience": row.audience},
            ),
        }
        for row in wave.audiences.all()
    ]
    return sorted(rows, key=lambda row: ORDER.get(str(row["code"]), 9))


def _next(request: PracticeRequest, engagement: Engagement, n_people: int) -> dict[str, Any]:
    if not n_people:
        return {"note": _("Import a list first"), "label": "", "url": ""}
    url = reverse("surveys:launch", kwargs={"slug": engagement.practice.slug, "engagement_id": engagement.pk})
    return {"label": _("Check and launch"), "url": url}


def _import_url(slug: str, upload: PeopleImport, act: str = "import_preview") -> str:
    kwargs = {"slug": slug, "engagement_id": upload.wave.engagement_id, "import_id": upload.pk}
    return reverse(f"surveys:{act}", kwargs=kwargs)


@require_POST
@require_permission("people.edit")
def import_upload(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Read an uploaded list and lead to its preview; an unreadable file is said at the field."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    form = UploadForm(request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        try:
            upload = people.upload_people(
                wave=wave, filename=file.name or "", content=file.read(), actor=request.member
            )
        except CrmgapError as error:
            show_error(form, error)
        else:
            return redirect(_import_url(slug, upload))
    return _people_page(request, engagement, wave, form, status=422)


@require_safe
@require_permission("people.edit")
def import_preview(request: PracticeRequest, slug: str, engagement_id: UUID, import_id: UUID) -> HttpResponse:
    """Show what a list would do: columns, rows to fix, merged, suppressed and ready ones."""
    engagement, upload = _engagement_and_import(request, engagement_id, import_id)
    if upload.state != ImportState.PREVIEW:
        return redirect("surveys:people", slug=slug, engagement_id=engagement.pk)
    preview = people.preview_of(upload)
    asked = request.GET.get("tab", "")
    tab = asked if asked in TABS else "fix" if preview.n_to_fix else "ready"
    page = page_of(request, [row for row in preview.rows if row.status == tab])
    fields = _shown_fields(upload, list(page.object_list))
    audiences = [(code, name_of_audience(code)) for code in people.audiences_of(upload)]
    page.object_list = [_row(row, fields, audiences) for row in page.object_list]
    context = {
        "engagement": engagement,
        "step": "people",
        "people_import": upload,
        "columns": _columns(upload),
        "audiences": audiences,
        "everybody": people.everybody_of(upload),
        "tab": tab,
        "counts": {
            "rows": preview.n_rows,
            "ready": preview.n_ready,
            "to_fix": preview.n_to_fix,
            "merged": preview.n_merged,
            "suppressed": preview.n_suppressed,
            "left_out": preview.n_left_out,
        },
        "by_audience": [
            {"name": name_of_audience(code), "n": n} for code, n in sorted(preview.by_audience.items())
        ],
        "page": page,
        "place": urlencode({"tab": tab, "page": page.number}),
        "shown_fields": fields,
        **{
            f"{act}_url": _import_url(slug, upload, f"import_{act}")
            for act in ("mapping", "fix", "confirm", "discard", "errors")
        },
    }
    context["errors_csv_url"] = context.pop("errors_url")
    return render(request, "surveys/import_preview.html", context)


def _shown_fields(upload: PeopleImport, rows: Sequence[PreviewRow]) -> list[tuple[str, str]]:
    """Return the fields of the table: the four of every person, then columns with problems and the first others."""
    fixed = [(EMAIL, _("E-mail")), (NAME, _("Name")), (AUDIENCE, _("Audience")), (LANGUAGE, _("Language"))]
    parts = [part for part in upload.mapping.values() if part.startswith(ATTRIBUTE)]
    wrong = {part for row in rows for part in row.problems}
    shown = [part for place, part in enumerate(parts) if place < N_COLUMNS or part in wrong]
    return fixed + [(part, part.removeprefix(ATTRIBUTE)) for part in shown]


def _columns(upload: PeopleImport) -> list[dict[str, Any]]:
    fields = [(EMAIL, _("E-mail")), (NAME, _("Name")), (AUDIENCE, _("Audience")), (LANGUAGE, _("Language"))]
    rows = []
    for number, header in enumerate(upload.header):
        own = (f"{ATTRIBUTE}{header[:60]}", _("Compare by “%(name)s”") % {"name": header}) if header else None
        choices = [*fields, *([own] if own else []), (IGNORE, _("Leave out"))]
        rows.append(
            {
                "number": number,
                "header": header or "–",
                "choices": choices,
                "value": upload.mapping.get(str(number)),
            }
        )
    return rows


def _row(row: PreviewRow, fields: list[tuple[str, str]], audiences: list[tuple[str, str]]) -> dict[str, Any]:
    cells = []
    for part, label in fields:
        name = part.removeprefix(ATTRIBUTE)
        value = row.attributes.get(name, "") if part.startswith(ATTRIBUTE) else row.values.get(part, "")
        if part == AUDIENCE and part not in row.problems:
            value = name_of_audience(value)
        cells.append(
            {
                "field": part,
                "label": label,
                "value": value,
                "error": row.problems.get(part, ""),
                "fix": row.fixes.get(part, ""),
                "choices": audiences if part == AUDIENCE else (),
            }
        )
    return {"number": row.number, "cells": cells, "note": row.note}


def _engagement_and_import(
    request: PracticeRequest, engagement_id: UUID, import_id: UUID
) -> tuple[Engagement, PeopleImport]:
    engagement, wave = engagement_and_wave(request, engagement_id)
    upload = selectors.get_import_for(request.member, import_id)
    if upload.wave_id != wave.pk:
        upload = get_or_404(PeopleImport.objects.filter(wave=wave), import_id)
    return engagement, upload


@require_POST
@require_permission("people.edit")
def import_mapping(request: PracticeRequest, slug: str, engagement_id: UUID, import_id: UUID) -> HttpResponse:
    """Take which column holds what."""
    _engagement, upload = _engagement_and_import(request, engagement_id, import_id)
    mapping = {
        number: request.POST[f"column-{number}"]
        for number in range(len(upload.header))
        if f"column-{number}" in request.POST
    }
    return _act(
        request,
        upload,
        slug,
        lambda: people.set_mapping(
            upload, mapping=mapping, everybody=request.POST.get("everybody"), actor=request.member
        ),
    )


@require_POST
@require_permission("people.edit")
def import_fix(request: PracticeRequest, slug: str, engagement_id: UUID, import_id: UUID) -> HttpResponse:
    """Take the corrections of a page of rows, and what was left out or taken back; then check the list again."""
    _engagement, upload = _engagement_and_import(request, engagement_id, import_id)
    typed = _typed(upload, request)
    marked = {act: [_row_number(n) for n in request.POST.getlist(act)] for act in ("leave_out", "take_back")}
    try:
        people.fix_rows(
            upload,
            typed=typed,
            left_out=marked["leave_out"],
            taken_back=marked["take_back"],
            actor=request.member,
        )
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
    else:
        if typed:
            n = len(typed)
            said = ngettext("%(n)s row was corrected and checked again.",
                            "%(n)s rows were corrected and checked again.", n)  # fmt: skip
            messages.success(request, said % {"n": n})
    place = {key: request.GET[key] for key in ("tab", "page") if key in request.GET}
    return redirect(f"{_import_url(slug, upload)}?{urlencode(place)}" if place else _import_url(slug, upload))


def _typed(upload: PeopleImport, request: PracticeRequest) -> dict[int, dict[str, str]]:
    """Return the cells that were changed on the page, by row; `use` is a correction that was offered and taken."""
    parts = {EMAIL, NAME, AUDIENCE, LANGUAGE, *upload.mapping.values()} - {IGNORE}
    typed: dict[int, dict[str, str]] = {}
    for key, value in request.POST.dict().items():
        number, _dash, part = key.removeprefix(CELL).partition("-")
        if key.startswith(CELL) and part in parts:
            row = _row_number(number)
            if value != people.shown_cell(upload, row, part):
                typed.setdefault(row, {})[part] = value
    number, _colon, rest = request.POST.get("use", "").partition(":")
    part, _equals, value = rest.partition("=")
    if part in parts:
        typed.setdefault(_row_number(number), {})[part] = value
    return typed


def _row_number(text: str) -> int:
    """Return a posted row number, or 0, which no list has."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _act(request: PracticeRequest, upload: PeopleImport, slug: str, act: Any) -> HttpResponse:
    try:
        act()
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
    return redirect(_import_url(slug, upload))


@require_POST
@require_permission("people.edit")
def import_confirm(request: PracticeRequest, slug: str, engagement_id: UUID, import_id: UUID) -> HttpResponse:
    """Put the ready rows on the roster."""
    engagement, upload = _engagement_and_import(request, engagement_id, import_id)
    try:
        done = people.confirm_import(upload, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
        return redirect(_import_url(slug, upload))
    n = done.result.get("imported", 0)
    said = [ngettext("%(n)s person imported.", "%(n)s people imported.", n) % {"n": n}]
    if n and upload.wave.launched_at is not None:
        said.append(_("They join the running plan: the invitation leaves now, reminders as planned."))
    if n_out := done.result.get("suppressed", 0):
        text = ngettext("%(n)s opted out earlier and was left out.",
                        "%(n)s opted out earlier and were left out.", n_out)  # fmt: skip
        said.append(text % {"n": n_out})
    messages.success(request, " ".join(said))
    return redirect("surveys:people", slug=slug, engagement_id=engagement.pk)


@require_POST
@require_permission("people.edit")
def import_discard(request: PracticeRequest, slug: str, engagement_id: UUID, import_id: UUID) -> HttpResponse:
    """Throw an unconfirmed list away."""
    engagement, upload = _engagement_and_import(request, engagement_id, import_id)
    try:
        people.discard_import(upload, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    return redirect("surveys:people", slug=slug, engagement_id=engagement.pk)


@require_safe
@require_permission("people.edit")
def import_errors(request: PracticeRequest, slug: str, engagement_id: UUID, import_id: UUID) -> HttpResponse:
    """Download the rows that need fixing, with the reason."""
    _engagement, upload = _engagement_and_import(request, engagement_id, import_id)
    preview = people.preview_of(upload)
    fields = [EMAIL, NAME, AUDIENCE, LANGUAGE]
    rows = [
        [str(row.number), *(row.values.get(part, "") for part in fields), "; ".join(row.problems.values())]
        for row in preview.rows
        if row.status == "fix"
    ]
    return csv_response("rows-to-fix.csv", ["row", *fields, "problem"], rows)


@require_safe
@require_permission("export")
def people_csv(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Download the roster: who is asked, never who has answered."""
    _engagement, wave = engagement_and_wave(request, engagement_id)
    rows = [
        [person.email, person.name, person.wave_audience.audience, person.language]
        for person in selectors.people_of_wave(wave).iterator()
    ]
    return csv_response("people.csv", ["email", "name", "audience", "language"], rows)
