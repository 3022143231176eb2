"""The sampling check of a wave: from its roster, its forms and planning values to what it may expect and find."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from diagnosis.stats.sampling import (
    TYPICAL_SD_SHARE,
    AudiencePlan,
    expected_answers,
    plan_audience,
    smallest_gap,
)
from surveys.disclosure import is_indicative, minimum_for, suppress_split
from surveys.enums import Mode
from surveys.instruments import Form, Gap, Instrument
from surveys.models import Recipient, Wave, WaveAudience

WISHED_SHARE = 0.2 / 6.0
"""Wished margin as a share of the scale's range: 0.2 points on 1-7."""
TYPICAL_RATES: Mapping[str, float] = {"customers": 0.12}
STAFF_RATE = 0.65
MOST_VALUES = 30
SURE = 0.8


@dataclass(frozen=True, slots=True)
class Expectation:
    """Planning values one may change: share of answers (0-1), population by audience, wished margin in points."""

    rates: Mapping[str, float]
    populations: Mapping[str, int]
    wished_margin: float


@dataclass(frozen=True, slots=True)
class PlannedAudience:
    """One audience: what to expect, the smallest group shown, and a word: shown, tight, indicative, hidden, nobody."""

    code: str
    plan: AudiencePlan
    minimum: int
    state: str


@dataclass(frozen=True, slots=True)
class PlannedGap:
    """The smallest gap the wave could find, overall and on a dimension (None: not at all), or why it cannot.

    state: found, hidden (a side stays hidden) or not_asked.
    """

    gap: Gap
    sides: tuple[str, ...]
    paired: bool
    overall: float | None
    dimension: float | None
    state: str


@dataclass(frozen=True, slots=True)
class PlannedGroup:
    """One value of an attribute: expected answers, and shown, tight or hidden; sizes are those of the roster."""

    attribute: str
    value: str
    invited: int
    expected: int
    state: str


@dataclass(frozen=True, slots=True)
class SamplingCheck:
    """Everything the page shows; `unsplit` are attributes with too many values to compare by."""

    audiences: tuple[PlannedAudience, ...]
    gaps: tuple[PlannedGap, ...]
    groups: Mapping[str, tuple[PlannedGroup, ...]]
    unsplit: Mapping[str, tuple[str, ...]]
    sd: float
    wished_margin: float


def typical_rate(audience: str) -> float:
    """Response rate to plan with: customers by e-mail 5-20 %, staff 50-80 % (docs/method.md)."""
    return TYPICAL_RATES.get(audience, STAFF_RATE)


def check_sampling(
    wave: Wave, instrument: Instrument, forms: Mapping[str, Form], expectation: Expectation
) -> SamplingCheck:
    """Plan every audience, gap and group of a wave; `forms` are those of its audiences. Reads the roster only."""
    sd = TYPICAL_SD_SHARE * instrument.level_scale.span
    audiences, groups, unsplit = [], {}, {}
    for row in wave.audiences.all():
        attributes = list(Recipient.objects.filter(wave_audience=row).values_list("attributes", flat=True))
        planned = _plan(row, len(attributes), sd, expectation)
        audiences.append(planned)
        found, too_many = _groups(row, attributes, planned.plan.rate)
        groups[row.audience] = found
        unsplit[row.audience] = too_many
    plans = {planned.code: planned for planned in audiences}
    return SamplingCheck(
        audiences=tuple(audiences),
        gaps=tuple(_gap(gap, instrument, forms, plans, sd) for gap in _gaps_between_states(instrument)),
        groups={code: rows for code, rows in groups.items() if rows},
        unsplit={code: names for code, names in unsplit.items() if names},
        sd=sd,
        wished_margin=expectation.wished_margin,
    )


def _plan(row: WaveAudience, invited: int, sd: float, expectation: Expectation) -> PlannedAudience:
    minimum = minimum_for(row.audience, named=row.mode == Mode.NAMED)
    plan = plan_audience(
        invited=invited,
        rate=expectation.rates.get(row.audience, typical_rate(row.audience)),
        sd=sd,
        wished_margin=expectation.wished_margin,
        minimum=minimum,
        population=max(expectation.populations.get(row.audience, 0), invited),
    )
    return PlannedAudience(row.audience, plan, minimum, _state(row.audience, plan, minimum))


def _state(audience: str, plan: AudiencePlan, minimum: int) -> str:
    if not plan.invited:
        return "nobody"
    if plan.expected < minimum:
        return "hidden"
    if plan.chance_shown < SURE:
        return "tight"
    return "indicative" if is_indicative(audience, plan.expected) else "shown"


def _gaps_between_states(instrument: Instrument) -> Iterator[Gap]:
    for gap in instrument.gaps:
        if gap.kind == "difference":
            yield gap


def _gap(
    gap: Gap,
    instrument: Instrument,
    forms: Mapping[str, Form],
    plans: Mapping[str, PlannedAudience],
    sd: float,
) -> PlannedGap:
    owners = [_owner(instrument, forms, plans, state) for state in (gap.later, gap.earlier)]
    sides = tuple(dict.fromkeys(code for code in owners if code is not None))
    if owners[0] is None or owners[1] is None:
        return PlannedGap(gap, sides, paired=False, overall=None, dimension=None, state="not_asked")
    paired = gap.test == "paired" and owners[0] == owners[1]
    if any(plans[code].state == "hidden" for code in sides):
        return PlannedGap(gap, sides, paired, None, None, "hidden")
    n_later, n_earlier = (plans[code].plan.expected for code in (owners[0], owners[1]))
    overall, dimension = (
        smallest_gap(n_later=n_later, n_earlier=n_earlier, paired=paired, sd=sd, n_tests=n_tests)
        for n_tests in (1, len(instrument.dimensions))
    )
    return PlannedGap(gap, sides, paired, overall, dimension, "found")


def _owner(
    instrument: Instrument, forms: Mapping[str, Form], plans: Mapping[str, PlannedAudience], state: str
) -> str | None:
    """Return the audience whose answers give the state: the first that is asked it and has anybody."""
    for code in instrument.state(state).audiences:
        if code in plans and plans[code].plan.invited and state in forms[code].states:
            return code
    return None


def _groups(
    row: WaveAudience, attributes: list[Mapping[str, str]], rate: float
) -> tuple[tuple[PlannedGroup, ...], tuple[str, ...]]:
    """Return what to expect of each value of each attribute, and the attributes with too many values."""
    counts: dict[str, Counter[str]] = {}
    for person in attributes:
        for name, value in person.items():
            if value not in ("", None):
                counts.setdefault(str(name), Counter())[str(value)] += 1
    named = row.mode == Mode.NAMED
    minimum = minimum_for(row.audience, subgroup=True, named=named)
    found: list[PlannedGroup] = []
    for name in sorted(counts):
        if len(counts[name]) <= MOST_VALUES:
            found.extend(_split(name, counts[name], rate, minimum))
    return tuple(found), tuple(sorted(name for name in counts if len(counts[name]) > MOST_VALUES))


def _split(name: str, counts: Mapping[str, int], rate: float, minimum: int) -> Iterator[PlannedGroup]:
    expected = {value: expected_answers(n, rate) for value, n in counts.items()}
    hidden = suppress_split(expected, minimum)
    for value in sorted(counts, key=lambda value: (-counts[value], value)):
        plan = plan_audience(invited=counts[value], rate=rate, sd=1.0, wished_margin=1.0, minimum=minimum)
        state = "hidden" if value in hidden else "shown" if plan.chance_shown >= SURE else "tight"
        yield PlannedGroup(name, value, counts[value], expected[value], state)
