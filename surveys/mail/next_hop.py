"""The next hop: asked what became of a mail before anything is sent again."""

from enum import StrEnum
from pathlib import Path
from typing import Protocol

from django.conf import settings

from surveys.mail import sink


class Fate(StrEnum):
    """What the next hop says of a Message-ID."""

    ACCEPTED = "accepted"
    UNKNOWN = "unknown"
    CANNOT_SAY = "cannot_say"


class NextHop(Protocol):
    """Something mails are handed to."""

    def find(self, message_id: str) -> Fate:
        """Say what became of a mail."""


class SinkNextHop:
    """The recording sink: its folder knows every mail it accepted."""

    def __init__(self, folder: Path):
        self.folder = folder

    def find(self, message_id: str) -> Fate:
        """Look into the sink's folder."""
        return Fate.ACCEPTED if sink.find(self.folder, message_id) else Fate.UNKNOWN


class PlainSmtpNextHop:
    """A mail server that cannot be asked."""

    def find(self, message_id: str) -> Fate:
        """Plain SMTP has no way to ask."""
        return Fate.CANNOT_SAY


def configured_next_hop(*, is_own_server: bool = False) -> NextHop:
    """Return the next hop of this installation; a practice's own SMTP server cannot be asked."""
    if settings.MAIL_NEXT_HOP == "sink" and not is_own_server:
        return SinkNextHop(Path(settings.MAIL_SINK_DIR))
    return PlainSmtpNextHop()
