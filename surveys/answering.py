"""Answering: from a personal link to exactly one finished answer per person.

Every function runs inside the practice's scope, which the caller opens once `resolve_link` has named the practice.
Where two devices or clicks meet, the last write per question wins and one finishing request wins.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from uuid import UUID

from django.db import OperationalError, connection
from django.utils.translation import activate, get_language
from django.utils.translation import gettext as _

from practice.exceptions import InvalidInputError, WrongStateError
from practice.sealing import unwrap_key
from surveys import finishing, links
from surveys.draft_store import create_draft, draft_key, unseal_draft, update_draft
from surveys.enums import AudienceState, Mode
from surveys.form_cache import AudienceCard, cached_card, form_of, read_card
from surveys.instruments import AnswerProblem, Form, Page, PageAnswers
from surveys.mixer import GRACE, MIXING, kept_attributes
from surveys.models import LedgerEntry, Recipient, WaveAudience
from surveys.quality import flag_response
from surveys.respondent_rows import read_rows
from surveys.sealed import DraftContent, FinishedAnswer

LONGEST_STAY_SECONDS = 1800.0
"""A page left open longer counts as so many seconds: the person was away."""


class Door(StrEnum):
    """Whether a respondent may answer now."""

    OPEN = "open"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    CLOSED = "closed"
    DONE = "done"


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a live link leads to."""

    practice_id: UUID
    wave_audience_id: UUID
    recipient_id: UUID


@dataclass
class Respondent:
    """A person with a live link: ledger entry (with audience, client and practice) and the open draft, if any."""

    token: str
    entry: LedgerEntry
    card: AudienceCard
    draft: DraftContent | None
    has_stored_draft: bool
    language: str

    @property
    def wave_audience(self) -> WaveAudience:
        """The audience in which the person answers."""
        return self.entry.wave_audience

    @property
    def form(self) -> Form:
        """The form of the audience in the person's language; slots and codes are the same in all."""
        return self.card.forms[self.language]

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The form's pages in this person's order: dimensions in an order of their own, everything else in place."""
        return pages_in_order(self.form, self.token)

    def door(self, now: datetime) -> Door:
        """Tell whether the person may answer at this moment; an open draft has 15 minutes more after closing."""
        audience = self.wave_audience
        if self.entry.submitted:
            return Door.DONE
        if audience.state in {AudienceState.DRAFT, AudienceState.SCHEDULED}:
            return Door.NOT_YET
        if audience.state == AudienceState.RELEASED or self._is_over(now):
            return Door.CLOSED
        if audience.state == AudienceState.PAUSED:
            return Door.PAUSED
        if audience.opens_at is not None and now < audience.opens_at:
            return Door.NOT_YET
        return Door.OPEN

    def _is_over(self, now: datetime) -> bool:
        closes_at = self.wave_audience.closes_at
        if not self.has_stored_draft and self.wave_audience.state == AudienceState.CLOSED:
            return True
        if closes_at is None:
            return self.wave_audience.state == AudienceState.CLOSED
        return now >= (closes_at + GRACE if self.has_stored_draft else closes_at)


def resolve_link(token: str) -> LinkTarget | None:
    """Return where a link leads, None for unknown, malformed and revoked ones alike; one statement in every case."""
    digest = links.digest_of(token)
    # A request's first statement: it shows whether the kept connection still lives, so no other is spent on asking.
    connection.health_check_done = True  # type: ignore[attr-defined]  # django-stubs does not know it
    try:
        found = _read_target(digest)
    except OperationalError:
        if connection.in_atomic_block:
            raise
        connection.close()
        found = _read_target(digest)
    return None if found is None else LinkTarget(*found)


def _read_target(digest: bytes) -> tuple[UUID, UUID, UUID] | None:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT practice_id, wave_audience_id, recipient_id FROM crmgap_survey_link(%s)", [digest]
        )
        found: tuple[UUID, UUID, UUID] | None = cursor.fetchone()
    return found


def load_respondent(target: LinkTarget, token: str, *, lock: str = "") -> Respondent | None:
    """Return the person behind a link with the open draft; `lock` is that of `read_rows`."""
    found = read_rows(target.recipient_id, draft_key(token), lock=lock)
    if found is None:
        return None
    entry, sealed = found
    card = cached_card(target.wave_audience_id) or read_card(target.wave_audience_id)
    draft = None if sealed is None else unseal_draft(token, sealed)
    language = language_for(tuple(card.forms), draft.language if draft else "", entry.recipient.language)
    return Respondent(token, entry, card, draft, has_stored_draft=draft is not None, language=language)


def language_for(offered: Sequence[str], *wishes: str) -> str:
    """Return the first wish that is offered, else the browser's language, else the form's own."""
    for wish in (*wishes, get_language() or ""):
        if wish in offered:
            return wish
        if (general := wish.partition("-")[0]) in offered:
            return general
    return offered[0]


def speak(respondent: Respondent, language: str = "") -> None:
    """Go on in the person's language, or in one just chosen; a choice stays in the draft when it is saved."""
    if language in respondent.card.forms and language != respondent.language:
        respondent.language = language
        respondent.__dict__.pop("pages", None)
    if language == respondent.language and respondent.draft is not None:
        respondent.draft.language = language
    activate(respondent.language)


def pages_in_order(form: Form, token: str) -> tuple[Page, ...]:
    """Return the pages with the dimensions shuffled: random between persons, fixed for a person."""

    def rank(page: Page) -> bytes:
        return hashlib.sha256(f"order|{token}|{page.key}".encode()).digest()

    shuffled = iter(sorted((page for page in form.pages if page.kind == "dimension"), key=rank))
    return tuple(next(shuffled) if page.kind == "dimension" else page for page in form.pages)


def open_form(respondent: Respondent, now: datetime) -> None:
    """Begin, or go on where the person stopped; the time of the next page counts from here."""
    if respondent.draft is None:
        respondent.draft = DraftContent(respondent.form.blank_scores(), language=respondent.language)
    respondent.draft.clock = now.timestamp()
    save_draft(respondent)


def take_page(
    respondent: Respondent, number: int, posted: Mapping[str, list[str]], *, now: datetime, position: int
) -> PageAnswers:
    """Take what one page (0-based `number` in the person's order) says into the draft; problems are left out.

    `position` is the page to go on with after a break; it stays on this page while it has problems. Nothing is
    written yet: `save_draft` or `finish` follows in the same transaction.
    """
    page, form = respondent.pages[number], respondent.form
    answers = form.validate_answers(page, posted)
    draft = respondent.draft
    if draft is None:
        draft = DraftContent(form.blank_scores(), clock=now.timestamp())
    _merge(form, page, draft, answers, posted)
    draft.position = number if answers.problems else position
    stay = min(max(now.timestamp() - draft.clock, 0.0), LONGEST_STAY_SECONDS)
    draft.seconds[page.key] = round(draft.seconds.get(page.key, 0.0) + stay, 1)
    draft.clock = now.timestamp()
    respondent.draft = draft
    return answers


def save_draft(respondent: Respondent) -> None:
    """Write the draft as it is now."""
    if respondent.draft is None:
        return
    if respondent.has_stored_draft:
        update_draft(respondent.token, respondent.draft)
    else:
        create_draft(respondent.wave_audience, respondent.token, respondent.draft)
    respondent.has_stored_draft = True


def _merge(
    form: Form, page: Page, draft: DraftContent, answers: PageAnswers, posted: Mapping[str, Sequence[str]]
) -> None:
    # A field that was not posted says nothing (another device may have answered it), except ticks: none is an answer.
    for code, score in answers.scores.items():
        if code in posted:
            draft.scores[form.slot_index[code]] = score
    ticks = {question.code for question in page.questions if question.kind == "multi"}
    draft.choices.update(
        {code: chosen for code, chosen in answers.choices.items() if code in posted or code in ticks}
    )
    draft.texts.update({code: text for code, text in answers.texts.items() if code in posted})


def finish(respondent: Respondent) -> bool:
    """Turn the draft into the person's one answer; False when it has been sent before."""
    draft = respondent.draft
    if draft is None:
        raise WrongStateError(_("There are no answers to send yet."))
    seen = [slot.index for page in respondent.pages for question in page.questions for slot in question.slots]
    flags = flag_response(respondent.form, draft.scores, seconds=sum(draft.seconds.values()), seen=seen)
    answer = finished_answer(respondent.wave_audience, respondent.entry.recipient, draft, flags)
    return _record(
        respondent.entry, answer, draft_key(respondent.token), links.withdrawal_key(respondent.token)
    )


def submit_answers(
    *, recipient: Recipient, answers: Mapping[str, Sequence[str]], seconds: float | None = None
) -> None:
    """Record a whole answer at once, through the same checks as the pages; fields are named as on the pages.

    Raises InvalidInputError (nothing is stored) and WrongStateError when the audience is not open or has the answer.
    """
    entry = (
        LedgerEntry.objects.select_for_update(of=("self",))
        .select_related("recipient", "wave_audience__wave")
        .get(recipient=recipient)
    )
    if entry.submitted or entry.wave_audience.state != AudienceState.OPEN:
        raise WrongStateError(_("This person cannot answer now."))
    form = form_of(entry.wave_audience)
    draft = DraftContent(form.blank_scores())
    problems: dict[str, AnswerProblem] = {}
    left = dict(answers)
    for page in form.pages:
        names = [name for question in page.questions for name in question.field_names]
        posted = {name: list(left.pop(name)) for name in names if name in left}
        checked = form.validate_answers(page, posted)
        problems |= checked.problems
        _merge(form, page, draft, checked, posted)
    if problems or left:
        fields = {name: str(problem) for name, problem in problems.items()}
        fields |= {name: _("The form has no such question.") for name in left}
        raise InvalidInputError(_("Some answers do not fit the form."), fields=fields)
    flags = flag_response(form, draft.scores, seconds=seconds)
    answer = finished_answer(entry.wave_audience, entry.recipient, draft, flags)
    _record(entry, answer, b"", None)


def finished_answer(
    wave_audience: WaveAudience, recipient: Recipient, draft: DraftContent, flags: list[str]
) -> FinishedAnswer:
    """Return a draft as a finished answer: empty choices and texts are left out, kept attributes come along."""
    record = {
        "choices": {code: chosen for code, chosen in draft.choices.items() if chosen},
        "texts": {code: text for code, text in draft.texts.items() if text},
    }
    return FinishedAnswer(draft.scores, record, kept_attributes(wave_audience, recipient), flags)


def _record(entry: LedgerEntry, answer: FinishedAnswer, key: bytes, withdrawal: bytes | None) -> bool:
    changed = LedgerEntry.objects.filter(pk=entry.pk, submitted=False).update(submitted=True)
    if not changed:
        return False
    audience = entry.wave_audience
    if audience.mode == Mode.NAMED:
        finishing.store_named(audience, entry.recipient_id, answer, key)
        return True
    if audience.mixing_key is None:
        raise WrongStateError(_("This audience takes no answers any more."))
    mixing_key = unwrap_key(bytes(audience.mixing_key), MIXING)
    finishing.store_confidential(audience, mixing_key, answer, key, withdrawal)
    return True
