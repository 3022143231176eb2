"""The result of a diagnosis: frozen dataclasses and their JSON shape, the one contract of screen, documents and API.

Every number is finite and unrounded; what may not be shown is absent and carries its reason instead.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from diagnosis.appendix_result import GapAppendix
from diagnosis.audience_result import AudienceResult, Share
from diagnosis.driver_result import Drivers
from diagnosis.early_late_result import EarlyLateResult
from diagnosis.order_check_result import OrderCheckResult
from diagnosis.panel_result import PanelResult
from diagnosis.profile_result import ProfilesResult
from diagnosis.result_codec import decode, encode
from diagnosis.shares_result import OutcomeShares
from diagnosis.structure_result import StructureResult
from diagnosis.units_result import UnitAgreement

SCHEMA: Final = 1


@dataclass(frozen=True, slots=True)
class Mean:
    """Mean of one state or score in one group; hidden or missing ones carry only `suppressed` or `not_measured`."""

    n: int | None = None
    mean: float | None = None
    sd: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    indicative: bool = False
    suppressed: str | None = None
    not_measured: str | None = None

    def encoded(self) -> dict[str, Any]:
        """The JSON shape: the reason alone, or the figures."""
        if self.suppressed is not None:
            return {"suppressed": self.suppressed}
        if self.not_measured is not None:
            return {"not_measured": self.not_measured}
        return {name: getattr(self, name) for name in ("n", "mean", "sd", "ci_low", "ci_high", "indicative")}


@dataclass(frozen=True, slots=True)
class Outcome:
    """A construct rated beside the dimensions: mean of its items, their reliability; no gap is computed from it.

    `low` and `high` are the ends of its scale; `alpha` is None where it must not be shown or has no value.
    """

    code: str
    name: str
    audience: str
    low: int
    high: int
    mean: Mean
    k: int
    alpha: float | None
    ci_low: float | None
    ci_high: float | None
    band: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class StateResult:
    """One mean per dimension and overall; `audience` is whose answers they are."""

    audience: str
    overall: Mean
    dimensions: Mapping[str, Mean]


@dataclass(frozen=True, slots=True)
class Gap:
    """One gap, tested: later minus earlier. `certainty` always says a word, the figures only where they may be shown.

    `label_later` and `label_earlier` name the two sides where they are not states (readiness).
    """

    certainty: str
    n_later: int | None = None
    n_earlier: int | None = None
    mean_later: float | None = None
    mean_earlier: float | None = None
    sd_later: float | None = None
    sd_earlier: float | None = None
    estimate: float | None = None
    se: float | None = None
    df: float | None = None
    ci_low: float | None = None
    ci_high: float | None = None
    ci90_low: float | None = None
    ci90_high: float | None = None
    t: float | None = None
    p_value: float | None = None
    q_value: float | None = None
    careful_q: float | None = None
    g: float | None = None
    d_z: float | None = None
    permutation_p: float | None = None
    skew_p: float | None = None
    smallest_detectable: float | None = None
    severity: str | None = None
    reason: str | None = None
    indicative: bool = False
    label_later: str = ""
    label_earlier: str = ""


@dataclass(frozen=True, slots=True)
class GapResult:
    """One gap of the instrument: overall and by dimension (readiness gaps: by factor or pair of pillars).

    `unit` is "points" of the level scale or "0-100"; `variants` are further comparisons the instrument names.
    """

    code: str
    name: str
    stage: str
    kind: str
    test: str
    unit: str
    later: str
    earlier: str
    overall: Gap
    dimensions: Mapping[str, Gap]
    variants: tuple["GapResult", ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """One step; its interval is the gap's own, `p_largest` and `share` come from the joint bootstrap."""

    gap: str
    stage: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    certainty: str
    p_largest: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Steps:
    """The steps from the first to the last state; `start` plus all steps is `end`."""

    steps: tuple[Step, ...]
    start: float | None
    end: float | None
    total: float | None


@dataclass(frozen=True, slots=True)
class StageResult:
    """Share of all negative steps that falls to a stage, weighted by importance; interval from the joint bootstrap."""

    stage: str
    estimate: float
    share: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class Waterfall:
    """The total gap split into the gaps between its states."""

    from_state: str = field(metadata={"json": "from"})
    to_state: str = field(metadata={"json": "to"})
    total: str
    overall: Steps
    dimensions: Mapping[str, Steps]
    stages: tuple[StageResult, ...]
    n_draws: int


@dataclass(frozen=True, slots=True)
class Reliability:
    """Alpha (three items and more) or Spearman-Brown (two) of one dimension in one state and audience."""

    dimension: str
    state: str
    audience: str
    n: int | None
    k: int
    alpha: float | None
    ci_low: float | None
    ci_high: float | None
    mean_r: float | None
    band: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class PillarResult:
    """Readiness of a pillar, 0-100: mean of the audiences' means."""

    mean: float | None
    by_audience: Mapping[str, Mean]


@dataclass(frozen=True, slots=True)
class FactorResult:
    """Readiness of a factor, 0-100."""

    pillar: str
    mean: float | None
    by_audience: Mapping[str, Mean]


@dataclass(frozen=True, slots=True)
class Coherence:
    """First pillar minus second pillar; `audience` None = all. `flag`: 15 or more and its interval excludes 0."""

    pair: tuple[str, str]
    audience: str | None
    n: int | None
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    q_value: float | None
    flag: bool


@dataclass(frozen=True, slots=True)
class FactorGap:
    """Readiness of a factor by managers minus readiness by the front line."""

    factor: str
    gap: Gap

    def encoded(self) -> dict[str, Any]:
        """The JSON shape: the gap's own keys beside the factor."""
        return {"factor": self.factor, **encode(self.gap)}

    @classmethod
    def decoded(cls, content: Mapping[str, Any]) -> "FactorGap":
        """Read what `encoded` wrote."""
        return cls(content["factor"], decode(Gap, content))


@dataclass(frozen=True, slots=True)
class Readiness:
    """Organisation, technology, people: scores 0-100, their coherence, and how two audiences see them."""

    pillars: Mapping[str, PillarResult]
    factors: Mapping[str, FactorResult]
    coherence: tuple[Coherence, ...]
    spread: float | None
    balance: float | None
    alignment: tuple[FactorGap, ...]
    system_use: Gap | None


@dataclass(frozen=True, slots=True)
class GroupResult:
    """One group of customers by a known attribute: standard minus wish (`gap`) and the total gap (`total`)."""

    attribute: str
    value: str
    n: int | None
    indicative: bool
    gap: Gap
    total: Gap
    dimensions: Mapping[str, Gap]


@dataclass(frozen=True, slots=True)
class Coverage:
    """Share of customers for whom the standard meets the wishes that matter most to them, and groups of customers."""

    share: float | None
    n: int | None
    ci_low: float | None
    ci_high: float | None
    tolerance: float | None
    dimensions: Mapping[str, float]
    attributes: tuple[GroupResult, ...]
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Importance:
    """Weight of each dimension (sum 1): `kind` stated, derived, both or equal; `stated` and `derived` are its parts.

    `n`: customers who ticked what matters most; derived weights are the drivers' shares of all outcomes together.
    """

    kind: str
    n: int | None
    weights: Mapping[str, float]
    stated: Mapping[str, float] | None = None
    derived: Mapping[str, float] | None = None


@dataclass(frozen=True, slots=True)
class Priority:
    """Importance times shortfall times certainty of a dimension; all parts are shown."""

    dimension: str
    importance: float
    shortfall: float | None
    certainty: str
    priority: float


@dataclass(frozen=True, slots=True)
class PatternResult:
    """A named picture of the gaps and the conditions it rests on."""

    code: str
    name: str
    explanation: str
    why: str
    add_on: bool


@dataclass(frozen=True, slots=True)
class NoStandard:
    """Share of managers who say that no standard exists for an item; most of them: the item is left out."""

    item: str
    n: int
    share: float
    left_out: bool


@dataclass(frozen=True, slots=True)
class Quality:
    """How completely a state was answered: shares (0-1) of values, of cannot judge, of persons with part answers."""

    state: str
    audience: str
    n: int
    answered: float
    cannot_judge: float
    prorated: float


@dataclass(frozen=True, slots=True)
class Agreement:
    """Within-group agreement (rwg) of an audience on a dimension of a state; below .5 the mean is not a shared view.

    `rwg_slight_skew`: against the slight-skew null; `average_deviation` in points, agreement up to its limit; `camps`:
    the points of the two peaks where the group falls into two camps (looked for from 10 persons).
    """

    state: str
    dimension: str
    audience: str
    rwg: float
    band: str
    rwg_slight_skew: float | None = None
    average_deviation: float | None = None
    average_deviation_limit: float | None = None
    camps: tuple[int, ...] | None = None


@dataclass(frozen=True, slots=True)
class QualityIndex:
    """Relationship quality 0-100: 100 minus the mean shortfall, weighted; beside it the perception alone."""

    index: float
    perception_only: float


@dataclass(frozen=True, slots=True)
class ZoneCell:
    """Zone of tolerance of one dimension or overall: `state` critical, inside, above, or "" where nothing may be shown.

    `adequacy` is received minus lowest; `place` 0 at the lowest accepted level and 1 at the wanted one; `below` the
    share of persons who receive less than they accept.
    """

    state: str
    lowest: Mean
    wanted: Mean
    received: Mean
    adequacy: Gap
    place: float | None
    below: Share | None


@dataclass(frozen=True, slots=True)
class Zone:
    """Lowest, wanted and received of the same persons; `inconsistent`: share left out for contradicting itself."""

    states: tuple[str, ...]
    overall: ZoneCell
    dimensions: Mapping[str, ZoneCell]
    inconsistent: float | None


@dataclass(frozen=True, slots=True)
class DirectRow:
    """Direct answer on one dimension beside its gap; `agreement` agrees, differs or open."""

    dimension: str
    mean: Mean
    gap: float | None
    certainty: str
    agreement: str


@dataclass(frozen=True, slots=True)
class Direct:
    """Direct disconfirmation of an audience, on a scale from `low` (worse) to `high` (better than wanted)."""

    block: str
    audience: str
    low: int
    high: int
    rows: tuple[DirectRow, ...]
    rank_correlation: float | None


@dataclass(frozen=True, slots=True)
class Result:
    """Everything one diagnosis found."""

    instrument: Mapping[str, str]
    rules_version: str
    scale: Mapping[str, float]
    audiences: tuple[AudienceResult, ...]
    states: Mapping[str, StateResult]
    gaps: tuple[GapResult, ...]
    waterfall: Waterfall | None
    reliability: tuple[Reliability, ...]
    items: Mapping[str, Mapping[str, Mean]]
    readiness: Readiness | None
    coverage: Coverage | None
    importance: Importance
    priorities: tuple[Priority, ...]
    patterns: tuple[PatternResult, ...]
    rq_index: QualityIndex | None
    no_standard: tuple[NoStandard, ...]
    quality: tuple[Quality, ...]
    agreement: tuple[Agreement, ...]
    notes: tuple[str, ...]
    outcomes: tuple[Outcome, ...] = ()
    zone: Zone | None = None
    direct: Direct | None = None
    drivers: Drivers | None = None
    profiles: ProfilesResult | None = None
    appendix: GapAppendix | None = None
    shares: OutcomeShares | None = None
    units: tuple[UnitAgreement, ...] = ()
    early_late: EarlyLateResult | None = None
    structure: StructureResult | None = None
    order_checks: tuple[OrderCheckResult, ...] = ()
    panel: PanelResult | None = None
    schema: int = SCHEMA

    def gap(self, code: str) -> GapResult | None:
        """The gap with this code, or None when the instrument does not have it."""
        return next((gap for gap in self.gaps if gap.code == code), None)

    def audience(self, code: str) -> AudienceResult | None:
        """The audience with this code, or None when it was not asked."""
        return next((audience for audience in self.audiences if audience.code == code), None)

    def to_json(self) -> dict[str, Any]:
        """JSON-safe content; see the module's dataclasses for the keys."""
        content: dict[str, Any] = encode(self)
        return content

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Result":
        """Read what `to_json` wrote; raises ValueError on another schema and KeyError on missing keys."""
        if content.get("schema") != SCHEMA:
            message = f"a result of schema {content.get('schema')} cannot be read, only {SCHEMA}"
            raise ValueError(message)
        result: Result = decode(cls, content)
        return result
