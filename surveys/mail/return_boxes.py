"""Where returned mails arrive: a POP3 or IMAP mailbox, or the folder into which the recording sink writes reports.

A box hands out each mail once and removes it when told to. What is not ours stays where it is, for the mailbox may be
somebody's; it is remembered, so that it is not read again.
"""

import hashlib
import imaplib
import poplib
import ssl
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol
from urllib.parse import unquote, urlsplit

from django.core.cache import cache

from surveys.mail.returned import MAX_BYTES

SECONDS: Final = 20
MOST: Final = 200
"""So many mails are read in one go."""
TOP_LINES: Final = 2_000
MONTH: Final = 30 * 86_400
PORTS: Final = {"pop3s": 995, "pop3": 110, "imaps": 993, "imap": 143}
ERRORS: Final = (poplib.error_proto, imaplib.IMAP4.error, OSError)


class BoxError(Exception):
    """The mailbox cannot be read now; the message names the kind of trouble and no secret."""


class Box(Protocol):
    """A place with returned mails."""

    def read(self, handle: Callable[[bytes], bool]) -> int:
        """Hand each new mail to `handle` and remove those for which it says True; returns how many were read."""


@dataclass(frozen=True, slots=True)
class Account:
    """A mailbox on a server, as its address says: `pop3s://user:password@host` or `imaps://...`."""

    kind: str
    host: str
    port: int
    user: str
    password: str

    @property
    def key(self) -> str:
        """A name for what is remembered of this mailbox; nothing can be read from it."""
        return hashlib.sha256(f"{self.kind}|{self.host}|{self.port}|{self.user}".encode()).hexdigest()[:24]


def parse_account(url: str) -> Account:
    """Return the mailbox that an address names; raises ValueError when it is none."""
    parts = urlsplit(url)
    if parts.scheme not in PORTS or not parts.hostname or not parts.username:
        raise ValueError("A mailbox is written as pop3s://user:password@host or imaps://user:password@host.")
    return Account(
        parts.scheme,
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username),
        unquote(parts.password or ""),
    )


def open_box(account: Account) -> Box:
    """Return the box of an account."""
    return ImapBox(account) if account.kind.startswith("imap") else Pop3Box(account)


class Pop3Box:
    """A mailbox read by POP3; every mail has a lasting number there (UIDL)."""

    def __init__(self, account: Account):
        self.account = account

    def read(self, handle: Callable[[bytes], bool]) -> int:
        """Read what is new; raises BoxError when the server cannot be used."""
        try:
            client = self._connect()
        except ERRORS as error:
            raise BoxError(type(error).__name__) from error
        n_read = 0
        try:
            for number, mark in self._new_mails(client):
                content = self._content(client, number)
                n_read += 1
                if handle(content):
                    client.dele(number)
                else:
                    cache.set(mark, 1, MONTH)
            client.quit()
        except ERRORS as error:
            raise BoxError(type(error).__name__) from error
        finally:
            with suppress(*ERRORS):
                client.close()
        return n_read

    def _connect(self) -> poplib.POP3:
        account = self.account
        client: poplib.POP3
        if account.kind == "pop3s":
            context = ssl.create_default_context()
            client = poplib.POP3_SSL(account.host, account.port, timeout=SECONDS, context=context)
        else:
            client = poplib.POP3(account.host, account.port, timeout=SECONDS)
        try:
            client.user(account.user)
            client.pass_(account.password)
        except ERRORS:
            client.close()
            raise
        return client

    def _new_mails(self, client: poplib.POP3) -> Iterator[tuple[int, str]]:
        _answer, lines, _size = client.uidl()
        n_found = 0
        for line in lines:
            number, _blank, uid = line.decode("ascii", "replace").partition(" ")
            mark = f"returned:{self.account.key}:{hashlib.sha256(uid.encode()).hexdigest()[:32]}"
            if cache.get(mark):
                continue
            n_found += 1
            if n_found > MOST:
                return
            yield int(number), mark

    def _content(self, client: poplib.POP3, number: int) -> bytes:
        _answer, lines, _size = client.top(number, TOP_LINES)
        return b"\r\n".join(lines)[:MAX_BYTES]


class ImapBox:
    """A mailbox read by IMAP; what was read and is not ours is marked as seen."""

    def __init__(self, account: Account):
        self.account = account

    def read(self, handle: Callable[[bytes], bool]) -> int:
        """Read what is not seen yet; raises BoxError when the server cannot be used."""
        try:
            with self._connect() as client:
                client.login(self.account.user, self.account.password)
                client.select("INBOX")
                _answer, found = client.uid("SEARCH", "UNSEEN")
                uids = (found[0] or b"").decode("ascii").split()[:MOST]
                for uid in uids:
                    is_ours = handle(self._content(client, uid))
                    client.uid("STORE", uid, "+FLAGS", r"(\Seen \Deleted)" if is_ours else r"(\Seen)")
                client.expunge()
                return len(uids)
        except ERRORS as error:
            raise BoxError(type(error).__name__) from error

    def _connect(self) -> imaplib.IMAP4:
        account = self.account
        if account.kind == "imaps":
            context = ssl.create_default_context()
            return imaplib.IMAP4_SSL(account.host, account.port, ssl_context=context, timeout=SECONDS)
        return imaplib.IMAP4(account.host, account.port, timeout=SECONDS)

    def _content(self, client: imaplib.IMAP4, uid: str) -> bytes:
        _answer, parts = client.uid("FETCH", uid, f"(BODY.PEEK[]<0.{MAX_BYTES}>)")
        return next((part[1] for part in parts if isinstance(part, tuple)), b"")


class FolderBox:
    """A folder of mail files; files that are not ours are kept under another name."""

    def __init__(self, folder: Path):
        self.folder = folder

    def read(self, handle: Callable[[bytes], bool]) -> int:
        """Read what is new."""
        files = sorted(self.folder.glob("*.eml"))[:MOST] if self.folder.is_dir() else []
        n_read = 0
        for file in files:
            try:
                with file.open("rb") as opened:
                    content = opened.read(MAX_BYTES)
            except FileNotFoundError:  # another worker was faster
                continue
            n_read += 1
            if handle(content):
                file.unlink(missing_ok=True)
            else:
                with suppress(FileNotFoundError):
                    file.rename(file.with_suffix(".seen"))
        return n_read
