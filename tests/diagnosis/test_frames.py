"""Snapshots: the same answers give the same bytes, careless and thin answers are marked by rule, codes are kept."""

import base64
import json
import random
import zlib

import numpy as np
import pytest

from diagnosis.frames import (
    CARELESS,
    FEW_ANSWERS,
    USED,
    Counts,
    build_frame,
    pack_frames,
    unpack_frames,
)
from surveys.instruments import CANNOT_JUDGE, MISSING, NO_STANDARD
from surveys.simulation import SAMPLE_TRUTH, draw_responses
from tests.diagnosis.draws import die_crm, draw_frames


def test_a_snapshot_reads_back_as_it_was() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 1, attributes={"customers": [{"region": "North"}] * 200})
    content, digest = pack_frames(frames)
    again = unpack_frames(content)
    assert pack_frames(again)[1] == digest
    assert again.audiences.keys() == frames.audiences.keys()
    for code, frame in frames.audiences.items():
        other = again.audiences[code]
        assert np.array_equal(other.scores, frame.scores)
        assert (other.excluded, other.attributes, other.ticks) == (
            frame.excluded,
            frame.attributes,
            frame.ticks,
        )
        assert (other.counts, other.slots, other.mode) == (frame.counts, frame.slots, frame.mode)


def test_a_snapshot_of_the_first_schema_is_still_read() -> None:
    frames = draw_frames(SAMPLE_TRUTH, 2, {"customers": 40, "managers": 8})
    content, digest = pack_frames(frames)
    plain = json.loads(zlib.decompress(content)) | {"schema": 1}
    for code, part in plain["audiences"].items():
        frame = frames.audiences[code]
        part["excluded"] = list(frame.excluded)
        part["scores"] = base64.b64encode(np.ascontiguousarray(frame.scores).tobytes()).decode()
        part["attributes"] = [dict(row) for row in frame.attributes]
        part["ticks"] = [{name: list(ticks) for name, ticks in row.items()} for row in frame.ticks]
    assert pack_frames(unpack_frames(zlib.compress(json.dumps(plain).encode())))[1] == digest
    with pytest.raises(ValueError, match="schema 9"):
        unpack_frames(zlib.compress(json.dumps(plain | {"schema": 9}).encode()))


def test_the_order_of_answers_changes_nothing() -> None:
    form = die_crm().form_for("managers")
    drawn = draw_responses(form, SAMPLE_TRUTH, 20, 3)
    rows = [(one.scores, one.choices, {"unit": str(i % 2)}, []) for i, one in enumerate(drawn)]
    shuffled = rows.copy()
    random.Random(1).shuffle(shuffled)
    one, two = (
        build_frame(form, mode="confidential", rows=each, counts=Counts(invited=20))
        for each in (rows, shuffled)
    )
    assert np.array_equal(one.scores, two.scores)
    assert (one.attributes, one.ticks) == (two.attributes, two.ticks)


def test_rules_of_exclusion() -> None:
    form = die_crm().form_for("front_line")
    full = [4] * len(form.slots)
    half = list(full)
    for index in form.core_slots[: len(form.core_slots) // 2]:
        half[index] = MISSING
    thin = list(half)
    thin[form.core_slots[-1]] = CANNOT_JUDGE
    for scores, flags, off, reason in (
        (full, ["fast"], (), USED),
        (full, ["fast", "long_string"], (), CARELESS),
        (full, ["fast", "long_string"], (CARELESS,), USED),
        (half, [], (), USED),
        (thin, ["fast", "long_string"], (), FEW_ANSWERS),
        (thin, [], (FEW_ANSWERS,), USED),
    ):
        frame = build_frame(
            form, mode="named", rows=[(scores, {}, {}, flags)], counts=Counts(), rules_off=off
        )
        assert list(frame.excluded) == [reason]


def test_codes_are_no_ratings() -> None:
    form = die_crm().form_for("managers")
    scores = [5] * len(form.slots)
    place = form.slot_index
    scores[place["DS.R1.1"]], scores[place["ME.R1.1"]], scores[place["MP.R1.1"]] = (
        NO_STANDARD,
        CANNOT_JUDGE,
        MISSING,
    )
    frame = build_frame(form, mode="named", rows=[(scores, {}, {}, [])], counts=Counts())
    ratings = frame.ratings(["DS.R1.1", "ME.R1.1", "MP.R1.1", "ME.R1.2", "XX.R1.1"])
    assert np.isnan(ratings[0, [0, 1, 2, 4]]).all()
    assert ratings[0, 3] == 5.0


def test_a_row_of_another_form_is_refused() -> None:
    form = die_crm().form_for("managers")
    with pytest.raises(ValueError, match="does not fit"):
        build_frame(form, mode="named", rows=[([1, 2, 3], {}, {}, [])], counts=Counts())


def test_a_snapshot_holds_no_text() -> None:
    form = die_crm().form_for("customers")
    drawn = draw_responses(form, SAMPLE_TRUTH, 30, 3)
    rows = [(one.scores, one.choices | {"V1": ["secret words"]}, {}, []) for one in drawn]
    frame = build_frame(form, mode="confidential", rows=rows, counts=Counts())
    assert all(set(ticks) <= {"Y8"} for ticks in frame.ticks)
