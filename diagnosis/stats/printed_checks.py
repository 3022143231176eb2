"""Do the printed figures of a table agree with each other, allowing for their rounding."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from math import ceil, floor, inf, sqrt
from typing import Literal

from diagnosis.stats.distributions import t_quantile, t_two_sided_p
from diagnosis.stats.printed import Printed
from diagnosis.stats.published import PrintedGapRow, welch_from_summary
from diagnosis.stats.results import NotEnough

Rule = Literal[
    "gap_of_means",
    "centre_of_interval",
    "order_of_interval",
    "t_of_interval",
    "t_of_sd",
    "sd_of_sides",
    "p_of_t",
    "p_of_groups",
    "mean_on_scale",
    "sd_on_scale",
    "mean_of_whole_answers",
]
NOISE = 1e-9
Range = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Inconsistency:
    """A printed number that does not fit the others of its row: they allow `low` to `high`.

    `column` is the field of the row, `rule` names the arithmetic; `repeats` is another row with the same number in that
    column, which hints at a slip of copying.
    """

    row: str
    column: str
    rule: Rule
    printed: float
    low: float
    high: float
    repeats: str | None = None


@dataclass(frozen=True, slots=True)
class PrintedGroupsRow:
    """One row of a table about two groups of persons, numbers as printed."""

    name: str
    n_later: int
    mean_later: Printed
    sd_later: Printed
    n_earlier: int
    mean_earlier: Printed
    sd_earlier: Printed
    p_value: Printed | None = None


def check_gap_rows(
    rows: Sequence[PrintedGapRow],
    *,
    scale: tuple[float, float] | None = None,
    confidence_level: float = 0.95,
) -> tuple[Inconsistency, ...]:
    """Every number of rows about pairs that contradicts its row.

    Each rule computes the range that the other numbers, moved within their rounding, allow; a printed number whose own
    rounding does not reach that range is reported. scale: lowest and highest possible score.
    Means of whole answers are multiples of 1/(n items): the granularity test of Brown & Heathers (2017).
    """
    found = [flaw for row in rows for flaw in _check_gap_row(row, scale, confidence_level)]
    return tuple(replace(flaw, repeats=_repeated(flaw, rows)) for flaw in found)


def check_group_rows(rows: Sequence[PrintedGroupsRow]) -> tuple[Inconsistency, ...]:
    """Every printed p of two groups that no rounding of its means and SDs gives in Welch's test."""
    found: list[Inconsistency] = []
    for row in rows:
        allowed = _p_of_groups(row)
        if row.p_value is not None and allowed is not None:
            found.extend(_flaw(row.name, "p_value", "p_of_groups", row.p_value, allowed))
    return tuple(found)


def _repeated(flaw: Inconsistency, rows: Sequence[PrintedGapRow]) -> str | None:
    for row in rows:
        held = getattr(row, flaw.column)
        if row.name != flaw.row and held is not None and held.value == flaw.printed:
            return row.name
    return None


def _flaw(name: str, column: str, rule: Rule, printed: Printed, allowed: Range) -> Iterator[Inconsistency]:
    if printed.high < allowed[0] - NOISE or printed.low > allowed[1] + NOISE:
        yield Inconsistency(name, column, rule, printed.value, allowed[0], allowed[1])


def _check_gap_row(
    row: PrintedGapRow, scale: Range | None, confidence_level: float
) -> Iterator[Inconsistency]:
    gap = _gap_range(row)
    of_means = _means_range(row)
    if row.gap is not None and of_means is not None:
        yield from _flaw(row.name, "gap", "gap_of_means", row.gap, of_means)
    yield from _check_interval(row, gap, confidence_level)
    if gap is not None and row.t is not None and row.sd_gap is not None and row.sd_gap.high > 0:
        errors = (max(row.sd_gap.low, 0.0) / sqrt(row.n), row.sd_gap.high / sqrt(row.n))
        yield from _flaw(row.name, "t", "t_of_sd", row.t, _quotient(gap, errors))
    yield from _check_sds(row, gap)
    if row.p_value is not None and row.t is not None and row.n > 1:
        yield from _flaw(
            row.name, "p_value", "p_of_t", row.p_value, _p_range((row.t.low, row.t.high), row.n - 1)
        )
    if scale is not None:
        yield from _check_scale(row, scale)
    yield from _check_whole_answers(row)


def _means_range(row: PrintedGapRow) -> Range | None:
    if row.mean_later is None or row.mean_earlier is None:
        return None
    return row.mean_later.low - row.mean_earlier.high, row.mean_later.high - row.mean_earlier.low


def _gap_range(row: PrintedGapRow) -> Range | None:
    """Where the true gap lies by the printed gap and the printed means; by the printed gap where they disagree."""
    of_means = _means_range(row)
    if row.gap is None:
        return of_means
    if of_means is None:
        return row.gap.low, row.gap.high
    low, high = max(row.gap.low, of_means[0]), min(row.gap.high, of_means[1])
    return (low, high) if low <= high else (row.gap.low, row.gap.high)


def _quotient(value: Range, divisor: Range) -> Range:
    """Range of value / divisor for a divisor from 0."""
    ends = [
        (end / part if part > 0 else (inf if end > 0 else -inf)) if end else 0.0
        for end in value
        for part in divisor
    ]
    return min(ends), max(ends)


def _check_interval(
    row: PrintedGapRow, gap: Range | None, confidence_level: float
) -> Iterator[Inconsistency]:
    if row.ci_low is None or row.ci_high is None or row.n < 2:
        return
    if row.ci_low.value > row.ci_high.value:
        yield Inconsistency(
            row.name, "ci_low", "order_of_interval", row.ci_low.value, -inf, row.ci_high.value
        )
        return
    if gap is None:
        return
    centre = Printed(
        (row.ci_low.value + row.ci_high.value) / 2.0, (row.ci_low.rounding + row.ci_high.rounding) / 2.0
    )
    flaws = list(_flaw(row.name, "ci_low", "centre_of_interval", centre, gap))
    yield from (replace(flaw, printed=centre.value) for flaw in flaws)
    if row.t is not None:
        quantile = t_quantile(0.5 + confidence_level / 2.0, row.n - 1)
        errors = (
            max(0.0, row.ci_high.low - row.ci_low.high) / 2.0 / quantile,
            (row.ci_high.high - row.ci_low.low) / 2.0 / quantile,
        )
        yield from _flaw(row.name, "t", "t_of_interval", row.t, _quotient(gap, errors))


def _check_sds(row: PrintedGapRow, gap: Range | None) -> Iterator[Inconsistency]:
    """The SD of the differences lies between |s1 - s2| and s1 + s2; it is printed or follows from t."""
    if row.sd_later is None or row.sd_earlier is None:
        return
    apart = max(0.0, row.sd_later.low - row.sd_earlier.high, row.sd_earlier.low - row.sd_later.high)
    allowed = (apart, row.sd_later.high + row.sd_earlier.high)
    if row.sd_gap is not None:
        yield from _flaw(row.name, "sd_gap", "sd_of_sides", row.sd_gap, allowed)
    elif gap is not None and row.t is not None:
        errors = (allowed[0] / sqrt(row.n), allowed[1] / sqrt(row.n))
        low, high = _quotient(gap, errors)
        nearest = 0.0 if gap[0] <= 0.0 <= gap[1] else min(abs(low), abs(high))
        size = Printed(abs(row.t.value), row.t.rounding)
        for flaw in _flaw(row.name, "t", "sd_of_sides", size, (nearest, max(abs(low), abs(high)))):
            yield replace(flaw, printed=row.t.value)


def _p_range(t: Range, df: float) -> Range:
    """Range of two-sided p over a range of t."""
    largest = max(abs(t[0]), abs(t[1]))
    smallest = 0.0 if t[0] <= 0.0 <= t[1] else min(abs(t[0]), abs(t[1]))
    return t_two_sided_p(largest, df) if largest < inf else 0.0, t_two_sided_p(smallest, df)


def _p_of_groups(row: PrintedGroupsRow) -> Range | None:
    later = (row.mean_later.value, row.sd_later.value, row.n_later)
    earlier = (row.mean_earlier.value, row.sd_earlier.value, row.n_earlier)
    middle = welch_from_summary(later, earlier)
    if isinstance(middle, NotEnough):
        return None
    difference = (row.mean_later.low - row.mean_earlier.high, row.mean_later.high - row.mean_earlier.low)
    errors = tuple(
        sqrt(max(0.0, one) ** 2 / row.n_later + max(0.0, two) ** 2 / row.n_earlier)
        for one, two in ((row.sd_later.low, row.sd_earlier.low), (row.sd_later.high, row.sd_earlier.high))
    )
    return _p_range(_quotient(difference, (errors[0], errors[1])), middle.df)


def _check_scale(row: PrintedGapRow, scale: Range) -> Iterator[Inconsistency]:
    """Means lie on the scale; an SD is at most sqrt((m - low)(high - m) n/(n-1)) (Bhatia & Davis 2000)."""
    low, high = scale
    sides = (
        ("mean_later", row.mean_later, "sd_later", row.sd_later),
        ("mean_earlier", row.mean_earlier, "sd_earlier", row.sd_earlier),
    )
    for mean_column, mean, sd_column, sd in sides:
        if mean is None:
            continue
        off = list(_flaw(row.name, mean_column, "mean_on_scale", mean, scale))
        yield from off
        if sd is not None and not off and row.n > 1:
            middle = min(max((low + high) / 2.0, mean.low), mean.high)
            widest = sqrt(max(0.0, (middle - low) * (high - middle)) * row.n / (row.n - 1))
            yield from _flaw(row.name, sd_column, "sd_on_scale", sd, (0.0, widest))


def _check_whole_answers(row: PrintedGapRow) -> Iterator[Inconsistency]:
    """A mean of whole answers is a whole sum over n times items; `low` and `high` are the nearest such means."""
    if row.items is None or row.n < 1:
        return
    answers = row.n * row.items
    for column, mean in (("mean_later", row.mean_later), ("mean_earlier", row.mean_earlier)):
        if mean is not None and floor((mean.high + NOISE) * answers) < ceil((mean.low - NOISE) * answers):
            below = floor(mean.value * answers)
            yield Inconsistency(
                row.name, column, "mean_of_whole_answers", mean.value, below / answers, (below + 1) / answers
            )
