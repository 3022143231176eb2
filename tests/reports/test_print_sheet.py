"""The print sheet of an open link as a PDF: one tagged A4 page with logo, code and address, and kept nowhere."""

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import page
import pypdf
import pytest
from django.core.cache import cache
from django.test import Client
from PIL import Image

from practice import logos, services
from practice.enums import Role
from practice.models import ClientOrganisation, Member
from practice.scope import practice_scope
from reports import print_sheet_views
from reports.exceptions import RenderError
from reports.print_sheet import print_sheet_pdf
from surveys.models import OpenLink, WaveAudience
from surveys.selectors import get_open_link_for
from surveys.services import open_links
from tests.factories.practice import make_member
from tests.factories.surveys import make_wave

pytestmark = pytest.mark.django_db


@pytest.fixture
def link(owner_a: Member) -> OpenLink:
    with practice_scope(owner_a.practice):
        audience = make_wave(owner_a).audiences.get(audience="customers")
        made = open_links.create_open_link(
            audience=audience, name="Poster", access_code="spring", actor=owner_a
        )
        WaveAudience.objects.filter(pk=made.wave_audience_id).update(
            closes_at=datetime(2026, 12, 23, 23, 30, tzinfo=UTC)
        )
        link = get_open_link_for(owner_a, made.pk)
        assert link.practice == owner_a.practice, "read here, where the scope is open"
        return link


def failures_in(content: bytes) -> list[str]:
    report = page.validate_pdf_bytes(content, profile=page.ValidationProfile.PDF_UA_1)
    return [failure.message for failure in report.failures]


def url(link: OpenLink, name: str = "sheet.pdf") -> str:
    engagement: UUID = link.wave_audience.wave.engagement_id
    return f"/p/{link.practice.slug}/engagements/{engagement}/open-links/{link.pk}/{name}"


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def client_of(link: OpenLink) -> ClientOrganisation:
    return link.wave_audience.wave.engagement.client_organisation


def put_logo(link: OpenLink, owner: Member) -> None:
    picture = io.BytesIO()
    Image.new("RGB", (320, 80), "#153e6b").save(picture, "PNG")
    logos.set_logo(client_of(link), io.BytesIO(picture.getvalue()), len(picture.getvalue()), actor=owner)


def test_one_tagged_page_says_what_for_how_and_until_when(owner_a: Member, link: OpenLink) -> None:
    with practice_scope(owner_a.practice):
        put_logo(link, owner_a)
        services.update_client(client_of(link), actor=owner_a, time_zone="Europe/Vienna", language="fr")
    answer = signed_in(owner_a).get(url(link))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Disposition"] == 'attachment; filename="Poster.pdf"'
    assert failures_in(answer.content) == []
    reader = pypdf.PdfReader(io.BytesIO(answer.content))
    (sheet,) = reader.pages
    assert (round(sheet.mediabox.width / 72 * 25.4), round(sheet.mediabox.height / 72 * 25.4)) == (210, 297)
    text = sheet.extract_text()
    with practice_scope(owner_a.practice):
        assert open_links.address_of(link) in "".join(text.split())
    assert "spring" in text
    assert "24 décembre 2026" in text, "half past eleven at night in London is the next day in Vienna"
    assert reader.root_object.get("/Lang") == "fr"
    assert len(sheet.images) == 1, "the client's logo; the code is drawn"


def test_without_a_logo_the_clients_name_stands_there(owner_a: Member, link: OpenLink) -> None:
    with practice_scope(owner_a.practice):
        content = print_sheet_pdf(link)
    assert content is not None
    (sheet,) = pypdf.PdfReader(io.BytesIO(content)).pages
    assert client_of(link).name in " ".join(sheet.extract_text().split())


@pytest.mark.parametrize(
    "name", ["Ω" * 160, "Donaudampfschifffahrtsgesellschaft" * 4, "\N{HOCHO} & <b>Co</b>"]
)
def test_hostile_and_long_names_stay_on_one_page(name: str, owner_a: Member, link: OpenLink) -> None:
    with practice_scope(owner_a.practice):
        ClientOrganisation.objects.update(name=name)
        content = print_sheet_pdf(get_open_link_for(owner_a, link.pk))
    assert content is not None
    assert failures_in(content) == []
    assert len(pypdf.PdfReader(io.BytesIO(content)).pages) == 1


def test_page_and_pdf_say_the_same_and_nothing_is_kept(
    owner_a: Member, link: OpenLink, settings: Any
) -> None:
    browser = signed_in(owner_a)
    html = browser.get(url(link, "sheet/")).content.decode()
    text = "".join(
        pypdf.PdfReader(io.BytesIO(browser.get(url(link)).content)).pages[0].extract_text().split()
    )
    with practice_scope(owner_a.practice):
        address = open_links.address_of(link)
    for words in (address, "spring", "Open until 23 December 2026.", "Nobody is asked for a name"):
        assert words in html
        assert "".join(words.split()) in text
    assert [found for found in Path(settings.MEDIA_ROOT).rglob("*") if found.is_file()] == []
    assert url(link) in browser.get(url(link, "").replace(f"{link.pk}/", "")).content.decode()


def test_one_is_made_at_a_time_and_a_failure_leads_to_the_page(
    owner_a: Member, link: OpenLink, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(owner_a)
    cache.set(f"print-sheet:{owner_a.pk}", 1, 30)
    assert "still being made" in browser.get(url(link), follow=True).content.decode()
    cache.clear()

    def fail(_link: OpenLink) -> bytes:
        raise RenderError("no")

    monkeypatch.setattr(print_sheet_views, "print_sheet_pdf", fail)
    answer = browser.get(url(link))
    assert answer.headers["Location"] == url(link, "sheet/")
    assert cache.get(f"print-sheet:{owner_a.pk}") is None


def test_a_released_link_has_no_sheet_and_analysts_none_at_all(owner_a: Member, link: OpenLink) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
        WaveAudience.objects.filter(pk=link.wave_audience_id).update(link_key=None)
    assert signed_in(owner_a).get(url(link)).status_code == 404
    assert signed_in(analyst).get(url(link)).status_code == 403
