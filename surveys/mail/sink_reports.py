"""Reports that the recording sink answers with, so that bounces can be seen without a real mail server.

A mail to bounce@... comes back as an address that does not exist, full@... as a full mailbox, spam@... as marked as
spam, each also with more behind a hyphen: bounce-7@example.org.
"""

import re
from collections.abc import Mapping
from typing import Final

PATTERN = re.compile(r"(bounce|full|spam)(?:-[^@]*)?@", re.IGNORECASE)
REFUSALS: Final[Mapping[str, tuple[str, str]]] = {
    "bounce": ("5.1.1", "550 5.1.1 user unknown"),
    "full": ("5.2.2", "552 5.2.2 mailbox full"),
}
BOUNDARY: Final = "=_report"


def report_for(receiver: str, *, sender: str, headers: str) -> bytes | None:
    """Return the report that a mail to this receiver brings back to its envelope's sender, or None for most."""
    found = PATTERN.match(receiver)
    if found is None or not sender:
        return None
    kind = found[1].lower()
    if kind == "spam":
        fields = "Feedback-Type: abuse\nVersion: 1\nUser-Agent: sink/1.0"
        return _report(sender, "feedback-report", fields, headers)
    status, words = REFUSALS[kind]
    fields = (
        f"Reporting-MTA: dns; sink\n\nFinal-Recipient: rfc822; {receiver}\nAction: failed\n"
        f"Status: {status}\nDiagnostic-Code: smtp; {words}"
    )
    return _report(sender, "delivery-status", fields, headers)


def _report(sender: str, kind: str, fields: str, headers: str) -> bytes:
    top = (
        f"From: Mail Delivery System <MAILER-DAEMON@sink>\nTo: {sender}\n"
        "Subject: Mail returned by the recording sink\nAuto-Submitted: auto-replied\nMIME-Version: 1.0\n"
        f'Content-Type: multipart/report; report-type={kind}; boundary="{BOUNDARY}"\n\n'
    )
    parts = [
        ("text/plain", "The sink did not deliver this mail."),
        (f"message/{kind}", fields),
        ("text/rfc822-headers", headers.strip()),
    ]
    body = "".join(f"--{BOUNDARY}\nContent-Type: {name}\n\n{text}\n\n" for name, text in parts)
    return f"{top}{body}--{BOUNDARY}--\n".encode(errors="replace")
