"""The one table of thresholds, and suppression that stands against subtraction from the total."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from surveys import disclosure


@pytest.mark.parametrize(
    ("audience", "n", "subgroup", "named", "shown"),
    [
        ("managers", 4, False, False, False),
        ("managers", 5, False, False, True),
        ("managers", 1, False, True, False),
        ("managers", 2, False, True, True),
        ("front_line", 5, True, False, True),
        ("customers", 5, False, False, True),
        ("customers", 9, True, False, False),
        ("customers", 10, True, False, True),
    ],
)
def test_is_publishable_follows_the_table(audience, n, subgroup, named, shown):
    assert disclosure.is_publishable(audience, n, subgroup=subgroup, named=named) is shown


def test_is_indicative_differs_between_staff_and_customers():
    assert disclosure.is_indicative("managers", 9)
    assert not disclosure.is_indicative("managers", 10)
    assert disclosure.is_indicative("customers", 29)
    assert not disclosure.is_indicative("customers", 30)


def test_comments_and_variants_follow_the_table():
    assert not disclosure.are_comments_publishable(9)
    assert disclosure.are_comments_publishable(10)
    assert disclosure.is_variant_publishable(40, 40)
    assert not disclosure.is_variant_publishable(40, 36)
    assert disclosure.is_variant_publishable(40, 35)


@pytest.mark.parametrize(
    ("values", "named", "tells"),
    [
        ([5.0] * 9, False, True),
        ([5.0] * 10, False, False),
        ([5.0] * 9, True, False),
        ([5.0, 6.0], False, False),
    ],
)
def test_few_who_all_agree_are_not_shown(values, named, tells):
    assert disclosure.tells_everybody(values, named=named) is tells
    assert not disclosure.tells_everybody([])


def test_safe_total_hides_sizes_of_small_groups_and_totals_of_few_invited():
    assert disclosure.safe_total(4) is None
    assert disclosure.safe_total(5) == 5
    assert disclosure.safe_total(2, invited=5) == 2
    assert disclosure.safe_total(2, invited=4) is None


def test_suppress_split_hides_the_next_smallest_too():
    assert disclosure.suppress_split({"north": 3, "south": 7, "west": 20}, 5) == {"north", "south"}
    assert disclosure.suppress_split({"north": 3, "south": 20}, 5) == {"north", "south"}
    assert disclosure.suppress_split({"a": 1, "b": 2, "c": 9, "d": 9}, 5) == {"a", "b", "c"}
    assert disclosure.suppress_split({"north": 0, "south": 7}, 5) == {"north"}
    assert disclosure.suppress_split({"north": 5, "south": 7}, 5) == set()


def test_suppress_split_refuses_a_minimum_below_one():
    with pytest.raises(ValueError, match="at least 1"):
        disclosure.suppress_split({"a": 1}, 0)


@given(st.dictionaries(st.text(max_size=3), st.integers(0, 40), max_size=8), st.integers(1, 12))
def test_suppress_split_leaves_no_small_remainder(counts, minimum):
    hidden = disclosure.suppress_split(counts, minimum)
    shown = set(counts) - hidden
    assert all(counts[group] >= minimum for group in shown)
    people = [counts[group] for group in hidden if counts[group]]
    if people and shown:
        assert sum(people) >= minimum
        assert len(people) >= 2
