"""Figures, marks and steps as portal templates print them."""

from types import SimpleNamespace
from uuid import uuid4

import pytest
from django.template import Context, Template

from crmgap_site.templatetags import portal


@pytest.fixture(autouse=True)
def plain_static(settings):
    """Static addresses without a manifest: these tests collect nothing."""
    settings.STORAGES = settings.STORAGES | {
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    }


@pytest.mark.parametrize(
    ("value", "printed"),
    [
        (-0.588, "−0.59"),
        (0.112, "+0.11"),
        (0.0, "0.00"),
        (-0.004, "0.00"),
        (None, "–"),
        (float("nan"), "–"),
        ("x", "–"),
    ],
)
def test_gap_has_sign_and_true_minus(value, printed):
    assert portal.gap(value) == printed


def test_interval_reads_mappings_pairs_and_missing_ends():
    gap = {"ci_low": -0.76, "ci_high": 0.04}
    assert portal.interval(gap) == "[−0.76; +0.04]"
    assert portal.interval((4.1, 5.2), "mean") == "[4.10; 5.20]"
    assert portal.interval((0.157, 0.2), "percent") == "[16\u202f%; 20\u202f%]"
    assert portal.interval({"ci_low": None, "ci_high": 1.0}) == ""


def test_counts_shares_and_p_values():
    assert portal.count(1240) == "1,240"
    assert portal.percent(0.151) == "15\u202f%"
    assert portal.p_text(0.00001) == "< 0.001"
    assert portal.p_text(0.0312) == "0.031"


def test_certainty_is_never_dots_alone():
    assert portal.certainty("probable").count('class="on"') == 2
    assert "probable" in portal.certainty("probable")
    assert "locked" in portal.certainty("suppressed")
    assert "circle" not in portal.certainty("not_measured")


def test_marks_escape_what_they_are_given():
    hostile = "<script>"
    for drawn in (
        portal.suppressed(hostile),
        portal.lamp("ok", hostile),
        portal.client_mark(f"{hostile} A", '"><script>'),
        portal.icon("check", label=hostile),
        portal.bar(1, 2, hostile),
    ):
        assert hostile not in drawn


def test_bar_stays_inside_its_frame():
    assert 'width="100.0"' in portal.bar(300, 100)
    assert 'width="0.0"' in portal.bar(-5, 100)
    assert 'width="0.0"' in portal.bar(5, 0)


def test_stepper_marks_all_steps_before_the_current_as_done():
    page = Template("{% load portal %}{% stepper engagement 'field' %}").render(
        Context(
            {
                "engagement": SimpleNamespace(pk=uuid4()),
                "practice": SimpleNamespace(slug="demo"),
                "next_action": {"note": "Closes in 6 days", "label": "Extend", "url": "/x/"},
            }
        )
    )
    assert page.count('<li class="done">') == 2
    assert page.count('<li class="now">') == 1
    assert "Closes in 6 days" in page


def test_portal_url_of_a_missing_page_is_empty():
    context = Context({"practice": SimpleNamespace(slug="demo")})
    assert portal.portal_url(context, "no_such_page") == ""
    assert portal.portal_url(context, "client_list") == "/p/demo/clients/"
