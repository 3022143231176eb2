"""Portal pages of open links: made, shown with their code, printed, switched off, limited; their row in the field."""

import io

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from practice.enums import Role
from practice.models import Engagement, Member
from practice.scope import practice_scope
from surveys.mixer import refresh_totals
from surveys.models import OpenLink, Quota, Wave, WaveAudience
from surveys.services import open_links
from surveys.services.launch import launch_wave
from tests.factories.practice import make_member
from tests.factories.surveys import make_wave
from tests.surveys.answering.browser import answer_all
from tests.surveys.answering.test_open_links import token_of, visit

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        return make_wave(owner_a)


@pytest.fixture
def portal(owner_a: Member) -> Client:
    client = Client()
    client.force_login(owner_a.user)
    return client


def url(name: str, wave: Wave, **more: object) -> str:
    with practice_scope(wave.practice_id):
        engagement = Engagement.objects.get(pk=wave.engagement_id)
        kwargs = {"slug": engagement.practice.slug, "engagement_id": engagement.pk, **more}
    return reverse(f"surveys:{name}", kwargs=kwargs)


def only_link(wave: Wave) -> OpenLink:
    with practice_scope(wave.practice_id):
        return OpenLink.objects.select_related("wave_audience").get()


def test_a_link_is_made_shown_and_switched_off(wave, portal):
    page = url("open_links", wave)
    assert b"No open link yet" in portal.get(page).content
    values = {"audience": "customers", "name": "Poster", "attribute": "branch", "value": "North"}
    values |= {"access_code": "spring", "idle_seconds": "90"}
    assert portal.post(page, values).status_code == 302
    link = only_link(wave)
    html = portal.get(page).content.decode()
    with practice_scope(wave.practice_id):
        address = f"http://localhost:8000/s/o/{token_of(link)}/"
    for text in (address, "branch: North", "access code spring", "fewer than five answers"):
        assert text in html
    portal.post(url("open_link_switch", wave, open_link_id=link.pk), {"off": "1"})
    assert only_link(wave).is_off
    before = bytes(only_link(wave).digest)
    portal.post(url("open_link_renew", wave, open_link_id=link.pk))
    assert bytes(only_link(wave).digest) != before


def test_what_does_not_fit_is_said_at_the_field(wave, portal):
    page = url("open_links", wave)
    staff = portal.post(page, {"audience": "front_line", "name": "Canteen", "idle_seconds": "90"})
    assert staff.status_code == 422
    assert "accept" in staff.content.decode()
    half = portal.post(
        page, {"audience": "customers", "name": "Poster", "attribute": "branch", "idle_seconds": "90"}
    )
    assert half.status_code == 422
    assert b"or neither" in half.content


def test_codes_and_print_sheet_carry_the_address(wave, portal, owner_a):
    with practice_scope(owner_a.practice):
        audience = wave.audiences.get(audience="customers")
        link = open_links.create_open_link(audience=audience, name="P", access_code="spring", actor=owner_a)
        address = f"http://localhost:8000/s/o/{token_of(link)}/"
    svg = portal.get(url("open_link_qr", wave, open_link_id=link.pk, file_type="svg"))
    assert svg["Content-Type"] == "image/svg+xml"
    assert svg.content.startswith(b"<svg")
    png = portal.get(url("open_link_qr", wave, open_link_id=link.pk, file_type="png"))
    assert Image.open(io.BytesIO(png.content)).size[0] > 500
    assert portal.get(url("open_link_qr", wave, open_link_id=link.pk, file_type="gif")).status_code == 404
    sheet = portal.get(url("open_link_sheet", wave, open_link_id=link.pk)).content.decode()
    assert address in sheet
    assert "spring" in sheet


def test_a_link_is_deleted_until_it_opens(wave, portal, owner_a):
    with practice_scope(owner_a.practice):
        audience = wave.audiences.get(audience="customers")
        first, second = (
            open_links.create_open_link(audience=audience, name=name, actor=owner_a) for name in ("P", "Q")
        )
    delete = url("open_link_delete", wave, open_link_id=first.pk)
    assert delete in portal.get(url("open_links", wave)).content.decode()
    assert "“P” is deleted" in portal.post(delete, follow=True).content.decode()
    with practice_scope(owner_a.practice):
        assert OpenLink.objects.get() == second
        launch_wave(wave=wave, actor=owner_a)
    delete = url("open_link_delete", wave, open_link_id=second.pk)
    assert delete not in portal.get(url("open_links", wave)).content.decode()
    assert "switch it off" in portal.post(delete, follow=True).content.decode()
    assert only_link(wave) == second


def test_quotas_are_set_changed_and_removed(wave, portal, owner_a):
    with practice_scope(owner_a.practice):
        audience = wave.audiences.get(audience="customers")
        link = open_links.create_open_link(
            audience=audience, name="P", attributes={"branch": "North"}, actor=owner_a
        )
    group = f"{link.wave_audience_id}|branch|North"
    for most in ("50", "60"):
        portal.post(url("quota_set", wave), {"group": group, "most": most})
    assert portal.post(url("quota_set", wave), {"group": group, "most": "4"}).status_code == 422
    with practice_scope(owner_a.practice):
        quota = Quota.objects.get()
        assert (quota.attribute, quota.value, quota.most) == ("branch", "North", 60)
    portal.post(url("quota_remove", wave, quota_id=quota.pk))
    with practice_scope(owner_a.practice):
        assert not Quota.objects.exists()


def test_the_field_counts_open_links_apart_at_a_constant_cost(wave, portal, owner_a):
    with practice_scope(owner_a.practice):
        audience = wave.audiences.get(audience="customers")
        link = open_links.create_open_link(audience=audience, name="P", actor=owner_a)
        launch_wave(wave=wave, actor=owner_a)
        token = token_of(link)
    for _turn in range(5):
        answer_all(visit(token))
    with practice_scope(owner_a.practice):
        refresh_totals(WaveAudience.objects.get(pk=link.wave_audience_id))
    with CaptureQueriesContext(connection) as few:
        html = portal.get(url("field", wave)).content.decode()
    assert "Customers by open link" in html
    assert "counted apart" in html
    with practice_scope(owner_a.practice):
        for number in range(8):
            open_links.create_open_link(audience=audience, name=f"P{number}", actor=owner_a)
        open_links.create_open_link(
            audience=wave.audiences.get(audience="managers"), name="M", actor=owner_a, accepts_staff=True
        )
    with CaptureQueriesContext(connection) as many:
        portal.get(url("field", wave))
    assert len(many) == len(few)
    close = url("audience_close", wave, audience_id=link.wave_audience_id)
    assert portal.post(close, {"confirm": "Customers"}).status_code == 422
    portal.post(close, {"confirm": "Customers by open link"})
    with practice_scope(owner_a.practice):
        assert WaveAudience.objects.get(pk=link.wave_audience_id).state == "closed"
        assert WaveAudience.objects.get(wave=wave, audience="managers", channel="open").state == "open"


def test_analysts_do_not_see_addresses(wave, owner_a):
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    client = Client()
    client.force_login(analyst.user)
    assert client.get(url("open_links", wave)).status_code == 403
