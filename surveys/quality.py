"""Flags of careless answers, judged once in the finishing request; only the flags are kept, never the seconds.

Source of the rules: docs/method.md, "Missing values and careless answers". The rule "below 40 % of the median time"
needs the times of others, which nobody keeps, so speed is judged by seconds per rating alone. Whether a response is
excluded (two flags or more) is decided by the diagnosis.
"""

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from surveys.instruments import NOT_ASKED, Form, is_value

MIN_SECONDS_PER_RATING: Final = 1.5
LONG_STRING_SHARE: Final = 0.8
MIN_ITEMS_JUDGED: Final = 3

FAST: Final = "fast"
LONG_STRING: Final = "long_string"
SAME_COLUMNS: Final = "same_columns"
REPEATED: Final = "repeated"
"""Given by an open link from a browser that had answered before."""


def flag_response(
    form: Form, scores: Sequence[int], *, seconds: float | None, seen: Sequence[int] | None = None
) -> list[str]:
    """Return the flags of one packed row.

    `seconds` is the time spent on its pages (None: not measured); `seen` are the slot indices in the order in which
    the respondent saw them (None: the form's own order).
    """
    flags = []
    given = sum(1 for score in scores if is_value(score))
    if seconds is not None and given and seconds / given < MIN_SECONDS_PER_RATING:
        flags.append(FAST)
    columns = _core_columns(form, scores, seen)
    if columns and all(_is_long_string(list(column.values())) for column in columns):
        flags.append(LONG_STRING)
    if len(columns) > 1 and _are_same_without_spread(columns):
        flags.append(SAME_COLUMNS)
    return flags


def share_answered(form: Form, scores: Sequence[int], *, asked: Sequence[int] | None = None) -> float:
    """Return the share (0-1) of the core ratings asked (indices; None: all) that hold a value; 1 without any.

    Ratings that this person was not asked do not count.
    """
    core = form.core_slots if asked is None else sorted(set(form.core_slots) & set(asked))
    core = [index for index in core if scores[index] != NOT_ASKED]
    if not core:
        return 1.0
    return sum(1 for index in core if is_value(scores[index])) / len(core)


def _core_columns(form: Form, scores: Sequence[int], seen: Sequence[int] | None) -> list[dict[str, int]]:
    """Return one {item: score} of answered core ratings per state, in the order seen."""
    core = set(form.core_slots)
    columns: dict[str, dict[str, int]] = {}
    for index in range(len(form.slots)) if seen is None else seen:
        if index in core:
            slot = form.slots[index]
            column = columns.setdefault(slot.state, {})
            if is_value(scores[index]):
                column[slot.item] = scores[index]
    return list(columns.values())


def _is_long_string(values: Sequence[int]) -> bool:
    """Tell whether one unbroken run of a value covers 80 % of a column's answers."""
    if len(values) < MIN_ITEMS_JUDGED:
        return False
    longest = run = 1
    for previous, value in pairwise(values):
        run = run + 1 if value == previous else 1
        longest = max(longest, run)
    return longest >= LONG_STRING_SHARE * len(values)


def _are_same_without_spread(columns: Sequence[dict[str, int]]) -> bool:
    """Tell whether every column gives one and the same value to all items answered in each of them."""
    shared = set(columns[0]).intersection(*columns[1:])
    values = {column[item] for column in columns for item in shared}
    return len(shared) >= MIN_ITEMS_JUDGED and len(values) == 1
