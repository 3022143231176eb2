"""Mail providers by django-anymail: one mail to one person, no tracking, and a search for what became of it."""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from email.utils import getaddresses
from types import TracebackType
from typing import Any, Final

import requests
from anymail.backends import brevo, mailgun, postmark
from anymail.exceptions import AnymailError, AnymailRecipientsRefused, AnymailRequestsAPIError
from anymail.message import AnymailMessage
from django.conf import settings

from practice.enums import SenderKind
from practice.mail import one_line
from surveys.mail import return_path
from surveys.mail.next_hop import Fate
from surveys.mail.smtp import Answer, Outcome

logger = logging.getLogger(__name__)

SECONDS: Final = 20
MARK: Final = "mail"
"""The name of the mark that a mail carries at the provider: the local part of its Message-ID."""
RETURN: Final = "return"
PASSED_ON: Final = (
    "Message-ID",
    "Date",
    "List-Unsubscribe",
    "List-Unsubscribe-Post",
    "Auto-Submitted",
    return_path.HEADER,
)
BACKENDS: Final[Mapping[str, Any]] = {
    SenderKind.MAILGUN: mailgun.EmailBackend,
    SenderKind.POSTMARK: postmark.EmailBackend,
    SenderKind.BREVO: brevo.EmailBackend,
}


@dataclass(frozen=True, slots=True, repr=False)
class Provider:
    """An account at a provider."""

    kind: str
    key: str
    domain: str
    is_in_eu: bool = False

    @property
    def url(self) -> str:
        """The provider's API, with a slash at the end."""
        place = f"{self.kind}-eu" if self.is_in_eu else self.kind
        return str(settings.MAIL_PROVIDER_URLS[place])


class ProviderConnection:
    """One HTTP session with a provider, opened when first needed."""

    def __init__(self, provider: Provider):
        self._provider = provider
        self._backend: Any = None

    def __enter__(self) -> "ProviderConnection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._backend is not None:
            self._backend.close()
            self._backend = None

    def send(self, message: EmailMessage) -> Outcome:
        """Hand one mail to the provider and tell what it said; never raises for what it or a network does."""
        backend = self._open()
        mail = _as_anymail(message, self._provider)
        try:
            backend.send_messages([mail])
        except AnymailRecipientsRefused:
            return Outcome(Answer.REFUSED, "the provider refused the address")
        except AnymailRequestsAPIError as error:
            return _outcome_of(error)
        except (AnymailError, ValueError) as error:
            return Outcome(Answer.REJECTED, f"not sent: {type(error).__name__}")
        return Outcome(Answer.ACCEPTED, one_line(f"accepted as {mail.anymail_status.message_id}"))

    def hand_over(self, sender: str, to: str, content: bytes) -> Outcome:
        """Hand over one mail as it would go over the wire; the provider takes it apart and chooses the envelope."""
        return self.send(message_from_bytes(content.replace(b"\r\n", b"\n"), policy=default))

    def find(self, message_id: str) -> Fate:
        """Search the provider's record for a mail.

        Records lag behind, so what is not there may still come: that is never "unknown". The mail is listed as
        uncertain, and asked for once more before it is repeated.
        """
        try:
            is_there = _SEARCHES[self._provider.kind](self._provider, message_id.strip("<>"))
        except (requests.RequestException, ValueError, KeyError, TypeError) as error:
            logger.warning(
                "provider cannot be asked kind=%s error=%s", self._provider.kind, type(error).__name__
            )
            return Fate.CANNOT_SAY
        return Fate.ACCEPTED if is_there else Fate.CANNOT_SAY

    def _open(self) -> Any:
        if self._backend is None:
            provider = self._provider
            secret = "server_token" if provider.kind == SenderKind.POSTMARK else "api_key"
            own = {"sender_domain": provider.domain} if provider.kind == SenderKind.MAILGUN else {}
            made = BACKENDS[provider.kind](
                api_url=provider.url, timeout=SECONDS, **{secret: provider.key}, **own
            )
            made.open()
            self._backend = made
        return self._backend


def mark_of(message_id: str) -> str:
    """Return the mark by which the provider's record and its news name a mail."""
    return message_id.strip("<>").partition("@")[0]


def _as_anymail(message: EmailMessage, provider: Provider) -> AnymailMessage:
    headers = {name: str(message[name]) for name in PASSED_ON if message[name]}
    if provider.kind == SenderKind.POSTMARK:
        headers["X-PM-KeepID"] = "true"
    mark = mark_of(headers["Message-ID"])
    mail = AnymailMessage(
        subject=str(message["Subject"]),
        body=_part(message, "plain"),
        from_email=str(message["From"]),
        to=[str(message["To"])],
        reply_to=[address for _name, address in getaddresses([str(message["Reply-To"] or "")]) if address],
        headers=headers,
    )
    mail.attach_alternative(_part(message, "html"), "text/html")
    mail.metadata = {MARK: mark}
    if return_path.HEADER in headers:
        # The provider's news repeat it, and the mail is known again by it.
        mail.metadata[RETURN] = headers[return_path.HEADER]
    mail.track_opens = mail.track_clicks = None if provider.kind == SenderKind.BREVO else False
    if provider.kind == SenderKind.BREVO:
        mail.tags = [mark]
    return mail


def _part(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def _outcome_of(error: AnymailRequestsAPIError) -> Outcome:
    status = error.status_code
    if status is None:
        # The request itself failed: before the line stood, nothing left; later only the provider knows.
        is_before = isinstance(error, requests.ConnectTimeout) or "NewConnectionError" in str(error.__cause__)
        answer = Answer.NO_SERVER if is_before else Answer.UNKNOWN
        return Outcome(answer, f"connection lost: {type(error.__cause__).__name__}")
    words = ""
    with suppress(AttributeError, ValueError):
        words = one_line(error.response.text)[:200]
    reply = f"{status} {words}"
    if status in {401, 402, 403, 404}:
        return Outcome(Answer.NO_SERVER, reply)
    if status == 429 or status >= 500:
        return Outcome(Answer.LATER, reply)
    return Outcome(Answer.REJECTED, reply) if status >= 400 else Outcome(Answer.UNKNOWN, reply)


def _search(url: str, *, params: Mapping[str, str], **more: Any) -> Any:
    answer = requests.get(url, params=params, timeout=SECONDS, allow_redirects=False, **more)
    answer.raise_for_status()
    return answer.json()


def _is_at_mailgun(provider: Provider, message_id: str) -> bool:
    found = _search(
        f"{provider.url}{provider.domain}/events",
        params={"message-id": message_id, "event": "accepted", "limit": "1"},
        auth=("api", provider.key),
    )
    return bool(found["items"])


def _is_at_postmark(provider: Provider, message_id: str) -> bool:
    found = _search(
        f"{provider.url}messages/outbound",
        params={"count": "1", "offset": "0", f"metadata_{MARK}": mark_of(message_id)},
        headers={"X-Postmark-Server-Token": provider.key, "Accept": "application/json"},
    )
    return bool(found["Messages"])


def _is_at_brevo(provider: Provider, message_id: str) -> bool:
    found = _search(
        f"{provider.url}smtp/statistics/events",
        params={"tags": f'["{mark_of(message_id)}"]', "limit": "1", "days": "30"},
        headers={"api-key": provider.key, "Accept": "application/json"},
    )
    return bool(found.get("events"))


_SEARCHES: Final[Mapping[str, Callable[[Provider, str], bool]]] = {
    SenderKind.MAILGUN: _is_at_mailgun,
    SenderKind.POSTMARK: _is_at_postmark,
    SenderKind.BREVO: _is_at_brevo,
}
