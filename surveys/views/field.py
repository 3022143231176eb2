"""The field view: totals per audience, the queue of mails, and steering; nobody's answer state is shown."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys import selectors
from surveys.disclosure import MIN_GROUP
from surveys.enums import AudienceState, Channel
from surveys.forms import ExtendForm
from surveys.mail import stopping
from surveys.mail.holds import n_held_by_cap
from surveys.models import Wave, WaveAudience
from surveys.retention import deletion_date, kept_months
from surveys.services import field
from surveys.services.next_wave import can_measure_again
from surveys.views.queue import queue_rows
from surveys.views.wave_senders import sender_shown
from surveys.views.waves import ORDER, engagement_and_wave, has_wave, name_of_audience, render_in_zone

QUEUE_SHOWN = 8
SAID = {"turn", "sender"}
"""Reasons to wait that a row does not repeat: nothing is wrong, or the banner above all rows says it."""
RUNNING = {AudienceState.OPEN, AudienceState.PAUSED, AudienceState.SCHEDULED}


@require_safe
@require_permission("field.read")
def field_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the field of the newest wave; without a wave lead to the people, where the first one is planned."""
    if not has_wave(request, engagement_id):
        return redirect("surveys:people", slug=slug, engagement_id=engagement_id)
    engagement, wave = engagement_and_wave(request, engagement_id)
    return render_in_zone(request, engagement, "surveys/field.html", _context(request, engagement, wave))


@require_safe
@require_permission("field.read")
def field_audiences(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Return the table of audiences alone, for the page that renews itself."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    context = _context(request, engagement, wave)
    return render_in_zone(request, engagement, "surveys/field.html#audiences", context)


def _context(request: PracticeRequest, engagement: Engagement, wave: Wave) -> dict[str, Any]:
    view = selectors.field_view(wave)
    ids = {"slug": request.practice.slug, "engagement_id": engagement.pk}
    states = [row.audience.state for row in view.audiences] + [row.channel.state for row in view.open_links]
    runs = any(state in RUNNING for state in states)
    rows = sorted(view.audiences, key=lambda row: ORDER.get(row.audience.audience, 9))
    queue = queue_rows(wave)
    holds = {row["audience_id"]: row["hold"] for row in queue if row["hold"] and row["hold"].code not in SAID}
    capped = n_held_by_cap(wave) if runs else {}
    return {
        "engagement": engagement,
        "step": "field",
        "wave": wave,
        "headline": _headline(view),
        "sender": sender_shown(request, wave) if runs or wave.launched_at is None else None,
        "poll_url": reverse("surveys:field_audiences", kwargs=ids) if runs else "",
        "audiences": [
            {
                **_row(row, ids, may_steer=can(request.member, "wave.edit")),
                "hold": holds.get(row.audience.pk),
                "n_capped": capped.get(row.audience.pk, 0),
            }
            for row in rows
        ],
        "queue": queue[:QUEUE_SHOWN],
        "queue_url": reverse("surveys:queue", kwargs=ids),
        "open_rows": [
            _open_row(row, ids, may_steer=can(request.member, "wave.edit")) for row in view.open_links
        ],
        "n_uncertain": view.n_uncertain,
        "kept_months": kept_months(wave),
        "deleted_on": deletion_date(wave),
        "mails_url": reverse("surveys:mails", kwargs=ids) if can(request.member, "people.read") else "",
        "n_bounced": sum(row.n_bounced for row in rows),
        "can_measure_again": can_measure_again(wave),
        "next_action": None
        if runs or wave.launched_at is None
        else {
            "label": _("Read the diagnosis"),
            "url": f"/p/{request.practice.slug}/engagements/{engagement.pk}/diagnosis/",
        },
    }


def _headline(view: selectors.FieldView) -> str:
    counted = [row.n_finished for row in view.audiences] + [row.n_finished for row in view.open_links]
    known = [n for n in counted if n is not None]
    if view.wave.launched_at is None:
        return _("Not launched yet")
    if not known:
        return _("Nothing to show yet: counts appear within the hour")
    n = sum(known)
    if view.wave.closed_at is not None:
        return ngettext("%(n)s answer in all", "%(n)s answers in all", n) % {"n": n}
    return ngettext("%(n)s answer so far", "%(n)s answers so far", n) % {"n": n}


def _row(row: selectors.AudienceField, ids: dict[str, Any], *, may_steer: bool) -> dict[str, Any]:
    audience = row.audience
    hidden = ""
    if row.is_hidden and audience.state != AudienceState.DRAFT:
        small = row.n_invited < MIN_GROUP
        hidden = _("fewer than 5 invited") if small else _("counted within the hour")
        hidden = _("fewer than 5 answers") if audience.source else hidden

    return {
        "id": audience.pk,
        "code": audience.audience,
        "name": name_of_audience(audience.audience),
        "mode": audience.mode,
        "state": audience.state,
        "state_label": _("Collected elsewhere") if audience.source else audience.get_state_display(),
        "closes_at": audience.closes_at,
        "is_over": audience.closes_at is not None and audience.closes_at <= timezone.now(),
        "n_invited": row.n_invited,
        "n_accepted": row.n_accepted,
        "n_delivered": row.n_delivered,
        "stopped": stopping.stop_words(audience) if stopping.is_stopped(audience) else "",
        "advice": stopping.advice_words(audience) if stopping.is_stopped(audience) else "",
        "n_bounced": row.n_bounced,
        "n_started": row.n_started,
        "n_finished": row.n_finished,
        "rate": row.rate,
        "n_needed": row.n_needed,
        "lamp": row.lamp,
        "lamp_text": "",
        "hidden": hidden,
        **_steering(audience, ids, may_steer=may_steer),
    }


def _open_row(row: selectors.OpenLinkField, ids: dict[str, Any], *, may_steer: bool) -> dict[str, Any]:
    """Return the row of an open link, which stands apart from the invited."""
    channel = row.channel
    name = name_of_channel(channel)
    return {
        "id": channel.pk,
        "code": f"{channel.audience}-open",
        "name": name,
        "state": channel.state,
        "state_label": channel.get_state_display(),
        "closes_at": channel.closes_at,
        "is_over": channel.closes_at is not None and channel.closes_at <= timezone.now(),
        "n_links": row.n_links,
        "n_started": row.n_started,
        "n_finished": row.n_finished,
        "hidden": _("fewer than 5 began, or not counted yet") if row.n_finished is None else "",
        **_steering(channel, ids, may_steer=may_steer),
    }


def name_of_channel(audience: WaveAudience) -> str:
    """Return the name of an audience, or of its open link."""
    name = name_of_audience(audience.audience)
    return _("%(audience)s by open link") % {"audience": name} if audience.channel == Channel.OPEN else name


def _steering(audience: WaveAudience, ids: dict[str, Any], *, may_steer: bool) -> dict[str, str]:
    """Return where an audience is steered, "" for what is not possible now."""

    def url(act: str, *states: str) -> str:
        if not may_steer or audience.state not in states:
            return ""
        return reverse(f"surveys:audience_{act}", kwargs={**ids, "audience_id": audience.pk})

    return {
        "pause_url": url("pause", AudienceState.OPEN),
        "resume_url": url("resume", AudienceState.PAUSED),
        "extend_url": url("extend", *RUNNING),
        "extend_date": _a_week_on(audience).isoformat(),
        "close_url": url("close", *RUNNING),
    }


def _a_week_on(audience: WaveAudience) -> date:
    """Return the closing date that "Extend" proposes: a week after the present one, and after today."""
    now = timezone.now()
    zone = audience.wave.engagement.client_organisation.zone
    return timezone.localdate(max(audience.closes_at or now, now) + timedelta(days=7), zone)


def _audience(
    request: PracticeRequest, engagement_id: UUID, audience_id: UUID
) -> tuple[Engagement, WaveAudience]:
    engagement, wave = engagement_and_wave(request, engagement_id)
    audience = get_or_404(WaveAudience.objects.filter(wave=wave), audience_id)
    return engagement, audience


def _steer(request: PracticeRequest, engagement: Engagement, act: Callable[[], object]) -> HttpResponse:
    try:
        act()
    except CrmgapError as error:
        messages.error(request, error.message)
    return redirect("surveys:field", slug=request.practice.slug, engagement_id=engagement.pk)


@require_POST
@require_permission("wave.edit")
def audience_pause(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Pause an audience."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    return _steer(request, engagement, lambda: field.pause_audience(audience, actor=request.member))


@require_POST
@require_permission("wave.edit")
def audience_resume(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Let an audience go on."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    return _steer(request, engagement, lambda: field.resume_audience(audience, actor=request.member))


@require_POST
@require_permission("wave.edit")
def audience_extend(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Move the closing date of an audience."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    form = ExtendForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a closing date."))
        return redirect("surveys:field", slug=slug, engagement_id=engagement.pk)
    closes_at = form.closes_at(engagement.client_organisation.zone)
    return _steer(
        request,
        engagement,
        lambda: field.extend_audience(audience, closes_at=closes_at, actor=request.member),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("wave.edit")
def audience_close(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Close an audience for good, after its name was typed."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    name = name_of_channel(audience)
    typed = request.POST.get("confirm", "").strip()
    if request.method == "POST" and typed.casefold() == name.casefold():
        return _steer(request, engagement, lambda: field.close_audience(audience, actor=request.member))
    back = reverse("surveys:field", kwargs={"slug": slug, "engagement_id": engagement.pk})
    context = {
        "engagement": engagement,
        "step": "field",
        "audience": {"name": name},
        "action_url": request.path,
        "back_url": back,
        "error": _("Type the name exactly; nothing was closed.") if request.method == "POST" else "",
    }
    return render(request, "surveys/audience_close.html", context, status=422 if context["error"] else 200)
