"""Checks that the parts of a definition fit together; each problem begins with its path."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from surveys.instruments.definition import Block, FormPlan, Gap, Item, Section
from surveys.instruments.form import ATTRIBUTE, COMPANY
from surveys.instruments.instrument import Definition
from surveys.instruments.languages import texts_of, translation_problems

CODE = re.compile(r"[A-Za-z][A-Za-z0-9]*([._-][A-Za-z0-9]+)*")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]{2,6})?")
RELATIONS = {
    "gap": ("<0", ">0", "~0", ">=0"),
    "largest": ("",),
    "pillars": (">>", "~"),
    "segments": ("opposite",),
}
LARGEST_VALUE = 30000


def problems_of(definition: Definition) -> list[str]:
    """Every problem of a definition whose values have the right types."""
    checker = _Checker(definition)
    return [
        *checker.codes(),
        *checker.scales(),
        *checker.audiences(),
        *checker.wordings(),
        *checker.states(),
        *checker.blocks(),
        *checker.gaps(),
        *checker.waterfall(),
        *checker.drivers(),
        *checker.profile_names(),
        *checker.patterns(),
        *checker.forms(),
        *checker.components(),
        *checker.placeholders(),
        *checker.translations(),
    ]


class _Checker:
    def __init__(self, definition: Definition) -> None:
        self.definition = definition
        self.state_codes = {state.code for state in definition.states}
        self.audience_codes = {audience.code for audience in definition.audiences}
        self.pillar_codes = {pillar.code for pillar in definition.pillars}
        self.block_codes = {block.code for block in definition.blocks}
        self.gap_codes = {gap.code for gap in definition.gaps}

    def items(self) -> Iterator[tuple[str, Item]]:
        """All items with their paths."""
        for dimension in self.definition.dimensions:
            for item in dimension.items:
                yield f"dimensions[{dimension.code}].items[{item.code}]", item
        for pillar in self.definition.pillars:
            for factor in pillar.factors:
                for item in factor.items:
                    yield f"pillars[{pillar.code}].factors[{factor.code}].items[{item.code}]", item
        for block in self.definition.blocks:
            for item in block.items:
                yield f"blocks[{block.code}].items[{item.code}]", item

    def codes(self) -> Iterator[str]:
        definition = self.definition
        if not CODE.fullmatch(definition.code):
            yield "code: use letters, digits and single . _ - between them"
        factors = [factor for pillar in definition.pillars for factor in pillar.factors]
        named: dict[str, list[str]] = {
            "audiences": [entry.code for entry in definition.audiences],
            "states": [entry.code for entry in definition.states],
            "dimensions, factors and blocks": [
                *(entry.code for entry in definition.dimensions),
                *(entry.code for entry in factors),
                *(entry.code for entry in definition.blocks),
            ],
            "pillars": [entry.code for entry in definition.pillars],
            "items": [item.code for _, item in self.items()],
            "gaps": [entry.code for entry in definition.gaps],
            "patterns": [entry.code for entry in definition.patterns],
            "forms": [entry.code for entry in definition.forms],
            "components": [entry.code for entry in definition.components],
        }
        for name, codes in named.items():
            for code in dict.fromkeys(codes):
                if codes.count(code) > 1:
                    yield f"{name}: the code {code} is used {codes.count(code)} times"
                if not CODE.fullmatch(code):
                    yield f"{name}: the code {code!r} must be letters, digits and single . _ - between them"
        for name in ("audiences", "states", "dimensions", "gaps", "forms"):
            if not getattr(definition, name):
                yield f"{name}: must not be empty"

    def scales(self) -> Iterator[str]:
        for code, scale in self.definition.scales.items():
            path = f"scales.{code}"
            if scale.low >= scale.high:
                yield f"{path}: low ({scale.low}) must be below high ({scale.high})"
            elif scale.labels and len(scale.labels) != len(scale.points):
                yield f"{path}.labels: {len(scale.labels)} labels for {len(scale.points)} points"
            if max(abs(scale.low), abs(scale.high)) > LARGEST_VALUE:
                yield f"{path}: values must lie between -{LARGEST_VALUE} and {LARGEST_VALUE}"
        yield from self._needs(
            "level_scale", self.definition.level_scale, set(self.definition.scales), "scale"
        )

    @staticmethod
    def _needs(path: str, code: str, known: set[str], what: str) -> Iterator[str]:
        if code not in known:
            yield f"{path}: there is no {what} {code or '(empty)'}"

    def audiences(self) -> Iterator[str]:
        for audience in self.definition.audiences:
            defaults = [
                plan.code for plan in self.definition.forms if plan.audience == audience.code and plan.default
            ]
            if len(defaults) != 1:
                yield f"audiences[{audience.code}]: needs exactly one default form, has {len(defaults)}"

    def wordings(self) -> Iterator[str]:
        for path, item in self.items():
            for key in item.wordings:
                if key not in ("customer", "staff"):
                    yield f"{path}.wordings.{key}: is not known here, use customer or staff"
            if not item.wordings:
                yield f"{path}.wordings: must not be empty"
            if item.mark not in (0, 1, 2):
                yield f"{path}.mark: must be 0, 1 or 2, not {item.mark}"
        yield from self._core_items()

    def _core_items(self) -> Iterator[str]:
        for dimension in self.definition.dimensions:
            if not dimension.items:
                yield f"dimensions[{dimension.code}].items: must not be empty"
            for item in dimension.items:
                path = f"dimensions[{dimension.code}].items[{item.code}]"
                for wording in self._wordings_of(item):
                    if wording not in item.wordings:
                        yield f"{path}.wordings.{wording}: is missing; every form must stay parallel"
                for code in item.states:
                    yield from self._needs(f"{path}.states", code, self.state_codes, "state")
                if item.states and self.definition.pairing == "item":
                    yield f"{path}.states: items are paired, so every state asks all of them"

    def _wordings_of(self, item: Item) -> list[str]:
        """Wordings an item needs: those of the audiences that its states are asked of."""
        asked = {
            code
            for state in self.definition.states
            if item.is_asked_in(state.code)
            for code in state.audiences
        }
        found = {audience.wording for audience in self.definition.audiences if audience.code in asked}
        return sorted(found)

    def states(self) -> Iterator[str]:
        for state in self.definition.states:
            path = f"states[{state.code}]"
            if state.code == "RA":
                yield f"{path}.code: RA is kept for readiness"
            if not state.audiences:
                yield f"{path}.audiences: must not be empty"
            for code in state.audiences:
                yield from self._needs(f"{path}.audiences", code, self.audience_codes, "audience")
            if state.scale != self.definition.level_scale:
                yield f"{path}.scale: all states share the scale {self.definition.level_scale}, not {state.scale}"
        for pillar in self.definition.pillars:
            path = f"pillars[{pillar.code}].scale"
            yield from self._needs(path, pillar.scale, set(self.definition.scales), "scale")
            for factor in pillar.factors:
                if not factor.items:
                    yield f"pillars[{pillar.code}].factors[{factor.code}].items: must not be empty"

    def blocks(self) -> Iterator[str]:
        for block in self.definition.blocks:
            path = f"blocks[{block.code}]"
            if not block.items:
                yield f"{path}.items: must not be empty"
            if block.kind == "ratings":
                yield from self._needs(f"{path}.scale", block.scale, set(self.definition.scales), "scale")
            if block.kind in ("choice", "multi"):
                values = [option.value for option in block.options]
                if bool(values) == bool(block.options_from):
                    yield f"{path}.options: give options or options_from"
                for value in sorted({value for value in values if values.count(value) > 1}):
                    yield f"{path}.options: the value {value} is used twice"
            if block.kind == "multi" and block.max_choices < 1:
                yield f"{path}.max_choices: must be at least 1"
            yield from self._show_if(f"{path}.show_if", block)
            if block.kind == "text" and not 1 <= block.max_length <= 20000:
                yield f"{path}.max_length: must be from 1 to 20000"

    def _show_if(self, path: str, block: Block) -> Iterator[str]:
        condition = block.show_if
        if condition is None:
            return
        if bool(condition.question) == bool(condition.attribute):
            yield f"{path}: name a question or an attribute, not both"
        if not condition.any_of:
            yield f"{path}.any_of: must not be empty"
        if not condition.question:
            return
        owners = [b for b in self.definition.blocks if any(i.code == condition.question for i in b.items)]
        if not owners:
            yield f"{path}.question: there is no question {condition.question} in the blocks"
            return
        allowed = self._answers_of(owners[0])
        for value in condition.any_of:
            if allowed is not None and value not in allowed:
                yield f"{path}.any_of: {value} is no answer to {condition.question}"

    def _answers_of(self, block: Block) -> list[str] | None:
        """Values that answers to a block may have; None where no condition may look at it or they cannot be told."""
        if block.kind == "text":
            return []
        if block.kind == "ratings":
            scale = self.definition.scales.get(block.scale)
            return None if scale is None else [str(point) for point in scale.points]
        if block.options_from:
            return [dimension.code for dimension in self.definition.dimensions]
        return [option.value for option in block.options]

    def _asked_before(self, path: str, plan: FormPlan) -> Iterator[str]:
        """A condition looks at a page before its own: only then it holds without a script."""
        blocks = {block.code: block for block in self.definition.blocks}
        page_of = {
            item.code: number
            for number, section in enumerate(plan.sections)
            for code in section.blocks
            if code in blocks
            for item in blocks[code].items
        }
        for number, section in enumerate(plan.sections):
            for code in section.blocks:
                condition = blocks[code].show_if if code in blocks else None
                if condition is None or not condition.question:
                    continue
                asked = page_of.get(condition.question)
                source = plan.sections[asked] if asked is not None else None
                if source is None or asked is None or asked >= number:
                    yield f"{path}.sections[{number}]: no page before asks {condition.question}, which {code} needs"
                elif section.first_for_half and not source.first_for_half:
                    yield f"{path}.sections[{number}]: {code} comes before {condition.question} for half of the people"

    def gaps(self) -> Iterator[str]:
        for gap in self.definition.gaps:
            path = f"gaps[{gap.code}]"
            yield from self._gap_sides(path, gap)
            for code in gap.pillars:
                yield from self._needs(f"{path}.pillars", code, self.pillar_codes, "pillar")
            for comparison in gap.also:
                yield from self._needs(f"{path}.also.later", comparison.later, self.state_codes, "state")
                yield from self._needs(f"{path}.also.earlier", comparison.earlier, self.state_codes, "state")
            for name in {"coverage": ("tolerance", "top"), "coherence": ("difference",)}.get(gap.kind, ()):
                if name not in gap.limits:
                    yield f"{path}.limits.{name}: is missing"

    def _gap_sides(self, path: str, gap: Gap) -> Iterator[str]:
        if gap.kind == "coherence":
            if len(gap.pillars) < 2:
                yield f"{path}.pillars: a coherence gap compares at least two pillars"
            return
        by_state = gap.kind in ("difference", "coverage")
        known, what = (self.state_codes, "state") if by_state else (self.audience_codes, "audience")
        yield from self._needs(f"{path}.later", gap.later, known, what)
        yield from self._needs(f"{path}.earlier", gap.earlier, known, what)
        if gap.later == gap.earlier:
            yield f"{path}: later and earlier are the same"

    def waterfall(self) -> Iterator[str]:
        waterfall = self.definition.waterfall
        gaps = {gap.code: gap for gap in self.definition.gaps if gap.kind == "difference"}
        missing = [code for code in (*waterfall.steps, waterfall.total) if code not in gaps]
        if missing:
            yield f"waterfall: {', '.join(missing)} must be gaps of the kind difference"
            return
        total = gaps[waterfall.total]
        place = waterfall.start
        for code in waterfall.steps:
            if gaps[code].earlier != place:
                yield f"waterfall.steps: {code} starts at {gaps[code].earlier}, the step before ends at {place}"
            place = gaps[code].later
        if waterfall.steps and place != waterfall.end:
            yield f"waterfall.steps: the last step ends at {place}, not at {waterfall.end}"
        if (total.earlier, total.later) != (waterfall.start, waterfall.end):
            yield f"waterfall.total: {total.code} does not lead from {waterfall.start} to {waterfall.end}"

    def drivers(self) -> Iterator[str]:
        drivers = self.definition.drivers
        if drivers is None:
            return
        rated = {block.code for block in self.definition.blocks if block.kind == "ratings"}
        for key, codes in (("outcomes", drivers.outcomes), ("path", drivers.path)):
            wrong = [code for code in codes if code not in rated]
            if wrong:
                yield f"drivers.{key}: {', '.join(wrong)} must be blocks of the kind ratings"
        if not drivers.outcomes:
            yield "drivers.outcomes: name at least one block"
        if 0 < len(drivers.path) < 3:
            yield "drivers.path: a path leads through at least three blocks"

    def profile_names(self) -> Iterator[str]:
        known = {dimension.code for dimension in self.definition.dimensions}
        for one in self.definition.profile_names:
            for code in (*one.high, *one.low):
                yield from self._needs(f"profile_names[{one.name}]", code, known, "dimension")

    def patterns(self) -> Iterator[str]:
        for pattern in self.definition.patterns:
            path = f"patterns[{pattern.code}].conditions"
            if not pattern.conditions:
                yield f"{path}: must not be empty"
            for condition in pattern.conditions:
                known = self.pillar_codes if condition.kind == "pillars" else self.gap_codes
                if condition.kind == "largest":
                    known = set(self.definition.waterfall.steps)
                for code in condition.subject:
                    yield from self._needs(f"{path}.{condition.kind}", code, known, "such code:")
                if condition.kind == "pillars" and len(condition.subject) != 2:
                    yield f"{path}.pillars: name two pillars"
                if condition.relation not in RELATIONS[condition.kind]:
                    allowed = ", ".join(relation or "nothing" for relation in RELATIONS[condition.kind])
                    yield f"{path}.{condition.kind}.is: expected {allowed}; found {condition.relation or 'nothing'}"

    def forms(self) -> Iterator[str]:
        for plan in self.definition.forms:
            path = f"forms[{plan.code}]"
            yield from self._needs(f"{path}.audience", plan.audience, self.audience_codes, "audience")
            if plan.minutes < 0:
                yield f"{path}.minutes: must not be negative"
            if not plan.sections:
                yield f"{path}.sections: must not be empty"
            keys = [section.key for section in plan.sections if section.kind == "blocks" or section.together]
            for key in sorted({key for key in keys if keys.count(key) > 1}):
                yield f"{path}.sections: the key {key} is used twice"
            for number, section in enumerate(plan.sections):
                yield from self._section(f"{path}.sections[{number}]", plan, section)
            yield from self._asked_before(path, plan)
            if plan.least < 0:
                yield f"{path}.least: must not be negative"

    def _section(self, path: str, plan: FormPlan, section: Section) -> Iterator[str]:
        if section.halved and (section.kind != "dimensions" or section.min_mark):
            yield f"{path}.halved: only all items of dimensions can be halved"
        if section.first_for_half and section.kind != "blocks":
            yield f"{path}.first_for_half: only a page of blocks can come first"
        if section.kind == "dimensions":
            yield from self._dimension_section(path, plan, section)
        elif section.kind == "readiness":
            for code in section.pillars:
                yield from self._needs(f"{path}.pillars", code, self.pillar_codes, "pillar")
        else:
            if not section.blocks or not section.title or not CODE.fullmatch(section.key):
                yield f"{path}: a page of blocks needs a key, a title and blocks"
            for code in section.blocks:
                yield from self._needs(f"{path}.blocks", code, self.block_codes, "block")
        yield from self._section_wordings(path, plan, section)

    def _dimension_section(self, path: str, plan: FormPlan, section: Section) -> Iterator[str]:
        if not section.states:
            yield f"{path}.states: must not be empty"
        if section.together and not (section.title and CODE.fullmatch(section.key)):
            yield f"{path}: dimensions on one page need a key and a title"
        for code in section.states:
            yield from self._needs(f"{path}.states", code, self.state_codes, "state")
        for state in self.definition.states:
            if state.code in section.states and plan.audience not in state.audiences:
                yield f"{path}.states: {state.code} is not asked of {plan.audience}"
        for dimension in self.definition.dimensions:
            if all(item.mark < section.min_mark for item in dimension.items):
                yield f"{path}.min_mark: leaves no item of {dimension.code}"
                continue
            for code in section.states:
                if all(item.mark < section.min_mark for item in dimension.items_of(code)):
                    yield f"{path}.states: {dimension.code} has no item that is asked in {code}"

    def _section_wordings(self, path: str, plan: FormPlan, section: Section) -> Iterator[str]:
        wordings = {audience.code: audience.wording for audience in self.definition.audiences}
        wording = wordings.get(plan.audience)
        items: list[Item] = []
        if section.kind == "readiness":
            chosen = [p for p in self.definition.pillars if not section.pillars or p.code in section.pillars]
            items = [item for pillar in chosen for item in pillar.items]
        elif section.kind == "blocks":
            items = [item for b in self.definition.blocks if b.code in section.blocks for item in b.items]
        for item in items:
            if wording and wording not in item.wordings:
                yield f"{path}: {item.code} has no wording for {wording}"

    def components(self) -> Iterator[str]:
        known = {entry.code for entry in self.definition.dimensions}
        for component in self.definition.components:
            path = f"components[{component.code}]"
            for code in component.dimensions:
                yield from self._needs(f"{path}.dimensions", code, known, "dimension")
            for code in component.blocks:
                yield from self._needs(f"{path}.blocks", code, self.block_codes, "block")
            for code in component.states:
                yield from self._needs(f"{path}.states", code, self.state_codes, "state")
            for state in self.definition.states:
                if state.code in component.states and not state.optional:
                    yield f"{path}.states: {state.code} is not optional"
        for path, item in self.items():
            if item.dimension:
                yield from self._needs(f"{path}.dimension", item.dimension, known, "dimension")

    def placeholders(self) -> Iterator[str]:
        """{company} and, in what respondents read on the pages, {attribute:name|words without it}."""
        for path, text in _texts(replace(self.definition, translations={}), ""):
            is_on_pages = path.startswith(("blocks", "dimensions", "forms", "pillars"))
            rest = ATTRIBUTE.sub("", text) if is_on_pages else text
            rest = rest.replace(COMPANY, "")
            if "{" in rest or "}" in rest:
                yield f"{path}: the only placeholders are {{company}} and {{attribute:name|words without it}}"

    def translations(self) -> Iterator[str]:
        """A further language has every text, with the same placeholders, or is not there."""
        if not self.definition.translations:
            return
        own = texts_of(self.definition.as_dict())
        for language, texts in self.definition.translations.items():
            if not LANGUAGE.fullmatch(language) or language == self.definition.language:
                yield f"translations: {language} must be the code of another language than the instrument's own"
            yield from translation_problems(own, language, texts)


def _texts(value: Any, path: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, dict):
        for key, entry in value.items():
            yield from _texts(entry, f"{path}.{key}" if path else key)
    elif isinstance(value, tuple):
        for number, entry in enumerate(value):
            yield from _texts(entry, f"{path}[{getattr(entry, 'code', number)}]")
    elif hasattr(value, "__dataclass_fields__"):
        for name in value.__dataclass_fields__:
            yield from _texts(getattr(value, name), f"{path}.{name}" if path else name)
