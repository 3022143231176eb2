"""The same persons in two waves: against scipy on their own ratings, and what too few of them may not tell."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy import stats

from diagnosis.analysis.panel import PanelLinks, panel_audiences
from diagnosis.audience_frame import AudienceFrame
from diagnosis.frames import Frames
from diagnosis.panel_result import PanelAudience
from surveys.simulation import SAMPLE_TRUTH, SAMPLE_TRUTH_LATER
from tests.diagnosis.draws import die_crm, draw_frames

SIZES = {"customers": 60, "managers": 12, "front_line": 20, "crm_team": 6}


def named(frames: Frames, audience: str) -> Frames:
    frame = replace(frames.audiences[audience], mode="named", excluded=[""] * frames.audiences[audience].n)
    return replace(frames, audiences={**frames.audiences, audience: frame})


def linked(n_later: int, n_earlier: int, n: int, *, unknown: int = 0) -> PanelLinks:
    """`n` persons in both, at random places; the last `unknown` of the earlier wave came by open links."""
    random = np.random.default_rng(5)
    known = np.ones(n_earlier, dtype=np.bool_)
    known[n_earlier - unknown :] = False
    places = np.flatnonzero(known)
    return PanelLinks(
        random.permutation(n_later)[:n], np.sort(random.choice(places, n, replace=False)), known
    )


def panel(links: PanelLinks, audience: str = "customers", **changes: Any) -> PanelAudience:
    later, earlier = waves(audience)
    earlier = replace(
        earlier, audiences={**earlier.audiences, audience: replace(earlier.audiences[audience], **changes)}
    )
    return panel_audiences(die_crm(), later, earlier, {audience: links}, random_state=1)[0]


def waves(audience: str = "customers") -> tuple[Frames, Frames]:
    later, earlier = draw_frames(SAMPLE_TRUTH_LATER, 3, SIZES), draw_frames(SAMPLE_TRUTH, 4, SIZES)
    return named(later, audience), named(earlier, audience)


def gap_scores(frames: Frames) -> np.ndarray:
    """Received minus wanted, (persons, dimensions), from the ratings themselves."""
    frame: AudienceFrame = frames.audiences["customers"]
    columns = []
    for dimension in die_crm().dimensions:
        codes = [item.code for item in dimension.items]
        wanted, received = (frame.ratings([f"{state}.{code}" for code in codes]) for state in ("CE", "CP"))
        both = ~np.isnan(wanted) & ~np.isnan(received)
        enough = both.sum(axis=1) >= len(codes) / 2
        means = [
            np.where(both, each, 0).sum(axis=1) / np.maximum(both.sum(axis=1), 1)
            for each in (received, wanted)
        ]
        columns.append(np.where(enough, means[0] - means[1], np.nan))
    return np.column_stack(columns)


def test_the_paired_change_is_that_of_the_persons_own_ratings() -> None:
    links = linked(60, 60, 40)
    found = panel(links)
    later, earlier = (gap_scores(frames) for frames in waves())
    assert (found.audience, found.reason, found.n, found.n_left) == ("customers", "", 40, 20)
    rows = {(row.code, row.dimension): row for row in found.changes}
    for dimension, pair in (
        ("", (later.mean(axis=1), earlier.mean(axis=1))),
        ("R3", (later[:, 2], earlier[:, 2])),
    ):
        one, two = pair[0][links.later], pair[1][links.earlier]
        kept = ~np.isnan(one) & ~np.isnan(two)
        test = stats.ttest_rel(one[kept], two[kept])
        row = rows["E1", dimension]
        assert row.n == kept.sum()
        assert row.estimate == pytest.approx((one - two)[kept].mean())
        interval = test.confidence_interval()
        assert (row.ci_low, row.ci_high) == pytest.approx((interval.low, interval.high))
        assert row.p_value == pytest.approx(test.pvalue)
    gap, received, wanted = rows["E1", ""], rows["CP", ""], rows["CE", ""]
    assert gap.n == received.n == wanted.n
    assert gap.estimate == pytest.approx(received.estimate - wanted.estimate)
    p_values = [rows["E1", f"R{place}"].p_value for place in range(1, 10)]
    q_values = [rows["E1", f"R{place}"].q_value for place in range(1, 10)]
    assert q_values == pytest.approx(stats.false_discovery_control(p_values))


def test_leavers_are_compared_by_their_earlier_scores() -> None:
    links = linked(60, 60, 40)
    rows = panel(links).leavers
    assert [row.code for row in rows] == ["E1", "CE", "CP"]
    assert [row.q_value for row in rows] == pytest.approx(
        stats.false_discovery_control([row.p_value for row in rows])
    )
    row = rows[0]
    scores = gap_scores(waves()[1]).mean(axis=1)
    stayed = np.zeros(60, dtype=bool)
    stayed[links.earlier] = True
    given = ~np.isnan(scores)
    test = stats.ttest_ind(scores[stayed & given], scores[~stayed & given], equal_var=False)
    assert (row.n_stayed, row.n_left) == ((stayed & given).sum(), (~stayed & given).sum())
    assert row.p_value == pytest.approx(test.pvalue)
    interval = test.confidence_interval()
    assert (row.ci_low, row.ci_high) == pytest.approx((interval.low, interval.high))


def full(audience: str) -> tuple[Frames, Frames]:
    """Two waves in which nobody of the audience left anything out, so that every column holds everybody."""
    filled = []
    for frames in waves(audience):
        frame = frames.audiences[audience]
        scores = np.where(frame.scores < 1, 4, frame.scores).astype(np.int16)
        filled.append(
            replace(frames, audiences={**frames.audiences, audience: replace(frame, scores=scores)})
        )
    return filled[0], filled[1]


@pytest.mark.parametrize(
    ("n_later", "n_earlier", "n", "is_shown"),
    [(12, 12, 12, True), (12, 12, 11, False), (12, 12, 10, True), (12, 11, 11, False), (11, 12, 11, False)],
)
def test_one_person_outside_the_panel_hides_it(n_later: int, n_earlier: int, n: int, is_shown: bool) -> None:
    later, earlier = full("managers")
    cut = [
        replace(
            frames,
            audiences={
                **frames.audiences,
                "managers": replace(
                    frame, scores=frame.scores[:size], excluded=[""] * size,
                    attributes=frame.attributes.take(np.arange(size)), ticks=frame.ticks.take(np.arange(size)),
                ),
            },
        )
        for frames, size in ((later, n_later), (earlier, n_earlier))
        for frame in [frames.audiences["managers"]]
    ]  # fmt: skip
    links = {"managers": linked(n_later, n_earlier, n)}
    found = panel_audiences(die_crm(), cut[0], cut[1], links, random_state=1)[0]
    assert {row.code for row in found.changes} == {"D2", "ME", "DS", "MP"}
    assert all((row.reason != "few_hidden") is is_shown for row in found.changes)
    assert all((row.n is not None) is is_shown for row in found.changes)
    assert all((row.estimate is not None) is is_shown for row in found.changes)
    n_left = n_earlier - n
    assert found.n_left == (None if n_left == 1 else n_left)
    if n_left == 0:
        assert found.leavers == ()
    if n_left == 1:
        assert {(row.reason, row.n_left, row.estimate) for row in found.leavers} == {
            ("few_hidden", None, None)
        }


@pytest.mark.parametrize(("unknown", "is_shown"), [(8, True), (1, False), (0, True)])
def test_answers_by_open_links_are_nobodys_leavers(unknown: int, is_shown: bool) -> None:
    later, earlier = full("customers")
    links = {"customers": linked(60, 60, 40, unknown=unknown)}
    found = panel_audiences(die_crm(), later, earlier, links, random_state=1)[0]
    assert found.n_left == 20 - unknown
    row = next(row for row in found.leavers if row.code == "CE")
    assert (row.n_stayed, row.n_left) == ((40, 20 - unknown) if is_shown else (None, None))
    assert (row.estimate is not None) is is_shown


def test_too_few_persons_are_no_panel() -> None:
    found = panel(linked(60, 60, 1))
    assert (found.reason, found.n, found.changes, found.leavers) == ("few_hidden", None, (), ())


def test_another_form_is_not_compared() -> None:
    found = panel(linked(60, 60, 40), form="customers-short")
    assert (found.reason, found.changes) == ("other_form", ())


def test_who_changes_by_nothing_has_no_test() -> None:
    _later, earlier = waves()
    everybody = np.arange(60)
    links = PanelLinks(everybody, everybody, np.ones(60, dtype=np.bool_))
    found = panel_audiences(die_crm(), earlier, earlier, {"customers": links}, random_state=1)[0]
    row = next(row for row in found.changes if row.n is not None)
    assert (row.reason, row.estimate, row.ci_low) == ("no_variation", 0.0, None)
