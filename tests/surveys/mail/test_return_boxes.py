"""Returned mails are read from POP3, IMAP and the sink's folder: ours go, what is somebody else's stays."""

from pathlib import Path
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone

from practice.models import Member
from surveys import tasks
from surveys.enums import DeliveryState, Round
from surveys.mail import sending
from surveys.mail.return_boxes import BoxError, open_box, parse_account
from surveys.models import Delivery, Recipient
from surveys.services.returned import read_box
from tests.surveys.mail.mailbox_servers import mailbox_server
from tests.surveys.mail.returns import forged, report_on
from tests.surveys.mail.servers import environment, free_port, recording_sink
from tests.surveys.mail.test_outcomes import Mails

pytestmark = pytest.mark.django_db
S = DeliveryState
STRANGE = forged("other-person-answers", "nobody")
FORGED = forged("hard-postfix-user-unknown", "b-" + "a" * 42)


@pytest.fixture(autouse=True)
def _forget() -> None:
    cache.clear()


@pytest.mark.parametrize("kind", ["pop3", "imap"])
def test_a_mailbox_is_read_once_and_only_what_is_ours_is_removed(kind: str, owner_a: Member) -> None:
    mails = Mails(owner_a)
    hard, soft, away = mails.mails()[:3]
    contents = [
        report_on(hard, "hard-postfix-user-unknown"),
        STRANGE,
        report_on(soft, "soft-mailbox-full-5-2-2"),
        FORGED,
        report_on(away, "auto_reply-out-of-office"),
        report_on(away, "other-person-answers"),
    ]
    with mailbox_server(kind, contents) as (url, box):
        assert read_box(open_box(parse_account(url))) == 6
        assert mails.states() == {S.ACCEPTED: 4, S.BOUNCED_HARD: 1, S.BOUNCED_SOFT: 1}
        assert list(box.contents) == ["u2", "u4", "u6"]
        assert read_box(open_box(parse_account(url))) == 0
        assert box.n_read == 6


@pytest.mark.parametrize("kind", ["pop3", "imap"])
def test_a_mailbox_that_refuses_or_is_away_is_no_error(kind: str, caplog: pytest.LogCaptureFixture) -> None:
    with mailbox_server(kind, []) as (url, _box):
        wrong = open_box(parse_account(url.replace("p%40ss", "secret-word")))
        with pytest.raises(BoxError):
            wrong.read(lambda _content: True)
        assert read_box(wrong) == 0
    away = f"{kind}://user:secret-word@127.0.0.1:{free_port()}"
    assert read_box(open_box(parse_account(away))) == 0
    assert "cannot be read now" in caplog.text
    assert "secret-word" not in caplog.text


@pytest.mark.parametrize("url", ["", "https://a:b@c", "pop3s://", "pop3s://host", "pop3s://user:pw@", "a b"])
def test_what_is_no_mailbox_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match="pop3s://"):
        parse_account(url)


def test_the_sink_sends_reports_back_and_the_sweep_takes_them(
    owner_a: Member, settings: Any, tmp_path: Path
) -> None:
    mails = Mails(owner_a)
    with mails.scope():
        names = ("bounce-1", "full", "spam-x", "ada", "bouncer", "fullham")
        for name, mail in zip(names, mails.mails(), strict=True):
            address, row = f"{name}@example.org", mail.recipient
            Recipient.objects.filter(pk=row.pk).update(email=address, email_key=address)
        Delivery.objects.filter(round=Round.REMINDER_1).update(due_at=timezone.now())
    settings.RETURN_ADDRESS, settings.RETURN_DIR = "return@mail.example", str(tmp_path / "returned")
    settings.SMTP_HOST = "127.0.0.1"
    with recording_sink(tmp_path) as settings.SMTP_PORT:
        assert sending.send_due(mails.practice_id, mails.audience.pk) == 6
    assert len(list((tmp_path / "returned").glob("*.eml"))) == 3
    tasks.collect_returned_mails()
    assert mails.states(Round.REMINDER_1) == {
        S.ACCEPTED: 3,
        S.BOUNCED_HARD: 1,
        S.BOUNCED_SOFT: 1,
        S.COMPLAINED: 1,
    }
    assert list((tmp_path / "returned").iterdir()) == []


def test_files_that_are_not_ours_are_kept_and_read_once(settings: Any, tmp_path: Path) -> None:
    (tmp_path / "a.eml").write_bytes(STRANGE)
    settings.RETURN_DIR = str(tmp_path)
    for _turn in range(2):
        tasks.collect_returned_mails()
        assert [file.name for file in tmp_path.iterdir()] == ["a.seen"]


def test_the_beat_looks_for_returned_mails_where_they_may_arrive(settings: Any) -> None:
    assert "RETURN_DIR" not in environment()
    assert settings.CELERY_BEAT_SCHEDULE["returned"]["task"] == tasks.collect_returned_mails.name
