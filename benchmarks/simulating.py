"""Do the promises of the method hold in samples whose truth is known? `python -m benchmarks.simulating` tells.

Scores lie on the 1-7 scale in steps of one third (a dimension of three items); shapes: normal, skewed, and at the
ceiling, where about a third have the highest score. The product's own functions judge every sample; permutation tests,
which can only lower a word, are left out by giving everybody the weight 1.
"""

import re
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from math import sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from crmgap_site.launcher.places import CHECKOUT
from diagnosis.stats.certainty import FALSE_DISCOVERY_RATE, benjamini_hochberg, certainty_word
from diagnosis.stats.gaps import paired_gap, welch_gap
from diagnosis.stats.results import GapEstimate, NotEnough

Column = NDArray[np.float64]
Answer = GapEstimate | NotEnough

SAMPLES = 2_000
DIMENSIONS = 9
SIZES = (12, 30, 200)
MEANS = {"normal": 4.5, "skewed": 5.2, "ceiling": 6.2}
KINDS = ("paired", "equal", "sizes", "sizes and spreads")
FINDINGS = ("clear", "probable")
RANGE, TIMES, CORRELATION = 6.0, 3, 0.5
BOUND = 0.05 * RANGE
POINTS = np.arange(1.0, 7.0 + 1e-9, 1.0 / 3.0)
PAGE = CHECKOUT / "docs" / "method.md"
TABLE = re.compile(r"(?<=<!-- simulated -->\n).*?(?=<!-- end of simulated -->)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Rates:
    """What happened in the samples of one kind, shape and size, as shares of the samples."""

    kind: str
    shape: str
    n: int
    samples: int
    covered: float
    false_finding: float
    false_none: float

    def holds(self) -> bool:
        """Tell whether the promises hold: coverage, and errors of 5 % plus three standard errors of the simulation."""
        margin = 3.0 * sqrt(0.05 * 0.95 / self.samples)
        low, high = (0.90, 1.0) if self.n < 30 else (0.92, 0.97)
        noise = margin if self.samples < SAMPLES else 0.0
        is_covered = low - noise <= self.covered <= high + noise
        return is_covered and max(self.false_finding, self.false_none) <= 0.05 + margin


@cache
def shares_below(shape: str, level: float, spread: float) -> tuple[Column, float]:
    """Share of persons at or below each point of the scale but the last, and the true mean."""
    edges = POINTS[:-1] + 1.0 / 6.0
    if shape == "skewed":
        below = 1.0 - ndtr(np.log(np.maximum(level + 1.5 - edges, 1e-9) / spread) / 0.7)
    else:
        below = ndtr((edges - level) / spread)
    return below, float(np.diff(np.array([0.0, *below, 1.0])) @ POINTS)


@cache
def level_of(shape: str, spread: float, mean: float) -> float:
    """Level at which a shape has this true mean."""
    low, high = -5.0, 15.0
    for _step in range(80):
        middle = (low + high) / 2.0
        low, high = (middle, high) if shares_below(shape, middle, spread)[1] < mean else (low, middle)
    return (low + high) / 2.0


@dataclass(frozen=True, slots=True)
class Design:
    """How samples are drawn; sizes: three times as many persons on the earlier side; spreads: they differ less."""

    kind: str
    shape: str
    n: int

    def draw(self, gap: float, random: np.random.Generator) -> tuple[Column, Column]:
        """Scores of later and earlier in one sample in which the later mean is truly higher by `gap`."""
        mean, has_sizes = MEANS[self.shape], self.kind.startswith("sizes")
        first, second = random.normal(size=self.n), random.normal(size=self.n * (TIMES if has_sizes else 1))
        if self.kind == "paired":
            second = CORRELATION * first + sqrt(1.0 - CORRELATION**2) * second
        spreads = (1.2, 0.8) if self.kind == "sizes and spreads" else (1.0, 1.0)
        return self._scores(first, mean, spreads[0]), self._scores(second, mean - gap, spreads[1])

    def judge(self, later: Column, earlier: Column, *, permute: bool = False) -> Answer:
        """Test one sample; without permutation tests everybody has the weight 1, which changes nothing else."""
        ones: dict[str, Column] = {}
        if self.kind == "paired":
            ones = {} if permute else {"weights": np.ones(later.size)}
            return paired_gap(later, earlier, scale_range=RANGE, **ones)
        if not permute:
            ones = {"weights_later": np.ones(later.size), "weights_earlier": np.ones(earlier.size)}
        return welch_gap(later, earlier, scale_range=RANGE, **ones)

    def _scores(self, deviates: Column, mean: float, spread: float) -> Column:
        """Scores of persons from normal deviates."""
        below, _mean = shares_below(self.shape, level_of(self.shape, spread, mean), spread)
        return POINTS[np.searchsorted(below, ndtr(deviates))]

    def rates(self, samples: int, random: np.random.Generator) -> Rates:
        """Draw samples with a gap of a point, without any gap, and with a gap at the bound of "none"."""
        tested = [self.judge(*self.draw(1.0, random)) for _sample in range(samples)]
        kept = [each for each in tested if isinstance(each, GapEstimate)]
        at_bound = [self.judge(*self.draw(BOUND, random)) for _sample in range(samples)]
        return Rates(
            self.kind,
            self.shape,
            self.n,
            samples,
            covered=sum(each.ci_low <= 1.0 <= each.ci_high for each in kept) / len(kept),
            false_finding=sum(self._finds_something(random) for _sample in range(samples)) / samples,
            false_none=sum(
                certainty_word(each, q_value=1.0, scale_range=RANGE) == "none" for each in at_bound
            )
            / samples,
        )

    def _finds_something(self, random: np.random.Generator) -> bool:
        """Tell whether a family of dimensions without any gap has one that is called clear or probable."""
        drawn = [self.draw(0.0, random) for _dimension in range(DIMENSIONS)]
        family = [self.judge(*sides) for sides in drawn]
        if not (benjamini_hochberg([_p_value(each) for each in family]) <= FALSE_DISCOVERY_RATE).any():
            return False
        family = [
            self.judge(*sides, permute=True) if _p_value(answer) <= FALSE_DISCOVERY_RATE else answer
            for sides, answer in zip(drawn, family, strict=True)
        ]
        careful = [each.careful_p if isinstance(each, GapEstimate) else np.nan for each in family]
        words = [
            certainty_word(answer, q_value=float(q), scale_range=RANGE)
            for answer, q in zip(family, benjamini_hochberg(careful), strict=True)
            if isinstance(answer, GapEstimate)
        ]
        return any(word in FINDINGS for word in words)


def _p_value(answer: Answer) -> float:
    return answer.p_value if isinstance(answer, GapEstimate) else float("nan")


def simulate(samples: int, sizes: Sequence[int] = SIZES, seed: int = 2_026) -> list[Rates]:
    """Rates of every design, shape and size."""
    return [
        Design(kind, shape, n).rates(samples, np.random.default_rng([seed, place]))
        for place, (kind, shape, n) in enumerate(product(KINDS, MEANS, sizes))
    ]


def table_of(found: Sequence[Rates]) -> str:
    """Return the rates as Markdown."""
    rows = [
        f"| {each.kind} | {each.shape} | {each.n} | {each.covered:.1%} | {each.false_finding:.1%} |"
        f" {each.false_none:.1%} | {'yes' if each.holds() else 'no'} |\n"
        for each in found
    ]
    head = (
        "| Samples | Scores | Persons | 95 % interval covers | False clear or probable | False none | As promised |\n"
        "|---|---|---|---|---|---|---|\n"
    )
    return head + "".join(rows)


def main() -> int:
    """Simulate, print the table and renew the page; returns 0."""
    table = table_of(simulate(SAMPLES))
    print(table)
    PAGE.write_text(TABLE.sub(lambda _old: table, PAGE.read_text()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
