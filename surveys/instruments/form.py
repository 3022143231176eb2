"""Forms as respondents see them: pages, questions and the fixed slots of the packed answer row."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

from surveys.instruments.definition import Option, Role, Scale, ShowIf

MISSING = -32768
CANNOT_JUDGE = -32767
NO_STANDARD = -32766
NOT_ASKED = -32765
CANNOT_JUDGE_VALUE = "cj"
NO_STANDARD_VALUE = "ns"
COMPANY = "{company}"
ATTRIBUTE = re.compile(r"\{attribute:([^{}|]{1,100})\|([^{}|]{1,200})\}")
"""An attribute of the person in a text, with the words that stand there for people who do not have it."""

_CANNOT_JUDGE_VALUES = frozenset({CANNOT_JUDGE_VALUE, "na"})
_INTEGER = re.compile(r"-?[0-9]{1,5}")


def is_value(score: int) -> bool:
    """Tell whether a packed score is a value on its scale, not one of the four codes."""
    return score > NOT_ASKED


def fill_company(text: str, company: str) -> str:
    """Put the client's name where the instrument says {company}; nothing else is interpreted."""
    return text.replace(COMPANY, company)


def fill_attributes(text: str, attributes: Mapping[str, Any]) -> str:
    """Put a person's attributes, or the words without them, where a text asks for them; values are never read again."""
    return ATTRIBUTE.sub(lambda found: str(attributes.get(found[1]) or found[2]), text)


@dataclass(frozen=True)
class Slot:
    """One place in the packed answer row; `code` is also the HTML field name."""

    code: str
    index: int
    state: str
    item: str
    group: str
    scale: Scale
    label: str
    role: Role | Literal["readiness", "outcome"]
    reversed: bool = False
    cannot_judge: bool = True
    no_standard: bool = False


@dataclass(frozen=True)
class Question:
    """One question; ratings and number questions fill slots, the others are kept by their own code.

    `is_halved`: a random half of such questions is asked of each person.
    """

    code: str
    kind: Literal["ratings", "choice", "multi", "text", "number"]
    text: str
    help: str = ""
    slots: tuple[Slot, ...] = ()
    options: tuple[Option, ...] = ()
    max_choices: int = 0
    max_length: int = 0
    block: str = ""
    show_if: ShowIf | None = None
    is_halved: bool = False

    @property
    def field_names(self) -> tuple[str, ...]:
        """Names of the HTML fields of the question."""
        return tuple(slot.code for slot in self.slots) or (self.code,)


@dataclass(frozen=True)
class Page:
    """One page; `group` is the dimension or pillar it asks about, empty for blocks."""

    key: str
    kind: Literal["dimension", "readiness", "blocks"]
    title: str
    intro: str
    questions: tuple[Question, ...]
    group: str = ""
    first_for_half: bool = False

    @cached_property
    def has_conditions(self) -> bool:
        """Tell whether a question of the page is asked of some only."""
        return any(question.show_if is not None for question in self.questions)

    @cached_property
    def placeholders(self) -> tuple[str, ...]:
        """Placeholders of attributes in the texts of the page, each once."""
        found: dict[str, None] = {}

        def note(text: str) -> str:
            found.update(dict.fromkeys(match[0] for match in ATTRIBUTE.finditer(text)))
            return text

        self._changed(note)
        return tuple(found)

    def for_company(self, company: str) -> "Page":
        """The page with the client's name in every text."""
        return self._changed(lambda text: fill_company(text, company))

    def with_texts(self, text_of: Callable[[str], str]) -> "Page":
        """The page with the text that stands for each placeholder of an attribute; the same page without any."""
        if not self.placeholders:
            return self
        return self._changed(lambda text: ATTRIBUTE.sub(lambda found: text_of(found[0]), text))

    def _changed(self, change: Callable[[str], str]) -> "Page":
        return replace(
            self,
            title=change(self.title),
            intro=change(self.intro),
            questions=tuple(_changed_question(question, change) for question in self.questions),
        )


class AnswerProblem(str):
    """What is wrong with one field, in English; `code` and `params` let a page say it in another language."""

    code: str
    params: dict[str, str | int]

    def __new__(cls, code: str, text: str, **params: str | int) -> "AnswerProblem":
        problem = super().__new__(cls, text.format(**params))
        problem.code, problem.params = code, params
        return problem


class PageAnswers(NamedTuple):
    """What one page said: scores by slot code, choices and texts by question code, problems by field name."""

    scores: dict[str, int]
    choices: dict[str, list[str]]
    texts: dict[str, str]
    problems: dict[str, AnswerProblem]


@dataclass(frozen=True)
class Form:
    """The questionnaire of one audience; `slots` fixes the order of the packed smallint row."""

    code: str
    audience: str
    title: str
    headline: str
    intro: str
    minutes: int
    pages: tuple[Page, ...]
    slots: tuple[Slot, ...]
    slot_index: Mapping[str, int]
    core_slots: tuple[int, ...]
    least: int = 0

    @cached_property
    def has_conditions(self) -> bool:
        """Tell whether somebody is asked other questions than the others, by condition or by planned halves."""
        return any(page.has_conditions or any(q.is_halved for q in page.questions) for page in self.pages)

    @cached_property
    def chances(self) -> Mapping[str, float]:
        """Chance of each slot to be asked: 1, or 1/2 of a planned half."""
        return {
            slot.code: 0.5 if question.is_halved else 1.0
            for page in self.pages
            for question in page.questions
            for slot in question.slots
        }

    @property
    def n_ratings(self) -> int:
        """Number of values to give on scales."""
        return len(self.slots)

    @property
    def states(self) -> tuple[str, ...]:
        """States asked in this form, in order."""
        return tuple(dict.fromkeys(self.slots[index].state for index in self.core_slots))

    def page(self, key: str) -> Page:
        """The page with this key; KeyError when there is none."""
        for page in self.pages:
            if page.key == key:
                return page
        raise KeyError(key)

    def blank_scores(self) -> list[int]:
        """A packed row in which nothing is answered."""
        return [MISSING] * len(self.slots)

    def pack(self, scores: Mapping[str, int]) -> list[int]:
        """Packed row of scores by slot code; KeyError for a slot the form does not have."""
        row = self.blank_scores()
        for code, value in scores.items():
            row[self.slot_index[code]] = value
        return row

    def validate_answers(self, page: Page, posted: Mapping[str, list[str]]) -> PageAnswers:
        """Read the posted fields of one page strictly; see `PageAnswers`.

        Every slot of the page appears in `scores` unless its field has a problem: empty = MISSING, "cj" = cannot
        judge, "ns" = no standard exists. Fields that do not belong to the page are problems; buttons and the like
        must be taken out before. Texts are kept without surrounding space.
        """
        answers = PageAnswers({}, {}, {}, {})
        known: set[str] = set()
        for question in page.questions:
            known.update(question.field_names)
            if question.slots:
                for slot in question.slots:
                    _read_rating(slot, posted.get(slot.code, []), answers)
            elif question.kind == "text":
                _read_text(question, posted.get(question.code, []), answers)
            else:
                _read_choice(question, posted.get(question.code, []), answers)
        for name in posted:
            if name not in known:
                answers.problems[name] = AnswerProblem(
                    "unknown", "{field}: this page has no such question.", field=name
                )
        return answers


def _changed_question(question: Question, change: Callable[[str], str]) -> Question:
    return replace(
        question,
        text=change(question.text),
        help=change(question.help),
        slots=tuple(replace(slot, label=change(slot.label)) for slot in question.slots),
        options=tuple(Option(option.value, change(option.label)) for option in question.options),
    )


def _given(values: list[str]) -> list[str]:
    return [value.strip() for value in values if value.strip()]


def _read_rating(slot: Slot, values: list[str], answers: PageAnswers) -> None:
    given = _given(values)
    low, high = slot.scale.low, slot.scale.high
    if not given:
        answers.scores[slot.code] = MISSING
    elif len(given) > 1:
        answers.problems[slot.code] = AnswerProblem("several", "{field}: choose one answer.", field=slot.code)
    elif given[0] in _CANNOT_JUDGE_VALUES and slot.cannot_judge:
        answers.scores[slot.code] = CANNOT_JUDGE
    elif given[0] == NO_STANDARD_VALUE and slot.no_standard:
        answers.scores[slot.code] = NO_STANDARD
    elif not _INTEGER.fullmatch(given[0]):
        text = "{field}: give a whole number from {low} to {high}."
        answers.problems[slot.code] = AnswerProblem("number", text, field=slot.code, low=low, high=high)
    elif not low <= int(given[0]) <= high:
        text = "{field}: {value} is outside {low} to {high}."
        answers.problems[slot.code] = AnswerProblem(
            "range", text, field=slot.code, value=int(given[0]), low=low, high=high
        )
    else:
        answers.scores[slot.code] = int(given[0])


def _read_choice(question: Question, values: list[str], answers: PageAnswers) -> None:
    given = list(dict.fromkeys(_given(values)))
    most = question.max_choices if question.kind == "multi" else 1
    known = [option.value for option in question.options]
    code = question.code
    if any(value not in known for value in given):
        answers.problems[code] = AnswerProblem(
            "option", "{field}: choose from the answers offered.", field=code
        )
    elif len(given) > most:
        answers.problems[code] = AnswerProblem(
            "many", "{field}: choose at most {most}, not {given}.", field=code, most=most, given=len(given)
        )
    else:
        answers.choices[code] = sorted(given, key=known.index)


def _read_text(question: Question, values: list[str], answers: PageAnswers) -> None:
    given = _given(values)
    text = given[0].replace("\r\n", "\n") if given else ""
    code, most = question.code, question.max_length
    if len(given) > 1:
        answers.problems[code] = AnswerProblem("several", "{field}: give one text.", field=code)
    elif len(text) > most:
        answers.problems[code] = AnswerProblem(
            "long",
            "{field}: the text is {excess} characters too long (at most {most}).",
            field=code,
            excess=len(text) - most,
            most=most,
        )
    elif "\x00" in text:
        answers.problems[code] = AnswerProblem(
            "character", "{field}: the text holds a character that cannot be kept.", field=code
        )
    else:
        answers.texts[code] = text
