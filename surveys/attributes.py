"""Which attributes stay with an answer: as many as keep every joint cell of the invited at five or more (pure)."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Final

MIN_CELL: Final = 5
MIN_AUDIENCE: Final = 10


def keep_attributes(people: Sequence[Mapping[str, str]]) -> list[str]:
    """Return the attributes kept with the answers of these invited people, in the order they were taken in.

    Attributes are tried from the one with the fewest values on; one is kept when every joint cell of all kept ones
    still holds at least five invited. Audiences under ten keep none; attributes with one value tell nothing.
    """
    if len(people) < MIN_AUDIENCE:
        return []
    names = sorted({name for person in people for name in person})
    n_values = {name: len({person.get(name, "") for person in people}) for name in names}
    kept: list[str] = []
    for name in sorted(names, key=lambda name: (n_values[name], name)):
        if n_values[name] < 2:
            continue
        cells = Counter(tuple(person.get(part, "") for part in [*kept, name]) for person in people)
        if min(cells.values()) >= MIN_CELL:
            kept.append(name)
    return kept
