"""Answering: from a personal link to exactly one finished answer per person.

Every function runs inside the practice's scope, which the caller opens once `resolve_link` has named the practice.
Where two devices or clicks meet, the last write per question wins and one finishing request wins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cached_property
from typing import Final
from uuid import UUID

from django.db import OperationalError, connection
from django.utils.translation import activate, get_language
from django.utils.translation import gettext as _

from practice import statements
from practice.exceptions import InvalidInputError, WrongStateError
from practice.sealing import unwrap_key
from surveys import finishing, links, receipts
from surveys.draft_store import create_draft, draft_key, unseal_draft, update_draft
from surveys.enums import AudienceState, Mode
from surveys.form_cache import AudienceCard, cached_card, form_of, read_card
from surveys.instruments import AnswerProblem, Form, Page, PageAnswers
from surveys.instruments.routing import Answers, is_shown, pages_for, shown_page
from surveys.mixer import GRACE, MIXING, kept_attributes
from surveys.models import LedgerEntry, Recipient, WaveAudience
from surveys.quality import flag_response
from surveys.respondent_rows import OpenDoor, read_rows, read_visit
from surveys.sealed import DraftContent, FinishedAnswer
from surveys.settling import order_attribute, settle

LONGEST_STAY_SECONDS = 1800.0
"""A page left open longer counts as so many seconds: the person was away."""

FIND_LINK: Final = "SELECT practice_id, wave_audience_id, recipient_id FROM crmgap_survey_link(%s)"
FIND_OPEN_LINK: Final = "SELECT practice_id, wave_audience_id, open_link_id FROM crmgap_open_link(%s)"


class Door(StrEnum):
    """Whether a respondent may answer now."""

    OPEN = "open"
    NOT_YET = "not_yet"
    PAUSED = "paused"
    CLOSED = "closed"
    DONE = "done"
    FULL = "full"


@dataclass(frozen=True, slots=True)
class LinkTarget:
    """What a live link leads to: a person of the roster, or (by an open link) nobody known."""

    practice_id: UUID
    wave_audience_id: UUID
    recipient_id: UUID | None
    open_link_id: UUID | None = None


@dataclass
class Respondent:
    """A person with a live link: ledger entry (with audience, client and practice) and the open draft, if any.

    A visit by an open link has an entry that is stored nowhere: its draft is all there is of it.
    """

    token: str
    entry: LedgerEntry
    card: AudienceCard
    draft: DraftContent | None
    has_stored_draft: bool
    language: str
    open_door: OpenDoor | None = None

    @property
    def wave_audience(self) -> WaveAudience:
        """The audience in which the person answers."""
        return self.entry.wave_audience

    @property
    def form(self) -> Form:
        """The form of the audience in the person's language; slots and codes are the same in all."""
        return self.card.forms[self.language]

    @property
    def is_at_kiosk(self) -> bool:
        """Tell whether the next person will answer on this device."""
        return self.open_door is not None and self.open_door.is_kiosk

    @cached_property
    def pages(self) -> tuple[Page, ...]:
        """The pages in this person's order with what is asked of this person; conditions aside, see `page_at`."""
        return pages_for(self.form, self.token)

    def _answers(self) -> Answers:
        draft = self.draft or DraftContent(self.form.blank_scores())
        return Answers(self.form, draft.scores, draft.choices, self.entry.recipient.attributes)

    def page_at(self, number: int) -> Page:
        """One page (0-based) with the questions whose conditions hold now."""
        page = self.pages[number]
        return shown_page(page, self._answers()) if page.has_conditions else page

    def is_page_shown(self, number: int) -> bool:
        """Tell whether there is such a page (0-based) and anything on it is asked now."""
        if not 0 <= number < len(self.pages):
            return False
        page = self.pages[number]
        return not page.has_conditions or is_shown(page, self._answers())

    def place_of(self, number: int) -> tuple[int, int]:
        """Place of a page among the pages shown now (0-based), and how many those are."""
        if not self.form.has_conditions:
            return number, len(self.pages)
        shown = [place for place in range(len(self.pages)) if self.is_page_shown(place)]
        return sum(place < number for place in shown), len(shown)

    def nearest_shown(self, number: int, step: int) -> int:
        """The page to go on with: this one, or the next one shown in the direction of the step, else the last one."""
        while 0 <= number < len(self.pages) and not self.is_page_shown(number):
            number += step
        if 0 <= number < len(self.pages):
            return number
        shown = [place for place in range(len(self.pages)) if self.is_page_shown(place)]
        return shown[-1 if step > 0 else 0] if shown else 0

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
    """Return where a link leads, None for unknown, malformed and revoked ones alike; one statement in every case.

    The token of a visit leads to its open link.
    """
    if link := links.link_of_visit(token):
        return resolve_open_link(link)
    found = _first_statement(FIND_LINK, links.digest_of(token))
    return None if found is None else LinkTarget(*found)


def resolve_open_link(token: str) -> LinkTarget | None:
    """Return where an open link leads, None for unknown, malformed and switched-off ones alike; one statement."""
    found = _first_statement(FIND_OPEN_LINK, links.digest_of(token))
    return None if found is None else LinkTarget(found[0], found[1], None, found[2])


def _first_statement(statement: str, digest: bytes) -> tuple[UUID, UUID, UUID] | None:
    # A request's first statement: it shows whether the kept connection still lives, so no other is spent on asking.
    connection.health_check_done = True  # type: ignore[attr-defined]  # django-stubs does not know it
    try:
        return _read_target(statement, digest)
    except OperationalError:
        if connection.in_atomic_block:
            raise
        connection.close()
        return _read_target(statement, digest)


def _read_target(statement: str, digest: bytes) -> tuple[UUID, UUID, UUID] | None:
    return statements.first(statement, [digest])


def load_respondent(target: LinkTarget, token: str, *, lock: str = "") -> Respondent | None:
    """Return the person behind a link with the open draft; `lock` is that of `read_rows`."""
    if target.recipient_id is None:
        return _load_visit(target, token, is_locked=bool(lock))
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


def _load_visit(target: LinkTarget, token: str, *, is_locked: bool) -> Respondent | None:
    if target.open_link_id is None:
        return None
    found = read_visit(target.open_link_id, draft_key(token), lock=is_locked)
    return None if found is None else visit_at(*found, token)


def visit_at(door: OpenDoor, sealed: bytes | None, token: str) -> Respondent:
    """Return a visit by an open link; one without a draft was finished, or ended with the survey."""
    audience = door.audience
    card = cached_card(audience.pk) or read_card(audience.pk)
    draft = None if sealed is None else unseal_draft(token, sealed)
    entry = LedgerEntry(submitted=draft is None and audience.state != AudienceState.RELEASED)
    entry.wave_audience, entry.recipient = audience, Recipient(attributes=door.attributes)
    language = language_for(tuple(card.forms), draft.language if draft else "")
    return Respondent(
        token, entry, card, draft, has_stored_draft=draft is not None, language=language, open_door=door
    )


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
    page, form = respondent.page_at(number), respondent.form
    answers = form.validate_answers(page, posted)
    draft = respondent.draft
    if draft is None:
        draft = DraftContent(form.blank_scores(), clock=now.timestamp())
    _merge(form, page, draft, answers, posted)
    respondent.draft = draft
    step = -1 if position < number else 1
    draft.position = number if answers.problems else respondent.nearest_shown(position, step)
    stay = min(max(now.timestamp() - draft.clock, 0.0), LONGEST_STAY_SECONDS)
    draft.seconds[page.key] = round(draft.seconds.get(page.key, 0.0) + stay, 1)
    draft.clock = now.timestamp()
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


def finish(respondent: Respondent, *, wants_receipt: bool = False) -> bool:
    """Turn the draft into the person's one answer; False when it has been sent before.

    `wants_receipt` stands beside the answer nowhere: see surveys/receipts.py.
    """
    draft = respondent.draft
    if draft is None:
        raise WrongStateError(_("There are no answers to send yet."))
    form, recipient = respondent.form, respondent.entry.recipient
    record = settle(form, respondent.token, draft, recipient.attributes)
    seen = [slot.index for page in respondent.pages for question in page.questions for slot in question.slots]
    flags = flag_response(respondent.form, draft.scores, seconds=sum(draft.seconds.values()), seen=seen)
    flags += draft.marks
    attributes = kept_attributes(respondent.wave_audience, recipient) | order_attribute(
        form, respondent.token
    )
    answer = FinishedAnswer(draft.scores, record, attributes, flags)
    key, withdrawal = draft_key(respondent.token), links.withdrawal_key(respondent.token)
    if respondent.open_door is not None:
        return _record_visit(respondent.open_door, answer, key, withdrawal)
    return _record(respondent.entry, answer, key, withdrawal, wants_receipt=wants_receipt)


def _record_visit(door: OpenDoor, answer: FinishedAnswer, key: bytes, withdrawal: bytes) -> bool:
    """Record the answer of a visit, whose draft the caller holds locked: only one request can find it."""
    mixing_key = _mixing_key(door.audience)
    finishing.store_visit(door.audience, door.link_id, mixing_key, answer, key, withdrawal)
    return True


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
    record = settle(form, "", draft, entry.recipient.attributes)
    flags = flag_response(form, draft.scores, seconds=seconds)
    attributes = kept_attributes(entry.wave_audience, entry.recipient)
    answer = FinishedAnswer(draft.scores, record, attributes, flags)
    _record(entry, answer, b"", None)


def _record(
    entry: LedgerEntry,
    answer: FinishedAnswer,
    key: bytes,
    withdrawal: bytes | None,
    *,
    wants_receipt: bool = False,
) -> bool:
    audience = entry.wave_audience
    is_named = audience.mode == Mode.NAMED
    open_entry = LedgerEntry.objects.filter(pk=entry.pk, submitted=False)
    if not open_entry.update(submitted=True, wants_receipt=wants_receipt and not is_named):
        return False
    if is_named:
        finishing.store_named(audience, entry.recipient_id, answer, key)
        if wants_receipt:
            receipts.give_now(audience, entry.recipient_id)
        return True
    finishing.store_confidential(audience, _mixing_key(audience), answer, key, withdrawal)
    return True


def _mixing_key(audience: WaveAudience) -> bytes:
    if audience.mixing_key is None:
        raise WrongStateError(_("This audience takes no answers any more."))
    return unwrap_key(bytes(audience.mixing_key), MIXING)
