"""Flags of careless answers."""

import pytest

from surveys import quality
from surveys.instruments import CANNOT_JUDGE, MISSING
from tests.surveys.answering.builder import form_of

FORM = form_of()
VARIED = [1 + (index * 5 + index // 3) % 7 for index in range(len(FORM.slots))]


def row(**columns):
    """Return a varied row in which the named states' core items are replaced by a value or a function."""
    scores = list(VARIED)
    for index in FORM.core_slots:
        slot = FORM.slots[index]
        if slot.state in columns:
            chosen = columns[slot.state]
            scores[index] = chosen(int(slot.item[1]) + int(slot.item[-1])) if callable(chosen) else chosen
    return scores


@pytest.mark.parametrize(("seconds", "flags"), [(1.49, ["fast"]), (1.5, []), (None, [])])
def test_seconds_per_rating_are_judged(seconds, flags):
    total = None if seconds is None else seconds * len(FORM.slots)
    assert quality.flag_response(FORM, VARIED, seconds=total) == flags


def test_long_string_needs_all_columns():
    assert quality.flag_response(FORM, row(CE=7), seconds=None) == []
    assert quality.flag_response(FORM, row(CE=7, CP=4), seconds=None) == ["long_string"]


def test_long_string_counts_the_run_as_it_was_seen():
    core = list(FORM.core_slots)
    scores = row(CE=7, CP=4)
    for index in core[:6]:
        scores[index] = 1
    for index in core[24:30]:
        scores[index] = 2
    assert quality.flag_response(FORM, scores, seconds=None) == []
    seen = core[:6] + core[24:30] + core[6:24] + core[30:]
    assert quality.flag_response(FORM, scores, seconds=None, seen=seen) == []
    for index in core[24:30]:
        scores[index] = 7 if FORM.slots[index].state == "CE" else 4
    assert quality.flag_response(FORM, scores, seconds=None, seen=seen) == ["long_string"]


def test_same_columns_without_spread():
    assert quality.flag_response(FORM, row(CE=4, CP=4), seconds=None) == ["long_string", "same_columns"]
    assert (
        quality.flag_response(FORM, row(CE=lambda n: n % 7 + 1, CP=lambda n: n % 7 + 1), seconds=None) == []
    )


def test_empty_answers_get_no_flag_and_count_as_unanswered():
    empty = [MISSING] * len(FORM.slots)
    assert quality.flag_response(FORM, empty, seconds=2) == []
    assert quality.share_answered(FORM, empty) == 0
    assert quality.share_answered(FORM, VARIED) == 1
    assert quality.share_answered(FORM, [CANNOT_JUDGE] * len(FORM.slots)) == 0
