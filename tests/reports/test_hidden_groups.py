"""A group of four is hidden in both documents: they do not depend on what these four answered."""

from dataclasses import replace

import pytest

from diagnosis.analysis.run import analyse
from reports.html import document_html
from reports.rendering import render_pdf
from surveys.instruments import load_builtin
from surveys.simulation import NO_GAP_TRUTH, SAMPLE_TRUTH
from tests.diagnosis.draws import draw_audience, draw_frames
from tests.factories.documents import make_document

SIZES = {"customers": 60, "managers": 8, "front_line": 4, "crm_team": 4}


@pytest.mark.parametrize("kind", ["diagnosis", "action_plan"])
def test_documents_do_not_depend_on_a_hidden_group(kind: str) -> None:
    frames = draw_frames(SAMPLE_TRUTH, 5, SIZES)
    others = dict(frames.audiences)
    for audience in ("front_line", "crm_team"):
        drawn = draw_audience(audience, NO_GAP_TRUTH, 4, 99)
        others[audience] = replace(drawn, counts=frames.audiences[audience].counts)
    texts = []
    for audiences in (frames.audiences, others):
        result = analyse(load_builtin("die-crm"), replace(frames, audiences=audiences)).to_json()
        html, charts = document_html(make_document(kind, result=result))
        texts.append((html, charts))
    assert texts[0] == texts[1]
    if kind == "diagnosis":
        assert "hidden" in texts[0][0]


DEGENERATE = {
    "customers only": {"customers": 60},
    "no customers": {"managers": 8, "front_line": 20},
    "everything hidden": {"customers": 4, "managers": 3, "front_line": 4, "crm_team": 2},
    "one answer": {"customers": 1},
}


@pytest.mark.parametrize("sizes", DEGENERATE.values(), ids=DEGENERATE)
@pytest.mark.parametrize("kind", ["diagnosis", "action_plan"])
def test_documents_of_thin_studies_say_so_and_render(kind: str, sizes: dict[str, int]) -> None:
    result = analyse(load_builtin("die-crm"), draw_frames(SAMPLE_TRUTH, 5, sizes)).to_json()
    html, charts = document_html(make_document(kind, result=result))
    assert not {"nan", "NaN", ">None<", "inf "} & set(html.replace(">", "> ").split())
    assert render_pdf(html, charts).n_pages >= 5
