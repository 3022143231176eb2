"""Zone of tolerance by hand: who is inconsistent, which items count, where the mean lies."""

import numpy as np
import pytest

from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.tolerance import inconsistent_persons, place_in_zone, zone_scores, zone_state

NAN = float("nan")


def test_more_than_a_quarter_crossed_is_inconsistent() -> None:
    wanted = [[6, 6, 6, 6], [6, 6, 6, 6], [6, NAN, NAN, NAN], [NAN] * 4]
    lowest = [[7, 5, 5, 5], [7, 7, 5, 5], [7, 5, 5, 5], [5] * 4]
    assert inconsistent_persons(lowest, wanted).tolist() == [False, True, True, False]


def test_equal_levels_are_consistent() -> None:
    assert inconsistent_persons([[5, 5]], [[5, 5]]).tolist() == [False]


def test_items_count_with_all_three_columns() -> None:
    found = zone_scores(
        lowest=[[3, 4, NAN], [3, NAN, NAN]], wanted=[[6, 7, 7], [6, 7, 7]], received=[[5, 4, 1], [5, 4, 1]]
    )
    assert found.lowest.tolist()[0] == 3.5
    assert found.wanted.tolist()[0] == 6.5
    assert found.received.tolist()[0] == 4.5
    assert all(np.isnan(column[1]) for column in (found.lowest, found.wanted, found.received))


@pytest.mark.parametrize(
    ("received", "state", "place"),
    [
        (3.9, "critical", -0.05),
        (4.0, "inside", 0.0),
        (5.0, "inside", 0.5),
        (6.0, "above", 1.0),
        (6.5, "above", 1.25),
    ],
)
def test_states_of_the_method(received: float, state: str, place: float) -> None:
    assert zone_state(4.0, 6.0, received) == state
    assert place_in_zone(4.0, 6.0, received) == pytest.approx(place)


def test_a_zone_without_width_has_no_place() -> None:
    assert place_in_zone(5.0, 5.0, 5.0) is None
    assert place_in_zone(6.0, 5.0, 5.5) is None


def test_columns_of_different_shape_are_refused() -> None:
    with pytest.raises(StatisticsError):
        zone_scores([[1.0]], [[1.0, 2.0]], [[1.0]])
    with pytest.raises(StatisticsError):
        inconsistent_persons([[1.0]], [[1.0, 2.0]])
