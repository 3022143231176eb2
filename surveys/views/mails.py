"""The log of mails: what became of each, as a page and a download, and sending a bounced invitation again."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_safe

from practice.clock import database_now
from practice.csv_file import csv_response
from practice.exceptions import CrmgapError
from practice.pages import page_of, show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from surveys import deliveries
from surveys.forms import AddressForm
from surveys.mail.holds import hold_of_mail, holds_of
from surveys.models import Delivery
from surveys.services.sending_again import may_send_again, send_again
from surveys.views.waves import engagement_and_wave, name_of_audience, render_in_zone

GROUP_NAMES = {
    "waiting": gettext_lazy("Waiting"),
    "accepted": gettext_lazy("Accepted"),
    "bounced": gettext_lazy("Bounced"),
    "complained": gettext_lazy("Marked as spam"),
    "not_sent": gettext_lazy("Not sent"),
    "uncertain": gettext_lazy("Uncertain"),
}
HEADER = [
    "email",
    "name",
    "audience",
    "round",
    "state",
    "due_at",
    "attempts",
    "was_uncertain",
    "server_said",
    "held_by",
]


def _asked(request: PracticeRequest) -> dict[str, str]:
    query = request.GET.get("q", "").replace("\x00", "").strip()
    return {"group": request.GET.get("show", ""), "query": query}


@require_safe
@require_permission("people.read")
def mails_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """List the mails of the newest wave that may be shown person by person."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    asked = _asked(request)
    page = page_of(request, deliveries.mails_of_wave(wave, **asked))
    ids = {"slug": slug, "engagement_id": engagement.pk}
    may_edit = can(request.member, "people.edit")
    holds, now = holds_of(wave), database_now()
    context = {
        "engagement": engagement,
        "step": "field",
        "wave": wave,
        "page": page,
        "rows": [
            {**_row(mail, ids, may_edit=may_edit), "hold": hold_of_mail(mail, holds, now)}
            for mail in page.object_list
        ],
        "groups": [(one.code, GROUP_NAMES[one.code], one.n) for one in deliveries.groups_of_wave(wave)],
        "group": asked["group"],
        "query": asked["query"],
    }
    return render_in_zone(request, engagement, "surveys/mails.html", context)


def _row(mail: Delivery, ids: dict[str, Any], *, may_edit: bool) -> dict[str, Any]:
    again = may_edit and may_send_again(mail)
    return {
        "mail": mail,
        "audience": name_of_audience(mail.wave_audience.audience),
        "again_url": reverse("surveys:mail_again", kwargs={**ids, "delivery_id": mail.pk}) if again else "",
    }


@require_safe
@require_permission("export")
def mails_csv(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Download the log as it is narrowed."""
    _engagement, wave = engagement_and_wave(request, engagement_id)
    mails = deliveries.mails_of_wave(wave, **_asked(request))
    holds, now = holds_of(wave), database_now()
    rows = (
        [
            mail.recipient.email,
            mail.recipient.name,
            mail.wave_audience.audience,
            mail.round,
            mail.state,
            mail.due_at.isoformat(timespec="seconds"),
            mail.attempts,
            "yes" if mail.was_uncertain else "no",
            mail.reply,
            hold.code if (hold := hold_of_mail(mail, holds, now)) else "",
        ]
        for mail in mails.iterator(chunk_size=2_000)
    )
    return csv_response("mails.csv", HEADER, rows)


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("people.edit")
def mail_again(request: PracticeRequest, slug: str, engagement_id: UUID, delivery_id: UUID) -> HttpResponse:
    """Send a bounced invitation again, after its address was looked at."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    mail = deliveries.get_mail_of(wave, delivery_id)
    back = reverse("surveys:mails", kwargs={"slug": slug, "engagement_id": engagement.pk})
    form = AddressForm(request.POST or None, initial={"email": mail.recipient.email})
    if request.method == "POST" and form.is_valid():
        try:
            send_again(mail, email=form.cleaned_data["email"], actor=request.member)
        except CrmgapError as error:
            show_error(form, error)
        else:
            messages.success(request, _("The invitation is queued again, with a new link."))
            return redirect(f"{back}?show=waiting")
    context = {
        "engagement": engagement,
        "step": "field",
        "mail": mail,
        "form": form,
        "back_url": f"{back}?show=bounced",
        "may_send": may_send_again(mail),
    }
    return render(request, "surveys/mail_again.html", context, status=422 if form.errors else 200)
