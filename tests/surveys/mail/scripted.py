"""A real SMTP server whose answers a test writes down, for refusals and broken connections."""

import asyncio
import time
import zlib
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


class Troubled:
    """A mail server in all kinds of trouble, which notes when each mail came, to whom and with which number.

    `later` refuses that share of receivers once; `cuts` and `hangs` name after how many mails a connection is cut, or
    left without an answer, although the mail was kept; `seconds` is how long it takes over each mail.
    """

    def __init__(
        self, *, later: float = 0.0, cuts: frozenset[int] = frozenset(), hangs: frozenset[int] = frozenset(),
        seconds: float = 0.0,
    ):  # fmt: skip
        self.later, self.cuts, self.hangs, self.seconds = later, cuts, hangs, seconds
        self.mails: list[tuple[float, str, bytes]] = []
        self.refused: set[str] = set()

    async def handle_RCPT(
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: Any
    ) -> str:
        if zlib.crc32(address.encode()) % 1000 < 1000 * self.later and address not in self.refused:
            self.refused.add(address)
            return "451 4.7.1 try again later"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:
        if self.seconds:
            await asyncio.sleep(self.seconds)
        self.mails.append((time.monotonic(), envelope.rcpt_tos[0], bytes(envelope.content or b"")))
        if len(self.mails) in self.cuts:
            server.transport.abort()
        if len(self.mails) in self.hangs:
            await asyncio.sleep(3600)
        return "250 Kept"

    def copies(self) -> dict[str, list[bytes]]:
        """Return the mails that came by their number."""
        found: dict[str, list[bytes]] = {}
        for _at, _address, content in list(self.mails):
            number = content.partition(b"Message-ID: ")[2].partition(b"\r\n")[0].decode()
            found.setdefault(number, []).append(content)
        return found


@contextmanager
def server_at(port: int, handler: Any) -> Iterator[None]:
    """Run a handler as a mail server on a port, in a thread of its own."""
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield
    finally:
        controller.stop(no_assert=True)
