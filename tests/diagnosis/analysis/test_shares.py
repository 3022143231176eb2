"""Shares of the highest answers and the net promoter score: from the packed answers, hidden where few answered."""

from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy import stats

from diagnosis.analysis import analyse
from diagnosis.frames import Frames
from diagnosis.result import Result
from diagnosis.shares_figures import recommendation_rows, shares_tables, shares_title, top_box_rows
from diagnosis.stats.nps import net_promoter_score
from surveys.instruments import load_builtin
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import die_crm, draw_frames


@cache
def sample() -> tuple[Frames, Result]:
    frames = draw_frames(SAMPLE_TRUTH, 7)
    return frames, analyse(die_crm(), frames)


def answers(code: str) -> np.ndarray:
    values = sample()[0].audiences["customers"].ratings([code])[:, 0]
    return values[~np.isnan(values)]


def test_top_boxes_count_the_two_highest_points() -> None:
    shares = sample()[1].shares
    assert shares is not None
    found = {box.item: box for box in shares.top_boxes}
    for code, start in (("Y1.1", 6), ("Y4.2", 9)):
        given, box = answers(code), found[code]
        hits = int((given >= start).sum())
        expected = stats.binomtest(hits, given.size).proportion_ci(method="wilson")
        assert (box.n, box.from_point) == (given.size, start)
        assert box.share == pytest.approx(hits / given.size)
        assert (box.ci_low, box.ci_high) == pytest.approx((expected.low, expected.high))
    assert "Y4.4" not in found, "an entered percentage has no highest answers"
    assert not any(code.startswith(("Y5", "F")) for code in found), "too rarely ... too often has no top"


def test_recommendation_has_its_score() -> None:
    shares = sample()[1].shares
    assert shares is not None
    (one,) = shares.recommendation
    given = answers("Y4.2")
    promoters, detractors = (given >= 9).mean(), (given <= 6).mean()
    assert one.item == "Y4.2"
    assert one.score == pytest.approx(100 * (promoters - detractors))
    assert (one.promoters, one.detractors) == pytest.approx((promoters, detractors))
    found = net_promoter_score(given)
    assert (one.ci_low, one.ci_high) == pytest.approx(found.adjusted)  # type: ignore[union-attr]


def test_few_answers_are_hidden() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7, {"customers": 4, "managers": 12, "front_line": 20})
    shares = analyse(die_crm(), frames).shares
    assert shares is not None
    for one in (*shares.top_boxes, *shares.recommendation):
        assert one.n is None
        assert one.reason
        assert (one.ci_low, one.ci_high) == (None, None)
    assert all(box.share is None for box in shares.top_boxes)


def test_weighted_answers_have_weighted_shares() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 7)
    customers = frames.audiences["customers"]
    weights = tuple(1.0 + (row % 3) for row in range(customers.n))
    frames = replace(frames, audiences={**frames.audiences, "customers": replace(customers, weights=weights)})
    shares = analyse(die_crm(), frames).shares
    assert shares is not None
    (one,) = shares.recommendation
    values = customers.ratings(["Y4.2"])[:, 0]
    given, kept = values[~np.isnan(values)], np.array(weights)[customers.used][~np.isnan(values)]
    codes = np.where(given >= 9, 100, np.where(given <= 6, -100, 0))
    assert one.score == pytest.approx(np.average(codes, weights=kept))
    box = next(box for box in shares.top_boxes if box.item == "Y4.2")
    assert box.share == pytest.approx(np.average(given >= 9, weights=kept))
    assert box.ci_low is not None
    assert box.ci_low < (box.share or 0) < (box.ci_high or 0)


def test_staff_groups_have_no_shares() -> None:
    result = analyse(die_crm(), draw_frames(SAMPLE_TRUTH, 7, {"managers": 12, "front_line": 20}))
    assert result.shares is None
    assert all(table.rows == () for table in shares_tables(result, die_crm()))


def test_rows_have_words_and_no_placeholder() -> None:
    content, instrument = sample()[1].to_json(), die_crm()
    rows = top_box_rows(content, instrument)
    assert rows
    assert not any("{company}" in row["text"] for row in rows)
    assert recommendation_rows(content, instrument)[0]["text"].startswith("How likely")
    for table in shares_tables(sample()[1], instrument):
        assert table.rows
        assert {len(row) for row in table.rows} == {len(table.header)}
    assert all(row["text"][0].isupper() for row in rows)
    older = {key: value for key, value in content.items() if key != "shares"}
    assert top_box_rows(older, instrument) == recommendation_rows(older, instrument) == []


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [(2.0, 9.0, "More"), (-9.0, -2.0, "Fewer"), (-3.0, 4.0, "About as many"), (None, None, "How many")],
)
def test_title_says_who_prevails(low: float | None, high: float | None, words: str) -> None:
    assert shares_title({"shares": {"recommendation": [{"ci_low": low, "ci_high": high}]}}).startswith(words)
    assert shares_title({}).startswith("How many")


def test_reversed_statements_are_counted_as_asked() -> None:
    shares = sample()[1].shares
    assert shares is not None
    box = next(box for box in shares.top_boxes if box.item == "Y7.3")
    assert box.share == pytest.approx((answers("Y7.3") >= 6).mean())


def test_ten_point_scales_have_top_boxes_and_no_score() -> None:
    instrument = load_builtin("ecsi")
    assert not any(item.role for block in instrument.blocks for item in block.items)
