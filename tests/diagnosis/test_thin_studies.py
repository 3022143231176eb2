"""Studies with too few answers, or audiences that were not asked: every page says so and none fails."""

from dataclasses import replace

import pytest
from django.test import Client

from diagnosis.analysis.run import analyse
from practice.models import Member
from practice.scope import practice_scope
from surveys.instruments import load_builtin
from surveys.simulation import NO_GAP_TRUTH, SAMPLE_TRUTH
from tests.diagnosis.draws import draw_audience, draw_frames
from tests.factories.diagnoses import make_diagnosis

pytestmark = pytest.mark.django_db
THIN = {
    "customers only": {"customers": 60},
    "no customers": {"managers": 8, "front_line": 20},
    "everything hidden": {"customers": 4, "managers": 3, "front_line": 4, "crm_team": 2},
    "one answer": {"customers": 1},
}


def pages_of(owner: Member, result: dict[str, object]) -> dict[str, tuple[int, str]]:
    with practice_scope(owner.practice):
        diagnosis = make_diagnosis(owner, result=result)
    browser = Client()
    browser.force_login(owner.user)
    base = f"/p/{owner.practice.slug}/engagements/{diagnosis.engagement_id}/"
    paths = [
        "diagnosis/",
        "findings/",
        "actions/",
        *(f"diagnosis/gap/{gap}/" for gap in ("E1", "D2", "D4", "I2", "I4")),
    ]
    found = {}
    for path in paths:
        answer = browser.get(base + path)
        found[path] = answer.status_code, answer.content.decode()
    return found


@pytest.mark.parametrize("sizes", THIN.values(), ids=THIN)
def test_pages_of_thin_studies_answer(sizes: dict[str, int], owner_a: Member) -> None:
    result = analyse(load_builtin("die-crm"), draw_frames(SAMPLE_TRUTH, 5, sizes)).to_json()
    for path, (status, html) in pages_of(owner_a, result).items():
        assert status == 200, path
        assert "nan" not in html.split(), path
        assert ">None<" not in html, path


def test_pages_do_not_depend_on_a_hidden_group(owner_a: Member, owner_b: Member) -> None:
    frames = draw_frames(SAMPLE_TRUTH, 5, {"customers": 60, "managers": 8, "front_line": 4})
    drawn = draw_audience("front_line", NO_GAP_TRUTH, 4, 99)
    other = replace(drawn, counts=frames.audiences["front_line"].counts)
    changed = replace(frames, audiences={**frames.audiences, "front_line": other})
    first, second = (analyse(load_builtin("die-crm"), part).to_json() for part in (frames, changed))
    assert first == second
    assert "hidden" in pages_of(owner_a, first)["diagnosis/"][1].casefold()
