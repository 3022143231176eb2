"""The chapter on what has changed since the wave before: conforming, complete, with the endpoint's own figures."""

import io
import re
from dataclasses import replace
from typing import Any

import page
import pypdf
import pytest

from charts.theme import PAPER
from practice.models import Member
from practice.scope import practice_scope
from reports.document import build_document
from reports.html import document_html
from reports.models import Report
from reports.rendering import render_pdf
from tests.diagnosis.joined import diagnosed, joined_waves
from tests.diagnosis.test_rollout import PLACE, planned
from tests.diagnosis.test_wave_change import two_waves
from tests.factories.diagnoses import hidden_result
from tests.factories.practice import make_engagement

pytestmark = pytest.mark.django_db


def document_of(owner: Member, **options: Any) -> Any:
    diagnosis = two_waves(owner, **options)
    with practice_scope(owner.practice):
        return build_document(Report(engagement=diagnosis.engagement, diagnosis=diagnosis, kind="diagnosis"))


def chapter(html: str) -> str:
    return html[html.index('id="c-wave_change"') :].split('id="c-findings"', maxsplit=1)[0]


def test_the_chapter_holds_every_change_with_interval_and_verdict_and_conforms(owner_a: Member) -> None:
    document = document_of(owner_a)
    html, charts = document_html(document)
    text = re.sub(r"\s+", " ", chapter(html))
    assert {"change-gaps", "change-dimensions"} <= set(charts)
    assert "Wave 2 against Wave 1" in text
    for gap in document.change["gaps"]:
        row = gap["overall"]
        if row["ci_low"] is not None and gap["unit"] == "points":
            assert PAPER.signed(row["estimate"], 2) in text
            assert f"{PAPER.signed(row['ci_low'], 2)} to {PAPER.signed(row['ci_high'], 2)}" in text
    action = document.change["actions"][0]
    assert action["title"] in text
    assert "smaller" in text
    content = render_pdf(html, charts).content
    report = page.validate_pdf_bytes(content, profile=page.ValidationProfile.PDF_UA_1)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []
    printed = " ".join(found.extract_text() for found in pypdf.PdfReader(io.BytesIO(content)).pages)
    assert "What became of the agreed actions" in re.sub(r"\s+", " ", printed)


def test_a_hidden_gap_has_its_word_and_no_figure(owner_a: Member) -> None:
    document = document_of(owner_a, later=hidden_result("I1"), gap="E1")
    text = chapter(document_html(document)[0])
    row = next(line for line in text.split("<tr>") if ">I1 " in line)
    assert "hidden" in row
    assert not re.search(r"\d\.\d\d", row)


def test_a_first_wave_has_no_such_chapter(owner_a: Member) -> None:
    diagnosis = two_waves(owner_a)
    with practice_scope(owner_a.practice):
        first = type(diagnosis).objects.get(wave__number=1)
        document = build_document(Report(engagement=first.engagement, diagnosis=first, kind="diagnosis"))
    assert document.change is None
    assert "c-wave_change" not in document_html(document)[0]


def test_the_chapter_says_why_the_total_gap_moved_and_conforms(owner_a: Member) -> None:
    later, action = planned(owner_a, **PLACE)
    with practice_scope(owner_a.practice):
        document = build_document(Report(engagement=later.engagement, diagnosis=later, kind="diagnosis"))
    html, charts = document_html(document)
    text = re.sub(r"\s+", " ", chapter(html))
    change = document.change
    for row in change["rollouts"][0]["rows"]:
        assert PAPER.signed(row["estimate"], 2) in text
        assert f"{PAPER.signed(row['ci_low'], 2)} to {PAPER.signed(row['ci_high'], 2)}" in text
    for part in change["mix"][0]["parts"]:
        assert PAPER.signed(part["mix"], 2) in text
        assert f"{PAPER.signed(part['ci_low'], 2)} to {PAPER.signed(part['ci_high'], 2)}" in text
    for row in change["by_itself"]["rows"]:
        assert PAPER.signed(row["beyond"], 2) in text
    assert action.title in text
    assert text.count("never joined from wave to wave") == len(change["panel"])
    content = render_pdf(html, charts).content
    report = page.validate_pdf_bytes(content, profile=page.ValidationProfile.PDF_UA_1)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []


def test_the_chapter_shows_the_same_persons(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        first, second = joined_waves(make_engagement(owner_a))
        diagnosed(first, owner_a)
        later = diagnosed(second, owner_a)
        document = build_document(Report(engagement=later.engagement, diagnosis=later, kind="diagnosis"))
    panel = document.change["panel"][0]
    text = re.sub(r"\s+", " ", chapter(document_html(document)[0]))
    assert f"{panel['n']} persons answered both waves" in text
    for row in panel["changes"]:
        assert PAPER.signed(row["estimate"], 2) in text
    for row in panel["leavers"]:
        assert f"{PAPER.signed(row['ci_low'], 2)} to {PAPER.signed(row['ci_high'], 2)}" in text


def test_a_document_frozen_before_has_the_chapter_as_it_was(owner_a: Member) -> None:
    document = document_of(owner_a)
    old = {
        key: value
        for key, value in document.change.items()
        if key not in {"mix", "panel", "by_itself", "rollouts"}
    }
    text = chapter(document_html(replace(document, change=old))[0])
    assert "Change of every gap" in text
    assert "Did other customers answer?" not in text
