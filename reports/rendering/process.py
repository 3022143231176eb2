"""Runs the renderer in a process of its own with a time limit, and refuses a PDF the renderer complained about."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from reports.exceptions import RenderError
from reports.rendering.glyphs import name_signs, signs_without_glyph

STYLE = Path(__file__).parent / "print.css"
SECONDS = 120
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, slots=True)
class RenderedPdf:
    """A finished file: its bytes and its number of pages."""

    content: bytes
    n_pages: int


def render_pdf(
    html: str, charts: Mapping[str, str], logos: Mapping[str, str] | None = None, *, seconds: int = SECONDS
) -> RenderedPdf:
    """Return the PDF/UA-1 of a document's HTML and its assets; raises RenderError.

    `charts` are SVG texts and `logos` base64 of PNGs, each by the name under which the HTML asks for it.
    """
    pdf, complaints = _render(html, charts, logos or {}, seconds)
    if signs := signs_without_glyph(complaints):
        in_words = {name: name_signs(svg, signs) for name, svg in charts.items()}
        pdf, complaints = _render(name_signs(html, signs), in_words, logos or {}, seconds)
    if complaints:
        raise RenderError("The renderer complained: " + "; ".join(complaints[:5]))
    return pdf


def _render(
    html: str, charts: Mapping[str, str], logos: Mapping[str, str], seconds: int
) -> tuple[RenderedPdf, Sequence[str]]:
    """Return the PDF and what the renderer complained of; each document has a process of its own."""
    assets = {"charts": dict(charts), "logos": dict(logos)}
    job = json.dumps({"html": html, "css": STYLE.read_text(encoding="utf-8"), **assets})
    keep = {
        name: os.environ[name]
        for name in ("PATH", "HOME", "LANG", "TMPDIR", "DYLD_LIBRARY_PATH")
        if name in os.environ
    }
    try:
        done = subprocess.run(
            [sys.executable, "-m", "reports.rendering.weasy"],
            input=job.encode(),
            capture_output=True,
            timeout=seconds,
            check=False,
            cwd=ROOT,
            env=keep | {"OPENBLAS_NUM_THREADS": "1"},
        )
    except subprocess.TimeoutExpired as error:
        raise RenderError("The document took too long to render.", code="render_timeout") from error
    if done.returncode != 0 or len(done.stdout) < 4:
        raise RenderError(f"The renderer stopped with exit code {done.returncode}.", code="render_stopped")
    size = int.from_bytes(done.stdout[:4], "big")
    head = json.loads(done.stdout[4 : 4 + size])
    return RenderedPdf(done.stdout[4 + size :], head["n_pages"]), head["complaints"]
