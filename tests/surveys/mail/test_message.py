"""What a mail says: one sender, one recipient, nothing injected, nothing evaluated, the same bytes every time."""

from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from django.conf import settings

from practice.models import Member
from practice.scope import practice_scope
from surveys import links
from surveys.mail.message import build_message, message_id_of
from surveys.models import Delivery, Recipient, Wave
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db
HOSTILE = [
    "{{ 7*7 }}",
    "{% debug %}",
    "${7*7}",
    "%(x)s",
    "{0}",
    "{name.__class__}",
    "{link}",
    "=HYPERLINK(1)",
]
CONTROLS = [
    "Hi\r\nBcc: x@evil.example",
    "Hi\nTo: x@evil.example",
    "Hi\x00\x1b there",
    "Hi\r\n\r\n<b>body</b>",
    "Hi\u2028there",
    "Hi\x85there",
]


def mail_of(owner: Member, *, person: str = "Ada", plan: Any = None, **names: str) -> EmailMessage:
    """Return the first invitation of a new wave as the receiver parses it."""
    with practice_scope(owner.practice):
        for name, value in names.items():
            setattr(owner.practice, name, value)
        owner.practice.save()
        wave: Wave = make_wave(owner)
        recipient = add_people(wave, "customers", 1)[0]
        Recipient.objects.filter(pk=recipient.pk).update(name=person)
        if plan:
            wave.plan = {**wave.plan, "mails": {"customers": {"invitation": {"en": plan}}}}
            wave.save()
        launch_wave(wave=wave, actor=owner)
        delivery = Delivery.objects.get(round="invitation")
        content = build_message(delivery).as_bytes()
        assert build_message(Delivery.objects.get(pk=delivery.pk)).as_bytes() == content
    return message_from_bytes(content, policy=policy.default)


def texts_of(mail: EmailMessage) -> list[str]:
    return [mail.get_body((kind,)).get_content() for kind in ("plain", "html")]


def test_an_invitation_names_who_asks_and_carries_the_link_twice(owner_a: Member) -> None:
    mail = mail_of(owner_a)
    with practice_scope(owner_a.practice):
        delivery = Delivery.objects.get(round="invitation")
        token = links.token_for(delivery.wave_audience, delivery.recipient)
        assert mail["Message-ID"] == message_id_of(delivery)
        assert delivery.recipient.email in mail["To"]
    link = f"{settings.BASE_URL}/s/{token}/"
    for text in texts_of(mail):
        assert link in text
        assert "Alder Consulting" in text
        assert "groups of five or more" in text
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail.defects == []


@pytest.mark.parametrize("name", CONTROLS)
def test_a_name_cannot_add_headers_or_recipients(name: str, owner_a: Member) -> None:
    mail = mail_of(owner_a, person=name.replace("\x00", ""), sender_name=name.replace("\x00", ""))
    assert mail["Bcc"] is None
    for header in ("From", "To", "Subject", "Message-ID"):
        assert len(mail.get_all(header)) == 1
    assert len(mail["From"].addresses) == len(mail["To"].addresses) == 1
    assert mail["From"].addresses[0].domain == settings.MAIL_DOMAIN
    assert mail["To"].addresses[0].domain == "example.org"
    assert "<b>body" not in texts_of(mail)[1]


@pytest.mark.parametrize("name", HOSTILE)
def test_what_looks_like_a_placeholder_in_a_name_is_printed_as_it_stands(name: str, owner_a: Member) -> None:
    mail = mail_of(owner_a, person=name)
    plain, html = texts_of(mail)
    assert f"Hello {name}," in plain
    assert f"Hello {name}," in html
    assert mail["To"].addresses[0].display_name == name


@pytest.mark.parametrize("name", ["{{ 7*7 }}", "%(x)s", "${7*7}", "{0}"])
def test_what_looks_like_code_in_an_own_text_is_printed_as_it_stands(name: str, owner_a: Member) -> None:
    mail = mail_of(owner_a, plan={"subject": f"About {name}", "body": f"Read {name}\n\n{{link}}"})
    assert mail["Subject"] == f"About {name}"
    assert all(f"Read {name}" in text for text in texts_of(mail))


@pytest.mark.parametrize(
    "name",
    [
        "Smith, Jones & Co <x>",
        'The "Best" Firm; Ltd.',
        "Müller-Lüdenscheidt",
        "李雷 🙂",
        "a@b.example",
        "N" * 120,
    ],
)
def test_any_firm_name_gives_exactly_one_sender(name: str, owner_a: Member) -> None:
    mail = mail_of(owner_a, sender_name=name)
    assert len(mail["From"].addresses) == 1
    assert mail["From"].addresses[0].display_name == name
    assert mail["From"].addresses[0].addr_spec == f"survey@{settings.MAIL_DOMAIN}"


@pytest.mark.parametrize("sign", ["\u2028", "\u2029", "\x85", "\x0b"])
def test_a_line_separator_in_the_clients_name_stops_no_mail(sign: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        add_people(make_wave(owner_a), "customers", 1)
        wave = Wave.objects.get()
        client = wave.engagement.client_organisation
        client.name = f"Alpen{sign}bank"
        client.save()
        launch_wave(wave=wave, actor=owner_a)
        mail = build_message(Delivery.objects.get(round="invitation"))
    assert mail["Subject"] == "Alpen bank: your view counts"


def test_names_are_escaped_in_html(owner_a: Member) -> None:
    _plain, html = texts_of(mail_of(owner_a, person="<script>alert(1)</script>"))
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_the_number_of_a_mail_tells_nothing_and_differs_by_round(owner_a: Member) -> None:
    mail_of(owner_a)
    with practice_scope(owner_a.practice):
        rows = list(Delivery.objects.all())
        numbers = {message_id_of(row) for row in rows}
        assert len(numbers) == len(rows) == 3
        secrets = {str(row.recipient_id) for row in rows} | {row.recipient.email for row in rows}
    assert not any(secret in number for secret in secrets for number in numbers)
    assert all(len(number) < 100 for number in numbers)
