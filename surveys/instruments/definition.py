"""What an instrument is made of: frozen dataclasses whose field names are the keys of the YAML files."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Wording = Literal["customer", "staff"]
Side = Literal["customer", "company"]
Role = Literal["expectation", "minimum", "perception", "belief", "standard", "delivery", "promise"]
Stage = Literal["design", "implementation", "evaluation"]


@dataclass(frozen=True)
class Scale:
    """A numeric answer scale; `labels` names each point or is empty, `entry` says how it is shown."""

    code: str
    low: int
    high: int
    low_label: str = ""
    high_label: str = ""
    labels: tuple[str, ...] = ()
    entry: Literal["points", "number"] = "points"
    unit: str = ""
    cannot_judge: bool = True

    @property
    def span(self) -> int:
        """Range of the scale in points (6 on 1-7)."""
        return self.high - self.low

    @property
    def points(self) -> range:
        """Every value that may be given."""
        return range(self.low, self.high + 1)


@dataclass(frozen=True)
class Audience:
    """A group that is asked; `wording` chooses the item texts it reads."""

    code: str
    name: str
    wording: Wording
    side: Side


@dataclass(frozen=True)
class Item:
    """One statement; mark 2 = in pulse and short forms, 1 = in short forms, 0 = in full forms only.

    `states`: the states it is asked in, empty = all of them; `columns`: names it has in files collected elsewhere;
    `dimension`: the dimension a further question is about, so that it comes and goes with it; `role`: what a further
    question is known as elsewhere (recommendation from 0 to 10 has a net promoter score).
    """

    code: str
    wordings: Mapping[str, str]
    mark: int = 0
    reversed: bool = False
    states: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()
    dimension: str = ""
    role: Literal["", "recommendation"] = ""

    def is_asked_in(self, state: str) -> bool:
        """Tell whether the state asks this item."""
        return not self.states or state in self.states


@dataclass(frozen=True)
class Dimension:
    """A construct measured in every state, with the same items or (pairing `dimension`) with items of each state."""

    code: str
    name: str
    title: str
    importance: str
    description: str
    items: tuple[Item, ...]
    short: str = ""

    def items_of(self, state: str) -> tuple[Item, ...]:
        """Items the state asks, in order."""
        return tuple(item for item in self.items if item.is_asked_in(state))


@dataclass(frozen=True)
class State:
    """One view on the items: who is asked what about them."""

    code: str
    audiences: tuple[str, ...]
    label: str
    short: str
    stem: str
    prompt: str
    side: Side
    role: Role
    scale: str
    no_standard: bool = False
    optional: bool = False


@dataclass(frozen=True)
class Factor:
    """A readiness factor of a pillar, with the stages it matters for."""

    code: str
    name: str
    stages: tuple[Stage, ...]
    items: tuple[Item, ...]
    description: str = ""


@dataclass(frozen=True)
class Pillar:
    """Organisation, technology or people."""

    code: str
    name: str
    title: str
    scale: str
    factors: tuple[Factor, ...]
    short: str = ""

    @property
    def items(self) -> tuple[Item, ...]:
        """Items of all factors in order."""
        return tuple(item for factor in self.factors for item in factor.items)


@dataclass(frozen=True)
class Option:
    """An answer to choose."""

    value: str
    label: str


@dataclass(frozen=True)
class ShowIf:
    """Who is asked: those whose answer to an earlier `question`, or whose `attribute`, is one of `any_of`.

    `question` is a question of the kind choice or multi (values of its options) or a value on a scale (its points).
    """

    any_of: tuple[str, ...]
    question: str = ""
    attribute: str = ""


@dataclass(frozen=True)
class Block:
    """A group of further questions: ratings on a scale, choices, ticks or open texts; `show_if`: asked of some only."""

    code: str
    name: str
    kind: Literal["ratings", "choice", "multi", "text"]
    items: tuple[Item, ...]
    scale: str = ""
    options: tuple[Option, ...] = ()
    options_from: Literal["", "dimensions"] = ""
    max_choices: int = 0
    max_length: int = 5000
    help: str = ""
    construct: str = ""
    show_if: ShowIf | None = None


@dataclass(frozen=True)
class Comparison:
    """Two states that are compared, later minus earlier."""

    later: str
    earlier: str
    name: str
    test: Literal["paired", "welch"]


@dataclass(frozen=True)
class Gap:
    """A gap: later minus earlier; negative = something is lost or underestimated.

    kind `difference`: later and earlier are states. `coverage`: share of persons within `limits["tolerance"]` of the
    later state on their `limits["top"]` highest dimensions of the earlier one. `coherence`: pairwise differences of
    `pillars`, flagged from `limits["difference"]` of 100. `alignment` and `system_use`: later and earlier are
    audiences, compared on each factor or on the pillars named.
    """

    code: str
    name: str
    stage: Stage
    side: Literal["external", "internal", "both"]
    kind: Literal["difference", "coverage", "coherence", "alignment", "system_use"]
    test: Literal["paired", "welch"]
    hurts: Literal["negative", "positive", "both"]
    summary: str
    negative: str
    positive: str
    checks: tuple[str, ...]
    later: str = ""
    earlier: str = ""
    pillars: tuple[str, ...] = ()
    limits: Mapping[str, float] = field(default_factory=dict)
    also: tuple[Comparison, ...] = ()
    short: str = ""


@dataclass(frozen=True)
class Waterfall:
    """The total gap and the gaps whose sum it is, in the order of the stages; without steps it is not split."""

    start: str
    end: str
    total: str
    steps: tuple[str, ...]


@dataclass(frozen=True)
class Drivers:
    """Rated blocks that stand for success: each is asked what goes with it; `path`: blocks in the order of a chain."""

    outcomes: tuple[str, ...]
    path: tuple[str, ...] = ()


@dataclass(frozen=True)
class ProfileName:
    """A name to suggest for customers who want much of `high`, little of `low`; without `high`: much of everything."""

    name: str
    high: tuple[str, ...] = ()
    low: tuple[str, ...] = ()


@dataclass(frozen=True)
class Condition:
    """One condition of a pattern; written `{gap: E1, is: "<0"}`, `{largest: I1}`, `{pillars: [RT, RH], is: ">>"}`.

    kind `gap`: relation `<0`, `>0`, `~0` (method of the words: clear or probable; or within 5 % of the range and
    neither) or `>=0` (`>0` or `~0`). `largest`: the gap is the most negative step with probability >= .5.
    `pillars`: `>>` the first outruns the second, `~` neither outruns the other. `segments`: `opposite`.
    """

    kind: Literal["gap", "largest", "pillars", "segments"]
    subject: tuple[str, ...]
    relation: str = ""


@dataclass(frozen=True)
class Pattern:
    """A named picture of gaps; an add-on is named beside any other pattern."""

    code: str
    name: str
    explanation: str
    conditions: tuple[Condition, ...]
    add_on: bool = False


@dataclass(frozen=True)
class Section:
    """A part of a form: the dimensions with paired states, readiness pillars, or one page of blocks.

    `together` puts all dimensions on one page, which then needs `key` and `title`. `halved` asks everybody the items of
    mark 2 and a random half of the others; half of all people see a page of blocks with `first_for_half` first.
    """

    kind: Literal["dimensions", "readiness", "blocks"]
    states: tuple[str, ...] = ()
    min_mark: int = 0
    together: bool = False
    halved: bool = False
    first_for_half: bool = False
    pillars: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()
    key: str = ""
    title: str = ""
    intro: str = ""


@dataclass(frozen=True)
class Component:
    """A part that a wave may switch on: dimensions, blocks, and states that are asked beside the others."""

    code: str
    name: str
    description: str
    dimensions: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    blocks: tuple[str, ...] = ()


@dataclass(frozen=True)
class FormPlan:
    """How the form of an audience is put together; `minutes` 0 = computed from the questions.

    `variant` names what is the same in the forms of several audiences: standard, short, pulse, split; `least` is the
    number of answers below which the form should not be chosen.
    """

    code: str
    audience: str
    title: str
    headline: str
    intro: str
    sections: tuple[Section, ...]
    minutes: int = 0
    default: bool = False
    variant: str = "standard"
    least: int = 0
