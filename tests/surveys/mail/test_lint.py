"""Every mail as its bytes left the house: right MIME and headers, whatever stands in names, texts and addresses."""

from email.header import decode_header, make_header
from typing import Any

import pytest
from django.utils import timezone

from practice import senders
from practice.models import Member
from practice.scope import practice_scope
from surveys.mail import sending
from surveys.mail.message import build_test_message
from surveys.models import Delivery, Recipient, Wave, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.surveys import make_wave
from tests.surveys.mail.lint import lint, part_of
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
LONG = "Arbeitsgemeinschaft Donaudampfschifffahrtselektrizitätenhauptbetriebswerk " * 3
HOSTILE = {
    "O14": "Hi\r\nBcc: evil@x.com",
    "O14 body": "Hi\r\n\r\n<script>alert(1)</script>",
    "O20": "Smith, Jones & Co <x>",
    "O20 quotes": 'The "Best" \\ Firm; Ltd.',
    "O21 emoji": "李雷 🙂 e\u0301",
    "O21 right to left": "שלום Ann \u202eevil عربى",
    "O24": "{{ 7*7 }} {% debug %} ${7*7} %(x)s {0}",
    "O07": '=HYPERLINK("http://x","a")',
    "encoded word": "=?utf-8?q?Bcc=3A_x?=",
    "separators": "a\u2028b\u2029c\x85d\x0be",
    "long": LONG[:190],
}


def sent_with(owner: Member, settings: Any, text: str) -> list[bytes]:
    """Send all mails of a wave in which every name is the text; returns them as they left."""
    plain = text.replace("\x00", "")
    with practice_scope(owner.practice):
        practice = owner.practice
        practice.name = practice.sender_name = plain[:120]
        practice.mail_footer = plain[:300]
        practice.save()
        wave: Wave = make_wave(owner)
        client = wave.engagement.client_organisation
        client.name = plain[:160]
        client.save()
        audience = WaveAudience.objects.get(wave=wave, audience="customers")
        Recipient.objects.create(
            wave_audience=audience, email="ann@example.org", email_key="ann@example.org", name=plain[:200]
        )
        launch_wave(wave=wave, actor=owner)
        Delivery.objects.update(due_at=timezone.now())
    with scripted_server(settings, Script()) as script:
        sending.send_due(owner.practice_id, audience.pk)
    assert {to for to, _content in script.mails} == {"ann@example.org"}
    return [content for _to, content in script.mails]


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_bad_input_in_every_name_is_harmless(text: str, owner_a: Member, settings: Any) -> None:
    mails = sent_with(owner_a, settings, text)
    assert len(mails) == 3
    for content in mails:
        mail = lint(content)
        assert mail["From"].addresses[0].addr_spec == f"survey@{settings.MAIL_DOMAIN}"
        assert "<script" not in part_of(mail, "html")
        assert "49" not in part_of(mail, "plain").split("\n")[0]


@pytest.mark.parametrize("text", ["A", "Ä" * 120, "x" * 120])
def test_an_identity_with_a_mailbox_for_unsubscribing_gives_both_ways(
    text: str, owner_a: Member, settings: Any
) -> None:
    with practice_scope(owner_a.practice):
        own = senders.create_sender(
            actor=owner_a,
            kind="installation",
            from_name=text,
            reply_to="post@alder.example",
            unsubscribe_address="leave+surveys@alder.example",
        )
        senders.set_default_sender(own, actor=owner_a)
    for content in sent_with(owner_a, settings, "Ann"):
        mail = lint(content)
        assert str(mail["List-Unsubscribe"]).endswith(
            ", <mailto:leave%2Bsurveys@alder.example?subject=unsubscribe>"
        )
        assert str(mail["Reply-To"]) == "post@alder.example"
        head = content.partition(b"\r\n\r\n")[0].replace(b"\r\n ", b" ").decode()
        raw = head.partition("\r\nFrom:")[2].partition("<")[0].strip()
        name = str(make_header(decode_header(raw)))
        assert name == text


def test_a_test_mail_is_a_right_mail_too(owner_a: Member) -> None:
    message = build_test_message(owner_a.practice, name=LONG, email="ann@example.org")
    mail = lint(message.as_bytes(policy=message.policy.clone(linesep="\r\n")), is_bulk=False)
    assert mail["List-Unsubscribe"] is None
