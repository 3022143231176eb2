"""The queue of future mails: what leaves when, to whom by audience; pause, skip, move; one person's mails."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import page_of
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys.enums import Round
from surveys.forms import MoveForm
from surveys.mail.holds import Hold, holds_of
from surveys.mail_queue import RUNS, QueuedRound, queue_of
from surveys.models import Recipient, Wave, WaveAudience
from surveys.selectors import people_of_wave
from surveys.services import queue
from surveys.views.waves import engagement_and_wave, name_of_audience, render_in_zone

PEOPLE_SHOWN = 8


def queue_rows(wave: Wave) -> list[dict[str, Any]]:
    """Return the mails to come as pages show them, soonest first, with what holds them back."""
    items = queue_of(wave)
    holds = holds_of(wave, {item.audience.pk: item.audience for item in items}.values())
    return [_row(item, holds[item.audience.pk]) for item in items]


def _row(item: QueuedRound, hold: Hold) -> dict[str, Any]:
    return {
        "at": item.at,
        "until": item.until if item.until > item.at else None,
        "round": item.round,
        "title": str(Round(item.round).label),
        "audience": name_of_audience(item.audience.audience),
        "audience_id": item.audience.pk,
        "text": _to_how_many(item),
        "is_due": item.is_due,
        "is_skipped": item.is_skipped,
        "is_paused": item.is_paused,
        "hold": hold if hold.lasts or (item.is_due and not item.is_skipped) else None,
        "can_skip": item.round != Round.INVITATION,
    }


def _to_how_many(item: QueuedRound) -> str:
    name = name_of_audience(item.audience.audience)
    if item.n is None:
        return _("%(audience)s: those who have not answered") % {"audience": name}
    if item.round == Round.INVITATION:
        words = ngettext("%(audience)s: %(n)s person", "%(audience)s: %(n)s people", item.n)
    else:
        words = ngettext(
            "%(audience)s: to at most %(n)s person", "%(audience)s: to at most %(n)s people", item.n
        )
    return words % {"audience": name, "n": f"{item.n:,}"}


@require_safe
@require_permission("field.read")
def queue_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show the mails to come by day, round and audience, and find one person."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    ids = {"slug": slug, "engagement_id": engagement.pk}
    may_steer = can(request.member, "wave.edit")
    audiences = [row for row in wave.audiences.all() if row.state in RUNS]
    query = request.GET.get("q", "").replace("\x00", "").strip()
    context = {
        "engagement": engagement,
        "step": "field",
        "wave": wave,
        "rows": [row | _urls(row, ids, may_steer=may_steer) for row in queue_rows(wave)],
        "may_steer": may_steer,
        "is_paused": bool(audiences) and all(row.mails_paused for row in audiences),
        "runs": bool(audiences),
        "query": query,
        "page": page_of(request, _people(wave, query), size=PEOPLE_SHOWN) if query else None,
        "pause_url": reverse("surveys:mails_pause", kwargs=ids),
        "resume_url": reverse("surveys:mails_resume", kwargs=ids),
    }
    return render_in_zone(request, engagement, "surveys/queue.html", context)


def _urls(row: dict[str, Any], ids: dict[str, Any], *, may_steer: bool) -> dict[str, str]:
    if not may_steer:
        return {}
    where = {**ids, "audience_id": row["audience_id"], "round_code": row["round"]}
    skip = "round_restore" if row["is_skipped"] else "round_skip"
    return {
        "skip_url": reverse(f"surveys:{skip}", kwargs=where) if row["can_skip"] else "",
        "move_url": reverse("surveys:round_move", kwargs=where),
    }


def _people(wave: Wave, query: str) -> Any:
    people = people_of_wave(wave)
    return people.filter(name__icontains=query) | people.filter(email_key__icontains=query)


def _steer(
    request: PracticeRequest, engagement: Engagement, act: Callable[[], object], done: str
) -> HttpResponse:
    try:
        act()
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
    else:
        messages.success(request, done)
    return redirect("surveys:queue", slug=request.practice.slug, engagement_id=engagement.pk)


@require_POST
@require_permission("wave.edit")
def mails_pause(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Let no mail of the wave leave for now."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    done = _("No mail leaves until you go on. Links go on working.")
    return _steer(request, engagement, lambda: queue.pause_mails(wave, actor=request.member), done)


@require_POST
@require_permission("wave.edit")
def mails_resume(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Let the mails of the wave leave again."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    done = _("Mails leave again; what became due meanwhile leaves now.")
    return _steer(request, engagement, lambda: queue.resume_mails(wave, actor=request.member), done)


def _audience(
    request: PracticeRequest, engagement_id: UUID, audience_id: UUID
) -> tuple[Engagement, WaveAudience]:
    engagement, wave = engagement_and_wave(request, engagement_id)
    return engagement, get_or_404(WaveAudience.objects.filter(wave=wave), audience_id)


@require_POST
@require_permission("wave.edit")
def round_skip(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID, round_code: str
) -> HttpResponse:
    """Leave out one round of an audience."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    done = _("The round is skipped. Until its time you can take it up again.")
    return _steer(
        request,
        engagement,
        lambda: queue.skip_round(audience, round_code=round_code, actor=request.member),
        done,
    )


@require_POST
@require_permission("wave.edit")
def round_restore(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID, round_code: str
) -> HttpResponse:
    """Take up a round that was to be left out."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    return _steer(
        request,
        engagement,
        lambda: queue.skip_round(audience, round_code=round_code, actor=request.member, skip=False),
        _("The round is planned again."),
    )


@require_POST
@require_permission("wave.edit")
def round_move(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID, round_code: str
) -> HttpResponse:
    """Let a round leave at another time, given in the client's zone."""
    engagement, audience = _audience(request, engagement_id, audience_id)
    form = MoveForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Choose a day and a time. Nothing was moved."))
        return redirect("surveys:queue", slug=slug, engagement_id=engagement.pk)
    at = form.moment(engagement.client_organisation.zone)
    return _steer(
        request,
        engagement,
        lambda: queue.move_round(audience, round_code=round_code, at=at, actor=request.member),
        _("The round is moved."),
    )


def _person(
    request: PracticeRequest, engagement_id: UUID, recipient_id: UUID
) -> tuple[Engagement, Recipient]:
    engagement, wave = engagement_and_wave(request, engagement_id)
    return engagement, get_or_404(people_of_wave(wave), recipient_id)


@require_POST
@require_permission("wave.edit")
def person_skip(request: PracticeRequest, slug: str, engagement_id: UUID, recipient_id: UUID) -> HttpResponse:
    """Send a person nothing more in this wave."""
    engagement, person = _person(request, engagement_id, recipient_id)
    done = _("No further mail of this wave goes to %(person)s.") % {"person": person}
    return _steer(request, engagement, lambda: queue.skip_person(person, actor=request.member), done)


@require_POST
@require_permission("wave.edit")
def person_restore(
    request: PracticeRequest, slug: str, engagement_id: UUID, recipient_id: UUID
) -> HttpResponse:
    """Let a person get the mails to come again."""
    engagement, person = _person(request, engagement_id, recipient_id)
    done = _("%(person)s gets the mails to come, as everybody who has not answered.") % {"person": person}
    return _steer(
        request, engagement, lambda: queue.skip_person(person, actor=request.member, skip=False), done
    )
