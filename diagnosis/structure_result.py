"""How good the scales are: omega, items, gap scores, room at the top, separate dimensions, same meaning in groups.

`reason` is "" where the figure exists, else why there is none (`too_few`, `no_variation`, `not_defined`, `few_items`);
`needed` is the number of answers it would take. What must not be shown is absent.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ItemCheck:
    """One item: its correlation with the other items of the scale, and alpha without it (None = not defined)."""

    item: str
    r_rest: float | None
    alpha_without: float | None


@dataclass(frozen=True, slots=True)
class ScaleCheck:
    """Omega of one dimension in one state with its interval, and its items."""

    dimension: str
    state: str
    audience: str
    n: int
    omega: float | None
    ci_low: float | None
    ci_high: float | None
    reason: str
    needed: int
    items: tuple[ItemCheck, ...]


@dataclass(frozen=True, slots=True)
class DifferenceCheck:
    """Reliability of the gap of single persons on a dimension; `is_weak` below .70."""

    dimension: str
    n: int
    reliability: float | None
    is_weak: bool
    reason: str
    needed: int


@dataclass(frozen=True, slots=True)
class RangeFlag:
    """Whether what is wanted leaves room at the top; `top_share` of all ticks, `sd_ratio` = SD wanted / SD received."""

    dimension: str
    n: int
    mean: float
    top_share: float
    sd_ratio: float | None
    at_ceiling: bool
    is_narrow: bool


@dataclass(frozen=True, slots=True)
class FactorCheck:
    """How many things one state measures, all items together, and how much one factor holds (shares 0-1)."""

    state: str
    audience: str
    n: int
    items: int
    kmo: float | None
    components: int | None
    factors: int | None
    component_share: float | None
    factor_share: float | None
    reason: str
    needed: int


@dataclass(frozen=True, slots=True)
class Separation:
    """HTMT of two dimensions of one state: below .90 they can be told apart."""

    state: str
    first: str
    second: str
    ratio: float
    is_separable: bool


@dataclass(frozen=True, slots=True)
class Congruence:
    """Tucker's congruence of one dimension between the groups of an attribute with 100 answers each."""

    state: str
    dimension: str
    attribute: str
    groups: int
    congruence: float | None
    band: str
    reason: str
    needed: int


@dataclass(frozen=True, slots=True)
class StructureResult:
    """Everything about the scales; `wanted`, `received` are the states of the total gap."""

    wanted: str
    received: str
    scales: tuple[ScaleCheck, ...]
    differences: tuple[DifferenceCheck, ...]
    ranges: tuple[RangeFlag, ...]
    factors: tuple[FactorCheck, ...]
    separations: tuple[Separation, ...]
    congruences: tuple[Congruence, ...]
