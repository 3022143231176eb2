"""Recovery of a known truth over many drawn companies; the truth is the expectation of the recorded answers."""

from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from itertools import combinations
from math import sqrt

import numpy as np
import pytest

from diagnosis.analysis import analyse
from diagnosis.result import Gap, GapResult, Result
from surveys.simulation import NO_GAP_TRUTH, SAMPLE_TRUTH, CompanyTruth, expected_recorded_means
from tests.diagnosis.draws import SIXTY, die_crm, draw_frames

OWNERS = {"CE": "customers", "CP": "customers", "ME": "managers", "MP": "managers", "DS": "managers",
          "FE": "front_line", "FD": "front_line"}  # fmt: skip
DECIDED = {"clear", "probable"}
EXPECTED_PATTERN = "tool-without-people"
N_DRAWN = 1_000_000


@cache
def recorded(audience: str, truth_name: str) -> dict[str, float]:
    """Expected recorded answer per slot from a million draws."""
    truth = SAMPLE_TRUTH if truth_name == "sample" else NO_GAP_TRUTH
    return expected_recorded_means(die_crm().form_for(audience), truth, N_DRAWN)


@cache
def true_state(state: str, dimension: str, truth_name: str) -> float:
    """True mean of a state on a dimension."""
    means = recorded(OWNERS[state], truth_name)
    return float(np.mean([means[f"{state}.{item.code}"] for item in die_crm().dimension(dimension).items]))


@cache
def true_factor(audience: str, factor: str, truth_name: str) -> float:
    """True readiness of a factor on 0-100."""
    means = recorded(audience, truth_name)
    return float(np.mean([(means[f"RA.{i.code}"] - 1) / 6 * 100 for i in die_crm().factor(factor).items]))


def true_pillar(audience: str, pillar: str, truth_name: str) -> float:
    """True readiness of a pillar on 0-100."""
    factors = die_crm().pillar(pillar).factors
    return float(np.mean([true_factor(audience, factor.code, truth_name) for factor in factors]))


def true_gaps(gap: GapResult, truth_name: str) -> tuple[float | None, dict[str, float]]:
    """True overall value of a gap (None where it is the widest of several) and by part."""
    definition = die_crm().gap(gap.code)
    if gap.kind == "coherence":
        staff = ("managers", "front_line", "crm_team")
        level = {
            pillar: float(np.mean([true_pillar(audience, pillar, truth_name) for audience in staff]))
            for pillar in definition.pillars
        }
        return None, {
            f"{one}-{two}": level[one] - level[two] for one, two in combinations(definition.pillars, 2)
        }
    if gap.unit == "0-100":
        parts = {
            code: true_factor(gap.later, code, truth_name) - true_factor(gap.earlier, code, truth_name)
            for code in gap.dimensions
        }
        return float(np.mean(list(parts.values()))), parts
    parts = {
        code: true_state(gap.later, code, truth_name) - true_state(gap.earlier, code, truth_name)
        for code in gap.dimensions
    }
    return float(np.mean(list(parts.values()))), parts


@dataclass
class Tally:
    """What many runs found."""

    covered: dict[tuple[str, str], list[bool]] = field(default_factory=dict)
    patterns: Counter[str] = field(default_factory=Counter)
    families: int = 0
    false_families: int = 0

    def add(self, result: Result, truth_name: str) -> None:
        """Count one run."""
        self.patterns.update(pattern.code for pattern in result.patterns)
        for gap in result.gaps:
            if gap.overall.estimate is None:
                continue
            overall, parts = true_gaps(gap, truth_name)
            if overall is not None:
                self._cover(gap.code, "", gap.overall, overall)
            for code, value in parts.items():
                self._cover(gap.code, code, gap.dimensions[code], value)
            self.families += 2
            self.false_families += any(found.certainty in DECIDED for found in gap.dimensions.values())
            self.false_families += gap.overall.certainty in DECIDED

    def _cover(self, code: str, part: str, found: Gap, value: float) -> None:
        assert found.ci_low is not None
        assert found.ci_high is not None
        self.covered.setdefault((code, part), []).append(found.ci_low <= value <= found.ci_high)

    @property
    def rates(self) -> dict[tuple[str, str], float]:
        """Coverage per gap and part."""
        return {key: sum(hits) / len(hits) for key, hits in self.covered.items()}


def run(truth: CompanyTruth, truth_name: str, n_runs: int) -> Tally:
    """Draw and analyse many companies of one truth."""
    tally = Tally()
    for seed in range(1, n_runs + 1):
        tally.add(analyse(die_crm(), draw_frames(truth, seed, SIXTY)), truth_name)
    return tally


def check_recovery(tally: Tally, n_runs: int, *, slack: float) -> None:
    """Mean coverage 92-97 % (plus the Monte Carlo error of few runs) and the built-in pattern in 80 % of runs."""
    mean = float(np.mean(list(tally.rates.values())))
    assert 0.92 - slack <= mean <= 0.97 + slack, mean
    assert tally.patterns[EXPECTED_PATTERN] >= 0.80 * n_runs, tally.patterns


def check_no_false_words(tally: Tally) -> None:
    """Clear or probable in at most 5 % of families, plus three standard errors."""
    share = tally.false_families / tally.families
    assert share <= 0.05 + 3 * sqrt(0.05 * 0.95 / tally.families), share


def test_thirty_runs_recover_the_truth() -> None:
    n_runs = 30
    tally = run(SAMPLE_TRUTH, "sample", n_runs)
    per_run = np.mean(np.array(list(tally.covered.values()), dtype=float), axis=0)
    check_recovery(tally, n_runs, slack=3 * float(per_run.std(ddof=1)) / sqrt(n_runs))


def test_thirty_runs_without_gap_find_none() -> None:
    check_no_false_words(run(NO_GAP_TRUTH, "none", 30))


@pytest.mark.long
def test_two_hundred_runs_recover_the_truth() -> None:
    tally = run(SAMPLE_TRUTH, "sample", 200)
    check_recovery(tally, 200, slack=0.0)
    assert min(tally.rates.values()) >= 0.85, min(tally.rates.items(), key=lambda entry: entry[1])


@pytest.mark.long
def test_two_hundred_runs_without_gap_find_none() -> None:
    tally = run(NO_GAP_TRUTH, "none", 200)
    check_no_false_words(tally)
    assert min(tally.rates.values()) >= 0.85
