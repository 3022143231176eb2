"""DKIM signatures (RFC 6376): rsa-sha256, relaxed/relaxed, deterministic, so that a repeat has the same bytes."""

import base64
import hashlib
import re
from dataclasses import dataclass
from typing import Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_der_private_key, load_pem_private_key

SIGNED: Final = (
    b"from",
    b"to",
    b"subject",
    b"date",
    b"message-id",
    b"reply-to",
    b"list-unsubscribe",
    b"list-unsubscribe-post",
    b"mime-version",
    b"content-type",
)
BLANKS: Final = re.compile(rb"[ \t]+")
FIELD: Final = re.compile(rb"(?:[^\r\n]|\r\n[ \t])+")
WIDTH: Final = 70


@dataclass(frozen=True, slots=True, repr=False)
class Signer:
    """A domain's private key and the selector under which its public half is found."""

    domain: str
    selector: str
    key: RSAPrivateKey

    def sign(self, content: bytes) -> bytes:
        """Return the mail with a signature in front; `content` has CRLF line ends.

        The sender is named once more than it stands there, so that nobody can add a second one.
        """
        head, _blank, body = content.partition(b"\r\n\r\n")
        fields = {field.partition(b":")[0].lower(): field for field in FIELD.findall(head)}
        names = [name for name in SIGNED if name in fields]
        digest = base64.b64encode(hashlib.sha256(_relaxed_body(body)).digest())
        value = (
            b"v=1; a=rsa-sha256; c=relaxed/relaxed;\r\n d=%s; s=%s;\r\n h=%s;\r\n bh=%s;\r\n b="
            % (self.domain.encode(), self.selector.encode(), _folded(b":".join([*names, b"from"]), b":"), digest)
        )  # fmt: skip
        own = b"DKIM-Signature: " + value
        covered = b"".join(_relaxed_field(fields[name]) + b"\r\n" for name in names) + _relaxed_field(own)
        signature = base64.b64encode(self.key.sign(covered, PKCS1v15(), SHA256()))
        lines = [signature[start : start + WIDTH] for start in range(0, len(signature), WIDTH)]
        return own + b"\r\n ".join(lines) + b"\r\n" + content


def signer_from_der(domain: str, selector: str, content: bytes) -> Signer:
    """Return a signer with a key as identities keep it; raises ValueError when it is none."""
    return Signer(domain, selector, _rsa(load_der_private_key(content, password=None)))


def signer_from_pem(domain: str, selector: str, content: bytes) -> Signer:
    """Return a signer with a key as files keep it; raises ValueError when it is none."""
    return Signer(domain, selector, _rsa(load_pem_private_key(content, password=None)))


def _rsa(key: object) -> RSAPrivateKey:
    if not isinstance(key, RSAPrivateKey):
        raise ValueError("A DKIM key must be an RSA key.")
    return key


def _folded(value: bytes, at: bytes) -> bytes:
    lines, line = [], b""
    for part in value.split(at):
        if line and len(line) + len(part) > WIDTH:
            lines.append(line)
            line = b""
        line += part + at
    return b"\r\n ".join([*lines, line]).removesuffix(at)


def _relaxed_field(field: bytes) -> bytes:
    name, _colon, value = field.partition(b":")
    return name.strip().lower() + b":" + BLANKS.sub(b" ", value.replace(b"\r\n", b"")).strip()


def _relaxed_body(body: bytes) -> bytes:
    lines = [BLANKS.sub(b" ", line).rstrip(b" ") for line in body.split(b"\r\n")]
    while lines and not lines[-1]:
        lines.pop()
    return b"".join(line + b"\r\n" for line in lines)
