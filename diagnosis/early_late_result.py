"""Late answers beside early ones: a hint about those who did not answer at all."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EarlyLateRow:
    """Late minus early on one state and dimension.

    `verdict`: differs (q <= .05), alike (the 90 % interval lies inside 5 % of the scale), else open.
    """

    state: str
    dimension: str
    estimate: float | None
    ci_low: float | None
    ci_high: float | None
    q_value: float | None
    verdict: str


@dataclass(frozen=True, slots=True)
class EarlyLateResult:
    """Comparison of one audience; both sides hold ten persons and more."""

    audience: str
    n_early: int
    n_late: int
    rows: tuple[EarlyLateRow, ...]
