"""One mail as it leaves: text and HTML from one source, one link, deterministic to the byte for every repeat."""

import hashlib
import hmac
from datetime import datetime
from email import message_from_bytes
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import default
from email.utils import format_datetime, make_msgid
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from practice.accent import accent_of
from practice.mail import footer_lines, one_line
from practice.models import Practice, SenderIdentity
from practice.sealing import derive_key
from surveys import links
from surveys.enums import AUDIENCE_NAMES, Mode, Round, WaveKind
from surveys.form_cache import form_of
from surveys.mail import return_path
from surveys.mail.letter import NAME, Letter, fill_letter, marked_link, marked_unsubscribe_link
from surveys.mail.senders import Sender, identity_for, sender_for
from surveys.mail.texts import fill, language_of, receipt_text, text_for
from surveys.mail.unsubscribing import list_unsubscribe
from surveys.models import Delivery

AUTO = ("Auto-Submitted", "auto-generated")


def message_id_of(delivery: Delivery) -> str:
    """Return the Message-ID of a delivery, whose recipient is loaded: the same for every attempt, another one once
    the person has a new link, and nothing can be read from it.
    """
    content = f"{delivery.wave_audience_id}|{delivery.recipient_id}|{delivery.round}".encode()
    if delivery.recipient.generation:
        content += f"|{delivery.recipient.generation}".encode()
    digest = hmac.new(_message_id_key(settings.MASTER_KEY), content, hashlib.sha256).hexdigest()
    return f"<{digest[:40]}@{settings.MAIL_DOMAIN}>"


@lru_cache(maxsize=4)
def _message_id_key(master_key: bytes) -> bytes:
    return derive_key(master_key, "message-id")


def mail_bytes(delivery: Delivery, *, sent_at: datetime | None = None, token: str | None = None) -> bytes:
    """Return the mail of a delivery, whose audience, wave, client, practice and recipient are loaded.

    It is in the recipient's language. A preview passes a token that leads nowhere, and so does its link to unsubscribe;
    nothing else of it differs.
    """
    audience, person = delivery.wave_audience, delivery.recipient
    language = language_of(person.language)
    sender = sender_for(audience.practice, identity_for(audience.wave))
    leaving = links.unsubscribe_token(person.pk) if token is None else "preview"
    with translation.override(language):
        letter = _letter_of(delivery, language, sender)
        name = one_line(person.name)
        return fill_letter(
            letter,
            name=name,
            greeting=name or _("and thank you for your time"),
            token=token or _link_token(delivery),
            leaving=leaving,
            to=person.email,
            headers=[
                ("Date", format_datetime(sent_at or delivery.due_at)),
                *list_unsubscribe(leaving, mailbox=sender.unsubscribe_address),
                *_return_headers(delivery),
            ],
            message_id=delivery.message_id or message_id_of(delivery),
        )


def _link_token(delivery: Delivery) -> str:
    """Return the token of the person's link; a receipt holds none, and may leave when links have ended."""
    if delivery.round == Round.RECEIPT:
        return ""
    return links.token_for(delivery.wave_audience, delivery.recipient)


def _return_headers(delivery: Delivery) -> list[tuple[str, str]]:
    """Return the name by which a mail that comes back is known again; a preview has none."""
    return [(return_path.HEADER, return_path.name_of(delivery))] if delivery.message_id else []


def build_message(delivery: Delivery, **options: Any) -> EmailMessage:
    """Return the mail of a delivery, read from its bytes."""
    return read_mail(mail_bytes(delivery, **options))


def read_mail(content: bytes) -> EmailMessage:
    """Return a mail as its receiver reads it."""
    return message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default)


def _letter_of(delivery: Delivery, language: str, sender: Sender) -> Letter:
    """Return what this mail says to everybody of its audience who reads this language, now active."""
    audience = delivery.wave_audience
    wave = audience.wave
    practice, client = audience.practice, wave.engagement.client_organisation
    values = {
        "name": NAME,
        "company": one_line(client.name),
        "practice": one_line(practice.name),
        "minutes": str(form_of(audience).minutes),
        "closes": date_format(audience.closes_at.astimezone(client.zone), "j F Y")
        if audience.closes_at
        else "",
        "link": marked_link(),
    }
    is_trial = wave.kind == WaveKind.TEST
    is_confidential, is_receipt = audience.mode == Mode.CONFIDENTIAL, delivery.round == Round.RECEIPT
    if is_receipt:
        text = receipt_text(is_confidential=is_confidential)
    else:
        text = text_for(wave, audience.audience, delivery.round, language)
    headers = [("From", str(sender.address)), ("Content-Language", language)]
    if sender.reply_to:
        headers.append(("Reply-To", sender.reply_to))
    return Letter(
        language=language,
        subject=_subject(fill(text.subject, values), delivery, is_trial=is_trial),
        link=values["link"],
        unsubscribe_link=marked_unsubscribe_link(),
        paragraphs=tuple(fill(part, values) for part in text.body.replace("\r\n", "\n").split("\n\n")),
        client=values["company"],
        practice=values["practice"],
        accent=accent_of(practice.accent_colour).light,
        is_confidential=is_confidential,
        is_receipt=is_receipt,
        footer=tuple(footer_lines(practice)),
        trial=_trial_line(delivery) if is_trial else "",
        headers=(*headers, AUTO),
    )


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


def build_test_message(
    practice: Practice,
    *,
    name: str,
    email: str,
    identity: SenderIdentity | None = None,
    confirm_link: str = "",
) -> EmailMessage:
    """Return a mail to a member that looks as invitations of this practice do, for trying out the way of mails.

    With `confirm_link` it is the mail by which an identity is verified.
    """
    sender = sender_for(practice, identity)
    subject = _("Test mail of %(sender)s") % {"sender": sender.address.display_name}
    link = confirm_link or settings.BASE_URL
    context: dict[str, Any] = {
        "paragraphs": [
            _("Hello %(name)s,") % {"name": one_line(name)},
            _("this is how mails of %(practice)s look: sender, reply address, colour and the address below.")
            % {"practice": one_line(practice.name)},
            *([_("If it arrived as it should, confirm the sender:")] if confirm_link else []),
            link,
        ],
        "link": link,
        "client": one_line(practice.name),
        "practice": one_line(practice.name),
        "accent": accent_of(practice.accent_colour).light,
        "subject": subject,
        "footer": footer_lines(practice),
        "is_test": True,
        "is_to_confirm": bool(confirm_link),
    }
    message = EmailMessage()
    message["Subject"] = one_line(subject)[:200]
    message["From"] = sender.address
    message["To"] = _to_address(one_line(name), email)
    if sender.reply_to:
        message["Reply-To"] = sender.reply_to
    message["Date"] = format_datetime(timezone.now())
    message["Message-ID"] = make_msgid(domain=settings.MAIL_DOMAIN)
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(render_to_string("surveys/mail/message.txt", context), cte="quoted-printable")
    html = render_to_string("surveys/mail/message.html", context)
    message.add_alternative(html, subtype="html", cte="quoted-printable")
    # Last: what begins with Content- and stands there earlier moves into the first part.
    message["Content-Language"] = translation.get_language() or settings.LANGUAGE_CODE
    return message


def _to_address(name: str, email: str) -> Address:
    username, _at, domain = email.rpartition("@")
    return Address(display_name=name[:120], username=username, domain=domain)
