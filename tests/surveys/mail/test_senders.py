"""Sender identities at work: chosen for a wave, verified by their mail, sent by their own server, shown in settings."""

import re
from typing import Any

import pytest
from django.test import Client

from practice import senders, services
from practice.enums import Role
from practice.exceptions import WrongStateError
from practice.models import Member, SenderIdentity
from practice.scope import practice_scope
from surveys.enums import DeliveryState
from surveys.mail import sending
from surveys.models import Delivery, Wave, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.practice import make_member
from tests.factories.surveys import add_people, make_launched_wave, make_wave
from tests.practice.name_server import name_server
from tests.surveys.mail.lint import lint, part_of
from tests.surveys.mail.scripted import Script, scripted_server
from tests.surveys.mail.servers import free_port

pytestmark = pytest.mark.django_db
PASSWORD = "kestrel-orchard-77"


def own_account(owner: Member, port: int, **fields: Any) -> SenderIdentity:
    values = {
        "kind": "smtp",
        "from_name": "Alder Research",
        "from_address": "survey@alder.example",
        "host": "127.0.0.1",
        "port": port,
        "security": "none",
        **fields,
    }
    return senders.create_sender(actor=owner, **values)


def signed_in(member: Member) -> Client:
    client = Client()
    client.force_login(member.user)
    return client


def url(owner: Member, more: str = "") -> str:
    return f"/p/{owner.practice.slug}/settings/mail/senders/{more}"


def verify(sender: SenderIdentity, owner: Member) -> None:
    senders.confirm_sender(sender, code=senders.issue_code(sender, actor=owner), actor=owner)
    sender.refresh_from_db()


def test_from_adding_to_verified_by_the_link_in_the_mail(owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    browser = signed_in(owner_a)
    with scripted_server(settings, Script()) as script:
        port, settings.SMTP_PORT = settings.SMTP_PORT, 1
        form = {
            "from_name": "Alder Research",
            "from_address": "survey@alder.example",
            "host": "127.0.0.1",
            "port": port,
            "security": "none",
            "reply_to": "post@alder.example",
        }
        answer = browser.post(url(owner_a, "new/?kind=smtp"), form, follow=True)
        sender = answer.context["sender"]
        page = browser.post(url(owner_a, f"{sender.pk}/test/")).content.decode()
    assert "250 Kept" in page
    ((to, content),) = script.mails
    assert to == owner_a.user.email
    mail = lint(content, is_bulk=False)
    assert mail["From"].addresses[0].addr_spec == "survey@alder.example"
    link = re.search(rf"{settings.BASE_URL}(/p/\S+/confirm/\S+/)", part_of(mail, "plain"))
    assert link is not None
    assert browser.get(link[1]).status_code == 200
    with practice_scope(owner_a.practice):
        assert not SenderIdentity.objects.get().is_ready
    assert browser.post(link[1]).status_code == 302
    with practice_scope(owner_a.practice):
        assert SenderIdentity.objects.get().is_ready
    assert browser.post(link[1]).status_code == 409


def test_an_unverified_sender_cannot_launch_or_be_tried_out(owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    with practice_scope(owner_a.practice):
        wave = make_wave(owner_a)
        add_people(wave, "customers", 1)
        services.update_engagement(wave.engagement, actor=owner_a, sender=own_account(owner_a, 25))
        with pytest.raises(WrongStateError, match="not verified"):
            launch_wave(wave=wave, actor=owner_a)
        assert not Delivery.objects.exists()
        wave.refresh_from_db()
        assert wave.launched_at is None


def test_a_wave_keeps_the_sender_it_was_launched_with(owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    with scripted_server(settings, Script()) as script:
        with practice_scope(owner_a.practice):
            first = own_account(owner_a, settings.SMTP_PORT)
            verify(first, owner_a)
            senders.set_default_sender(first, actor=owner_a)
            make_launched_wave(owner_a, customers=2)
            other = senders.create_sender(actor=owner_a, kind="installation", from_name="Another")
            senders.set_default_sender(other, actor=owner_a)
            audience = WaveAudience.objects.get(audience="customers")
            with pytest.raises(WrongStateError, match="stays as long"):
                senders.delete_sender(first, actor=owner_a)
        settings.SMTP_PORT = 1
        assert sending.send_due(owner_a.practice_id, audience.pk) == 2
    for _to, content in script.mails:
        assert lint(content)["From"].addresses[0].addr_spec == "survey@alder.example"
    with practice_scope(owner_a.practice):
        assert Wave.objects.get().sender == first


def test_a_server_that_turned_private_is_not_connected_to(owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    with scripted_server(settings, Script()) as script:
        with practice_scope(owner_a.practice):
            sender = own_account(owner_a, settings.SMTP_PORT)
            verify(sender, owner_a)
            senders.set_default_sender(sender, actor=owner_a)
            make_launched_wave(owner_a, customers=1)
            audience = WaveAudience.objects.get(audience="customers")
        settings.MAIL_ALLOW_PRIVATE_HOSTS = False
        assert sending.send_due(owner_a.practice_id, audience.pk) == 0
    assert script.n_connections == 0
    with practice_scope(owner_a.practice):
        row = Delivery.objects.get(round="invitation")
        assert (row.state, row.reply) == (DeliveryState.RETRY, "no connection: PrivateHostError")


def test_mails_are_signed_once_the_key_is_found_in_dns(owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    browser = signed_in(owner_a)
    with scripted_server(settings, Script()) as script:
        with practice_scope(owner_a.practice):
            sender = own_account(owner_a, settings.SMTP_PORT)
        with name_server(settings, {}):
            page = browser.post(url(owner_a, f"{sender.pk}/key/"), follow=True).content.decode()
        with practice_scope(owner_a.practice):
            sender.refresh_from_db()
            record = senders.dkim_record_of(sender)
        assert record in page
        assert "not published yet" in page
        browser.post(url(owner_a, f"{sender.pk}/test/"))
        name = f"{sender.dkim_selector}._domainkey.alder.example"
        with name_server(settings, {(name, "TXT"): [f'"{record[:200]}" "{record[200:]}"']}):
            page = browser.post(url(owner_a, f"{sender.pk}/dns/"), follow=True).content.decode()
        assert "mails are signed as alder.example" in page
        browser.post(url(owner_a, f"{sender.pk}/test/"))
    unsigned, signed = (lint(content, is_bulk=False) for _to, content in script.mails)
    assert unsigned["DKIM-Signature"] is None
    assert f"s={sender.dkim_selector}" in str(signed["DKIM-Signature"])


@pytest.mark.parametrize("kind", ["installation", "smtp", "mailgun", "postmark", "brevo"])
def test_each_way_asks_for_what_it_needs_and_never_shows_a_secret(
    kind: str, owner_a: Member, settings: Any
) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    browser = signed_in(owner_a)
    values = {
        "from_name": "Alder",
        "from_address": "survey@alder.example",
        "host": "127.0.0.1",
        "port": free_port(),
        "security": "none",
        "username": "alder",
        "secret": PASSWORD,
    }
    page = browser.post(url(owner_a, f"new/?kind={kind}"), values, follow=True)
    assert page.status_code == 200
    assert PASSWORD not in page.content.decode()
    assert ("host" in page.context["form"].fields) is (kind == "smtp")
    empty = browser.post(url(owner_a, f"new/?kind={kind}"), {"from_name": " "})
    assert empty.status_code == 422
    assert "from_name" in empty.context["form"].errors


def test_removing_needs_the_name_and_the_default_is_chosen_here(owner_a: Member) -> None:
    browser = signed_in(owner_a)
    with practice_scope(owner_a.practice):
        sender = senders.create_sender(actor=owner_a, kind="installation", from_name="Alder Research")
    assert browser.post(url(owner_a, f"{sender.pk}/default/")).status_code == 302
    with practice_scope(owner_a.practice):
        assert SenderIdentity.objects.get().is_default
    assert browser.post(url(owner_a, f"{sender.pk}/delete/"), {"name": "Alder"}).status_code == 422
    assert browser.post(url(owner_a, f"{sender.pk}/delete/"), {"name": "Alder Research"}).status_code == 302
    with practice_scope(owner_a.practice):
        assert not SenderIdentity.objects.exists()


def test_senders_are_the_owners_business(owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        consultant = make_member(owner_a, Role.CONSULTANT)
        sender = senders.create_sender(actor=owner_a, kind="installation", from_name="Alder")
    browser = signed_in(consultant)
    assert browser.get(url(owner_a, "new/")).status_code == 403
    for more in ("", "test/", "default/", "dns/", "key/", "delete/", "confirm/x/"):
        assert browser.post(url(owner_a, f"{sender.pk}/{more}")).status_code == 403
