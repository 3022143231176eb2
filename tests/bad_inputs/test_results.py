"""Studies without answers, and plans whose figures cannot be ranked: words instead of numbers that mean nothing."""

import io
import math
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pypdf
import pytest

from diagnosis.analysis import analyse
from diagnosis.frames import Frames
from diagnosis.result import Result
from diagnosis.rules.findings import find
from diagnosis.rules.library import load_library
from diagnosis.rules.recommend import recommend
from reports.html import document_html
from reports.rendering import render_pdf
from surveys.instruments import CANNOT_JUDGE
from surveys.simulation import SAMPLE_TRUTH
from tests.diagnosis.draws import SIXTY, die_crm, draw_frames
from tests.factories.documents import make_document

WORDS_OF_NOTHING = ("nan", "NaN", "None", "inf", "Infinity", "-inf", "null")


@cache
def drawn() -> Frames:
    return draw_frames(SAMPLE_TRUTH, 4, SIXTY)


def nobody() -> Frames:
    """Everybody was asked and nobody answered."""
    empty = {
        code: replace(frame, scores=frame.scores[:0], excluded=(), attributes=(), ticks=())
        for code, frame in drawn().audiences.items()
    }
    return replace(drawn(), audiences=empty)


def all_cannot_judge() -> Frames:
    """Everybody answered, and said of everything that it cannot be judged."""
    blank = {
        code: replace(frame, scores=np.full_like(frame.scores, CANNOT_JUDGE), ticks=({},) * len(frame.scores))
        for code, frame in drawn().audiences.items()
    }
    return replace(drawn(), audiences=blank)


def numbers(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [number for part in value.values() for number in numbers(part)]
    if isinstance(value, list | tuple):
        return [number for part in value for number in numbers(part)]
    return [value] if isinstance(value, float) else []


def printed(result: Result, kind: str) -> str:
    """Print the document of a result and return its text."""
    document = make_document(kind, result=result.to_json())
    content = render_pdf(*document_html(replace(document, findings=(), actions=()))).content
    return " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize("kind", ["diagnosis", "action_plan"])
@pytest.mark.parametrize(
    "frames",
    [nobody, lambda: draw_frames(SAMPLE_TRUTH, 4, {"customers": 1}), all_cannot_judge],
    ids=["0 responses", "1 response", "all not applicable"],
)
def test_o45_a_study_without_usable_answers_says_so(frames: Any, kind: str) -> None:
    result = analyse(die_crm(), frames())
    assert all(math.isfinite(number) for number in numbers(result.to_json()))
    assert {gap.overall.certainty for gap in result.gaps} <= {"suppressed", "not_measured"}
    assert all(gap.overall.reason for gap in result.gaps)
    assert find(result, die_crm()) == ()
    text = printed(result, kind)
    assert not [word for word in text.split() if word.strip("().,;:") in WORDS_OF_NOTHING]
    if kind == "diagnosis":
        assert "not measured" in text.lower() or "hidden" in text.lower()


def test_o46_without_stated_importance_weights_are_equal_and_ties_keep_their_order() -> None:
    few = draw_frames(SAMPLE_TRUTH, 7, {"customers": 90, "managers": 12, "front_line": 45, "crm_team": 8})
    no_ticks = {code: replace(frame, ticks=({},) * len(frame.ticks)) for code, frame in few.audiences.items()}
    result = analyse(die_crm(), replace(few, audiences=no_ticks))
    assert result.importance.kind == "equal"
    assert sum(result.importance.weights.values()) == pytest.approx(1.0)
    plan = recommend(result, die_crm(), load_library())
    assert plan == recommend(result, die_crm(), tuple(reversed(load_library())))
    assert [finding.code for finding in find(result, die_crm())] == [
        finding.code for finding in find(Result.from_json(result.to_json()), die_crm())
    ]


def test_o46_a_target_that_is_reached_and_a_gap_above_zero_have_their_words() -> None:
    document = make_document("action_plan")
    reached = replace(document.actions[0], baseline=-0.25, target=-0.25)
    above = replace(document.actions[0], number="A2", baseline=0.68, target=0.3)
    empty = replace(document.actions[0], number="A3", baseline=None, target=None)
    content = render_pdf(*document_html(replace(document, actions=(reached, above, empty)))).content
    text = " ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)
    for figure in ("−0.25", "+0.68", "+0.30"):
        assert figure in text
    assert "None" not in text
