"""Measure again: the next wave asks the same people the same questions with new links, and never twice or too early."""

import pytest
from django.test import Client
from django.utils import timezone

from practice.enums import Role
from practice.exceptions import NotAllowedError, WrongStateError
from practice.models import AuditEntry, Member
from practice.scope import practice_scope
from surveys.enums import Mode
from surveys.models import LedgerEntry, Recipient, Response, Suppression, SurveyLink, Wave
from surveys.selectors import latest_wave_of
from surveys.services.launch import launch_wave
from surveys.services.next_wave import create_next_wave
from surveys.services.plan import update_plan
from surveys.services.waves import set_audience_mode
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_wave
from tests.surveys.test_api import caller

pytestmark = pytest.mark.django_db


def over(owner: Member, *, kind: str = "live") -> Wave:
    """A wave that was launched and is closed (scope must be open)."""
    wave = make_wave(owner, kind=kind)
    update_plan(wave, reminder_days=[3], close_days=10, actor=owner)
    set_audience_mode(wave.audiences.get(audience="managers"), mode=Mode.NAMED, actor=owner)
    add_people(wave, "customers", 7, region="North")
    add_people(wave, "managers", 5)
    launch_wave(wave=Wave.objects.get(pk=wave.pk), actor=owner)
    Wave.objects.filter(pk=wave.pk).update(closed_at=timezone.now())
    return Wave.objects.get(pk=wave.pk)


def roster(wave: Wave) -> set[tuple[str, ...]]:
    rows = Recipient.objects.filter(wave_audience__wave=wave)
    return {(r.wave_audience.audience, r.email_key, r.name, str(r.attributes)) for r in rows}


def test_same_questions_same_people_new_links(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = over(owner_a)
        following = create_next_wave(wave, actor=owner_a)
        assert (following.number, following.name, following.kind) == (2, "Wave 2", "live")
        assert following.instrument == wave.instrument
        assert following.instrument_version == wave.instrument_version
        assert following.plan == wave.plan
        assert (following.launched_at, following.closed_at) == (None, None)
        kept = ("audience", "form", "mode")
        assert list(following.audiences.order_by("audience").values(*kept)) == list(
            wave.audiences.order_by("audience").values(*kept)
        )
        assert roster(following) == roster(wave)
        mine = Recipient.objects.filter(wave_audience__wave=following)
        assert not set(mine.values_list("pk", flat=True)) & set(
            Recipient.objects.filter(wave_audience__wave=wave).values_list("pk", flat=True)
        )
        assert not SurveyLink.objects.filter(wave_audience__wave=following).exists()
        assert not Response.objects.filter(wave_audience__wave=following).exists()
        before = {bytes(row.digest) for row in SurveyLink.objects.all()}
        launch_wave(wave=following, actor=owner_a)
        new = {bytes(row.digest) for row in SurveyLink.objects.filter(wave_audience__wave=following)}
        assert len(new) == 12
        assert not new & before
        assert not LedgerEntry.objects.filter(wave_audience__wave=following, submitted=True).exists()
        assert latest_wave_of(wave.engagement) == following
        assert AuditEntry.objects.filter(verb="wave.repeated", object_id=str(following.pk)).count() == 1


def test_who_wants_no_mail_is_left_out(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = over(owner_a)
        gone = Recipient.objects.filter(wave_audience__wave=wave, wave_audience__audience="customers").first()
        assert gone is not None
        Suppression.objects.create(email_key=gone.email_key, reason="asked")
        following = create_next_wave(wave, actor=owner_a)
        assert {row[1] for row in roster(wave)} - {row[1] for row in roster(following)} == {gone.email_key}


def test_again_before_the_launch_returns_the_draft_and_after_it_is_refused(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = over(owner_a)
        first, second = (create_next_wave(wave, actor=owner_a) for _time in range(2))
        assert first == second
        assert AuditEntry.objects.filter(verb="wave.repeated").count() == 1
        launch_wave(wave=first, actor=owner_a)
        with pytest.raises(WrongStateError):
            create_next_wave(wave, actor=owner_a)
        with pytest.raises(WrongStateError):
            create_next_wave(first, actor=owner_a)


def test_running_waves_and_tests_are_refused(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        with pytest.raises(WrongStateError):
            create_next_wave(make_wave(owner_a), actor=owner_a)
        with pytest.raises(WrongStateError):
            create_next_wave(over(owner_a, kind="test"), actor=owner_a)
        sample = create_next_wave(over(owner_a, kind="sample"), actor=owner_a)
        assert (sample.kind, sample.number) == ("sample", 2)


@pytest.mark.parametrize("role", [Role.ANALYST, Role.CLIENT_VIEWER])
def test_readers_may_not(owner_a: Member, role: Role) -> None:
    with practice_scope(owner_a.practice):
        wave = over(owner_a)
        member = make_member(
            owner_a, role, wave.engagement.client_organisation if role == Role.CLIENT_VIEWER else None
        )
        with pytest.raises(NotAllowedError):
            create_next_wave(wave, actor=member)


def test_the_button_makes_one_wave_and_leads_to_its_launch(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave = over(owner_a)
    browser = Client()
    browser.force_login(owner_a.user)
    base = f"/p/{owner_a.practice.slug}/engagements/{wave.engagement_id}/"
    assert "Measure again" in browser.get(f"{base}field/").content.decode()
    for _time in range(2):
        answer = browser.post(f"{base}waves/next/")
        assert answer.headers["Location"] == f"{base}launch/"
    page = browser.get(f"{base}launch/").content.decode()
    assert "Wave 2 is ready: the same questions to 12 people" in page
    for step in (
        "people/",
        "launch/",
        "field/",
        "diagnosis/",
        "findings/",
        "reports/",
        "actions/",
        "sampling/",
    ):
        assert browser.get(f"{base}{step}").status_code == 200, step
    assert "Measure again" not in browser.get(f"{base}field/").content.decode()
    with practice_scope(owner_a.practice):
        assert Wave.objects.filter(engagement=wave.engagement).count() == 2


def test_the_endpoint_makes_the_next_wave(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        wave, running = over(owner_a), make_wave(owner_a)
    call = caller(owner_a)
    answers = [call("POST", f"waves/{wave.pk}/next/") for _time in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[0].json()["id"] == answers[1].json()["id"]
    assert sum(row["n_people"] for row in answers[0].json()["audiences"]) == 12
    assert call("POST", f"waves/{running.pk}/next/").status_code == 409
    listed = call("GET", f"engagements/{wave.engagement_id}/waves/").json()["results"]
    assert [row["number"] for row in listed] == [2, 1]
