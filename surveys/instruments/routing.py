"""Which questions one person is asked, and in which order: conditions, planned halves, random orders.

Everything random follows from the person's token, so it is the same on every device and for every request, and nobody
without the token can tell it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from surveys.instruments.definition import ShowIf
from surveys.instruments.form import MISSING, NOT_ASKED, Form, Page, Question

OUTCOMES_FIRST: Final = "outcomes first"
RATINGS_FIRST: Final = "ratings first"


def pages_for(form: Form, token: str) -> tuple[Page, ...]:
    """The pages of one person: dimensions shuffled, planned halves drawn, and the pages that half of all see first.

    Conditions are not looked at: they depend on answers, see `shown_page`.
    """
    shuffled = iter(
        sorted(
            (page for page in form.pages if page.kind == "dimension"),
            key=lambda page: _draw(token, f"order|{token}|{page.key}"),
        )
    )
    pages = [next(shuffled) if page.kind == "dimension" else page for page in form.pages]
    if order_for(form, token) == OUTCOMES_FIRST:
        pages.sort(key=lambda page: not page.first_for_half)
    return tuple(_with_half(page, token) for page in pages)


def order_for(form: Form, token: str) -> str:
    """Which order the person gets; an empty text where the form has one order for all."""
    if not any(page.first_for_half for page in form.pages):
        return ""
    return OUTCOMES_FIRST if _draw(token, f"first|{token}")[0] & 1 else RATINGS_FIRST


def _draw(token: str, what: str) -> bytes:
    return hashlib.sha256(what.encode()).digest() if token else b"\x00"


def _with_half(page: Page, token: str) -> Page:
    """The page with a random half of the questions asked of half of all people; of an odd one a coin decides."""
    halved = [question for question in page.questions if question.is_halved]
    if not halved or not token:
        return page
    halved.sort(key=lambda question: _draw(token, f"half|{token}|{question.code}"))
    coin = _draw(token, f"half|{token}|{page.key}")[0] & 1
    n = (len(halved) + coin) // 2
    left_out = {question.code for question in halved[n:]}
    return replace(page, questions=tuple(one for one in page.questions if one.code not in left_out))


class Answers:
    """What a person has answered so far, and what is known of them, as conditions ask for it."""

    def __init__(
        self,
        form: Form,
        scores: Sequence[int],
        choices: Mapping[str, Sequence[str]],
        attributes: Mapping[str, Any],
    ):
        self.form, self.scores, self.choices, self.attributes = form, scores, choices, attributes

    def fulfil(self, condition: ShowIf | None) -> bool:
        """Tell whether a condition holds; none holds always."""
        if condition is None:
            return True
        if condition.attribute:
            return str(self.attributes.get(condition.attribute, "")) in condition.any_of
        if condition.question in self.form.slot_index:
            return str(self.scores[self.form.slot_index[condition.question]]) in condition.any_of
        return bool(set(self.choices.get(condition.question, ())) & set(condition.any_of))


def shown_page(page: Page, answers: Answers) -> Page:
    """The page with the questions whose conditions hold; the same page where all do."""
    if not page.has_conditions:
        return page
    shown = tuple(question for question in page.questions if answers.fulfil(question.show_if))
    return page if len(shown) == len(page.questions) else replace(page, questions=shown)


def is_shown(page: Page, answers: Answers) -> bool:
    """Tell whether anything of a page is asked."""
    return not page.has_conditions or any(answers.fulfil(question.show_if) for question in page.questions)


def unasked_questions(pages: Sequence[Page], answers: Answers) -> tuple[Question, ...]:
    """Questions of the form that the person was not asked, given their pages and final answers.

    A condition on a question that was not asked itself does not hold: what hangs on it is not asked either.
    """
    form = answers.form
    gone: dict[str, Question] = {}
    asked = {question.code for page in pages for question in page.questions}
    scores, choices = list(answers.scores), dict(answers.choices)
    for page in form.pages:
        for question in page.questions:
            now = Answers(form, scores, choices, answers.attributes)
            if question.code in asked and now.fulfil(question.show_if):
                continue
            gone[question.code] = question
            choices.pop(question.code, None)
            for slot in question.slots:
                scores[slot.index] = MISSING
    return tuple(gone.values())


def mark_unasked(scores: list[int], questions: Sequence[Question]) -> None:
    """Put "not asked" into the row at every value of these questions."""
    for question in questions:
        for slot in question.slots:
            scores[slot.index] = NOT_ASKED
