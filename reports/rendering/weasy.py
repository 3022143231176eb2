"""The one file that imports WeasyPrint: renders one document whose assets are all in hand.

Run as a program it reads a pickled job from standard input and writes the PDF to standard output; see process.py.
"""

import base64
import gc
import json
import logging
import resource
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

FONTS = Path(__file__).parent / "fonts"
FONT_NAMES = {font.name: font for font in sorted(FONTS.glob("*.woff2"))}
MEMORY_BYTES = 1536 * 1024 * 1024
CPU_SECONDS = 120


class Complaints(logging.Handler):
    """Collects every record of the renderer from warning upwards."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keep the record's text."""
        self.lines.append(record.getMessage()[:300])


def render(
    html: str, css: str, charts: Mapping[str, str], logos: Mapping[str, bytes]
) -> tuple[bytes, int, list[str]]:
    """Return (PDF, number of pages, complaints); only `asset:` addresses of fonts, charts and logos can be read."""
    from weasyprint import CSS, HTML
    from weasyprint.text.fonts import FontConfiguration
    from weasyprint.urls import FatalURLFetchingError, URLFetcher, URLFetcherResponse

    class AssetFetcher(URLFetcher):  # type: ignore[misc]  # WeasyPrint ships no types
        """Knows fonts, charts and logos by name and nothing else."""

        def fetch(self, url: str, headers: Any = None) -> Any:
            """Return the named asset; every other address stops the rendering."""
            if url.startswith("asset:font/") and (font := FONT_NAMES.get(url.removeprefix("asset:font/"))):
                return URLFetcherResponse(url, font.read_bytes(), {"Content-Type": "font/woff2"})
            if url.startswith("asset:chart/") and (svg := charts.get(url.removeprefix("asset:chart/"))):
                return URLFetcherResponse(url, svg.encode(), {"Content-Type": "image/svg+xml"})
            if url.startswith("asset:logo/") and (png := logos.get(url.removeprefix("asset:logo/"))):
                return URLFetcherResponse(url, png, {"Content-Type": "image/png"})
            raise FatalURLFetchingError(f"not an asset: {url[:80]}")

    complaints = Complaints()
    for name in ("weasyprint", "fontTools"):
        logger = logging.getLogger(name)
        logger.handlers, logger.propagate = [complaints], False
    fetcher, fonts = AssetFetcher(), FontConfiguration()
    gc.freeze()
    gc.disable()
    document = HTML(string=html, base_url="asset:", url_fetcher=fetcher).render(
        stylesheets=[CSS(string=css, base_url="asset:", url_fetcher=fetcher, font_config=fonts)],
        font_config=fonts,
        pdf_variant="pdf/ua-1",
        presentational_hints=False,
    )
    pdf: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    return pdf, len(document.pages), complaints.lines


def main() -> None:
    """Render the job on standard input under limits of memory and time."""
    resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    if sys.platform.startswith("linux"):
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    job = json.load(sys.stdin)
    try:
        logos = {name: base64.b64decode(text) for name, text in job["logos"].items()}
        pdf, n_pages, complaints = render(job["html"], job["css"], job["charts"], logos)
    except Exception as error:  # noqa: BLE001  the parent process turns it into a RenderError
        pdf, n_pages, complaints = b"", 0, [f"{type(error).__name__}: {error}"[:300]]
    head = json.dumps({"n_pages": n_pages, "complaints": complaints}).encode()
    sys.stdout.buffer.write(len(head).to_bytes(4, "big") + head + pdf)


if __name__ == "__main__":
    main()
