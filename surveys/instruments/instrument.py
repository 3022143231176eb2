"""The instrument: all definitions together with the forms derived from them."""

from collections.abc import Iterable, Mapping
from dataclasses import MISSING as NO_DEFAULT
from dataclasses import dataclass, field, fields
from typing import Any, Literal, TypeVar

from surveys.instruments.definition import (
    Audience,
    Block,
    Component,
    Condition,
    Dimension,
    Drivers,
    Factor,
    FormPlan,
    Gap,
    Item,
    Pattern,
    Pillar,
    ProfileName,
    Scale,
    State,
    Waterfall,
)
from surveys.instruments.form import Form

_Coded = TypeVar("_Coded", Audience, State, Dimension, Pillar, Factor, Block, Gap, Form, FormPlan)


@dataclass(frozen=True)
class Definition:
    """Everything an instrument file says; `surveys.instruments.schema` checks it before a form is derived."""

    code: str
    version: str
    title: str
    language: str
    description: str
    pairing: Literal["item", "dimension"]
    level_scale: str
    scales: Mapping[str, Scale]
    audiences: tuple[Audience, ...]
    states: tuple[State, ...]
    dimensions: tuple[Dimension, ...]
    pillars: tuple[Pillar, ...]
    blocks: tuple[Block, ...]
    gaps: tuple[Gap, ...]
    waterfall: Waterfall
    patterns: tuple[Pattern, ...]
    forms: tuple[FormPlan, ...]
    components: tuple[Component, ...] = ()
    drivers: Drivers | None = None
    profile_names: tuple[ProfileName, ...] = ()
    translations: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe content that is read back to an equal definition."""
        content: dict[str, Any] = _plain(self)
        return content


@dataclass(frozen=True)
class Instrument:
    """A versioned questionnaire model, checked, with one form per plan; immutable."""

    definition: Definition
    forms: tuple[Form, ...]

    @property
    def code(self) -> str:
        return self.definition.code

    @property
    def version(self) -> str:
        return self.definition.version

    @property
    def title(self) -> str:
        return self.definition.title

    @property
    def language(self) -> str:
        return self.definition.language

    @property
    def pairing(self) -> Literal["item", "dimension"]:
        return self.definition.pairing

    @property
    def scales(self) -> Mapping[str, Scale]:
        return self.definition.scales

    @property
    def level_scale(self) -> Scale:
        """The scale all states share."""
        return self.definition.scales[self.definition.level_scale]

    @property
    def audiences(self) -> tuple[Audience, ...]:
        return self.definition.audiences

    @property
    def states(self) -> tuple[State, ...]:
        return self.definition.states

    @property
    def dimensions(self) -> tuple[Dimension, ...]:
        return self.definition.dimensions

    @property
    def pillars(self) -> tuple[Pillar, ...]:
        return self.definition.pillars

    @property
    def factors(self) -> tuple[Factor, ...]:
        """Factors of all pillars in order."""
        return tuple(factor for pillar in self.pillars for factor in pillar.factors)

    @property
    def items(self) -> tuple[Item, ...]:
        """Core items of all dimensions in order."""
        return tuple(item for dimension in self.dimensions for item in dimension.items)

    @property
    def blocks(self) -> tuple[Block, ...]:
        return self.definition.blocks

    @property
    def outcomes(self) -> tuple[Block, ...]:
        """Blocks that are rated on a scale."""
        return tuple(block for block in self.blocks if block.kind == "ratings")

    @property
    def gaps(self) -> tuple[Gap, ...]:
        return self.definition.gaps

    @property
    def waterfall(self) -> Waterfall:
        return self.definition.waterfall

    @property
    def drivers(self) -> Drivers | None:
        """Which blocks are asked what goes with them; None where no driver analysis is wanted."""
        return self.definition.drivers

    @property
    def profile_names(self) -> tuple[ProfileName, ...]:
        return self.definition.profile_names

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        return self.definition.patterns

    @property
    def components(self) -> tuple[Component, ...]:
        """Optional parts that are switched on in this copy."""
        return self.definition.components

    def plan(self, code: str) -> FormPlan:
        """How a form is put together; KeyError when there is none."""
        return _with_code(self.definition.forms, code)

    def form(self, code: str) -> Form:
        """The form with this code; KeyError when there is none."""
        return _with_code(self.forms, code)

    def form_for(self, audience: str) -> Form:
        """The default form of an audience; KeyError when the audience is not asked."""
        for plan in self.definition.forms:
            if plan.audience == audience and plan.default:
                return self.form(plan.code)
        raise KeyError(audience)

    def forms_for(self, audience: str) -> tuple[Form, ...]:
        """All forms of an audience, the default first."""
        plans = [plan for plan in self.definition.forms if plan.audience == audience]
        return tuple(self.form(plan.code) for plan in sorted(plans, key=lambda plan: not plan.default))

    def audience(self, code: str) -> Audience:
        return _with_code(self.audiences, code)

    def state(self, code: str) -> State:
        return _with_code(self.states, code)

    def dimension(self, code: str) -> Dimension:
        return _with_code(self.dimensions, code)

    def pillar(self, code: str) -> Pillar:
        return _with_code(self.pillars, code)

    def factor(self, code: str) -> Factor:
        return _with_code(self.factors, code)

    def block(self, code: str) -> Block:
        return _with_code(self.blocks, code)

    def gap(self, code: str) -> Gap:
        return _with_code(self.gaps, code)

    def as_dict(self) -> dict[str, Any]:
        """JSON-safe content that `parse_instrument` reads back to an equal instrument."""
        return self.definition.as_dict()


def _with_code(things: Iterable[_Coded], code: str) -> _Coded:
    for thing in things:
        if thing.code == code:
            return thing
    raise KeyError(code)


def _plain(value: Any) -> Any:
    """Dataclasses as mappings without default values, tuples as lists, conditions in their short notation."""
    if isinstance(value, Condition):
        subject: Any = list(value.subject) if value.kind == "pillars" else value.subject[0]
        return {value.kind: subject, **({"is": value.relation} if value.relation else {})}
    if hasattr(value, "__dataclass_fields__"):
        return {
            entry.name: _plain(getattr(value, entry.name))
            for entry in fields(value)
            if not _is_default(entry, getattr(value, entry.name))
        }
    if isinstance(value, Mapping):
        return {key: _without_code(_plain(entry)) for key, entry in value.items()}
    if isinstance(value, tuple):
        return [_plain(entry) for entry in value]
    return value


def _is_default(entry: Any, value: Any) -> bool:
    if entry.default_factory is not NO_DEFAULT:
        return bool(value == entry.default_factory())
    return bool(entry.default is not NO_DEFAULT and entry.default == value)


def _without_code(value: Any) -> Any:
    return {key: entry for key, entry in value.items() if key != "code"} if isinstance(value, dict) else value
