"""What is the same in all mails of a round: rendered once, filled per person, written as bytes.

Rendering and encoding a mail from nothing costs ten times what sending it does. So a letter is rendered with marks in
the places of the person's name and of the tokens of both links, kept in memory, and filled by replacing the marks.
"""

import hashlib
import secrets
from binascii import b2a_qp
from collections.abc import Iterable
from dataclasses import dataclass
from email.headerregistry import Address
from email.policy import SMTP
from email.utils import formataddr
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import escape

from practice.mail import one_line

NAME = f"name{secrets.token_hex(12)}"
TOKEN = secrets.token_hex(11)
LEAVING = secrets.token_hex(21) + "x"
"""The marks: random, so that no text and no name holds them; those in links are as long as a token."""
MOST_PLAIN = 70
MOST_SUBJECT = 200


def marked_link() -> str:
    """Return a personal link with the mark in place of its token."""
    return f"{settings.BASE_URL}/s/{TOKEN}/"


def marked_unsubscribe_link() -> str:
    """Return a link to unsubscribe with the mark in place of its token."""
    return f"{settings.BASE_URL}/s/u/{LEAVING}/"


@dataclass(frozen=True, slots=True)
class Letter:
    """Everything a mail says that does not depend on the person; name and links are marks in it."""

    language: str
    subject: str
    link: str
    unsubscribe_link: str
    paragraphs: tuple[str, ...]
    client: str
    practice: str
    accent: str
    is_confidential: bool
    is_receipt: bool
    footer: tuple[str, ...]
    trial: str
    headers: tuple[tuple[str, str], ...]
    """Headers that are the same for everybody, such as the sender, in the order in which they are written."""


@dataclass(frozen=True, slots=True)
class Stencil:
    """A rendered letter: the head that all share, its subject, and both parts with their marks."""

    head: str
    subject: str
    text: str
    html: str


@lru_cache(maxsize=64)
def stencil_of(letter: Letter) -> Stencil:
    """Render a letter; the same letter is rendered once per process."""
    context = {
        "paragraphs": letter.paragraphs,
        "link": letter.link,
        "unsubscribe_link": letter.unsubscribe_link,
        "client": letter.client,
        "practice": letter.practice,
        "accent": letter.accent,
        "is_confidential": letter.is_confidential,
        "is_receipt": letter.is_receipt,
        "subject": letter.subject,
        "footer": letter.footer,
        "trial": letter.trial,
    }
    with translation.override(letter.language):
        text = render_to_string("surveys/mail/message.txt", context)
        html = render_to_string("surveys/mail/message.html", context)
    head = "".join(header_line(name, value) for name, value in letter.headers)
    subject = "" if NAME in letter.subject else subject_line(letter.subject)
    return Stencil(head, subject, text, html)


def fill_letter(
    letter: Letter,
    *,
    name: str,
    greeting: str,
    token: str,
    leaving: str,
    to: str,
    headers: Iterable[tuple[str, str]],
    message_id: str,
) -> bytes:
    """Return the mail to one person as it goes over the wire; `headers` are those that are this mail's alone.

    `greeting` stands where the text says {name}: the name, or something kind where none is known. `token` and `leaving`
    are the tokens of the person's links, to the survey and to unsubscribe.
    """
    stencil = stencil_of(letter)
    subject = stencil.subject or subject_line(letter.subject.replace(NAME, greeting))
    own = "".join(f"{key}: {value}\r\n" for key, value in headers)
    boundary = f"=_{hashlib.sha256(message_id.encode()).hexdigest()[:32]}"
    head = (
        f"{subject}{stencil.head}{to_line(name, to)}{own}Message-ID: {message_id}\r\nMIME-Version: 1.0\r\n"
        f'Content-Type: multipart/alternative;\r\n boundary="{boundary}"\r\n\r\n'
    )
    text = stencil.text.replace(NAME, greeting).replace(TOKEN, token).replace(LEAVING, leaving)
    html = stencil.html.replace(NAME, escape(greeting)).replace(TOKEN, token).replace(LEAVING, leaving)
    parts = b"".join(_part(boundary, kind, content) for kind, content in (("plain", text), ("html", html)))
    return head.encode("ascii") + parts + f"--{boundary}--\r\n".encode()


def _part(boundary: str, kind: str, content: str) -> bytes:
    head = (
        f'--{boundary}\r\nContent-Type: text/{kind}; charset="utf-8"\r\n'
        "Content-Transfer-Encoding: quoted-printable\r\n\r\n"
    )
    lines = b2a_qp(content.rstrip().encode(), istext=True).replace(b"\n", b"\r\n")
    return head.encode() + lines + b"\r\n"


def header_line(name: str, value: Any) -> str:
    """Return one header, encoded and folded, with its line end."""
    return str(SMTP.fold(name, SMTP.header_factory(name, value)))


def subject_line(text: str) -> str:
    """Return the subject, on one logical line and not endless."""
    return header_line("Subject", one_line(text)[:MOST_SUBJECT])


def to_line(name: str, email: str) -> str:
    """Return the receiver's header; plain names, which most are, without the costly way."""
    if name.isascii() and name.isprintable() and len(name) + len(email) < MOST_PLAIN:
        return f"To: {formataddr((name, email))}\r\n"
    username, _at, domain = email.rpartition("@")
    return header_line("To", Address(display_name=name[:120], username=username, domain=domain))
