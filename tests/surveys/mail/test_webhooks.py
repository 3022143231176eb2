"""Providers' calls change what they say and nothing else; forged, old and repeated ones change nothing at all."""

import base64
import hashlib
import hmac
import json
import random
import time
import uuid
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from practice.enums import SenderKind
from practice.exceptions import InvalidInputError
from practice.models import AuditEntry, Member, SenderIdentity
from practice.scope import practice_scope
from surveys import tasks
from surveys.enums import DeliveryState
from surveys.mail.return_path import name_of
from surveys.mail.webhooks import MAILGUN, USER
from surveys.models import Delivery, ReturnChannel, WebhookCall
from surveys.services.return_channels import set_mailbox, set_webhook
from tests.surveys.mail.mailbox_servers import mailbox_server
from tests.surveys.mail.returns import report_on
from tests.surveys.mail.test_outcomes import Mails

pytestmark = pytest.mark.django_db
S = DeliveryState
KEY = "key-0123456789abcdef0123456789abcdef"
KINDS = [SenderKind.MAILGUN, SenderKind.POSTMARK, SenderKind.BREVO]
Call = tuple[bytes, dict[str, str]]


class Provider:
    """A provider that knows the channel's key and tells of mails as the real one does."""

    def __init__(self, owner: Member, kind: str):
        self.kind, self.practice_id = kind, owner.practice_id
        with practice_scope(owner.practice):
            sender = SenderIdentity.objects.create(
                kind=kind, from_name="Alder", from_address="survey@alder.example"
            )
            key = KEY if kind == SenderKind.MAILGUN else ""
            self.channel, password = set_webhook(sender, key=key, actor=owner)
        self.secret = password or KEY
        self.client = Client(raise_request_exception=True)

    def call(self, mail: Delivery, what: str, *, age: float = 0, secret: str | None = None) -> Call:
        """Return body and headers of a call: `hard`, `soft`, `delivered` or `complaint`."""
        moment, name = time.time() - age, name_of(mail)
        told: dict[str, Any]
        if self.kind == SenderKind.MAILGUN:
            stamp, token = str(int(moment)), uuid.uuid4().hex
            key = (self.secret if secret is None else secret).encode()
            told = {
                "signature": {
                    "timestamp": stamp,
                    "token": token,
                    "signature": hmac.new(key, f"{stamp}{token}".encode(), hashlib.sha256).hexdigest(),
                },
                "event-data": mailgun(what) | {"user-variables": {"return_name": name}},
            }
            return json.dumps(told).encode(), {}
        if self.kind == SenderKind.POSTMARK:
            at = (timezone.now() - timedelta(seconds=age)).isoformat()
            told = postmark(what) | {"BouncedAt": at, "Metadata": {"return_name": name}}
        else:
            told = brevo(what) | {"ts_epoch": int(moment * 1000), "X-Mailin-custom": json.dumps({"n": name})}
        told["ID"] = uuid.uuid4().hex
        signed_in = f"{USER}:{self.secret if secret is None else secret}".encode()
        headers = {"Authorization": f"Basic {base64.b64encode(signed_in).decode()}"}
        return json.dumps(told).encode(), headers

    def post(self, call: Call, channel_id: object = None) -> int:
        body, headers = call
        url = f"/hooks/mail/{channel_id or self.channel.pk}/"
        return self.client.post(url, body, content_type="application/json", headers=headers).status_code


def mailgun(what: str) -> dict[str, Any]:
    refusal = {"hard": ("5.1.1", "550 5.1.1 no such user"), "soft": ("5.2.2", "552 5.2.2 mailbox full")}
    if what in refusal:
        code, words = refusal[what]
        status = {"code": 550, "enhanced-code": code, "message": words}
        return {"event": "failed", "severity": "permanent", "delivery-status": status}
    return {"event": {"complaint": "complained"}.get(what, what), "delivery-status": None}


def postmark(what: str) -> dict[str, Any]:
    if what in {"hard", "soft"}:
        return {"RecordType": "Bounce", "Type": f"{what.capitalize()}Bounce", "Details": "550 no such user"}
    return {"RecordType": {"delivered": "Delivery", "complaint": "SpamComplaint"}[what]}


def brevo(what: str) -> dict[str, Any]:
    return {"event": {"hard": "hard_bounce", "soft": "soft_bounce"}.get(what, what), "reason": "550 no"}


def fingerprint(mails: Mails) -> str:
    """Return what the tables hold that news of mails may change, of all practices."""
    tables = ("delivery", "suppression", "waveaudience", "webhookcall", "ledgerentry")
    parts = []
    with mails.scope(), connection.cursor() as cursor:
        for table in tables:
            cursor.execute(f"SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM surveys_{table} t")  # noqa: S608
            parts.append(str(cursor.fetchone()[0]))
        parts.append(str(AuditEntry.objects.count()))
    return " ".join(parts)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("what", "state"),
    [
        ("hard", S.BOUNCED_HARD),
        ("soft", S.BOUNCED_SOFT),
        ("delivered", S.DELIVERED),
        ("complaint", S.COMPLAINED),
    ],
)
def test_a_providers_news_reach_their_mail_once(kind: str, what: str, state: str, owner_a: Member) -> None:
    mails, provider = Mails(owner_a), Provider(owner_a, kind)
    call = provider.call(mails.mails()[0], what)
    assert provider.post(call) == 200
    assert mails.mails()[0].state == state
    assert mails.states() == {S.ACCEPTED: 5, state: 1}
    before = fingerprint(mails)
    assert provider.post(call) == 200
    assert fingerprint(mails) == before


def forgeries(provider: Provider, mails: Mails, n: int) -> list[Call]:
    """Return calls that the provider did not make, or made long ago, or made before."""
    chance = random.Random(15)
    targets = mails.mails()
    found: list[Call] = []
    for number in range(n):
        mail, what = chance.choice(targets), chance.choice(["hard", "soft", "complaint", "delivered"])
        body, headers = provider.call(mail, what)
        kind = number % 8
        if kind == 0:
            body, headers = provider.call(mail, what, secret="")
        elif kind == 1:
            body, headers = provider.call(mail, what, secret=provider.secret[:-1] + "~")
        elif kind == 2:
            body, headers = provider.call(mail, what, age=chance.choice([86_500, 10**6, 10**9, -3600]))
        elif kind == 3:
            told = json.loads(body)
            told.pop("signature", None)
            body, headers = json.dumps(told).encode(), {}
        elif kind == 4:
            told = json.loads(body)
            if "signature" in told:
                told["signature"][chance.choice(["timestamp", "token", "signature"])] = chance.choice(
                    ["", None, 0, "é", [], {}, "1" * 5_000, "nan", "inf", "1e400"]
                )
            body, headers = json.dumps(told).encode(), {"Authorization": chance.choice(WRONG_HEADERS)}
        elif kind == 5:
            body, headers = chance.choice(WRONG_BODIES), {}
        elif kind == 6:
            body = body[: chance.randrange(len(body))]
            headers = {name: value[:-3] + "AAA" for name, value in headers.items()}
        else:
            headers = {"Authorization": f"Bearer {provider.secret}"} if headers else {}
            body = body if headers else body.replace(b'"signature": "', b'"signature": "0')
        found.append((body, headers))
    return found


WRONG_HEADERS = [
    "",
    "Basic",
    "Basic !!!",
    "Basic " + "A" * 9_000,
    "Basic cmV0dXJuczo=",
    "Digest x",
    "basic é",
]
WRONG_BODIES = [
    b"", b"null", b"[]", b"{}", b"\xff\xfe", b'"x"', b"[" * 50_000, b'{"signature": []}', b"1" * 6_000,
    b'{"signature": {"timestamp": "1", "token": "\xff"}}',
]  # fmt: skip


@pytest.mark.parametrize("n", [96, pytest.param(1_000, marks=[pytest.mark.long])])
@pytest.mark.parametrize("kind", KINDS)
def test_forged_old_and_repeated_calls_change_nothing(
    kind: str, n: int, owner_a: Member, caplog: pytest.LogCaptureFixture
) -> None:
    mails, provider = Mails(owner_a, 12), Provider(owner_a, kind)
    taken = provider.call(mails.mails()[0], "soft")
    assert provider.post(taken) == 200
    before = fingerprint(mails)
    statuses = {provider.post(call) for call in forgeries(provider, mails, n)}
    assert statuses <= {400, 403}
    for _turn in range(n // 8):
        assert provider.post(taken) == 200
    assert fingerprint(mails) == before
    assert provider.secret not in caplog.text
    assert "example.org" not in caplog.text


def test_another_practices_channel_reaches_no_mail(owner_a: Member, owner_b: Member) -> None:
    mails, foreign = Mails(owner_a), Provider(owner_b, SenderKind.MAILGUN)
    assert foreign.post(foreign.call(mails.mails()[0], "hard")) == 200
    assert mails.states() == {S.ACCEPTED: 6}


def test_a_signed_call_about_a_made_up_mail_changes_nothing(owner_a: Member) -> None:
    mails, provider = Mails(owner_a), Provider(owner_a, SenderKind.MAILGUN)
    body, headers = provider.call(mails.mails()[0], "hard")
    name = name_of(mails.mails()[0]).encode()
    assert provider.post((body.replace(name, b"b-" + b"a" * 42), headers)) == 200
    assert mails.states() == {S.ACCEPTED: 6}


def test_unknown_addresses_and_other_methods_are_refused(owner_a: Member) -> None:
    mails, provider = Mails(owner_a), Provider(owner_a, SenderKind.MAILGUN)
    assert provider.post(provider.call(mails.mails()[0], "hard"), uuid.uuid4()) == 404
    url = f"/hooks/mail/{provider.channel.pk}/"
    assert {
        provider.client.generic(method, url).status_code for method in ("GET", "HEAD", "PUT", "DELETE")
    } == {405}
    huge = b"x" * (2 * 1024 * 1024 + 1)
    assert provider.post((huge, {})) == 413
    with mails.scope():
        ReturnChannel.objects.update(webhook_secret=None)
    assert provider.post(provider.call(mails.mails()[0], "hard")) == 404


def test_calls_are_remembered_no_longer_than_they_could_come_again(owner_a: Member) -> None:
    mails, provider = Mails(owner_a), Provider(owner_a, SenderKind.MAILGUN)
    first, second = (provider.call(mail, "delivered") for mail in mails.mails()[:2])
    provider.post(first)
    with mails.scope():
        WebhookCall.objects.update(at=timezone.now() - timedelta(days=3))
    provider.post(second)
    with mails.scope():
        assert WebhookCall.objects.count() == 1


def test_a_provider_that_stops_for_a_while_is_no_bounce(owner_a: Member) -> None:
    mails, provider = Mails(owner_a), Provider(owner_a, SenderKind.MAILGUN)
    body, _headers = provider.call(mails.mails()[0], "hard")
    assert provider.post((body.replace(b'"permanent"', b'"temporary"'), {})) == 200
    assert mails.states() == {S.ACCEPTED: 6}
    assert MAILGUN["failed"] == "delayed"


@pytest.mark.parametrize("key", ["", "short", "é" * 20, "x" * 501])
def test_a_key_that_cannot_be_one_is_refused(key: str, owner_a: Member) -> None:
    with practice_scope(owner_a.practice):
        sender = SenderIdentity.objects.create(
            kind=SenderKind.MAILGUN, from_name="Alder", from_address="survey@alder.example"
        )
        with pytest.raises(InvalidInputError):
            set_webhook(sender, key=key, actor=owner_a)
        assert ReturnChannel.objects.count() == 0


@pytest.mark.parametrize("kind", KINDS)
def test_a_mail_is_known_by_the_mark_that_it_carries_at_the_provider(kind: str, owner_a: Member) -> None:
    mails, provider = Mails(owner_a), Provider(owner_a, kind)
    mail = mails.mails()[0]
    body, headers = provider.call(mail, "hard")
    mark = mail.message_id.strip("<>").partition("@")[0]
    if kind != SenderKind.MAILGUN:
        assert provider.post((body.replace(name_of(mail).encode(), mark.encode()), headers)) == 200
        assert mails.mails()[0].state == S.BOUNCED_HARD
        return
    told = json.loads(body)
    told["event-data"]["user-variables"] = {"mail": mark}
    assert provider.post((json.dumps(told).encode(), headers)) == 200
    assert mails.states() == {S.ACCEPTED: 5, S.BOUNCED_HARD: 1}


def owner_client(owner: Member) -> Client:
    client = Client()
    client.force_login(owner.user)
    return client


def make_sender(owner: Member, kind: str) -> tuple[SenderIdentity, str]:
    with practice_scope(owner.practice):
        sender = SenderIdentity.objects.create(kind=kind, from_name="Alder", from_address="a@alder.example")
    return sender, f"/p/{owner.practice.slug}/settings/mail/senders/{sender.pk}/returns/"


def test_an_owner_makes_an_address_with_a_password_that_is_shown_once(owner_a: Member) -> None:
    _sender, url = make_sender(owner_a, SenderKind.POSTMARK)
    client = owner_client(owner_a)
    made = client.post(url, {"act": "webhook"}).content.decode()
    with practice_scope(owner_a.practice):
        channel = ReturnChannel.objects.get()
        assert f"/hooks/mail/{channel.pk}/" in made
        assert f"://{USER}:" in made
        assert AuditEntry.objects.filter(verb="sender.webhook_set").count() == 1
    again = client.get(url).content.decode()
    assert f"/hooks/mail/{channel.pk}/" in again
    assert f"://{USER}:" not in again


def test_an_owner_stores_a_signing_key_that_is_never_shown(owner_a: Member) -> None:
    _sender, url = make_sender(owner_a, SenderKind.MAILGUN)
    client = owner_client(owner_a)
    assert client.post(url, {"act": "webhook", "key": "short"}).status_code == 422
    saved = client.post(url, {"act": "webhook", "key": KEY})
    assert saved.status_code == 200
    assert KEY not in saved.content.decode() + client.get(url).content.decode()


def test_an_owner_names_a_mailbox_and_ends_it(owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    _sender, url = make_sender(owner_a, SenderKind.SMTP)
    client = owner_client(owner_a)
    given = {
        "act": "mailbox",
        "kind": "pop3s",
        "host": "localhost",
        "username": "r@x",
        "password": "p@ss:w/rd",
    }
    assert client.post(url, given).status_code == 302
    page = client.get(url).content.decode()
    assert "r@x, localhost" in page
    assert "p@ss" not in page
    with practice_scope(owner_a.practice):
        assert b"p%40ss" not in bytes(ReturnChannel.objects.get().mailbox)
    assert client.post(url, {"act": "no_mailbox"}).status_code == 302
    assert "localhost" not in client.get(url).content.decode()


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "169.254.169.254", "[::1]", "a b", ""])
def test_no_mailbox_inside_the_network_is_taken(host: str, owner_a: Member) -> None:
    _sender, url = make_sender(owner_a, SenderKind.SMTP)
    given = {"act": "mailbox", "kind": "pop3s", "host": host, "username": "r", "password": "x"}
    assert owner_client(owner_a).post(url, given).status_code == 422


@pytest.mark.parametrize("kind", ["pop3", "imap"])
def test_the_sweep_reads_a_senders_mailbox(kind: str, owner_a: Member, settings: Any) -> None:
    settings.MAIL_ALLOW_PRIVATE_HOSTS = True
    mails = Mails(owner_a)
    sender, _url = make_sender(owner_a, SenderKind.SMTP)
    with mailbox_server(kind, [report_on(mails.mails()[0], "hard-gmail")]) as (address, box):
        with mails.scope():
            channel = set_mailbox(sender, url=address, actor=owner_a)
        wakes = list(tasks.due_mailboxes())
        assert [(wake.practice_id, wake.object_id) for wake in wakes] == [(mails.practice_id, channel.pk)]
        tasks.read_return_mailbox(str(mails.practice_id), str(channel.pk))
        assert box.contents == {}
    assert mails.states() == {S.ACCEPTED: 5, S.BOUNCED_HARD: 1}
    assert list(tasks.due_mailboxes()) == []
