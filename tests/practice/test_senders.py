"""Sender identities: sealed secrets, one default, verified by a code, and never a door into the network inside."""

from datetime import timedelta
from ipaddress import ip_address
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from practice import senders, services
from practice.exceptions import InvalidInputError, WrongStateError
from practice.models import AuditEntry, Member, SenderIdentity
from practice.public_hosts import PrivateHostError, addresses_of, is_public

pytestmark = pytest.mark.django_db
PASSWORD = "kestrel-orchard-77"
SMTP = {
    "kind": "smtp",
    "from_name": "Alder & Söhne",
    "from_address": "Survey@Alder.Example",
    "host": "192.0.43.8",
    "port": 587,
    "security": "starttls",
    "username": "alder",
}
MAILGUN = {"kind": "mailgun", "from_name": "Alder", "from_address": "survey@alder.example", "is_in_eu": True}


@pytest.fixture
def sender(scope_a: Any, owner_a: Member) -> SenderIdentity:
    return senders.create_sender(actor=owner_a, secret=PASSWORD, **SMTP)


def verified(sender: SenderIdentity, owner: Member) -> SenderIdentity:
    senders.confirm_sender(sender, code=senders.issue_code(sender, actor=owner), actor=owner)
    sender.refresh_from_db()
    return sender


def test_a_secret_is_sealed_at_rest_and_never_in_the_record(sender: SenderIdentity, owner_a: Member) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT row_to_json(s)::text FROM practice_senderidentity s")
        stored = cursor.fetchone()[0]
        cursor.execute("SELECT encode(secret, 'escape') FROM practice_senderidentity")
        stored += cursor.fetchone()[0]
    assert PASSWORD not in stored
    assert senders.secret_of(sender) == PASSWORD
    assert sender.from_address == "Survey@alder.example"
    assert not sender.is_ready
    entries = list(AuditEntry.objects.filter(object_type="practice.senderidentity"))
    assert [entry.verb for entry in entries] == ["sender.created"]
    assert PASSWORD not in str([vars(entry) for entry in entries])


def test_another_server_needs_the_password_again(sender: SenderIdentity, owner_a: Member) -> None:
    with pytest.raises(InvalidInputError) as caught:
        senders.update_sender(sender, actor=owner_a, **SMTP | {"host": "192.0.43.9"})
    assert list(caught.value.fields) == ["secret"]
    sender.refresh_from_db()
    assert sender.host == "192.0.43.8"


def test_another_way_ends_the_verification_and_another_name_does_not(
    sender: SenderIdentity, owner_a: Member
) -> None:
    verified(sender, owner_a)
    senders.update_sender(sender, actor=owner_a, **SMTP | {"from_name": "Alder"})
    assert sender.is_ready
    assert senders.secret_of(sender) == PASSWORD
    senders.update_sender(sender, actor=owner_a, **SMTP | {"from_address": "other@alder.example"})
    sender.refresh_from_db()
    assert not sender.is_ready


def test_a_code_works_once_for_a_week_and_only_the_newest(sender: SenderIdentity, owner_a: Member) -> None:
    first, second = (senders.issue_code(sender, actor=owner_a) for _time in range(2))
    for wrong in (first, "", "x", "\ud800"):
        with pytest.raises(WrongStateError):
            senders.confirm_sender(sender, code=wrong, actor=owner_a)
    SenderIdentity.objects.update(code_sent_at=timezone.now() - timedelta(days=8))
    with pytest.raises(WrongStateError):
        senders.confirm_sender(sender, code=second, actor=owner_a)
    SenderIdentity.objects.update(code_sent_at=timezone.now())
    senders.confirm_sender(sender, code=second, actor=owner_a)
    with pytest.raises(WrongStateError):
        senders.confirm_sender(sender, code=second, actor=owner_a)
    sender.refresh_from_db()
    assert sender.is_ready


def test_one_default_and_only_a_verified_one(sender: SenderIdentity, owner_a: Member) -> None:
    with pytest.raises(WrongStateError):
        senders.set_default_sender(sender, actor=owner_a)
    senders.set_default_sender(verified(sender, owner_a), actor=owner_a)
    other = senders.create_sender(actor=owner_a, kind="installation", from_name="Alder Research")
    senders.set_default_sender(other, actor=owner_a)
    assert list(SenderIdentity.objects.filter(is_default=True)) == [other]
    with pytest.raises(IntegrityError), transaction.atomic():
        SenderIdentity.objects.update(is_default=True)
    senders.set_default_sender(None, actor=owner_a)
    assert not SenderIdentity.objects.filter(is_default=True).exists()


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        (SMTP | {"host": "127.0.0.1"}, "host"),
        (SMTP | {"host": "localhost"}, "host"),
        (SMTP | {"host": "10.0.0.5"}, "host"),
        (SMTP | {"host": "169.254.169.254"}, "host"),
        (SMTP | {"host": "::ffff:127.0.0.1"}, "host"),
        (SMTP | {"host": "64:ff9b::7f00:1"}, "host"),
        (SMTP | {"host": "0x7f000001"}, "host"),
        (SMTP | {"host": "2130706433"}, "host"),
        (SMTP | {"host": "mail.example.org\r\nRCPT"}, "host"),
        (SMTP | {"host": "nobody.invalid"}, "host"),
        (SMTP | {"host": ""}, "host"),
        (SMTP | {"port": 22}, "host"),
        (SMTP | {"port": 6379}, "host"),
        (SMTP | {"security": "none"}, "security"),
        (SMTP | {"from_address": "a@localhost"}, "from_address"),
        (SMTP | {"from_address": "a@x.com,b@x.com"}, "from_address"),
        (SMTP | {"from_address": "a@[127.0.0.1]"}, "from_address"),
        (SMTP | {"from_address": ""}, "from_address"),
        (SMTP | {"from_name": "a\r\nBcc: x@y.example"}, "from_name"),
        (SMTP | {"from_name": "  "}, "from_name"),
        (SMTP | {"reply_to": "not one"}, "reply_to"),
        (MAILGUN | {"provider_domain": "x y"}, "provider_domain"),
    ],
)
def test_what_cannot_send_is_named_at_its_field(
    fields: dict[str, Any], field: str, scope_a: Any, owner_a: Member
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        senders.create_sender(actor=owner_a, secret=PASSWORD, **fields)
    assert list(caught.value.fields) == [field]
    assert not SenderIdentity.objects.exists()


def test_a_provider_needs_its_key(scope_a: Any, owner_a: Member) -> None:
    with pytest.raises(InvalidInputError) as caught:
        senders.create_sender(actor=owner_a, **MAILGUN)
    assert list(caught.value.fields) == ["secret"]
    made = senders.create_sender(actor=owner_a, secret=PASSWORD, **MAILGUN)
    assert made.is_in_eu
    assert made.host == ""


def test_private_hosts_are_a_choice_of_the_installation(settings: Any) -> None:
    with pytest.raises(PrivateHostError):
        addresses_of("127.0.0.1", 25)
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    assert addresses_of("127.0.0.1", 3025) == ["127.0.0.1"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("192.0.43.8", True),
        ("2620:0:2d0:200::8", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),  # noqa: S104  no binding, an address to refuse
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("fe80::1", False),
        ("fd00::1", False),
        ("::ffff:10.0.0.1", False),
        ("2002:0a00:0001::", False),
        ("64:ff9b::a00:1", False),
    ],
)
def test_public_addresses_are_told_from_the_others(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


def test_a_key_pair_is_for_own_accounts(sender: SenderIdentity, owner_a: Member) -> None:
    senders.make_dkim_key(sender, actor=owner_a)
    key = senders.dkim_key_of(sender)
    assert key is not None
    assert key not in bytes(sender.dkim_key)
    provider = senders.create_sender(actor=owner_a, secret=PASSWORD, **MAILGUN)
    with pytest.raises(WrongStateError):
        senders.make_dkim_key(provider, actor=owner_a)


def test_a_removed_sender_leaves_the_engagements_on_the_default(
    sender: SenderIdentity, owner_a: Member
) -> None:
    client = services.create_client(actor=owner_a, name="Client")
    engagement = services.create_engagement(client=client, name="E", question="", actor=owner_a)
    services.update_engagement(engagement, actor=owner_a, sender=sender)
    senders.delete_sender(sender, actor=owner_a)
    engagement.refresh_from_db()
    assert engagement.sender is None
    assert AuditEntry.objects.first().verb == "sender.deleted"
