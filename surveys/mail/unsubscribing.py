"""The two headers of one-click unsubscribing (RFC 2369, RFC 8058)."""

from typing import Final
from urllib.parse import quote

from surveys.mail.letter import LEAVING, marked_unsubscribe_link

ONE_CLICK: Final = ("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")


def list_unsubscribe(leaving: str, *, mailbox: str = "") -> list[tuple[str, str]]:
    """Return both headers, folded; `mailbox` also takes wishes not to be mailed, by mail.

    Python's email package would encode a link that is longer than a line, and no mail program would find it.
    """
    ways = f"<{marked_unsubscribe_link().replace(LEAVING, leaving)}>"
    if mailbox:
        ways += f",\r\n <mailto:{quote(mailbox, safe='@')}?subject=unsubscribe>"
    return [("List-Unsubscribe", ways), ONE_CLICK]
