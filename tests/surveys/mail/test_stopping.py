"""Too many bounces or complaints pause an audience by themselves; only a person lets it go on."""

from email import message_from_bytes, policy
from typing import Any

import pytest

from practice.enums import JobState
from practice.models import AuditEntry, Engagement, Job, Member
from surveys import tasks
from surveys.enums import AudienceState, DeliveryState, Round
from surveys.mail import outcomes, stopping
from surveys.mail.returned import Finding
from surveys.mail.stopping import Counts, reason_to_stop
from surveys.models import Delivery, WaveAudience
from surveys.services import field
from tests.factories.practice import make_member
from tests.surveys.mail.scripted import Script, scripted_server
from tests.surveys.mail.test_outcomes import Mails

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("n", "n_bounced", "n_complained", "reason"),
    [
        (19, 19, 0, ""),
        (20, 1, 0, ""),
        (20, 2, 0, "bounces"),
        (612, 30, 0, ""),
        (612, 31, 0, "bounces"),
        (500, 0, 1, ""),
        (6, 0, 2, "complaints"),
        (500, 0, 2, "complaints"),
        (2_000, 0, 2, "complaints"),
        (2_001, 0, 2, ""),
        (10_000, 0, 10, "complaints"),
        (100, 50, 2, "complaints"),
        (0, 0, 0, ""),
    ],
)
def test_when_mails_must_stop(n: int, n_bounced: int, n_complained: int, reason: str) -> None:
    assert reason_to_stop(Counts(n, n_bounced, n_complained)) == reason


def come_back(mails: Mails, finding: Finding, n: int, *, start: int = 0) -> None:
    for mail in mails.mails()[start : start + n]:
        with mails.scope():
            outcomes.apply_finding(mail, finding, words="550 5.1.1 no")


def audience_of(mails: Mails) -> WaveAudience:
    with mails.scope():
        return WaveAudience.objects.select_related("wave").get(pk=mails.audience.pk)


def test_an_audience_with_too_many_bounces_is_paused_until_somebody_lets_it_go_on(owner_a: Member) -> None:
    mails = Mails(owner_a, 40)
    come_back(mails, Finding.HARD, 2)
    assert audience_of(mails).state == AudienceState.OPEN
    come_back(mails, Finding.HARD, 3, start=2)
    audience = audience_of(mails)
    assert audience.state == AudienceState.PAUSED
    assert stopping.is_stopped(audience)
    assert stopping.stop_words(audience) == "3 of 40 mails bounced (7.5 %)"
    with mails.scope():
        assert AuditEntry.objects.filter(verb="audience.stopped", actor_kind="system").count() == 1
        assert Job.objects.filter(kind=stopping.NOTICE).count() == 1
        field.resume_audience(audience, actor=owner_a)
        entry = AuditEntry.objects.filter(verb="audience.resumed").get()
    assert "3 of 40 mails bounced" in entry.object_label
    come_back(mails, Finding.HARD, 10, start=5)
    audience = audience_of(mails)
    assert audience.state == AudienceState.OPEN, "none was handed over since, so there is nothing to judge"
    with mails.scope():
        mails.put(Round.REMINDER_1, DeliveryState.ACCEPTED)
        for mail in mails.mails(Round.REMINDER_1)[20:22]:
            outcomes.apply_finding(mail, Finding.HARD)
    assert audience_of(mails).state == AudienceState.PAUSED


def test_two_complaints_pause_an_audience_and_one_does_not(owner_a: Member) -> None:
    mails = Mails(owner_a, 30)
    come_back(mails, Finding.COMPLAINT, 1)
    assert audience_of(mails).state == AudienceState.OPEN
    come_back(mails, Finding.COMPLAINT, 1, start=1)
    audience = audience_of(mails)
    assert audience.state == AudienceState.PAUSED
    assert "2 of 30 mails were marked as spam" in stopping.stop_words(audience)


def notice_job(mails: Mails) -> Job:
    with mails.scope():
        return Job.objects.get(kind=stopping.NOTICE)


def test_who_leads_gets_one_mail_that_says_why_and_what_to_do(owner_a: Member, settings: Any) -> None:
    mails = Mails(owner_a, 20)
    with mails.scope():
        lead = make_member(owner_a)
        Engagement.objects.update(lead=lead)
    come_back(mails, Finding.HARD, 2)
    job = notice_job(mails)
    with scripted_server(settings, Script()) as server:
        settings.EMAIL_HOST, settings.EMAIL_PORT = settings.SMTP_HOST, settings.SMTP_PORT
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        tasks.send_stop_notice(str(mails.practice_id), str(job.pk))
        tasks.send_stop_notice(str(mails.practice_id), str(job.pk))
    [(receiver, content)] = server.mails
    assert receiver == lead.user.email
    message = message_from_bytes(content, policy=policy.default)
    text = message.get_content()
    assert "2 of 20 mails bounced (10.0 %)" in text
    assert "Correct the addresses" in text
    assert f"/p/{owner_a.practice.slug}/engagements/" in text
    assert not any(mail.recipient.email in text for mail in mails.mails())


def test_a_notice_waits_for_the_mail_server(owner_a: Member, settings: Any) -> None:
    mails = Mails(owner_a, 20)
    come_back(mails, Finding.HARD, 2)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    tasks.send_stop_notice(str(mails.practice_id), str(notice_job(mails).pk))
    assert notice_job(mails).state == JobState.QUEUED


def test_nobody_is_told_of_a_stop_that_is_over(owner_a: Member, settings: Any) -> None:
    mails = Mails(owner_a, 20)
    come_back(mails, Finding.HARD, 2)
    with mails.scope():
        field.resume_audience(audience_of(mails), actor=owner_a)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    tasks.send_stop_notice(str(mails.practice_id), str(notice_job(mails).pk))
    assert notice_job(mails).state == JobState.SUCCEEDED


def test_counting_a_stop_costs_the_same_for_any_number_of_mails(
    owner_a: Member, django_assert_num_queries: Any
) -> None:
    mails = Mails(owner_a, 30)
    with mails.scope(), django_assert_num_queries(1):
        assert stopping.counts_of(mails.audience) == Counts(30, 0, 0)
    with mails.scope():
        assert Delivery.objects.count() == 90
