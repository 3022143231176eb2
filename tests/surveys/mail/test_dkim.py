"""DKIM: what we sign, an independent program verifies; what was changed on the way, it refuses."""

import base64
import re
from typing import Any

import dkim
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from practice.models import Member
from practice.scope import practice_scope
from surveys.mail.dkim import Signer, signer_from_pem
from surveys.mail.message import mail_bytes
from surveys.mail.senders import route_for
from surveys.models import Delivery
from tests.factories.surveys import make_launched_wave
from tests.surveys.mail.lint import lint
from tests.surveys.mail.scripted import Script, scripted_server

pytestmark = pytest.mark.django_db
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
PUBLIC = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()
SIGNER = signer_from_pem("alder.example", "crmgap", PEM)


def is_valid(content: bytes) -> bool:
    def texts(name: bytes, timeout: float = 5) -> bytes:
        assert name == b"crmgap._domainkey.alder.example."
        return f"v=DKIM1; k=rsa; p={PUBLIC}".encode()

    return bool(dkim.verify(content, dnsfunc=texts))


def signed_mail(owner: Member, signer: Signer = SIGNER) -> bytes:
    with practice_scope(owner.practice):
        make_launched_wave(owner, customers=1)
        delivery = Delivery.objects.filter(round="invitation").select_related("recipient").get()
        content = signer.sign(mail_bytes(delivery))
        assert signer.sign(mail_bytes(Delivery.objects.get(pk=delivery.pk))) == content
    return content


def test_a_signature_is_verified_and_covers_what_rfc_8058_asks_for(owner_a: Member) -> None:
    content = signed_mail(owner_a)
    mail = lint(content)
    assert is_valid(content)
    value = re.sub(r"\s", "", str(mail["DKIM-Signature"]))
    covered = re.search(r";h=([^;]+);", value)
    assert covered is not None
    names = covered[1].split(":")
    wanted = {"from", "to", "subject", "date", "message-id", "list-unsubscribe", "list-unsubscribe-post"}
    assert wanted <= set(names)
    assert names.count("from") == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"/s/u/", b"/s/v/"),
        (b"One-Click", b"Two-Click"),
        (b"Subject: ", b"Subject: Re: "),
        (b"Date: ", b"Date: X"),
        (b"MIME-Version: 1.0", b"MIME-Version: 1.1"),
        (b"\r\n\r\n", b"\r\n\r\nWin a prize"),
        (b"From: ", b"From: mallory@evil.example\r\nFrom: "),
    ],
)
def test_a_change_on_the_way_breaks_it(old: bytes, new: bytes, owner_a: Member) -> None:
    content = signed_mail(owner_a)
    assert old in content
    assert not is_valid(content.replace(old, new, 1))


def test_blanks_that_servers_add_do_not_break_it(owner_a: Member) -> None:
    content = signed_mail(owner_a)
    assert is_valid(content.replace(b"Subject: ", b"Subject:   ", 1) + b"\r\n\r\n")


@pytest.mark.parametrize("body", [b"", b"\r\n", b"a  b \t c \r\n\r\n\r\n", b"no end"])
def test_any_body_is_signed(body: bytes) -> None:
    content = b"From: a@alder.example\r\nTo: b@example.org\r\nSubject: x\r\n y\r\n\r\n" + body
    assert is_valid(SIGNER.sign(content))


def test_the_installations_key_signs_its_own_mails(owner_a: Member, settings: Any, tmp_path: Any) -> None:
    file = tmp_path / "dkim.pem"
    file.write_bytes(PEM)
    settings.MAIL_DKIM_KEY_FILE, settings.MAIL_DOMAIN = str(file), "alder.example"
    with practice_scope(owner_a.practice):
        make_launched_wave(owner_a, customers=1)
        mail = mail_bytes(Delivery.objects.filter(round="invitation").select_related("recipient").get())
    with scripted_server(settings, Script()) as script, route_for(None) as route:
        assert route.hand_over("survey@alder.example", "ann@example.org", mail).answer == "accepted"
    content = script.mails[0][1]
    assert is_valid(content)
    lint(content)
