"""Coded values are the sequence they stand for."""

import numpy as np
import pytest

from diagnosis.coded import Coded


def test_coded_values_read_as_a_sequence() -> None:
    rows = ["b", "a", "b", "", "a"]
    coded = Coded.of(rows)
    assert list(coded) == rows
    assert coded == rows
    assert Coded.of(coded) is coded
    assert (coded[1], len(coded), coded[1:3], coded.count("b"), coded.count("z")) == (
        "a",
        5,
        ["a", "b"],
        2,
        0,
    )
    assert coded.take(np.array([True, False, False, True, False])) == ["b", ""]
    assert coded != rows[:4]
    assert coded != 5


def test_mappings_are_told_apart_by_a_key() -> None:
    rows = [{"region": "N"}, {}, {"region": "N"}]
    coded = Coded.of(rows, lambda row: tuple(row.items()))
    assert len(coded.values) == 2
    assert coded == rows
    with pytest.raises(TypeError):
        hash(coded)


def test_what_is_read_of_the_values_is_kept_once() -> None:
    coded = Coded.of([("a", 1), ("b", 1), ("a", 2)]).mapped(lambda pair: pair[1])
    assert (coded.values, list(coded)) == ((1, 2), [1, 1, 2])
