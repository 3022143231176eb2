"""Two-way imputation beside its formula in pandas; nothing known is changed."""

import numpy as np
import pandas
import pytest

from diagnosis.stats.imputation import two_way_imputed


def test_missing_scores_follow_person_and_dimension() -> None:
    random = np.random.default_rng(1)
    scores = random.normal(5.0, 1.0, (60, 5))
    scores[random.random(scores.shape) < 0.15] = np.nan
    scores[0, :3] = np.nan
    found = two_way_imputed(scores)
    data = pandas.DataFrame(scores).loc[lambda rows: rows.notna().sum(axis=1) > 2.5]
    expected = data.apply(
        lambda row: row.fillna(row.mean() + data.mean() - np.nanmean(data.to_numpy())), axis=1
    )
    np.testing.assert_allclose(found.scores[data.index], expected)
    assert np.isnan(found.scores[0]).all()
    known = ~np.isnan(scores[data.index])
    np.testing.assert_array_equal(found.scores[data.index][known], scores[data.index][known])
    assert found.share == pytest.approx(data.isna().to_numpy().mean())


def test_what_nobody_answered_stays_missing() -> None:
    scores = np.array([[1.0, 2.0, np.nan], [3.0, 4.0, np.nan]])
    assert np.isnan(two_way_imputed(scores).scores[:, 2]).all()
    nothing = two_way_imputed(np.full((2, 2), np.nan))
    assert (np.isnan(nothing.scores).all(), nothing.share) == (True, 0.0)
