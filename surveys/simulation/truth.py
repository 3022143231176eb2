"""What is true in a simulated company: the numbers from which answers are drawn."""

from collections.abc import Mapping
from dataclasses import dataclass, field

ANY = "*"


@dataclass(frozen=True)
class CompanyTruth:
    """True means, spreads and habits of a company's audiences.

    Means are expectations of the *recorded* (rounded and clipped) answers, in points of the slot's scale, so that the
    difference of two means is the true gap. Inner keys may be "*" for all that are not named.

    means: state -> dimension -> mean. shifts: slot code such as "CP.R6.1" -> points added to the mean.
    readiness: audience -> factor -> mean. outcomes: block -> mean. sds: state (or "RA", "Y") -> SD of the latent
    answer, as points on a scale with a range of 6; other ranges are scaled.
    general, special: shares of the latent variance that belong to the person, and to the person in one dimension
    (pillar, block); the rest is noise of the single answer. state_correlation: correlation of the person's parts
    between the states one person answers.
    cannot_judge: state -> dimension -> share, given to all items of a dimension at once and independent of the level.
    no_standard: share of persons x dimensions with "no standard exists". missing_share: share of answers left open.
    careless_share: share of persons who give the same answer everywhere.
    importance: dimension -> weight of being ticked. choices: question -> option -> weight.
    comment_share: share of persons who write. comments: question -> texts.
    """

    means: Mapping[str, Mapping[str, float]]
    readiness: Mapping[str, Mapping[str, float]]
    outcomes: Mapping[str, float] = field(default_factory=dict)
    sds: Mapping[str, float] = field(default_factory=dict)
    shifts: Mapping[str, float] = field(default_factory=dict)
    general: float = 0.34
    special: float = 0.28
    state_correlation: float = 0.3
    cannot_judge: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    no_standard: float = 0.0
    missing_share: float = 0.0
    careless_share: float = 0.0
    importance: Mapping[str, float] = field(default_factory=dict)
    choices: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    comment_share: float = 0.0
    comments: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        shares = {
            "general + special": self.general + self.special,
            "state_correlation": self.state_correlation,
            "no_standard": self.no_standard,
            "missing_share": self.missing_share,
            "careless_share": self.careless_share,
            "comment_share": self.comment_share,
        }
        for name, share in shares.items():
            if not 0 <= share <= 1:
                raise ValueError(f"{name} must be from 0 to 1, not {share}")


def look_up(table: Mapping[str, float], key: str, what: str) -> float:
    """The entry of a key, or the one for "*"; raises ValueError that names what is missing."""
    if key in table:
        return table[key]
    if ANY in table:
        return table[ANY]
    raise ValueError(f"the truth says nothing about {what} {key}")
