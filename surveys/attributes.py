"""Which attributes stay with an answer, and in which values: every joint cell of the invited holds five or more (pure).

A plan says before launch which attributes are left out and which values are merged: {"dropped": [names], "shown_as":
{name: {value: merged value}}}; a launch adds "values": {name: [values]}, the only ones that are kept from then on.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

MIN_CELL: Final = 5
MIN_AUDIENCE: Final = 10
FEW_VALUES: Final = 6
BANDS: Final = 4

People = Sequence[Mapping[str, str]]
Plan = Mapping[str, Any]


def reduce_attributes(attributes: Mapping[str, str], plan: Plan) -> dict[str, str]:
    """Return a person's attributes as the plan shows them: left out, merged, and after launch only known values."""
    dropped, shown_as, known = plan.get("dropped", ()), plan.get("shown_as", {}), plan.get("values")
    reduced = {}
    for name, value in attributes.items():
        if name in dropped:
            continue
        shown = shown_as.get(name, {}).get(value, value)
        if shown and (known is None or shown in known.get(name, ())):
            reduced[name] = shown
    return reduced


def joint_cells(people: People, names: Sequence[str]) -> Counter[tuple[str, ...]]:
    """Return how many people share each combination of values of these attributes; "" = not known."""
    return Counter(tuple(person.get(name, "") for name in names) for person in people)


def values_of(people: People, name: str) -> Counter[str]:
    """Return how many people have each value of an attribute; "" = not known."""
    return Counter(person.get(name, "") for person in people)


def keep_attributes(people: People) -> list[str]:
    """Return the attributes kept with the answers of these invited people, in the order they were taken in.

    Attributes are tried from the one with the fewest values on; one is kept when every joint cell of all kept ones
    still holds at least five invited. Audiences under ten keep none; attributes with one value tell nothing.
    """
    if len(people) < MIN_AUDIENCE:
        return []
    names = sorted({name for person in people for name in person})
    n_values = {name: len(values_of(people, name)) for name in names}
    kept: list[str] = []
    for name in sorted(names, key=lambda name: (n_values[name], name)):
        if n_values[name] >= 2 and min(joint_cells(people, [*kept, name]).values()) >= MIN_CELL:
            kept.append(name)
    return kept


def known_values(people: People, names: Iterable[str]) -> dict[str, list[str]]:
    """Return the values that people have of these attributes."""
    return {name: sorted({person[name] for person in people if person.get(name)}) for name in names}


def merge_small(counts: Mapping[str, int], other: str) -> dict[str, str]:
    """Return what values to show differently, so that each shown one is shared by five: numbers in bands, else merged.

    `other` names the values merged; the next smallest joins them until they are five.
    """
    values = {value: n for value, n in counts.items() if value}
    numbers = {value: float(value) for value in values if _is_number(value)}
    if len(numbers) == len(values) and len(values) > FEW_VALUES:
        return _bands(values, numbers)
    merged: list[str] = []
    for value in sorted(values, key=lambda value: (values[value], value)):
        if values[value] >= MIN_CELL and (not merged or sum(values[one] for one in merged) >= MIN_CELL):
            break
        merged.append(value)
    return dict.fromkeys(merged, other)


def _is_number(value: str) -> bool:
    return value.replace(".", "", 1).isascii() and value.replace(".", "", 1).isdigit()


def _bands(counts: Mapping[str, int], numbers: Mapping[str, float]) -> dict[str, str]:
    """Cut numbers into at most four bands of about the same number of people."""
    size = max(MIN_CELL, -(-sum(counts.values()) // BANDS))
    bands: list[list[str]] = [[]]
    for value in sorted(counts, key=lambda value: numbers[value]):
        if sum(counts[one] for one in bands[-1]) >= size:
            bands.append([])
        bands[-1].append(value)
    if len(bands) > 1 and sum(counts[one] for one in bands[-1]) < MIN_CELL:
        last = bands.pop()
        bands[-1] += last
    names = {band[0]: band[0] if len(band) == 1 else f"{band[0]}–{band[-1]}" for band in bands}
    return {value: names[band[0]] for band in bands for value in band if names[band[0]] != value}
