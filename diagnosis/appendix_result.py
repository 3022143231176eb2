"""What stands in the appendix beside each gap: the bootstrap interval and the test on ranks."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class GapCheck:
    """Second opinions on one tested gap; the gap's own t interval and words never depend on them.

    `bca_low`, `bca_high`: BCa bootstrap interval in points, None below 20 persons on a side. `rank_test` is wilcoxon
    or mann_whitney, `rank_q` its p after Benjamini-Hochberg inside the gap's dimensions (overall: p). `delta`: Cliff's
    delta, for pairs the rank biserial correlation; its interval is known for two groups only. `agrees`: both tests
    fall on the same side of 5 %.
    """

    rank_test: str
    rank_p: float
    rank_q: float
    delta: float
    delta_low: float | None
    delta_high: float | None
    agrees: bool
    bca_low: float | None = None
    bca_high: float | None = None


@dataclass(frozen=True, slots=True)
class GapAppendix:
    """Checks by gap and part: "" is overall, else the code of a dimension; parts that were not tested are absent."""

    gaps: Mapping[str, Mapping[str, GapCheck]]

    def check(self, gap: str, part: str) -> GapCheck | None:
        """The check of a gap's part, or None."""
        return self.gaps.get(gap, {}).get(part)
