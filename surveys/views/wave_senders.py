"""In whose name the mails of a wave leave: what pages say of it, and choosing another sender before the launch."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from practice.exceptions import CrmgapError
from practice.models import SenderIdentity
from practice.permissions import can, require_permission
from practice.requests import PracticeRequest
from practice.selectors import get_or_404
from surveys.mail.senders import concerns_about, identity_for, sender_for, usual_identity
from surveys.models import Wave
from surveys.services.plan import choose_sender
from surveys.views.waves import engagement_and_wave


def sender_shown(request: PracticeRequest, wave: Wave) -> dict[str, Any]:
    """Return how pages show the sender of a wave: name, address, and what should be settled first."""
    identity = identity_for(wave)
    sender = sender_for(request.practice, identity)
    slug = request.practice.slug
    url = reverse("practice:settings_mail", kwargs={"slug": slug})
    if identity is not None:
        url = reverse("surveys:sender", kwargs={"slug": slug, "sender_id": identity.pk})
    concerns = concerns_about(identity)
    return {
        "name": sender.address.display_name,
        "address": sender.address.addr_spec,
        "reply_to": sender.reply_to,
        "concerns": [concern.words for concern in concerns],
        "stops": any(concern.stops for concern in concerns),
        "settings_url": url if can(request.member, "practice.manage") else "",
    }


def sender_choices(request: PracticeRequest, wave: Wave) -> list[dict[str, Any]]:
    """Return the senders that a wave may be given, the usual one first; empty when none of its own is ready."""
    ready = [one for one in SenderIdentity.objects.all() if one.is_ready]
    if not ready:
        return []
    usual = sender_for(request.practice, usual_identity(wave)).address.display_name
    return [
        {"id": "", "name": _("As usual: %(name)s") % {"name": usual}, "is_chosen": wave.sender_id is None},
        *({"id": one.pk, "name": str(one), "is_chosen": one.pk == wave.sender_id} for one in ready),
    ]


@require_POST
@require_permission("wave.edit")
def wave_sender(request: PracticeRequest, slug: str, engagement_id: UUID) -> HttpResponse:
    """Choose the sender of the newest wave; nothing chosen: as the engagement or the practice says."""
    engagement, wave = engagement_and_wave(request, engagement_id)
    asked = request.POST.get("sender", "")
    sender = get_or_404(SenderIdentity.objects.all(), asked) if asked else None
    try:
        choose_sender(wave, sender=sender, actor=request.member)
    except CrmgapError as error:
        messages.error(request, error.message)
    else:
        messages.success(request, _("The sender of this wave is chosen."))
    return redirect("surveys:launch", slug=slug, engagement_id=engagement.pk)
