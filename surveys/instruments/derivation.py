"""Derives the forms of an instrument: pages, questions and the fixed order of slots."""

import math
from collections.abc import Iterator

from surveys.instruments.definition import (
    Audience,
    Block,
    Dimension,
    FormPlan,
    Item,
    Option,
    Pillar,
    Section,
    State,
)
from surveys.instruments.form import Form, Page, Question, Slot
from surveys.instruments.instrument import Definition

READINESS_STATE = "RA"
SECONDS_PER_RATING = 7
SECONDS_PER_CHOICE = 8
SECONDS_PER_TEXT = 25
EVERYBODY = 2
"""Items of this mark are asked of everybody, also where the others are halved."""


def derive_form(definition: Definition, plan: FormPlan) -> Form:
    """The form of one plan; KeyError when the definition has not passed its checks."""
    builder = _FormBuilder(definition, plan)
    pages = tuple(page for section in plan.sections for page in builder.pages(section))
    slots = tuple(builder.slots)
    return Form(
        code=plan.code,
        audience=plan.audience,
        title=plan.title,
        headline=plan.headline,
        intro=plan.intro,
        minutes=plan.minutes or math.ceil(seconds_of(pages) / 60),
        pages=pages,
        slots=slots,
        slot_index={slot.code: slot.index for slot in slots},
        core_slots=tuple(builder.core),
        least=plan.least,
    )


def seconds_of(pages: tuple[Page, ...]) -> int:
    """Time the questions take, in seconds, by the rates above."""
    seconds = 0.0
    for page in pages:
        for question in page.questions:
            if question.slots:
                own = SECONDS_PER_RATING * len(question.slots)
            else:
                own = SECONDS_PER_TEXT if question.kind == "text" else SECONDS_PER_CHOICE
            seconds += own / 2 if question.is_halved else own
    return round(seconds)


class _FormBuilder:
    """Builds the pages of one plan and hands out slots in the order in which they are asked."""

    def __init__(self, definition: Definition, plan: FormPlan) -> None:
        self.definition = definition
        self.audience: Audience = next(a for a in definition.audiences if a.code == plan.audience)
        self.states = {state.code: state for state in definition.states}
        self.slots: list[Slot] = []
        self.core: list[int] = []

    def pages(self, section: Section) -> Iterator[Page]:
        if section.kind == "dimensions" and section.together:
            questions = [q for d in self.definition.dimensions for q in self._dimension_questions(section, d)]
            yield Page(section.key, "dimension", section.title, self._intro(section), tuple(questions))
        elif section.kind == "dimensions":
            for dimension in self.definition.dimensions:
                yield self._dimension_page(section, dimension)
        elif section.kind == "readiness":
            pillars = {pillar.code: pillar for pillar in self.definition.pillars}
            for code in section.pillars or tuple(pillars):
                yield self._readiness_page(section, pillars[code])
        else:
            yield self._block_page(section)

    def _text(self, item: Item) -> str:
        return item.wordings[self.audience.wording]

    def _intro(self, section: Section) -> str:
        """The section's own words, and the full question of each optional state that is asked beside the others."""
        asked = [self.states[code].stem for code in section.states if self.states[code].optional]
        return " ".join([section.intro, *asked]).strip()

    def _dimension_questions(self, section: Section, dimension: Dimension) -> Iterator[Question]:
        for item in dimension.items:
            if item.mark < section.min_mark:
                continue
            asked = [code for code in section.states if item.is_asked_in(code)]
            if not asked:
                continue
            slots = tuple(self._core_slot(self.states[code], dimension, item) for code in asked)
            is_halved = section.halved and item.mark < EVERYBODY
            yield Question(item.code, "ratings", self._text(item), slots=slots, is_halved=is_halved)

    def _dimension_page(self, section: Section, dimension: Dimension) -> Page:
        return Page(
            key=dimension.code.lower(),
            kind="dimension",
            title=dimension.title,
            intro=self._intro(section),
            questions=tuple(self._dimension_questions(section, dimension)),
            group=dimension.code,
        )

    def _core_slot(self, state: State, dimension: Dimension, item: Item) -> Slot:
        slot = Slot(
            code=f"{state.code}.{item.code}",
            index=len(self.slots),
            state=state.code,
            item=item.code,
            group=dimension.code,
            scale=self.definition.scales[state.scale],
            label=state.prompt,
            role=state.role,
            reversed=item.reversed,
            cannot_judge=self.definition.scales[state.scale].cannot_judge,
            no_standard=state.no_standard,
        )
        self.slots.append(slot)
        self.core.append(slot.index)
        return slot

    def _readiness_page(self, section: Section, pillar: Pillar) -> Page:
        questions = []
        for factor in pillar.factors:
            for item in factor.items:
                slot = self._plain_slot(f"{READINESS_STATE}.{item.code}", item, factor.code, pillar.scale)
                questions.append(Question(item.code, "ratings", self._text(item), slots=(slot,)))
        return Page(
            key=pillar.code.lower(),
            kind="readiness",
            title=pillar.title,
            intro=section.intro,
            questions=tuple(questions),
            group=pillar.code,
        )

    def _plain_slot(self, code: str, item: Item, group: str, scale_code: str) -> Slot:
        scale = self.definition.scales[scale_code]
        is_readiness = code != item.code
        slot = Slot(
            code=code,
            index=len(self.slots),
            state=READINESS_STATE if is_readiness else "",
            item=item.code,
            group=group,
            scale=scale,
            label="",
            role="readiness" if is_readiness else "outcome",
            reversed=item.reversed,
            cannot_judge=scale.cannot_judge,
        )
        self.slots.append(slot)
        return slot

    def _block_page(self, section: Section) -> Page:
        blocks = {block.code: block for block in self.definition.blocks}
        questions = tuple(question for code in section.blocks for question in self._questions(blocks[code]))
        return Page(
            section.key,
            "blocks",
            section.title,
            section.intro,
            questions,
            first_for_half=section.first_for_half,
        )

    def _questions(self, block: Block) -> Iterator[Question]:
        options = block.options
        if block.options_from == "dimensions":
            options = tuple(Option(entry.code, entry.importance) for entry in self.definition.dimensions)
        for item in block.items:
            if block.kind == "ratings":
                slot = self._plain_slot(item.code, item, block.code, block.scale)
                yield Question(
                    item.code,
                    "number" if slot.scale.entry == "number" else "ratings",
                    self._text(item),
                    help=block.help,
                    slots=(slot,),
                    block=block.code,
                    show_if=block.show_if,
                )
            else:
                yield Question(
                    item.code,
                    block.kind,
                    self._text(item),
                    help=block.help,
                    options=options,
                    max_choices=block.max_choices if block.kind == "multi" else 0,
                    max_length=block.max_length if block.kind == "text" else 0,
                    block=block.code,
                    show_if=block.show_if,
                )
