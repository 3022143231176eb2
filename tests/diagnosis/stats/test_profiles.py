"""Profiles that were built in are found, noise gives none; grouping beside scikit-learn; the key on unseen persons."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.discriminant_analysis import LinearDiscriminantAnalysis
from sklearn.metrics import calinski_harabasz_score, silhouette_samples, silhouette_score
from sklearn.mixture import GaussianMixture

from diagnosis.stats import clustering
from diagnosis.stats.classification import Key, assign, classification_key
from diagnosis.stats.clustering import Mixture, Partition, gaussian_mixture, kmeans, standardised
from diagnosis.stats.exceptions import StatisticsError
from diagnosis.stats.profiles import (
    NoProfiles,
    Profiles,
    demand_types,
    expectation_shape,
    find_profiles,
    jaccard_stability,
)
from diagnosis.stats.results import NotEnough

SHAPES = np.array([[6.4, 6.4, 6.4, 6.4, 6.4], [6.5, 6.0, 3.0, 3.0, 5.0], [3.0, 3.5, 6.5, 6.5, 4.5]])


def wishes(n: int = 400, *, seed: int = 1, spread: float = 0.5) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    groups = random.choice(3, n, p=[0.5, 0.3, 0.2])
    return SHAPES[groups] + random.normal(0.0, spread, (n, 5)), groups


def is_refused(answer: Any, reason: str) -> bool:
    return isinstance(answer, NotEnough) and answer.reason == reason


def partition(answer: Partition | NotEnough) -> Partition:
    assert isinstance(answer, Partition)
    return answer


def test_groups_agree_with_scikit_learns_measures() -> None:
    rows, truth = wishes()
    found = partition(kmeans(rows, 3))
    assert found.sizes == tuple(sorted(found.sizes, reverse=True))
    assert (np.bincount(found.labels) == found.sizes).all()
    assert found.silhouette == pytest.approx(silhouette_score(rows, found.labels))
    by_person = silhouette_samples(rows, found.labels)
    assert found.silhouettes == pytest.approx([by_person[found.labels == group].mean() for group in range(3)])
    assert found.calinski_harabasz == pytest.approx(calinski_harabasz_score(rows, found.labels))
    for group in range(3):
        np.testing.assert_allclose(found.centres[group], rows[found.labels == group].mean(axis=0))
        assert len(np.unique(truth[found.labels == group])) == 1


def test_the_silhouette_of_many_is_taken_of_a_sample(monkeypatch: pytest.MonkeyPatch) -> None:
    rows, _truth = wishes(1_500)
    whole = partition(kmeans(rows, 3, n_starts=3))
    monkeypatch.setattr(clustering, "SILHOUETTE_PERSONS", 400)
    sampled = partition(kmeans(rows, 3, n_starts=3))
    assert sampled.silhouette == pytest.approx(whole.silhouette, abs=0.03)
    assert sampled.silhouette != whole.silhouette


def test_degenerate_groups_are_answered() -> None:
    one = partition(kmeans([[1.0], [1.0], [4.0]], 1))
    assert (one.silhouette, one.silhouettes, one.calinski_harabasz) == (None, None, None)
    assert one.within == one.total == pytest.approx(6.0)
    exact = partition(kmeans([[1.0], [1.0], [4.0]], 2))
    assert (exact.within, exact.calinski_harabasz) == (0.0, None)
    assert is_refused(kmeans([[1.0], [1.0], [4.0]], 3), "too_few")
    assert is_refused(kmeans(np.empty((0, 2)), 1), "too_few")
    with pytest.raises(StatisticsError, match="0 groups"):
        kmeans([[1.0]], 0)
    assert (standardised(np.array([[1.0, 2.0], [3.0, 2.0]]))[:, 1] == 0.0).all()


@pytest.mark.parametrize("covariance", ["spherical", "diag", "tied", "full"])
def test_mixtures_have_the_criterion_of_scikit_learn_with_the_other_sign(covariance: Any) -> None:
    rows, _truth = wishes()
    found = gaussian_mixture(rows, 3, covariance=covariance)
    assert isinstance(found, Mixture)
    scaled = rows / rows.std(axis=0)
    oracle = GaussianMixture(
        3, covariance_type=covariance, n_init=10, random_state=1, tol=1e-7, max_iter=2_000
    ).fit(scaled)
    jacobian = 2.0 * len(rows) * np.log(rows.std(axis=0)).sum()
    assert found.bic == pytest.approx(-oracle.bic(scaled) - jacobian, abs=0.05)
    assert found.entropy > 0.9


def test_integers_are_cast_before_the_fit() -> None:
    rows = np.rint(wishes()[0]).astype(int)
    assert gaussian_mixture(rows, 2) == gaussian_mixture(rows.astype(float), 2)
    one = gaussian_mixture(rows, 1)
    assert isinstance(one, Mixture)
    assert one.entropy == 1.0


def test_mixtures_state_their_conditions() -> None:
    rows, _truth = wishes()
    assert is_refused(gaussian_mixture(rows[:5], 3), "too_few")
    assert is_refused(gaussian_mixture(rows[:17], 3, covariance="full"), "too_few")
    assert is_refused(gaussian_mixture(np.column_stack([rows, np.ones(len(rows))]), 2), "no_variation")


def test_profiles_that_were_built_in_are_found_again() -> None:
    scores, truth = wishes()
    scores[7, 2] = np.nan
    found = find_profiles(scores)
    assert isinstance(found, Profiles)
    assert (found.k, found.n, found.labels[7]) == (3, 399, -1)
    known = found.labels >= 0
    assert all(len(np.unique(truth[known & (found.labels == group)])) == 1 for group in range(3))
    assert found.stability > 0.9
    assert [candidate.k for candidate in found.candidates] == [2, 3, 4, 5, 6]


def test_many_persons_are_judged_on_samples() -> None:
    scores, truth = wishes(2_500)
    found = find_profiles(scores, n_resamples=5)
    assert isinstance(found, Profiles)
    assert (found.k, found.n, sum(found.sizes)) == (3, 2_500, 2_500)
    assert found.sizes == tuple(sorted(found.sizes, reverse=True))
    assert all(len(np.unique(truth[found.labels == group])) == 1 for group in range(3))


def test_noise_has_no_profiles() -> None:
    found = find_profiles(np.random.default_rng(4).normal(5.0, 1.0, (300, 9)))
    assert isinstance(found, NoProfiles)
    assert {candidate.failure for candidate in found.candidates} == {"silhouette"}


def test_a_tiny_group_is_no_profile() -> None:
    scores, _truth = wishes(300)
    scores[:] = SHAPES[0] + np.random.default_rng(2).normal(0.0, 0.3, scores.shape)
    scores[:12] = SHAPES[1]
    found = find_profiles(scores)
    assert isinstance(found, NoProfiles)
    assert found.candidates[0].failure == "size"


def test_conditions_of_profiles_are_stated() -> None:
    assert is_refused(find_profiles(wishes(199)[0]), "too_few")
    assert is_refused(find_profiles(np.full((250, 4), 5.0)), "no_variation")
    few = find_profiles(np.tile([[1.0, 7.0], [7.0, 1.0]], (150, 1)))
    assert isinstance(few, Profiles)
    assert [candidate.k for candidate in few.candidates] == [2]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 9_999))
def test_the_shape_of_wishes_sums_to_nothing_and_keeps_their_height(seed: int) -> None:
    scores = np.random.default_rng(seed).uniform(1.0, 7.0, (20, 6))
    shape = expectation_shape(scores)
    np.testing.assert_allclose(shape[:, :-1].sum(axis=1), 0.0, atol=1e-12)
    np.testing.assert_allclose(shape[:, :-1] + shape[:, -1:], scores)


def test_a_resample_without_enough_distinct_persons_is_left_out() -> None:
    rows = np.array([[0.0], [1.0], [2.0], [3.0]])
    found = partition(kmeans(rows, 4))
    stability = jaccard_stability(rows, found, n_resamples=40)
    assert stability.shape == (4,)
    assert ((stability == 0.0) | (stability == 1.0)).all()


def test_rule_based_types_split_at_the_medians() -> None:
    scores = np.array([[1.0, 1.0], [7.0, np.nan], [6.0, 6.0], [2.0, 2.0], [np.nan, np.nan]])
    labels, cut, contact_cut = demand_types(scores)
    assert labels.tolist() == [2, 0, 0, 2, -1]
    assert (cut, contact_cut) == (4.0, None)
    labels, _cut, contact_cut = demand_types(scores, [1.0, 5.0, np.nan, 5.0, 1.0])
    assert labels.tolist() == [3, 1, -1, 3, -1]
    assert contact_cut == 5.0
    assert demand_types(np.full((2, 2), np.nan), [1.0, 2.0])[0].tolist() == [-1, -1]


def items_of(scores: np.ndarray, seed: int = 3) -> np.ndarray:
    return np.repeat(scores, 3, axis=1) + np.random.default_rng(seed).normal(0.0, 0.6, (len(scores), 15))


def key(answer: Key | NotEnough) -> Key:
    assert isinstance(answer, Key)
    return answer


def test_the_key_assigns_persons_it_never_saw_as_scikit_learn_does() -> None:
    scores, truth = wishes()
    items = items_of(scores)
    found = key(classification_key(items, truth))
    assert 4 <= len(found.items) <= 6
    assert found.hit_rate > 0.95 > found.by_chance
    new_scores, new_truth = wishes(500, seed=9)
    new_items = items_of(new_scores, 8)
    ours = assign(new_items, found)
    assert (ours == new_truth).mean() == pytest.approx(found.hit_rate, abs=0.04)
    chosen = list(found.items)
    oracle = LinearDiscriminantAnalysis(solver="lsqr").fit(items[:, chosen], truth)
    assert (ours == oracle.predict(new_items[:, chosen])).mean() > 0.995
    new_items[0, chosen[0]] = np.nan
    assert assign(new_items, found)[0] == -1


def test_a_key_of_noise_is_no_better_than_chance() -> None:
    random = np.random.default_rng(5)
    found = key(classification_key(random.normal(size=(400, 10)), random.integers(0, 2, 400)))
    assert found.hit_rate == pytest.approx(0.5, abs=0.12)


def test_items_that_repeat_each_other_do_not_break_the_key() -> None:
    scores, truth = wishes()
    items = items_of(scores)[:, :4]
    found = key(classification_key(np.column_stack([items, items[:, :2]]), truth))
    assert np.isfinite(found.weights).all()


def test_conditions_of_the_key_are_stated() -> None:
    scores, truth = wishes()
    items = items_of(scores)
    assert is_refused(classification_key(items, np.zeros(400, dtype=np.int64)), "not_defined")
    assert is_refused(classification_key(items[:, :3], truth), "not_defined")
    assert is_refused(classification_key(items[:25], truth[:25]), "too_few")
    assert is_refused(classification_key(np.full((400, 9), np.nan), truth), "not_defined")
    with pytest.raises(StatisticsError, match="same persons"):
        classification_key(items, truth[:5])
