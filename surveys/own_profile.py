"""A person's own profile: means of the own answers by topic, for the one page that shows them (pure)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from surveys.instruments import NOT_ASKED, Form, Page, fill_company

PAIRS: Final = (("expectation", "perception"), ("expectation", "delivery"), ("expectation", "belief"))
"""Roles compared, what should be first; the first pair that a form asks in full is taken."""


@dataclass(frozen=True, slots=True)
class OwnTopic:
    """One topic with the means of the own answers; None = nothing answered."""

    name: str
    wanted: float | None
    received: float | None

    @property
    def difference(self) -> float | None:
        """Received minus wanted."""
        return None if self.wanted is None or self.received is None else self.received - self.wanted


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """Topics from the most to the least wanted, the questions behind both marks, and the ends of the scale."""

    topics: tuple[OwnTopic, ...]
    wanted_label: str
    received_label: str
    low: int
    high: int


def own_answers(form: Form, scores: Sequence[int], company: str) -> OwnAnswers | None:
    """Return the profile of these packed scores; None where a form has no such pair or nothing was answered."""
    pages = [page for page in form.pages if page.kind == "dimension"]
    roles = {slot.role for page in pages for question in page.questions for slot in question.slots}
    pair = next((pair for pair in PAIRS if roles >= set(pair)), None)
    if pair is None:
        return None
    topics = [
        OwnTopic(fill_company(page.title, company), *(_mean(_given(page, role, scores)) for role in pair))
        for page in pages
    ]
    answered = [topic for topic in topics if topic.wanted is not None or topic.received is not None]
    if not answered:
        return None
    answered.sort(key=lambda topic: (topic.wanted is None, -(topic.wanted or 0)))
    slots = [slot for slot in form.slots if slot.role in pair]
    labels = [fill_company(next(slot.label for slot in slots if slot.role == role), company) for role in pair]
    return OwnAnswers(tuple(answered), labels[0], labels[1], slots[0].scale.low, slots[0].scale.high)


def _given(page: Page, role: str, scores: Sequence[int]) -> list[int]:
    return [
        scores[slot.index]
        for question in page.questions
        for slot in question.slots
        if slot.role == role and scores[slot.index] > NOT_ASKED
    ]


def _mean(values: Iterable[int]) -> float | None:
    found = list(values)
    return sum(found) / len(found) if found else None
