"""The mails of a wave before they leave: texts by audience, round and language, and how each person's mail looks."""

import base64
import hashlib
import html
import re
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_safe

from practice.exceptions import CrmgapError
from practice.models import Engagement
from practice.pages import show_error
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys.enums import ASKING, Round
from surveys.forms import MailTextForm
from surveys.mail.texts import (
    NEEDED,
    PLACEHOLDERS,
    MailText,
    own_text,
    own_texts,
    text_for,
    unknown_placeholders,
)
from surveys.models import Recipient, Wave, WaveAudience
from surveys.services import plan
from surveys.services.launch import planned_dates
from surveys.services.preview import Preview, find_people, preview_of
from surveys.views.waves import ORDER, engagement_and_wave, name_of_audience, render_in_zone

STYLE = re.compile(r'style="([^"]*)"')


def problems_of(text: MailText) -> list[str]:
    """Return in words what keeps a text from being sent."""
    unknown = unknown_placeholders(text)
    found = []
    if unknown:
        words = ngettext(
            "This placeholder does not exist: %(names)s",
            "These placeholders do not exist: %(names)s",
            len(unknown),
        )
        found.append(words % {"names": ", ".join(unknown)})
    if NEEDED not in text.body:
        found.append(_("The text has no link to the survey: put {link} into it."))
    return found


def mail_problems(wave: Wave) -> list[tuple[str, str, str, list[str]]]:
    """Return (audience, round, language, problems) of the wave's own texts that cannot be sent."""
    return [
        (audience, code, language, problems)
        for audience, code, language, text in own_texts(wave)
        if (problems := problems_of(text))
    ]


@require_safe
@require_permission("form.read")
def texts_page(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """List the mails of every audience and round with their subject, in every language."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    audiences = sorted(wave.audiences.all(), key=lambda row: ORDER.get(row.audience, 9))
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "audiences": [
            {"name": name_of_audience(row.audience), "mails": _mails(engagement, wave, row)}
            for row in audiences
        ],
        "languages": settings.LANGUAGES,
    }
    return render_in_zone(request, engagement, "surveys/mail_texts.html", context)


def _mails(engagement: Engagement, wave: Wave, audience: WaveAudience) -> list[dict[str, Any]]:
    rounds = audience.rounds or planned_dates(wave, audience.audience).rounds
    return [
        {
            "round": str(Round(code).label),
            "language": str(name),
            "code": language,
            "subject": text_for(wave, audience.audience, code, language).subject,
            "is_own": (own := own_text(wave, audience.audience, code, language)) is not None,
            "problems": problems_of(own) if own else [],
            "url": _url("mail_text", engagement, audience.audience, code, language),
        }
        for code in ASKING
        if code in rounds
        for language, name in settings.LANGUAGES
    ]


def _url(name: str, engagement: Engagement, audience: str, round_code: str, language: str) -> str:
    return reverse(
        f"surveys:{name}",
        kwargs={
            "slug": engagement.practice.slug,
            "engagement_id": engagement.pk,
            "audience": audience,
            "round_code": round_code,
            "language": language,
        },
    )


def _place(
    request: PracticeRequest, engagement_id: UUID, audience: str, round_code: str, language: str
) -> tuple[Engagement, Wave, WaveAudience]:
    """Return where a mail belongs, or 404 when there is no such mail."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    row = next((row for row in wave.audiences.all() if row.audience == audience), None)
    if row is None or round_code not in ASKING or language not in dict(settings.LANGUAGES):
        raise Http404
    row.wave = wave
    return engagement, wave, row


@require_http_methods(["GET", "HEAD", "POST"])
@require_permission("form.read")
def mail_text(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience: str, round_code: str, language: str
) -> HttpResponse:
    """Write the text of one mail, or go back to the built-in one; beside it, how it looks to a person."""
    engagement, wave, row = _place(request, engagement_id, audience, round_code, language)
    shown = text_for(wave, audience, round_code, language)
    may_edit = can(request.member, "wave.edit") and plan.can_change_text(wave, audience, round_code)
    initial = {"subject": shown.subject, "body": shown.body}
    form = MailTextForm(request.POST or None, initial=initial, language=language)
    where: dict[str, Any] = {"audience": audience, "round_code": round_code, "language": language}
    if request.method == "POST":
        answer = _save(request, wave, form, where)
        if answer is not None:
            return answer
    person = _person_asked_for(request, row)
    frame = _url("mail_preview_frame", engagement, audience, round_code, language)
    source = _url("mail_preview_source", engagement, audience, round_code, language)
    whose = f"?person={person.pk}" if person else ""
    context = {
        "engagement": engagement,
        "step": "launch",
        "wave": wave,
        "title": f"{name_of_audience(audience)}: {Round(round_code).label}",
        "language": dict(settings.LANGUAGES)[language],
        "form": form,
        "may_edit": may_edit,
        "is_own": own_text(wave, audience, round_code, language) is not None,
        "problems": problems_of(shown),
        "placeholders": PLACEHOLDERS.items(),
        "preview": preview_of(row, round_code=round_code, language=language, person=person),
        "person": person,
        "people": find_people(row, request.GET.get("q", "").replace("\x00", "").strip()),
        "query": request.GET.get("q", ""),
        "frame_url": f"{frame}{whose}",
        "source_url": f"{source}{whose}",
        "mails_url": reverse("surveys:mail_texts", kwargs={"slug": slug, "engagement_id": engagement.pk}),
    }
    status = 422 if form.errors else 200
    return render_in_zone(request, engagement, "surveys/mail_text.html", context, status=status)


def _save(
    request: PracticeRequest, wave: Wave, form: MailTextForm, where: dict[str, Any]
) -> HttpResponse | None:
    """Save or reset the text; None when the form must be shown again."""
    if not can(request.member, "wave.edit"):
        return HttpResponse(status=403)
    try:
        if "reset" in request.POST:
            plan.reset_text(wave, actor=request.member, **where)
            messages.success(request, _("The built-in text is used again."))
        elif form.is_valid():
            plan.set_text(wave, actor=request.member, **where, **form.cleaned_data)
            messages.success(request, _("The text is saved. See beside it how it looks."))
        else:
            return None
    except CrmgapError as error:
        form.is_valid()
        show_error(form, error)
        return None
    return redirect(request.get_full_path())


def _person_asked_for(request: PracticeRequest, audience: WaveAudience) -> Recipient | None:
    asked = request.GET.get("person", "")
    return get_or_404(Recipient.objects.filter(wave_audience=audience), asked) if asked else None


def _preview(
    request: PracticeRequest, engagement_id: UUID, audience: str, round_code: str, language: str
) -> Preview:
    _engagement, _wave, row = _place(request, engagement_id, audience, round_code, language)
    person = _person_asked_for(request, row)
    return preview_of(row, round_code=round_code, language=language, person=person)


@require_safe
@require_permission("form.read")
def mail_preview_frame(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience: str, round_code: str, language: str
) -> HttpResponse:
    """Return the HTML of a mail as it would be sent, in a sandbox: its own styles, no script, nothing fetched."""
    content = _preview(request, engagement_id, audience, round_code, language).html
    styles = sorted({_hash_of(html.unescape(found)) for found in STYLE.findall(content)})
    answer = HttpResponse(content)
    answer["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-hashes' {' '.join(styles)}; frame-ancestors 'self'; sandbox"
    )
    answer["X-Frame-Options"] = "SAMEORIGIN"
    return answer


def _hash_of(style: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()}'"


@require_safe
@require_permission("form.read")
def mail_preview_source(
    request: PracticeRequest, slug: str, engagement_id: UUID, audience: str, round_code: str, language: str
) -> HttpResponse:
    """Return the mail as a file that mail programs open: to the byte what is sent, but for the link."""
    content = _preview(request, engagement_id, audience, round_code, language).source
    answer = HttpResponse(content, content_type="message/rfc822")
    answer["Content-Disposition"] = f'attachment; filename="{audience}-{round_code}-{language}.eml"'
    return answer
