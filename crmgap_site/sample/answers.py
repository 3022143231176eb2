"""Answers of the sample's people: drawn from the known truth, given through the answering service by personal link."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice
from uuid import UUID

import numpy as np
from django.utils import timezone

from crmgap_site.sample.company import Asked
from practice.scope import practice_scope
from surveys import answering, links
from surveys.form_cache import form_of
from surveys.models import LedgerEntry, Recipient, WaveAudience
from surveys.simulation import (
    SAMPLE_TRUTH,
    SAMPLE_TRUTH_LATER,
    SimulatedResponse,
    draw_responses,
    posted_fields,
)

SEED = 20_260
PER_TRANSACTION = 20
CARELESS_SECONDS_PER_PAGE = 4.0


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one person says, and on how many pages before giving up (None: to the end)."""

    recipient: Recipient
    response: SimulatedResponse
    seconds_per_page: float
    n_pages: int | None = None


def give_answers(practice_id: UUID, audience: WaveAudience, asked: Asked) -> int:
    """Answer for the audience, some people per transaction; returns how many answers were new.

    Who answers what follows from a seed, so a repeat after an interruption adds exactly what is missing.
    """
    with practice_scope(practice_id):
        planned = list(_plan(audience, asked))
        entries = LedgerEntry.objects.filter(wave_audience=audience, submitted=True)
        done = set(entries.values_list("recipient_id", flat=True))
    waiting = iter([answer for answer in planned if answer.recipient.pk not in done])
    n_new = 0
    while batch := list(islice(waiting, PER_TRANSACTION)):
        with practice_scope(practice_id):
            n_new += sum(_give(audience, answer) for answer in batch)
    return n_new


def _plan(audience: WaveAudience, asked: Asked) -> Iterator[_Answer]:
    people = list(Recipient.objects.filter(wave_audience=audience).order_by("email_key"))
    form = form_of(audience)
    number = audience.wave.number
    rng = np.random.default_rng([SEED + number - 1, *audience.audience.encode()])
    chosen = rng.permutation(len(people))[: asked.finished + asked.given_up].tolist()
    truth = SAMPLE_TRUTH if number == 1 else SAMPLE_TRUTH_LATER
    responses = draw_responses(form, truth, len(chosen), rng)
    usual = form.minutes * 60 / len(form.pages)
    paces = usual * rng.lognormal(mean=-0.1, sigma=0.3, size=len(chosen))
    last_pages = rng.integers(1, len(form.pages) - 1, size=len(chosen))
    for place, (index, response) in enumerate(zip(chosen, responses, strict=True)):
        pace = CARELESS_SECONDS_PER_PAGE if response.careless else float(paces[place])
        n_pages = None if place < asked.finished else int(last_pages[place])
        yield _Answer(people[index], response, pace, n_pages)


def _give(audience: WaveAudience, answer: _Answer) -> bool:
    token = links.token_for(audience, answer.recipient)
    target = answering.resolve_link(token)
    respondent = answering.load_respondent(target, token, lock="ledger") if target else None
    now = timezone.now()
    if respondent is None or respondent.door(now) != answering.Door.OPEN:
        return False
    pages = respondent.pages if answer.n_pages is None else respondent.pages[: answer.n_pages]
    moments = _moments(now, len(pages), answer.seconds_per_page)
    answering.open_form(respondent, moments[0])
    for number, page in enumerate(pages):
        position = min(number + 1, len(respondent.pages) - 1)
        fields = posted_fields(page, answer.response)
        answering.take_page(respondent, number, fields, now=moments[number + 1], position=position)
    if answer.n_pages is not None:
        answering.save_draft(respondent)
        return False
    return answering.finish(respondent)


def _moments(end: datetime, n_pages: int, seconds_per_page: float) -> Sequence[datetime]:
    """Return the moments of the start and of each page, so that the last one is now."""
    return [end - timedelta(seconds=seconds_per_page * left) for left in range(n_pages, -1, -1)]
