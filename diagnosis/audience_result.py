"""Who was asked and who answered, as a result says it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """A share (0-1) with its Wilson interval."""

    estimate: float
    ci_low: float
    ci_high: float


@dataclass(frozen=True, slots=True)
class Excluded:
    """How many answers a rule left out."""

    reason: str
    n: int


@dataclass(frozen=True, slots=True)
class OpenLinkResult:
    """Answers of an audience that came by open links, beside those of the invited; None = must not be shown.

    `included`: the figures use them, by decision of the practice or because nobody was invited.
    """

    started: int | None
    finished: int | None
    used: int | None
    included: bool


@dataclass(frozen=True, slots=True)
class AudienceResult:
    """Who was asked, who answered, how many of their answers the figures use; None = must not be shown.

    All numbers are those of the invited; answers by open links stand beside them in `open_link`.
    `collected`: the answers were collected elsewhere; `effective_n`: (sum w)^2 / sum w^2 where answers have weights.
    """

    code: str
    name: str
    mode: str
    form: str
    invited: int | None
    accepted: int | None
    bounced: int | None
    started: int | None
    finished: int | None
    used: int | None
    excluded: tuple[Excluded, ...] | None
    response_rate: Share | None
    indicative: bool
    suppressed: str | None
    collected: bool = False
    effective_n: float | None = None
    open_link: OpenLinkResult | None = None
