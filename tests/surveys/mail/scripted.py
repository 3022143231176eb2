"""A real SMTP server whose answers a test writes down, for refusals and broken connections."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.surveys.mail.servers import free_port


class Script:
    """Answers as written down: by recipient, for every sender, or by cutting the line after the mail came."""

    def __init__(self, *, recipients: Mapping[str, str] | None = None, sender: str = "", cuts: int = 0):
        self.recipients, self.sender, self.cuts = dict(recipients or {}), sender, cuts
        self.mails: list[tuple[str, bytes]] = []
        self.senders: list[str] = []
        self.n_connections = 0

    async def handle_EHLO(
        self, server: SMTP, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        self.n_connections += 1
        session.host_name = hostname
        return responses

    async def handle_MAIL(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if self.sender:
            return self.sender
        envelope.mail_from = address
        return "250 OK"

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if address in self.recipients:
            return self.recipients[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        self.senders.append(envelope.mail_from or "")
        self.mails += [(address, bytes(envelope.content or b"")) for address in envelope.rcpt_tos]
        if self.cuts:
            self.cuts -= 1
            server.transport.abort()
        return "250 Kept"


@contextmanager
def scripted_server(settings: Any, script: Script) -> Iterator[Script]:
    """Run the script as the installation's mail server."""
    controller = Controller(script, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", controller.port
    try:
        yield script
    finally:
        controller.stop()
