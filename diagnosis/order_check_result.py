"""Whether the order of the pages moved the answers, where a random half of the people had another one."""

from dataclasses import dataclass

from diagnosis.early_late_result import EarlyLateRow


@dataclass(frozen=True, slots=True)
class OrderedOutcome:
    """Outcomes first less ratings first on one construct; verdict as of `EarlyLateRow`."""

    outcome: str
    name: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    q_value: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class OrderCheckResult:
    """Both halves of one audience, of ten persons and more each; differences are outcomes first less ratings first."""

    audience: str
    n_outcomes_first: int
    n_ratings_first: int
    rows: tuple[EarlyLateRow, ...]
    outcomes: tuple[OrderedOutcome, ...]
