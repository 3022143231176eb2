"""Mails that come back, classified: bounce, delay, proof of delivery, complaint, automatic reply, or none of these.

Formats: RFC 3464 (delivery reports), RFC 6533 (the same with addresses in UTF-8), RFC 5965 (complaints), RFC 3834
(automatic replies), and the plain texts of servers that send no report part. Pure: bytes in, a finding out.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.errors import MessageError
from email.header import decode_header, make_header
from email.message import Message
from email.parser import HeaderParser
from enum import StrEnum
from typing import Final

from surveys.mail.reply_codes import BASIC, ENHANCED, NO_SUCH_ADDRESS, Refusal, read_refusal

MAX_BYTES: Final = 512 * 1024
"""So much of a returned mail is read: reports come before the mail they are about."""
MAX_TEXT: Final = 20_000
MAX_PARTS: Final = 200
STATUS_TYPES: Final = {"message/delivery-status", "message/global-delivery-status"}
OTHER_REPORTS: Final = {
    "message/disposition-notification",
    "message/global-disposition-notification",
    "message/tracking-status",
    "text/calendar",
    "application/tlsrpt+gzip",
    "application/tlsrpt+json",
}
ROBOT = re.compile(r"mailer-daemon|postmaster|mail delivery|mailerdaemon|microsoftexchange|<>", re.IGNORECASE)
BOUNCE_SUBJECT = re.compile(
    r"undeliver|returned mail|failure notice|delivery (?:status notification|failure|has failed|failed)"
    r"|mail delivery (?:failed|system)|could not be delivered"
    r"|unzustellbar|nicht zugestellt|non remis|échec de la remise",
    re.IGNORECASE,
)
DELAY = re.compile(
    r"\bdelayed\b|will (?:keep trying|be retried|continue trying)|delivery attempts will continue"
    r"|\bwarning: message|still being retried|verzögert|retardé",
    re.IGNORECASE,
)
AWAY_SUBJECT = re.compile(
    r"^\s*(?:auto(?:matic|mated|matische|matique)?[ -]?(?:reply|response|antwort)|automatisch|réponse automatique"
    r"|out of (?:the )?office|abwesen|absence|i am away|on (?:vacation|leave|holiday)|autoreply)",
    re.IGNORECASE,
)


class Finding(StrEnum):
    """What a returned mail says of the mail it is about."""

    HARD = "hard"
    SOFT = "soft"
    DELAYED = "delayed"
    DELIVERED = "delivered"
    COMPLAINT = "complaint"
    AUTO_REPLY = "auto_reply"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Returned:
    """A finding, the status code and words that came with it, and all text in which the mail may name itself."""

    finding: Finding
    status: str = ""
    words: str = ""
    text: str = ""


def read_returned(content: bytes) -> Returned:
    """Classify one mail; whatever cannot be read is none of these, and nothing is ever raised."""
    start = content[:MAX_BYTES]
    text = start.decode("latin-1")
    text += text.replace("=\r\n", "").replace("=\n", "") if "=\n" in text or "=\r\n" in text else ""
    try:
        message = message_from_bytes(start, policy=policy.compat32)
        parts = list(_parts(message))
        found = _classified(message, parts)
        text += "".join(_decoded_texts(parts))
    except (MessageError, RecursionError, ValueError, LookupError, TypeError, AttributeError):
        return Returned(Finding.OTHER, text=text)
    return Returned(found.finding, found.status, found.words, text)


def _parts(message: Message) -> Iterator[Message]:
    """Yield up to 200 parts, the mail itself first; parts of the mail that is returned come last."""
    for number, part in enumerate(message.walk()):
        if number >= MAX_PARTS:
            return
        yield part


def _classified(message: Message, parts: list[Message]) -> Returned:
    kinds = [part.get_content_type() for part in parts]
    for part, kind in zip(parts, kinds, strict=True):
        if kind == "message/feedback-report":
            return _of_complaint(_blocks(part))
        if kind in STATUS_TYPES:
            found = _of_report(_blocks(part), _text_of(parts))
            if found is not None:
                return found
    if message["X-HmXmrOriginalRecipient"] or any(part["X-HmXmrOriginalRecipient"] for part in parts):
        return Returned(Finding.COMPLAINT, words="reported as spam")
    if set(kinds) & OTHER_REPORTS or "dmarc" in _subject(message).lower():
        return Returned(Finding.OTHER)
    if _is_automatic_reply(message):
        return Returned(Finding.AUTO_REPLY)
    return _of_plain_text(message, parts)


def _blocks(part: Message) -> list[Mapping[str, str]]:
    """Return the groups of fields of a report part, however the parser took it."""
    payload = part.get_payload()
    texts = []
    if isinstance(payload, list):
        for block in payload:
            if not isinstance(block, Message):
                continue
            inner = block.get_payload()
            texts += [_characters(block.as_bytes())] if isinstance(inner, str) or not inner else []
    encoded = part.get("Content-Transfer-Encoding", "").strip().lower()
    if encoded in {"base64", "quoted-printable"}:
        plain = Message()
        plain["Content-Transfer-Encoding"] = encoded
        plain.set_payload("\n".join(texts) if texts else str(payload))
        decoded = plain.get_payload(decode=True)
        texts = [_characters(decoded)] if isinstance(decoded, bytes) else texts
    elif isinstance(payload, str):
        texts = [_characters(payload.encode("utf-8", "surrogateescape"))]
    found: list[Mapping[str, str]] = []
    for block in re.split(r"\r?\n[ \t]*\r?\n", "\n\n".join(texts)):
        fields = HeaderParser().parsestr(block.strip("\r\n"))
        if fields.keys():
            found.append({name.lower(): " ".join(str(value).split()) for name, value in fields.items()})
    return found


def _characters(content: bytes) -> str:
    """Return text that was sent without a name of its characters: UTF-8, else Latin-1."""
    try:
        return content.decode()
    except UnicodeDecodeError:
        return content.decode("latin-1")


def _of_complaint(blocks: list[Mapping[str, str]]) -> Returned:
    kind = next((block["feedback-type"].lower() for block in blocks if "feedback-type" in block), "abuse")
    if kind in {"not-spam", "auth-failure", "dmarc"}:
        return Returned(Finding.OTHER, words=f"feedback: {kind}")
    return Returned(Finding.COMPLAINT, words=f"feedback: {kind}")


def _of_report(blocks: list[Mapping[str, str]], text: str) -> Returned | None:
    """Return the worst that a delivery report says of its receivers; None when it names no action."""
    found = [_of_receiver(block, text) for block in blocks if "action" in block or "status" in block]
    order = [Finding.HARD, Finding.SOFT, Finding.DELAYED, Finding.DELIVERED, Finding.OTHER]
    return min(found, key=lambda one: order.index(one.finding), default=None)


def _of_receiver(block: Mapping[str, str], text: str) -> Returned:
    status = (ENHANCED.search(block.get("status", "")) or [""])[0]
    diagnostic = block.get("diagnostic-code", "").partition(";")[2].strip() or block.get(
        "diagnostic-code", ""
    )
    words = diagnostic or status
    action = block.get("action", "").split(" ")[0].lower().strip("()")
    if not action:
        action = {"2": "delivered", "4": "delayed"}.get(status[:1], "failed")
    if action == "delayed":
        return Returned(Finding.DELAYED, status, words)
    if action == "delivered":
        return Returned(Finding.DELIVERED, status, words)
    if action != "failed":
        return Returned(Finding.OTHER, status, words)
    if not status and not diagnostic:
        words = text
    finding = Finding.HARD if read_refusal(words, status=status) == Refusal.HARD else Finding.SOFT
    return Returned(finding, status, " ".join(words.split())[:300])


def _is_automatic_reply(message: Message) -> bool:
    if ROBOT.search(message.get("From", "")) or message["X-Failed-Recipients"]:
        return False
    submitted = re.split(r"[;\s(]", str(message.get("Auto-Submitted", "no")).strip().lower())[0]
    named = any(message[name] for name in ("X-Autoreply", "X-Autorespond", "X-Auto-Reply", "X-Vacation"))
    robotic = str(message.get("Precedence", "")).strip().lower() in {"auto_reply", "auto-reply"}
    return (
        submitted in {"auto-replied", "auto-notified", "auto-generated"}
        or named
        or robotic
        or bool(AWAY_SUBJECT.search(_subject(message)))
    )


def _of_plain_text(message: Message, parts: list[Message]) -> Returned:
    """Read a bounce without a report part: only what comes from a mail system, and what its words say."""
    is_robot = bool(
        ROBOT.search(f"{message.get('From', '')} {message.get('Return-Path', '')}")
        or message["X-Failed-Recipients"]
    )
    subject, text = _subject(message), _text_of(parts)
    if not is_robot or not (
        message["X-Failed-Recipients"] or BOUNCE_SUBJECT.search(subject) or DELAY.search(subject)
    ):
        return Returned(Finding.OTHER)
    if DELAY.search(subject) or (DELAY.search(text[:2_000]) and not message["X-Failed-Recipients"]):
        return Returned(Finding.DELAYED, words=subject)
    said = next(
        (line for line in text.splitlines() if ENHANCED.search(line) or BASIC.search(line)),
        next((line for line in text.splitlines() if NO_SUCH_ADDRESS.search(line)), ""),
    )
    finding = Finding.HARD if read_refusal(f"{said} {text[:2_000]}") == Refusal.HARD else Finding.SOFT
    status = ENHANCED.search(said)
    return Returned(finding, status[0] if status else "", " ".join(said.split())[:300])


def _subject(message: Message) -> str:
    raw = message.get("Subject", "")
    try:
        return str(make_header(decode_header(str(raw))))
    except (LookupError, ValueError, MessageError):
        return str(raw)


def _text_of(parts: list[Message]) -> str:
    """Return the words of the mail that are meant for people, without those of the mail that is returned."""
    found: list[str] = []
    for part in parts:
        if part.get_content_maintype() == "message":
            break
        if part.get_content_type() == "text/plain" or (part.get_content_type() == "text/html" and not found):
            found.append(_decoded(part))
    return "\n".join(found)[:MAX_TEXT]


def _decoded_texts(parts: list[Message]) -> Iterator[str]:
    """Yield the text of encoded parts, in which names cannot be found otherwise."""
    for part in parts:
        if not part.is_multipart() and part.get("Content-Transfer-Encoding", "").strip().lower() == "base64":
            yield _decoded(part)


def _decoded(part: Message) -> str:
    content = part.get_payload(decode=True)
    if not isinstance(content, bytes):
        return ""
    charset = part.get_content_charset() or "utf-8"
    try:
        return content.decode(charset, "replace")
    except LookupError:
        return content.decode("utf-8", "replace")
