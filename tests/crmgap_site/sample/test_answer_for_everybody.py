"""Drawn answers for a running survey: only where mails are recorded, through the answering service, once per person."""

from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from practice.models import Member
from practice.scope import practice_scope
from surveys.models import LedgerEntry, Wave
from tests.factories.surveys import make_launched_wave

pytestmark = pytest.mark.django_db
COMMAND = "answer_for_everybody"


@pytest.fixture
def asked(owner_a: Member, settings: Any, tmp_path: Path) -> tuple[str, str]:
    """Return the arguments for a running survey of twelve people."""
    settings.MAIL_SINK_DIR = str(tmp_path)
    with practice_scope(owner_a.practice):
        wave = make_launched_wave(owner_a, customers=7, managers=5)
        return owner_a.user.email, wave.engagement.name


def answered(owner: Member) -> int:
    with practice_scope(owner.practice):
        wave = Wave.objects.get()
        return LedgerEntry.objects.filter(wave_audience__wave=wave, submitted=True).count()


def test_everybody_answers_once(asked: tuple[str, str], owner_a: Member, capsys: Any) -> None:
    call_command(COMMAND, *asked)
    assert answered(owner_a) == 12
    assert "customers: 7 of 7 answers are new" in capsys.readouterr().out
    call_command(COMMAND, *asked)
    assert answered(owner_a) == 12
    assert "customers: 0 of 7 answers are new" in capsys.readouterr().out


def test_where_mails_leave_people_answer_for_themselves(
    asked: tuple[str, str], owner_a: Member, settings: Any
) -> None:
    settings.MAIL_SINK_DIR = ""
    with pytest.raises(CommandError, match="answer for themselves"):
        call_command(COMMAND, *asked)
    assert answered(owner_a) == 0


def test_another_practices_engagement_is_not_found(asked: tuple[str, str], owner_b: Member) -> None:
    with pytest.raises(CommandError, match="0 engagements"):
        call_command(COMMAND, owner_b.user.email, asked[1])
