"""An instrument whose sides have items of their own: gap, reliabilities and outcomes equal plain arithmetic."""

import numpy as np
import pandas as pd
import pytest

from diagnosis.analysis import analyse
from diagnosis.frames import Counts, Frames, ScaleChange, build_frame, pack_frames, unpack_frames
from diagnosis.result import Result
from diagnosis.rules.findings import find
from surveys.instruments import MISSING, load_builtin

N = 80
ECSI = load_builtin("ecsi")
FORM = ECSI.form_for("customers")
ASKED = [code for code in FORM.slot_index if not code.startswith(("IM", "CO")) and code != "CP.PQ7"]


def table(n: int = N) -> pd.DataFrame:
    """Answers of n customers who expect more than they get, some of them missing."""
    draw = np.random.default_rng(3)
    level = draw.normal(7, 1.2, n)
    data = {
        code: np.clip(np.rint(level + draw.normal(1 if code.startswith("CE") else 0, 1, n)), 1, 10)
        for code in ASKED
    }
    frame = pd.DataFrame(data)
    return frame.mask(draw.random(frame.shape) < 0.04)


def frames_of(answers: pd.DataFrame, **fields: object) -> Frames:
    rows = [
        (
            FORM.pack({code: MISSING if pd.isna(value) else int(value) for code, value in row.items()}),
            {},
            {},
            [],
        )
        for row in answers.to_dict("records")
    ]
    frame = build_frame(
        FORM, mode="confidential", rows=rows, counts=Counts(finished=len(rows)), asked=ASKED, **fields
    )
    return Frames("ecsi", "1.0", {"customers": frame})


def score(answers: pd.DataFrame, prefix: str) -> pd.Series:
    part = answers[[code for code in answers if code.startswith(prefix)]]
    return part.mean(axis=1).where(part.notna().sum(axis=1) >= np.ceil(part.shape[1] / 2))


def alpha(answers: pd.DataFrame, prefix: str) -> float:
    part = answers[[code for code in answers if code.startswith(prefix)]].dropna()
    k = part.shape[1]
    return k / (k - 1) * (1 - part.var().sum() / part.sum(axis=1).var())


def test_gap_of_two_scores_of_the_dimension() -> None:
    answers = table()
    result = analyse(ECSI, frames_of(answers))
    wanted, received = score(answers, "CE."), score(answers, "CP.")
    both = wanted.notna() & received.notna()
    gap = result.gaps[0].dimensions["QU"]
    assert gap.n_later == both.sum()
    assert gap.mean_earlier == pytest.approx(wanted[both].mean(), abs=1e-9)
    assert gap.mean_later == pytest.approx(received[both].mean(), abs=1e-9)
    assert gap.estimate == pytest.approx((received - wanted)[both].mean(), abs=1e-9)
    assert result.gaps[0].overall.estimate == pytest.approx(gap.estimate, abs=1e-12)
    assert result.waterfall is None
    alphas = {row.state: (row.alpha, row.k) for row in result.reliability}
    assert alphas["CE"] == (pytest.approx(alpha(answers, "CE."), abs=1e-6), 5)
    assert alphas["CP"] == (pytest.approx(alpha(answers, "CP."), abs=1e-6), 6)
    assert [finding.gap for finding in find(result, ECSI)] == ["E1"]


def test_items_stand_under_the_state_that_asks_them() -> None:
    items = analyse(ECSI, frames_of(table())).items
    assert set(items["CE"]) == {"EX1", "EX2", "EX3", "EX4", "EX5"}
    assert "EX1" not in items["CP"]
    assert items["CP"]["PQ7"].not_measured
    assert items["CP"]["PQ7"].mean is None


def test_outcomes_that_were_asked_have_means_and_alphas() -> None:
    answers = table()
    outcomes = {row.code: row for row in analyse(ECSI, frames_of(answers)).outcomes}
    assert set(outcomes) == {"SA", "VA", "LO"}
    for code, row in outcomes.items():
        assert row.mean.mean == pytest.approx(score(answers, code).mean(), abs=1e-9)
        assert row.alpha == pytest.approx(alpha(answers, code), abs=1e-6)


def test_weights_and_scale_changes_enter_every_figure() -> None:
    answers = table()
    weights = np.random.default_rng(5).uniform(0.5, 2, N)
    halves = {code: ScaleChange(0, 20, 1, 10) for code in ASKED}
    result = analyse(ECSI, frames_of(answers, weights=list(weights), conversions=halves))
    turned = 1 + answers * 9 / 20
    wanted, received = score(turned, "CE."), score(turned, "CP.")
    both = wanted.notna() & received.notna()
    expected = np.average((received - wanted)[both], weights=weights[both])
    assert result.gaps[0].overall.estimate == pytest.approx(expected, abs=1e-9)
    row = result.audiences[0]
    assert row.effective_n == pytest.approx(weights.sum() ** 2 / (weights**2).sum())
    assert (row.collected, row.finished, row.invited) == (True, N, None)


def test_nobody_can_stand_for_the_whole_group_by_weight() -> None:
    weights = [1e6, *[1.0] * (N - 1)]
    result = analyse(ECSI, frames_of(table(), weights=weights))
    assert result.audiences[0].suppressed
    assert result.gaps[0].overall.certainty == "suppressed"
    assert all(row.mean.mean is None and row.alpha is None for row in result.outcomes)


def test_frames_and_results_survive_storage() -> None:
    frames = frames_of(table(), weights=[1.5] * N, conversions={"SA1": ScaleChange(10, 1, 1, 10)})
    content, digest = pack_frames(frames)
    again = unpack_frames(content)
    assert pack_frames(again) == (content, digest)
    assert again.audiences["customers"].conversions == {"SA1": ScaleChange(10, 1, 1, 10)}
    result = analyse(ECSI, again)
    assert Result.from_json(result.to_json()) == result
    older = {key: value for key, value in result.to_json().items() if key != "outcomes"}
    assert Result.from_json(older).outcomes == ()
