"""The practice's mail identity reaches its mails, and a test mail tells what the server said."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from practice import services
from practice.enums import Role
from practice.models import AuditEntry, Member, Practice
from practice.scope import practice_scope
from surveys.mail import sink
from surveys.mail.message import build_message
from surveys.models import Delivery
from surveys.services.launch import launch_wave
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_wave
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
FOOTER = "Alder Consulting Ltd\nHafenstraße 1\n20457 Hamburg"
FIELDS = {"sender_name": "Alder & Söhne", "reply_to": "team@alder.example", "mail_footer": FOOTER}


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(owner: Member, more: str = "") -> str:
    return f"/p/{owner.practice.slug}/settings/mail/{more}"


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    return str(part.get_content()) if isinstance(part, EmailMessage) else ""


def parsed(content: bytes) -> EmailMessage:
    found = message_from_bytes(content, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_identity_is_saved_and_reaches_survey_mails(owner_a: Member) -> None:
    assert signed_in(owner_a).post(url(owner_a), FIELDS).status_code == 302
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 1)
        launch_wave(wave=wave, actor=owner_a)
        message = build_message(Delivery.objects.filter(round="invitation").first())
    assert str(message["Reply-To"]) == "team@alder.example"
    assert message["From"].addresses[0].display_name == "Alder & Söhne"
    assert FOOTER in text_of(message, "plain")
    assert "Hafenstraße 1<br>20457 Hamburg" in text_of(message, "html")


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"reply_to": "not an address"}, "reply_to"),
        ({"reply_to": "a@b.example\r\nBcc: x@y.example"}, "reply_to"),
        ({"sender_name": "a\nBcc: x"}, "sender_name"),
        ({"sender_name": "x" * 121}, "sender_name"),
        ({"mail_footer": "1\n2\n3\n4\n5\n6"}, "mail_footer"),
        ({"mail_footer": "a\x07b"}, "mail_footer"),
        ({"mail_footer": "x" * 301}, "mail_footer"),
    ],
)
def test_what_cannot_be_mailed_is_named_at_its_field(
    fields: dict[str, str], field: str, owner_a: Member
) -> None:
    answer = signed_in(owner_a).post(url(owner_a), FIELDS | fields)
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    with practice_scope(owner_a.practice):
        assert Practice.objects.get(pk=owner_a.practice_id).reply_to == ""


def test_a_test_mail_goes_to_oneself_and_shows_the_servers_words(owner_a: Member, settings: Any) -> None:
    with practice_scope(owner_a.practice):
        services.update_practice(owner_a.practice, actor=owner_a, **FIELDS)
    with scripted_server(settings, Script()) as script:
        page = signed_in(owner_a).post(url(owner_a, "test/"), {"email": "other@example.org"}).content.decode()
    ((to, content),) = script.mails
    assert to == owner_a.user.email
    message = parsed(content)
    assert message["From"].addresses[0].display_name == "Alder & Söhne"
    assert FOOTER in text_of(message, "plain").replace("\r\n", "\n")
    assert "This link is yours alone" not in text_of(message, "plain")
    assert "250 Kept" in page
    with practice_scope(owner_a.practice):
        assert AuditEntry.objects.first().verb == "mail.tested"


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ({"sender": "550 5.7.1 Sender &lt;not&gt; allowed"}, "550 5.7.1 Sender"),
        ({"sender": "451 4.3.0 Try later"}, "451 4.3.0 Try later"),
    ],
)
def test_a_refusal_is_shown_as_the_server_said_it(
    script: dict[str, str], words: str, owner_a: Member, settings: Any
) -> None:
    with scripted_server(settings, Script(**script)):
        page = signed_in(owner_a).post(url(owner_a, "test/")).content.decode()
    assert "did not accept" in page
    assert words in page


def test_without_a_server_the_page_says_so(owner_a: Member, settings: Any) -> None:
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", 1
    page = signed_in(owner_a).post(url(owner_a, "test/")).content.decode()
    assert "no connection" in page


def test_five_in_ten_minutes_are_enough(owner_a: Member, settings: Any) -> None:
    settings.SMTP_HOST, settings.SMTP_PORT = "127.0.0.1", 1
    browser = signed_in(owner_a)
    assert [browser.post(url(owner_a, "test/")).status_code for _click in range(6)] == [200] * 5 + [429]


def test_a_recorded_test_mail_is_read_in_the_own_mailbox(
    owner_a: Member, owner_b: Member, settings: Any, tmp_path: Path
) -> None:
    settings.MAIL_SINK_DIR = str(tmp_path)
    with scripted_server(settings, Script()) as script:
        answer = signed_in(owner_a).post(url(owner_a, "test/"))
    sink.keep(tmp_path, script.mails[0][1])
    key = answer.context["mail_key"]
    assert signed_in(owner_a).get(f"/p/{owner_a.practice.slug}/mailbox/{key}/").status_code == 200
    assert signed_in(owner_b).get(f"/p/{owner_b.practice.slug}/mailbox/{key}/").status_code == 404
    with practice_scope(owner_a.practice):
        consultant = make_member(owner_a)
    assert signed_in(consultant).get(f"/p/{owner_a.practice.slug}/mailbox/{key}/").status_code == 404
    assert signed_in(consultant).post(url(owner_a, "test/")).status_code == 403


def test_analysts_do_not_test_mails(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        analyst = make_member(owner_a, Role.ANALYST)
    assert signed_in(analyst).post(url(owner_a, "test/")).status_code == 403
