"""Sealing bytes: AES-256-GCM with keys derived by HKDF, one key per purpose."""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

NONCE_BYTES = 12


class SealError(ValueError):
    """The sealed bytes were changed, or this is not their key."""


def derive_key(secret: bytes, purpose: str) -> bytes:
    """Return 32 bytes derived from `secret` for one purpose."""
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose.encode()).derive(secret)


def seal(key: bytes, plaintext: bytes) -> bytes:
    """Return nonce + ciphertext of `plaintext` under a 32-byte key."""
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plaintext, None)


def unseal(key: bytes, sealed: bytes) -> bytes:
    """Return the plaintext; raises SealError when the bytes or the key are wrong."""
    try:
        return AESGCM(key).decrypt(bytes(sealed[:NONCE_BYTES]), bytes(sealed[NONCE_BYTES:]), None)
    except InvalidTag as error:
        raise SealError("The sealed bytes cannot be opened with this key.") from error


def wrap_key(key: bytes, purpose: str) -> bytes:
    """Seal a key under the installation's master key, which lives outside the database."""
    return seal(derive_key(settings.MASTER_KEY, purpose), key)


def unwrap_key(wrapped: bytes, purpose: str) -> bytes:
    """Open a key sealed by `wrap_key` for the same purpose."""
    return unseal(derive_key(settings.MASTER_KEY, purpose), bytes(wrapped))
