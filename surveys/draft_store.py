"""Drafts: kept under a hash of the respondent's token and sealed with a key that only the token gives.

Every page of every respondent writes here: the statements are written out, as in `respondent_rows`.
"""

import hashlib
import uuid
from typing import Final

from practice import statements
from practice.scope import require_practice_id
from practice.sealing import derive_key
from surveys.models import WaveAudience
from surveys.sealed import DraftContent, open_draft, seal_draft

PURPOSE = "draft"
CREATE: Final = """
INSERT INTO surveys_draft (id, practice_id, wave_audience_id, key, sealed)
VALUES (%(id)s, %(practice)s, %(audience)s, %(key)s, %(sealed)s) ON CONFLICT DO NOTHING
"""
UPDATE: Final = """
UPDATE surveys_draft SET sealed = %(sealed)s WHERE practice_id = %(practice)s AND key = %(key)s
"""


def draft_key(token: str) -> bytes:
    """Return the 32 bytes under which the draft of a token is kept."""
    return hashlib.sha256(PURPOSE.encode() + token.encode()).digest()


def unseal_draft(token: str, sealed: bytes) -> DraftContent:
    """Open the sealed bytes of a token's draft."""
    return open_draft(derive_key(token.encode(), PURPOSE), sealed)


def create_draft(wave_audience: WaveAudience, token: str, content: DraftContent) -> None:
    """Write a new draft; one that a parallel request has just written stays as it is."""
    _execute(CREATE, token, content, {"id": uuid.uuid4(), "audience": wave_audience.pk})


def update_draft(token: str, content: DraftContent) -> None:
    """Replace what an existing draft holds."""
    _execute(UPDATE, token, content, {})


def _execute(statement: str, token: str, content: DraftContent, values: dict[str, uuid.UUID]) -> None:
    sealed = seal_draft(derive_key(token.encode(), PURPOSE), content)
    named: dict[str, uuid.UUID | bytes] = {
        "practice": require_practice_id(),
        "key": draft_key(token),
        "sealed": sealed,
        **values,
    }
    statements.run(statement, named).close()
