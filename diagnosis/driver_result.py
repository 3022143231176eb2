"""What goes with the outcomes: shares of the dimensions, what a composite hides, and how outcomes hang together."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class DriverRow:
    """One dimension: its share (0-1) of what the model explains with interval, and how sure its rank is.

    `r` is the correlation alone, `beta` beside the others, `vif` its inflation by them; `p_first` the share of draws in
    which it leads.
    """

    dimension: str
    share: float
    ci_low: float
    ci_high: float
    rank: int
    rank_low: int
    rank_high: int
    p_first: float
    r: float
    beta: float
    vif: float


@dataclass(frozen=True, slots=True)
class OutcomeDrivers:
    """One outcome and what goes with it; without rows `reason` says in words what is missing.

    `block` is empty for all outcomes together. `negative` lists dimensions that go with it in the other direction.
    """

    block: str
    name: str
    n: int | None = None
    r2: float | None = None
    adjusted_r2: float | None = None
    rows: tuple[DriverRow, ...] = ()
    negative: tuple[str, ...] = ()
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Masked:
    """A dimension whose part in one outcome differs from its part in all together: by `rank` or by `sign`."""

    dimension: str
    block: str
    kind: str
    rank: int
    rank_together: int


@dataclass(frozen=True, slots=True)
class AsymmetryRow:
    """What goes with a dimension far below (`penalty`) and far above (`reward`) the rest, in points of the outcome."""

    dimension: str
    penalty: float
    penalty_low: float
    penalty_high: float
    reward: float
    reward_low: float
    reward_high: float
    impact: float | None
    word: str


@dataclass(frozen=True, slots=True)
class SurfaceRow:
    """One parameter of the response surface, a1 to a4, with percentile interval of the bootstrap."""

    code: str
    estimate: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class PathLink:
    """One step of the chain: standardised coefficient of the block before, beside all earlier ones."""

    block: str
    beta: float
    p_value: float
    r2: float


@dataclass(frozen=True, slots=True)
class OutcomePath:
    """The chain of outcomes; `indirect` is the product of its coefficients with bootstrap interval."""

    blocks: tuple[str, ...]
    n: int | None = None
    links: tuple[PathLink, ...] = ()
    indirect: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Drivers:
    """Drivers of each outcome and of all together, derived importance (sums to 1), asymmetry, surface and path.

    `imputed`: share (0-1) of the perceptions that were missing and replaced. `asymmetry` and `surface` are those of
    the first outcome; their reasons say what is missing.
    """

    audience: str
    outcomes: tuple[OutcomeDrivers, ...]
    together: OutcomeDrivers
    masked: tuple[Masked, ...]
    importance: Mapping[str, float] | None
    asymmetry: tuple[AsymmetryRow, ...]
    asymmetry_reason: str | None
    surface: tuple[SurfaceRow, ...]
    surface_reason: str | None
    path: OutcomePath | None
    imputed: float = 0.0
