"""The renderer reads its assets and nothing else, and every complaint is an error."""

import pytest

from reports.exceptions import RenderError
from reports.rendering import render_pdf

OUTSIDE = [
    '<img src="file:///etc/passwd" alt="x">',
    '<img src="http://127.0.0.1:9/x.png" alt="x">',
    '<img src="https://example.org/x.png" alt="x">',
    '<img src="ftp://127.0.0.1/x" alt="x">',
    '<img src="data:image/svg+xml,<svg/>" alt="x">',
    '<link rel="attachment" href="file:///etc/passwd">',
    '<link rel="stylesheet" href="file:///etc/passwd">',
    "<style>@import url(file:///etc/passwd);</style>",
    "<style>@font-face{font-family:x;src:url(file:///etc/passwd)} p{font-family:x}</style><p>x</p>",
    '<p style="background:url(http://127.0.0.1:9/x)">x</p>',
    '<object data="file:///etc/passwd"></object>',
    '<embed src="file:///etc/passwd">',
    '<img src="asset:font/../../../../etc/passwd" alt="x">',
    '<img src="asset:chart/unknown" alt="x">',
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="file:///etc/passwd"/></svg>',
]
PAGE = (
    '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>x</title></head><body>{}</body></html>'
)


@pytest.mark.parametrize("payload", OUTSIDE)
def test_nothing_outside_is_read(payload: str) -> None:
    with pytest.raises(RenderError):
        render_pdf(PAGE.format(payload), {})


def test_chart_that_reads_outside_is_refused() -> None:
    svg = '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="file:///etc/passwd"/></svg>'
    with pytest.raises(RenderError):
        render_pdf(PAGE.format('<img src="asset:chart/c" alt="x">'), {"c": svg})


def test_a_warning_of_the_renderer_is_an_error() -> None:
    with pytest.raises(RenderError, match="complained"):
        render_pdf(PAGE.format('<p style="colour-of-nothing: 3">x</p>'), {})


def test_links_inside_the_text_are_no_fetch() -> None:
    pdf = render_pdf(PAGE.format('<h1>x</h1><p><a href="https://example.org/">x</a></p>'), {})
    assert pdf.n_pages == 1
