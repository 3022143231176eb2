"""Every sample of a mail that comes back is put into the right class; the file's name says which one that is."""

from pathlib import Path

import pytest

from surveys.mail.reply_codes import Refusal, read_refusal
from surveys.mail.returned import Finding, read_returned

FOLDER = Path(__file__).with_name("samples")
SAMPLES = sorted(FOLDER.glob("*.eml"))
ORIGINAL = (
    b"Content-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n\n" + b"QUJD" * 5_000_000
)


def test_there_are_at_least_forty_samples() -> None:
    assert len(SAMPLES) >= 40
    assert {file.name.partition("-")[0] for file in SAMPLES} == set(Finding)


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_a_returned_mail_is_put_into_its_class(file: Path) -> None:
    assert read_returned(file.read_bytes()).finding == file.name.partition("-")[0]


@pytest.mark.parametrize("file", SAMPLES, ids=lambda file: file.stem)
def test_line_ends_of_the_network_change_nothing(file: Path) -> None:
    content = file.read_bytes().replace(b"\n", b"\r\n")
    assert read_returned(content).finding == file.name.partition("-")[0]


@pytest.mark.parametrize("name", ["hard-postfix-user-unknown", "complaint-arf-abuse", "soft-expired-4-4-1"])
def test_a_huge_returned_mail_behind_the_report_changes_nothing(name: str) -> None:
    content = (FOLDER / f"{name}.eml").read_bytes()
    assert read_returned(content + ORIGINAL).finding == name.partition("-")[0]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\x00" * 1000,
        b"\xff\xfe\x80" * 500,
        b"Content-Type: multipart/report; boundary=" + b"x" * 5000 + b"\n\n--x\n",
        b"Content-Type: message/delivery-status\n\n\n\n\n",
        b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n" * 10_000,
        b"Content-Type: text/plain; charset=no-such\nContent-Transfer-Encoding: base64\n\n!!!",
        b"Subject: =?no-such?q?a?=\nFrom: MAILER-DAEMON\n\n550",
        b"From: MAILER-DAEMON\nSubject: Undelivered\n" + b"X: y\n" * 50_000,
        b"".join(
            b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (level, level)
            for level in range(3_000)
        ),
    ],
)
def test_broken_mails_are_none_of_these_and_raise_nothing(content: bytes) -> None:
    assert read_returned(content).finding in {Finding.OTHER, Finding.SOFT}


def test_the_words_of_the_server_are_kept_in_any_writing() -> None:
    found = read_returned((FOLDER / "hard-utf8-addresses-rfc-6533.eml").read_bytes())
    assert found.words == "550 5.1.1 Получатель неизвестен"
    assert read_returned((FOLDER / "hard-latin1-bytes.eml").read_bytes()).words.endswith("a été supprimée")


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        ("550 5.0.0 rejected", Refusal.HARD),
        ("550 5.1.1 unknown user", Refusal.HARD),
        ("550 user unknown", Refusal.HARD),
        ("553 sorry", Refusal.HARD),
        ("550 5.4.4 host not found", Refusal.TRANSIENT),
        ("550 5.4.1 Recipient address rejected: Access denied", Refusal.HARD),
        ("550 5.4.1 no answer from host", Refusal.TRANSIENT),
        ("451 4.7.1 greylisted", Refusal.TRANSIENT),
        ("450 4.0.0 later", Refusal.TRANSIENT),
        ("552 5.2.2 mailbox full", Refusal.TRANSIENT),
        ("550 mailbox is full", Refusal.TRANSIENT),
        ("554 5.7.1 blocked by a list", Refusal.REJECTED),
        ("554 transaction failed", Refusal.REJECTED),
        ("554 no such user here", Refusal.HARD),
        ("552 5.3.4 too big", Refusal.REJECTED),
        ("550 5.1.8 sender's domain is unknown", Refusal.REJECTED),
        ("no words that say anything", Refusal.TRANSIENT),
    ],
)
def test_a_refusal_means_what_its_code_says(reply: str, refusal: Refusal) -> None:
    assert read_refusal(reply) == refusal
