"""One SMTP connection, and what a mail server's answers mean for one mail."""

import smtplib
import socket
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from enum import StrEnum
from types import TracebackType
from typing import Any

from django.conf import settings

from practice.enums import SmtpSecurity
from practice.public_hosts import addresses_of
from surveys.mail.dkim import Signer
from surveys.mail.reply_codes import Refusal, read_refusal

LONGEST_WAIT, SHORTEST_WAIT = 30, 5


def timeout() -> float:
    """Return how long one step with the server may take: four of them, a whole mail, fit into a lease."""
    return float(min(LONGEST_WAIT, max(SHORTEST_WAIT, settings.MAIL_LEASE_SECONDS / 4)))


class Answer(StrEnum):
    """What became of one mail that was handed to the server; refused: the address, rejected: this mail."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    REJECTED = "rejected"
    LATER = "later"
    UNKNOWN = "unknown"
    HANGS = "hangs"
    """Unknown like a broken connection; and the next mail would wait as long, so the server is left alone a while."""
    NO_SERVER = "no_server"


OF_REFUSAL = {
    Refusal.HARD: Answer.REFUSED,
    Refusal.REJECTED: Answer.REJECTED,
    Refusal.TRANSIENT: Answer.LATER,
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """An answer and the words that came with it."""

    answer: Answer
    reply: str


@dataclass(frozen=True, slots=True, repr=False)
class Server:
    """A mail server and how to sign in; one that a member named is connected to by public addresses alone."""

    host: str
    port: int
    username: str = ""
    password: str = ""
    security: str = SmtpSecurity.NONE
    is_named_by_member: bool = False


def installation_server() -> Server:
    """Return the mail server of this installation."""
    security = SmtpSecurity.STARTTLS if settings.SMTP_STARTTLS else SmtpSecurity.NONE
    return Server(
        settings.SMTP_HOST, settings.SMTP_PORT, settings.SMTP_USER, settings.SMTP_PASSWORD, security
    )


class _Client(smtplib.SMTP):
    """An SMTP client that knows whether the mail itself was on its way when the connection broke."""

    is_handed_over = False
    last_reply = ""

    def __init__(self, server: Server):
        self._server = server
        super().__init__(server.host, server.port, timeout=timeout())

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        """Connect to an address that was looked at, not to a name that may mean another one a moment later."""
        where = addresses_of(host, port)[0] if self._server.is_named_by_member else host
        line = socket.create_connection((where, port), timeout)
        if self._server.security == SmtpSecurity.TLS:
            return ssl.create_default_context().wrap_socket(line, server_hostname=host)
        return line

    def data(self, msg: Any) -> tuple[int, bytes]:
        """Send the mail; from here on only the server knows whether it took it."""
        self.is_handed_over = True
        code, reply = super().data(msg)
        self.last_reply = _text(code, reply)
        return code, reply


class Connection:
    """One SMTP connection, opened when first needed and opened anew after a failure; signs what it sends if told."""

    def __init__(self, server: Server | None = None, *, signer: Signer | None = None) -> None:
        self._server = server or installation_server()
        self._signer = signer
        self._client: _Client | None = None

    def __enter__(self) -> "Connection":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.drop()

    def send(self, message: EmailMessage) -> Outcome:
        """Hand one mail to the server, from its sender to its receiver."""
        sender, to = message["From"].addresses[0].addr_spec, message["To"].addresses[0].addr_spec
        return self.hand_over(sender, to, message.as_bytes(policy=SMTP))

    def hand_over(self, sender: str, to: str, content: bytes) -> Outcome:
        """Hand one mail to the server and tell what it said; never raises for what a server or a network does.

        A connection that was used before may have been ended by the server meanwhile: then a new one is tried once.
        """
        is_used = self._client is not None
        outcome = self._hand_over(sender, to, content)
        if is_used and outcome.answer == Answer.NO_SERVER:
            outcome = self._hand_over(sender, to, content)
        return outcome

    def _hand_over(self, sender: str, to: str, content: bytes) -> Outcome:
        try:
            client = self._open()
        except (smtplib.SMTPException, OSError) as error:
            self.drop()
            return Outcome(Answer.NO_SERVER, f"no connection: {_words(error)}")
        client.is_handed_over = False
        signed = self._signer.sign(content) if self._signer else content
        outcome = _deliver(client, sender, to, signed)
        if outcome.answer == Answer.HANGS:
            client.close()  # a farewell would wait as long once more
            self._client = None
        elif outcome.answer in {Answer.UNKNOWN, Answer.NO_SERVER} or client.sock is None:
            self.drop()
        return outcome

    def drop(self) -> None:
        """Close the connection."""
        client, self._client = self._client, None
        if client is not None:
            with suppress(smtplib.SMTPException, OSError):
                client.quit()
            client.close()

    def _open(self) -> _Client:
        if self._client is None:
            self._client = _Client(self._server)
            if self._server.security == SmtpSecurity.STARTTLS:
                self._client.starttls(context=ssl.create_default_context())
            if self._server.username:
                self._client.login(self._server.username, self._server.password)
        return self._client


def _deliver(client: _Client, sender: str, to: str, content: bytes) -> Outcome:
    try:
        client.sendmail(sender, [to], content)
    except smtplib.SMTPRecipientsRefused as error:
        code, reply = next(iter(error.recipients.values()))
        return _refused(code, reply)
    except smtplib.SMTPSenderRefused as error:
        # Not this recipient's fault: the sender, the sign-in or the server itself is in trouble.
        return Outcome(Answer.NO_SERVER, _text(error.smtp_code, error.smtp_error))
    except smtplib.SMTPResponseException as error:
        return _refused(error.smtp_code, error.smtp_error)
    except (smtplib.SMTPNotSupportedError, ValueError) as error:
        return Outcome(Answer.REJECTED, f"not sent: {type(error).__name__}")
    except (smtplib.SMTPException, OSError) as error:
        answer = Answer.NO_SERVER
        if client.is_handed_over:
            answer = Answer.HANGS if _is_timeout(error) else Answer.UNKNOWN
        return Outcome(answer, f"connection lost: {type(error).__name__}")
    return Outcome(Answer.ACCEPTED, client.last_reply)


def _is_timeout(error: BaseException) -> bool:
    """Tell whether time ran out; smtplib hides it behind an error of its own."""
    return isinstance(error, TimeoutError) or isinstance(error.__context__, TimeoutError)


def _refused(code: int, reply: bytes | str) -> Outcome:
    words = _text(code, reply)
    return Outcome(Answer.LATER if 400 <= code < 500 else OF_REFUSAL[read_refusal(words)], words)


def _words(error: Exception) -> str:
    if isinstance(error, smtplib.SMTPResponseException):
        return _text(error.smtp_code, error.smtp_error)
    return type(error).__name__


def _text(code: int, reply: bytes | str) -> str:
    return f"{code} {reply.decode(errors='replace') if isinstance(reply, bytes) else reply}"
