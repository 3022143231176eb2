"""The diagnosis as PDF: pages per CPU second, and what of it is not the renderer's."""

import os

from benchmarks.measure import Measure, watched
from benchmarks.stage import Stage


def measures(_stage: Stage) -> list[Measure]:
    """Render a diagnosis and an action plan of the drawn company and return seconds per 40 pages."""
    from reports.html import document_html
    from reports.rendering.process import render_pdf
    from tests.factories.documents import make_document

    found = list[Measure]()
    for kind in ("diagnosis", "action_plan"):
        document = make_document(kind)
        with watched(own=os.getpid()) as building:
            html, charts = document_html(document)
        with watched(own=os.getpid()) as rendering:
            rendered = render_pdf(html, charts)
        pages, share = rendered.n_pages, 40 / rendered.n_pages
        found += [
            Measure(f"PDF {kind.replace('_', ' ')}, CPU for 40 pages ({pages} pages measured)",
                    (building.cpu["own"] + rendering.cpu["own"]) * share, "s", 8.5),
            Measure(f"PDF {kind.replace('_', ' ')}, wall time for 40 pages", (building.wall + rendering.wall) * share,
                    "s", 5.5),
            Measure("of it outside the renderer", 100 * building.wall / (building.wall + rendering.wall), "%", 10),
        ]  # fmt: skip
    return found
