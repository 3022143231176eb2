"""The mailbox: own practice only, no reminder of a confidential audience, nothing in a mail that runs or loads."""

from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest
from django.http import Http404

from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState, Mode
from surveys.mail import mailbox, sink
from surveys.mail.message import build_message, message_id_of
from surveys.models import Delivery, WaveAudience
from surveys.services.launch import launch_wave
from tests.factories.surveys import add_people, make_wave

pytestmark = pytest.mark.django_db
A_STEP = (DeliveryState.SENDING, DeliveryState.ACCEPTED)


@pytest.fixture
def folder(settings: Any, tmp_path: Path) -> Path:
    settings.MAIL_SINK_DIR = str(tmp_path)
    return tmp_path


def record_all(owner: Member, folder: Path, mode: str = Mode.CONFIDENTIAL) -> list[Delivery]:
    """Launch a wave with one customer and record its three mails as if all had been sent."""
    with practice_scope(owner.practice):
        wave = make_wave(owner)
        WaveAudience.objects.filter(wave=wave).exclude(audience__in=["front_line", "crm_team"]).update(
            mode=mode
        )
        add_people(wave, "customers", 1)
        launch_wave(wave=wave, actor=owner)
        rows = list(Delivery.objects.all())
        for row in rows:
            sink.keep(folder, build_message(row).as_bytes())
            for state in A_STEP:
                Delivery.objects.filter(pk=row.pk).update(state=state, message_id=message_id_of(row))
    return rows


@pytest.mark.parametrize(("mode", "n_listed"), [(Mode.CONFIDENTIAL, 1), (Mode.NAMED, 3)])
def test_reminders_are_listed_in_named_audiences_alone(
    mode: str, n_listed: int, owner_a: Member, folder: Path
) -> None:
    rows = record_all(owner_a, folder, mode)
    with practice_scope(owner_a.practice):
        assert mailbox.listed_deliveries().count() == n_listed
        readable = 0
        for row in rows:
            try:
                mailbox.read_mail(sink.name_of(message_id_of(row)))
            except Http404:
                continue
            readable += 1
        assert readable == n_listed


def test_mails_of_another_practice_do_not_exist(owner_a: Member, owner_b: Member, folder: Path) -> None:
    rows = record_all(owner_a, folder)
    with practice_scope(owner_a.practice):
        keys = [mailbox.key_of(row) for row in mailbox.listed_deliveries()]
        assert mailbox.read_mail(keys[0]).to
    with practice_scope(owner_b.practice):
        assert not mailbox.listed_deliveries().exists()
        for key in [*keys, *(sink.name_of(message_id_of(row)) for row in rows)]:
            with pytest.raises(Http404):
                mailbox.read_mail(key)


@pytest.mark.parametrize("key", ["", "../../etc/passwd", "0" * 63, "0" * 64, "A" * 64, "\x00"])
def test_other_names_are_not_found(key: str, owner_a: Member, folder: Path) -> None:
    with practice_scope(owner_a.practice), pytest.raises(Http404):
        mailbox.read_mail(key)


def test_without_a_recording_server_there_is_no_mailbox(owner_a: Member, settings: Any) -> None:
    settings.MAIL_SINK_DIR = ""
    assert not mailbox.is_available()
    with practice_scope(owner_a.practice), pytest.raises(Http404):
        mailbox.read_mail("0" * 64)


def test_a_mail_is_shown_with_its_link_and_without_anything_that_runs(owner_a: Member, folder: Path) -> None:
    rows = record_all(owner_a, folder)
    with practice_scope(owner_a.practice):
        invitation = next(row for row in rows if row.round == "invitation")
        key = sink.name_of(message_id_of(invitation))
        mail = mailbox.read_mail(key)
        assert mail.link in mail.text
        assert f'href="{mail.link}"' in mail.html
        assert "<style" not in mail.html
        assert " style=" not in mail.html
        hostile = EmailMessage()
        hostile["Message-ID"] = message_id_of(invitation)
        hostile.set_content("plain")
        hostile.add_alternative(
            '<p onclick="x()">hi<script>x()</script><img src="http://evil.example/x.png">'
            '<a href="javascript:x()">a</a><a href="https://ok.example/">b</a></p>',
            subtype="html",
        )
        (folder / f"{key}.eml").write_bytes(hostile.as_bytes())
        shown = mailbox.read_mail(key).html
    assert "https://ok.example/" in shown
    assert not any(part in shown for part in ("script", "onclick", "<img", "evil.example", "x()"))
