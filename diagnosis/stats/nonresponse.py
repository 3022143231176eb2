"""Do those who answer late answer differently: a hint about those who did not answer at all."""

from collections.abc import Sequence
from dataclasses import dataclass

from numpy.typing import ArrayLike

from diagnosis.stats.arrays import present
from diagnosis.stats.certainty import benjamini_hochberg, is_equivalent
from diagnosis.stats.gaps import welch_gap
from diagnosis.stats.results import GapEstimate, NotEnough

MIN_PER_SIDE = 10
ALARM = 0.05


@dataclass(frozen=True, slots=True)
class EarlyLate:
    """Late minus early answers of several columns (Welch), q over all of them.

    `differs`: columns with q <= .05; `alike`: columns whose 90 % interval lies inside +-5 % of the scale. A column
    without test holds the reason; its q is None.
    """

    n_early: int
    n_late: int
    tests: tuple[GapEstimate | NotEnough, ...]
    q_values: tuple[float | None, ...]
    differs: tuple[bool, ...]
    alike: tuple[bool, ...]


def compare_early_late(
    early: Sequence[ArrayLike], late: Sequence[ArrayLike], *, scale_range: float, random_state: int = 1
) -> EarlyLate | NotEnough:
    """Compare the answers before and after the first reminder, column by column.

    early, late: one (persons,) array of scores per column, nan = missing. Both sides need ten persons in the column
    with most answers; a column needs ten on each side for itself. Late answers stand for those who would have kept
    silent (Armstrong & Overton 1977); "no difference" is a good sign, not a proof.
    R: t.test(late, early), p.adjust(p, "BH").
    """
    n_early = max((int(present(column).size) for column in early), default=0)
    n_late = max((int(present(column).size) for column in late), default=0)
    if min(n_early, n_late) < MIN_PER_SIDE:
        return NotEnough("too_few", min(n_early, n_late), MIN_PER_SIDE)
    tests = tuple(
        _test(before, after, scale_range, random_state) for before, after in zip(early, late, strict=True)
    )
    p_values = [test.p_value if isinstance(test, GapEstimate) else float("nan") for test in tests]
    q_values = tuple(
        float(q) if isinstance(test, GapEstimate) else None
        for q, test in zip(benjamini_hochberg(p_values), tests, strict=True)
    )
    return EarlyLate(
        n_early=n_early,
        n_late=n_late,
        tests=tests,
        q_values=q_values,
        differs=tuple(q is not None and q <= ALARM for q in q_values),
        alike=tuple(
            isinstance(test, GapEstimate) and is_equivalent(test, scale_range=scale_range) for test in tests
        ),
    )


def _test(
    early: ArrayLike, late: ArrayLike, scale_range: float, random_state: int
) -> GapEstimate | NotEnough:
    before, after = present(early), present(late)
    fewest = int(min(before.size, after.size))
    if fewest < MIN_PER_SIDE:
        return NotEnough("too_few", fewest, MIN_PER_SIDE)
    return welch_gap(after, before, scale_range=scale_range, random_state=random_state)
