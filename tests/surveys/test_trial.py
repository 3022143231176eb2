"""Trying out: a test wave of its own, mails marked as test by the usual way, and nothing of it counts or stays."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from crmgap_site.engagements.overview import overviews
from diagnosis import services as diagnosing
from diagnosis.frames import read_frames
from practice.exceptions import WrongStateError
from practice.models import AuditEntry, Engagement, Member
from practice.scope import practice_scope
from surveys import selectors
from surveys.answering import submit_answers
from surveys.enums import DeliveryState, Round, WaveKind
from surveys.form_cache import form_of
from surveys.links import token_for
from surveys.mail.message import build_message
from surveys.models import Delivery, Recipient, Response, SpoolEntry, Wave, WaveAudience
from surveys.services.launch import launch_wave
from surveys.services.trial import count_tests, delete_tests, send_everything
from surveys.services.waves import change_forms
from tests.factories.practice import make_engagement
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db


@pytest.fixture
def wave(owner_a: Member) -> Wave:
    with practice_scope(owner_a.practice):
        return make_wave(owner_a, make_engagement(owner_a))


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def base_of(wave: Wave, owner: Member) -> str:
    return f"/p/{owner.practice.slug}/engagements/{wave.engagement_id}/"


def answer(audience: WaveAudience) -> None:
    person = Recipient.objects.get(wave_audience=audience)
    form = form_of(audience)
    submit_answers(recipient=person, answers={slot.code: [str(slot.scale.high)] for slot in form.slots})


def test_every_mail_of_every_audience_goes_to_oneself(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        send_everything(wave, actor=owner_a)
        deliveries = Delivery.objects.select_related(
            "recipient", "wave_audience__practice", "wave_audience__wave__engagement__client_organisation"
        )
        rows = list(deliveries)
        assert {(row.wave_audience.audience, row.round) for row in rows} == {
            (audience, code)
            for audience in ("customers", "managers", "front_line", "crm_team")
            for code in (Round.INVITATION, Round.REMINDER_1, Round.REMINDER_2)
        }
        assert {row.recipient.email for row in rows} == {owner_a.user.email}
        for row in rows:
            message = build_message(row)
            assert message["Subject"].startswith("[Test: ")
            text = message.get_body(("plain",)).get_content()
            assert text.startswith("Test. ")
            assert token_for(row.wave_audience, row.recipient) in text
            assert "never count" in message.get_body(("html",)).get_content()
        wave.refresh_from_db()
        assert wave.launched_at is None
        assert not Recipient.objects.filter(wave_audience__wave=wave).exists()


def test_all_test_mails_are_due_at_once(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        trial = send_everything(wave, actor=owner_a)
        launched_at = Wave.objects.get(pk=trial.pk).launched_at
        assert launched_at is not None
        assert all((row.due_at - launched_at).total_seconds() < 60 for row in Delivery.objects.all())


def test_live_mails_say_nothing_of_a_test(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 6)
        launch_wave(wave=wave, actor=owner_a)
        row = Delivery.objects.select_related(
            "recipient", "wave_audience__practice", "wave_audience__wave__engagement__client_organisation"
        ).first()
        assert row is not None
        assert "Test" not in build_message(row).as_string()


def test_survey_pages_of_a_test_say_so(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        trial = send_everything(wave, actor=owner_a)
        audience = WaveAudience.objects.get(wave=trial, audience="customers")
        link = f"/s/{token_for(audience, Recipient.objects.get(wave_audience=audience))}/"
    browser = Client()
    said = "Test: answers given here"
    assert said in browser.get(link).content.decode()
    assert said in browser.post(link, {"start": "1"}, follow=True).content.decode()


def test_test_answers_are_in_no_list_and_no_figure(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        trial = send_everything(wave, actor=owner_a)
        for audience in WaveAudience.objects.select_related("wave").filter(wave=trial):
            answer(audience)
        engagement = Engagement.objects.get(pk=wave.engagement_id)
        assert selectors.latest_wave_of(engagement) == wave
        assert list(selectors.waves_of_engagement(owner_a, engagement)) == [wave]
        assert selectors.people_by_audience(wave)["customers"] == 0
        overview = overviews([engagement], slug=owner_a.practice.slug)[0]
        assert overview.wave == wave
        assert overview.n_people == 0
        assert overview.step == "people"
        assert read_frames(wave).audiences == {}
        with pytest.raises(WrongStateError):
            diagnosing.request_diagnosis(trial, actor=owner_a)
        assert count_tests(engagement) == {"n_waves": 1, "n_mails": 12, "n_finished": 4}


def test_deleting_leaves_nothing_and_touches_no_live_answer(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        engagement = Engagement.objects.get(pk=wave.engagement_id)
        trial = send_everything(wave, actor=owner_a)
        add_people(wave, "customers", 6)
        launch_wave(wave=wave, actor=owner_a)
        for audience in WaveAudience.objects.select_related("wave").filter(wave=trial):
            answer(audience)
        live = Recipient.objects.filter(wave_audience__wave=wave).first()
        assert live is not None
        form = form_of(WaveAudience.objects.select_related("wave").get(wave=wave, audience="customers"))
        submit_answers(recipient=live, answers={slot.code: ["4"] for slot in form.slots if slot.state})
        assert delete_tests(engagement, actor=owner_a) == 1
        assert not Wave.objects.filter(kind=WaveKind.TEST).exists()
        assert set(Delivery.objects.values_list("wave_audience__wave", flat=True)) == {wave.pk}
        assert SpoolEntry.objects.count() + Response.objects.count() == 1
        assert Recipient.objects.count() == 6
        assert AuditEntry.objects.filter(verb="wave.test_deleted").count() == 1
        assert delete_tests(engagement, actor=owner_a) == 0


def test_a_try_shows_the_forms_of_the_moment(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        first = send_everything(wave, actor=owner_a)
        change_forms(wave, forms={"customers": "customers-pulse"}, components=["voice"], actor=owner_a)
        wave.refresh_from_db()
        second = send_everything(wave, actor=owner_a)
        forms = [WaveAudience.objects.get(wave=row, audience="customers").form for row in (first, second)]
        assert forms == ["customers-standard", "customers-pulse"]
        assert [row.number for row in (first, second)] == [1, 2]


def test_no_try_after_the_launch(owner_a: Member, wave: Wave) -> None:
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 6)
        launch_wave(wave=wave, actor=owner_a)
        with pytest.raises(WrongStateError):
            send_everything(wave, actor=owner_a)


def test_pages_send_show_and_delete(
    owner_a: Member, wave: Wave, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    browser, base = signed_in(owner_a), base_of(wave, owner_a)
    with practice_scope(owner_a.practice):
        add_people(wave, "customers", 6)
    page = browser.post(f"{base}launch/test/", follow=True).content.decode()
    assert owner_a.user.email in page
    assert "12 test mails" in page
    confirm = browser.get(f"{base}launch/confirm/").content.decode()
    assert "Delete test answers" in confirm
    assert "Customers, standard" in confirm
    assert "Not asked: Managers, Front line, CRM team" in confirm
    assert browser.post(f"{base}launch/test/delete/").status_code == 302
    assert "Delete test answers" not in browser.get(f"{base}launch/").content.decode()
    assert browser.post(f"{base}launch/start/").status_code == 302
    assert browser.get(f"{base}launch/confirm/").status_code == 302
    with practice_scope(owner_a.practice):
        assert Delivery.objects.filter(state=DeliveryState.QUEUED).count() == 6


def test_six_tries_in_a_row_are_too_many(owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(wave, owner_a)
    for _try in range(6):
        browser.post(f"{base}launch/test/")
    with practice_scope(owner_a.practice):
        assert Wave.objects.filter(kind=WaveKind.TEST).count() == 5


def test_pages_of_sample_waves_are_marked_and_those_of_live_ones_are_not(owner_a: Member, wave: Wave) -> None:
    browser, base = signed_in(owner_a), base_of(wave, owner_a)
    mark = "Simulated answers of a company that does not exist"
    pages = ["", "people/", "launch/", "diagnosis/", "findings/", "reports/", "actions/"]
    assert not [path for path in pages if mark in browser.get(f"{base}{path}").content.decode()]
    with practice_scope(owner_a.practice):
        Wave.objects.filter(pk=wave.pk).update(kind=WaveKind.SAMPLE)
    assert [path for path in pages if mark not in browser.get(f"{base}{path}").content.decode()] == []
