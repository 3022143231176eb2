"""The practice as a sender: one identity for every mail, and the mails that go to colleagues."""

import re
import smtplib
from email.utils import formataddr, make_msgid, parseaddr

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.template.loader import render_to_string

from practice.accent import accent_of
from practice.models import Invitation, Practice

Message = EmailMultiAlternatives

CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
SECONDS = 10


def one_line(text: str) -> str:
    """Return the text without control characters and line separators of any script, fit for a header."""
    return CONTROL.sub(" ", text).strip()


def sender_of(practice: Practice) -> str:
    """Return the name that mails of the practice carry as sender."""
    return (one_line(practice.sender_name) or one_line(practice.name))[:120]


def footer_lines(practice: Practice) -> list[str]:
    """Return the lines of the postal address at the end of every mail."""
    return [one_line(line) for line in practice.mail_footer.splitlines()]


def invitation_message(invitation: Invitation, token: str) -> EmailMultiAlternatives:
    """Return the mail that asks a person to join; the invitation's practice and inviter are loaded."""
    practice = invitation.practice
    context = {
        "practice": one_line(practice.name),
        "inviter": one_line(str(invitation.invited_by.user)),
        "role": invitation.get_role_display(),
        "link": f"{settings.BASE_URL}/join/{token}/",
        "expires_at": invitation.expires_at,
        "accent": accent_of(practice.accent_colour).light,
        "email": invitation.email,
        "footer": footer_lines(practice),
    }
    _name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message = EmailMultiAlternatives(
        subject=one_line(render_to_string("practice/mail/invitation_subject.txt", context))[:200],
        body=render_to_string("practice/mail/invitation.txt", context),
        from_email=formataddr((sender_of(practice), address)),
        to=[invitation.email],
        reply_to=[practice.reply_to] if practice.reply_to else None,
        headers={
            "Message-ID": make_msgid(domain=settings.MAIL_DOMAIN),
            "Auto-Submitted": "auto-generated",
        },
    )
    message.attach_alternative(render_to_string("practice/mail/invitation.html", context), "text/html")
    return message


def hand_over(message: EmailMultiAlternatives) -> tuple[bool, str]:
    """Give a mail to the mail server; return whether it took it, and its words. Never raises for what a server does."""
    try:
        n_sent = get_connection(timeout=SECONDS).send_messages([message])
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        return False, _words(code, reply)
    except smtplib.SMTPResponseException as error:
        return False, _words(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return False, type(error).__name__
    return bool(n_sent), ""


def _words(code: int, reply: bytes | str) -> str:
    text = reply.decode(errors="replace") if isinstance(reply, bytes) else str(reply)
    return one_line(f"{code} {text}")[:300]
