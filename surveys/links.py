"""Personal links: tokens derived from the audience's key, of which only a hash is stored.

token = base62(HMAC-SHA256(link key, recipient id | generation)[:16]): 128 bits, 22 characters, the same for every
reminder; raising the generation gives a new link, deleting the key ends them all.

Links to unsubscribe outlive all that: recipient id + HMAC-SHA256(master key, recipient id)[:16], in base64 without
anything at rest, good as long as the person is on a roster.
"""

import hashlib
import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as Base64Error
from uuid import UUID

from django.conf import settings
from django.db import connection

from practice.sealing import derive_key, unwrap_key, wrap_key
from surveys.models import OpenLink, Recipient, WaveAudience

PURPOSE = "links"
TOKEN_BYTES = 16
TOKEN_LENGTH = 22
UNSUBSCRIBE_LENGTH = 43
VISIT_MARK = "."
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_link_key() -> bytes:
    """Return a new random link key, sealed under the master key."""
    return wrap_key(secrets.token_bytes(32), PURPOSE)


def token_for(wave_audience: WaveAudience, recipient: Recipient) -> str:
    """Return the token of a recipient's link; raises ValueError once the key is destroyed."""
    return _derived(wave_audience, f"{recipient.pk}|{recipient.generation}")


def open_token_for(channel: WaveAudience, link: OpenLink) -> str:
    """Return the token of an open link; raises ValueError once the key is destroyed."""
    return _derived(channel, f"open|{link.pk}|{link.generation}")


def new_visit(open_token: str) -> str:
    """Return the token of a new visit by an open link: the link's own, a dot, and 128 random bits."""
    return f"{open_token}{VISIT_MARK}{_base62(secrets.token_bytes(TOKEN_BYTES))}"


def link_of_visit(token: str) -> str:
    """Return the open link's token in that of a visit; an empty text for every other token."""
    link, mark, _own = token.partition(VISIT_MARK)
    return link if mark else ""


def _derived(wave_audience: WaveAudience, message: str) -> str:
    if wave_audience.link_key is None:
        raise ValueError("The links of this audience have ended.")
    key = unwrap_key(bytes(wave_audience.link_key), PURPOSE)
    return _base62(hmac.new(key, message.encode(), hashlib.sha256).digest()[:TOKEN_BYTES])


def digest_of(token: str) -> bytes:
    """Return the SHA-256 under which a link is stored and looked up."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def unsubscribe_token(recipient_id: UUID) -> str:
    """Return the token of the link by which a person unsubscribes."""
    return urlsafe_b64encode(recipient_id.bytes + _unsubscribe_mac(recipient_id)).decode().rstrip("=")


def unsubscribe_target(token: str) -> tuple[UUID, UUID] | None:
    """Return (practice id, recipient id) of a genuine link of somebody who is on a roster, or None."""
    try:
        content = urlsafe_b64decode(f"{token}=") if len(token) == UNSUBSCRIBE_LENGTH else b""
    except (Base64Error, ValueError):
        content = b""
    recipient_id, mac = UUID(bytes=content[:16].ljust(16, b"\0")), content[16:]
    if not hmac.compare_digest(mac, _unsubscribe_mac(recipient_id)):
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT practice_id FROM crmgap_practice_of_recipient(%s)", [recipient_id])
        found = cursor.fetchone()
    return (found[0], recipient_id) if found else None


def _unsubscribe_mac(recipient_id: UUID) -> bytes:
    key = derive_key(settings.MASTER_KEY, "unsubscribe")
    return hmac.new(key, recipient_id.bytes, hashlib.sha256).digest()[:TOKEN_BYTES]


def _base62(value: bytes) -> str:
    number, digits = int.from_bytes(value, "big"), ""
    for _position in range(TOKEN_LENGTH):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def withdrawal_key(token: str) -> bytes:
    """Return the 32 bytes under which the waiting answer of a token can be found; nothing else holds them."""
    return hashlib.sha256(b"withdraw" + token.encode()).digest()
