"""Drafts: kept under a hash of the respondent's token and sealed with a key that only the token gives."""

import hashlib

from practice.sealing import derive_key
from surveys.models import Draft, WaveAudience
from surveys.sealed import DraftContent, open_draft, seal_draft

PURPOSE = "draft"


def draft_key(token: str) -> bytes:
    """Return the 32 bytes under which the draft of a token is kept."""
    return hashlib.sha256(PURPOSE.encode() + token.encode()).digest()


def unseal_draft(token: str, sealed: bytes) -> DraftContent:
    """Open the sealed bytes of a token's draft."""
    return open_draft(derive_key(token.encode(), PURPOSE), sealed)


def create_draft(wave_audience: WaveAudience, token: str, content: DraftContent) -> None:
    """Write a new draft; one that a parallel request has just written stays as it is."""
    draft = Draft(wave_audience=wave_audience, key=draft_key(token), sealed=_sealed(token, content))
    Draft.objects.bulk_create([draft], ignore_conflicts=True)


def update_draft(token: str, content: DraftContent) -> None:
    """Replace what an existing draft holds."""
    Draft.objects.filter(key=draft_key(token)).update(sealed=_sealed(token, content))


def _sealed(token: str, content: DraftContent) -> bytes:
    return seal_draft(derive_key(token.encode(), PURPOSE), content)
