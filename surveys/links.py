"""Personal links: tokens derived from the audience's key, of which only a hash is stored.

token = base62(HMAC-SHA256(link key, recipient id | generation)[:16]): 128 bits, 22 characters, the same for every
reminder; raising the generation gives a new link, deleting the key ends them all.
"""

import hashlib
import hmac
import secrets

from practice.sealing import unwrap_key, wrap_key
from surveys.models import Recipient, WaveAudience

PURPOSE = "links"
TOKEN_BYTES = 16
TOKEN_LENGTH = 22
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


def new_link_key() -> bytes:
    """Return a new random link key, sealed under the master key."""
    return wrap_key(secrets.token_bytes(32), PURPOSE)


def token_for(wave_audience: WaveAudience, recipient: Recipient) -> str:
    """Return the token of a recipient's link; raises ValueError once the key is destroyed."""
    if wave_audience.link_key is None:
        raise ValueError("The links of this audience have ended.")
    key = unwrap_key(bytes(wave_audience.link_key), PURPOSE)
    message = f"{recipient.pk}|{recipient.generation}".encode()
    return _base62(hmac.new(key, message, hashlib.sha256).digest()[:TOKEN_BYTES])


def digest_of(token: str) -> bytes:
    """Return the SHA-256 under which a link is stored and looked up."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).digest()


def _base62(value: bytes) -> str:
    number, digits = int.from_bytes(value, "big"), ""
    for _position in range(TOKEN_LENGTH):
        number, digit = divmod(number, 62)
        digits = ALPHABET[digit] + digits
    return digits


def withdrawal_key(token: str) -> bytes:
    """Return the 32 bytes under which the waiting answer of a token can be found; nothing else holds them."""
    return hashlib.sha256(b"withdraw" + token.encode()).digest()
