"""The home of all engagements: each one's step, what needs somebody today, and the next best action."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from crmgap_site.engagements.overview import Overview, overviews
from practice.models import ClientOrganisation, Engagement, Member
from practice.scope import practice_scope
from reports.models import Report
from surveys.models import Wave, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.diagnoses import make_diagnosis, make_finding
from tests.factories.practice import make_client, make_engagement
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db


def overview(engagement: Engagement, owner: Member) -> Overview:
    with practice_scope(owner.practice):
        return overviews([engagement], slug=owner.practice.slug)[0]


def test_an_engagement_walks_its_steps(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        engagement = make_engagement(owner_a)
        wave = make_wave(owner_a, engagement)
    assert overview(engagement, owner_a).step == "people"
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 6)
    assert overview(engagement, owner_a).step == "launch"
    with practice_scope(owner_a.practice):
        launch_wave(wave=wave, actor=owner_a)
    found = overview(engagement, owner_a)
    assert (found.step, found.health.state, found.today) == ("field", "ok", None)
    assert found.due is not None
    assert found.due > timezone.now() + timedelta(days=13)
    with practice_scope(owner_a.practice):
        WaveAudience.objects.filter(wave=wave).update(state="released")
    assert overview(engagement, owner_a).step == "diagnosis"


def test_findings_to_decide_lead_to_the_findings(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        diagnosis = make_diagnosis(owner_a)
        make_finding(diagnosis)
        Wave.objects.update(launched_at=timezone.now())
        WaveAudience.objects.update(state="released")
        engagement = diagnosis.engagement
        WaveAudience.objects.get_or_create(
            wave=diagnosis.wave,
            audience="customers",
            defaults={"form": "customers-standard", "state": "released"},
        )
        add_people(diagnosis.wave, "customers", 1)
    today = overview(engagement, owner_a).today
    assert today is not None
    assert today["text"] == "1 finding to decide"
    assert today["url"].endswith("/findings/")
    with practice_scope(owner_a.practice):
        Report.objects.create(
            engagement=engagement, diagnosis=diagnosis, kind="diagnosis", state="succeeded", title="x"
        )
    assert overview(engagement, owner_a).step == "actions"


def test_an_engagement_is_opened_with_its_wave(owner_a: Member) -> None:
    browser = Client()
    browser.force_login(owner_a.user)
    url = f"/p/{owner_a.practice.slug}/engagements/new/"
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    assert browser.get(url).status_code == 200
    fields = {
        "client_organisation": client.pk,
        "name": "Why do they leave?",
        "audiences": ["customers", "managers"],
    }
    answer = browser.post(url, fields)
    assert answer.status_code == 302
    assert answer["Location"].endswith("/people/")
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        assert sorted(wave.audiences.values_list("audience", flat=True)) == ["customers", "managers"]
    assert browser.post(url, {"name": ""}).status_code == 422
    home = browser.get(f"/p/{owner_a.practice.slug}/?q=leave").content.decode()
    assert "Why do they leave?" in home


def test_a_foreign_client_cannot_be_chosen(owner_a: Member, owner_b: Member) -> None:
    with practice_scope(owner_b.practice):
        foreign = make_client(owner_b)
    browser = Client()
    browser.force_login(owner_a.user)
    fields = {"client_organisation": foreign.pk, "name": "x", "audiences": ["customers"]}
    assert browser.post(f"/p/{owner_a.practice.slug}/engagements/new/", fields).status_code == 422
    with practice_scope(owner_a.practice):
        assert not Engagement.objects.exists()
        assert not ClientOrganisation.objects.exists()
