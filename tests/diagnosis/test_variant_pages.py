"""Zone of tolerance, direct answers and a pulse on the page, in the document and in the tables."""

from dataclasses import replace

import pytest
from django.test import Client

from diagnosis.messages import summary_title
from diagnosis.tables import result_tables
from practice.models import Member
from practice.scope import practice_scope
from reports.html import document_html
from surveys.services.waves import create_wave
from tests.diagnosis.variants import ALL_PARTS, instrument_with, result_of
from tests.factories.diagnoses import make_diagnosis
from tests.factories.documents import make_document
from tests.factories.practice import make_engagement

VARIANTS = [("standard", ALL_PARTS), ("short", ALL_PARTS), ("pulse", ()), ("pulse", ALL_PARTS)]


def page_of(owner: Member, variant: str, parts: tuple[str, ...]) -> str:
    with practice_scope(owner.practice):
        engagement = make_engagement(owner)
        create_wave(engagement=engagement, actor=owner, components=parts)
        make_diagnosis(owner, engagement, result_of(variant, *parts).to_json())
    browser = Client()
    browser.force_login(owner.user)
    answer = browser.get(f"/p/{owner.practice.slug}/engagements/{engagement.pk}/diagnosis/")
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.django_db
def test_page_shows_zone_and_direct_answers(owner_a: Member) -> None:
    page = page_of(owner_a, "standard", ALL_PARTS)
    assert 'id="zone"' in page
    assert 'id="direct"' in page
    assert "below what is accepted" in page
    assert "says the same" in page
    assert "contradict themselves" in page
    assert 'id="received"' not in page


@pytest.mark.django_db
def test_page_of_a_pulse_shows_what_is_received_and_says_what_is_not_measured(owner_a: Member) -> None:
    page = page_of(owner_a, "pulse", ())
    assert 'id="received"' in page
    assert "what they want was not asked" in page
    assert "Customers, pulse" in page
    assert 'id="dims"' not in page
    assert 'id="zone"' not in page


@pytest.mark.django_db
def test_page_without_parts_has_no_such_card(owner_a: Member) -> None:
    page = page_of(owner_a, "short", ())
    assert not any(f'id="{name}"' in page for name in ("zone", "direct", "received"))


@pytest.mark.parametrize(("variant", "parts"), VARIANTS)
def test_documents_have_the_chapters_of_what_was_asked(variant: str, parts: tuple[str, ...]) -> None:
    instrument = instrument_with(*parts)
    document = replace(
        make_document("diagnosis", result=result_of(variant, *parts).to_json()),
        instrument=instrument.as_dict(),
    )
    html, charts = document_html(document)
    is_pulse = variant == "pulse"
    assert ('id="c-received"' in html) == is_pulse
    assert ("received" in charts) == is_pulse
    assert ('id="c-zone"' in html) == (bool(parts) and not is_pulse)
    assert ('id="c-direct"' in html) == bool(parts)
    assert "None" not in html


def test_documents_count_the_dimensions_that_were_asked() -> None:
    document = replace(
        make_document("diagnosis", result=result_of("standard", "voice").to_json()),
        instrument=instrument_with("voice").as_dict(),
    )
    html, _charts = document_html(document)
    assert "10 sides of a relationship" in html
    assert "Corrected for 10 comparisons" in html


@pytest.mark.parametrize(("variant", "parts"), VARIANTS)
def test_tables_hold_every_row(variant: str, parts: tuple[str, ...]) -> None:
    instrument = instrument_with(*parts)
    tables = {table.name: table for table in result_tables(result_of(variant, *parts), instrument)}
    n = len(instrument.dimensions)
    assert ("Zone of tolerance" in tables) == (bool(parts) and variant != "pulse")
    if "Zone of tolerance" in tables:
        assert len(tables["Zone of tolerance"].rows) == n + 1
    if parts:
        assert len(tables["Compared with what was wanted"].rows) == n
    for table in tables.values():
        assert all(len(row) == len(table.header) for row in table.rows)


def test_a_pulse_is_summed_up_by_what_customers_get() -> None:
    title = summary_title(result_of("pulse").to_json(), instrument_with())
    assert title.startswith("Customers rate what they get at 4.")
