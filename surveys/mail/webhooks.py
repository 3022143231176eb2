"""Calls by which mail providers tell of bounces and complaints: who they come from, and what they say.

Mailgun signs with a key (HMAC); Postmark and Brevo sign in with a password that is made for them. Everything is
compared in constant time. A call is taken for a day after it was signed, and once.
"""

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from practice.enums import SenderKind
from surveys.mail.reply_codes import Refusal, read_refusal
from surveys.mail.returned import Finding

WINDOW: Final = timedelta(hours=24)
"""Providers repeat a call they could not deliver for up to a day; for that long each call is remembered."""
AHEAD: Final = timedelta(minutes=5)
MAX_EVENTS: Final = 1_000
USER: Final = "returns"


class WebhookError(ValueError):
    """The call is not the provider's, too old, or says nothing that can be read."""


@dataclass(frozen=True, slots=True)
class Event:
    """What a call says of one mail, and all text in which the mail may name itself."""

    finding: Finding
    words: str
    text: str


def check_call(kind: str, secret: bytes, *, headers: Mapping[str, str], body: bytes, now: datetime) -> bytes:
    """Return the digest that tells this call from every other; raises WebhookError unless the provider made it."""
    try:
        return CHECKS[kind](secret, headers, body, now)
    except (KeyError, TypeError, ValueError, OverflowError, RecursionError) as error:
        raise WebhookError("The call is not signed as it should be.") from error


def _check_mailgun(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> bytes:
    signed = json.loads(body)["signature"]
    moment, token, signature = (str(signed[name]) for name in ("timestamp", "token", "signature"))
    expected = hmac.new(secret, f"{moment}{token}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), signature.encode()):
        raise WebhookError
    _check_age(float(moment), now)
    return hashlib.sha256(f"{moment}|{token}".encode()).digest()


def _check_password(secret: bytes, headers: Mapping[str, str], body: bytes, now: datetime) -> bytes:
    scheme, _blank, encoded = headers["Authorization"].partition(" ")
    given = base64.b64decode(encoded.strip(), validate=True)
    if scheme.lower() != "basic" or not hmac.compare_digest(given, f"{USER}:".encode() + secret):
        raise WebhookError
    told = json.loads(body)
    moments = [told.get(name) for name in ("BouncedAt", "DeliveredAt", "ts_epoch")]
    for moment in moments:
        if isinstance(moment, str):
            _check_age(datetime.fromisoformat(moment).timestamp(), now)
        elif moment is not None:
            _check_age(float(moment) / 1000, now)
    return hashlib.sha256(body).digest()


CHECKS: Final[Mapping[str, Callable[[bytes, Mapping[str, str], bytes, datetime], bytes]]] = {
    SenderKind.MAILGUN: _check_mailgun,
    SenderKind.POSTMARK: _check_password,
    SenderKind.BREVO: _check_password,
}


def _check_age(moment: float, now: datetime) -> None:
    age = now.timestamp() - moment
    if not -AHEAD.total_seconds() <= age <= WINDOW.total_seconds():
        raise WebhookError


def read_events(kind: str, body: bytes) -> list[Event]:
    """Return what a call says, mail by mail; raises WebhookError when it cannot be read."""
    try:
        told = json.loads(body)
        events = told if isinstance(told, list) else [told]
        return [_event(kind, event) for event in events[:MAX_EVENTS]]
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise WebhookError("The call cannot be read.") from error


def _event(kind: str, event: dict[str, Any]) -> Event:
    finding, words = READERS[kind](event)
    return Event(finding, words.encode(errors="replace").decode(), json.dumps(event))


def _read_mailgun(event: dict[str, Any]) -> tuple[Finding, str]:
    data = event["event-data"]
    status = data.get("delivery-status") or {}
    words = " ".join(str(status.get(name) or "") for name in ("code", "message", "description")).strip()
    if data["event"] == "failed" and data.get("severity") != "temporary":
        is_known = str(data.get("reason", "")).startswith("suppress-bounce")
        return (Finding.HARD if is_known else _of_refusal(words)), words
    return MAILGUN.get(data["event"], Finding.OTHER), words


def _read_postmark(event: dict[str, Any]) -> tuple[Finding, str]:
    words = str(event.get("Details") or event.get("Description") or "")
    if event["RecordType"] == "Bounce":
        return POSTMARK_BOUNCES.get(str(event.get("Type")), Finding.SOFT), words
    return {"Delivery": Finding.DELIVERED, "SpamComplaint": Finding.COMPLAINT}.get(
        event["RecordType"], Finding.OTHER
    ), words


def _read_brevo(event: dict[str, Any]) -> tuple[Finding, str]:
    return BREVO.get(event["event"], Finding.OTHER), str(event.get("reason") or "")


def _of_refusal(words: str) -> Finding:
    return Finding.HARD if read_refusal(words) == Refusal.HARD else Finding.SOFT


MAILGUN: Final = {
    "failed": Finding.DELAYED,
    "delivered": Finding.DELIVERED,
    "complained": Finding.COMPLAINT,
    "rejected": Finding.SOFT,
}
POSTMARK_BOUNCES: Final = {
    "HardBounce": Finding.HARD,
    "BadEmailAddress": Finding.HARD,
    "Transient": Finding.DELAYED,
    "DnsError": Finding.DELAYED,
    "OpenRelayTest": Finding.DELAYED,
    "AutoResponder": Finding.AUTO_REPLY,
    "AddressChange": Finding.AUTO_REPLY,
    "ChallengeVerification": Finding.AUTO_REPLY,
    "Subscribe": Finding.OTHER,
    "Unsubscribe": Finding.OTHER,
    "SpamNotification": Finding.COMPLAINT,
    "SpamComplaint": Finding.COMPLAINT,
}
BREVO: Final = {
    "delivered": Finding.DELIVERED,
    "hard_bounce": Finding.HARD,
    "invalid_email": Finding.HARD,
    "soft_bounce": Finding.SOFT,
    "blocked": Finding.SOFT,
    "error": Finding.SOFT,
    "deferred": Finding.DELAYED,
    "spam": Finding.COMPLAINT,
    "complaint": Finding.COMPLAINT,
}
READERS: Final[Mapping[str, Callable[[dict[str, Any]], tuple[Finding, str]]]] = {
    SenderKind.MAILGUN: _read_mailgun,
    SenderKind.POSTMARK: _read_postmark,
    SenderKind.BREVO: _read_brevo,
}
