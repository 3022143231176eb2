"""One mail as it leaves: text and HTML from one source, one link, deterministic to the byte for every repeat."""

import hashlib
import hmac
from datetime import datetime
from email.headerregistry import Address
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from practice.accent import accent_of
from practice.mail import footer_lines, one_line, sender_of
from practice.models import Practice
from practice.sealing import derive_key
from surveys import links
from surveys.enums import AUDIENCE_NAMES, WaveKind
from surveys.form_cache import form_of
from surveys.mail.texts import fill, language_of, text_for
from surveys.models import Delivery


def message_id_of(delivery: Delivery) -> str:
    """Return the Message-ID of a delivery: the same for every attempt, and nothing can be read from it."""
    key = derive_key(settings.MASTER_KEY, "message-id")
    content = f"{delivery.wave_audience_id}|{delivery.recipient_id}|{delivery.round}".encode()
    return f"<{hmac.new(key, content, hashlib.sha256).hexdigest()[:40]}@{settings.MAIL_DOMAIN}>"


def build_message(
    delivery: Delivery, *, sent_at: datetime | None = None, link: str | None = None
) -> EmailMessage:
    """Return the mail of a delivery, whose audience, wave, client, practice and recipient are loaded.

    It is in the recipient's language. A preview passes a link that leads nowhere; nothing else of it differs.
    """
    language = language_of(delivery.recipient.language)
    with translation.override(language):
        return _in_language(language, delivery, sent_at, link or _link_of(delivery))


def _link_of(delivery: Delivery) -> str:
    return f"{settings.BASE_URL}/s/{links.token_for(delivery.wave_audience, delivery.recipient)}/"


def _in_language(language: str, delivery: Delivery, sent_at: datetime | None, link: str) -> EmailMessage:
    audience, person = delivery.wave_audience, delivery.recipient
    wave = audience.wave
    practice, client = audience.practice, wave.engagement.client_organisation
    values = {
        "name": one_line(person.name) or _("and thank you for your time"),
        "company": one_line(client.name),
        "practice": one_line(practice.name),
        "minutes": str(form_of(audience).minutes),
        "closes": date_format(audience.closes_at, "j F Y") if audience.closes_at else "",
        "link": link,
    }
    is_trial = wave.kind == WaveKind.TEST
    text = text_for(wave, audience.audience, delivery.round, language)
    paragraphs = [fill(part, values) for part in text.body.split("\n\n")]
    context = {
        "paragraphs": paragraphs,
        "link": link,
        "client": values["company"],
        "practice": values["practice"],
        "accent": accent_of(practice.accent_colour).light,
        "is_confidential": audience.mode == "confidential",
        "subject": _subject(fill(text.subject, values), delivery, is_trial=is_trial),
        "footer": footer_lines(practice),
        "trial": _trial_line(delivery) if is_trial else "",
    }
    message = _addressed(practice, one_line(person.name), person.email, str(context["subject"]))
    message["Date"] = format_datetime(sent_at or delivery.due_at)
    message["Message-ID"] = message_id_of(delivery)
    return _with_parts(message, context)


def _subject(text: str, delivery: Delivery, *, is_trial: bool) -> str:
    if not is_trial:
        return text
    audience = str(AUDIENCE_NAMES.get(delivery.wave_audience.audience, delivery.wave_audience.audience))
    return _("[Test: %(audience)s] %(subject)s") % {"audience": audience, "subject": text}


def _trial_line(delivery: Delivery) -> str:
    """Return what a test mail says above everything else: as whom it comes, and that its answers do not count."""
    return _("Test. This is the mail “%(round)s” to: %(audience)s. Answers by its link never count.") % {
        "round": delivery.get_round_display(),
        "audience": AUDIENCE_NAMES.get(delivery.wave_audience.audience, delivery.wave_audience.audience),
    }


def build_test_message(practice: Practice, *, name: str, email: str) -> EmailMessage:
    """Return a mail to a member that looks as invitations of this practice do, for trying out the way of mails."""
    subject = _("Test mail of %(sender)s") % {"sender": sender_of(practice)}
    context: dict[str, Any] = {
        "paragraphs": [
            _("Hello %(name)s,") % {"name": one_line(name)},
            _("this is how mails of %(practice)s look: sender, reply address, colour and the address below.")
            % {"practice": one_line(practice.name)},
            settings.BASE_URL,
        ],
        "link": settings.BASE_URL,
        "client": one_line(practice.name),
        "practice": one_line(practice.name),
        "accent": accent_of(practice.accent_colour).light,
        "subject": subject,
        "footer": footer_lines(practice),
        "is_test": True,
    }
    message = _addressed(practice, one_line(name), email, subject)
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = make_msgid(domain=settings.MAIL_DOMAIN)
    return _with_parts(message, context)


def _addressed(practice: Practice, name: str, email: str, subject: str) -> EmailMessage:
    """Return an empty mail with the practice's sender, the receiver and the subject."""
    message = EmailMessage()
    message["Subject"] = one_line(subject)[:200]
    message["From"] = _from_address(sender_of(practice))
    message["To"] = _to_address(name, email)
    if practice.reply_to:
        message["Reply-To"] = practice.reply_to
    return message


def _with_parts(message: EmailMessage, context: dict[str, Any]) -> EmailMessage:
    """Add the text and the HTML part."""
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render_to_string("surveys/mail/message.txt", context))
    message.add_alternative(render_to_string("surveys/mail/message.html", context), subtype="html")
    message.set_boundary(f"=_{hashlib.sha256(message['Message-ID'].encode()).hexdigest()[:32]}")
    return message


def _from_address(name: str) -> Address:
    return Address(display_name=name[:120], username="survey", domain=settings.MAIL_DOMAIN)


def _to_address(name: str, email: str) -> Address:
    username, _at, domain = email.rpartition("@")
    return Address(display_name=name[:120], username=username, domain=domain)
