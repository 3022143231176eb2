"""The practice's colour: every corrected colour can be read, the style sheet is pure, bad values are refused."""

import re

import pytest
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st

from practice.accent import (
    DARK_INK,
    DARK_SURFACE,
    LIGHT_SUNKEN,
    WHITE,
    accent_of,
    contrast,
    luminance,
    style_of,
)
from practice.models import Member, Practice
from practice.scope import practice_scope
from surveys import links
from surveys.models import WaveAudience
from tests.factories.surveys import make_launched_wave

COLOURS = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(COLOURS)
@example("#ffffff")
@example("#000000")
@example("#ffff00")
@example("#00ff00")
def test_every_colour_ends_readable_in_light_and_dark(chosen: str) -> None:
    accent = accent_of(chosen)
    for ground in (WHITE, LIGHT_SUNKEN, accent.light_soft):
        assert contrast(accent.light, ground) >= 4.5
    assert contrast(WHITE, accent.light_hover) >= 4.5
    for ground in (DARK_SURFACE, DARK_INK, accent.dark_soft):
        assert contrast(accent.dark, ground) >= 4.5
    assert contrast(DARK_INK, accent.dark_hover) >= 4.5


def test_luminance_and_contrast_are_those_of_wcag() -> None:
    assert luminance("#ffffff") == pytest.approx(1)
    assert luminance("#ff0000") == pytest.approx(0.2126)
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.005)


@pytest.mark.parametrize("chosen", ["#0d6b66", "#123456", "#8a1c4a"])
def test_a_readable_colour_stays_as_chosen(chosen: str) -> None:
    assert accent_of(chosen).light == chosen
    assert not accent_of(chosen).is_corrected


@pytest.mark.parametrize("bad", ["", "red", "#12", "#12345g", "#1234567", "123456", "#123456\n", "var(--x)"])
def test_what_is_no_colour_is_an_error(bad: str) -> None:
    with pytest.raises(ValueError, match="not a colour"):
        accent_of(bad)


@pytest.mark.django_db
@pytest.mark.parametrize("bad", ["", "red", "#12345g", "#123456;}*{display:none", "url(x)", "#123456\x00"])
def test_bad_values_are_refused_at_the_field(bad: str, owner_a: Member) -> None:
    browser, url = Client(), f"/p/{owner_a.practice.slug}/settings/brand/"
    browser.force_login(owner_a.user)
    answer = browser.post(url, {"accent_colour": bad})
    assert answer.status_code == 422
    assert "id_accent_colour_error" in answer.content.decode()


@pytest.mark.django_db
def test_preview_shows_and_saves_nothing_and_saving_reaches_portal_and_survey(owner_a: Member) -> None:
    browser, url = Client(), f"/p/{owner_a.practice.slug}/settings/brand/"
    browser.force_login(owner_a.user)
    assert "/accent/" not in browser.get(url).content.decode()
    page = browser.post(url, {"accent_colour": "#ffcc00", "preview": "1"}).content.decode()
    assert accent_of("#ffcc00").light in page
    assert "Nothing is saved yet" in page
    with practice_scope(owner_a.practice):
        assert Practice.objects.get(pk=owner_a.practice_id).accent_colour == "#0d6b66"
    assert browser.post(url, {"accent_colour": "#FFCC00"}).status_code == 302
    page = browser.get(url).content.decode()
    found = re.search(r'href="(/accent/1-ffcc00\.css)"', page)
    assert found is not None
    assert " style=" not in page
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=6)
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        token = links.token_for(audience, audience.recipients.first())
    assert found[1] in Client().get(f"/s/{token}/").content.decode()
    answer = Client().get(found[1])
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    assert answer.content.decode() == style_of(accent_of("#ffcc00"))
    for other in ("/accent/1-ffcc0.css", "/accent/1-FFCC00.css", "/accent/0-ffcc00.css", "/accent/1-red.css"):
        assert Client().get(other).status_code == 404
