"""What every page promises before any view runs: strict content policy, nothing from elsewhere, light survey pages."""

import re
from pathlib import Path

import pytest
from django.template import engines

ROOT = Path(__file__).resolve().parent.parent.parent
STATIC = ROOT / "crmgap_site" / "static"
TEMPLATES = sorted(
    path
    for folder in ("crmgap_site", "practice", "surveys", "diagnosis")
    for path in (ROOT / folder / "templates").rglob("*.html")
) + sorted((ROOT / "reports" / "templates" / "reports").glob("report_*.html"))
DATA_BLOCK = re.compile(r"<script [^>]*type=\"application/json\"[^>]*>")  # read as data, never run
INLINE = re.compile(r"\sstyle=|<style|\son[a-z]+=|javascript:|<script(?![^>]*\ssrc=)", re.IGNORECASE)
ELSEWHERE = re.compile(r"(?:url\(|@import|(?:src|href|action)=)\s*[\"']?(?:https?:)?//", re.IGNORECASE)


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_template_compiles_and_keeps_the_content_policy(path):
    source = path.read_text()
    engines["django"].from_string(source)
    if "mail" not in path.parts:
        assert not INLINE.search(DATA_BLOCK.sub("", source))
    assert not ELSEWHERE.search(source)
    assert len(source.splitlines()) <= 150


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.css")), ids=lambda path: path.name)
def test_style_sheet_loads_nothing_from_elsewhere(path):
    source = path.read_text()
    assert not ELSEWHERE.search(source)
    assert "sourceMappingURL" not in source


def test_dark_is_the_same_by_choice_and_by_preference():
    source = (STATIC / "tokens.css").read_text()
    chosen = re.search(r'^\[data-bs-theme="dark"\] \{\n(.*?)^\}', source, re.DOTALL | re.MULTILINE)
    preferred = re.search(r"^:root:not\(\[data-bs-theme\]\) \{\n(.*?)^\}", source, re.DOTALL | re.MULTILINE)
    assert chosen
    assert preferred
    assert chosen[1] == preferred[1]


def test_vendored_files_have_their_licences():
    named = (STATIC / "vendor" / "README.md").read_text()
    for path in [*STATIC.glob("vendor/*.css"), *STATIC.glob("vendor/*.js"), *STATIC.glob("fonts/*.woff2")]:
        assert path.name in named
    assert list(STATIC.glob("vendor/tabler.LICENSE.txt"))
    assert list(STATIC.glob("vendor/htmx.LICENSE.txt"))
    assert list(STATIC.glob("fonts/inter.LICENSE.txt"))


def test_survey_page_assets_leave_room_for_the_page():
    parts = [STATIC / "tokens.css", STATIC / "survey.css", STATIC / "fonts" / "inter-var.woff2"]
    assert sum(path.stat().st_size for path in parts) <= 72_000


def test_every_icon_used_is_in_the_sprite():
    known = set(re.findall(r'id="i-([a-z-]+)"', (STATIC / "icons.svg").read_text()))
    used = {
        name
        for path in TEMPLATES
        for name in re.findall(r"{% icon \"([a-z-]+)\"|icon_name=\"([a-z-]+)\"", path.read_text())
        for name in name
        if name
    }
    assert used <= known
