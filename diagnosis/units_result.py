"""How far the members of one unit (branch, team) see things alike, where there are two units and more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class UnitAgreement:
    """Intraclass correlation of a state over the units of one attribute; units that must stay hidden are left out.

    `icc1`: share of the differences between persons that lies between units, may be negative; `icc2`: reliability of
    the units' means, None where they do not differ. Numbers of persons are not kept: they would tell hidden sizes.
    """

    audience: str
    state: str
    attribute: str
    units: int
    icc1: float
    icc2: float | None
    p_value: float
