"""Pages of a client's people: everybody over all its engagements, one person, corrections and opt-outs."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.csv_file import csv_response
from practice.exceptions import CrmgapError
from practice.models import ClientOrganisation
from practice.pages import page_of, show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_client_for
from surveys import directory
from surveys.directory import Asked, Filters
from surveys.enums import AUDIENCE_NAMES, Mode
from surveys.forms import PersonForm, ReasonForm
from surveys.models import Recipient
from surveys.services import directory as changes
from surveys.views.waves import name_of_audience

FILTERS = {"query": "q", "audience": "audience", "language": "language",
           "attribute": "attribute", "value": "value", "opted_out": "opted_out"}  # fmt: skip
CHUNK = 500


def _filters(request: PracticeRequest) -> Filters:
    return Filters(
        **{name: request.GET.get(key, "").replace("\x00", "").strip() for name, key in FILTERS.items()}
    )


@require_safe
@require_permission("people.read")
def client_people(request: PracticeRequest, slug: str, client_id: UUID) -> HttpResponse:
    """List the people of a client over all its engagements, searchable and narrowed by what is known of them."""
    client = get_client_for(request.member, client_id)
    filters = _filters(request)
    page = page_of(request, directory.people_of_client(client, filters))
    page.object_list = directory.entries_of(client, list(page.object_list))
    for_rows = [{"entry": entry, "audiences": _audience_names(entry.audiences)} for entry in page.object_list]
    context = {
        "client": client,
        "page": page,
        "rows": for_rows,
        "filters": filters,
        "audiences": [(code, str(name)) for code, name in AUDIENCE_NAMES.items()],
        "languages": directory.languages_of(client),
        "attributes": directory.attribute_names_of(client),
    }
    return render(request, "surveys/client_people.html", context)


def _audience_names(codes: tuple[str, ...]) -> str:
    order = list(AUDIENCE_NAMES)
    known = sorted(codes, key=lambda code: order.index(code) if code in order else len(order))
    return ", ".join(map(name_of_audience, known))


@require_safe
@require_permission("export")
def client_people_csv(request: PracticeRequest, slug: str, client_id: UUID) -> HttpResponse:
    """Download the directory as it is narrowed: who is known, never who has answered."""
    client = get_client_for(request.member, client_id)
    people = list(directory.people_of_client(client, _filters(request)))
    rows = []
    for start in range(0, len(people), CHUNK):
        for entry in directory.entries_of(client, people[start : start + CHUNK]):
            person, opt_out = entry.person, entry.opt_out
            attributes = "; ".join(f"{name}: {value}" for name, value in sorted(person.attributes.items()))
            since = opt_out.created_at.date().isoformat() if opt_out else ""
            rows.append(
                [person.email, person.name, " ".join(entry.audiences), person.language, attributes, since]
            )
    header = ["email", "name", "audiences", "language", "attributes", "opted_out_since"]
    return csv_response("directory.csv", header, rows)


@require_safe
@require_permission("people.read")
def client_person(request: PracticeRequest, slug: str, client_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Show one person: attributes, language, opt-out, and what was sent where that may be known."""
    client = get_client_for(request.member, client_id)
    return _person_page(request, client, directory.get_person_of(client, recipient_id), ReasonForm())


def _person_page(
    request: PracticeRequest,
    client: ClientOrganisation,
    person: Recipient,
    form: ReasonForm,
    status: int = 200,
) -> HttpResponse:
    rows = list(directory.rows_of_person(client, person))
    context = {
        "client": client,
        "person": rows[0],
        "history": [_asked(asked) for asked in directory.history_of(rows)],
        "opt_out": directory.opt_outs_of([person.email_key]).get(person.email_key),
        "may_change": not all(map(changes.is_over, rows)),
        "reason_form": form,
    }
    return render(request, "surveys/client_person.html", context, status=status)


def _asked(asked: Asked) -> dict[str, Any]:
    audience = asked.row.wave_audience
    return {
        "engagement": audience.wave.engagement,
        "wave": audience.wave,
        "audience_name": name_of_audience(audience.audience),
        "is_named": audience.mode == Mode.NAMED,
        "mails": asked.mails,
        "has_answered": asked.has_answered,
    }


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("people.edit")
def client_person_edit(
    request: PracticeRequest, slug: str, client_id: UUID, recipient_id: UUID
) -> HttpResponse:
    """Correct a person: always name and language, address and attributes only before they were asked."""
    client = get_client_for(request.member, client_id)
    person = directory.get_person_of(client, recipient_id)
    rows = list(directory.rows_of_person(client, person))
    waiting = [row for row in rows if changes.is_before_launch(row)]
    newest = waiting[0] if waiting else rows[0]
    names = sorted({*newest.attributes, *directory.attribute_names_of(client)}) if waiting else None
    initial = {"name": newest.name, "email": newest.email, "language": newest.language}
    initial |= {f"attribute:{name}": value for name, value in newest.attributes.items()}
    form = PersonForm(
        request.POST or None, initial=initial, names=names, with_email=len(waiting) == len(rows)
    )
    if request.method == "POST" and form.is_valid():
        try:
            changes.edit_person(client, person, **form.values(), actor=request.member)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("Saved."))
            return redirect("surveys:client_person", slug=slug, client_id=client.pk, recipient_id=person.pk)
    context = {"client": client, "person": person, "form": form, "is_asked": len(waiting) < len(rows)}
    return render(request, "surveys/client_person_edit.html", context, status=422 if form.errors else 200)


@require_POST
@require_permission("people.edit")
def client_person_opt_out(
    request: PracticeRequest, slug: str, client_id: UUID, recipient_id: UUID
) -> HttpResponse:
    """Record that a person is not to be asked any more, with the reason."""
    return _change_opt_out(request, client_id, recipient_id, lift=False)


@require_POST
@require_permission("people.edit")
def client_person_lift(
    request: PracticeRequest, slug: str, client_id: UUID, recipient_id: UUID
) -> HttpResponse:
    """Lift a person's opt-out, with the reason."""
    return _change_opt_out(request, client_id, recipient_id, lift=True)


def _change_opt_out(
    request: PracticeRequest, client_id: UUID, recipient_id: UUID, *, lift: bool
) -> HttpResponse:
    client = get_client_for(request.member, client_id)
    person = directory.get_person_of(client, recipient_id)
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            act = changes.lift_opt_out if lift else changes.opt_out
            act(client, person, reason=form.cleaned_data["reason"], actor=request.member)
        except CrmgapError as error:
            show_error(form, error)
        else:
            said = (
                _("The opt-out is lifted.")
                if lift
                else _("The opt-out is recorded. Nothing is sent any more.")
            )
            messages.success(request, said)
            return redirect(
                "surveys:client_person",
                slug=request.practice.slug,
                client_id=client.pk,
                recipient_id=person.pk,
            )
    return _person_page(request, client, person, form, status=422)
