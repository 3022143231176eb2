"""Both PDFs: tagged as PDF/UA-1, without a warning, with right page numbers, and with the API's own figures."""

import io
import re
from dataclasses import replace
from functools import cache
from typing import Any

import page
import pypdf
import pytest

from reports.html import document_html
from reports.rendering import RenderedPdf, render_pdf
from tests.factories.documents import HOSTILE, make_document, sample_result

KINDS = ["diagnosis", "action_plan", "board"]
WITH_CONTENTS = ["diagnosis", "action_plan"]
NUMBER = re.compile(r"[−+±]\d+\.\d\d")


@cache
def rendered(kind: str) -> RenderedPdf:
    return render_pdf(*document_html(make_document(kind)))


@cache
def reader(kind: str) -> pypdf.PdfReader:
    return pypdf.PdfReader(io.BytesIO(rendered(kind).content))


@cache
def pages_of(kind: str) -> list[str]:
    return [found.extract_text() for found in reader(kind).pages]


def flat(text: str) -> str:
    return re.sub(r"\s+", " ", text)


@pytest.mark.parametrize("kind", KINDS)
def test_document_conforms_to_pdf_ua(kind: str) -> None:
    report = page.validate_pdf_bytes(rendered(kind).content, profile=page.ValidationProfile.PDF_UA_1)
    assert [(failure.rule_id, failure.message) for failure in report.failures] == []


@pytest.mark.parametrize("kind", KINDS)
def test_metadata_language_and_fonts(kind: str) -> None:
    found = reader(kind)
    assert found.metadata is not None
    assert "Alpenbank Regional" in str(found.metadata.title)
    assert found.metadata.author == "Nordlicht Consulting"
    assert found.trailer["/Root"]["/Lang"] == "en"
    assert "/EmbeddedFiles" not in str(found.trailer["/Root"].get("/Names", ""))


@pytest.mark.parametrize("kind", WITH_CONTENTS)
def test_contents_name_the_page_where_each_chapter_begins(kind: str) -> None:
    titles: list[str] = []
    begins: list[int] = []

    def walk(entries: list[Any]) -> None:
        for entry in entries:
            if isinstance(entry, list):
                walk(entry)
            elif entry.title != "Contents":
                titles.append(entry.title)
                begins.append((reader(kind).get_destination_page_number(entry) or 0) + 1)

    walk(reader(kind).outline)
    contents = flat(pages_of(kind)[1])
    assert len(titles) >= 5
    assert all(title.split(" ", 1)[-1] in contents for title in titles)
    assert contents.startswith(" ".join(str(number) for number in begins) + " Contents")
    for title, number in zip(titles, begins, strict=True):
        assert title in flat(pages_of(kind)[number - 1])


def test_dimensions_are_bookmarks_below_their_chapter() -> None:
    nested = [entry for entry in reader("diagnosis").outline if isinstance(entry, list)]
    assert [child.title[:2] for child in nested[0]] == [f"R{number}" for number in range(1, 10)]


def numbers_of_result() -> set[str]:
    """Return every gap, interval bound and effect of the stored result as documents print them."""
    printed: set[str] = set()

    def walk(value: object) -> None:
        if isinstance(value, dict):
            for entry in value.values():
                walk(entry)
        elif isinstance(value, list):
            for entry in value:
                walk(entry)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            text = f"{abs(value):.2f}"
            sign = "±" if float(text) == 0 else "−" if value < 0 else "+"
            printed.add(sign + text)

    walk(sample_result())
    return printed


def test_no_signed_figure_differs_from_the_stored_result() -> None:
    allowed = numbers_of_result()
    items = sample_result()["items"]
    for code, later in items["CP"].items():
        earlier = items["CE"][code]
        if later.get("mean") is not None and earlier.get("mean") is not None:
            value = later["mean"] - earlier["mean"]
            allowed.add(("−" if value < 0 else "+") + f"{abs(value):.2f}")
    stages: dict[str, float] = {}
    for step in sample_result()["waterfall"]["overall"]["steps"]:
        stages[step["stage"]] = stages.get(step["stage"], 0) + step["estimate"]
    allowed |= {("−" if value < 0 else "+") + f"{abs(value):.2f}" for value in stages.values()}
    found = set(NUMBER.findall("".join(pages_of("diagnosis")))) - {"−0.68", "−0.30"}
    assert len(found) > 150
    assert found - allowed == set()


def test_printed_total_is_the_results_total() -> None:
    total = next(gap for gap in sample_result()["gaps"] if gap["code"] == "E1")["overall"]["estimate"]
    assert f"−{abs(total):.2f}" in pages_of("diagnosis")[2]


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_text_is_printed_as_text(kind: str) -> None:
    text = flat(" ".join(pages_of(kind)))
    assert "file:///etc/passwd" in text.replace(" ", "")
    assert "{{ 7*7 }}" in text
    assert HOSTILE.split()[-1].split("-")[0] in text
    assert b"/EmbeddedFile" not in rendered(kind).content


@pytest.mark.parametrize("kind", KINDS)
def test_page_x_of_y_stands_on_every_page_but_the_cover(kind: str) -> None:
    pages = pages_of(kind)
    for number, text in enumerate(pages[1:], start=2):
        assert f"{number} of {len(pages)}" in flat(text)


def test_summary_fits_on_one_page() -> None:
    assert "2 Who was asked" in flat(pages_of("diagnosis")[3])


def test_the_board_edition_has_six_pages_at_most_whatever_was_found() -> None:
    document = make_document("board")
    finding = document.findings[0]
    finding = document.findings[0]
    gap = next(gap for gap in sample_result()["gaps"] if gap["code"] == "I1")["overall"]
    rows = [{"gap": "I1", "dimension": "R6", "unit": "points", **gap}] * 3
    words = {"headline": "Long words " * 14, "text": "Long words. " * 40, "note": "A note. " * 40}
    long = replace(finding, evidence={"gaps": rows}, **words)
    many = replace(
        document,
        findings=(long, long, long, long),
        actions=tuple(replace(document.actions[0], number=f"A{n}", title="Do " * 40) for n in range(1, 30)),
        summary="What matters. " * 60,
    )
    assert rendered("board").n_pages <= 6
    found = render_pdf(*document_html(many))
    assert found.n_pages <= 6
    text = flat(" ".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(found.content)).pages))
    assert "three findings that matter most, of 4" in text
    assert "20 more actions stand in the action plan" in text


def test_the_board_edition_says_what_a_finding_rests_on() -> None:
    text = flat(" ".join(pages_of("board")))
    assert "F1" in text
    assert "Plan and targets" in text
    assert "The words of certainty" in text
