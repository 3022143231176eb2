"""Who may be shown: the one table of thresholds and the pure rules of suppression that every outlet uses.

Source of the numbers: docs/method.md, "Anonymity and disclosure". No outlet has a threshold of its own.
"""

import secrets
from collections.abc import Collection, Mapping, Sequence
from typing import Final

MIN_GROUP: Final = 5
"""Smallest group of finished answers that is shown, and smallest group of invited whose totals are shown."""
MIN_CUSTOMER_SUBGROUP: Final = 10
"""Smallest subgroup of customers that is shown."""
MIN_NAMED_GROUP: Final = 2
"""Smallest group of a named audience that is shown: reports print groups, never one person."""
MIN_COMMENTS: Final = 10
"""Comments of an audience are shown from this number of finished answers on."""
MIN_UNANIMOUS: Final = 10
"""A figure of a confidential audience in which all agree is everybody's own answer; it is shown from this number on."""
MIN_VARIANT_DIFFERENCE: Final = 5
"""Two published sets of the same audience differ by nobody or by at least so many persons."""
INDICATIVE_STAFF: Final = 10
"""Below this number of answers a result of a staff audience is marked as indicative."""
INDICATIVE_CUSTOMERS: Final = 30
"""Below this number of answers a result of customers is marked as indicative."""

CUSTOMERS: Final = "customers"

_random: Final = secrets.SystemRandom()


def minimum_for(audience: str, *, subgroup: bool = False, named: bool = False) -> int:
    """Return how many finished answers an audience (or a subgroup of it) needs before it is shown."""
    if named:
        return MIN_NAMED_GROUP
    if subgroup and audience == CUSTOMERS:
        return MIN_CUSTOMER_SUBGROUP
    return MIN_GROUP


def is_publishable(audience: str, n: int, *, subgroup: bool = False, named: bool = False) -> bool:
    """Tell whether a result resting on `n` finished answers of the audience may be shown anywhere."""
    return n >= minimum_for(audience, subgroup=subgroup, named=named)


def tells_everybody(values: Collection[float], *, named: bool = False) -> bool:
    """Tell whether a figure over these answers would be the answer of each: fewer than MIN_UNANIMOUS, all the same."""
    return not named and 0 < len(values) < MIN_UNANIMOUS and min(values) == max(values)


def is_indicative(audience: str, n: int) -> bool:
    """Tell whether a shown result rests on so few answers that it must be marked as indicative."""
    return n < (INDICATIVE_CUSTOMERS if audience == CUSTOMERS else INDICATIVE_STAFF)


def are_comments_publishable(n: int) -> bool:
    """Tell whether the comments of an audience with `n` finished answers may be shown."""
    return n >= MIN_COMMENTS


def disclosed_comments(answers: Sequence[Mapping[str, str]]) -> dict[str, list[str]]:
    """Return what the finished answers of one audience say in words, by question; {} for fewer than MIN_COMMENTS.

    `answers` holds the texts of every finished answer by question, empty ones included. Each question is shuffled by
    itself, so that no two comments can be laid side by side as one person's.
    """
    if not are_comments_publishable(len(answers)):
        return {}
    questions = sorted({code for texts in answers for code in texts})
    found = {code: [texts[code] for texts in answers if texts.get(code, "").strip()] for code in questions}
    for texts in found.values():
        _random.shuffle(texts)
    return {code: texts for code, texts in found.items() if texts}


def is_variant_publishable(n_full: int, n_variant: int) -> bool:
    """Tell whether a second version of a result (without some answers) may stand beside the first."""
    difference = abs(n_full - n_variant)
    return difference == 0 or difference >= MIN_VARIANT_DIFFERENCE


def safe_total(n: int, *, invited: int | None = None) -> int | None:
    """Return a count that may be shown, else None.

    With `invited` the count is a total of that group (started, finished) and needs a group of MIN_GROUP invited;
    without it the count is the size of a group and needs to be MIN_GROUP itself: sizes of hidden groups stay hidden.
    """
    size = n if invited is None else invited
    return n if size >= MIN_GROUP else None


def suppress_split(counts: Mapping[str, int], minimum: int) -> set[str]:
    """Return the groups of one split that must be hidden so that no small group can be computed from the total.

    Groups below `minimum` are hidden. As long as the hidden ones together are a single group, or fewer than
    `minimum` persons, the next smallest group joins them (complementary suppression). Empty groups show nothing and
    protect nobody: they are hidden, but do not count.
    """
    if minimum < 1:
        raise ValueError("The minimum of a split must be at least 1.")
    by_size = sorted(counts, key=lambda group: (counts[group], group))
    hidden = {group for group in by_size if counts[group] < minimum}
    people = [counts[group] for group in hidden if counts[group] > 0]
    if not people:
        return hidden
    for group in by_size:
        if len(people) >= 2 and sum(people) >= minimum:
            break
        if group not in hidden:
            hidden.add(group)
            people.append(counts[group])
    return hidden
