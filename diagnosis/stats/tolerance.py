"""The zone of tolerance: from the lowest level a customer accepts to the level wanted, and where what is received lies.

Source: docs/method.md, "Zone of tolerance"; Parasuraman, Zeithaml & Berry (1994).
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diagnosis.stats.arrays import FloatArray, as_matrix, require_same_shape
from diagnosis.stats.scales import score_dimension

ZoneState = Literal["critical", "inside", "above"]
MAX_INCONSISTENT = 0.25


@dataclass(frozen=True, slots=True)
class ZoneScores:
    """Person scores (persons,) of one dimension on the items a person answered in all three columns; nan = missing."""

    lowest: FloatArray
    wanted: FloatArray
    received: FloatArray


def inconsistent_persons(lowest: ArrayLike, wanted: ArrayLike) -> NDArray[np.bool_]:
    """Persons whose lowest accepted level exceeds the level wanted on more than a quarter of the items with both.

    lowest, wanted: (persons, items) in scale points, nan = missing; the answer is (persons,).
    """
    low, high = as_matrix(lowest), as_matrix(wanted)
    require_same_shape(low, high)
    both = ~np.isnan(low) & ~np.isnan(high)
    crossed = (both & (low > high)).sum(axis=1)
    return np.asarray(crossed > MAX_INCONSISTENT * both.sum(axis=1), dtype=np.bool_)


def zone_scores(lowest: ArrayLike, wanted: ArrayLike, received: ArrayLike) -> ZoneScores:
    """Scores of one dimension in the three columns on the same items of each person.

    Each column is (persons, items), nan = missing. An item counts for a person who answered it in all three columns;
    a person needs that for at least half of the items.
    """
    columns = [as_matrix(each) for each in (lowest, wanted, received)]
    require_same_shape(columns[0], columns[1])
    require_same_shape(columns[0], columns[2])
    complete = ~np.isnan(np.stack(columns)).any(axis=0)
    scores = [score_dimension(np.where(complete, each, np.nan)) for each in columns]
    return ZoneScores(*scores)


def zone_state(lowest: float, wanted: float, received: float) -> ZoneState:
    """Critical below the lowest accepted level, above from the level wanted on, inside between them."""
    if received < lowest:
        return "critical"
    return "above" if received >= wanted else "inside"


def place_in_zone(lowest: float, wanted: float, received: float) -> float | None:
    """(received - lowest) / (wanted - lowest): 0 at the lowest accepted level, 1 at the level wanted.

    None when the zone has no width, that is where wanted does not exceed lowest.
    """
    width = wanted - lowest
    return (received - lowest) / width if width > 0 else None
