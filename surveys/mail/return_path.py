"""The way back: every mail leaves with a signed name of its own in its envelope, so that what returns is known again.

name = "b-" + base32(delivery id + HMAC-SHA256(key, delivery id | Message-ID)[:10]): 44 characters of the 64 that a
local part may have, lower case, for some servers fold it. It says nothing of a person, and nobody can make one up.
Once a bounced mail is sent anew to a corrected address it has a new Message-ID, and what returns late from the old one
is void.
"""

import base64
import binascii
import hashlib
import hmac
import re
from functools import lru_cache
from typing import Final
from uuid import UUID

from django.conf import settings

from practice.sealing import derive_key
from surveys.models import Delivery

PREFIX: Final = "b-"
ID_BYTES: Final = 16
MAC_BYTES: Final = 10
NAME = re.compile(rf"(?<![a-z0-9]){PREFIX}([a-z2-7]{{42}})(?![a-z2-7])", re.IGNORECASE)
HEADER: Final = "X-Return-Name"
MAX_LOCAL_PART: Final = 64


def name_of(delivery: Delivery) -> str:
    """Return the signed name of a mail whose Message-ID is known."""
    content = delivery.pk.bytes + _signature(delivery.pk, delivery.message_id)
    return PREFIX + base64.b32encode(content).decode().rstrip("=").lower()


def sender_for(delivery: Delivery, address: str = "") -> str:
    """Return the envelope's sender of a mail, below the address that takes returned mails; "" where there is none."""
    base, _at, domain = (address or settings.RETURN_ADDRESS).rpartition("@")
    if not base:
        return ""
    sender = f"{base}+{name_of(delivery)}"
    return f"{sender}@{domain}" if len(sender) <= MAX_LOCAL_PART else ""


def deliveries_named_in(text: str) -> list[tuple[UUID, bytes]]:
    """Return every (delivery id, signature) that a text names, in order, each once; nothing is checked yet."""
    found: dict[tuple[UUID, bytes], None] = {}
    for match in NAME.finditer(text):
        try:
            content = base64.b32decode(match[1].upper() + "======")
        except binascii.Error:
            continue
        found[UUID(bytes=content[:ID_BYTES]), content[ID_BYTES:]] = None
    return list(found)


def is_signed(delivery: Delivery, signature: bytes) -> bool:
    """Tell in constant time whether the signature is that of this mail as it was sent last."""
    return bool(delivery.message_id) and hmac.compare_digest(
        signature, _signature(delivery.pk, delivery.message_id)
    )


def _signature(delivery_id: UUID, message_id: str) -> bytes:
    key = _key(settings.MASTER_KEY)
    return hmac.new(key, delivery_id.bytes + b"|" + message_id.encode(), hashlib.sha256).digest()[:MAC_BYTES]


@lru_cache(maxsize=4)
def _key(master_key: bytes) -> bytes:
    return derive_key(master_key, "return-path")
