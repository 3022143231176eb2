"""The log of mails: every state in words, nothing of confidential reminders, and bounced invitations sent again."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from practice import services
from practice.enums import Role
from practice.models import AuditEntry, Member
from surveys import deliveries, links
from surveys.enums import AudienceState, DeliveryState, Mode, Round, SuppressionSource
from surveys.mail import outcomes, sending
from surveys.mail.return_path import deliveries_named_in, is_signed, name_of
from surveys.mail.returned import Finding
from surveys.models import Delivery, Recipient, Suppression, SurveyLink, WaveAudience
from surveys.services.returned import Taken, take_returned
from tests.factories.practice import make_member
from tests.surveys.mail.returns import report_on
from tests.surveys.mail.scripted import Script, scripted_server
from tests.surveys.mail.test_outcomes import Mails

pytestmark = pytest.mark.django_db
S = DeliveryState


def client_of(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(mails: Mails, more: str = "") -> str:
    with mails.scope():
        engagement = WaveAudience.objects.select_related("wave").get(pk=mails.audience.pk).wave.engagement_id
    return f"/p/{mails.owner.practice.slug}/engagements/{engagement}/field/{more}"


def bounce(mails: Mails, number: int = 0, finding: Finding = Finding.HARD) -> Delivery:
    mail = mails.mails()[number]
    with mails.scope():
        outcomes.apply_finding(mail, finding, words="550 5.1.1 <nobody> =unknown")
    return mails.mails()[number]


def test_each_mail_is_listed_with_its_state_in_words(owner_a: Member) -> None:
    mails = Mails(owner_a)
    bounce(mails)
    page = client_of(owner_a).get(url(mails, "mails/?show=bounced")).content.decode()
    assert "Bounced for good" in page
    assert "550 5.1.1 &lt;nobody&gt; =unknown" in page
    assert "Correct and send again" in page
    assert mails.mails()[1].recipient.email not in page
    everything = client_of(owner_a).get(url(mails, "mails/")).content.decode()
    assert everything.count("Accepted by the mail server") == 5
    assert "First reminder" in everything
    assert ">Sent<" not in everything


@pytest.mark.parametrize("path", ["mails/", "mails/?q=customers", "mails/?show=accepted", "mails/export/"])
def test_confidential_reminders_are_never_listed(path: str, owner_a: Member) -> None:
    mails = Mails(owner_a, mode=Mode.CONFIDENTIAL)
    with mails.scope():
        mails.put(Round.REMINDER_1, S.ACCEPTED)
        assert deliveries.mails_of_wave(mails.audience.wave).count() == 6
        [reminder] = mails.mails(Round.REMINDER_1)[:1]
    text = client_of(owner_a).get(url(mails, path)).content.decode()
    assert all(text.count(mail.recipient.email) == 1 for mail in mails.mails())
    assert "eminder:" not in text
    assert "First reminder" not in text
    assert "reminder_1" not in text
    assert client_of(owner_a).get(url(mails, f"mails/{reminder.pk}/again/")).status_code == 404


def test_the_download_holds_what_the_page_shows_and_no_formula(owner_a: Member) -> None:
    mails = Mails(owner_a)
    with mails.scope():
        row = mails.mails()[0].recipient
        Recipient.objects.filter(pk=row.pk).update(name="=1+1")
    bounce(mails)
    answer = client_of(owner_a).get(url(mails, "mails/export/?show=bounced"))
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["state"], row["name"], row["was_uncertain"]) for row in rows] == [
        ("bounced_hard", "'=1+1", "no")
    ]


def test_a_mail_that_was_uncertain_stays_listed_as_such(owner_a: Member) -> None:
    mails = Mails(owner_a)
    with mails.scope():
        Delivery.objects.filter(pk=mails.mails()[0].pk).update(was_uncertain=True)
    page = client_of(owner_a).get(url(mails, "mails/?show=uncertain")).content.decode()
    assert [mail.recipient.email in page for mail in mails.mails()] == [True] + [False] * 5
    assert "was uncertain" in page


def test_an_unknown_filter_is_not_found(owner_a: Member) -> None:
    assert client_of(owner_a).get(url(Mails(owner_a), "mails/?show=secret")).status_code == 404


def test_the_page_costs_the_same_for_any_number_of_mails(owner_a: Member) -> None:
    counts = []
    for n in (1, 3):
        mails = Mails(owner_a, n)
        client = client_of(owner_a)
        client.get(url(mails, "mails/"))
        with CaptureQueriesContext(connection) as queries:
            assert client.get(url(mails, "mails/")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_a_corrected_invitation_leaves_as_a_new_mail_with_a_new_link(owner_a: Member, settings: Any) -> None:
    mails = Mails(owner_a)
    old = bounce(mails)
    old_report = report_on(old, "hard-postfix-user-unknown")
    with mails.scope():
        audience = WaveAudience.objects.get(pk=mails.audience.pk)
        old_token = links.token_for(audience, old.recipient)
    address = "right@example.org"
    answer = client_of(owner_a).post(url(mails, f"mails/{old.pk}/again/"), {"email": f" {address} "})
    assert answer.status_code == 302
    with mails.scope():
        person = Recipient.objects.get(pk=old.recipient_id)
        assert (person.email, person.email_key) == (address, address)
        assert Delivery.objects.get(pk=old.pk).state == S.QUEUED
        assert SurveyLink.objects.get(digest=links.digest_of(old_token)).is_revoked
        new_token = links.token_for(audience, person)
        assert AuditEntry.objects.filter(verb="invitation.sent_again").count() == 1
    assert mails.states(Round.REMINDER_1) == {S.PLANNED: 6}
    with scripted_server(settings, Script()) as server:
        assert sending.send_due(mails.practice_id, mails.audience.pk) == 1
    [(receiver, content)] = server.mails
    assert receiver == address
    assert new_token in content.decode().replace("=\r\n", "")
    assert old_token not in content.decode().replace("=\r\n", "")
    with mails.scope():
        new = Delivery.objects.get(pk=old.pk)
    assert new.message_id not in {"", old.message_id}
    assert name_of(new) != name_of(old)
    assert take_returned(old_report) == Taken.NOT_OURS, (
        "the old address bounces late: that says nothing of the new"
    )
    [(_key, signature)] = deliveries_named_in(name_of(old))
    assert not is_signed(new, signature)


def test_the_same_address_is_tried_again_once_it_works(owner_a: Member) -> None:
    mails = Mails(owner_a)
    old = bounce(mails)
    assert mails.suppressed() == [old.recipient.email_key]
    client_of(owner_a).post(url(mails, f"mails/{old.pk}/again/"), {"email": old.recipient.email})
    assert mails.states() == {S.ACCEPTED: 5, S.QUEUED: 1}
    assert mails.suppressed() == []


@pytest.mark.parametrize(
    "wrong", ["", "no address", "a@x.example, b@x.example", "taken", "opted-out@example.org"]
)
def test_an_address_that_cannot_be_used_is_refused_at_its_field(wrong: str, owner_a: Member) -> None:
    mails = Mails(owner_a)
    old = bounce(mails)
    with mails.scope():
        Suppression.objects.create(
            email_key="opted-out@example.org", source=SuppressionSource.UNSUBSCRIBED, reason="x"
        )
    given = mails.mails()[1].recipient.email if wrong == "taken" else wrong
    answer = client_of(owner_a).post(url(mails, f"mails/{old.pk}/again/"), {"email": given})
    assert answer.status_code == 422
    assert mails.states() == {S.ACCEPTED: 5, S.BOUNCED_HARD: 1}


def test_what_did_not_bounce_or_is_over_cannot_be_sent_again(owner_a: Member) -> None:
    mails = Mails(owner_a)
    old, fine = bounce(mails), mails.mails()[1]
    client = client_of(owner_a)
    assert "Only a bounced invitation" in client.get(url(mails, f"mails/{fine.pk}/again/")).content.decode()
    assert client.post(url(mails, f"mails/{fine.pk}/again/"), {"email": "b@example.org"}).status_code == 422
    with mails.scope():
        WaveAudience.objects.filter(pk=mails.audience.pk).update(state=AudienceState.CLOSED)
    assert client.post(url(mails, f"mails/{old.pk}/again/"), {"email": "b@example.org"}).status_code == 422
    assert mails.states() == {S.ACCEPTED: 5, S.BOUNCED_HARD: 1}


def test_an_analyst_reads_the_log_and_sends_nothing(owner_a: Member) -> None:
    mails = Mails(owner_a)
    old = bounce(mails)
    with mails.scope():
        analyst = make_member(owner_a, Role.ANALYST)
    client = client_of(analyst)
    assert "Correct and send again" not in client.get(url(mails, "mails/")).content.decode()
    assert client.post(url(mails, f"mails/{old.pk}/again/"), {"email": "b@example.org"}).status_code == 403


def test_a_stop_is_told_on_field_view_home_and_api(owner_a: Member) -> None:
    mails = Mails(owner_a, 20)
    bounce(mails, 0)
    bounce(mails, 1)
    with mails.scope():
        _token, secret = services.create_api_token(member=owner_a, name="t", actor=owner_a)
        wave_id = mails.audience.wave_id
    why = "2 of 20 mails bounced (10.0 %)"
    client = client_of(owner_a)
    field = client.get(url(mails)).content.decode()
    assert why in field
    assert "Correct the addresses" in field
    assert "Go on in spite of it" in field
    assert why in client.get(f"/p/{owner_a.practice.slug}/").content.decode()
    headers = {"Authorization": f"Bearer {secret}"}
    told = client.get(f"/api/v1/waves/{wave_id}/", headers=headers).json()
    assert [one["stopped"] for one in told["audiences"] if one["audience"] == "customers"] == [why]
    listed = client.get(f"/api/v1/waves/{wave_id}/mails/?state=bounced_hard", headers=headers).json()
    assert [row["state_text"] for row in listed["results"]] == ["Bounced for good"] * 2
    assert client.get(f"/api/v1/waves/{wave_id}/mails/?state=x", headers=headers).status_code == 400


def test_what_a_provider_reported_as_delivered_is_said_per_audience(owner_a: Member) -> None:
    mails = Mails(owner_a)
    bounce(mails, 0, Finding.DELIVERED)
    assert "1 reported as delivered" in client_of(owner_a).get(url(mails)).content.decode()


def test_the_filters_say_how_many_mails_they_hold(owner_a: Member) -> None:
    mails = Mails(owner_a)
    with mails.scope():
        assert [one.n for one in deliveries.groups_of_wave(mails.audience.wave)] == [12, 6, 0, 0, 0, 0]
