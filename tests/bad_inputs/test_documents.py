"""Names and texts of every script in the documents: with real glyphs, as text, nothing fetched or attached."""

import io
from dataclasses import replace

import page
import pypdf
import pytest

from reports.html import document_html
from reports.rendering import RenderedPdf, render_pdf
from reports.rendering.glyphs import name_signs, signs_without_glyph
from tests.factories.documents import make_document

NAMES = ("O'Brien", "Müller-Lüdenscheidt", "Nguyễn", "李雷", "X Æ A-12", "Q")
SIGNS = ("🙂", "a\u0301e\u0302", "Latin نص عربي Latin")
HEBREW = ("Latin טקסט Latin",)
ACTIVE = (
    '<img src="file:///etc/passwd">',
    '<link rel=attachment href="file:///etc/hostname">',
    "<script>alert(1)</script>",
    "<style>@import 'http://127.0.0.1/x.css'</style>",
)


def printed(texts: tuple[str, ...]) -> RenderedPdf:
    """Print a diagnosis whose client, question and finding carry the texts."""
    line = " · ".join(texts)
    document = make_document("diagnosis", client=line)
    finding = replace(document.findings[0], headline=line, text=line, note=line)
    return render_pdf(*document_html(replace(document, question=line, findings=(finding,))))


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(content)).pages)


@pytest.mark.parametrize("texts", [NAMES, SIGNS, HEBREW], ids=["names", "signs and Arabic", "Hebrew"])
def test_o12_o21_names_of_every_script_are_printed_with_real_glyphs(texts: tuple[str, ...]) -> None:
    found = printed(texts)
    failures = page.validate_pdf_bytes(found.content, profile=page.ValidationProfile.PDF_UA_1).failures
    assert [(failure.rule_id, failure.message) for failure in failures] == []  # 7.21.8: no glyph .notdef
    text = text_of(found.content)
    if texts is NAMES:
        assert all(name in text for name in NAMES)
    if texts is SIGNS:
        assert "🙂" in text or "[slightly smiling face]" in text


def test_o21_signs_without_a_glyph_are_named() -> None:
    complaint = (
        '.notdef glyph rendered for Unicode string unsupported by fonts: "\ue000\u200d" (U+E000 U+200D)'
    )
    signs = signs_without_glyph([complaint, "Another warning about U+1F642"])
    assert signs == {"\ue000", "\u200d"}
    assert name_signs("a\ue000\u200d\N{GRINNING FACE}", signs) == "a[U+E000]\N{GRINNING FACE}"


def test_o08_o44_active_text_is_printed_as_text_and_fetches_nothing() -> None:
    found = printed(ACTIVE)
    text = text_of(found.content).replace("\n", "").replace(" ", "")
    for written in ACTIVE:
        assert written.replace(" ", "") in text
    names = pypdf.PdfReader(io.BytesIO(found.content)).trailer["/Root"].get("/Names", {})
    assert "/EmbeddedFiles" not in str(names)
    assert b"root:" not in found.content
