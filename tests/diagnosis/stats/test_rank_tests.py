"""Rank tests against scipy, Cliff's delta against its definition, exact p against all sign flips."""

import math
from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from diagnosis.stats.histogram import Histogram, decimals_without_noise
from diagnosis.stats.rank_tests import (
    KruskalWallisEstimate,
    MannWhitneyEstimate,
    SignedRankEstimate,
    kruskal_wallis,
    mann_whitney,
    wilcoxon_signed_rank,
)
from diagnosis.stats.results import NotEnough

NAN = math.nan
DRAW = np.random.default_rng(31)
ONE = DRAW.integers(1, 8, 40).astype(float)
TWO = DRAW.integers(2, 8, 25).astype(float)
POINTS = st.lists(st.integers(1, 7), min_size=2, max_size=25)


def groups_of(first: object, second: object) -> MannWhitneyEstimate:
    answer = mann_whitney(first, second)
    assert isinstance(answer, MannWhitneyEstimate)
    return answer


def pairs_of(later: object, earlier: object) -> SignedRankEstimate:
    answer = wilcoxon_signed_rank(later, earlier)
    assert isinstance(answer, SignedRankEstimate)
    return answer


def test_mann_whitney_matches_scipy() -> None:
    answer = groups_of([*ONE, NAN], TWO)
    plain = stats.mannwhitneyu(ONE, TWO, method="asymptotic", use_continuity=False)
    corrected = stats.mannwhitneyu(ONE, TWO, method="asymptotic", use_continuity=True)
    assert answer.u == plain.statistic
    assert answer.p_value == pytest.approx(plain.pvalue, abs=1e-12)
    assert answer.p_continuity == pytest.approx(corrected.pvalue, abs=1e-12)
    signs = np.sign(ONE[:, None] - TWO[None, :])
    assert answer.cliffs_delta == pytest.approx(signs.mean())
    assert answer.rank_biserial == answer.cliffs_delta == pytest.approx(2 * answer.common_language - 1)


def test_interval_of_delta_is_cliffs() -> None:
    answer = groups_of(ONE, TWO)
    signs, delta = np.sign(ONE[:, None] - TWO[None, :]), answer.cliffs_delta
    n1, n2 = signs.shape
    spread = (
        n2**2 * ((signs.mean(axis=1) - delta) ** 2).sum()
        + n1**2 * ((signs.mean(axis=0) - delta) ** 2).sum()
        - ((signs - delta) ** 2).sum()
    ) / (n1 * n2 * (n1 - 1) * (n2 - 1))
    t = stats.t.ppf(0.975, n1 + n2 - 2)
    half = t * math.sqrt(spread) * math.sqrt((1 - delta**2) ** 2 + t**2 * spread)
    below = 1 - delta**2 + t**2 * spread
    assert answer.ci_low == pytest.approx((delta - delta**3 - half) / below)
    assert answer.ci_high == pytest.approx((delta - delta**3 + half) / below)


def test_interval_of_delta_covers() -> None:
    random = np.random.default_rng(7)
    truth = 2 * stats.norm.cdf(0.5 / math.sqrt(2)) - 1
    hits = 0
    for _ in range(400):
        answer = groups_of(random.normal(0.5, 1, 30), random.normal(0, 1, 40))
        assert answer.ci_low is not None
        assert answer.ci_high is not None
        hits += answer.ci_low <= truth <= answer.ci_high
    assert 0.91 <= hits / 400 <= 0.985


@given(POINTS, POINTS)
def test_mann_whitney_turns_with_its_sides(first: list[int], second: list[int]) -> None:
    there, back = mann_whitney(first, second), mann_whitney(second, first)
    if isinstance(there, NotEnough):
        assert back == NotEnough("no_variation", min(len(first), len(second)), 2, 0.0)
        return
    assert isinstance(back, MannWhitneyEstimate)
    assert there.z == pytest.approx(-back.z, abs=1e-9)
    assert there.p_value == pytest.approx(back.p_value)
    assert there.cliffs_delta == pytest.approx(-back.cliffs_delta)
    if there.ci_low is not None and there.ci_high is not None:
        assert -1 <= there.ci_low <= there.cliffs_delta + 1e-9
        assert there.cliffs_delta - 1e-9 <= there.ci_high <= 1


def test_delta_without_overlap_has_no_interval() -> None:
    answer = groups_of([6, 7, 6.5], [1, 2, 3])
    assert (answer.cliffs_delta, answer.ci_low, answer.ci_high) == (1.0, None, None)


def test_rank_tests_refuse_too_little() -> None:
    assert mann_whitney([3], [1, 2]) == NotEnough("too_few", 1, 2)
    assert mann_whitney([3, 3], [3, 3]) == NotEnough("no_variation", 2, 2, 0.0)
    assert wilcoxon_signed_rank([1, NAN], [2, 3]) == NotEnough("too_few", 1, 2)
    assert wilcoxon_signed_rank([1, 2], [1, 2]) == NotEnough("no_variation", 2, 2, 0.0)
    assert kruskal_wallis([[1, 2], [NAN]]) == NotEnough("too_few", 1, 2)
    assert kruskal_wallis([[2, 2], [2]]) == NotEnough("no_variation", 3, 2)


@pytest.mark.parametrize("zeros", [0, 7])
def test_signed_ranks_match_scipy(zeros: int) -> None:
    random = np.random.default_rng(zeros)
    differences = np.concatenate([random.integers(1, 5, 30) * random.choice([-1, 1, 1], 30), np.zeros(zeros)])
    base = random.integers(1, 8, differences.size)
    answer = pairs_of(base + differences, base)
    for ours, rule, correction in (
        (answer.p_value, "wilcox", False),
        (answer.p_continuity, "wilcox", True),
        (answer.p_pratt, "pratt", False),
    ):
        expected = stats.wilcoxon(differences, zero_method=rule, correction=correction, method="asymptotic")
        assert ours == pytest.approx(expected.pvalue, abs=1e-12)
    assert answer.n_zero == zeros


@given(st.lists(st.integers(-4, 4), min_size=2, max_size=10))
def test_exact_p_counts_every_sign_flip(differences: list[int]) -> None:
    answer = wilcoxon_signed_rank(differences, np.zeros(len(differences)))
    left = [value for value in differences if value]
    if not left:
        assert isinstance(answer, NotEnough)
        return
    assert isinstance(answer, SignedRankEstimate)
    ranks = stats.rankdata(np.abs(left))
    middle = ranks.sum() / 2
    sums = [
        sum(r for r, up in zip(ranks, flips, strict=True) if up)
        for flips in product([0, 1], repeat=len(left))
    ]
    reached = abs(sum(r for r, d in zip(ranks, left, strict=True) if d > 0) - middle)
    assert answer.p_exact == pytest.approx(np.mean([abs(s - middle) >= reached - 1e-9 for s in sums]))
    assert -1 <= answer.rank_biserial <= 1


def test_exact_p_stops_where_the_normal_is_good() -> None:
    answer = wilcoxon_signed_rank(ONE, ONE[::-1] + 0.5, exact_up_to=10)
    assert isinstance(answer, SignedRankEstimate)
    assert answer.p_exact is None


def test_noise_of_float_arithmetic_ties() -> None:
    differences = np.array([5 / 3 - 4 / 3, 7 / 3 - 2, 1 / 3, -1 / 3, 2 / 3])
    assert Histogram.of(np.abs(differences)).counts.tolist() == [4, 1]
    assert decimals_without_noise(np.array([])) == decimals_without_noise(np.zeros(3)) == 9
    thirds = pairs_of(differences, np.zeros(5))
    assert thirds.p_value == pytest.approx(pairs_of([1, 1, 1, -1, 2], np.zeros(5)).p_value)


def test_kruskal_wallis_matches_scipy() -> None:
    third = DRAW.integers(1, 5, 30).astype(float)
    answer = kruskal_wallis([ONE, TWO, third, [NAN]])
    expected = stats.kruskal(ONE, TWO, third)
    assert isinstance(answer, KruskalWallisEstimate)
    assert (answer.h, answer.p_value) == pytest.approx((expected.statistic, expected.pvalue), abs=1e-10)
    assert (answer.n, answer.groups, answer.df) == (95, 3, 2)
