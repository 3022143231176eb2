"""What a respondent's request reads, in one statement, or two when it will write.

This is the busiest place of the product: the statements are written out, because building them anew by the ORM costs
more than running them. Each names the practice, and row-level security holds as everywhere.
"""

import json
import uuid
from typing import Final

from django.db import connection

from practice.scope import require_practice_id
from surveys.models import LedgerEntry, Recipient, WaveAudience

AUDIENCE: Final = (
    "id", "practice_id", "wave_id", "audience", "form", "mode", "state", "opens_at", "closes_at",
    "kept_attributes", "attribute_plan", "offers_profile", "mixing_key",
)  # fmt: skip
ENTRY: Final = f"""
SELECT {", ".join(f"audience.{name}" for name in AUDIENCE)},
       ledger.id, ledger.submitted, recipient.attributes, recipient.language, {{draft}}
FROM surveys_ledgerentry ledger
JOIN surveys_waveaudience audience
  ON audience.practice_id = ledger.practice_id AND audience.id = ledger.wave_audience_id
JOIN surveys_recipient recipient
  ON recipient.practice_id = ledger.practice_id AND recipient.id = ledger.recipient_id
{{join}}
WHERE ledger.practice_id = %(practice)s AND ledger.recipient_id = %(recipient)s
"""  # noqa: S608 - the names stand above
WITH_DRAFT: Final = ENTRY.format(
    draft="draft.sealed",
    join="LEFT JOIN surveys_draft draft ON draft.practice_id = ledger.practice_id AND draft.key = %(key)s",
)
WITHOUT_DRAFT: Final = ENTRY.format(draft="NULL", join="")
LOCKED_ENTRY: Final = f"{WITHOUT_DRAFT} FOR UPDATE OF ledger"
LOCKED_DRAFT: Final = (
    "SELECT sealed FROM surveys_draft WHERE practice_id = %(practice)s AND key = %(key)s FOR UPDATE"
)


def read_rows(
    recipient_id: uuid.UUID, key: bytes, *, lock: str = ""
) -> tuple[LedgerEntry, bytes | None] | None:
    """Return a person's ledger entry, with audience and recipient, and the sealed draft; None when there is no entry.

    `lock` is "" for reading, "draft" for saving and "ledger" for finishing (ledger first, then draft: the order of
    the release). Of the recipient only attributes and language are there.
    """
    values: dict[str, uuid.UUID | bytes] = {
        "practice": require_practice_id(),
        "recipient": recipient_id,
        "key": key,
    }
    with connection.cursor() as cursor:
        cursor.execute({"": WITH_DRAFT, "draft": WITHOUT_DRAFT, "ledger": LOCKED_ENTRY}[lock], values)
        row = cursor.fetchone()
        if row is None and lock == "ledger":
            # A release that ended while this waited for the row has written the ledger anew: look once more.
            cursor.execute(LOCKED_ENTRY, values)
            row = cursor.fetchone()
        if row is None:
            return None
        *of_audience, entry_id, submitted, attributes, language, sealed = row
        if lock:
            cursor.execute(LOCKED_DRAFT, values)
            sealed = (cursor.fetchone() or (None,))[0]
    audience = WaveAudience.from_db("default", AUDIENCE, of_audience)
    audience.kept_attributes = json.loads(audience.kept_attributes)
    audience.attribute_plan = json.loads(audience.attribute_plan)
    recipient = Recipient.from_db(
        "default",
        ("id", "practice_id", "language", "attributes"),  # in the order of the model's fields
        (recipient_id, audience.practice_id, language, json.loads(attributes)),
    )
    entry = LedgerEntry.from_db(
        "default", ("id", "practice_id", "submitted"), (entry_id, audience.practice_id, submitted)
    )
    entry.wave_audience, entry.recipient = audience, recipient
    return entry, None if sealed is None else bytes(sealed)
