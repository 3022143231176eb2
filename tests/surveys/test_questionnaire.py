"""Choosing the forms of a wave and looking at them: what changes, until when, and that looking writes nothing."""

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice.enums import Role
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Engagement, Member
from practice.scope import practice_scope
from surveys.form_cache import form_of, instrument_of
from surveys.models import Wave, WaveAudience
from surveys.services.launch import launch_wave
from surveys.services.waves import change_forms, create_wave
from tests.factories.practice import make_client, make_engagement, make_member
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db
STANDARD = {
    "form_customers": "customers-standard",
    "form_managers": "managers-standard",
    "form_front_line": "front-line-standard",
    "form_crm_team": "crm-team-standard",
}


@pytest.fixture
def engagement(owner_a: Member) -> Engagement:
    with practice_scope(owner_a.practice):
        found = make_engagement(owner_a)
        make_wave(owner_a, found)
        return found


def base_of(engagement: Engagement) -> str:
    with practice_scope(engagement.practice_id):
        return f"/p/{engagement.practice.slug}/engagements/{engagement.pk}/"


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def form_codes(engagement: Engagement) -> dict[str, str]:
    with practice_scope(engagement.practice_id):
        return dict(WaveAudience.objects.values_list("audience", "form"))


def test_forms_are_chosen_on_the_page(owner_a: Member, engagement: Engagement) -> None:
    browser, url = signed_in(owner_a), f"{base_of(engagement)}forms/"
    assert browser.get(url).status_code == 200
    answer = browser.post(
        url, STANDARD | {"form_customers": "customers-pulse", "components": ["voice", "disconfirmation"]}
    )
    assert answer.status_code == 302
    assert form_codes(engagement)["customers"] == "customers-pulse"
    page = browser.get(url).content.decode()
    assert "Customers, pulse" in page
    assert "Voice (R11)" in page
    assert "Customers, pulse, about 3 minutes" in page
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        customers = WaveAudience.objects.select_related("wave").get(audience="customers")
        assert [part.code for part in instrument_of(wave).components] == ["voice", "disconfirmation"]
        assert "CP.R11.1" in form_of(customers).slot_index
        assert "Y5.R11" in form_of(customers).slot_index
        assert AuditEntry.objects.filter(verb="wave.forms_changed").count() == 1


def test_a_form_that_does_not_exist_is_named(owner_a: Member, engagement: Engagement) -> None:
    url = f"{base_of(engagement)}forms/"
    answer = signed_in(owner_a).post(url, STANDARD | {"form_managers": "customers-pulse"})
    assert answer.status_code == 422
    assert "form_managers" in answer.content.decode()
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        with pytest.raises(InvalidInputError) as caught:
            change_forms(wave, forms={"managers": "customers-pulse"}, components=(), actor=owner_a)
        assert list(caught.value.fields) == ["forms"]
        with pytest.raises(InvalidInputError) as caught:
            change_forms(wave, forms={"strangers": "customers-short"}, components=(), actor=owner_a)
        assert list(caught.value.fields) == ["forms"]
        with pytest.raises(InvalidInputError) as caught:
            change_forms(wave, forms={}, components=["R99"], actor=owner_a)
        assert list(caught.value.fields) == ["components"]


def test_after_the_launch_forms_stay(owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        add_people(wave, "customers", 6)
        launch_wave(wave=wave, actor=owner_a)
        with pytest.raises(WrongStateError):
            change_forms(wave, forms={"customers": "customers-pulse"}, components=(), actor=owner_a)
    browser, url = signed_in(owner_a), f"{base_of(engagement)}forms/"
    assert "Save the forms" not in browser.get(url).content.decode()
    assert browser.post(url, STANDARD | {"form_customers": "customers-short"}).status_code == 422
    assert form_codes(engagement)["customers"] == "customers-standard"


def test_forms_are_chosen_at_set_up(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    answer = signed_in(owner_a).post(
        f"/p/{owner_a.practice.slug}/engagements/new/",
        {
            "client_organisation": str(client.pk),
            "name": "Short",
            "instrument": "die-crm",
            "audiences": ["customers", "managers"],
            "variant": "short",
            "components": ["three-columns"],
        },
    )
    assert answer.status_code == 302
    with practice_scope(owner_a.practice):
        wave = Wave.objects.get()
        assert set(wave.audiences.values_list("form", flat=True)) == {"customers-short", "managers-short"}
        assert wave.instrument["components"][0]["code"] == "three-columns"


def test_pulse_at_set_up_leaves_staff_their_form_and_ecsi_its_own(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        client = make_client(owner_a)
    browser = signed_in(owner_a)
    for name, instrument in (("Pulse", "die-crm"), ("Index", "ecsi")):
        answer = browser.post(
            f"/p/{owner_a.practice.slug}/engagements/new/",
            {
                "client_organisation": str(client.pk),
                "name": name,
                "instrument": instrument,
                "audiences": ["customers", "managers"],
                "variant": "pulse",
                "components": ["voice"],
            },
        )
        assert answer.status_code == 302
    with practice_scope(owner_a.practice):
        forms = {
            wave.instrument_code: [row.form for row in wave.audiences.all()] for wave in Wave.objects.all()
        }
    assert forms == {"die-crm": ["customers-pulse", "managers-standard"], "ecsi": ["customers-standard"]}


@pytest.mark.parametrize("audience", ["customers", "managers", "front_line", "crm_team"])
def test_every_form_is_shown_in_two_widths(audience: str, owner_a: Member, engagement: Engagement) -> None:
    browser = signed_in(owner_a)
    url = f"{base_of(engagement)}preview/{audience}/"
    page = browser.get(url)
    assert page.status_code == 200
    assert page.content.decode().count("<iframe") == 2
    with practice_scope(owner_a.practice):
        row = WaveAudience.objects.select_related("wave").get(audience=audience)
        forms = instrument_of(row.wave).forms_for(audience)
    for form in forms:
        frame = browser.get(f"{url}frame/?form={form.code}")
        text = frame.content.decode()
        assert frame.status_code == 200
        assert all(f'name="{slot.code}"' in text for slot in form.slots)
        assert frame["X-Frame-Options"] == "SAMEORIGIN"
        assert "frame-ancestors 'self'" in frame["Content-Security-Policy"]
    assert browser.get(f"{url}frame/?form=nothing").status_code == 404
    assert "frame-ancestors 'none'" in page["Content-Security-Policy"]


def test_looking_writes_nothing(owner_a: Member, engagement: Engagement) -> None:
    browser, url = signed_in(owner_a), f"{base_of(engagement)}preview/customers/"
    browser.get(url)
    with CaptureQueriesContext(connection) as queries:
        browser.get(url)
        browser.get(f"{url}frame/")
    written = [
        q["sql"] for q in queries if q["sql"].lstrip().upper().startswith(("INSERT", "UPDATE", "DELETE"))
    ]
    assert written == []
    assert browser.post(f"{url}frame/", {"CE.R1.1": "7"}).status_code == 405


def test_a_viewer_sees_no_forms(owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        viewer = make_member(owner_a, Role.CLIENT_VIEWER, engagement.client_organisation)
    browser = signed_in(viewer)
    assert browser.get(f"{base_of(engagement)}forms/").status_code in {403, 404}
    assert browser.get(f"{base_of(engagement)}preview/customers/frame/").status_code in {403, 404}


def test_wave_of_another_practice_is_not_touched(
    owner_a: Member, owner_b: Member, engagement: Engagement
) -> None:
    answer = signed_in(owner_b).post(
        f"{base_of(engagement)}forms/", STANDARD | {"form_customers": "customers-pulse"}
    )
    assert answer.status_code in {403, 404}
    assert form_codes(engagement)["customers"] == "customers-standard"


def test_a_wave_through_the_api_has_its_form(owner_a: Member, engagement: Engagement) -> None:
    with practice_scope(owner_a.practice):
        wave = create_wave(
            engagement=engagement,
            actor=owner_a,
            audiences=["customers"],
            forms={"customers": "customers-short"},
            components=["personal-bond"],
        )
        form = form_of(WaveAudience.objects.select_related("wave").get(wave=wave))
    assert "CE.R10.2" in form.slot_index
    assert "CE.R10.3" not in form.slot_index
