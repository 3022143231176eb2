"""Switches the optional parts of an instrument on or off; what is off is in no form, no gap and no figure."""

from collections.abc import Collection
from dataclasses import replace

from surveys.instruments.definition import Block, FormPlan, Gap, Section
from surveys.instruments.derivation import derive_form, seconds_of
from surveys.instruments.instrument import Definition
from surveys.instruments.languages import texts_of


def tailor(definition: Definition, components: Collection[str]) -> Definition:
    """The definition with these components on and all others off; KeyError for a code it does not have.

    The copy lists only components that are on, so it can be read back without knowing what was left out. Minutes that
    a form states are those without any component; what is switched on adds its own time.
    """
    known = {component.code for component in definition.components}
    for code in components:
        if code not in known:
            raise KeyError(code)
    tailored = _cut(definition, components)
    if not components:
        return tailored
    bare = {plan.code: _seconds(base, plan) for base in [_cut(definition, ())] for plan in base.forms}
    forms = tuple(
        replace(plan, minutes=plan.minutes + round((_seconds(tailored, plan) - bare[plan.code]) / 60))
        if plan.minutes
        else plan
        for plan in tailored.forms
    )
    return replace(tailored, forms=forms)


def _seconds(definition: Definition, plan: FormPlan) -> int:
    return seconds_of(derive_form(definition, plan).pages)


def _cut(definition: Definition, components: Collection[str]) -> Definition:
    off = [component for component in definition.components if component.code not in components]
    dimensions = {code for component in off for code in component.dimensions}
    states = {code for component in off for code in component.states}
    blocks = {code for component in off for code in component.blocks}
    reduced = replace(
        definition,
        components=tuple(component for component in definition.components if component.code in components),
        dimensions=tuple(entry for entry in definition.dimensions if entry.code not in dimensions),
        blocks=tuple(_without(block, dimensions) for block in definition.blocks if block.code not in blocks),
        gaps=tuple(_without_comparisons(gap, states) for gap in definition.gaps),
        forms=tuple(_reduced(plan, states, blocks) for plan in definition.forms),
    )
    left = texts_of(reduced.as_dict())
    translations = {
        language: {path: text for path, text in texts.items() if path in left}
        for language, texts in definition.translations.items()
    }
    return replace(reduced, translations=translations)


def _without(block: Block, dimensions: Collection[str]) -> Block:
    return replace(block, items=tuple(item for item in block.items if item.dimension not in dimensions))


def _without_comparisons(gap: Gap, states: Collection[str]) -> Gap:
    kept = tuple(other for other in gap.also if other.later not in states and other.earlier not in states)
    return replace(gap, also=kept)


def _reduced(plan: FormPlan, states: Collection[str], blocks: Collection[str]) -> FormPlan:
    sections = []
    for section in plan.sections:
        kept = _reduced_section(section, states, blocks)
        if kept.kind != "blocks" or kept.blocks:
            sections.append(kept)
    return replace(plan, sections=tuple(sections))


def _reduced_section(section: Section, states: Collection[str], blocks: Collection[str]) -> Section:
    return replace(
        section,
        states=tuple(code for code in section.states if code not in states),
        blocks=tuple(code for code in section.blocks if code not in blocks),
    )
