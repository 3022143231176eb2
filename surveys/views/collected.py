"""Pages of responses collected elsewhere: the upload, its preview with columns and problems, and its confirmation."""

from collections import Counter
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import page_of, show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys import selectors
from surveys.answers_file import WEIGHT, CheckedAnswers, Options, conversions_of, scales_used
from surveys.disclosure import MIN_GROUP
from surveys.enums import ImportState
from surveys.forms import AnswersForm, OptionsForm, name_of_scale
from surveys.instruments import Form, Instrument, fill_company
from surveys.models import ResponseImport, Wave
from surveys.people_check import ATTRIBUTE, IGNORE
from surveys.services import collected
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience

Row = dict[str, Any]
MAX_LABEL = 90
SHOWN_PROBLEMS = 10


@require_safe
@require_permission("field.read")
def collected_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show where the answers of each audience come from, uploads that wait, and the upload itself."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    return _page(request, engagement, wave, _upload_form(wave))


def _upload_form(wave: Wave, *args: Any) -> AnswersForm:
    choices = [
        (str(row.pk), name_of_audience(row.audience))
        for row in sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
        if collected.takes_answers(row)
    ]
    return AnswersForm(*args, audiences=choices)


def _page(
    request: PracticeRequest, engagement: Engagement, wave: Wave, form: AnswersForm, status: int = 200
) -> HttpResponse:
    may_edit = can(request.member, "wave.edit")
    waiting = ResponseImport.objects.filter(wave_audience__wave=wave, state=ImportState.PREVIEW)
    rows = []
    for audience in sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9)):
        source = audience.source
        rows.append(
            {
                "name": name_of_audience(audience.audience),
                "state_label": audience.get_state_display(),
                "filename": source.get("filename", ""),
                "taken_over_at": audience.totals_at if source else None,
                "n": collected.shown_count(audience),
                "is_collected": bool(source),
            }
        )
    context = {
        "engagement": engagement,
        "step": "people",
        "wave": wave,
        "instrument_title": wave.instrument["title"],
        "upload_form": form if may_edit and form.fields["audience"].choices else None,  # type: ignore[attr-defined]
        "audiences": rows,
        "next_action": {
            "label": _("Read the diagnosis"),
            "url": f"/p/{request.practice.slug}/engagements/{engagement.pk}/diagnosis/",
        }
        if any(row["is_collected"] for row in rows)
        else None,
        "waiting": [
            {
                "filename": upload.filename,
                "audience_name": name_of_audience(upload.wave_audience.audience),
                "url": _url(request.practice.slug, engagement.pk, upload),
            }
            for upload in waiting.defer("rows").select_related("wave_audience")[:20]
        ]
        if may_edit
        else [],
    }
    return render(request, "surveys/collected.html", context, status=status)


def _url(slug: str, engagement_id: UUID, upload: ResponseImport, act: str = "preview") -> str:
    kwargs = {"slug": slug, "engagement_id": engagement_id, "response_import_id": upload.pk}
    return reverse(f"surveys:collected_{act}", kwargs=kwargs)


@require_POST
@require_permission("wave.edit")
def collected_upload(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Read an uploaded file and lead to its preview; an unreadable file is said at the field."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    form = _upload_form(wave, request.POST, request.FILES)
    if form.is_valid():
        file = form.cleaned_data["file"]
        audience = get_or_404(wave.audiences.select_related("wave"), form.cleaned_data["audience"])
        try:
            upload = collected.upload_answers(
                audience=audience, filename=file.name or "", content=file.read(), actor=request.member
            )
        except CrmgapError as error:
            show_error(form, error)
        else:
            return redirect(_url(slug, engagement.pk, upload))
    return _page(request, engagement, wave, form, status=422)


def _engagement_and_upload(
    request: PracticeRequest, engagement_id: UUID, response_import_id: UUID
) -> tuple[Engagement, ResponseImport]:
    engagement, wave = engagement_and_wave(request, engagement_id)
    selectors.get_response_import_for(request.member, response_import_id)
    uploads = ResponseImport.objects.select_related("wave_audience__wave").filter(wave_audience__wave=wave)
    return engagement, get_or_404(uploads, response_import_id)


@require_safe
@require_permission("wave.edit")
def collected_preview(
    request: PracticeRequest, slug: str, engagement_id: UUID, response_import_id: UUID
) -> HttpResponse:
    """Show what a file would bring: its columns, its scales, cells that cannot be taken over."""
    engagement, upload = _engagement_and_upload(request, engagement_id, response_import_id)
    if upload.state != ImportState.PREVIEW:
        return redirect("surveys:collected", slug=slug, engagement_id=engagement.pk)
    return _preview(request, engagement, upload, None)


def _preview(
    request: PracticeRequest,
    engagement: Engagement,
    upload: ResponseImport,
    options_form: OptionsForm | None,
    errors: dict[str, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    audience = upload.wave_audience
    instrument, form = collected.instrument_and_form(audience)
    checked = collected.check_upload(upload, form)
    slug, company = request.practice.slug, engagement.client_organisation.name
    attributes = [t.removeprefix(ATTRIBUTE) for t in upload.mapping.values() if t.startswith(ATTRIBUTE)]
    context = {
        "engagement": engagement,
        "step": "people",
        "upload": upload,
        "audience_name": name_of_audience(audience.audience),
        "instrument_title": instrument.title,
        "columns": _columns(upload, instrument, form, checked, company, errors or {}),
        "options_form": options_form or _options_form(upload, form),
        "formulas": _formulas(upload, form),
        "n_rows": len(checked.scores),
        "n_rated": len(checked.columns),
        "n_slots": len(form.slots),
        "n_empty": checked.n_empty,
        "n_problems": len(checked.problems),
        "page": page_of(request, checked.problems, SHOWN_PROBLEMS),
        "kinds": Counter(problem.text for problem in checked.problems).most_common(5),
        "kept": checked.kept,
        "dropped": [name for name in attributes if name not in checked.kept],
        "is_weighted": WEIGHT in upload.mapping.values(),
        "unasked": _unasked(instrument, form, upload),
        "is_thin": len(checked.scores) < MIN_GROUP,
        "replaces": bool(audience.source),
        "can_confirm": bool(checked.scores and checked.columns and not checked.problems),
        **{f"{act}_url": _url(slug, engagement.pk, upload, act) for act in ("columns", "confirm", "discard")},
    }
    return render(request, "surveys/collected_preview.html", context, status=status)


def _options_form(upload: ResponseImport, form: Form, *args: Any) -> OptionsForm:
    options = Options.from_json(upload.options)
    used = set(scales_used(collected.mapping_of(upload), form))
    scales = list({slot.scale.code: slot.scale for slot in form.slots if slot.scale.code in used}.values())
    initial: Row = {
        "missing": ", ".join(options.missing),
        "cannot_judge": ", ".join(options.cannot_judge),
    }
    for scale in scales:
        low, high = options.scales.get(scale.code, (scale.low, scale.high))
        initial |= {f"low-{scale.code}": low, f"high-{scale.code}": high}
    return OptionsForm(*args, scales=scales, initial=initial)


def _formulas(upload: ResponseImport, form: Form) -> list[str]:
    """Return the conversion of every scale whose file uses other ends, as a formula."""
    mapping, options = collected.mapping_of(upload), Options.from_json(upload.options)
    ends = conversions_of(options, mapping, form)
    scales = {name_of_scale(slot.scale): ends[slot.code] for slot in form.slots if slot.code in ends}
    return [
        f"{name}: {low} + (x − {from_low}) × {high - low} / {from_high - from_low}".replace("(x − -", "(x + ")
        for name, (from_low, from_high, low, high) in scales.items()
    ]


def _unasked(instrument: Instrument, form: Form, upload: ResponseImport) -> list[str]:
    """Return the states and constructs of the form that no column answers: they will read "not measured"."""
    mapped = set(upload.mapping.values())
    parts = {slot.state or slot.group: False for slot in form.slots}
    for slot in form.slots:
        parts[slot.state or slot.group] |= slot.code in mapped
    names = {state.code: state.short or state.label for state in instrument.states}
    names |= {block.code: block.name for block in instrument.blocks} | {"RA": _("Readiness")}
    return [names.get(code, code) for code, is_mapped in parts.items() if not is_mapped]


def _columns(
    upload: ResponseImport,
    instrument: Instrument,
    form: Form,
    checked: CheckedAnswers,
    company: str,
    errors: dict[str, str],
) -> list[Row]:
    choices = _choices(instrument, form, company)
    rows = []
    for number, header in enumerate(upload.header):
        own = [(f"{ATTRIBUTE}{header[:60]}", _("Compare by “%(name)s”") % {"name": header})] if header else []
        groups = [("", [(IGNORE, _("Leave out")), *own, (WEIGHT, _("Weight of the answer"))]), *choices]
        rows.append(
            {
                "number": number,
                "header": header or _("column %(number)s") % {"number": number + 1},
                "groups": groups,
                "value": upload.mapping.get(str(number), IGNORE),
                "sample": ", ".join(collected.sample_cells(upload, number)),
                "summary": checked.columns.get(number),
                "error": errors.get(f"column-{number}", ""),
            }
        )
    return rows


def _choices(instrument: Instrument, form: Form, company: str) -> list[tuple[str, list[tuple[str, str]]]]:
    """Return the slots of the form by page, each with its state and its question."""
    states = {state.code: state.short or state.label for state in instrument.states}
    groups = []
    for page in form.pages:
        options = []
        for question in page.questions:
            for slot in question.slots:
                state = states.get(slot.state, "")
                text = fill_company(question.text, company)
                label = f"{slot.code} · {state}: {text}" if state else f"{slot.code} · {text}"
                options.append((slot.code, label[:MAX_LABEL]))
        if options:
            groups.append((fill_company(page.title, company), options))
    return groups


@require_POST
@require_permission("wave.edit")
def collected_columns(
    request: PracticeRequest, slug: str, engagement_id: UUID, response_import_id: UUID
) -> HttpResponse:
    """Take which column holds what, and how the file writes answers."""
    engagement, upload = _engagement_and_upload(request, engagement_id, response_import_id)
    if upload.state != ImportState.PREVIEW:
        return redirect("surveys:collected", slug=slug, engagement_id=engagement.pk)
    _instrument, form = collected.instrument_and_form(upload.wave_audience)
    options_form = _options_form(upload, form, request.POST)
    posted = request.POST
    numbers = range(len(upload.header))
    mapping = {number: posted[f"column-{number}"][:80] for number in numbers if f"column-{number}" in posted}
    if not options_form.is_valid():
        return _preview(request, engagement, upload, options_form, status=422)
    try:
        collected.set_columns(upload, mapping=mapping, options=options_form.options(), actor=request.member)
    except CrmgapError as error:
        show_error(options_form, error)
        return _preview(request, engagement, upload, options_form, error.fields, status=422)
    return redirect(_url(slug, engagement.pk, upload))


@require_POST
@require_permission("wave.edit")
def collected_confirm(
    request: PracticeRequest, slug: str, engagement_id: UUID, response_import_id: UUID
) -> HttpResponse:
    """Make the rows released responses, all or none."""
    engagement, upload = _engagement_and_upload(request, engagement_id, response_import_id)
    try:
        done = collected.confirm_answers(upload, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
        return redirect(_url(slug, engagement.pk, upload))
    n = done.result.get("n", 0)
    messages.success(request, ngettext("%(n)s answer taken over.", "%(n)s answers taken over.", n) % {"n": n})
    return redirect("surveys:collected", slug=slug, engagement_id=engagement.pk)


@require_POST
@require_permission("wave.edit")
def collected_discard(
    request: PracticeRequest, slug: str, engagement_id: UUID, response_import_id: UUID
) -> HttpResponse:
    """Throw an unconfirmed upload away."""
    engagement, upload = _engagement_and_upload(request, engagement_id, response_import_id)
    try:
        collected.discard_answers(upload, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    return redirect("surveys:collected", slug=slug, engagement_id=engagement.pk)
