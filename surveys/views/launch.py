"""Pages before the field: the launch plan with its checks, and the mode of each audience."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import show_error
from practice.permissions import require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys import selectors
from surveys.disclosure import MIN_GROUP
from surveys.enums import AudienceState, Mode, Round
from surveys.form_cache import forms_of
from surveys.forms import PlanForm, plan_initial
from surveys.instruments import languages_of
from surveys.mail.senders import identity_for
from surveys.mail.texts import text_for
from surveys.models import Wave, WaveAudience
from surveys.services import plan as plan_service
from surveys.services import trial, waves
from surveys.services.attributes import preview_attributes
from surveys.services.launch import launch_wave, planned_dates
from surveys.views.mail_texts import mail_problems
from surveys.views.wave_senders import sender_choices, sender_shown
from surveys.views.waves import (
    ORDER,
    engagement_and_wave,
    has_wave,
    name_of_audience,
    render_in_zone,
)

TIGHT_GROUP = 8


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("wave.edit")
def launch_plan(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Show what goes to whom and when, with everything that should be settled first; POST changes the plan."""
    if not has_wave(request, engagement_id):
        return redirect("surveys:people", slug=slug, engagement_id=engagement_id)
    engagement, wave = engagement_and_wave(request, engagement_id)
    audience = request.GET.get("audience", "")
    if audience and not wave.audiences.filter(audience=audience).exists():
        raise Http404
    form = PlanForm(request.POST or None, initial=plan_initial(plan_service.plan_values(wave, audience)))
    if request.method == "POST" and ("like_all" in request.POST or form.is_valid()):
        try:
            if "like_all" in request.POST:
                plan_service.plan_like_all(wave, audience=audience, actor=request.member)
            else:
                plan_service.update_plan(wave, audience=audience, actor=request.member, **form.plan())
        except CrmgapError as error:
            form.is_valid()
            show_plan_error(form, error)
        else:
            return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
    return _plan_page(request, engagement, wave, form, audience, status=422 if form.errors else 200)


def show_plan_error(form: PlanForm, error: CrmgapError) -> None:
    """Put a complaint about the plan at the field of the form that it is about."""
    names = {"reminder_days": "second_reminder", "starts": "starts_on"}
    named = {names.get(field, field): text for field, text in error.fields.items()}
    show_error(form, type(error)(error.message, fields=named))


def _plan_page(
    request: PracticeRequest,
    engagement: Engagement,
    wave: Wave,
    form: PlanForm,
    audience: str,
    status: int,
) -> HttpResponse:
    audiences = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    counts = selectors.people_by_audience(wave)
    sender = sender_shown(request, wave)
    checks = [
        *_checks(engagement, audiences, counts),
        *_text_checks(engagement, wave),
        *_sender_checks(wave, sender),
    ]
    asked = [row for row in audiences if counts[row.audience]]
    ids = {"slug": request.practice.slug, "engagement_id": engagement.pk}
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "plan": _plan(wave, asked, counts),
        "checks": checks,
        "starts_now": _first_mails(wave, asked, counts)[1] > 0,
        "can_launch": bool(asked) and all(check["state"] != "stop" for check in checks),
        "launched": wave.launched_at is not None,
        "sender": sender,
        "senders": sender_choices(request, wave) if wave.launched_at is None else [],
        "sender_url": reverse("surveys:wave_sender", kwargs=ids),
        "n_people": sum(counts.values()),
        "n_forms": len(asked),
        "plan_form": form,
        "plan_audience": name_of_audience(audience) if audience else "",
        "plan_is_own": audience in wave.plan.get("audiences", {}),
        "plans": _plans(wave, audiences, audience),
        "mails_url": reverse("surveys:mail_texts", kwargs=ids),
        "threshold": MIN_GROUP,
        "confirm_url": reverse("surveys:launch_confirm", kwargs=ids),
        "test_url": reverse("surveys:trial_send", kwargs=ids) if wave.launched_at is None else "",
        "delete_url": reverse("surveys:trial_delete", kwargs=ids),
        "tests": trial.count_tests(engagement),
        "email": request.member.user.email,
        "modes": [
            {
                "name": name_of_audience(row.audience),
                "mode": row.mode,
                "can_choose": row.audience in waves.NAMEABLE and wave.launched_at is None,
                "url": reverse("surveys:audience_mode", kwargs={**ids, "audience_id": row.pk}),
                "offers_profile": row.offers_profile,
                "profile_url": reverse("surveys:audience_profile", kwargs={**ids, "audience_id": row.pk}),
            }
            for row in audiences
        ],
    }
    return render_in_zone(request, engagement, "surveys/launch.html", context, status=status)


def _plans(wave: Wave, audiences: list[WaveAudience], shown: str) -> list[dict[str, Any]]:
    """Return whose plan can be changed: all together, or one audience by itself."""
    own = wave.plan.get("audiences", {})
    rows = [{"name": _("All audiences"), "url": "?#dates", "is_shown": not shown, "is_own": False}]
    rows += [
        {
            "name": name_of_audience(row.audience),
            "url": f"?audience={row.audience}#dates",
            "is_shown": row.audience == shown,
            "is_own": row.audience in own,
        }
        for row in audiences
    ]
    return rows


def _text_checks(engagement: Engagement, wave: Wave) -> list[dict[str, Any]]:
    url = reverse(
        "surveys:mail_texts", kwargs={"slug": engagement.practice.slug, "engagement_id": engagement.pk}
    )
    return [
        _check(
            "stop",
            _("%(audience)s, %(round)s: %(problem)s")
            % {
                "audience": name_of_audience(audience),
                "round": Round(code).label,
                "problem": " ".join(problems),
            },
            url,
            _("Mail texts"),
        )
        for audience, code, _language, problems in mail_problems(wave)
    ]


def _sender_checks(wave: Wave, sender: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the stop sign of a sender that is not verified; the launch refuses it too."""
    identity = identity_for(wave)
    if identity is None or identity.is_ready:
        return []
    text = _("The sender %(name)s is not verified.") % {"name": identity.from_name}
    return [_check("stop", text, sender["settings_url"], _("To the sender's settings"))]


@require_safe
@require_permission("wave.launch")
def launch_confirm(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Say once more who gets what when, and what cannot be changed afterwards, before anything leaves."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    counts = selectors.people_by_audience(wave)
    audiences = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    asked = [row for row in audiences if counts[row.audience]]
    if wave.launched_at is not None or not asked:
        return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
    checks = _checks(engagement, audiences, counts)
    ids = {"slug": slug, "engagement_id": engagement.pk}
    first_at, n_now = _first_mails(wave, asked, counts)
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "rows": _confirm_rows(wave, asked, counts),
        "events": _plan(wave, asked, counts)[:-1],
        "first_at": first_at,
        "n_now": n_now,
        "not_asked": [name_of_audience(row.audience) for row in audiences if not counts[row.audience]],
        "warnings": [check for check in checks if check["state"] == "warn"],
        "sender": sender_shown(request, wave),
        "n_people": sum(counts.values()),
        "tests": trial.count_tests(engagement),
        "launch_url": reverse("surveys:launch_start", kwargs=ids),
        "delete_url": reverse("surveys:trial_delete", kwargs=ids),
        "back_url": reverse("surveys:launch", kwargs=ids),
    }
    return render_in_zone(request, engagement, "surveys/launch_confirm.html", context)


def _first_mails(
    wave: Wave, asked: list[WaveAudience], counts: Mapping[str, int]
) -> tuple[datetime | None, int]:
    """Return when the first invitation leaves, and to how many people at once with the launch."""
    now = timezone.now()
    starts = {row.audience: _rounds_of(wave, row, now)[Round.INVITATION] for row in asked}
    n_now = sum(counts[code] for code, at in starts.items() if at <= now)
    return min(starts.values(), default=None), n_now


def _confirm_rows(wave: Wave, asked: list[WaveAudience], counts: Mapping[str, int]) -> list[dict[str, Any]]:
    forms = forms_of(wave, asked, get_language() or "")
    return [
        {
            "audience": name_of_audience(row.audience),
            "n": counts[row.audience],
            "form": forms[row.audience].title,
            "minutes": forms[row.audience].minutes,
            "mode": row.get_mode_display(),
            "is_named": row.mode == Mode.NAMED,
            "subject": text_for(wave, row.audience, Round.INVITATION).subject.replace(
                "{company}", wave.engagement.client_organisation.name
            ),
        }
        for row in asked
    ]


def _plan(wave: Wave, asked: list[WaveAudience], counts: Mapping[str, int]) -> list[dict[str, Any]]:
    """Return what happens when: one entry per moment and round, with the audiences where they differ."""
    now = timezone.now()
    forms = forms_of(wave, asked, get_language() or "")
    happens: dict[tuple[datetime, str], list[WaveAudience]] = {}
    for row in asked:
        for code, at in [*_rounds_of(wave, row, now).items(), ("close", _close_of(wave, row, now))]:
            happens.setdefault((at, code), []).append(row)
    events = []
    for (at, code), rows in sorted(happens.items(), key=lambda item: item[0]):
        title, text, kind = _words_of(code)
        event: dict[str, Any] = {"at": at, "kind": kind, "title": title, "text": text}
        if code == Round.INVITATION:
            event["rows"] = [_asked_row(row, counts, forms) for row in rows]
        elif len(rows) < len(asked):
            event["title"] = f"{title}: {', '.join(name_of_audience(row.audience) for row in rows)}"
        events.append(event)
    end = max((at for at, _code in happens), default=now)
    text = _("Computed when the last audience is released.")
    return [*events, {"at": end, "kind": "diagnosis", "title": _("Diagnosis"), "text": text}]


def _rounds_of(wave: Wave, row: WaveAudience, now: datetime) -> Mapping[str, datetime]:
    if row.rounds:
        return {
            code: datetime.fromisoformat(kept["at"])
            for code, kept in row.rounds.items()
            if not kept.get("skipped") and datetime.fromisoformat(kept["at"]) < _close_of(wave, row, now)
        }
    return planned_dates(wave, row.audience, now=now, start=row.opens_at).rounds


def _close_of(wave: Wave, row: WaveAudience, now: datetime) -> datetime:
    return row.closes_at or planned_dates(wave, row.audience, now=now).closes_at


def _words_of(code: str) -> tuple[str, str, str]:
    """Return title, text and kind of what happens."""
    if code == "close":
        return _("Close"), _("Links end; answers are mixed."), "close"
    if code == Round.INVITATION:
        return _("Invitation"), _("A personal link by e-mail, for this person alone."), "invitation"
    text = _("Only to those who have not answered by then; the same link.")
    return str(Round(code).label), text, "reminder"


def _asked_row(row: WaveAudience, counts: Mapping[str, int], forms: Mapping[str, Any]) -> dict[str, Any]:
    names = dict(settings.LANGUAGES)
    return {
        "audience": name_of_audience(row.audience),
        "n": counts[row.audience],
        "form": forms[row.audience].title,
        "minutes": forms[row.audience].minutes,
        "languages": ", ".join(str(names.get(code, code)) for code in languages_of(row.wave.instrument)),
    }


def _checks(
    engagement: Engagement, audiences: list[WaveAudience], counts: Mapping[str, int]
) -> list[dict[str, Any]]:
    people_url = reverse(
        "surveys:people", kwargs={"slug": engagement.practice.slug, "engagement_id": engagement.pk}
    )
    if not sum(counts.values()):
        return [_check("stop", _("Nobody is to be asked yet."), people_url, _("Import people"))]
    checks = [_audience_check(row, counts[row.audience], people_url) for row in audiences]
    groups_url = reverse(
        "surveys:attributes", kwargs={"slug": engagement.practice.slug, "engagement_id": engagement.pk}
    )
    checks += [check for row in audiences for check in _attribute_checks(row, groups_url)]
    return checks + _zone_checks(engagement, audiences)


def _zone_checks(engagement: Engagement, audiences: list[WaveAudience]) -> list[dict[str, Any]]:
    """Return the hint that nobody chose the client's time zone, as long as it can still change the plan."""
    client = engagement.client_organisation
    if client.time_zone != "UTC" or any(row.wave.launched_at for row in audiences):
        return []
    ids = {"slug": engagement.practice.slug, "client_id": client.pk}
    text = _("All times are in UTC, since no time zone was chosen for %(client)s.") % {"client": client.name}
    return [_check("warn", text, reverse("practice:client_edit", kwargs=ids), _("Choose the time zone"))]


def _attribute_checks(row: WaveAudience, url: str) -> list[dict[str, Any]]:
    """Return the warning that attributes of an audience would not stay with its answers, if any would not."""
    if row.state != AudienceState.DRAFT or row.mode != Mode.CONFIDENTIAL:
        return []
    lost = [one.name for one in preview_attributes(row).attributes if one.smallest is not None]
    if not lost:
        return []
    text = _("%(audience)s: %(names)s would leave groups under five, so answers cannot be filtered by it.")
    names = {"audience": name_of_audience(row.audience), "names": ", ".join(lost)}
    return [_check("warn", text % names, url, _("Merge values"))]


def _check(state: str, text: str, url: str = "", label: str = "") -> dict[str, Any]:
    return {"state": state, "text": text, "url": url, "label": label}


def _audience_check(row: WaveAudience, n: int, people_url: str) -> dict[str, Any]:
    name = name_of_audience(row.audience)
    if n == 0:
        text = _("%(name)s: nobody is asked; gaps that need them are “not measured”.") % {"name": name}
        return _check("warn", text, people_url, _("Add people"))
    if n < MIN_GROUP and row.mode == Mode.CONFIDENTIAL:
        text = _("%(name)s: fewer than five people; the group stays hidden.") % {"name": name}
        if row.audience == "managers":
            text += " " + _("D1, D2 and E3 will be “not measured” unless managers agree to be asked by name.")
        return _check("warn", text, people_url, _("Add people"))
    if n < TIGHT_GROUP and row.mode == Mode.CONFIDENTIAL:
        return _check(
            "warn", _("%(name)s: nearly everybody must answer for the group to be shown.") % {"name": name}
        )
    text = ngettext("%(name)s: %(n)s person.", "%(name)s: %(n)s people.", n) % {"name": name, "n": n}
    return _check("ok", text)


@require_POST
@require_permission("wave.launch")
def launch_start(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Launch; pressing twice launches once."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    try:
        launch_wave(wave=wave, actor=request.member)
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
        return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
    return redirect("surveys:field", slug=slug, engagement_id=engagement.pk)


@require_POST
@require_permission("wave.edit")
def audience_mode(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Choose confidential or named for an audience, before launch."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    audience = get_or_404(WaveAudience.invited.filter(wave=wave), audience_id)
    try:
        waves.set_audience_mode(audience, mode=request.POST.get("mode", ""), actor=request.member)
    except CrmgapError as error:
        messages.error(request, " ".join([error.message, *error.fields.values()]))
    return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)


@require_POST
@require_permission("wave.edit")
def audience_profile(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience_id: UUID
) -> HttpResponse:
    """Offer people of an audience the profile of their own answers, or do not."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    audience = get_or_404(WaveAudience.objects.filter(wave=wave), audience_id)
    try:
        waves.offer_profile(audience, offered=request.POST.get("offer") == "1", actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
