"""Turns: the practice that has waited longest sends next, however many mails another one has queued.

A worker that is woken up does not send for whom the message names, but asks the database whose turn it is, sends a
small share, and asks again. So it does not matter how many messages there are, or for whom.
"""

import random
from collections import defaultdict
from uuid import UUID

from practice.scope import practice_scope
from surveys import lookups
from surveys.mail import pace, sending

TURN = 100
"""Mails a practice sends before others get their turn."""


def send_in_turns(most: int) -> bool:
    """Send turn by turn until `most` mails were accepted or nothing can be sent; True when more is due."""
    accepted, stuck = 0, set[UUID]()
    while accepted < most:
        turn = _next_turn(stuck)
        if turn is None:
            return False
        practice_id, audiences = turn
        with practice_scope(practice_id):
            pace.begin_turn()
        share = max(min(TURN, most - accepted) // len(audiences), sending.BATCH)
        for audience_id in audiences:
            sent = sending.send_due(practice_id, audience_id, share=share)
            accepted += sent
            if not sent:
                stuck.add(audience_id)
    return True


def _next_turn(stuck: set[UUID]) -> tuple[UUID, list[UUID]] | None:
    """Return the practice that waits longest and some of its audiences with due mails, in no order."""
    due: dict[UUID, list[UUID]] = defaultdict(list)
    for practice_id, audience_id in lookups.audiences_with_due_mails():
        if audience_id not in stuck:
            due[practice_id].append(audience_id)
    if not due:
        return None
    practice_id, audiences = next(iter(due.items()))
    return practice_id, random.sample(audiences, min(len(audiences), TURN // sending.BATCH))
