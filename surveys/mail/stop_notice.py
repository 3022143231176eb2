"""The mail that tells who leads an engagement that mails were stopped."""

from email.utils import formataddr, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _

from practice.enums import Role
from practice.mail import one_line, sender_of
from practice.models import Member
from surveys.enums import AUDIENCE_NAMES
from surveys.mail import stopping
from surveys.models import WaveAudience


def receivers_of(audience: WaveAudience) -> list[Member]:
    """Return the member who leads the engagement, or the practice's owners where nobody active does."""
    members = Member.objects.filter(is_active=True).select_related("user")
    lead_id = audience.wave.engagement.lead_id
    lead = list(members.filter(pk=lead_id)) if lead_id else []
    return lead or list(members.filter(role=Role.OWNER).order_by("pk"))


def build_notice(audience: WaveAudience, receiver: Member) -> EmailMultiAlternatives:
    """Return the notice; the audience comes with wave, engagement, client and practice."""
    engagement = audience.wave.engagement
    path = reverse("surveys:field", kwargs={"slug": audience.practice.slug, "engagement_id": engagement.pk})
    context = {
        "name": one_line(str(receiver.user)),
        "client": one_line(engagement.client_organisation.name),
        "audience": str(AUDIENCE_NAMES.get(audience.audience, audience.audience)),
        "why": stopping.stop_words(audience),
        "advice": stopping.advice_words(audience),
        "link": f"{settings.BASE_URL}{path}",
    }
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    return EmailMultiAlternatives(
        subject=one_line(_("Mails stopped: %(client)s, %(audience)s") % context)[:200],
        body=render_to_string("surveys/mail/stopped.txt", context),
        from_email=formataddr((sender_of(audience.practice), address)),
        to=[receiver.user.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
