"""The last write of an answer: it comes in and its draft goes out in one statement."""

import json
import uuid
from typing import Any

from practice import statements
from practice.scope import require_practice_id
from surveys.models import WaveAudience
from surveys.sealed import FinishedAnswer, seal_answer

CONFIDENTIAL = """
WITH gone AS (DELETE FROM surveys_draft WHERE practice_id = %(practice)s AND key = %(draft)s)
INSERT INTO surveys_spoolentry (id, practice_id, wave_audience_id, sealed, withdrawal_key)
VALUES (%(id)s, %(practice)s, %(audience)s, %(sealed)s, %(withdrawal)s)
"""
BY_OPEN_LINK = """
WITH gone AS (DELETE FROM surveys_draft WHERE practice_id = %(practice)s AND key = %(draft)s),
counted AS (
    UPDATE surveys_openlink SET n_finished = n_finished + 1 WHERE practice_id = %(practice)s AND id = %(link)s
)
INSERT INTO surveys_spoolentry (id, practice_id, wave_audience_id, sealed, withdrawal_key)
VALUES (%(id)s, %(practice)s, %(audience)s, %(sealed)s, %(withdrawal)s)
"""
NAMED = """
WITH gone AS (DELETE FROM surveys_draft WHERE practice_id = %(practice)s AND key = %(draft)s),
answer AS (
    INSERT INTO surveys_response
        (id, practice_id, wave_audience_id, scores, record, attributes, flags, is_partial)
    VALUES (%(id)s, %(practice)s, %(audience)s, %(scores)s::smallint[], %(record)s::jsonb, %(attributes)s::jsonb,
            %(flags)s::varchar[], false)
)
INSERT INTO surveys_responseidentity (id, practice_id, response_id, recipient_id)
VALUES (%(identity)s, %(practice)s, %(id)s, %(recipient)s)
"""


def store_confidential(
    audience: WaveAudience, mixing_key: bytes, answer: FinishedAnswer, draft: bytes, withdrawal: bytes | None
) -> None:
    """Put the sealed answer where the mixer takes it from and delete the draft with this key.

    By `withdrawal` the person's own link finds it again until it is mixed.
    """
    values = {"draft": draft, "sealed": seal_answer(mixing_key, answer), "withdrawal": withdrawal}
    _execute(CONFIDENTIAL, audience, values)


def store_visit(
    audience: WaveAudience,
    link_id: uuid.UUID,
    mixing_key: bytes,
    answer: FinishedAnswer,
    draft: bytes,
    withdrawal: bytes,
) -> None:
    """Put the sealed answer of a visit where the mixer takes it from, count it at its link, delete the draft."""
    values = {"draft": draft, "sealed": seal_answer(mixing_key, answer), "withdrawal": withdrawal}
    _execute(BY_OPEN_LINK, audience, {**values, "link": link_id})


def store_named(
    audience: WaveAudience, recipient_id: uuid.UUID, answer: FinishedAnswer, draft: bytes
) -> None:
    """Write the response with its person and delete the draft with this key."""
    values = {
        "draft": draft,
        "scores": answer.scores,
        "record": json.dumps(answer.record),
        "attributes": json.dumps(dict(answer.attributes)),
        "flags": answer.flags,
        "identity": uuid.uuid4(),
        "recipient": recipient_id,
    }
    _execute(NAMED, audience, values)


def _execute(statement: str, audience: WaveAudience, values: dict[str, Any]) -> None:
    named = {"id": uuid.uuid4(), "practice": require_practice_id(), "audience": audience.pk, **values}
    statements.run(statement, named).close()
