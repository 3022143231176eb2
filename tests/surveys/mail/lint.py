"""What every mail must be (RFC 5322, 2045, 2369, 8058), asked of its bytes as they left."""

import re
from email import message_from_bytes, policy
from email.message import EmailMessage
from email.utils import parsedate_to_datetime
from html.parser import HTMLParser

ONCE = ("From", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type", "Content-Language")
LISTED = ("List-Unsubscribe", "List-Unsubscribe-Post")
MESSAGE_ID = re.compile(r"<[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+@[A-Za-z0-9.-]+>")


class _Words(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.text: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def parsed(content: bytes) -> EmailMessage:
    """Return a mail that was read from its bytes."""
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def part_of(mail: EmailMessage, kind: str) -> str:
    """Return the text of a part."""
    part = mail.get_body((kind,))
    assert isinstance(part, EmailMessage)
    return str(part.get_content()).replace("\r\n", "\n")


def lint(content: bytes, *, is_bulk: bool = True) -> EmailMessage:
    """Return the mail; fails with what is wrong about it."""
    assert content.isascii(), "8-bit signs would need a server that passes them on"
    lines = content.split(b"\r\n")
    assert not any(b"\n" in line or b"\r" in line for line in lines), "bare line ends"
    assert max(map(len, lines)) <= 998
    head = content.partition(b"\r\n\r\n")[0].decode()
    for line in head.split("\r\n"):
        is_uri = line.lstrip().startswith(("<http", "List-Unsubscribe:", "<mailto"))
        can_fold = " " in line.strip() and not line.startswith("Message-ID:")
        assert len(line) <= 78 or is_uri or not can_fold, f"not folded: {line}"
    mail = parsed(content)
    assert mail.defects == []
    assert [part for part in mail.walk() if part.defects] == []
    for name in (*ONCE, *(LISTED if is_bulk else ())):
        assert len(mail.get_all(name, [])) == 1, name
    assert mail["Bcc"] is None
    assert len(mail["From"].addresses) == len(mail["To"].addresses) == 1
    assert MESSAGE_ID.fullmatch(mail["Message-ID"])
    assert parsedate_to_datetime(mail["Date"]).tzinfo is not None
    assert mail["Subject"].strip()
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    _lint_html(mail)
    if is_bulk:
        _lint_unsubscribing(mail)
    return mail


def _lint_html(mail: EmailMessage) -> None:
    words = _Words()
    html = part_of(mail, "html")
    words.feed(html)
    tags = dict(words.tags)
    assert tags["html"]["lang"] == mail["Content-Language"]
    assert tags["html"]["dir"] in {"ltr", "rtl"}
    names = {tag for tag, _attributes in words.tags}
    assert not names & {"script", "img", "iframe", "object", "form", "link", "style", "base"}
    for _tag, attributes in words.tags:
        assert not any(name.startswith("on") for name in attributes)
        assert str(attributes.get("href", "https:")).startswith(("https:", "http:", "mailto:"))
    shown = " ".join("".join(words.text).split())
    for paragraph in part_of(mail, "plain").split("\n\n")[:3]:
        assert " ".join(paragraph.split()) in shown, "text and HTML say different things"


def _lint_unsubscribing(mail: EmailMessage) -> None:
    assert mail["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = str(mail["List-Unsubscribe"]).split(",")[0]
    assert link.startswith("<http")
    assert link.endswith("/>")
    for kind in ("plain", "html"):
        assert link.strip("<>") in part_of(mail, kind)
