"""The self-test keeps off mail servers and off databases that somebody works with."""

import psycopg
import pytest

from crmgap_site.launcher.errors import LaunchError
from crmgap_site.launcher.selftest import PRACTICE_NAME, refuse_used_database, self_test_environment

pytestmark = pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")


def test_own_address_and_mail_server_are_left_out() -> None:
    given = {
        "BASE_URL": "https://c.example",
        "SMTP_HOST": "smtp.example",
        "MAIL_NEXT_HOP": "smtp",
        "HOME": "/h",
    }
    assert self_test_environment(given) == {"HOME": "/h", "SIGNUP_OPEN": "1"}


def test_database_with_practices_of_others_is_refused(servers: dict[str, str]) -> None:
    refuse_used_database({})
    refuse_used_database(servers)
    with psycopg.connect(servers["DATABASE_OWNER_URL"], autocommit=True) as owner:
        owner.execute("CREATE TABLE practice_practice (name text)")
        owner.execute("INSERT INTO practice_practice VALUES (%s)", [f"{PRACTICE_NAME} 1"])
        refuse_used_database(servers)
        owner.execute("INSERT INTO practice_practice VALUES ('Alder Consulting')")
    with pytest.raises(LaunchError, match="holds 1 practices"):
        refuse_used_database(servers)


def test_database_that_does_not_answer_is_named() -> None:
    with pytest.raises(LaunchError, match="DATABASE_OWNER_URL does not answer"):
        refuse_used_database({"DATABASE_OWNER_URL": "postgresql://o@/d?host=/no/such/folder"})
