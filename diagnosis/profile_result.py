"""Relationship profiles of customers: what each wants, gets and is offered, how sure the split is, a short key."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ProfileMean:
    """Mean of one profile with its t interval; None throughout where too few have answered."""

    n: int | None
    mean: float | None
    ci_low: float | None
    ci_high: float | None


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One profile: share of the customers, wanted and received by dimension, standard minus wanted (descriptive).

    `name` is a suggestion; `more` and `less`: dimensions it wants more, less than the other profiles do. `hidden`: too
    few customers, then nothing else is given.
    """

    number: int
    name: str
    n: int | None
    share: float | None
    indicative: bool
    hidden: str | None
    more: tuple[str, ...]
    less: tuple[str, ...]
    wanted: Mapping[str, ProfileMean]
    received: Mapping[str, ProfileMean]
    fit: Mapping[str, float]
    outcomes: Mapping[str, ProfileMean]


@dataclass(frozen=True, slots=True)
class ProfileCandidate:
    """One number of profiles that was tried; `failure`: silhouette, size, stability, "" when every condition holds."""

    k: int
    silhouette: float
    smallest_share: float
    stability: float | None
    bic: float | None
    entropy: float | None
    failure: str


@dataclass(frozen=True, slots=True)
class ProfileKey:
    """A few items that assign a customer: the profile with the highest constant + sum of weight times answer."""

    items: tuple[str, ...]
    constants: tuple[float, ...]
    weights: tuple[tuple[float, ...], ...]
    hit_rate: float
    by_chance: float
    n: int


@dataclass(frozen=True, slots=True)
class ProfilesResult:
    """`kind`: profiles (distinct and stable), types (by rule, since there are none) or none (`reason` says why).

    `useful`: profiles differ in what was not used to build them (perceptions, outcomes), None where that is unknown.
    """

    audience: str
    kind: str
    n: int | None
    silhouette: float | None
    stability: float | None
    useful: bool | None
    rows: tuple[ProfileRow, ...]
    candidates: tuple[ProfileCandidate, ...]
    key: ProfileKey | None
    imputed: float
    reason: str | None

    def row(self, number: int) -> ProfileRow | None:
        """The profile with this number, or None."""
        return next((row for row in self.rows if row.number == number), None)
