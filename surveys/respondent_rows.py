"""What a respondent's request reads, in one statement, or two when it will write.

This is the busiest place of the product: the statements are written out, because building them anew by the ORM costs
more than running them. Each names the practice, and row-level security holds as everywhere.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any, Final

from practice import statements
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
    row = statements.first({"": WITH_DRAFT, "draft": WITHOUT_DRAFT, "ledger": LOCKED_ENTRY}[lock], values)
    if row is None and lock == "ledger":
        # A release that ended while this waited for the row has written the ledger anew: look once more.
        row = statements.first(LOCKED_ENTRY, values)
    if row is None:
        return None
    *of_audience, entry_id, submitted, attributes, language, sealed = row
    if lock:
        sealed = (statements.first(LOCKED_DRAFT, values) or (None,))[0]
    audience = _audience(of_audience)
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


@dataclass(frozen=True, slots=True)
class OpenDoor:
    """An open link as a respondent's request needs it: its audience, what it keeps, asks and allows."""

    link_id: uuid.UUID
    audience: WaveAudience
    attributes: dict[str, str]
    idle_seconds: int
    access_code: bytes | None
    is_full: bool

    @property
    def is_kiosk(self) -> bool:
        """Tell whether many people answer on the one device."""
        return self.idle_seconds > 0


OF_LINK: Final = (
    "link.attributes, CASE WHEN link.is_kiosk THEN link.idle_seconds ELSE 0 END, link.access_code"
)
OPEN_DOOR: Final = f"""
SELECT {", ".join(f"audience.{name}" for name in AUDIENCE)}, {OF_LINK}, {{full}}, {{draft}}
FROM surveys_openlink link
JOIN surveys_waveaudience audience
  ON audience.practice_id = link.practice_id AND audience.id = link.wave_audience_id
{{join}}
WHERE link.practice_id = %(practice)s AND link.id = %(link)s
"""  # noqa: S608 - the names stand above
IS_FULL: Final = """EXISTS (
    SELECT 1 FROM surveys_quota quota
    WHERE quota.practice_id = link.practice_id AND quota.wave_audience_id = link.wave_audience_id
      AND (quota.attribute = '' OR link.attributes ->> quota.attribute = quota.value)
      AND (SELECT sum(other.n_finished) FROM surveys_openlink other
           WHERE other.practice_id = quota.practice_id AND other.wave_audience_id = quota.wave_audience_id
             AND (quota.attribute = '' OR other.attributes ->> quota.attribute = quota.value)) >= quota.most)"""
DRAFT_OF_VISIT: Final = (
    "LEFT JOIN surveys_draft draft ON draft.practice_id = link.practice_id AND draft.key = %(key)s"
)
DOOR: Final = OPEN_DOOR.format(full=IS_FULL, draft="draft.sealed", join=DRAFT_OF_VISIT)
VISIT: Final = OPEN_DOOR.format(full="false", draft="draft.sealed", join=DRAFT_OF_VISIT)
VISIT_WITHOUT_DRAFT: Final = OPEN_DOOR.format(full="false", draft="NULL", join="")


def read_door(link_id: uuid.UUID, key: bytes) -> tuple[OpenDoor, bytes | None] | None:
    """Return an open link, whether enough have answered, and the sealed draft of this device's visit, if any."""
    return _read_door(DOOR, link_id, key)


def read_visit(link_id: uuid.UUID, key: bytes, *, lock: bool) -> tuple[OpenDoor, bytes | None] | None:
    """Return an open link and the sealed draft of a visit, locked or not; `is_full` is not looked up."""
    found = _read_door(VISIT_WITHOUT_DRAFT if lock else VISIT, link_id, key)
    if found is None or not lock:
        return found
    row = statements.first(LOCKED_DRAFT, {"practice": require_practice_id(), "key": key})
    return found[0], None if row is None else bytes(row[0])


def _read_door(statement: str, link_id: uuid.UUID, key: bytes) -> tuple[OpenDoor, bytes | None] | None:
    values: dict[str, uuid.UUID | bytes] = {"practice": require_practice_id(), "link": link_id, "key": key}
    row = statements.first(statement, values)
    if row is None:
        return None
    *of_audience, attributes, idle_seconds, code, is_full, sealed = row
    door = OpenDoor(
        link_id,
        _audience(of_audience),
        json.loads(attributes),
        idle_seconds,
        None if code is None else bytes(code),
        is_full,
    )
    return door, None if sealed is None else bytes(sealed)


def _audience(values: list[Any]) -> WaveAudience:
    audience = WaveAudience.from_db("default", AUDIENCE, values)
    audience.kept_attributes = json.loads(audience.kept_attributes)
    audience.attribute_plan = json.loads(audience.attribute_plan)
    return audience
