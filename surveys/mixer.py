"""The mixer: moves finished answers of confidential audiences in shuffled batches, and releases closed audiences.

Fewer than 40 invited are mixed once, at close. Otherwise, whenever 20 answers with the same kept attributes wait, tens
of them drawn at random move in one transaction and at least 10 stay: whoever watches the tables all the time finds no
answer with fewer than 20 possible persons. At release all answers and the whole ledger are written anew in random order
in one transaction, and the keys are destroyed, so that neither order, row id nor transaction id of a row tells anything
about the person behind it; attributes that fewer than 5 finished answers share are left out.
"""

import json
import secrets
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, Final, TypeVar
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from practice import audit
from practice.exceptions import WrongStateError
from practice.scope import practice_scope
from practice.sealing import unwrap_key
from surveys import links
from surveys.attributes import reduce_attributes
from surveys.disclosure import MIN_GROUP, safe_total, suppress_split
from surveys.draft_store import draft_key, unseal_draft
from surveys.enums import AudienceState, Channel, Mode
from surveys.form_cache import form_of
from surveys.models import (
    Draft,
    LedgerEntry,
    Recipient,
    Response,
    ResponseIdentity,
    SpoolEntry,
    Wave,
    WaveAudience,
)
from surveys.quality import flag_response, share_answered
from surveys.receipts import give_together
from surveys.sealed import FinishedAnswer, open_answer
from surveys.settling import ORDER, order_attribute, settle
from surveys.signals import wave_closed

MIN_INVITED: Final = 40
WAITING: Final = 20
BATCH: Final = 10
STAYING: Final = 10
GRACE: Final = timedelta(minutes=15)
CHUNK: Final = 500
MIXING: Final = "mixing"
MIN_PARTIAL_SHARE: Final = 0.5

UNRELEASED = (AudienceState.OPEN, AudienceState.PAUSED, AudienceState.CLOSED)

_random = secrets.SystemRandom()
ItemT = TypeVar("ItemT")


def mix_due(practice_id: UUID, wave_audience_id: UUID) -> int:
    """Mix whatever is due in one transaction; returns the number of answers moved."""
    with practice_scope(practice_id):
        wave_audience = _lock_audience(wave_audience_id)
        # Held, so that an answer being taken back right now is either gone or cannot be taken back any more.
        waiting = SpoolEntry.objects.select_for_update().filter(wave_audience=wave_audience)
        list(waiting.values_list("pk", flat=True))
        chosen = _due_entries(wave_audience)
        _insert(wave_audience, list(chosen.values()))
        SpoolEntry.objects.filter(pk__in=list(chosen)).delete()
    return len(chosen)


def is_mix_due(wave_audience: WaveAudience) -> bool:
    """Tell whether `mix_due` would move anything."""
    return bool(_due_entries(wave_audience))


def _due_entries(wave_audience: WaveAudience) -> dict[UUID, FinishedAnswer]:
    """Return the waiting answers that may move now, drawn at random, by the id of their row."""
    if wave_audience.mode != Mode.CONFIDENTIAL or wave_audience.state not in UNRELEASED:
        return {}
    asked, _finished = _counts(wave_audience)
    spool = SpoolEntry.objects.filter(wave_audience=wave_audience)
    if asked < MIN_INVITED or spool.count() < WAITING:
        return {}
    cells: dict[str, list[tuple[UUID, FinishedAnswer]]] = {}
    for row_id, answer in _unsealed(wave_audience, spool):
        cells.setdefault(_cell(answer), []).append((row_id, answer))
    chosen: dict[UUID, FinishedAnswer] = {}
    for waiting in cells.values():
        if len(waiting) >= WAITING:
            moving = (len(waiting) - STAYING) // BATCH * BATCH
            chosen.update(_random.sample(waiting, moving))
    return chosen


def _cell(answer: FinishedAnswer) -> str:
    """Return the joint cell of all kept attributes."""
    return json.dumps(answer.attributes, sort_keys=True)


def without_rare_attributes(answers: Sequence[FinishedAnswer]) -> list[FinishedAnswer]:
    """Return the answers; where fewer than MIN_GROUP share a joint cell, they and the next smallest lose theirs.

    The order of the pages is given up first: of all answers, so that no attribute is lost to it.
    """
    if any(n < MIN_GROUP for n in Counter(map(_cell, answers)).values()):
        answers = [replace(answer, attributes=_without_order(answer.attributes)) for answer in answers]
    hidden = suppress_split(Counter(map(_cell, answers)), MIN_GROUP)
    return [replace(answer, attributes={}) if _cell(answer) in hidden else answer for answer in answers]


def _without_order(attributes: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in attributes.items() if name != ORDER}


def is_release_due(wave_audience: WaveAudience, now: datetime) -> bool:
    """Tell whether a closed audience may be released: nobody has a form open, or their 15 minutes are over."""
    if wave_audience.state == AudienceState.RELEASED:
        return False
    if wave_audience.closes_at is not None and now >= wave_audience.closes_at + GRACE:
        return True
    is_closed = wave_audience.state == AudienceState.CLOSED
    return is_closed and not Draft.objects.filter(wave_audience=wave_audience).exists()


def is_anything_due(wave_audience: WaveAudience, now: datetime) -> bool:
    """Tell whether `advance` would change anything."""
    if wave_audience.state not in UNRELEASED:
        return False
    is_due = is_release_due(wave_audience, now) or are_totals_stale(wave_audience, now)
    return is_due or is_mix_due(wave_audience)


def advance(practice_id: UUID, wave_audience_id: UUID) -> None:
    """Do what is due for one audience: refresh its totals, mix, release; safe to repeat and to kill at any point."""
    with practice_scope(practice_id):
        wave_audience = WaveAudience.objects.get(pk=wave_audience_id)
        is_due = is_release_due(wave_audience, timezone.now())
        if wave_audience.state in UNRELEASED and are_totals_stale(wave_audience, timezone.now()):
            refresh_totals(wave_audience)
    if is_due:
        close_and_release(practice_id, wave_audience_id)
    else:
        mix_due(practice_id, wave_audience_id)


def close_and_release(practice_id: UUID, wave_audience_id: UUID) -> bool:
    """Mix the rest, shuffle all answers and the ledger, destroy keys and drafts, release; False when done before.

    One transaction. Named drafts with at least half of the core ratings become partial responses. When this was the
    wave's last audience, the wave is closed and `wave_closed` is sent.
    """
    with practice_scope(practice_id):
        wave = Wave.objects.select_for_update(no_key=True).get(audiences=wave_audience_id)
        wave_audience = _lock_audience(wave_audience_id)
        if wave_audience.state == AudienceState.RELEASED:
            return False
        if wave_audience.state not in UNRELEASED:
            raise WrongStateError(_("Only an audience that was launched can be released."))
        # Taken first: answers being finished right now hold their ledger row, so this waits for them.
        # Visits by open links have no ledger; they hold their draft instead.
        ledger = list(LedgerEntry.objects.select_for_update().filter(wave_audience=wave_audience))
        if wave_audience.channel == Channel.OPEN:
            list(Draft.objects.select_for_update().filter(wave_audience=wave_audience).values_list("pk"))
        refresh_totals(wave_audience)
        if wave_audience.mode == Mode.CONFIDENTIAL:
            _release_confidential(wave_audience)
        else:
            _keep_partial_answers(wave_audience, ledger)
        Draft.objects.filter(wave_audience=wave_audience).delete()
        give_together(wave_audience, [entry.recipient_id for entry in ledger if entry.wants_receipt])
        _rewrite_ledger(wave_audience, ledger)
        _mark_released(wave_audience)
        running = WaveAudience.objects.filter(wave=wave, state__in=[AudienceState.SCHEDULED, *UNRELEASED])
        if not running.exists():
            wave.closed_at = timezone.now()
            wave.save(update_fields=["closed_at"])
            wave_closed.send(sender=Wave, wave=wave)
    return True


def refresh_totals(wave_audience: WaveAudience) -> None:
    """Write how many started (drafts and finished) and finished; nothing for groups whose totals must stay hidden."""
    asked, finished = _counts(wave_audience)
    started = finished + Draft.objects.filter(wave_audience=wave_audience).count()
    shown = {
        "started": safe_total(started, invited=asked),
        "finished": safe_total(finished, invited=asked),
    }
    wave_audience.totals = {name: value for name, value in shown.items() if value is not None}
    wave_audience.totals_at = timezone.now()
    wave_audience.save(update_fields=["totals", "totals_at"])


def _counts(wave_audience: WaveAudience) -> tuple[int, int]:
    """Return how many people the answers of an audience hide among, and how many finished.

    By personal links those are the invited; by open links nobody is, so only those who began can be counted.
    """
    if wave_audience.channel == Channel.INVITED:
        ledger = LedgerEntry.objects.filter(wave_audience=wave_audience)
        return ledger.count(), ledger.filter(submitted=True).count()
    of_channel = {"wave_audience": wave_audience}
    finished = SpoolEntry.objects.filter(**of_channel).count() + Response.objects.filter(**of_channel).count()
    return finished + Draft.objects.filter(**of_channel).count(), finished


def are_totals_stale(wave_audience: WaveAudience, now: datetime) -> bool:
    """Tell whether the totals are older than an hour; until then nobody sees a count move with one answer."""
    return wave_audience.totals_at is None or now - wave_audience.totals_at >= timedelta(hours=1)


def _lock_audience(wave_audience_id: UUID) -> WaveAudience:
    # "no key": answers that refer to the audience are inserted meanwhile without waiting.
    return WaveAudience.objects.select_for_update(no_key=True).get(pk=wave_audience_id)


def _shuffled(rows: Iterable[ItemT]) -> list[ItemT]:
    mixed = list(rows)
    _random.shuffle(mixed)
    return mixed


def _unsealed(
    wave_audience: WaveAudience, entries: Iterable[SpoolEntry]
) -> list[tuple[UUID, FinishedAnswer]]:
    if wave_audience.mixing_key is None:
        raise WrongStateError(_("The answers of this audience were mixed already."))
    key = unwrap_key(bytes(wave_audience.mixing_key), MIXING)
    return [(entry.pk, open_answer(key, bytes(entry.sealed))) for entry in entries]


def _insert(wave_audience: WaveAudience, answers: Sequence[FinishedAnswer]) -> None:
    rows = [response_row(wave_audience, answer) for answer in _shuffled(answers)]
    Response.objects.bulk_create(rows, batch_size=CHUNK)


def response_row(wave_audience: WaveAudience, answer: FinishedAnswer, **fields: Any) -> Response:
    """Return an unsaved response with a new random id."""
    return Response(
        wave_audience=wave_audience,
        scores=answer.scores,
        record=answer.record,
        attributes=dict(answer.attributes),
        flags=answer.flags,
        **fields,
    )


def _release_confidential(wave_audience: WaveAudience) -> None:
    spool = SpoolEntry.objects.filter(wave_audience=wave_audience)
    responses = Response.objects.filter(wave_audience=wave_audience)
    waiting = list(spool)
    answers = [
        FinishedAnswer(row.scores, row.record, row.attributes, row.flags) for row in responses.iterator()
    ]
    if waiting:
        answers += [answer for _row_id, answer in _unsealed(wave_audience, waiting)]
    responses.delete()
    spool.delete()
    _insert(wave_audience, without_rare_attributes(answers))


def _keep_partial_answers(wave_audience: WaveAudience, ledger: Sequence[LedgerEntry]) -> None:
    """Turn open drafts of a named audience into partial responses; tokens are derived anew to open them."""
    drafts = {bytes(draft.key): draft for draft in Draft.objects.filter(wave_audience=wave_audience)}
    if not drafts or wave_audience.link_key is None:
        return
    form = form_of(wave_audience)
    open_ids = [entry.recipient_id for entry in ledger if not entry.submitted]
    for recipient in Recipient.objects.filter(pk__in=open_ids):
        token = links.token_for(wave_audience, recipient)
        draft = drafts.get(draft_key(token))
        if draft is None:
            continue
        content = unseal_draft(token, bytes(draft.sealed))
        record = settle(form, token, content, recipient.attributes)
        if share_answered(form, content.scores) < MIN_PARTIAL_SHARE:
            continue
        answer = FinishedAnswer(
            content.scores,
            record,
            kept_attributes(wave_audience, recipient) | order_attribute(form, token),
            flag_response(form, content.scores, seconds=sum(content.seconds.values())),
        )
        response = response_row(wave_audience, answer, is_partial=True)
        response.save(force_insert=True)
        ResponseIdentity.objects.create(response=response, recipient=recipient)


def kept_attributes(wave_audience: WaveAudience, recipient: Recipient) -> dict[str, Any]:
    """Return the attributes of a person that stay with the answer, as reduced and frozen at launch."""
    reduced = reduce_attributes(recipient.attributes, wave_audience.attribute_plan)
    return {name: reduced[name] for name in wave_audience.kept_attributes if name in reduced}


def _rewrite_ledger(wave_audience: WaveAudience, ledger: Sequence[LedgerEntry]) -> None:
    LedgerEntry.objects.filter(wave_audience=wave_audience).delete()
    rows = [
        LedgerEntry(wave_audience=wave_audience, recipient_id=entry.recipient_id, submitted=entry.submitted)
        for entry in _shuffled(ledger)
    ]
    LedgerEntry.objects.bulk_create(rows, batch_size=CHUNK)


def _mark_released(wave_audience: WaveAudience) -> None:
    wave_audience.state = AudienceState.RELEASED
    wave_audience.link_key = wave_audience.mixing_key = None
    wave_audience.closes_at = wave_audience.closes_at or timezone.now()
    wave_audience.save(update_fields=["state", "link_key", "mixing_key", "closes_at"])
    audit.record("audience.released", wave_audience, actor=None)
