"""What a backup or a restore refuses, in words that say what to do; hidden rows are never left out in silence."""

from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from django.conf import settings

from crmgap_site import __version__
from crmgap_site.backup import database
from crmgap_site.backup.errors import BackupError
from crmgap_site.backup.manifest import Manifest
from crmgap_site.backup.programs import find_programs, libpq_environment
from crmgap_site.backup.restoring import (
    refuse_newer,
    refuse_older_server,
    require_same_counts,
    version_key,
)
from crmgap_site.launcher.places import CHECKOUT
from practice.models import Member
from practice.scope import practice_scope
from surveys.enums import DeliveryState
from surveys.mail.message import message_id_of
from surveys.mail.next_hop import Fate
from surveys.mail.restored import ask_about_unsent_mails
from surveys.mail.sending import settle_left_over
from surveys.models import Delivery
from tests.factories.surveys import make_launched_wave


def manifest(**more: Any) -> Manifest:
    """Return a manifest of this version."""
    values = {"version": __version__, "made_at": "", "server_major": 15, "master_key": "", "rows": {}}
    return Manifest(**values | {"migrations": {"practice": ["0001_initial"]}} | more)


def test_version_is_that_of_the_project() -> None:
    assert f'version = "{__version__}"' in (CHECKOUT / "pyproject.toml").read_text()


def test_backup_of_a_newer_version_is_refused() -> None:
    refuse_newer(manifest())
    assert version_key("0.10.0") > version_key("0.9.9")
    with pytest.raises(BackupError, match=r"version 99\.0"):
        refuse_newer(manifest(version="99.0"))
    with pytest.raises(BackupError, match=r"practice\.9999_later"):
        refuse_newer(manifest(migrations={"practice": ["9999_later"]}))


def test_backup_of_a_newer_server_is_refused() -> None:
    refuse_older_server(manifest(), 15)
    with pytest.raises(BackupError, match="PostgreSQL 15 or newer"):
        refuse_older_server(manifest(), 14)


def test_difference_in_rows_is_named() -> None:
    require_same_counts({"a": 1}, {"a": 1})
    with pytest.raises(BackupError, match="b: 2 backed up, 1 restored; c: 0 backed up, 1 restored"):
        require_same_counts({"a": 1, "b": 2}, {"a": 1, "b": 1, "c": 1})


def test_missing_programs_are_named_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(BackupError, match="apt-get install postgresql-client-18"):
        find_programs(settings.DATABASES["owner"], 18, [tmp_path])


def test_password_is_in_the_environment_only() -> None:
    env = libpq_environment({"HOST": "db", "USER": "o", "PASSWORD": "p q", "OPTIONS": {"sslmode": "require"}})
    assert (env["PGPASSWORD"], env["PGHOST"], env["PGSSLMODE"]) == ("p q", "db", "require")
    assert "PGPORT" not in env


@pytest.mark.django_db(transaction=True)
def test_owner_sees_every_row_and_a_table_that_hides_some_is_refused(
    owner_a: Member, owner_b: Member
) -> None:
    with database.owner_connection(settings.DATABASES["owner"]) as owner:
        database.require_all_visible(owner)
        assert database.count_rows(owner)["practice_member"] == 2
        with owner.transaction() as undone:
            owner.execute("ALTER POLICY practice_member_policy_owner ON practice_member USING (id IS NULL)")
            assert database.count_rows(owner)["practice_member"] == 0
            with pytest.raises(BackupError, match="hides rows of practice_member"):
                database.require_all_visible(owner)
            raise psycopg.Rollback(undone)
    with (
        database.owner_connection(settings.DATABASES["default"]) as app,
        pytest.raises(BackupError, match="hides rows of"),
    ):
        database.require_all_visible(app)


class KnowsHalf:
    """A next hop that has accepted the mails of the ids it was given."""

    def __init__(self, accepted: set[str]):
        self.accepted = accepted

    def find(self, message_id: str) -> Fate:
        return Fate.ACCEPTED if message_id in self.accepted else Fate.UNKNOWN


@pytest.mark.django_db(transaction=True)
def test_mail_that_left_after_the_backup_is_not_sent_again(owner_a: Member) -> None:
    practice_id = owner_a.practice_id
    with practice_scope(practice_id):
        wave = make_launched_wave(owner_a, customers=12)
        wave.audiences.filter(audience="customers").update(state="open")
        due = list(Delivery.objects.filter(round="invitation"))
        left = {message_id_of(row) for row in due[:5]}
    assert ask_about_unsent_mails([practice_id, uuid4()]) == 12
    settle_left_over(practice_id, due[0].wave_audience_id, KnowsHalf(left))
    with practice_scope(practice_id):
        states = list(Delivery.objects.filter(round="invitation").values_list("state", flat=True))
    assert states.count(DeliveryState.ACCEPTED) == 5
    assert states.count(DeliveryState.QUEUED) == 7
