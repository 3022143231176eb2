"""The recording mail sink: a real SMTP server for development, sample and tests that keeps every mail it accepted.

Run it with `python -m surveys.mail.sink --dir DIR --port PORT`. A mail is on disk before the sender hears 250. The
file's name is the SHA-256 of the Message-ID, so that anybody can ask whether a mail was accepted; repeats get a number.
"""

import argparse
import asyncio
import contextlib
import hashlib
import os
import signal
import tempfile
from email.parser import BytesHeaderParser
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from surveys.mail.sink_reports import report_for

HOST = "127.0.0.1"
RETURNED = "returned"
MAX_BYTES = 10 * 1024 * 1024
HEADERS = BytesHeaderParser()


def name_of(message_id: str) -> str:
    """Return the file stem under which a Message-ID is kept."""
    return hashlib.sha256(message_id.strip().encode()).hexdigest()


def find(folder: Path, message_id: str) -> bool:
    """Tell whether a mail with this Message-ID was accepted."""
    return (folder / f"{name_of(message_id)}.eml").exists()


def keep(folder: Path, content: bytes) -> Path:
    """Write one accepted mail durably under its own name and return the file."""
    message_id = str(HEADERS.parsebytes(content).get("Message-ID", ""))
    stem = name_of(message_id or hashlib.sha256(content).hexdigest())
    handle, temporary = tempfile.mkstemp(dir=folder, prefix=".in-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    number = 1
    while True:
        target = folder / (f"{stem}.eml" if number == 1 else f"{stem}.{number}.eml")
        try:
            os.link(temporary, target)
        except FileExistsError:
            number += 1
            continue
        break
    Path(temporary).unlink()
    folder_handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(folder_handle)
    finally:
        os.close(folder_handle)
    return target


class Recorder:
    """aiosmtpd's handler: keeps what arrives, then says 250."""

    def __init__(self, folder: Path):
        self.folder = folder

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802  aiosmtpd's name
        """Keep the mail before answering."""
        content = envelope.content
        if not isinstance(content, bytes):
            return "554 5.6.0 No content"
        keep(self.folder, content)
        self._return_reports(envelope, content)
        return "250 2.0.0 Kept"

    def _return_reports(self, envelope: Envelope, content: bytes) -> None:
        headers = content.split(b"\r\n\r\n", 1)[0].decode(errors="replace").replace("\r\n", "\n")
        for receiver in envelope.rcpt_tos:
            report = report_for(receiver, sender=envelope.mail_from or "", headers=headers)
            if report is not None:
                folder = self.folder / RETURNED
                folder.mkdir(exist_ok=True)
                keep(folder, report)


async def serve(folder: Path, port: int) -> None:
    """Serve until SIGTERM or SIGINT."""
    folder.mkdir(parents=True, exist_ok=True)
    for unfinished in folder.glob(".in-*"):
        unfinished.unlink()
    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)

    def session() -> Any:
        return SMTP(Recorder(folder), hostname="sink", data_size_limit=MAX_BYTES, enable_SMTPUTF8=True)

    server = await loop.create_server(session, HOST, port)
    async with server:
        await stopped.wait()


def main() -> None:
    """Read the arguments and serve."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--dir", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(serve(options.dir, options.port))


if __name__ == "__main__":
    main()
