"""Shares of the highest answers, and the net promoter score, beside the means of the constructs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TopBox:
    """Share (0-1) of answers at `from_point` and above on one item; None with `reason` where it may not be shown."""

    block: str
    item: str
    audience: str
    low: int
    high: int
    from_point: int
    n: int | None
    share: float | None
    ci_low: float | None
    ci_high: float | None
    indicative: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class NetPromoter:
    """Net promoter score of one item, -100 to 100, with its interval and its three shares (0-1)."""

    item: str
    audience: str
    n: int | None
    score: float | None
    ci_low: float | None
    ci_high: float | None
    promoters: float | None
    passives: float | None
    detractors: float | None
    indicative: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class OutcomeShares:
    """All shares of a diagnosis; `recommendation` is empty where no item asks for it from 0 to 10."""

    top_boxes: tuple[TopBox, ...]
    recommendation: tuple[NetPromoter, ...]
