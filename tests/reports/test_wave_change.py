"""The chapter on what has changed since the wave before: conforming, complete, with the endpoint's own figures."""

import io
import re
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
from tests.diagnosis.test_wave_change import two_waves
from tests.factories.diagnoses import hidden_result

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
