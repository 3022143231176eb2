"""What was not asked is no missing answer: hand arithmetic for planned halves and for conditional questions."""

from typing import Any

import numpy as np
import pytest

from diagnosis.analysis import analyse
from diagnosis.analysis.scores import score_states
from diagnosis.analysis.study import Study
from diagnosis.frames import FEW_ANSWERS, USED, AudienceFrame, Counts, Frames, build_frame
from surveys.instruments import CANNOT_JUDGE, MISSING, NOT_ASKED, Instrument, load_builtin

NAN = np.nan
RECEIVED = {"1": 2, "2": 4, "3": 6}


@pytest.fixture(scope="module")
def instrument() -> Instrument:
    return load_builtin("die-crm", frozenset({"recovery"}))


def frame(instrument: Instrument, rows: list[dict[str, int]]) -> AudienceFrame:
    form = instrument.form("customers-split")
    return build_frame(
        form,
        mode="confidential",
        rows=[(form.pack(row), {}, {}, []) for row in rows],
        counts=Counts(invited=400, finished=len(rows)),
    )


def split_row(instrument: Instrument, left_out: str, **more: int) -> dict[str, int]:
    """A person who wants 7 of everything and gets 2, 4 or 6 of the first, second and third item of a dimension."""
    row = {}
    for slot in instrument.form("customers-split").slots:
        place = slot.item[-1]
        if slot.state:
            value = 7 if slot.state == "CE" else RECEIVED[place]
            row[slot.code] = NOT_ASKED if place == left_out else value
        else:
            row[slot.code] = 5
    return row | {code.replace("_", "."): value for code, value in more.items()}


def study(instrument: Instrument, rows: list[dict[str, int]]) -> Study:
    frames = Frames("die-crm", "1.0", {"customers": frame(instrument, rows)})
    return Study(instrument, frames, random_state=1)


def test_items_of_a_half_count_twice_so_that_the_mean_is_that_of_all_items(instrument):
    rows = [split_row(instrument, "3")] * 6 + [split_row(instrument, "2")] * 6
    result = analyse(instrument, Frames("die-crm", "1.0", {"customers": frame(instrument, rows)}))
    received = result.states["CP"].dimensions["R1"]
    # (2 + 2 x 4) / 3 and (2 + 2 x 6) / 3, on average (2 + 4 + 6) / 3
    assert received.mean == pytest.approx(4.0)
    gap = result.gap("E1")
    assert gap is not None
    assert gap.dimensions["R1"].estimate == pytest.approx(-3.0)
    assert gap.overall.estimate == pytest.approx(-3.0)
    quality = next(row for row in result.quality if row.state == "CP")
    assert (quality.answered, quality.prorated) == (1.0, 0.0)


def test_half_of_what_was_asked_is_enough_for_a_score(instrument):
    one_of_two = split_row(instrument, "3", CP_R1_2=MISSING)
    none_of_two = split_row(instrument, "3", CP_R1_2=MISSING, CP_R1_1=CANNOT_JUDGE)
    book = score_states(study(instrument, [one_of_two, none_of_two] + [split_row(instrument, "2")] * 5))
    scores = book.states["CP"].scores[:, 0]
    assert sorted(scores[~np.isnan(scores)].tolist()) == pytest.approx([2.0] + [14 / 3] * 5)
    assert np.isnan(scores).sum() == 1


def test_cannot_judge_is_a_share_of_those_asked(instrument):
    rows = [split_row(instrument, "3", CP_R1_2=CANNOT_JUDGE)] + [split_row(instrument, "3")] * 5
    rows += [split_row(instrument, "2")] * 6
    frames = Frames("die-crm", "1.0", {"customers": frame(instrument, rows)})
    quality = next(row for row in analyse(instrument, frames).quality if row.state == "CP")
    # twelve persons were asked for two items of each of nine dimensions
    assert quality.cannot_judge == pytest.approx(1 / 216)
    assert quality.answered == pytest.approx(215 / 216)
    # one score of 108 rests on one of the two items
    assert quality.prorated == pytest.approx(1 / 108)


def test_a_short_form_by_plan_is_not_left_out_as_mostly_open(instrument):
    half = split_row(instrument, "3")
    dimensions = [f"{state}.R{d}.{i}" for state in ("CE", "CP") for d in range(1, 6) for i in (1, 2)]
    open_answers = half | dict.fromkeys(dimensions, MISSING)
    # 16 of 36 asked are answered, then 18 of 36
    assert frame(instrument, [open_answers]).excluded == (FEW_ANSWERS,)
    enough = open_answers | {"CE.R1.1": 7, "CP.R1.1": 2}
    assert frame(instrument, [enough]).excluded == (USED,)


def test_recovery_is_rated_by_those_who_had_a_problem(instrument):
    without = dict.fromkeys(["Y6.5", "Y6.6", "Y6.7"], NOT_ASKED)
    rows = [split_row(instrument, "3", Y6_5=1, Y6_6=2, Y6_7=3)] * 3
    rows += [split_row(instrument, "3", Y6_5=3, Y6_6=4, Y6_7=5)] * 3
    rows += [split_row(instrument, "2") | without] * 14
    frames = Frames("die-crm", "1.0", {"customers": frame(instrument, rows)})
    outcome: Any = next(row for row in analyse(instrument, frames).outcomes if row.code == "Y6F")
    assert (outcome.mean.n, outcome.mean.mean) == (6, 3.0)
